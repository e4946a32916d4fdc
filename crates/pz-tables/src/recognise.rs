//! Says what a file is from its first bytes; the name only breaks ties. Must never believe an extension
//! against the bytes, and never take binary junk for text.

use serde::{Deserialize, Serialize};

use crate::error::TableError;

/// Bytes from the start of a file that [`recognise`] wants to see (fewer when the file is shorter).
pub const HEAD_BYTES: usize = 64 * 1024;

/// Formats known by their bytes, readable or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// Delimited or aligned text.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// FITS.
    Fits,
    /// HDF5.
    Hdf5,
    /// VOTable (XML).
    Votable,
    /// HATS catalog or collection: a directory of Parquet files by place on the sky.
    Hats,
    /// A directory of Parquet files with one schema.
    ParquetDirectory,
    /// Zip archive.
    Zip,
    /// Gzip-compressed data.
    Gzip,
    /// Bzip2-compressed data.
    Bzip2,
    /// XZ-compressed data.
    Xz,
    /// Zstandard-compressed data.
    Zstd,
    /// Tar archive.
    Tar,
}

impl Format {
    /// What the readable formats are called in messages.
    pub const READABLE_TITLES: &'static str =
        "CSV and other delimited or aligned text, FITS, HDF5, Parquet, VOTable, HATS";

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Csv => "a text table",
            Self::Parquet => "a Parquet file",
            Self::Fits => "a FITS file",
            Self::Hdf5 => "an HDF5 file",
            Self::Votable => "a VOTable",
            Self::Hats => "a HATS catalog",
            Self::ParquetDirectory => "a directory of Parquet files",
            Self::Zip => "a zip archive",
            Self::Gzip => "gzip-compressed",
            Self::Bzip2 => "bzip2-compressed",
            Self::Xz => "xz-compressed",
            Self::Zstd => "zstd-compressed",
            Self::Tar => "a tar archive",
        }
    }

    /// It wraps other files: an archive, or something compressed.
    pub fn is_wrapping(self) -> bool {
        matches!(
            self,
            Self::Zip | Self::Gzip | Self::Bzip2 | Self::Xz | Self::Zstd | Self::Tar
        )
    }
}

/// What the first bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognised {
    /// One of the known formats (text counts as [`Format::Csv`] until it is scanned).
    Format(Format),
    /// No bytes, or only blanks and line ends.
    Empty,
    /// Text in UTF-16 or UTF-32.
    WideText(&'static str),
    /// Text in another encoding than UTF-8.
    NotUtf8 {
        /// Line of the first undecodable byte, from 1.
        line: u64,
        /// Its offset.
        byte: u64,
    },
    /// Something that is not a table.
    NotATable {
        /// What it is, or what gives it away.
        reason: String,
        /// Line of the evidence, from 1.
        line: Option<u64>,
        /// Offset of the evidence.
        byte: Option<u64>,
    },
}

impl Recognised {
    /// The format, if it is a known one.
    ///
    /// # Errors
    /// Whatever else it is, as the error to show for the file called `file_name`.
    pub fn known(self, file_name: &str) -> Result<Format, TableError> {
        let file = file_name.to_owned();
        match self {
            Self::Format(format) => Ok(format),
            Self::Empty => Err(TableError::EmptyFile { file }),
            Self::WideText(encoding) => Err(TableError::Utf16 { file, encoding }),
            Self::NotUtf8 { line, byte } => Err(TableError::NotUtf8 { file, line, byte }),
            Self::NotATable { reason, line, byte } => Err(TableError::NotATable {
                file,
                reason,
                line,
                byte,
            }),
        }
    }
}

const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// First bytes of formats that are known tables or archives.
const FORMATS: &[(&[u8], Format)] = &[
    (b"PAR1", Format::Parquet),
    (b"SIMPLE  =", Format::Fits),
    (HDF5, Format::Hdf5),
    (b"PK\x03\x04", Format::Zip),
    (b"PK\x05\x06", Format::Zip),
    (b"\x1f\x8b", Format::Gzip),
    (b"BZh", Format::Bzip2),
    (b"\xfd7zXZ\0", Format::Xz),
    (b"\x28\xb5\x2f\xfd", Format::Zstd),
];

