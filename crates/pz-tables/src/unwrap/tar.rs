//! Tar archives as streams: the old format, ustar, GNU and pax (POSIX.1-2024, "pax Interchange Format"). Must never
//! keep more than a name of a member in memory, whatever size its header states.
//!
//! Headers are read here rather than by a library, because long names and pax records come before memory can be
//! limited there.

use std::io::{self, Read};

use super::budget::{Budget, told};
use crate::error::TableError;
use crate::recognise::Format;
use crate::statistics::shown;

const BLOCK: usize = 512;

/// Longest description of a member (long name, pax records).
const MAX_DESCRIPTION: u64 = 256 * 1024;

/// A member.
#[derive(Debug)]
pub(super) struct TarEntry {
    pub(super) name: String,
    pub(super) kind: TarKind,
    pub(super) size: u64,
    /// Seconds since 1970.
    pub(super) modified: Option<i64>,
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TarKind {
    File,
    Directory,
    /// A link, a device: what it is called.
    Special(&'static str),
}

/// Goes through an archive. Reading from it gives the data of the member found last.
pub(super) struct TarReader<'a, R> {
    reader: R,
    file_name: &'a str,
    format: Format,
    budget: &'a Budget,
    /// Bytes of the member's data still to come, and of the filling behind them.
    remaining: u64,
    filling: u64,
}

/// These bytes are the header of a member.
pub(super) fn is_header(block: &[u8]) -> bool {
    block
        .first_chunk::<BLOCK>()
        .is_some_and(|block| block.first() != Some(&0) && checksum_fits(block))
}

/// These bytes are how an archive without members begins.
pub(super) fn is_empty(bytes: &[u8]) -> bool {
    bytes.len() >= 2 * BLOCK && bytes.iter().all(|byte| *byte == 0)
}

impl<'a, R: Read> TarReader<'a, R> {
    /// `format` is what the archive is as a whole: a tar, or something compressed.
    pub(super) fn new(reader: R, file_name: &'a str, format: Format, budget: &'a Budget) -> Self {
        Self {
            reader,
            file_name,
            format,
            budget,
            remaining: 0,
            filling: 0,
        }
    }

    fn broken(&self, reason: impl std::fmt::Display) -> TableError {
        TableError::broken(self.file_name, Format::Tar, None, reason)
    }

    fn told(&self, error: io::Error) -> TableError {
        told(self.file_name, self.format, error)
    }

    /// The next member; none at the end, up to which everything has been read then.
    pub(super) fn next_entry(&mut self) -> Result<Option<TarEntry>, TableError> {
        let mut long_name = None;
        let mut pax = Pax::default();
        loop {
            self.skip_rest()?;
            let mut block = [0u8; BLOCK];
            self.reader
                .read_exact(&mut block)
                .map_err(|error| self.told(error))?;
            if block.iter().all(|byte| *byte == 0) {
                // What follows does not count, but a checksum may stand behind it.
                io::copy(&mut self.reader, &mut io::sink()).map_err(|error| self.told(error))?;
                return Ok(None);
            }
            if !checksum_fits(&block) {
                return Err(self.broken("the checksum of the header of a member is wrong"));
            }
            self.budget.entry()?;
            let size = number(field(&block, 124, 12))
                .ok_or_else(|| self.broken("the size of a member is no number"))?;
            let kind = *block.get(156).unwrap_or(&0);
            self.begin(size);
            match kind {
                b'L' => long_name = Some(self.description()?),
                b'x' | b'X' => {
                    pax = Pax::parse(&self.description()?)
                        .ok_or_else(|| self.broken("the description of a member is damaged"))?;
                }
                // Long names of links, descriptions of the whole archive, and its label.
                b'K' | b'g' | b'V' => {}
                _ => return self.entry(&block, kind, long_name, pax).map(Some),
            }
        }
    }

    fn begin(&mut self, size: u64) {
        self.remaining = size;
        self.filling = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
    }

    fn entry(
        &mut self,
        block: &[u8; BLOCK],
        kind: u8,
        long_name: Option<Vec<u8>>,
        pax: Pax,
    ) -> Result<TarEntry, TableError> {
        let name = pax.path.or(long_name).unwrap_or_else(|| header_name(block));
        let name = String::from_utf8(name).map_err(|error| {
            let name = String::from_utf8_lossy(error.as_bytes()).into_owned();
            self.broken(format!("the name of its member '{}' is not UTF-8", shown(&name)))
        })?;
        let kind = match kind {
            b'0' | b'7' | 0 if pax.sparse => {
                TarKind::Special("a sparse file (make the archive without holes)")
            }
            b'5' | b'D' => TarKind::Directory,
            0 if name.ends_with('/') => TarKind::Directory,
            b'0' | b'7' | 0 => TarKind::File,
            b'1' => TarKind::Special("a hard link"),
            b'2' => TarKind::Special("a symbolic link"),
            b'3' | b'4' => TarKind::Special("a device"),
            b'6' => TarKind::Special("a pipe"),
            b'S' => TarKind::Special("a sparse file (make the archive without holes)"),
            b'M' => TarKind::Special("the rest of a file of another archive"),
            _ => TarKind::Special("of an unknown kind"),
        };
        if let Some(size) = pax.size {
            self.begin(size);
        }
        if matches!(kind, TarKind::Directory) {
            // Old archives state the size of the directory itself, without any data.
            self.begin(0);
        }
        let modified = pax
            .modified
            .or_else(|| number(field(block, 136, 12)).and_then(|seconds| i64::try_from(seconds).ok()));
        Ok(TarEntry {
            name,
            kind,
            size: self.remaining,
            modified,
        })
    }

