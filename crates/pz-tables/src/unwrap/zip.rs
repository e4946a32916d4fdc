//! Zip archives, read by their central directory (APPNOTE 6.3.10 of PKWARE). Must never believe a count, a size or
//! a place before it is compared with the file, and never look at a name as a path.
//!
//! The directory is read here rather than by a library, so that its entries are counted before memory is spent on
//! them, and so that two entries can never share bytes.

use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::budget::{Budget, carried, check_entries, told};
use super::dos_time::DosTime;
use super::{UnwrapLimits, decode};
use crate::error::TableError;
use crate::recognise::Format;
use crate::statistics::shown;

/// Longest central directory that is read.
const MAX_DIRECTORY: u64 = 64 * 1024 * 1024;

/// Size of the record at the end of the archive without its comment, and the longest comment.
const END: u64 = 22;
const MAX_COMMENT: u64 = 65_535;

/// An archive of which the directory has been read.
#[derive(Debug)]
pub(super) struct ZipFile {
    pub(super) file: Arc<fs_err::File>,
    pub(super) file_name: String,
    pub(super) entries: Vec<ZipEntry>,
}

/// An entry of the directory.
#[derive(Debug, Clone)]
pub(super) struct ZipEntry {
    /// As written, decoded to text.
    pub(super) name: String,
    raw_name: Vec<u8>,
    flags: u16,
    pub(super) method: u16,
    pub(super) date_time: DosTime,
    pub(super) crc32: u32,
    pub(super) compressed: u64,
    pub(super) size: u64,
    /// Offset of the local header.
    pub(super) header: u64,
    /// Nothing of this entry may lie at or behind this offset.
    end: u64,
    pub(super) kind: ZipKind,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ZipKind {
    File,
    Directory,
    /// A link, a device: what it is called.
    Special(&'static str),
}

impl ZipEntry {
    pub(super) fn is_encrypted(&self) -> bool {
        // Strong encryption and a masked directory have bits of their own.
        self.flags & (1 | 1 << 6 | 1 << 13) != 0 || self.method == 99
    }

    /// The compression method for people, when it is none that can be read.
    pub(super) fn unreadable_method(&self) -> Option<&'static str> {
        match self.method {
            0 | 8 | 12 | 93 | 95 => None,
            9 => Some("Deflate64"),
            14 => Some("LZMA"),
            98 => Some("PPMd"),
            _ => Some("an old or unknown method"),
        }
    }
}

fn broken(file_name: &str, reason: impl std::fmt::Display) -> TableError {
    TableError::broken(file_name, Format::Zip, None, reason)
}

impl ZipFile {
    /// Reads the directory of the archive.
    pub(super) fn open(path: &Path, file_name: &str, limits: &UnwrapLimits) -> Result<Self, TableError> {
        let io = |source| TableError::io(file_name, source);
        let file = Arc::new(fs_err::File::open(path).map_err(io)?);
        let length = file.metadata().map_err(io)?.len();
        let end = End::find(&file, file_name, length)?;
        check_entries(file_name, end.entries, limits)?;
        if end.directory_bytes > MAX_DIRECTORY {
            let what = "the size of its directory";
            return Err(TableError::limit(
                file_name,
                what,
                format!("{MAX_DIRECTORY} bytes"),
            ));
        }
        // No budget: the directory was measured above.
        let budget = Budget::new(file_name, limits, length);
        let source = budget.source(file.clone(), end.directory, end.directory + end.directory_bytes);
        let mut directory = BufReader::new(source);
        let mut entries = Vec::new();
        for _ in 0..end.entries {
            let entry =
                read_entry(&mut directory, file_name).map_err(|error| told(file_name, Format::Zip, error))?;
            entries.push(entry);
        }
        if !directory
            .fill_buf()
            .map_err(|error| told(file_name, Format::Zip, error))?
            .is_empty()
        {
            return Err(broken(file_name, "its directory has more entries than it says"));
        }
        let mut archive = Self {
            file,
            file_name: file_name.to_owned(),
            entries,
        };
        archive.set_ends(end.directory)?;
        Ok(archive)
    }

