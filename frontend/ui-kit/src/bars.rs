//! Bars: how often something occurs, as a picture.

use std::fmt::Write;

use leptos::prelude::*;

/// Height of the picture in its own units; widths are four units a bar.
const HEIGHT: u64 = 100;
/// The least height of a bar that is not zero, so that it can be seen.
const LEAST: u64 = 3;

/// Bars of these heights, side by side, stretched to the size that the style sheet gives; a line at `marker`,
/// from 0 (left) to 1 (right); tooltips that say what each bar is, none or one for each.
///
/// It is hidden from assistive technology: whatever holds it says in words what it shows.
pub fn bars(counts: &[u64], marker: Option<f64>, titles: &[String], test_id: &'static str) -> AnyView {
    let width = (counts.len() * 4).saturating_sub(1).max(1);
    let total: u64 = counts.iter().sum();
    let markup = markup(counts, marker, titles, width);
    view! {
        <svg class="bars" viewBox=format!("0 0 {width} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true"
            focusable="false" data-testid=test_id data-bars=counts.len().to_string()
            data-total=total.to_string() inner_html=markup>
        </svg>
    }
    .into_any()
}

/// The picture: one path, or, where each bar has a tooltip, one rectangle each over its whole height.
fn markup(counts: &[u64], marker: Option<f64>, titles: &[String], width: usize) -> String {
    let highest = counts.iter().copied().max().unwrap_or(0).max(1);
    let mut path = String::new();
    for (index, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        // In 128 bits: a count has up to 64.
        let height = u128::from(*count) * u128::from(HEIGHT) / u128::from(highest);
        let height = u64::try_from(height).unwrap_or(HEIGHT).max(LEAST);
        let _ = write!(path, "M{} {HEIGHT}v-{height}h3v{height}z", index * 4);
    }
    let mut markup = format!("<path class=\"bars-fill\" d=\"{path}\"></path>");
    if let Some(marker) = marker.filter(|marker| (0.0..=1.0).contains(marker)) {
        let x = (marker * width as f64).round();
        let _ = write!(
            markup,
            "<path class=\"bars-marker\" d=\"M{x} 0v{HEIGHT}\"></path>"
        );
    }
    for (index, title) in titles.iter().enumerate() {
        let title = title.replace('&', "&amp;").replace('<', "&lt;");
        let _ = write!(
            markup,
            "<rect class=\"bars-hit\" x=\"{}\" width=\"4\" height=\"{HEIGHT}\"><title>{title}</title></rect>",
            index * 4
        );
    }
    markup
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_fills_the_height_and_few_are_still_seen() {
        let picture = markup(&[0, 1, 1_000_000], Some(0.5), &[], 11);
        assert_eq!(
            picture,
            "<path class=\"bars-fill\" d=\"M4 100v-3h3v3zM8 100v-100h3v100z\"></path>\
             <path class=\"bars-marker\" d=\"M6 0v100\"></path>"
        );
        assert!(!markup(&[0, 0], Some(2.0), &[], 7).contains("marker"));
        assert!(markup(&[u64::MAX], None, &[], 3).contains("v-100"));
    }

    #[test]
    fn titles_are_text() {
        let picture = markup(&[1], None, &["<b> & c".to_owned()], 3);
        assert!(picture.contains("<title>&lt;b> &amp; c</title>"), "{picture}");
    }
}
