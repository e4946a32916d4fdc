//! Numbers of things, in groups of three digits.

use leptos::prelude::*;

/// A number of things.
#[component]
pub fn Count(
    /// How many.
    value: i64,
) -> impl IntoView {
    view! { <span class="number">{count_text(value)}</span> }
}

/// `367 139`: groups of three divided by a narrow no-break space, which no language misreads.
pub fn count_text(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if count < 0 {
        text.push('−');
    }
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_three() {
        assert_eq!(count_text(0), "0");
        assert_eq!(count_text(999), "999");
        assert_eq!(count_text(1000), "1\u{202f}000");
        assert_eq!(count_text(367_139), "367\u{202f}139");
        assert_eq!(count_text(-1_234_567), "−1\u{202f}234\u{202f}567");
        assert_eq!(
            count_text(i64::MIN),
            "−9\u{202f}223\u{202f}372\u{202f}036\u{202f}854\u{202f}775\u{202f}808"
        );
    }
}
