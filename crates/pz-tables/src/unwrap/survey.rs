//! What an archive is an archive of, from the names of its members and the few that say so. Must never keep more
//! of a member than its head.

use std::collections::HashSet;
use std::io::Read;

use super::budget::{check_total, told};
use super::dos_time::DosTime;
use super::names::{base, cleaned, directory, is_litter, is_parquet, is_tabular, is_wrapped, listed};
use super::tar::TarKind;
use super::zip::ZipKind;
use super::{UnwrapLimits, walk};
use crate::error::TableError;
use crate::hats::Properties;
use crate::recognise::{Format, HEAD_BYTES, Recognised, extension, recognise};
use crate::statistics::shown;

/// Most bytes of a properties file that are looked at.
const MARKER_BYTES: u64 = 256 * 1024;

/// A member worth looking at.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Cleaned name.
    pub(super) name: String,
    /// Bytes as the archive states them.
    pub(super) size: u64,
    pub(super) date_time: DosTime,
}

/// What an entry of either kind of archive is.
pub(super) enum Kind {
    File,
    Directory,
    Special(&'static str),
}

impl From<TarKind> for Kind {
    fn from(kind: TarKind) -> Self {
        match kind {
            TarKind::File => Self::File,
            TarKind::Directory => Self::Directory,
            TarKind::Special(what) => Self::Special(what),
        }
    }
}

impl From<ZipKind> for Kind {
    fn from(kind: ZipKind) -> Self {
        match kind {
            ZipKind::File => Self::File,
            ZipKind::Directory => Self::Directory,
            ZipKind::Special(what) => Self::Special(what),
        }
    }
}

/// Refuses entries that have no business in an archive of data. Gives the cleaned name of a file that counts.
pub(super) fn admitted(file_name: &str, name: &str, kind: &Kind) -> Result<Option<String>, TableError> {
    let cleaned = cleaned(file_name, name)?;
    match kind {
        Kind::Directory => Ok(None),
        _ if is_litter(&cleaned) => Ok(None),
        Kind::Special(what) => Err(TableError::OutsideReference {
            file: file_name.to_owned(),
            what: format!("its member '{}' is {what}", shown(&cleaned)),
            remedy: "Put the files themselves into the archive.",
        }),
        Kind::File => Ok(Some(cleaned)),
    }
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The one table, by its name.
    Table(String),
    /// A HATS layout in the directory `root` (with a slash behind it; nothing at the top level).
    Hats {
        root: String,
    },
    Other(String),
}

/// Properties file of a collection or of a catalog.
#[derive(Debug)]
enum Marker {
    Collection,
    /// Of objects or sources.
    Catalog,
}

/// Collects what is needed to tell.
#[derive(Debug, Default)]
pub(super) struct Survey {
    names: Vec<String>,
    seen: HashSet<String>,
    total: u64,
    markers: Vec<(String, Marker)>,
    /// First bytes of the first member.
    head: Vec<u8>,
    /// Why members cannot be read at all.
    unreadable: Option<String>,
}

/// Goes through the archive and says what it holds.
pub(super) fn survey(archive: &walk::Archive<'_>, limits: &UnwrapLimits) -> Result<Found, TableError> {
    let file_name = archive.file_name();
    let mut survey = Survey::default();
    archive.walk(limits, &mut |entry, data| {
        survey.look(file_name, archive.format(), entry, data, limits)
    })?;
    if let Some(reason) = archive.unreadable() {
        survey.unreadable = Some(reason);
    }
    Ok(survey.finish())
}

impl Survey {
    fn look(
        &mut self,
        file_name: &str,
        format: Format,
        entry: &Entry,
        data: &mut dyn Read,
        limits: &UnwrapLimits,
    ) -> Result<(), TableError> {
        // A first look; what really comes out is counted as it does.
        self.total = self.total.saturating_add(entry.size);
        check_total(file_name, self.total, limits)?;
        if !self.seen.insert(entry.name.clone()) {
            let reason = format!("it has two members called '{}'", shown(&entry.name));
            return Err(TableError::broken(file_name, format, None, reason));
        }
        let first = self.names.is_empty();
        self.names.push(entry.name.clone());
        let wanted = match base(&entry.name) {
            "collection.properties" | "hats.properties" | "properties" => MARKER_BYTES,
            _ if first => HEAD_BYTES as u64,
            _ => return Ok(()),
        };
        let mut bytes = Vec::new();
        data.take(wanted)
            .read_to_end(&mut bytes)
            .map_err(|error| told(file_name, format, error))?;
        match base(&entry.name) {
            "collection.properties" => self.markers.push((entry.name.clone(), Marker::Collection)),
            "hats.properties" | "properties" if Properties::parse(&bytes).is_catalog() => {
                self.markers.push((entry.name.clone(), Marker::Catalog));
            }
            _ => {}
        }
        if first {
            bytes.truncate(HEAD_BYTES);
            self.head = bytes;
        }
        Ok(())
    }

