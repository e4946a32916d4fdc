//! The rules of metadata for citation: ORCID iDs, DOIs, DataCite's words, and how much of each a product may
//! have. Every check gives the value in its normal form, or says what is wrong and what would be right.

use crate::api::{Creator, Funding, RelatedIdentifier};
use crate::limits::{
    CREATORS_MAX, FUNDING_MAX, IDENTIFIER_MAX_CHARS, NAME_MAX_CHARS, RELATED_IDENTIFIERS_MAX, SUBJECTS_MAX,
};

/// DataCite's relation types.
pub const RELATION_TYPES: &[&str] = &[
    "IsCitedBy",
    "Cites",
    "IsSupplementTo",
    "IsSupplementedBy",
    "IsContinuedBy",
    "Continues",
    "IsDescribedBy",
    "Describes",
    "HasMetadata",
    "IsMetadataFor",
    "HasVersion",
    "IsVersionOf",
    "IsNewVersionOf",
    "IsPreviousVersionOf",
    "IsPartOf",
    "HasPart",
    "IsPublishedIn",
    "IsReferencedBy",
    "References",
    "IsDocumentedBy",
    "Documents",
    "IsCompiledBy",
    "Compiles",
    "IsVariantFormOf",
    "IsOriginalFormOf",
    "IsIdenticalTo",
    "IsReviewedBy",
    "Reviews",
    "IsDerivedFrom",
    "IsSourceOf",
    "IsRequiredBy",
    "Requires",
    "IsObsoletedBy",
    "Obsoletes",
    "IsCollectedBy",
    "Collects",
    "IsTranslationOf",
    "HasTranslation",
];

/// DataCite's types of related identifiers.
pub const IDENTIFIER_TYPES: &[&str] = &[
    "ARK", "arXiv", "bibcode", "CSTR", "DOI", "EAN13", "EISSN", "Handle", "IGSN", "ISBN", "ISSN", "ISTC",
    "LISSN", "LSID", "PMID", "PURL", "RRID", "UPC", "URL", "URN", "w3id",
];

/// An ORCID iD in its plain form, `0000-0002-1825-0097`; also read from its address.
///
/// # Errors
/// When the form or the check digit is wrong.
pub fn orcid(text: &str) -> Result<String, String> {
    let plain = text
        .trim()
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_start_matches("orcid.org/")
        .to_ascii_uppercase();
    let form = plain.len() == 19
        && plain.bytes().enumerate().all(|(place, byte)| match place {
            4 | 9 | 14 => byte == b'-',
            18 => byte.is_ascii_digit() || byte == b'X',
            _ => byte.is_ascii_digit(),
        });
    if !form {
        return Err(format!(
            "\"{}\" is not an ORCID iD: give it as 0000-0002-1825-0097.",
            shown(text)
        ));
    }
    // ISO 7064, MOD 11-2.
    let total = plain
        .bytes()
        .filter(u8::is_ascii_digit)
        .take(15)
        .fold(0_u32, |total, byte| (total + u32::from(byte - b'0')) * 2);
    let digit = match (12 - total % 11) % 11 {
        10 => 'X',
        digit => char::from_digit(digit, 10).unwrap_or('X'),
    };
    if !plain.ends_with(digit) {
        return Err(format!(
            "\"{plain}\" is not an ORCID iD: its check digit would be {digit}. Look for a typing error."
        ));
    }
    Ok(plain)
}

/// A DOI in its plain form, `10.1234/abc`; also read from its address.
///
/// # Errors
/// When the form is wrong.
pub fn doi(text: &str) -> Result<String, String> {
    let mut plain = text.trim();
    for prefix in ["https://", "http://", "dx.", "doi.org/", "doi:"] {
        if plain
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        {
            plain = &plain[prefix.len()..];
        }
    }
    let form = plain.strip_prefix("10.").and_then(|rest| rest.split_once('/'));
    let is_doi = form.is_some_and(|(registrant, suffix)| {
        (4..=9).contains(&registrant.len())
            && registrant.bytes().all(|byte| byte.is_ascii_digit())
            && !suffix.is_empty()
            && suffix
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}%".contains(&byte))
    });
    if !is_doi || plain.len() > NAME_MAX_CHARS {
        return Err(format!(
            "\"{}\" is not a DOI: give it as 10.1234/abc.",
            shown(text)
        ));
    }
    Ok(plain.to_owned())
}

