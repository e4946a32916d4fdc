//! Which columns hold magnitudes, by their UCD or by the names that surveys use.

/// What gives a column away as a magnitude.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MagnitudeColumn {
    /// The band as name or UCD write it, in lower case but for `Ks`-like names, which are lower case, too.
    pub band: Option<String>,
}

/// Bands of optical and infrared surveys.
const BANDS: &[&str] = &[
    "u", "g", "r", "i", "z", "y", "b", "v", "j", "h", "k", "ks", "w1", "w2", "w3", "w4", "bp", "rp", "vis",
    "nuv", "fuv",
];

/// Parts of a name that say that it is something about a magnitude, but not one.
const NOT_MAGNITUDES: &[&str] = &[
    "err", "error", "sigma", "unc", "flag", "var", "std", "lim", "limit", "ivar", "rms", "e",
];

impl MagnitudeColumn {
    /// Whether the column called `name` with this UCD is a magnitude: a UCD that begins with `phot.mag` says so;
    /// else names such as `mag_i_lsst`, `i_cModelMag`, `imag`, `MAG_AUTO_R`, `psfMag_g`.
    pub fn recognise(name: &str, ucd: Option<&str>) -> Option<Self> {
        let words = words(name);
        let band = || words.iter().find(|word| BANDS.contains(&word.as_str())).cloned();
        let ucd = ucd.unwrap_or_default().trim().to_lowercase();
        if ucd.starts_with("phot.mag") {
            return Some(Self {
                band: band_of_ucd(&ucd).or_else(band),
            });
        }
        // A UCD that says something else is to be believed.
        if !ucd.is_empty() || words.iter().any(|word| NOT_MAGNITUDES.contains(&word.as_str())) {
            return None;
        }
        if words.iter().any(|word| word == "mag") {
            return band().map(|band| Self { band: Some(band) });
        }
        // `imag`, `kmag`: one band and the word.
        let (only, rest) = words.split_first()?;
        let band = only.strip_suffix("mag").filter(|band| BANDS.contains(band))?;
        rest.is_empty().then(|| Self {
            band: Some(band.to_owned()),
        })
    }
}

/// `phot.mag;em.opt.i` → `i`, `phot.mag;em.ir.k` → `k`.
fn band_of_ucd(ucd: &str) -> Option<String> {
    ucd.split(';').find_map(|word| {
        let band = word.trim().strip_prefix("em.")?.rsplit('.').next()?;
        BANDS.contains(&band).then(|| band.to_owned())
    })
}

/// The words of a name in lower case: split at anything but letters and digits, and where capitals begin.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut previous_is_lower = false;
    for c in name.chars() {
        let starts = c.is_uppercase() && previous_is_lower;
        if (starts || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        previous_is_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ucds_of_surveys() {
        for (name, ucd, band) in [
            ("mag_i_lsst", None, "i"),
            ("mag_u", None, "u"),
            ("i_cModelMag", None, "i"),
            ("g_psfMag", None, "g"),
            ("LSST_i_cModelMag", None, "i"),
            ("MAG_AUTO_R", None, "r"),
            ("psfMag_g", None, "g"),
            ("imag", None, "i"),
            ("Kmag", None, "k"),
            ("Ksmag", None, "ks"),
            ("W1mag", None, "w1"),
            ("flux7", Some("phot.mag;em.opt.Z"), "z"),
            ("anything", Some("PHOT.MAG;em.IR.K"), "k"),
            ("y_gaap1p0Mag", Some(""), "y"),
        ] {
            let found = MagnitudeColumn::recognise(name, ucd).and_then(|column| column.band);
            assert_eq!(found.as_deref(), Some(band), "{name}");
        }
        assert_eq!(
            MagnitudeColumn::recognise("m", Some("phot.mag")),
            Some(MagnitudeColumn { band: None })
        );
    }

    #[test]
    fn errors_flags_and_others_are_no_magnitudes() {
        for (name, ucd) in [
            ("mag_err_i_lsst", None),
            ("i_cModelMagErr", None),
            ("e_imag", None),
            ("magnification", None),
            ("image", None),
            ("redshift", None),
            ("z", None),
            ("mag", None),
            ("mag_i", Some("stat.error;phot.mag")),
            ("mag_i", Some("src.redshift")),
            ("mag_i_flag", None),
            ("", None),
        ] {
            assert_eq!(MagnitudeColumn::recognise(name, ucd), None, "{name}");
        }
    }
}
