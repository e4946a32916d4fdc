//! Licences that a product may be published under, by SPDX id.

/// A licence that is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct License {
    /// SPDX id, or [`OTHER_LICENSE`].
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Where its text is.
    pub url: Option<&'static str>,
}

/// The licence of products whose owner chose none.
pub const DEFAULT_LICENSE: &str = "CC-BY-4.0";

/// "The description says it": no SPDX id.
pub const OTHER_LICENSE: &str = "other";

/// All that are offered, the default first.
pub const LICENSES: [License; 6] = [
    License {
        id: DEFAULT_LICENSE,
        name: "Creative Commons Attribution 4.0 International",
        url: Some("https://creativecommons.org/licenses/by/4.0/"),
    },
    License {
        id: "CC0-1.0",
        name: "Creative Commons Zero v1.0 Universal",
        url: Some("https://creativecommons.org/publicdomain/zero/1.0/"),
    },
    License {
        id: "CC-BY-SA-4.0",
        name: "Creative Commons Attribution Share Alike 4.0 International",
        url: Some("https://creativecommons.org/licenses/by-sa/4.0/"),
    },
    License {
        id: "CC-BY-NC-4.0",
        name: "Creative Commons Attribution Non Commercial 4.0 International",
        url: Some("https://creativecommons.org/licenses/by-nc/4.0/"),
    },
    License {
        id: "ODbL-1.0",
        name: "Open Data Commons Open Database License v1.0",
        url: Some("https://opendatacommons.org/licenses/odbl/1-0/"),
    },
    License {
        id: OTHER_LICENSE,
        name: "Other (see the description)",
        url: None,
    },
];

impl License {
    /// The licence with this id; SPDX ids do not differ by case.
    pub fn from_id(id: &str) -> Option<&'static Self> {
        LICENSES
            .iter()
            .find(|license| license.id.eq_ignore_ascii_case(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_whatever_their_case() {
        assert_eq!(
            License::from_id("cc-by-4.0").map(|one| one.id),
            Some(DEFAULT_LICENSE)
        );
        assert_eq!(License::from_id("odbl-1.0").map(|one| one.id), Some("ODbL-1.0"));
        assert_eq!(License::from_id("MIT"), None);
        for license in &LICENSES {
            assert_eq!(License::from_id(license.id), Some(license));
            assert_eq!(license.url.is_none(), license.id == OTHER_LICENSE);
        }
    }
}