/// First bytes of things that are no table here.
const OTHERS: &[(&[u8], &str)] = &[
    (
        b"PARE",
        "it is an encrypted Parquet file; upload it without encryption",
    ),
    (b"ARROW1", "it is an Arrow/Feather file; write it as Parquet"),
    (b"FEA1", "it is a Feather file; write it as Parquet"),
    (b"ORC", "it is an ORC file; write it as Parquet"),
    (b"Obj\x01", "it is an Avro file; write it as Parquet"),
    (
        b"\x93NUMPY",
        "it is a NumPy array file; write it as Parquet or CSV",
    ),
    (
        b"SQLite format 3\0",
        "it is an SQLite database; export the table as CSV",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "it is an old Office document; export the sheet as CSV",
    ),
    (b"\x89PNG", "it is a PNG picture"),
    (b"\xff\xd8\xff", "it is a JPEG picture"),
    (b"GIF8", "it is a GIF picture"),
    (b"II*\0", "it is a TIFF picture"),
    (b"MM\0*", "it is a TIFF picture"),
    (b"RIFF", "it is a media file"),
    (b"%PDF-", "it is a PDF document"),
    (b"%!PS", "it is a PostScript document"),
    (b"{\\rtf", "it is an RTF document"),
    (b"\x7fELF", "it is a program"),
    (b"#!/", "it is a script"),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7-Zip archive"),
    (b"Rar!\x1a\x07", "it is a RAR archive"),
    (b"\x1f\x9d", "it is compressed with `compress`"),
    (b"LZIP", "it is lzip-compressed"),
    (b"\x04\x22\x4d\x18", "it is lz4-compressed"),
];

/// Says what a file is from its first bytes (up to [`HEAD_BYTES`] of them) and, between equals, from its name.
pub fn recognise(first_bytes: &[u8], file_name: &str) -> Recognised {
    let extension = extension(file_name);
    if let Some((_, format)) = FORMATS.iter().find(|(magic, format)| {
        first_bytes.starts_with(magic)
            // Three printable letters are also how a table of text may start.
            && (*format != Format::Bzip2 || first_bytes.get(4..10) == Some(b"1AY&SY"))
    }) {
        return Recognised::Format(*format);
    }
    // An HDF5 file may have a block of the user's own in front.
    if [512, 1_024, 2_048]
        .iter()
        .any(|at| first_bytes.get(*at..).is_some_and(|rest| rest.starts_with(HDF5)))
    {
        return Recognised::Format(Format::Hdf5);
    }
    if first_bytes.get(257..262) == Some(b"ustar") {
        return Recognised::Format(Format::Tar);
    }
    if let Some(reason) = pickle(first_bytes, &extension) {
        return not_a_table(reason);
    }
    if let Some((magic, reason)) = OTHERS.iter().find(|(magic, _)| first_bytes.starts_with(magic))
        && (!magic.is_ascii() || has_binary(first_bytes) || magic.len() > 4 || magic.contains(&b'!'))
    {
        return not_a_table(*reason);
    }
    if let Some(encoding) = wide_text(first_bytes) {
        return Recognised::WideText(encoding);
    }
    recognise_text(first_bytes, &extension)
}

fn recognise_text(first_bytes: &[u8], extension: &str) -> Recognised {
    if let Some(at) = memchr::memchr(0, first_bytes) {
        return evidence(first_bytes, at, "it has a NUL byte, so it is not text");
    }
    let controls = first_bytes.iter().filter(|byte| is_control(**byte)).count();
    if controls > 2 && controls * 1_000 > first_bytes.len() {
        let at = first_bytes.iter().position(|byte| is_control(*byte)).unwrap_or(0);
        return evidence(first_bytes, at, "it has control characters, so it is not text");
    }
    if let Err(error) = std::str::from_utf8(first_bytes)
        // A character cut by the end of the head is no evidence.
        && error.error_len().is_some()
    {
        let at = error.valid_up_to();
        return Recognised::NotUtf8 {
            line: line_of(first_bytes, at),
            byte: at as u64,
        };
    }
    let text = first_bytes
        .strip_prefix(BOM)
        .unwrap_or(first_bytes)
        .trim_ascii_start();
    if text.is_empty() {
        return Recognised::Empty;
    }
    if text.first() == Some(&b'<') {
        return markup(text);
    }
    if is_json(text, extension) {
        return not_a_table("it is a JSON document; write it as CSV or Parquet");
    }
    Recognised::Format(Format::Csv)
}

/// UTF-8 byte order mark.
pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Lower-case extension without the dot, or nothing.
pub(crate) fn extension(file_name: &str) -> String {
    let base = file_name.rsplit('/').next().unwrap_or(file_name);
    base.rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase())
        .unwrap_or_default()
}