    /// Gives every entry the place where it must have ended: the start of the next, or of the directory.
    fn set_ends(&mut self, directory: u64) -> Result<(), TableError> {
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        order.sort_by_key(|index| std::cmp::Reverse(self.entries.get(*index).map(|entry| entry.header)));
        let mut next = directory;
        for index in order {
            let Some(entry) = self.entries.get_mut(index) else {
                continue;
            };
            let least = 30u64
                .checked_add(entry.raw_name.len() as u64)
                .and_then(|head| head.checked_add(entry.compressed));
            let end = least.and_then(|least| entry.header.checked_add(least));
            if end.is_none_or(|end| end > next) {
                let name = shown(&entry.name);
                return Err(broken(
                    &self.file_name,
                    format!("its member '{name}' overlaps with another one"),
                ));
            }
            entry.end = next;
            next = entry.header;
        }
        Ok(())
    }

    /// Offset of the data of an entry, from its local header, which must say the same as the directory.
    pub(super) fn data_start(&self, entry: &ZipEntry) -> Result<u64, TableError> {
        let disagrees = |what: &str| {
            let name = shown(&entry.name);
            broken(
                &self.file_name,
                format!("the {what} of its member '{name}' contradicts the directory"),
            )
        };
        let mut header = vec![0u8; 30 + entry.raw_name.len()];
        self.file
            .file()
            .read_exact_at(&mut header, entry.header)
            .map_err(|source| TableError::io(&self.file_name, source))?;
        let field = |at| u16_at(&header, at);
        if header.get(..4) != Some(b"PK\x03\x04") {
            return Err(disagrees("place"));
        }
        if usize::from(field(26)) != entry.raw_name.len() || header.get(30..) != Some(&entry.raw_name) {
            return Err(disagrees("name"));
        }
        if field(8) != entry.method || (field(6) ^ entry.flags) & 1 != 0 {
            return Err(disagrees("compression"));
        }
        let start = entry.header + header.len() as u64 + u64::from(field(28));
        if start + entry.compressed > entry.end {
            return Err(disagrees("size"));
        }
        Ok(start)
    }

    /// The content of an entry, which is not looked at before it is read; size and checksum are verified at its
    /// end.
    pub(super) fn content<'a>(&'a self, entry: &'a ZipEntry, budget: &'a Budget) -> Lazy<'a> {
        Lazy {
            archive: self,
            entry,
            budget,
            reader: None,
        }
    }

    fn open_content<'a>(
        &'a self,
        entry: &ZipEntry,
        budget: &'a Budget,
    ) -> Result<Box<dyn Read + 'a>, TableError> {
        let start = self.data_start(entry)?;
        let source = budget.source(self.file.clone(), start, start + entry.compressed);
        let name = &self.file_name;
        let decoded: Box<dyn Read> = match entry.method {
            0 => Box::new(source),
            8 => decode::inflated(name, source),
            12 => decode::decoder(name, Format::Bzip2, source)?,
            93 => decode::decoder(name, Format::Zstd, source)?,
            95 => decode::decoder(name, Format::Xz, source)?,
            _ => return Err(broken(name, "it has a compression method that is not known")),
        };
        Ok(Box::new(Verified {
            reader: budget.limited(decoded),
            crc: flate2::Crc::new(),
            size: 0,
            expected: (entry.crc32, entry.size),
            name: shown(&entry.name),
        }))
    }
}

/// The content of an entry, opened at the first read.
pub(super) struct Lazy<'a> {
    archive: &'a ZipFile,
    entry: &'a ZipEntry,
    budget: &'a Budget,
    reader: Option<Box<dyn Read + 'a>>,
}

impl Read for Lazy<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => none.insert(
                self.archive
                    .open_content(self.entry, self.budget)
                    .map_err(carried)?,
            ),
        };
        reader.read(buffer)
    }
}

