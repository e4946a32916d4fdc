//! How a file is laid out: what is worth keeping from the one pass over it, so that any page opens in the same
//! time. Stored as JSON beside the product. Must never be trusted: it may belong to another file.

use serde::{Deserialize, Serialize};

pub use crate::fits::FitsLayout;
pub use crate::hats::{DatasetKind, HatsLayout, PartitionFile};
pub use crate::hdf5::Hdf5Layout;
use crate::recognise::Format;
use crate::schema::ColumnInfo;
pub use crate::votable::VotableLayout;

/// Layout of a table file, by format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Layout {
    /// Delimited or aligned text.
    Csv(TextLayout),
    /// Parquet carries its own layout; only the identity of the file is kept.
    Parquet {
        /// Size of the file it belongs to.
        file_bytes: u64,
    },
    /// FITS.
    Fits(FitsLayout),
    /// HDF5.
    Hdf5(Hdf5Layout),
    /// VOTable.
    Votable(VotableLayout),
    /// HATS, or a directory of Parquet files.
    Hats(HatsLayout),
}

impl Layout {
    /// The format it describes.
    pub fn format(&self) -> Format {
        match self {
            Self::Csv(_) => Format::Csv,
            Self::Parquet { .. } => Format::Parquet,
            Self::Fits(_) => Format::Fits,
            Self::Hdf5(_) => Format::Hdf5,
            Self::Votable(_) => Format::Votable,
            Self::Hats(layout) => layout.format(),
        }
    }

    /// The text layout, when it is one.
    pub fn text(&self) -> Option<&TextLayout> {
        match self {
            Self::Csv(layout) => Some(layout),
            _ => None,
        }
    }
}

/// Layout of a text table, with a sparse index of its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextLayout {
    /// Size of the file it belongs to.
    pub file_bytes: u64,
    /// What stands between fields.
    pub delimiter: Delimiter,
    /// Lines end with a lone carriage return (old Macintosh files).
    #[serde(default, skip_serializing_if = "is_false")]
    pub lines_end_with_cr: bool,
    /// Lines that start with `#` are not rows.
    pub skips_comments: bool,
    /// The names come from the file. False: they are `"0"`, `"1"`, ….
    pub has_header: bool,
    /// Lines before the header or the first row: comments and titles, without their line ends (at most
    /// [`TextLayout::MAX_PREAMBLE`]).
    pub preamble: Vec<String>,
    /// Columns with names and types.
    pub columns: Vec<ColumnInfo>,
    /// Data rows.
    pub n_rows: u64,
    /// Offset of the first data row.
    pub data_start: u64,
    /// Line of the first data row, from 1.
    pub data_line: u64,
    /// Rows between two entries of `offsets`.
    pub stride: u64,
    /// `offsets[i]` is where row `i × stride` starts. At most [`TextLayout::MAX_OFFSETS`].
    pub offsets: Vec<u64>,
}

impl TextLayout {
    /// Entries of the row index.
    pub const MAX_OFFSETS: usize = 4_096;
    /// Preamble lines kept.
    pub const MAX_PREAMBLE: usize = 1_000;
}

/// What stands between the fields of a text table.
///
/// As a string: the character itself, or `\s+` for runs of blanks (both usable as pandas' `sep`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delimiter {
    /// Exactly one such ASCII character.
    Character(u8),
    /// One or more blanks or tabs; those at the start and end of a line do not count.
    Blanks,
}

impl Delimiter {
    /// The delimiter in words, for messages.
    pub fn in_words(self) -> String {
        match self {
            Self::Character(b',') => "a comma".to_owned(),
            Self::Character(b'\t') => "a tab".to_owned(),
            Self::Character(b';') => "a semicolon".to_owned(),
            Self::Character(b'|') => "a bar".to_owned(),
            Self::Character(b':') => "a colon".to_owned(),
            Self::Character(b' ') => "one blank".to_owned(),
            Self::Character(other) => format!("'{}'", char::from(other)),
            Self::Blanks => "blanks".to_owned(),
        }
    }
}

impl std::fmt::Display for Delimiter {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Character(byte) => write!(out, "{}", char::from(*byte)),
            Self::Blanks => out.write_str("\\s+"),
        }
    }
}

impl Serialize for Delimiter {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Delimiter {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_bytes() {
            b"\\s+" => Ok(Self::Blanks),
            [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | b'"') => Ok(Self::Character(*byte)),
            _ => Err(serde::de::Error::custom(format!("'{text}' is not a delimiter"))),
        }
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Collects the sparse row index in one pass: at most [`TextLayout::MAX_OFFSETS`] offsets, doubling the stride
/// each time they run out.
#[derive(Debug)]
pub(crate) struct RowIndex {
    stride: u64,
    offsets: Vec<u64>,
    rows: u64,
}

impl RowIndex {
    pub(crate) fn new() -> Self {
        Self {
            stride: 1,
            offsets: Vec::new(),
            rows: 0,
        }
    }

    /// The next row starts at `offset`.
    #[inline]
    pub(crate) fn push(&mut self, offset: u64) {
        if self.rows & (self.stride - 1) == 0 {
            if self.offsets.len() == TextLayout::MAX_OFFSETS {
                self.halve();
            }
            if self.rows & (self.stride - 1) == 0 {
                self.offsets.push(offset);
            }
        }
        self.rows += 1;
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Stride and offsets, thinned out so that entries are not closer than a block of `bytes` on average:
    /// a small file needs no large index.
    pub(crate) fn finish(mut self, data_bytes: u64, bytes: u64) -> (u64, Vec<u64>) {
        while self.offsets.len() > 1 && data_bytes / (self.offsets.len() as u64) < bytes {
            self.halve();
        }
        (self.stride, self.offsets)
    }

    fn halve(&mut self) {
        let mut position = 0;
        self.offsets.retain(|_| {
            position += 1;
            position % 2 == 1
        });
        self.stride *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_index_keeps_every_stride_th_offset() {
        for rows in [0u64, 1, 2, 4_095, 4_096, 4_097, 8_192, 8_193, 100_000] {
            let mut index = RowIndex::new();
            (0..rows).for_each(|row| index.push(row * 7));
            let (stride, offsets) = index.finish(rows * 7, 0);
            assert!(offsets.len() <= TextLayout::MAX_OFFSETS);
            assert_eq!(offsets.len() as u64, rows.div_ceil(stride), "{rows} rows");
            assert!(
                offsets
                    .iter()
                    .enumerate()
                    .all(|(i, offset)| *offset == i as u64 * stride * 7)
            );
        }
    }

    #[test]
    fn small_files_have_small_indexes() {
        let mut index = RowIndex::new();
        (0..4_000u64).for_each(|row| index.push(row * 10));
        let (stride, offsets) = index.finish(40_000, 65_536);
        assert_eq!((stride, offsets.as_slice()), (4_096, &[0][..]));
    }

    #[test]
    fn delimiters_survive_their_strings() {
        for delimiter in [
            Delimiter::Character(b','),
            Delimiter::Character(b'\t'),
            Delimiter::Blanks,
        ] {
            let json = serde_json::to_string(&delimiter).unwrap();
            assert_eq!(serde_json::from_str::<Delimiter>(&json).unwrap(), delimiter);
        }
        assert!(serde_json::from_str::<Delimiter>("\"\\n\"").is_err());
    }
}
