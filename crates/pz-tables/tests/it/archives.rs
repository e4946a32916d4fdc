//! Archives made by other people's archivers, and by hand where no archiver would.

use std::io::{Cursor, Write};
use std::num::NonZeroU64;
use std::path::Path;

use pz_tables::TableError;
use pz_tables::unwrap::{UnwrapLimits, Unwrapped, unwrap};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// Names and contents.
pub(crate) type Files<'a> = &'a [(&'a str, &'a [u8])];

pub(crate) fn zipped(files: Files<'_>, method: CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer
            .start_file(*name, SimpleFileOptions::default().compression_method(method))
            .unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Sizes behind the data, and fields for 64-bit sizes.
pub(crate) fn streamed_zip(files: Files<'_>) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new_stream(Vec::new());
    for (name, content) in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(true);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(crate) fn tarred(files: Files<'_>) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(1_764_000_000);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A tar with one header of which everything is chosen.
pub(crate) fn tar_member(name: &[u8], kind: u8, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.as_mut_bytes()[156] = kind;
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let filling = (512 - content.len() % 512) % 512;
    [header.as_bytes().as_slice(), content, &vec![0; filling]].concat()
}

pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut options = lzma_rust2::XzOptions::with_preset(1);
    options.set_block_size(NonZeroU64::new(64 * 1024));
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zst(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An entry of a zip archive made by hand: whatever is said of it may be a lie.
#[derive(Clone)]
pub(crate) struct RawEntry {
    pub(crate) name: Vec<u8>,
    pub(crate) local_name: Vec<u8>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) data: Vec<u8>,
    pub(crate) crc32: u32,
    pub(crate) size: u32,
    pub(crate) compressed: u32,
    pub(crate) attributes: u32,
    /// Where the directory says its header is; its true place when none.
    pub(crate) offset: Option<u32>,
}

impl RawEntry {
    /// An honest one.
    pub(crate) fn stored(name: &str, content: &[u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        Self {
            name: name.into(),
            local_name: name.into(),
            flags: 0,
            method: 0,
            data: content.to_vec(),
            crc32: crc.sum(),
            size: content.len() as u32,
            compressed: content.len() as u32,
            attributes: 0o100_644 << 16,
            offset: None,
        }
    }

    pub(crate) fn deflated(name: &str, content: &[u8]) -> Self {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(content).unwrap();
        let data = encoder.finish().unwrap();
        Self {
            method: 8,
            compressed: data.len() as u32,
            data,
            ..Self::stored(name, content)
        }
    }
}

pub(crate) fn raw_zip(entries: &[RawEntry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = entry.offset.unwrap_or(bytes.len() as u32);
        let mut common = Vec::new();
        for number in [20, entry.flags, entry.method, 0x6000, 0x5b6e] {
            common.extend(u16::to_le_bytes(number));
        }
        for number in [entry.crc32, entry.compressed, entry.size] {
            common.extend(number.to_le_bytes());
        }
        let sizes = |name: &[u8]| [(name.len() as u16).to_le_bytes(), [0, 0]].concat();
        bytes.extend(
            [
                b"PK\x03\x04",
                common.as_slice(),
                &sizes(&entry.local_name),
                &entry.local_name,
                &entry.data,
            ]
            .concat(),
        );
        directory.extend(
            [
                b"PK\x01\x02\x14\x03",
                common.as_slice(),
                &sizes(&entry.name),
                &[0; 6],
            ]
            .concat(),
        );
        directory.extend(
            [
                &entry.attributes.to_le_bytes()[..],
                &offset.to_le_bytes(),
                &entry.name,
            ]
            .concat(),
        );
    }
    let start = bytes.len() as u32;
    let count = (entries.len() as u16).to_le_bytes();
    bytes.extend(&directory);
    bytes.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count].concat());
    bytes.extend([(directory.len() as u32).to_le_bytes(), start.to_le_bytes()].concat());
    bytes.extend([0, 0]);
    bytes
}

/// A temporary directory in memory where there is such a place: thousands of files are written.
fn memory_directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// Everything below a directory.
fn tree(path: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(tree(&entry.path()));
        } else {
            found.push(entry.path().file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found.sort();
    found
}

/// Unwraps, and sees to it that no file appears but the one that should. Gives its content, too.
pub(crate) fn unwrapped_with(
    name: &str,
    bytes: &[u8],
    limits: &UnwrapLimits,
) -> Result<(Unwrapped, Vec<u8>), TableError> {
    let top = memory_directory();
    let directory = top.path().join("a/b/c");
    fs_err::create_dir_all(&directory).unwrap();
    let (input, out) = (directory.join("input"), directory.join("out"));
    fs_err::write(&input, bytes).unwrap();
    let result = unwrap(&input, name, &out, limits);
    let written = matches!(&result, Ok(Unwrapped::Table { .. } | Unwrapped::Hats { .. }));
    let expected: &[&str] = if written { &["input", "out"] } else { &["input"] };
    assert_eq!(tree(top.path()), expected, "{name}: {result:?}");
    assert_eq!(fs_err::read(&input).unwrap(), bytes, "the input is never changed");
    if let Err(error) = &result {
        let message = error.to_string();
        assert!(message.contains(name) && !message.contains("a/b/c"), "{message}");
    }
    let content = if written {
        fs_err::read(&out).unwrap()
    } else {
        Vec::new()
    };
    result.map(|unwrapped| (unwrapped, content))
}

pub(crate) fn unwrapped(name: &str, bytes: &[u8]) -> Result<(Unwrapped, Vec<u8>), TableError> {
    unwrapped_with(name, bytes, &UnwrapLimits::default())
}

/// Why it is neither a table nor a HATS layout.
pub(crate) fn other(name: &str, bytes: &[u8]) -> String {
    match unwrapped(name, bytes) {
        Ok((Unwrapped::Other { reason }, _)) => reason,
        found => panic!("{name}: {found:?}"),
    }
}