    /// The data of a member that describes the next one.
    fn description(&mut self) -> Result<Vec<u8>, TableError> {
        if self.remaining > MAX_DESCRIPTION {
            let reason = format!("a member has a description of {} bytes", self.remaining);
            return Err(self.broken(reason));
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).map_err(|error| self.told(error))?;
        while bytes.last() == Some(&0) {
            bytes.pop();
        }
        Ok(bytes)
    }

    fn skip_rest(&mut self) -> Result<(), TableError> {
        let rest = self.remaining.saturating_add(self.filling);
        let skipped = io::copy(&mut self.reader.by_ref().take(rest), &mut io::sink())
            .map_err(|error| self.told(error))?;
        if skipped < rest {
            return Err(self.told(io::ErrorKind::UnexpectedEof.into()));
        }
        self.begin(0);
        Ok(())
    }
}

impl<R: Read> Read for TarReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.by_ref().take(self.remaining).read(buffer)?;
        if count == 0 && self.remaining > 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.remaining -= count as u64;
        Ok(count)
    }
}

fn field(block: &[u8; BLOCK], at: usize, length: usize) -> &[u8] {
    block.get(at..at + length).unwrap_or_default()
}

fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The name in the header, with the prefix that ustar has for long ones.
fn header_name(block: &[u8; BLOCK]) -> Vec<u8> {
    let name = text(field(block, 0, 100));
    // GNU tar uses that place for something else, and another magic.
    let prefix = if field(block, 257, 8) == b"ustar\x0000" {
        text(field(block, 345, 155))
    } else {
        &[]
    };
    if prefix.is_empty() {
        return name.to_vec();
    }
    [prefix, b"/", name].concat()
}

/// An octal number, or one in base 256.
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        // Nothing negative, and nothing beyond 64 bits.
        let start = u64::from(first & 0x7f);
        return rest.iter().try_fold(start, |value, byte| {
            value.checked_mul(256)?.checked_add(u64::from(*byte))
        });
    }
    let digits = text(field).trim_ascii();
    digits.iter().try_fold(0u64, |value, byte| match byte {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

/// The sum of the bytes is the one stated (old systems added them with signs).
fn checksum_fits(block: &[u8; BLOCK]) -> bool {
    let Some(stated) = number(field(block, 148, 8)) else {
        return false;
    };
    let bytes = || {
        block
            .iter()
            .enumerate()
            .map(|(at, byte)| if (148..156).contains(&at) { b' ' } else { *byte })
    };
    let unsigned: u64 = bytes().map(u64::from).sum();
    let signed: i64 = bytes().map(|byte| i64::from(byte.cast_signed())).sum();
    stated == unsigned || i64::try_from(stated) == Ok(signed)
}

/// What pax records say of the next member.
#[derive(Debug, Default)]
struct Pax {
    path: Option<Vec<u8>>,
    size: Option<u64>,
    modified: Option<i64>,
    sparse: bool,
}

impl Pax {
    /// Records of the form `length key=value\n`, the length being that of the whole record.
    fn parse(mut bytes: &[u8]) -> Option<Self> {
        let mut pax = Self::default();
        while !bytes.is_empty() {
            let blank = memchr::memchr(b' ', bytes)?;
            let length: usize = std::str::from_utf8(bytes.get(..blank)?).ok()?.parse().ok()?;
            let record = bytes.get(blank + 1..length)?.strip_suffix(b"\n")?;
            bytes = bytes.get(length..)?;
            let equals = memchr::memchr(b'=', record)?;
            let (key, value) = (record.get(..equals)?, record.get(equals + 1..)?);
            match key {
                b"path" => pax.path = Some(value.to_vec()),
                b"size" => pax.size = Some(std::str::from_utf8(value).ok()?.parse().ok()?),
                b"mtime" => {
                    let seconds = value.split(|byte| *byte == b'.').next()?;
                    pax.modified = std::str::from_utf8(seconds).ok()?.parse().ok();
                }
                _ => pax.sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
        Some(pax)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_both_kinds() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"   644 \0"), Some(0o644));
        assert_eq!(number(b"\0\0\0\0"), Some(0));
        assert_eq!(number(b"12x\0"), None);
        assert_eq!(
            number(&[0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1]),
            Some(0x2_0000_0001)
        );
        assert_eq!(number(&[0xff; 12]), None);
    }

    #[test]
    fn pax_records() {
        let pax = Pax::parse(b"18 path=dir/a.csv\n22 mtime=1764000000.5\n").unwrap();
        assert_eq!(pax.path.as_deref(), Some(&b"dir/a.csv"[..]));
        assert_eq!(
            (pax.modified, pax.size, pax.sparse),
            (Some(1_764_000_000), None, false)
        );
        assert!(Pax::parse(b"23 GNU.sparse.major=1\n").is_none_or(|pax| pax.sparse));
        for damaged in [
            &b"99 path=a\n"[..],
            b"x path=a\n",
            b"9 path=a",
            b"3 a\n",
            b"0 a=b\n",
            b"1 a=b\n",
        ] {
            assert!(
                Pax::parse(damaged).is_none(),
                "{:?}",
                String::from_utf8_lossy(damaged)
            );
        }
    }
}
