//! Zip archives as segments: every header is computed from sizes and checksums known beforehand, so that the
//! bytes of each blob stand in the archive as they are, stored or compressed before. Nothing is compressed here.
//!
//! Format: PKWARE APPNOTE.TXT 6.3.10, with zip64 (4.5.3) where a number outgrows 32 or 16 bits.

use bytes::{BufMut, Bytes, BytesMut};
use chrono::{DateTime, Datelike, Timelike, Utc};

use super::content::Segment;

const LOCAL_HEADER: u32 = 0x0403_4b50;
const CENTRAL_HEADER: u32 = 0x0201_4b50;
const END_OF_DIRECTORY: u32 = 0x0605_4b50;
const ZIP64_END_OF_DIRECTORY: u32 = 0x0606_4b50;
const ZIP64_LOCATOR: u32 = 0x0706_4b50;
const ZIP64_EXTRA_ID: u16 = 1;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
const VERSION_PLAIN: u16 = 20;
const VERSION_ZIP64: u16 = 45;
/// Made on Unix, so that the permissions below count.
const MADE_BY: u16 = (3 << 8) | VERSION_ZIP64;
/// A regular file, readable by all (`-rw-r--r--`).
const EXTERNAL_ATTRIBUTES: u32 = 0o100_644 << 16;

/// A file of the archive.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// Path in the archive, `/` between components.
    pub(super) name: String,
    /// Last change; zip keeps two seconds of resolution.
    pub(super) modified: DateTime<Utc>,
    /// CRC-32 of the file's bytes.
    pub(super) crc32: u32,
    /// What stands in the archive: the file's bytes, or raw deflate of them.
    pub(super) data: Segment,
    /// Length of the file, where `data` is raw deflate of it.
    pub(super) inflated_bytes: Option<u64>,
}

impl Member {
    /// Length in the archive, and of the file.
    fn sizes(&self) -> (u64, u64) {
        let stored = self.data.len();
        (stored, self.inflated_bytes.unwrap_or(stored))
    }

    fn method(&self) -> u16 {
        if self.inflated_bytes.is_some() {
            DEFLATED
        } else {
            STORED
        }
    }

    /// A length of the member does not fit in 32 bits.
    fn is_large(&self) -> bool {
        let (stored, whole) = self.sizes();
        needs_zip64(stored) || needs_zip64(whole)
    }
}

/// The archive of these members, in their order.
pub(super) fn archive(members: Vec<Member>) -> Vec<Segment> {
    let mut segments = Vec::with_capacity(members.len() * 2 + 1);
    let mut directory = BytesMut::new();
    let mut offset = 0;
    let count = members.len() as u64;
    for member in members {
        let header = local_header(&member);
        central_header(&mut directory, &member, offset);
        offset += header.len() as u64 + member.data.len();
        segments.push(Segment::Bytes(header));
        segments.push(member.data);
    }
    let directory_bytes = directory.len() as u64;
    end_of_directory(&mut directory, count, directory_bytes, offset);
    segments.push(Segment::Bytes(directory.freeze()));
    segments
}

