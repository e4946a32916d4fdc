//! The order in which people number files. Must never call two different names equal.

use std::cmp::Ordering;

/// Compares names with the numbers in them as numbers: `part-2` comes before `part-10`.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (first, second) = match (left.chars().next(), right.chars().next()) {
            (Some(first), Some(second)) => (first, second),
            (None, None) => return a.cmp(b),
            (first, second) => return first.cmp(&second),
        };
        if first.is_ascii_digit() && second.is_ascii_digit() {
            let (number, rest) = digits(left);
            let (other, other_rest) = digits(right);
            // Without leading zeros the longer number is the greater one.
            let order = number.len().cmp(&other.len()).then_with(|| number.cmp(other));
            if order.is_ne() {
                return order;
            }
            (left, right) = (rest, other_rest);
        } else if first == second {
            left = left.get(first.len_utf8()..).unwrap_or_default();
            right = right.get(second.len_utf8()..).unwrap_or_default();
        } else {
            return first.cmp(&second);
        }
    }
}

/// The digits at the start, without leading zeros, and what follows.
fn digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    (number.trim_start_matches('0'), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        let sorted = [
            "",
            "a",
            "a0",
            "a00",
            "a1",
            "a01",
            "a2",
            "a10",
            "a10b",
            "a11",
            "a99999999999999999999999",
            "b",
            "é1",
            "é2",
        ];
        for (index, a) in sorted.iter().enumerate() {
            for (other, b) in sorted.iter().enumerate() {
                // Equal numbers are told apart by their zeros.
                if a.trim_end_matches(char::is_numeric) == b.trim_end_matches(char::is_numeric)
                    && digits_of(a) == digits_of(b)
                {
                    assert_eq!(natural(a, b).is_eq(), index == other, "{a} {b}");
                } else {
                    assert_eq!(natural(a, b), index.cmp(&other), "{a} {b}");
                }
            }
        }
    }

    fn digits_of(name: &str) -> Option<&str> {
        name.find(|character: char| character.is_ascii_digit())
            .map(|at| name[at..].trim_start_matches('0'))
    }
}
