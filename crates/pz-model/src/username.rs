//! The rule for login names.

use crate::limits::USERNAME_MAX_CHARS;

/// What a login name looks like, for messages.
pub const USERNAME_RULE: &str = "Use 1 to 150 letters, digits and @.+-_";

/// Whether this can be a login name: letters, digits and `@.+-_`.
pub fn is_username(text: &str) -> bool {
    (1..=USERNAME_MAX_CHARS).contains(&text.chars().count())
        && text.chars().all(|c| c.is_alphanumeric() || "@.+-_".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_digits_and_five_signs() {
        for good in ["alice", "a.b+c-d_e@example.org", "Ünï", "7"] {
            assert!(is_username(good), "{good}");
        }
        for wrong in ["", "a b", "a/b", "<x>", "a\u{0}", &"x".repeat(151)] {
            assert!(!is_username(wrong), "{wrong:?}");
        }
    }
}