/// Compares size and checksum at the end of the data.
struct Verified<R> {
    reader: R,
    crc: flate2::Crc,
    size: u64,
    expected: (u32, u64),
    name: String,
}

impl<R: Read> Read for Verified<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.crc.update(buffer.get(..count).unwrap_or_default());
        self.size += count as u64;
        let (crc, size) = self.expected;
        if self.size > size || (count == 0 && !buffer.is_empty() && self.size < size) {
            return Err(io::Error::other(format!(
                "its member '{}' has another size than stated ({size} bytes)",
                self.name
            )));
        }
        if count == 0 && !buffer.is_empty() && self.crc.sum() != crc {
            return Err(io::Error::other(format!(
                "the checksum of its member '{}' is wrong",
                self.name
            )));
        }
        Ok(count)
    }
}

/// What the end of the archive says of its directory.
struct End {
    entries: u64,
    directory: u64,
    directory_bytes: u64,
}

impl End {
    fn find(file: &fs_err::File, file_name: &str, length: u64) -> Result<Self, TableError> {
        let io = |source| TableError::io(file_name, source);
        let cut = || broken(file_name, "its end is missing, so it was cut off");
        let tail_start = length.saturating_sub(END + MAX_COMMENT);
        let mut tail = vec![0u8; usize::try_from(length - tail_start).unwrap_or_default()];
        file.file().read_exact_at(&mut tail, tail_start).map_err(io)?;
        let at = memchr::memmem::rfind_iter(&tail, b"PK\x05\x06")
            .find(|at| {
                tail.len() >= at + END as usize
                    && at + END as usize + usize::from(u16_at(&tail, at + 20)) == tail.len()
            })
            .ok_or_else(cut)?;
        let record = tail.get(at..).unwrap_or_default();
        let mut position = tail_start + at as u64;
        let (disk, directory_disk) = (u16_at(record, 4), u16_at(record, 6));
        let mut end = Self {
            entries: u64::from(u16_at(record, 10)),
            directory: u64::from(u32_at(record, 16)),
            directory_bytes: u64::from(u32_at(record, 12)),
        };
        let mut locator = [0u8; 20];
        if position >= 20 {
            file.file()
                .read_exact_at(&mut locator, position - 20)
                .map_err(io)?;
        }
        if locator.starts_with(b"PK\x06\x07") {
            let mut record = [0u8; 56];
            let start = u64_at(&locator, 8);
            if start.checked_add(56 + 20).is_none_or(|end| end > position) {
                return Err(broken(file_name, "the place of its directory lies outside of it"));
            }
            file.file().read_exact_at(&mut record, start).map_err(io)?;
            if !record.starts_with(b"PK\x06\x06") {
                return Err(broken(
                    file_name,
                    "the place of its directory is not where it says",
                ));
            }
            end.entries = u64_at(&record, 32);
            end.directory_bytes = u64_at(&record, 40);
            end.directory = u64_at(&record, 48);
            position = start;
        } else if (disk, directory_disk) != (0, 0) {
            return Err(broken(file_name, "it is one part of several; join them first"));
        }
        if end.directory.checked_add(end.directory_bytes) != Some(position) {
            return Err(broken(file_name, "its directory does not lie before its end"));
        }
        if end.entries > end.directory_bytes / 46 {
            let reason = format!(
                "it claims {} members in a directory of {} bytes",
                end.entries, end.directory_bytes
            );
            return Err(broken(file_name, reason));
        }
        Ok(end)
    }
}

