//! Goes through the members of an archive of either kind. Must never write anything.

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use super::UnwrapLimits;
use super::budget::Budget;
use super::decode::decoder;
use super::dos_time::DosTime;
use super::survey::{Entry, Kind, admitted};
use super::tar::TarReader;
use super::zip::{ZipEntry, ZipFile};
use crate::error::TableError;
use crate::recognise::{Format, HEAD_BYTES};

/// What is called with each file that counts, and a reader of its content.
pub(super) type Visit<'v> = &'v mut dyn FnMut(&Entry, &mut dyn Read) -> Result<(), TableError>;

/// An archive that is open.
pub(super) enum Archive<'a> {
    Zip {
        zip: ZipFile,
        length: u64,
    },
    /// A tar, perhaps compressed.
    Tar {
        file: Arc<fs_err::File>,
        length: u64,
        file_name: &'a str,
        format: Format,
    },
}

/// What is in a file of a wrapping format.
pub(super) enum Opened<'a> {
    Archive(Archive<'a>),
    /// Something compressed that is no archive: its first bytes.
    Compressed {
        file: Arc<fs_err::File>,
        length: u64,
        head: Vec<u8>,
    },
}

/// Looks at the file of the wrapping format `format`.
pub(super) fn open<'a>(
    path: &Path,
    file_name: &'a str,
    format: Format,
    limits: &UnwrapLimits,
) -> Result<Opened<'a>, TableError> {
    let io = |source| TableError::io(file_name, source);
    let file = Arc::new(fs_err::File::open(path).map_err(io)?);
    let length = file.metadata().map_err(io)?.len();
    if format == Format::Zip {
        let zip = ZipFile::open(path, file_name, limits)?;
        return Ok(Opened::Archive(Archive::Zip { zip, length }));
    }
    let tar = Archive::Tar {
        file: file.clone(),
        length,
        file_name,
        format,
    };
    if format == Format::Tar {
        return Ok(Opened::Archive(tar));
    }
    let budget = Budget::new(file_name, limits, length);
    let mut head = Vec::new();
    budget
        .limited(decoder(
            file_name,
            format,
            budget.source(file.clone(), 0, length),
        )?)
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(|error| super::budget::told(file_name, format, error))?;
    if super::is_tar(&head, file_name) {
        return Ok(Opened::Archive(tar));
    }
    Ok(Opened::Compressed { file, length, head })
}

impl Archive<'_> {
    pub(super) fn file_name(&self) -> &str {
        match self {
            Self::Zip { zip, .. } => &zip.file_name,
            Self::Tar { file_name, .. } => file_name,
        }
    }

    pub(super) fn format(&self) -> Format {
        match self {
            Self::Zip { .. } => Format::Zip,
            Self::Tar { format, .. } => *format,
        }
    }

    /// Why its members cannot be read, if they cannot.
    pub(super) fn unreadable(&self) -> Option<String> {
        let Self::Zip { zip, .. } = self else { return None };
        if zip.entries.iter().any(ZipEntry::is_encrypted) {
            return Some("its members are encrypted; make the archive again without a password".to_owned());
        }
        let method = zip.entries.iter().find_map(ZipEntry::unreadable_method)?;
        Some(format!(
            "its members are compressed with {method}; make the archive again with the usual method (deflate)"
        ))
    }

    /// Calls `visit` with each file that counts. What is not read of one is skipped.
    pub(super) fn walk(&self, limits: &UnwrapLimits, visit: Visit<'_>) -> Result<(), TableError> {
        match self {
            Self::Zip { zip, length } => walk_zip(zip, *length, self.unreadable().is_some(), limits, visit),
            Self::Tar {
                file,
                length,
                file_name,
                format,
            } => {
                let budget = Budget::new(file_name, limits, *length);
                let source = budget.source(file.clone(), 0, *length);
                let reader = budget.limited(decoder(file_name, *format, source)?);
                let mut tar = TarReader::new(reader, file_name, *format, &budget);
                while let Some(entry) = tar.next_entry()? {
                    if let Some(name) = admitted(file_name, &entry.name, &entry.kind.into())? {
                        let date_time = entry.modified.map(DosTime::of_unix_seconds).unwrap_or_default();
                        visit(
                            &Entry {
                                name,
                                size: entry.size,
                                date_time,
                            },
                            &mut tar,
                        )?;
                    }
                }
                Ok(())
            }
        }
    }
}

fn walk_zip(
    zip: &ZipFile,
    length: u64,
    unreadable: bool,
    limits: &UnwrapLimits,
    visit: Visit<'_>,
) -> Result<(), TableError> {
    let budget = Budget::new(&zip.file_name, limits, length);
    let mut entries = Vec::with_capacity(zip.entries.len());
    for entry in &zip.entries {
        if let Some(name) = admitted(&zip.file_name, &entry.name, &Kind::from(entry.kind))? {
            entries.push((name, entry));
        }
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, entry) in entries {
        let described = Entry {
            name,
            size: entry.size,
            date_time: entry.date_time,
        };
        if unreadable {
            visit(&described, &mut Cursor::new([]))?;
        } else {
            visit(&described, &mut zip.content(entry, &budget))?;
        }
    }
    Ok(())
}
