//! The picture on the start page: spectral lines whose spacing stretches to the right, as tall as a
//! redshift distribution.

use leptos::prelude::*;

/// Width and height of the drawing's own coordinates.
const SIZE: (f64, f64) = (1200.0, 320.0);

/// Colours along the redshift axis: blue, violet, magenta, coral.
const SPECTRUM: [(&str, &str); 4] = [
    ("0", "#4C6BEF"),
    ("0.3", "#8C63EA"),
    ("0.6", "#C957B4"),
    ("1", "#FF8A63"),
];

/// A vertical line: position, and height as a fraction.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    x: f64,
    height: f64,
}

/// Lines at redshifts `z` in steps that grow as `1 + z`, as tall as Smail's
/// n(z) ∝ z² exp(−(z / z₀)^1.5) with z₀ = 0.55.
fn lines() -> Vec<Line> {
    const Z0: f64 = 0.55;
    const Z_MAX: f64 = 1.9;
    let density = |z: f64| z * z * (-(z / Z0).powf(1.5)).exp();
    // The maximum is where 2 = 1.5 (z / z₀)^1.5.
    let peak = density(Z0 * (4.0_f64 / 3.0).powf(2.0 / 3.0));
    let mut lines = Vec::new();
    let mut z = 0.05;
    while z < Z_MAX {
        lines.push(Line {
            x: z / Z_MAX * SIZE.0,
            height: density(z) / peak,
        });
        z += 0.016 * (1.0 + z);
    }
    lines
}

/// Sparse dots above the lines, placed by a low-discrepancy sequence so that none overlap.
fn dots() -> Vec<(f64, f64)> {
    const GOLDEN: (f64, f64) = (0.754_877_666, 0.569_840_290);
    (1..60_u32)
        .map(|index| {
            let step = f64::from(index);
            (
                (step * GOLDEN.0).fract() * SIZE.0,
                (step * GOLDEN.1).fract() * SIZE.1 * 0.72,
            )
        })
        .collect()
}

/// The picture; it says nothing that words do not.
#[component]
pub(crate) fn Artwork() -> impl IntoView {
    let (width, height) = SIZE;
    view! {
        <svg class="hero-art" viewBox=format!("0 0 {width} {height}") preserveAspectRatio="xMaxYMax slice" aria-hidden="true">
            <defs>
                <linearGradient id="spectrum" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2=width.to_string() y2="0">
                    {SPECTRUM
                        .map(|(offset, colour)| view! { <stop offset=offset stop-color=colour></stop> })
                        .into_iter()
                        .collect_view()}
                </linearGradient>
            </defs>
            <g class="hero-dots">
                {dots().into_iter().map(|(x, y)| view! {
                    <circle cx=format!("{x:.0}") cy=format!("{y:.0}") r="1.1"></circle>
                }).collect_view()}
            </g>
            // A gradient along x needs shapes with some width: thin rectangles instead of strokes.
            <g fill="url(#spectrum)">
                {lines().into_iter().map(|line| {
                    let tall = 6.0 + line.height * (height * 0.72);
                    view! {
                        <rect x=format!("{:.1}", line.x - 1.25) y=format!("{:.1}", height - tall) width="2.5"
                            height=format!("{tall:.1}") rx="1.25"></rect>
                    }
                }).collect_view()}
            </g>
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_stretch_and_rise_and_fall_once() {
        let lines = lines();
        assert!(lines.len() > 30);
        assert!(lines.windows(3).all(|w| w[2].x - w[1].x > w[1].x - w[0].x));
        assert!(lines.iter().all(|line| (0.0..=1.0).contains(&line.height)));
        let peak = lines.iter().position(|line| line.height > 0.99).unwrap();
        assert!(lines[..peak].windows(2).all(|w| w[0].height < w[1].height));
    }
}
