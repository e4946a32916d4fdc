//! The configuration of the pipeline that makes training sets.

use serde::{Deserialize, Serialize};

use super::config::{ConfigError, flag};
use super::words::words;
use crate::api::NamedOption;

/// Largest match radius, in arcseconds.
const RADIUS_MAX_ARCSEC: f64 = 90.0;
/// Most neighbours of one object.
const NEIGHBORS_MAX: u32 = 1000;
/// Most columns that can be selected.
const SELECTED_MAX: usize = 5000;
/// Longest name of a kind of flux or of a dust map, in characters.
const WORD_MAX_CHARS: usize = 64;

words! {
    /// What becomes of redshifts without a match.
    MatchKind {
        /// They are left out.
        Inner = "inner",
        /// They are kept, without photometry.
        Left = "left",
    }
}

words! {
    /// Which redshift an object keeps that has several.
    DuplicateCriteria {
        /// The nearest.
        Closest = "closest",
        /// The one with the best quality flag.
        BestFlag = "best_flag",
    }
}

words! {
    /// How rows become training or test rows.
    SplitMethod {
        /// Each row by chance.
        Random = "random",
    }
}

/// How the catalogs are matched on the sky.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CrossmatchParam {
    /// Largest distance of a match, in arcseconds.
    pub radius_arcsec: f64,
    /// Neighbours of each redshift at most.
    pub n_neighbors: u32,
    /// Matches at or below this distance are left out, in arcseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_radius_arcsec: Option<f64>,
    /// What becomes of redshifts without a match; left out when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<MatchKind>,
}

impl Default for CrossmatchParam {
    fn default() -> Self {
        Self {
            radius_arcsec: 1.0,
            n_neighbors: 1,
            min_radius_arcsec: None,
            how: None,
        }
    }
}

/// What users choose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingSetParam {
    /// How the catalogs are matched on the sky.
    pub crossmatch: CrossmatchParam,
    /// Always false: the photometry is that of the release. Clients send it back as they got it.
    #[serde(deserialize_with = "flag")]
    pub use_absolute_lsdb_path: bool,
    /// Columns of the photometry to keep; all when empty.
    pub selected_cols: Vec<String>,
    /// Which of the release's kinds of flux.
    pub flux_type: String,
    /// Magnitudes instead of fluxes.
    #[serde(deserialize_with = "flag")]
    pub convert_flux_to_mag: bool,
    /// Which of the release's dust maps corrected the photometry.
    pub dereddening: String,
    /// How rows become training or test rows.
    pub split_method: SplitMethod,
    /// Share of training rows, between 0 and 1.
    pub train_fraction: f64,
    /// Makes the split the same every time.
    pub random_seed: Option<u64>,
    /// Keeps one redshift of an object that has several; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_criteria: Option<DuplicateCriteria>,
}

impl Default for TrainingSetParam {
    fn default() -> Self {
        Self {
            crossmatch: CrossmatchParam::default(),
            use_absolute_lsdb_path: false,
            selected_cols: Vec::new(),
            flux_type: "auto".to_owned(),
            convert_flux_to_mag: true,
            dereddening: "sfd".to_owned(),
            split_method: SplitMethod::Random,
            train_fraction: 0.7,
            random_seed: None,
            duplicate_criteria: None,
        }
    }
}

impl TrainingSetParam {
    /// Keys that other servers take and that mean nothing here.
    pub(super) const IGNORED: &'static [&'static str] = &["output_catalog_name"];
    /// The same below `crossmatch`.
    pub(super) const IGNORED_CROSSMATCH: &'static [&'static str] = &[
        "output_catalog_name",
        "require_right_margin",
        "suffixes",
        "suffix_method",
    ];

    /// Everything that is wrong beyond types.
    pub(super) fn check(&self) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        let mut wrong = |key: &str, message: String| errors.push(ConfigError::param(key, message));
        let radius = self.crossmatch.radius_arcsec;
        if !(radius > 0.0 && radius <= RADIUS_MAX_ARCSEC) {
            wrong(
                "crossmatch.radius_arcsec",
                format!("{radius} is not above 0 and at most {RADIUS_MAX_ARCSEC} arcseconds."),
            );
        }
        if !(1..=NEIGHBORS_MAX).contains(&self.crossmatch.n_neighbors) {
            wrong(
                "crossmatch.n_neighbors",
                format!("Give a whole number from 1 to {NEIGHBORS_MAX}."),
            );
        }
        if let Some(least) = self.crossmatch.min_radius_arcsec
            && !(least >= 0.0 && least < radius)
        {
            wrong(
                "crossmatch.min_radius_arcsec",
                format!("{least} is not from 0 to below radius_arcsec ({radius})."),
            );
        }
        // They become part of paths to the photometry.
        for (key, word) in [("flux_type", &self.flux_type), ("dereddening", &self.dereddening)] {
            if !is_plain_word(word) {
                wrong(
                    key,
                    format!(
                        "\"{}\" is not a name of letters, digits, '_' and '-', at most {WORD_MAX_CHARS} characters.",
                        super::shown(word)
                    ),
                );
            }
        }
        if !(self.train_fraction > 0.0 && self.train_fraction < 1.0) {
            wrong(
                "train_fraction",
                format!("{} is not between 0 and 1.", self.train_fraction),
            );
        }
        let max_chars = crate::limits::COLUMN_NAME_MAX_CHARS;
        let is_name = |name: &String| !name.trim().is_empty() && name.chars().count() <= max_chars;
        if self.selected_cols.len() > SELECTED_MAX || !self.selected_cols.iter().all(is_name) {
            wrong(
                "selected_cols",
                format!("Give at most {SELECTED_MAX} names of columns, each of 1 to {max_chars} characters."),
            );
        }
        errors
    }
}

fn is_plain_word(word: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !word.is_empty() && word.len() <= WORD_MAX_CHARS && word.chars().all(allowed)
}

/// The option of a release that a user means. The pipeline's default, where the release does not offer it,
/// means the option that the release prefers.
///
/// # Errors
/// What the release offers, when it does not offer this.
pub fn choose_option(offered: &[NamedOption], asked: &str, default: &str) -> Result<String, String> {
    let mut open = offered.iter().filter(|option| !option.disabled);
    if offered.is_empty() || open.clone().any(|option| option.name == asked) {
        return Ok(asked.to_owned());
    }
    if asked == default {
        let preferred = open
            .clone()
            .find(|option| option.selected)
            .or_else(|| open.next());
        if let Some(option) = preferred {
            return Ok(option.name.clone());
        }
    }
    let names: Vec<&str> = open.map(|option| option.name.as_str()).collect();
    Err(format!(
        "The release does not offer \"{}\"; it offers {}.",
        super::shown(asked),
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_says_what_can_be_chosen() {
        let option = |name: &str, selected, disabled| NamedOption {
            name: name.to_owned(),
            display_name: name.to_owned(),
            selected,
            disabled,
        };
        let offered = [
            option("psf", false, false),
            option("cModel", true, false),
            option("kron", false, true),
        ];
        let choose = |asked: &str| choose_option(&offered, asked, "auto");
        assert_eq!(choose("psf").as_deref(), Ok("psf"));
        assert_eq!(choose("auto").as_deref(), Ok("cModel"));
        assert!(choose("kron").unwrap_err().contains("psf, cModel"));
        assert_eq!(choose_option(&[], "anything", "auto").as_deref(), Ok("anything"));
        assert!(choose_option(&offered[2..], "auto", "auto").is_err());
    }
}
