//! Zip archives as segments: every header is computed from sizes and checksums known beforehand, members
//! are stored and not compressed, so that the bytes of each blob stand in the archive as they are.
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
    /// CRC-32 of the bytes.
    pub(super) crc32: u32,
    /// The bytes.
    pub(super) data: Segment,
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
    let size = member.data.len();
    let zip64 = needs_zip64(size);
    let name = name_bytes(&member.name);
    let mut header = BytesMut::with_capacity(64 + name.len());
    header.put_u32_le(LOCAL_HEADER);
    header.put_u16_le(if zip64 { VERSION_ZIP64 } else { VERSION_PLAIN });
    common_fields(&mut header, member, size);
    header.put_u16_le(name.len() as u16);
    header.put_u16_le(if zip64 { 20 } else { 0 });
    header.put_slice(name);
    if zip64 {
        header.put_u16_le(ZIP64_EXTRA_ID);
        header.put_u16_le(16);
        header.put_u64_le(size);
        header.put_u64_le(size);
    }
    header.freeze()
}

/// Flags to uncompressed size, the same in both headers.
fn common_fields(header: &mut BytesMut, member: &Member, size: u64) {
    let size_field = if needs_zip64(size) {
        u32::MAX
    } else {
        or_mark(size)
    };
    let (time, date) = dos_time(member.modified);
    header.put_u16_le(FLAGS);
    header.put_u16_le(STORED);
    header.put_u16_le(time);
    header.put_u16_le(date);
    header.put_u32_le(member.crc32);
    header.put_u32_le(size_field);
    header.put_u32_le(size_field);
}

fn central_header(directory: &mut BytesMut, member: &Member, offset: u64) {
    let size = member.data.len();
    let name = name_bytes(&member.name);
    let mut extra = BytesMut::new();
    if needs_zip64(size) {
        extra.put_u64_le(size);
        extra.put_u64_le(size);
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
    common_fields(directory, member, size);
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
    use chrono::TimeZone;

    use super::*;

    fn member(name: &str, data: Segment) -> Member {
        Member {
            name: name.into(),
            modified: Utc.with_ymd_and_hms(2026, 11, 20, 9, 31, 46).unwrap(),
            crc32: 7,
            data,
        }
    }

    #[test]
    fn dos_times() {
        let (time, date) = dos_time(Utc.with_ymd_and_hms(2026, 11, 20, 9, 31, 46).unwrap());
        assert_eq!((time >> 11, time >> 5 & 63, (time & 31) * 2), (9, 31, 46));
        assert_eq!((date >> 9, date >> 5 & 15, date & 31), (46, 11, 20));
    }

    #[test]
    fn sizes_beyond_32_bits_use_zip64() {
        let big = 5_000_000_000;
        let segments = archive(vec![
            member(
                "big",
                Segment::Blob {
                    key: "k".into(),
                    start: 0,
                    size_bytes: big,
                },
            ),
            member("small", Segment::Bytes(Bytes::from_static(b"x"))),
        ]);
        let Segment::Bytes(first) = &segments[0] else {
            panic!("a header comes first")
        };
        assert_eq!(&first[18..26], &[0xff; 8], "both sizes are marked");
        assert_eq!(&first[30 + 3 + 4..30 + 3 + 12], &big.to_le_bytes());
        let Some(Segment::Bytes(end)) = segments.last() else {
            panic!("the directory comes last")
        };
        // The second member starts beyond 4 GiB, and so does the directory.
        assert!(end.windows(4).any(|window| window == ZIP64_LOCATOR.to_le_bytes()));
        assert!(
            end.windows(8)
                .any(|window| window == (big + 30 + 3 + 20).to_le_bytes())
        );
    }

    #[test]
    fn small_archives_use_none() {
        let segments = archive(vec![member("a", Segment::Bytes(Bytes::from_static(b"x")))]);
        let Some(Segment::Bytes(end)) = segments.last() else {
            panic!("the directory comes last")
        };
        assert_eq!(end.len(), 46 + 1 + 22);
    }
}
