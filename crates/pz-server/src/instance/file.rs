//! The instance file: what an instance says of itself that is more than one value. Read once, at the start.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use bytes::Bytes;
use pz_model::api::{Contacts, Footprint, InstancePage, LabelledLink, LinkGroup, MapDefaults, Partner};
use serde::Deserialize;

/// Largest logo, in bytes.
const LOGO_MAX_BYTES: u64 = 500_000;
/// Corners of all footprints at most: each client gets them all.
const CORNERS_MAX: usize = 20_000;

/// What the instance file says.
#[derive(Debug, Clone)]
pub(crate) struct InstanceTexts {
    pub(crate) footer: Vec<LinkGroup>,
    pub(crate) partners: Vec<Partner>,
    pub(crate) social: Vec<LabelledLink>,
    pub(crate) contacts: Contacts,
    pub(crate) pages: Vec<InstancePage>,
    pub(crate) map: MapDefaults,
    /// Logos of the partners, by their number in the path.
    pub(crate) logos: Vec<Logo>,
}

/// An image.
#[derive(Debug, Clone)]
pub(crate) struct Logo {
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Bytes,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct File {
    footer: Vec<LinkGroup>,
    partners: Vec<FilePartner>,
    social: Vec<LabelledLink>,
    contacts: Contacts,
    pages: Vec<InstancePage>,
    map: FileMap,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePartner {
    name: String,
    url: Option<String>,
    /// Image file, relative to the instance file.
    logo: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FileMap {
    projection: String,
    centre_ra_deg: f64,
    footprints: Vec<Footprint>,
}

impl Default for FileMap {
    fn default() -> Self {
        Self {
            projection: "mollweide".to_owned(),
            centre_ra_deg: 0.0,
            footprints: Vec::new(),
        }
    }
}

impl InstanceTexts {
    /// Reads the file; without one, nothing is said.
    ///
    /// # Errors
    /// Names the file, the key and the remedy.
    pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else {
            return Self::of(File::default(), Path::new("."));
        };
        let text = fs_err::read_to_string(path).context("cannot read instance_file")?;
        let file: File =
            toml::from_str(&text).with_context(|| format!("instance_file {} is wrong", path.display()))?;
        Self::of(file, path.parent().unwrap_or(Path::new(".")))
            .with_context(|| format!("instance_file {} is wrong", path.display()))
    }

    fn of(file: File, directory: &Path) -> anyhow::Result<Self> {
        let links = file
            .footer
            .iter()
            .flat_map(|group| &group.links)
            .chain(&file.social);
        let addresses = links
            .map(|link| &link.url)
            .chain(file.partners.iter().filter_map(|partner| partner.url.as_ref()))
            .chain(&file.contacts.operator_url);
        for address in addresses {
            if !address.starts_with("https://") && !address.starts_with("http://") {
                bail!("'{address}' is no link: give an address that starts with https:// or http://");
            }
        }
        for page in &file.pages {
            if !["about", "documentation", "contact"].contains(&page.page.as_str()) {
                bail!(
                    "pages.page is '{}': give about, documentation or contact",
                    page.page
                );
            }
        }
        check_map(&file.map)?;
        let mut logos = Vec::new();
        let mut partners = Vec::new();
        for partner in file.partners {
            let logo = match partner.logo {
                None => None,
                Some(name) => {
                    logos.push(read_logo(&directory.join(name))?);
                    Some(format!("/api/config/logos/{}/", logos.len()))
                }
            };
            partners.push(Partner {
                name: partner.name,
                url: partner.url,
                logo,
            });
        }
        Ok(Self {
            footer: file.footer,
            partners,
            social: file.social,
            contacts: file.contacts,
            pages: file.pages,
            map: MapDefaults {
                projection: file.map.projection,
                centre_ra_deg: file.map.centre_ra_deg,
                footprints: file.map.footprints,
            },
            logos,
        })
    }
}

fn check_map(map: &FileMap) -> anyhow::Result<()> {
    if !["mollweide", "aitoff"].contains(&map.projection.as_str()) {
        bail!("map.projection is '{}': give mollweide or aitoff", map.projection);
    }
    if !(0.0..=360.0).contains(&map.centre_ra_deg) {
        bail!(
            "map.centre_ra_deg is {}: give degrees from 0 to 360",
            map.centre_ra_deg
        );
    }
    for footprint in &map.footprints {
        let good = footprint
            .outline
            .iter()
            .all(|[ra, dec]| (0.0..=360.0).contains(ra) && (-90.0..=90.0).contains(dec));
        if !good || footprint.outline.len() < 3 {
            bail!(
                "the footprint '{}' needs three corners or more, each with a right ascension from 0 to 360 and a \
                 declination from -90 to 90 degrees",
                footprint.name
            );
        }
    }
    let corners: usize = map
        .footprints
        .iter()
        .map(|footprint| footprint.outline.len())
        .sum();
    if corners > CORNERS_MAX {
        bail!("the footprints have {corners} corners: give {CORNERS_MAX} at most");
    }
    Ok(())
}

fn read_logo(path: &Path) -> anyhow::Result<Logo> {
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default();
    let content_type = match extension.as_str() {
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "jpg" | "jpeg" => "image/jpeg",
        _ => bail!("the logo {} is no svg, png, webp or jpg file", path.display()),
    };
    let size = fs_err::metadata(path)?.len();
    if size > LOGO_MAX_BYTES {
        bail!(
            "the logo {} has {size} bytes: give {LOGO_MAX_BYTES} at most",
            path.display()
        );
    }
    Ok(Logo {
        content_type,
        bytes: Bytes::from(fs_err::read(path)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<InstanceTexts> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("instance.toml");
        fs_err::write(&path, text)?;
        fs_err::write(directory.path().join("logo.svg"), "<svg/>")?;
        InstanceTexts::read(Some(&path))
    }

    #[test]
    fn everything_may_be_absent() {
        let texts = InstanceTexts::read(None).unwrap();
        assert!(texts.footer.is_empty() && texts.logos.is_empty());
        assert_eq!(texts.map.projection, "mollweide");
    }

    #[test]
    fn the_documented_example_is_read() {
        let documentation = include_str!("../../../../docs/configuration.md");
        let example = documentation
            .split("```toml")
            .find(|part| part.contains("[[footer]]"))
            .and_then(|part| part.split("```").next())
            .unwrap();
        let texts = read(&example.replace("logos/observatory.svg", "logo.svg")).unwrap();
        assert_eq!(texts.partners[0].logo.as_deref(), Some("/api/config/logos/1/"));
        assert_eq!(texts.logos[0].content_type, "image/svg+xml");
        assert_eq!(texts.map.footprints.len(), 1);
        assert!(texts.contacts.operator.is_some() && !texts.footer.is_empty() && !texts.pages.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, words) in [
            ("fotter = 1", "fotter"),
            (
                "[[social]]\nlabel = 'x'\nurl = 'javascript:alert(1)'",
                "javascript:",
            ),
            ("[[partners]]\nname = 'x'\nlogo = 'none.svg'", "none.svg"),
            ("[[partners]]\nname = 'x'\nlogo = 'logo.exe'", "logo.exe"),
            ("[map]\nprojection = 'mercator'", "mercator"),
            ("[map]\ncentre_ra_deg = 400.0", "400"),
            (
                "[[map.footprints]]\nname = 'F'\noutline = [[1.0, 2.0], [3.0, 95.0], [1.0, 1.0]]",
                "'F'",
            ),
            ("[[pages]]\npage = 'home'\nlanguage = 'en'\nmarkdown = ''", "home"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(
                error.contains(words) && error.contains("instance.toml"),
                "{error}"
            );
        }
    }
}