fn not_a_table(reason: impl Into<String>) -> Recognised {
    Recognised::NotATable {
        reason: reason.into(),
        line: None,
        byte: None,
    }
}

fn evidence(bytes: &[u8], at: usize, reason: &str) -> Recognised {
    let line = line_of(bytes, at);
    Recognised::NotATable {
        reason: format!("{reason} (line {line}, byte {at})"),
        line: Some(line),
        byte: Some(at as u64),
    }
}

fn line_of(bytes: &[u8], at: usize) -> u64 {
    memchr::memchr_iter(b'\n', bytes.get(..at).unwrap_or_default()).count() as u64 + 1
}

/// Control characters that no text table has (tab, line ends, form feed, vertical tab, escape and the old
/// end-of-file mark excepted).
fn is_control(byte: u8) -> bool {
    matches!(byte, 0x00..=0x08 | 0x0e..=0x19 | 0x1c..=0x1f | 0x7f)
}

fn has_binary(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| is_control(*byte)) || std::str::from_utf8(bytes).is_err()
}

fn pickle(bytes: &[u8], extension: &str) -> Option<&'static str> {
    const REASON: &str = "it is a Python pickle, which is never read because loading one runs code; write the \
                          table as Parquet or CSV";
    let protocol_2_or_more = bytes.first() == Some(&0x80) && matches!(bytes.get(1), Some(2..=5));
    let protocol_0 = [
        &b"(dp0\n"[..],
        b"(lp0\n",
        b"(dp1\n",
        b"(lp1\n",
        b"ccopy_reg\n",
        b"cnumpy",
        b"cpandas",
    ]
    .iter()
    .any(|start| bytes.starts_with(start));
    let named = matches!(extension, "pkl" | "pickle" | "pcl" | "pckl");
    ((protocol_2_or_more && has_binary(bytes)) || protocol_0 || named).then_some(REASON)
}

fn wide_text(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff") {
        return Some("UTF-32");
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Some("UTF-16");
    }
    // Without a mark: every other byte of the start is NUL, the others are text.
    let start = bytes
        .get(..bytes.len().min(256))
        .filter(|start| start.len() >= 8)?;
    let zero = |parity: usize| start.iter().skip(parity).step_by(2).all(|byte| *byte == 0);
    let text = |parity: usize| {
        start
            .iter()
            .skip(parity)
            .step_by(2)
            .all(|byte| *byte != 0 && !is_control(*byte) && byte.is_ascii())
    };
    ((zero(1) && text(0)) || (zero(0) && text(1))).then_some("UTF-16")
}

fn markup(text: &[u8]) -> Recognised {
    let start = text
        .get(..text.len().min(8_192))
        .unwrap_or(text)
        .to_ascii_lowercase();
    let has = |word: &[u8]| memchr::memmem::find(&start, word).is_some();
    if has(b"<votable") || has(b":votable") {
        Recognised::Format(Format::Votable)
    } else if has(b"<!doctype html") || has(b"<html") || has(b"<head") || has(b"<body") {
        not_a_table("it is a web page (HTML); perhaps a login or error page was saved instead of the table")
    } else if start.starts_with(b"<?xml")
        || start
            .get(1)
            .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'!')
    {
        not_a_table("it is an XML document, and not a VOTable")
    } else {
        Recognised::Format(Format::Csv)
    }
}

