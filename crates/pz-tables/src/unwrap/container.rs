//! The file that holds a HATS layout: a zip archive of which no member is compressed, so that any byte of any
//! member is found by its offset. Must never change a byte of a member, and never hold more than its directory.

use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::UnwrapLimits;
use super::budget::told;
use super::dos_time::DosTime;
use super::names::cleaned;
use super::output::Output;
use super::zip::{ZipFile, ZipKind};
use crate::error::TableError;
use crate::recognise::Format;

/// A member of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Path relative to the root of the catalog or collection, with `/` between its parts.
    pub name: String,
    /// Offset of its first byte in the container.
    pub offset: u64,
    /// Bytes.
    pub bytes: u64,
    /// CRC-32 of its bytes (IEEE 802.3, as zip archives have it).
    pub crc32: u32,
    /// Seconds since 1970, to two seconds, when the archive it came from said so.
    pub modified: Option<i64>,
}

/// A zip archive of which no member is compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    members: Vec<Member>,
}

impl Container {
    /// Reads the directory of the container at `path`; the members' data are not looked at.
    ///
    /// # Errors
    /// [`TableError::BrokenFile`] when it is no zip archive or has a compressed, encrypted or special member;
    /// [`TableError::LimitExceeded`] beyond the limits of [`UnwrapLimits::default`]; [`TableError::Io`].
    pub fn open(path: &Path) -> Result<Self, TableError> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Self::open_as(path, &name.unwrap_or_default())
    }

    /// As [`Container::open`], for a file that its user calls `file_name`.
    ///
    /// # Errors
    /// As [`Container::open`].
    pub fn open_as(path: &Path, file_name: &str) -> Result<Self, TableError> {
        Self::of(&ZipFile::open(path, file_name, &UnwrapLimits::default())?)
    }

    /// The members of an archive of which the directory has been read.
    pub(super) fn of(archive: &ZipFile) -> Result<Self, TableError> {
        let file_name = &archive.file_name;
        let mut members = Vec::with_capacity(archive.entries.len());
        for entry in archive
            .entries
            .iter()
            .filter(|entry| entry.kind != ZipKind::Directory)
        {
            let stored = entry.method == 0 && !entry.is_encrypted() && entry.size == entry.compressed;
            if !stored || entry.kind != ZipKind::File {
                let reason = format!(
                    "its member '{}' is not stored as it is",
                    crate::statistics::shown(&entry.name)
                );
                return Err(TableError::broken(file_name, Format::Zip, None, reason));
            }
            members.push(Member {
                name: cleaned(file_name, &entry.name)?,
                offset: archive.data_start(entry)?,
                bytes: entry.size,
                crc32: entry.crc32,
                modified: entry.date_time.unix_seconds(),
            });
        }
        members.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some([twice, _]) = members.array_windows().find(|[a, b]| a.name == b.name) {
            let reason = format!(
                "it has two members called '{}'",
                crate::statistics::shown(&twice.name)
            );
            return Err(TableError::broken(file_name, Format::Zip, None, reason));
        }
        Ok(Self { members })
    }

    /// The members, sorted by name.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member called `name`.
    pub fn member(&self, name: &str) -> Option<&Member> {
        let index = self
            .members
            .binary_search_by(|member| member.name.as_str().cmp(name))
            .ok()?;
        self.members.get(index)
    }
}

/// Writes a container. Its directory is sorted by name, whatever the order of the members' data.
pub(super) struct ContainerWriter<'a> {
    file_name: &'a str,
    out: BufWriter<Output>,
    position: u64,
    written: Vec<Written>,
}

struct Written {
    name: String,
    header: u64,
    size: u64,
    crc32: u32,
    date_time: DosTime,
}

/// From here on a number has 64 bits.
const FULL: u64 = u32::MAX as u64;

impl<'a> ContainerWriter<'a> {
    pub(super) fn create(path: &Path, file_name: &'a str) -> Result<Self, TableError> {
        Ok(Self {
            file_name,
            out: BufWriter::with_capacity(256 * 1024, Output::create(path, file_name)?),
            position: 0,
            written: Vec::new(),
        })
    }

    /// Copies a member of exactly `size` bytes. `format` is what it comes out of.
    pub(super) fn add(
        &mut self,
        name: &str,
        size: u64,
        date_time: DosTime,
        format: Format,
        data: &mut dyn Read,
    ) -> Result<(), TableError> {
        let mut written = Written {
            name: name.to_owned(),
            header: self.position,
            size,
            crc32: 0,
            date_time,
        };
        let header = written.local_header();
        self.write(&header)?;
        let mut crc = flate2::Crc::new();
        let mut buffer = vec![0u8; 64 * 1024];
        let mut copied = 0u64;
        loop {
            let count = match data.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(told(self.file_name, format, error)),
            };
            let bytes = buffer.get(..count).unwrap_or_default();
            crc.update(bytes);
            copied += count as u64;
            self.write(bytes)?;
        }
        if copied != size {
            let reason = format!("its member '{name}' has {copied} bytes where {size} were stated");
            return Err(TableError::broken(self.file_name, format, None, reason));
        }
        written.crc32 = crc.sum();
        self.written.push(written);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), TableError> {
        self.position += bytes.len() as u64;
        let file_name = self.file_name;
        self.out
            .write_all(bytes)
            .map_err(|source| TableError::io(file_name, source))
    }

    /// Writes the directory and keeps the file. Gives the sum of the members' sizes and their number.
    pub(super) fn finish(mut self) -> Result<(u64, u64), TableError> {
        self.written.sort_by(|a, b| a.name.cmp(&b.name));
        let written = std::mem::take(&mut self.written);
        let start = self.position;
        for member in &written {
            self.write(&member.directory_entry())?;
        }
        self.write(&end(written.len() as u64, start, self.position - start))?;
        let file_name = self.file_name;
        let io = |source| TableError::io(file_name, source);
        let output = self.out.into_inner().map_err(|error| io(error.into_error()))?;
        // The checksums come before the data, and were known behind them.
        for member in &written {
            output
                .file()
                .file()
                .write_all_at(&member.crc32.to_le_bytes(), member.header + 14)
                .map_err(io)?;
        }
        output.keep();
        Ok((
            written.iter().map(|member| member.size).sum(),
            written.len() as u64,
        ))
    }
}