/// Reads one entry of the directory.
pub(super) fn read_entry(directory: &mut impl Read, file_name: &str) -> io::Result<ZipEntry> {
    let mut head = [0u8; 46];
    directory.read_exact(&mut head)?;
    if !head.starts_with(b"PK\x01\x02") {
        return Err(io::Error::other("its directory is damaged"));
    }
    let mut variable =
        vec![
            0u8;
            usize::from(u16_at(&head, 28)) + usize::from(u16_at(&head, 30)) + usize::from(u16_at(&head, 32))
        ];
    directory.read_exact(&mut variable)?;
    let (raw_name, rest) = variable
        .split_at_checked(usize::from(u16_at(&head, 28)))
        .unwrap_or_default();
    let extra = rest.get(..usize::from(u16_at(&head, 30))).unwrap_or_default();
    let flags = u16_at(&head, 8);
    let name = match std::str::from_utf8(raw_name) {
        Ok(name) => name.to_owned(),
        Err(_) if flags & 1 << 11 != 0 => {
            return Err(io::Error::other(
                "the name of a member is not UTF-8 although it claims to be",
            ));
        }
        Err(_) => cp437(raw_name),
    };
    let mut entry = ZipEntry {
        kind: kind(&head, &name),
        raw_name: raw_name.to_vec(),
        name,
        flags,
        method: u16_at(&head, 10),
        date_time: DosTime {
            time: u16_at(&head, 12),
            date: u16_at(&head, 14),
        },
        crc32: u32_at(&head, 16),
        compressed: u64::from(u32_at(&head, 20)),
        size: u64::from(u32_at(&head, 24)),
        header: u64::from(u32_at(&head, 42)),
        end: 0,
    };
    zip64(&mut entry, extra).ok_or_else(|| {
        let name = shown(&entry.name);
        io::Error::other(format!(
            "the size of its member '{name}' of {file_name} is missing"
        ))
    })?;
    Ok(entry)
}

/// Puts in the 64-bit numbers of an entry that has any.
fn zip64(entry: &mut ZipEntry, mut extra: &[u8]) -> Option<()> {
    const FULL: u64 = u32::MAX as u64;
    if ![entry.size, entry.compressed, entry.header].contains(&FULL) {
        return Some(());
    }
    while extra.len() >= 4 {
        let length = usize::from(u16_at(extra, 2));
        let (field, rest) = extra.get(4..)?.split_at_checked(length)?;
        if u16_at(extra, 0) == 1 {
            let mut numbers = field.chunks_exact(8).map(|bytes| u64_at(bytes, 0));
            for number in [&mut entry.size, &mut entry.compressed, &mut entry.header] {
                if *number == FULL {
                    *number = numbers.next()?;
                }
            }
            return Some(());
        }
        extra = rest;
    }
    // Exactly 4,294,967,295 bytes are possible without such a field, but nothing writes that.
    None
}

/// What the entry is by the attributes of the system that made it.
fn kind(head: &[u8], name: &str) -> ZipKind {
    let unix = matches!(u16_at(head, 4) >> 8, 3 | 19);
    match (u32_at(head, 38) >> 16) & 0o170_000 {
        0o120_000 if unix => ZipKind::Special("a symbolic link"),
        0o020_000 | 0o060_000 if unix => ZipKind::Special("a device"),
        0o010_000 | 0o140_000 if unix => ZipKind::Special("a pipe or socket"),
        0o040_000 if unix => ZipKind::Directory,
        _ if name.ends_with('/') => ZipKind::Directory,
        _ => ZipKind::File,
    }
}

/// Text in code page 437, which names are in that do not say otherwise.
fn cp437(bytes: &[u8]) -> String {
    const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
    let upper: Vec<char> = UPPER.chars().collect();
    let decode = |byte: &u8| match byte.checked_sub(128) {
        Some(index) => upper.get(usize::from(index)).copied().unwrap_or('?'),
        None => char::from(*byte),
    };
    bytes.iter().map(decode).collect()
}

fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes
        .get(at..)
        .and_then(|bytes| bytes.first_chunk())
        .copied()
        .unwrap_or([0; N])
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes_at(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes_at(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes_at(bytes, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_are_decoded() {
        assert_eq!(cp437(b"S\x84o\x80\xff.csv"), "SäoÇ\u{a0}.csv");
    }
}