fn is_json(text: &[u8], extension: &str) -> bool {
    let mut significant = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace());
    let pair = (significant.next(), significant.next());
    match pair {
        (Some(b'{'), Some(b'"' | b'}')) | (Some(b'['), Some(b'{' | b'"' | b']')) => true,
        (Some(b'{' | b'['), _) => matches!(extension, "json" | "jsonl" | "ndjson" | "geojson" | "ipynb"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bytes: &[u8], name: &str) -> String {
        match recognise(bytes, name).known(name) {
            Ok(format) => serde_json::to_string(&format)
                .unwrap()
                .trim_matches('"')
                .to_owned(),
            Err(error) => error.code().to_owned(),
        }
    }

    #[test]
    fn recognises_by_bytes() {
        let mut tar = vec![0u8; 1_024];
        tar[..5].copy_from_slice(b"a.csv");
        tar[257..262].copy_from_slice(b"ustar");
        let behind_user_block = [vec![b'u'; 1_024], HDF5.to_vec()].concat();
        let utf16: Vec<u8> = "a,b\n1,2\n3,4\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let utf16_big: Vec<u8> = "a,b\n1,2\n3,4\n"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        let cases: &[(&[u8], &str, &str)] = &[
            (b"PAR1....", "x.csv", "parquet"),
            (b"PAR1....", "X.PARQUET", "parquet"),
            (b"a,b\n1,2\n", "x.parquet", "csv"),
            (b"a,b\n1,2\n", "x", "csv"),
            (b"\xef\xbb\xbfa,b\n1,2\n", "X.CSV", "csv"),
            (b"SIMPLE  =                    T", "x.csv", "fits"),
            (b"\x89HDF\r\n\x1a\n\0\0", "x.h5", "hdf5"),
            (
                b"<?xml version='1.0'?>\n<VOTABLE version='1.4'>",
                "x.xml",
                "votable",
            ),
            (b"PK\x03\x04abcd", "x.zip", "zip"),
            (b"\x1f\x8b\x08\0", "x.csv.gz", "gzip"),
            (b"BZh91AY&SY..", "x.bz2", "bzip2"),
            (b"BZhname,b\n1,2\n", "x.csv", "csv"),
            (b"\xfd7zXZ\0\0", "x.xz", "xz"),
            (b"\x28\xb5\x2f\xfd..", "x.zst", "zstd"),
            (&tar, "x.tar", "tar"),
            (&behind_user_block, "x.h5", "hdf5"),
            (b"", "x.csv", "empty_file"),
            (b"\n \r\n", "x.csv", "empty_file"),
            (b"\xff\xfea\0,\0", "x.csv", "utf16"),
            (&utf16, "x.csv", "utf16"),
            (&utf16_big, "x.csv", "utf16"),
            (b"\x80\x04\x95\x10\0\0\0", "x.csv", "not_a_table"),
            (b"a,b\n1,2\n", "x.PKL", "not_a_table"),
            (b"a,b\n1,2\n", "x.pckl", "not_a_table"),
            (b"(dp0\nS'a'\n", "x.txt", "not_a_table"),
            (b"<!DOCTYPE html><html>", "x.csv", "not_a_table"),
            (b"<?xml version='1.0'?><svg>", "x.xml", "not_a_table"),
            (b"{\"a\": 1}", "x.csv", "not_a_table"),
            (b"[\n {\"a\": 1}]", "x.txt", "not_a_table"),
            (b"[1, 2]", "x.json", "not_a_table"),
            (b"\x89PNG\r\n\x1a\n\0", "x.csv", "not_a_table"),
            (b"%PDF-1.5\n", "x.txt", "not_a_table"),
            (b"\x7fELF\x02\x01\x01\0", "x.csv", "not_a_table"),
            (b"\x93NUMPY\x01\0", "x.dat", "not_a_table"),
            (b"ORC,b\n1,2\n", "x.csv", "csv"),
            (b"RIFF,b\n1,2\n", "x.csv", "csv"),
            (b"GIF8,b\n1,2\n", "x.csv", "csv"),
            (b"a,b\n1,\xe9t\xe9\n", "x.csv", "not_utf8"),
            (b"a,b\n1,2\0\n", "x.csv", "not_a_table"),
        ];
        for (bytes, name, expected) in cases {
            assert_eq!(
                code(bytes, name),
                *expected,
                "{name}: {:?}",
                String::from_utf8_lossy(bytes)
            );
        }
    }

    #[test]
    fn junk_is_reported_with_its_place() {
        let Recognised::NotATable { reason, line, byte } = recognise(b"a,b\n1,\0\n", "x.csv") else {
            panic!("a NUL byte is not text");
        };
        assert_eq!((line, byte), (Some(2), Some(6)));
        assert!(reason.contains("NUL byte"), "{reason}");
        let junk: Vec<u8> = (0..1_000u32).map(|i| (i * 7 % 31 + 1) as u8).collect();
        assert!(matches!(
            recognise(&junk, "x.csv"),
            Recognised::NotATable { byte: Some(_), .. }
        ));
        assert_eq!(
            recognise(b"a\n\xff\n", "x.csv"),
            Recognised::NotUtf8 { line: 2, byte: 2 }
        );
    }

    #[test]
    fn a_character_cut_by_the_end_of_the_head_is_no_error() {
        assert_eq!(
            recognise("a,b\né".as_bytes().split_last().unwrap().1, "x.csv"),
            Recognised::Format(Format::Csv)
        );
    }
}