/// The number in 32 bits, or the mark that says: see the zip64 field.
fn or_mark(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn needs_zip64(number: u64) -> bool {
    number >= u64::from(u32::MAX)
}

/// Names are at most a few hundred bytes; what does not fit is cut on a character boundary.
fn name_bytes(name: &str) -> &[u8] {
    let mut end = name.len().min(usize::from(u16::MAX));
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name.as_bytes()[..end]
}

fn local_header(member: &Member) -> Bytes {
    let zip64 = member.is_large();
    let name = name_bytes(&member.name);
    let mut header = BytesMut::with_capacity(64 + name.len());
    header.put_u32_le(LOCAL_HEADER);
    header.put_u16_le(if zip64 { VERSION_ZIP64 } else { VERSION_PLAIN });
    common_fields(&mut header, member);
    header.put_u16_le(name.len() as u16);
    header.put_u16_le(if zip64 { 20 } else { 0 });
    header.put_slice(name);
    if zip64 {
        header.put_u16_le(ZIP64_EXTRA_ID);
        header.put_u16_le(16);
        zip64_sizes(&mut header, member);
    }
    header.freeze()
}

/// Both lengths in full; where one is needed both are written.
fn zip64_sizes(extra: &mut BytesMut, member: &Member) {
    let (stored, whole) = member.sizes();
    extra.put_u64_le(whole);
    extra.put_u64_le(stored);
}

/// Flags to uncompressed size, the same in both headers.
fn common_fields(header: &mut BytesMut, member: &Member) {
    let (stored, whole) = if member.is_large() {
        (u64::MAX, u64::MAX)
    } else {
        member.sizes()
    };
    let (time, date) = dos_time(member.modified);
    header.put_u16_le(FLAGS);
    header.put_u16_le(member.method());
    header.put_u16_le(time);
    header.put_u16_le(date);
    header.put_u32_le(member.crc32);
    header.put_u32_le(or_mark(stored));
    header.put_u32_le(or_mark(whole));
}

fn central_header(directory: &mut BytesMut, member: &Member, offset: u64) {
    let name = name_bytes(&member.name);
    let mut extra = BytesMut::new();
    if member.is_large() {
        zip64_sizes(&mut extra, member);
    }
    if needs_zip64(offset) {
        extra.put_u64_le(offset);
    }
    directory.put_u32_le(CENTRAL_HEADER);
    directory.put_u16_le(MADE_BY);
    directory.put_u16_le(if extra.is_empty() {
        VERSION_PLAIN
    } else {
        VERSION_ZIP64
    });
    common_fields(directory, member);
    directory.put_u16_le(name.len() as u16);
    directory.put_u16_le(if extra.is_empty() {
        0
    } else {
        extra.len() as u16 + 4
    });
    directory.put_u16_le(0); // comment
    directory.put_u16_le(0); // disk
    directory.put_u16_le(0); // internal attributes
    directory.put_u32_le(EXTERNAL_ATTRIBUTES);
    directory.put_u32_le(or_mark(offset));
    directory.put_slice(name);
    if !extra.is_empty() {
        directory.put_u16_le(ZIP64_EXTRA_ID);
        directory.put_u16_le(extra.len() as u16);
        directory.put_slice(&extra);
    }
}

fn end_of_directory(directory: &mut BytesMut, count: u64, directory_bytes: u64, directory_start: u64) {
    let many = count >= u64::from(u16::MAX);
    if many || needs_zip64(directory_bytes) || needs_zip64(directory_start) {
        let record_start = directory_start + directory_bytes;
        directory.put_u32_le(ZIP64_END_OF_DIRECTORY);
        directory.put_u64_le(44); // length of what follows
        directory.put_u16_le(MADE_BY);
        directory.put_u16_le(VERSION_ZIP64);
        directory.put_u32_le(0);
        directory.put_u32_le(0);
        directory.put_u64_le(count);
        directory.put_u64_le(count);
        directory.put_u64_le(directory_bytes);
        directory.put_u64_le(directory_start);
        directory.put_u32_le(ZIP64_LOCATOR);
        directory.put_u32_le(0);
        directory.put_u64_le(record_start);
        directory.put_u32_le(1);
    }
    let count_field = if many { u16::MAX } else { count as u16 };
    directory.put_u32_le(END_OF_DIRECTORY);
    directory.put_u16_le(0);
    directory.put_u16_le(0);
    directory.put_u16_le(count_field);
    directory.put_u16_le(count_field);
    directory.put_u32_le(or_mark(directory_bytes));
    directory.put_u32_le(or_mark(directory_start));
    directory.put_u16_le(0);
}

/// MS-DOS time and date (UTC here); years before 1980 and after 2107 cannot be written.
fn dos_time(at: DateTime<Utc>) -> (u16, u16) {
    let year = u16::try_from(at.year().clamp(1980, 2107) - 1980).unwrap_or(0);
    let time = (at.hour() << 11) | (at.minute() << 5) | (at.second() / 2);
    let date = (u32::from(year) << 9) | (at.month() << 5) | at.day();
    (time as u16, date as u16)
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor, Read, Seek, SeekFrom};

    use ::zip::{CompressionMethod, ZipArchive};
    use chrono::TimeZone;

    use super::*;

    fn member(name: &str, data: Segment) -> Member {
        Member {
            name: name.into(),
            modified: Utc.with_ymd_and_hms(2026, 11, 20, 9, 31, 46).unwrap(),
            crc32: 7,
            data,
            inflated_bytes: None,
        }
    }

    fn blob(size_bytes: u64) -> Segment {
        Segment::Blob {
            key: "k".into(),
            blob_bytes: size_bytes,
            start: 0,
            size_bytes,
        }
    }

    fn tiny() -> Segment {
        Segment::Bytes(Bytes::from_static(b"x"))
    }

    /// The archive as a file whose blobs hold nothing but zeros, however long they are.
    struct Sparse {
        segments: Vec<Segment>,
        at: u64,
    }

    impl Sparse {
        fn len(&self) -> u64 {
            self.segments.iter().map(Segment::len).sum()
        }
    }

    impl Read for Sparse {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let mut start = 0;
            for segment in &self.segments {
                let end = start + segment.len();
                if self.at < end {
                    let n = (end - self.at).min(buffer.len() as u64) as usize;
                    let from = (self.at - start) as usize;
                    match segment {
                        Segment::Bytes(bytes) => buffer[..n].copy_from_slice(&bytes[from..from + n]),
                        Segment::Blob { .. } => buffer[..n].fill(0),
                    }
                    self.at += n as u64;
                    return Ok(n);
                }
                start = end;
            }
            Ok(0)
        }
    }

    impl Seek for Sparse {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            let at = match to {
                SeekFrom::Start(at) => Some(at),
                SeekFrom::End(by) => self.len().checked_add_signed(by),
                SeekFrom::Current(by) => self.at.checked_add_signed(by),
            };
            self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
            Ok(self.at)
        }
    }

    #[test]
    fn dos_times() {
        let (time, date) = dos_time(Utc.with_ymd_and_hms(2026, 11, 20, 9, 31, 46).unwrap());
        assert_eq!((time >> 11, time >> 5 & 63, (time & 31) * 2), (9, 31, 46));
        assert_eq!((date >> 9, date >> 5 & 15, date & 31), (46, 11, 20));
    }

    #[test]
    fn lengths_and_places_beyond_32_bits_are_found_again() {
        let edge = u64::from(u32::MAX);
        // Compressed and whole length of each member; none is compressed where they are equal.
        let sizes = [
            (edge - 1, edge - 1),
            (edge, edge),
            (5_000_000_000, 5_000_000_000),
            (1_000, 9_000_000_000),
            (1, 1),
        ];
        let members = sizes.iter().enumerate().map(|(number, (stored, whole))| Member {
            inflated_bytes: (stored != whole).then_some(*whole),
            ..member(&format!("member {number}"), blob(*stored))
        });
        let segments = archive(members.collect());
        let mut starts = Vec::new();
        let mut at = 0;
        for segment in &segments {
            if matches!(segment, Segment::Blob { .. }) {
                starts.push(at);
            }
            at += segment.len();
        }
        let mut read = ZipArchive::new(Sparse { segments, at: 0 }).unwrap();
        assert_eq!(read.len(), sizes.len());
        for (number, (stored, whole)) in sizes.into_iter().enumerate() {
            let found = read.by_index_raw(number).unwrap();
            assert_eq!(
                (found.compressed_size(), found.size()),
                (stored, whole),
                "{number}"
            );
            assert_eq!(found.data_start(), Some(starts[number]), "{number}");
            let method = if stored == whole {
                CompressionMethod::Stored
            } else {
                CompressionMethod::Deflated
            };
            assert_eq!(found.compression(), method);
        }
    }

    #[test]
    fn more_members_than_16_bits_count() {
        for count in [65_534, 65_535, 65_536, 70_000] {
            let members = (0..count).map(|number| member(&format!("{number:06}"), tiny()));
            let whole: Vec<u8> = archive(members.collect())
                .into_iter()
                .flat_map(|segment| match segment {
                    Segment::Bytes(bytes) => bytes.to_vec(),
                    Segment::Blob { .. } => panic!("all members are in memory"),
                })
                .collect();
            let has_zip64 = whole
                .windows(4)
                .any(|window| window == ZIP64_LOCATOR.to_le_bytes());
            assert_eq!(has_zip64, count >= 65_535, "{count}");
            let mut read = ZipArchive::new(Cursor::new(whole)).unwrap();
            assert_eq!(read.len(), count);
            let last = read.by_index_raw(count - 1).unwrap();
            assert_eq!(last.name().unwrap(), format!("{:06}", count - 1));
        }
    }

    #[test]
    fn small_archives_use_no_zip64() {
        let segments = archive(vec![member("a", tiny())]);
        let Some(Segment::Bytes(end)) = segments.last() else {
            panic!("the directory comes last")
        };
        assert_eq!(end.len(), 46 + 1 + 22);
    }
}
