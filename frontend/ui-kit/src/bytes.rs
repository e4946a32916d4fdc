//! Sizes in decimal units, as disks and download dialogs count.

use leptos::prelude::*;

/// A size in bytes, for people; the exact number is the tooltip.
#[component]
pub fn Bytes(
    /// Number of bytes.
    value: i64,
) -> impl IntoView {
    view! { <span class="number" title=format!("{value} B")>{bytes_text(value)}</span> }
}

/// `18.2 MB`, `999 B`: three significant digits at most, powers of 1000.
pub fn bytes_text(bytes: i64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes.unsigned_abs() < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        // 999.5 would be shown as 1000.
        if value.abs() < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    let digits = if value.abs() >= 99.95 { 0 } else { 1 };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (18_234_567, "18.2 MB"),
            (231_000_000, "231 MB"),
            (999_499_999, "999 MB"),
            (999_999_999, "1.0 GB"),
            (2_000_000_000_000, "2.0 TB"),
            (i64::MAX, "9.2 EB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(bytes_text(bytes), text);
        }
    }
}
