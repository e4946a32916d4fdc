//! Internal names: `<id>_<slug>`, the public and permanent key of a product.

use unicode_general_category::{GeneralCategory, get_general_category};

use crate::limits::SLUG_MAX_BYTES;

/// The internal name of the product with this id and display name.
///
/// Computed once, when the product is created; renaming the product does not change it.
pub fn internal_name(id: i64, display_name: &str) -> String {
    format!("{id}_{}", slug(display_name))
}

/// The slug of a display name: blanks (U+0020) become `_`, letters become lower case, and everything
/// that is neither alphanumeric nor `_` is dropped. Nothing is collapsed or transliterated. At most
/// [`SLUG_MAX_BYTES`] bytes, cut on a character boundary.
pub fn slug(display_name: &str) -> String {
    let lower = display_name.trim().replace(' ', "_").to_lowercase();
    let mut slug = String::with_capacity(lower.len().min(SLUG_MAX_BYTES));
    for c in lower.chars().filter(|&c| c == '_' || is_alphanumeric(c)) {
        if slug.len() + c.len_utf8() > SLUG_MAX_BYTES {
            break;
        }
        slug.push(c);
    }
    slug
}

/// Alphanumeric as Python's `str.isalnum` has it: general category L*, Nd, Nl or No. Rust's
/// `char::is_alphanumeric` is wider: it keeps combining vowel signs and circled letters.
fn is_alphanumeric(c: char) -> bool {
    use GeneralCategory as G;
    matches!(
        get_general_category(c),
        G::UppercaseLetter
            | G::LowercaseLetter
            | G::TitlecaseLetter
            | G::ModifierLetter
            | G::OtherLetter
            | G::DecimalNumber
            | G::LetterNumber
            | G::OtherNumber
    )
}

/// Whether this text has the shape of an internal name (`digits_anything`), as opposed to a numeric id.
pub fn looks_like_internal_name(text: &str) -> bool {
    text.split_once('_')
        .is_some_and(|(id, _)| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn worked_examples() {
        for (display_name, expected) in [
            ("My Redshift Cat", "8_my_redshift_cat"),
            ("Two  blanks - v1.0 (x)", "8_two__blanks__v10_x"),
            ("Très ünï 名前 ²", "8_très_ünï_名前_²"),
            (
                "Straße İstanbul ΣΑΣ ⅷ Ⓐ ª² हिन्दी",
                "8_straße_istanbul_σας_ⅷ__ª²_हनद",
            ),
            ("../../etc/passwd", "8_etcpasswd"),
            ("!!!", "8_"),
            ("tab\there\u{a0}no-break", "8_tabherenobreak"),
        ] {
            assert_eq!(internal_name(8, display_name), expected, "for {display_name:?}");
        }
    }

    #[test]
    fn long_names_are_cut_on_a_character_boundary() {
        let long = "é".repeat(300);
        let slug = slug(&long);
        assert_eq!(slug.len(), SLUG_MAX_BYTES);
        assert!(slug.chars().all(|c| c == 'é'));
    }

    #[test]
    fn shape() {
        assert!(looks_like_internal_name("30_demo"));
        assert!(looks_like_internal_name("8_"));
        assert!(!looks_like_internal_name("30"));
        assert!(!looks_like_internal_name("_demo"));
        assert!(!looks_like_internal_name("demo_30"));
    }

    proptest! {
        #[test]
        fn slug_holds_only_word_characters_and_fits(name in "\\PC{0,300}") {
            let slug = slug(&name);
            prop_assert!(slug.len() <= SLUG_MAX_BYTES);
            let word_characters_only = slug.chars().all(|c| c == '_' || is_alphanumeric(c));
            prop_assert!(word_characters_only);
            // Neither a path separator nor a dot survives: the name is one component of a path.
            prop_assert!(!slug.contains(['/', '\\', '.', '\0']));
        }

        #[test]
        fn slug_is_idempotent(name in "\\PC{0,80}") {
            let once = slug(&name);
            prop_assert_eq!(slug(&once), once);
        }

        #[test]
        fn ascii_names_follow_the_simple_rule(name in "[ -~]{0,80}") {
            let naive: String = name.trim().to_ascii_lowercase().chars()
                .map(|c| if c == ' ' { '_' } else { c })
                .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            prop_assert_eq!(slug(&name), naive);
        }

        #[test]
        fn name_starts_with_the_id(id in 1i64..i64::MAX, name in "\\PC{0,40}") {
            let internal = internal_name(id, &name);
            prop_assert!(looks_like_internal_name(&internal));
            let (prefix, _) = internal.split_once('_').unwrap();
            prop_assert_eq!(prefix.parse::<i64>().unwrap(), id);
        }
    }
}