impl Written {
    /// Version, flags (names are UTF-8), method, time, date, checksum and sizes as both headers have them.
    fn common(&self) -> Vec<u8> {
        let size = self.size.min(FULL) as u32;
        let version: u16 = if self.size >= FULL || self.header >= FULL {
            45
        } else {
            20
        };
        [
            &version.to_le_bytes()[..],
            &0x0800u16.to_le_bytes(),
            &0u16.to_le_bytes(),
            &self.date_time.time.to_le_bytes(),
            &self.date_time.date.to_le_bytes(),
            &self.crc32.to_le_bytes(),
            &size.to_le_bytes(),
            &size.to_le_bytes(),
            // Names are checked to be shorter than this.
            &(self.name.len() as u16).to_le_bytes(),
        ]
        .concat()
    }

    fn local_header(&self) -> Vec<u8> {
        let sizes = if self.size >= FULL {
            vec![self.size; 2]
        } else {
            Vec::new()
        };
        let extra = zip64_field(&sizes);
        [
            b"PK\x03\x04",
            self.common().as_slice(),
            &(extra.len() as u16).to_le_bytes(),
            self.name.as_bytes(),
            &extra,
        ]
        .concat()
    }

    fn directory_entry(&self) -> Vec<u8> {
        let mut numbers = if self.size >= FULL {
            vec![self.size; 2]
        } else {
            Vec::new()
        };
        if self.header >= FULL {
            numbers.push(self.header);
        }
        let extra = zip64_field(&numbers);
        let made_by_unix: u16 = 3 << 8 | 45;
        let regular_file: u32 = 0o100_644 << 16;
        [
            b"PK\x01\x02",
            &made_by_unix.to_le_bytes()[..],
            &self.common(),
            &(extra.len() as u16).to_le_bytes(),
            // Comment, disk, internal attributes.
            &[0u8; 6],
            &regular_file.to_le_bytes(),
            &(self.header.min(FULL) as u32).to_le_bytes(),
            self.name.as_bytes(),
            &extra,
        ]
        .concat()
    }
}

/// The extra field of 64-bit numbers, when there are any.
fn zip64_field(numbers: &[u64]) -> Vec<u8> {
    if numbers.is_empty() {
        return Vec::new();
    }
    let mut field = [1u16.to_le_bytes(), ((numbers.len() * 8) as u16).to_le_bytes()].concat();
    numbers
        .iter()
        .for_each(|number| field.extend(number.to_le_bytes()));
    field
}

/// The records at the end of the archive.
fn end(entries: u64, directory: u64, directory_bytes: u64) -> Vec<u8> {
    let mut record = Vec::new();
    if entries >= 0xffff || directory >= FULL || directory_bytes >= FULL {
        record.extend(b"PK\x06\x06");
        record.extend(44u64.to_le_bytes());
        record.extend([45, 3, 45, 0]);
        record.extend([0u8; 8]);
        for number in [entries, entries, directory_bytes, directory] {
            record.extend(number.to_le_bytes());
        }
        record.extend(b"PK\x06\x07");
        record.extend([0u8; 4]);
        record.extend((directory + directory_bytes).to_le_bytes());
        record.extend(1u32.to_le_bytes());
    }
    record.extend(b"PK\x05\x06");
    record.extend([0u8; 4]);
    let entries = (entries.min(0xffff) as u16).to_le_bytes();
    record.extend([entries, entries].concat());
    record.extend((directory_bytes.min(FULL) as u32).to_le_bytes());
    record.extend((directory.min(FULL) as u32).to_le_bytes());
    record.extend([0u8; 2]);
    record
}

#[cfg(test)]
mod tests {
    use super::super::zip::read_entry;
    use super::*;

    #[test]
    fn numbers_beyond_32_bits_come_back() {
        for (size, header) in [
            (5, 7),
            (FULL, 7),
            (5, FULL),
            (1 << 40, 1 << 41),
            (FULL - 1, FULL - 1),
        ] {
            let written = Written {
                name: "dataset/Norder=0/Dir=0/Npix=0.parquet".to_owned(),
                header,
                size,
                crc32: 0xdead_beef,
                date_time: DosTime::of_unix_seconds(1_764_000_000),
            };
            let bytes = written.directory_entry();
            let mut rest = bytes.as_slice();
            let entry = read_entry(&mut rest, "c").unwrap();
            assert!(rest.is_empty());
            assert_eq!((entry.size, entry.compressed, entry.header), (size, size, header));
            assert_eq!((entry.name, entry.crc32), (written.name.clone(), 0xdead_beef));
            let local = written.local_header();
            let extra = if size >= FULL { 20 } else { 0 };
            assert_eq!(local.len(), 30 + written.name.len() + extra);
            assert_eq!(usize::from(local[28]), extra);
        }
        assert_eq!(end(3, 100, 50).len(), 22);
        assert_eq!(end(3, FULL, 50).len(), 22 + 20 + 56);
        assert_eq!(end(70_000, 100, 50).len(), 22 + 20 + 56);
    }
}
