//! The contrast table of the visual identity, computed again from the token file.

use std::collections::HashMap;

/// Light and dark value of every colour token.
fn tokens() -> HashMap<String, [[f64; 3]; 2]> {
    include_str!("../styles/tokens.css")
        .lines()
        .filter_map(|line| {
            let (name, value) = line.trim().strip_prefix("--")?.split_once(':')?;
            let pair = value.trim().strip_prefix("light-dark(")?.strip_suffix(");")?;
            let (light, dark) = pair.split_once(',')?;
            Some((name.to_owned(), [colour(light.trim())?, colour(dark.trim())?]))
        })
        .collect()
}

/// `#RRGGBB` as linear components.
fn colour(text: &str) -> Option<[f64; 3]> {
    let digits = text.strip_prefix('#')?;
    let channel = |from: usize| -> Option<f64> {
        let value = f64::from(u8::from_str_radix(digits.get(from..from + 2)?, 16).ok()?) / 255.0;
        Some(if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        })
    };
    Some([channel(0)?, channel(2)?, channel(4)?])
}

/// WCAG 2 contrast ratio.
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let luminance = |[r, g, b]: [f64; 3]| 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_pair_in_use_is_readable_in_both_themes() {
    let tokens = tokens();
    let grounds = ["bg", "surface", "sunken"];
    let mut pairs: Vec<(String, String, f64)> = Vec::new();
    for text in [
        "text",
        "text-2",
        "muted",
        "primary",
        "primary-hover",
        "accent",
        "success",
        "warning",
        "danger",
        "info",
    ] {
        for ground in grounds {
            pairs.push((text.to_owned(), ground.to_owned(), 4.5));
        }
    }
    for tone in ["primary", "accent", "success", "warning", "danger", "info"] {
        pairs.push((tone.to_owned(), format!("{tone}-soft"), 4.5));
        pairs.push(("text".to_owned(), format!("{tone}-soft"), 4.5));
    }
    for ground in ["primary", "primary-hover", "danger"] {
        pairs.push(("on-primary".to_owned(), ground.to_owned(), 4.5));
    }
    for ground in grounds {
        pairs.push(("control".to_owned(), ground.to_owned(), 3.0));
    }
    for number in 1..=7 {
        pairs.push((format!("data-{number}"), "surface".to_owned(), 4.5));
    }
    for (front, ground, least) in pairs {
        for (theme, name) in ["light", "dark"].into_iter().enumerate() {
            let ratio = contrast(tokens[&front][theme], tokens[&ground][theme]);
            assert!(
                ratio >= least,
                "{front} on {ground} in {name}: {ratio:.2}, needs {least}"
            );
        }
    }
}

#[test]
fn the_published_figures_hold() {
    let tokens = tokens();
    let published = [
        ("text", "bg", [16.4, 16.2]),
        ("text", "surface", [17.5, 14.8]),
        ("text", "sunken", [15.4, 13.4]),
        ("primary", "surface", [7.1, 7.7]),
        ("primary", "primary-soft", [6.1, 6.3]),
        ("on-primary", "primary", [7.1, 8.4]),
        ("on-primary", "primary-hover", [9.7, 10.7]),
        ("accent", "accent-soft", [5.0, 7.2]),
        ("control", "sunken", [3.4, 4.0]),
    ];
    for (front, ground, figures) in published {
        for (theme, figure) in figures.into_iter().enumerate() {
            let ratio = contrast(tokens[front][theme], tokens[ground][theme]);
            assert!(
                (ratio - figure).abs() < 0.1,
                "{front} on {ground}: {ratio:.3}, published {figure}"
            );
        }
    }
}
