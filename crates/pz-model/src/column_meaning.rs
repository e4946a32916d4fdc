//! What a column means: the standard associations, their aliases and UCDs (IVOA UCD1+).

use serde::{Deserialize, Serialize};

/// A standard meaning of a column. A column may also carry a free alias instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ColumnMeaning {
    /// Identifier of the object.
    Id,
    /// Right ascension, degrees, ICRS.
    Ra,
    /// Declination, degrees, ICRS.
    Dec,
    /// Redshift.
    Z,
    /// Error of the redshift.
    ZErr,
    /// Quality flag of the redshift, as the survey gives it.
    ZFlag,
    /// Name of the survey.
    Survey,
}

impl ColumnMeaning {
    /// All meanings in the order users see them.
    pub const ALL: [Self; 7] = [
        Self::Id,
        Self::Ra,
        Self::Dec,
        Self::Z,
        Self::ZErr,
        Self::ZFlag,
        Self::Survey,
    ];

    /// The alias stored with the column; compared exactly when a product is published.
    pub const fn alias(self) -> &'static str {
        match self {
            Self::Id => "ID",
            Self::Ra => "RA",
            Self::Dec => "Dec",
            Self::Z => "z",
            Self::ZErr => "z_err",
            Self::ZFlag => "z_flag",
            Self::Survey => "survey",
        }
    }

    /// The UCD1+ stored with the column.
    pub const fn ucd(self) -> &'static str {
        match self {
            Self::Id => "meta.id;meta.main",
            Self::Ra => "pos.eq.ra;meta.main",
            Self::Dec => "pos.eq.dec;meta.main",
            Self::Z => "src.redshift",
            Self::ZErr => "stat.error;src.redshift",
            Self::ZFlag => "stat.rank",
            Self::Survey => "meta.curation",
        }
    }

    /// What it means, for people.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Id => "Identifier of the object",
            Self::Ra => "Right ascension in degrees, ICRS",
            Self::Dec => "Declination in degrees, ICRS",
            Self::Z => "Redshift",
            Self::ZErr => "Error of the redshift",
            Self::ZFlag => "Quality flag of the redshift, as the survey gives it",
            Self::Survey => "Name of the survey",
        }
    }

    /// The meaning with exactly this alias (case-sensitive).
    pub fn from_alias(alias: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|meaning| meaning.alias() == alias)
    }

    /// Column names that usually carry this meaning, in lower case.
    pub const fn usual_names(self) -> &'static [&'static str] {
        match self {
            Self::Id => &["id", "objectid", "object_id", "source_id", "objid", "crd_id"],
            Self::Ra => &["ra", "raj2000", "ra_deg", "coord_ra", "alpha_j2000", "ra_j2000"],
            Self::Dec => &[
                "dec",
                "dej2000",
                "decj2000",
                "dec_deg",
                "decl",
                "coord_dec",
                "delta_j2000",
                "dec_j2000",
            ],
            Self::Z => &["z", "redshift", "zspec", "z_spec", "z_best", "zbest"],
            Self::ZErr => &["z_err", "e_z", "zerr", "z_error", "redshift_err", "zspec_err"],
            Self::ZFlag => &[
                "z_flag",
                "zq",
                "q_z",
                "quality",
                "qop",
                "zflag",
                "z_quality",
                "zqual",
            ],
            Self::Survey => &["survey", "survey_name"],
        }
    }

    /// The meaning this column name suggests, to be offered and never applied silently.
    pub fn suggested_for(column_name: &str) -> Option<Self> {
        let name = column_name.trim().to_lowercase();
        Self::ALL
            .into_iter()
            .find(|meaning| meaning.usual_names().contains(&name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_and_ucds_are_unique() {
        for (i, a) in ColumnMeaning::ALL.into_iter().enumerate() {
            for b in ColumnMeaning::ALL.into_iter().skip(i + 1) {
                assert_ne!(a.alias(), b.alias());
                assert_ne!(a.ucd(), b.ucd());
                assert!(a.usual_names().iter().all(|name| !b.usual_names().contains(name)));
            }
            assert_eq!(ColumnMeaning::from_alias(a.alias()), Some(a));
        }
        assert_eq!(ColumnMeaning::from_alias("ra"), None);
    }

    #[test]
    fn suggestions_ignore_case() {
        assert_eq!(ColumnMeaning::suggested_for("RAJ2000"), Some(ColumnMeaning::Ra));
        assert_eq!(ColumnMeaning::suggested_for(" z_best "), Some(ColumnMeaning::Z));
        assert_eq!(ColumnMeaning::suggested_for("mag_i_lsst"), None);
    }
}