/// Creators in their normal form.
///
/// # Errors
/// Names the creator by its place, from 1.
pub fn creators(list: Vec<Creator>) -> Result<Vec<Creator>, String> {
    at_most("creators", list.len(), CREATORS_MAX)?;
    each(list, |one| {
        Ok(Creator {
            name: required("name", &one.name, NAME_MAX_CHARS)?,
            orcid: one
                .orcid
                .as_deref()
                .filter(|text| !text.trim().is_empty())
                .map(orcid)
                .transpose()?,
            affiliation: optional("affiliation", one.affiliation, NAME_MAX_CHARS)?,
        })
    })
}

/// Related identifiers in their normal form.
///
/// # Errors
/// Names the identifier by its place, from 1.
pub fn related_identifiers(list: Vec<RelatedIdentifier>) -> Result<Vec<RelatedIdentifier>, String> {
    at_most("related identifiers", list.len(), RELATED_IDENTIFIERS_MAX)?;
    each(list, |one| {
        let kind = one_of("type", &one.identifier_type, IDENTIFIER_TYPES)?;
        let identifier = required("identifier", &one.identifier, IDENTIFIER_MAX_CHARS)?;
        let identifier = match kind.as_str() {
            "DOI" => doi(&identifier)?,
            "URL" | "PURL" if !is_web_address(&identifier) => {
                return Err(format!(
                    "\"{}\" is not an address: start it with https:// and leave no blanks.",
                    shown(&identifier)
                ));
            }
            _ => identifier,
        };
        Ok(RelatedIdentifier {
            identifier,
            relation: one_of("relation", &one.relation, RELATION_TYPES)?,
            identifier_type: kind,
        })
    })
}

/// Subjects in their normal form, each once.
///
/// # Errors
/// Names the subject by its place, from 1.
pub fn subjects(list: Vec<String>) -> Result<Vec<String>, String> {
    at_most("subjects", list.len(), SUBJECTS_MAX)?;
    let all = each(list, |one| required("subject", &one, NAME_MAX_CHARS))?;
    let mut distinct: Vec<String> = Vec::with_capacity(all.len());
    for subject in all {
        if !distinct.contains(&subject) {
            distinct.push(subject);
        }
    }
    Ok(distinct)
}

/// Funding in its normal form.
///
/// # Errors
/// Names the entry by its place, from 1.
pub fn funding(list: Vec<Funding>) -> Result<Vec<Funding>, String> {
    at_most("sources of funding", list.len(), FUNDING_MAX)?;
    each(list, |one| {
        Ok(Funding {
            funder: required("funder", &one.funder, NAME_MAX_CHARS)?,
            award_number: optional("award_number", one.award_number, NAME_MAX_CHARS)?,
            award_title: optional("award_title", one.award_title, NAME_MAX_CHARS)?,
        })
    })
}

fn at_most(what: &str, count: usize, max: usize) -> Result<(), String> {
    if count > max {
        return Err(format!("Give at most {max} {what}, not {count}."));
    }
    Ok(())
}

fn each<T>(list: Vec<T>, check: impl Fn(T) -> Result<T, String>) -> Result<Vec<T>, String> {
    list.into_iter()
        .enumerate()
        .map(|(index, one)| check(one).map_err(|message| format!("Entry {}: {message}", index + 1)))
        .collect()
}

fn required(name: &str, text: &str, max_chars: usize) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err(format!("{name} has a line break or another control character."));
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("{name} may not be blank."));
    }
    if text.chars().count() > max_chars {
        return Err(format!("{name} has more than {max_chars} characters."));
    }
    Ok(text.to_owned())
}

fn optional(name: &str, text: Option<String>, max_chars: usize) -> Result<Option<String>, String> {
    text.filter(|text| !text.trim().is_empty())
        .map(|text| required(name, &text, max_chars))
        .transpose()
}

fn one_of(name: &str, text: &str, known: &[&str]) -> Result<String, String> {
    known
        .iter()
        .find(|word| word.eq_ignore_ascii_case(text.trim()))
        .map(|word| (*word).to_owned())
        .ok_or_else(|| format!("{name} \"{}\" is not one of {}.", shown(text), known.join(", ")))
}

/// `http` or `https`, a host, no blanks and nothing that ends an attribute.
fn is_web_address(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_alphanumeric() || c == '[')
            && !rest
                .chars()
                .any(|c| c.is_whitespace() || "\"<>\\^`{|}".contains(c))
    })
}