    fn finish(mut self) -> Found {
        if let Some(reason) = self.unreadable {
            return Found::Other(reason);
        }
        self.names.sort();
        self.markers.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some(found) = self.hats() {
            return found;
        }
        match self.names.as_slice() {
            [] => Found::Other("it holds no files".to_owned()),
            [name] => single(name, &self.head),
            names => Found::Other(several(names)),
        }
    }

    /// A HATS layout, or why it is none although it looks like one.
    fn hats(&self) -> Option<Found> {
        let collections: Vec<&str> = self.marked(|name, marker| {
            matches!(marker, Marker::Collection) && base(name) == "collection.properties"
        });
        if collections.len() > 1 {
            let names = listed(
                collections
                    .iter()
                    .map(|name| directory(name).trim_end_matches('/')),
            );
            return Some(Found::Other(format!(
                "it holds {} HATS collections: {names}; upload each on its own",
                collections.len()
            )));
        }
        let marker = collections.first().copied().or_else(|| {
            let called = |wanted: &str| {
                self.marked(|name, marker| matches!(marker, Marker::Catalog) && base(name) == wanted)
                    .first()
                    .copied()
            };
            called("hats.properties").or_else(|| called("properties"))
        })?;
        let root = directory(marker);
        if !self
            .names
            .iter()
            .any(|name| name.strip_prefix(root).is_some_and(is_partition))
        {
            return (!collections.is_empty() || self.names.iter().any(|name| is_partition(name))).then(
                || {
                    Found::Other(format!(
                        "it has the properties file {} of a HATS catalog, but no partitions beside it",
                        shown(marker)
                    ))
                },
            );
        }
        let outside: Vec<&str> = self
            .names
            .iter()
            .map(String::as_str)
            .filter(|name| !name.starts_with(root))
            .collect();
        if !outside.is_empty() {
            let names = listed(outside.iter().copied());
            let place = root.trim_end_matches('/');
            return Some(Found::Other(format!(
                "it holds files outside its HATS catalog {}: {names}; leave them out, or put them into its directory",
                shown(place)
            )));
        }
        Some(Found::Hats {
            root: root.to_owned(),
        })
    }

    fn marked(&self, wanted: impl Fn(&str, &Marker) -> bool) -> Vec<&str> {
        let markers = self.markers.iter().filter(|(name, marker)| wanted(name, marker));
        markers.map(|(name, _)| name.as_str()).collect()
    }
}

/// A data file of a HATS catalog, or (of an empty one) the file that holds its schema.
fn is_partition(name: &str) -> bool {
    let below_dataset = name.split('/').rev().skip(1).any(|part| part == "dataset");
    let by_pixel = name.contains("Norder=") && name.contains("Npix=");
    let schema = matches!(base(name), "_metadata" | "_common_metadata");
    (is_parquet(name) && below_dataset) || by_pixel || (schema && below_dataset)
}

/// Says whether the only file of an archive (or what is compressed) is a table, by its name and first bytes.
pub(super) fn single(name: &str, head: &[u8]) -> Found {
    match recognise(head, name) {
        Recognised::Format(format) if format.is_wrapping() => Found::Other(format!(
            "its only file {} is {} itself; upload that, or the table in it",
            shown(name),
            format.title()
        )),
        _ if is_tabular(name) => Found::Table(name.to_owned()),
        _ if is_wrapped(name) => {
            Found::Other(format!("its only file {} is no table by its name", shown(name)))
        }
        // Whatever it is called, this is a table without doubt.
        Recognised::Format(Format::Fits | Format::Hdf5 | Format::Parquet | Format::Votable) => {
            Found::Table(name.to_owned())
        }
        Recognised::NotATable { reason, .. } => {
            Found::Other(format!("its only file {} is no table: {reason}", shown(name)))
        }
        _ => {
            let extension = extension(name);
            let called = if extension.is_empty() {
                "no extension".to_owned()
            } else {
                format!("the extension .{}", shown(&extension))
            };
            Found::Other(format!(
                "its only file {} has {called}, which no table has; call it .csv if it is text",
                shown(name)
            ))
        }
    }
}

fn several(names: &[String]) -> String {
    let shown_names = listed(names.iter().map(String::as_str));
    let count = names.len();
    if names.iter().any(|name| name == "[Content_Types].xml") {
        return "it is an Office document; export the sheet as CSV".to_owned();
    }
    if names.iter().all(|name| extension(name) == "npy") {
        return "it is a NumPy .npz file; write the table as Parquet or CSV".to_owned();
    }
    if names.iter().all(|name| is_parquet(name)) {
        return format!(
            "it holds {count} Parquet files that are no HATS catalog: {shown_names}; join them into one"
        );
    }
    if names.iter().all(|name| is_tabular(name)) {
        return format!("it holds {count} tables: {shown_names}; upload each on its own");
    }
    format!("it holds {count} files: {shown_names}; an archive may hold one table, or one HATS catalog")
}
