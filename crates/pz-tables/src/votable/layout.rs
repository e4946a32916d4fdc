//! What is kept of a VOTable file.

use serde::{Deserialize, Serialize};

/// Layout of a VOTable file, with a sparse index of the rows of its table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VotableLayout {
    /// Size of the file it belongs to.
    pub file_bytes: u64,
    /// How the rows are written.
    pub(crate) serialisation: Serialisation,
    /// The columns as the file describes them.
    pub(crate) fields: Vec<FieldLayout>,
    /// The count before a cell of varying length counts its outermost axis and not all of its elements (the
    /// standard does not say which, and writers differ).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) counts_outer_axis: bool,
    /// Data rows.
    pub(crate) n_rows: u64,
    /// Rows between two entries of `positions`.
    pub(crate) stride: u64,
    /// `positions[i]` is where row `i × stride` starts: of TABLEDATA the offset in the file; of BINARY and
    /// BINARY2 four times the offset of the base64 quantum in which it starts, plus the decoded bytes of the
    /// quantum (0 to 2) that lie before it.
    pub(crate) positions: Vec<u64>,
}

/// How the rows of a TABLE are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Serialisation {
    /// There are none: no DATA, or nothing in it.
    Empty,
    /// Elements TR and TD.
    Tabledata,
    /// Big-endian values in base64.
    Binary,
    /// As BINARY, with a bit per cell that says whether it is null.
    Binary2,
}

/// What a FIELD element says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FieldLayout {
    pub(crate) name: String,
    pub(crate) datatype: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) arraysize: Option<String>,
    /// The value that stands for a missing one (attribute `null` of VALUES).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) null: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ucd: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}

impl FieldLayout {
    /// Bytes of all its texts.
    pub(crate) fn text_bytes(&self) -> usize {
        let texts = [
            &self.arraysize,
            &self.null,
            &self.unit,
            &self.ucd,
            &self.description,
        ];
        let optional: usize = texts.into_iter().flatten().map(String::len).sum();
        optional + self.name.len() + self.datatype.len()
    }
}