/// As much of a text as a message should repeat.
fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn orcids() {
        for good in [
            "0000-0002-1825-0097",
            "https://orcid.org/0000-0001-5109-3700",
            " 0000-0002-1694-233x ",
        ] {
            assert_eq!(orcid(good).map(|text| text.len()), Ok(19), "{good}");
        }
        assert_eq!(orcid("0000-0002-1694-233x").as_deref(), Ok("0000-0002-1694-233X"));
        for wrong in [
            "",
            "0000-0002-1825-0098",
            "0000000218250097",
            "0000-0002-1825-00977",
            "é000-0002-1825-0097",
        ] {
            assert!(orcid(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn dois() {
        for good in [
            "10.5281/zenodo.1234",
            "https://doi.org/10.5281/zenodo.1234",
            "DOI:10.5281/zenodo.1234",
        ] {
            assert_eq!(doi(good).as_deref(), Ok("10.5281/zenodo.1234"), "{good}");
        }
        assert!(doi("10.1051/0004-6361/201732098(x);y").is_ok());
        for wrong in [
            "",
            "10.12/x",
            "11.1234/x",
            "10.1234/",
            "10.1234/a b",
            "10.1234/a\"b",
            "10.1234/é",
            "10.1234/a}b",
        ] {
            assert!(doi(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lists_are_normalised_and_errors_say_where() {
        let one = |name: &str, orcid: Option<&str>| Creator {
            name: name.to_owned(),
            orcid: orcid.map(str::to_owned),
            affiliation: Some("  ".to_owned()),
        };
        let list = creators(vec![
            one(" Ada ", Some("")),
            one("Bo", Some("0000-0002-1825-0097")),
        ])
        .unwrap();
        assert_eq!(
            (list[0].name.as_str(), &list[0].orcid, &list[0].affiliation),
            ("Ada", &None, &None)
        );
        let error = creators(vec![one("Ada", None), one("", None)]).unwrap_err();
        assert!(error.starts_with("Entry 2: name"), "{error}");
        assert!(creators(vec![one("Ada", None); CREATORS_MAX + 1]).is_err());

        let related = |identifier: &str, relation: &str, kind: &str| RelatedIdentifier {
            identifier: identifier.to_owned(),
            relation: relation.to_owned(),
            identifier_type: kind.to_owned(),
        };
        let list = related_identifiers(vec![related("doi:10.1234/x", "iscitedby", "doi")]).unwrap();
        assert_eq!(list[0], related("10.1234/x", "IsCitedBy", "DOI"));
        for wrong in [
            related("x", "IsCitedBy", "DOI"),
            related("javascript:alert(1)", "IsCitedBy", "URL"),
            related("https://a b", "IsCitedBy", "URL"),
            related("1", "Likes", "PMID"),
            related("1", "Cites", "Postcard"),
            related("a\nb", "Cites", "PMID"),
        ] {
            assert!(related_identifiers(vec![wrong.clone()]).is_err(), "{wrong:?}");
        }
        assert_eq!(subjects(vec!["z".into(), " z ".into()]).unwrap(), ["z"]);
        let entry = Funding {
            funder: " ".into(),
            award_number: None,
            award_title: None,
        };
        assert!(funding(vec![entry]).is_err());
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_always_found(digits in proptest::collection::vec(0_u32..10, 15), place in 0_usize..15, add in 1_u32..10) {
            let total = digits.iter().fold(0, |total, digit| (total + digit) * 2);
            let check = (12 - total % 11) % 11;
            let write = |digits: &[u32]| {
                let mut text: String = digits.iter().filter_map(|digit| char::from_digit(*digit, 10)).collect();
                text.push(if check == 10 { 'X' } else { char::from_digit(check, 10).unwrap() });
                for at in [12, 8, 4] {
                    text.insert(at, '-');
                }
                text
            };
            prop_assert!(orcid(&write(&digits)).is_ok());
            let mut wrong = digits;
            wrong[place] = (wrong[place] + add) % 10;
            prop_assert!(orcid(&write(&wrong)).is_err());
        }

        #[test]
        fn nothing_makes_the_checks_panic(text in "\\PC{0,60}") {
            let _ = (orcid(&text), doi(&text), is_web_address(&text));
        }
    }
}
