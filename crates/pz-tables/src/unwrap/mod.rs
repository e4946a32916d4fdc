//! Archives and compressed files around exactly one table or one HATS layout.
//!
//! They are read as streams; the one file that is written has the name that the caller gives. Must never use a
//! member's name as a path, nor believe a size that the archive states.
//!
//! Wrapped once only: what is compressed within an archive is not unpacked again. Operating systems' litter
//! (`__MACOSX/…`, `.DS_Store`, `Thumbs.db`, `._x`) does not count.

mod budget;
mod container;
mod decode;
mod dos_time;
mod names;
mod output;
mod reading;
mod survey;
mod tar;
mod walk;
mod zip;

use std::io::{Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use budget::{Budget, told};
use container::ContainerWriter;
pub use container::{Container, Member};
pub(crate) use names::{base, cleaned, directory, is_litter, is_parquet};
use output::Output;
pub(crate) use reading::{OpenContainer, inspect, open};
use survey::Found;
use walk::Opened;

use crate::error::TableError;
use crate::recognise::{Format, HEAD_BYTES, Recognised, recognise};

/// How much an archive may hold. All of it is checked by what the archive states before anything is unpacked, and
/// by what comes out of it while it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnwrapLimits {
    /// Entries of any kind, directories and litter included.
    pub max_entries: u64,
    /// Bytes that come out.
    pub max_total_bytes: u64,
    /// Bytes that come out for each byte that goes in, once there are more than `free_bytes_before_ratio`.
    pub max_ratio: u64,
    /// So many bytes may come out whatever the ratio.
    pub free_bytes_before_ratio: u64,
}

impl Default for UnwrapLimits {
    /// 100,000 entries (ten times the partitions of the largest HATS catalogs of today, with their margins), 64 GiB,
    /// and 200 : 1 after the first 10 MB.
    fn default() -> Self {
        Self {
            max_entries: 100_000,
            max_total_bytes: 64 << 30,
            max_ratio: 200,
            free_bytes_before_ratio: 10_000_000,
        }
    }
}

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Unwrapped {
    /// Neither an archive nor compressed. Nothing was written.
    Plain,
    /// Exactly one table. Its bytes were written.
    Table {
        /// Its path in the archive, or the name of the compressed file without `.gz` and the like.
        name: String,
        /// Its bytes.
        bytes: u64,
    },
    /// A HATS layout. It was written as a [`Container`].
    Hats {
        /// Its directory in the archive; `<archive name without last extension>_hats` when it is the whole archive.
        name: String,
        /// Sum of its files' bytes.
        bytes: u64,
        /// Its files.
        members: u64,
    },
    /// An archive of something else. Nothing was written.
    Other {
        /// Why, with the remedy: the end of a sentence that begins with the file's name.
        reason: String,
    },
}

/// Unwraps the file at `path`, which its user calls `file_name`, into `out` (replaced when it is there). The file
/// is not synchronised to disk.
///
/// # Errors
/// [`TableError::BrokenFile`] for an archive that cannot be read to its end; [`TableError::LimitExceeded`] beyond
/// `limits`; [`TableError::OutsideReference`] for members that are links or devices or whose names lead elsewhere;
/// [`TableError::Io`]. After an error there is no file `out`, unless one was there and nothing was written yet.
pub fn unwrap(
    path: &Path,
    file_name: &str,
    out: &Path,
    limits: &UnwrapLimits,
) -> Result<Unwrapped, TableError> {
    let Some(format) = wrapping_format(path, file_name)? else {
        return Ok(Unwrapped::Plain);
    };
    match walk::open(path, file_name, format, limits)? {
        Opened::Archive(archive) => match survey::survey(&archive, limits)? {
            Found::Table(name) => write_table(&archive, name, out, limits),
            Found::Hats { root } => write_hats(&archive, &root, out, limits),
            Found::Other(reason) => Ok(Unwrapped::Other { reason }),
        },
        Opened::Compressed { file, length, head } => {
            let name = names::without_compression(file_name);
            match survey::single(name, &head) {
                Found::Table(name) => {
                    let budget = Budget::new(file_name, limits, length);
                    let source = budget.source(file, 0, length);
                    let mut content = budget.limited(decode::decoder(file_name, format, source)?);
                    let bytes = copy(&mut content, out, file_name, format)?;
                    Ok(Unwrapped::Table { name, bytes })
                }
                Found::Other(reason) => Ok(Unwrapped::Other { reason }),
                Found::Hats { .. } => Ok(Unwrapped::Plain),
            }
        }
    }
}

/// The wrapping format of the file, by its bytes.
fn wrapping_format(path: &Path, file_name: &str) -> Result<Option<Format>, TableError> {
    let io = |source| TableError::io(file_name, source);
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let file = fs_err::File::open(path).map_err(io)?;
    file.take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(io)?;
    Ok(match recognise(&head, file_name) {
        Recognised::Format(format) if format.is_wrapping() => Some(format),
        // Archives of before 1988 have no magic number, and neither have those without members.
        _ if is_tar(&head, file_name) => Some(Format::Tar),
        _ => None,
    })
}

/// A tar begins with these bytes.
fn is_tar(head: &[u8], file_name: &str) -> bool {
    tar::is_header(head) || (names::is_called_tar(file_name) && tar::is_empty(head))
}

fn write_table(
    archive: &walk::Archive<'_>,
    name: String,
    out: &Path,
    limits: &UnwrapLimits,
) -> Result<Unwrapped, TableError> {
    let mut bytes = None;
    archive.walk(limits, &mut |entry, data| {
        if entry.name == name {
            bytes = Some(copy(data, out, archive.file_name(), archive.format())?);
        }
        Ok(())
    })?;
    match bytes {
        Some(bytes) => Ok(Unwrapped::Table { name, bytes }),
        None => Err(changed(archive)),
    }
}

fn write_hats(
    archive: &walk::Archive<'_>,
    root: &str,
    out: &Path,
    limits: &UnwrapLimits,
) -> Result<Unwrapped, TableError> {
    let file_name = archive.file_name();
    let mut writer = ContainerWriter::create(out, file_name)?;
    archive.walk(limits, &mut |entry, data| {
        let name = entry.name.strip_prefix(root).ok_or_else(|| changed(archive))?;
        writer.add(name, entry.size, entry.date_time, archive.format(), data)
    })?;
    let (bytes, members) = writer.finish()?;
    Ok(Unwrapped::Hats {
        name: hats_name(root, file_name),
        bytes,
        members,
    })
}

/// Name of the directory of a HATS layout.
fn hats_name(root: &str, file_name: &str) -> String {
    let root = root.trim_end_matches('/');
    if !root.is_empty() {
        return root.to_owned();
    }
    let base = base(file_name);
    let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
    format!("{stem}_hats")
}

fn changed(archive: &walk::Archive<'_>) -> TableError {
    TableError::broken(
        archive.file_name(),
        archive.format(),
        None,
        "it changed while it was read",
    )
}

/// Copies to the file `out`, which is removed when that fails.
fn copy(content: &mut dyn Read, out: &Path, file_name: &str, format: Format) -> Result<u64, TableError> {
    let mut output = Output::create(out, file_name)?;
    let mut buffer = vec![0u8; 128 * 1024];
    let mut bytes = 0;
    loop {
        match content.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                let read = buffer.get(..count).unwrap_or_default();
                output
                    .write_all(read)
                    .map_err(|source| TableError::io(file_name, source))?;
                bytes += count as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(told(file_name, format, error)),
        }
    }
    output.keep();
    Ok(bytes)
}
