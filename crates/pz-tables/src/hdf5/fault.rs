//! What goes wrong below the level at which file and column are known. Must never reach the user as it is.

use std::io;

use rust_hdf5::format::FormatError;

use crate::error::TableError;
use crate::recognise::Format;

/// Why something in the file cannot be read.
#[derive(Debug)]
pub(super) enum Fault {
    Io(io::Error),
    Broken(String),
    /// Something that points out of the file.
    Outside {
        what: String,
        remedy: &'static str,
    },
    /// Something that is right but not read here.
    Unsupported {
        what: String,
        remedy: &'static str,
    },
    Limit {
        what: String,
        limit: String,
    },
}

impl Fault {
    pub(super) fn broken(reason: impl Into<String>) -> Self {
        Self::Broken(reason.into())
    }

    pub(super) fn unsupported(what: impl Into<String>, remedy: &'static str) -> Self {
        Self::Unsupported {
            what: what.into(),
            remedy,
        }
    }

    pub(super) fn limit(what: impl Into<String>, limit: impl Into<String>) -> Self {
        Self::Limit {
            what: what.into(),
            limit: limit.into(),
        }
    }

    /// The same again, for something met twice; what an I/O error was is lost.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Unsupported { what, remedy } => Self::unsupported(what, remedy),
            other => Self::Broken(other.to_string()),
        }
    }

    /// The error for the user.
    pub(super) fn of(self, file_name: &str, column: Option<&str>) -> TableError {
        match self {
            Self::Io(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
                TableError::broken(file_name, Format::Hdf5, column, "it ends before its data do")
            }
            Self::Io(source) => TableError::io(file_name, source),
            Self::Broken(reason) => TableError::broken(file_name, Format::Hdf5, column, reason),
            Self::Outside { what, remedy } => TableError::OutsideReference {
                file: file_name.to_owned(),
                what,
                remedy,
            },
            Self::Unsupported { what, remedy } => TableError::UnsupportedFeature {
                file: file_name.to_owned(),
                what,
                remedy,
                column: column.map(str::to_owned),
            },
            Self::Limit { what, limit } => TableError::limit(file_name, &what, limit),
        }
    }
}

impl From<FormatError> for Fault {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::UnsupportedFeature(what) if what == "datatype class 2" => Self::unsupported(
                "the time type of PyTables (Time32Col, Time64Col: HDF5 class 2)",
                "Write times as float64 or int64.",
            ),
            FormatError::UnsupportedFeature(what) => Self::unsupported(what, "Write it as numbers or text."),
            other => Self::Broken(other.to_string()),
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            // The cause may hold a path.
            Self::Io(source) => write!(out, "{}", source.kind()),
            Self::Broken(reason) => out.write_str(reason),
            Self::Outside { what, .. } | Self::Unsupported { what, .. } => out.write_str(what),
            Self::Limit { what, limit } => write!(out, "{what} is beyond the limit of {limit}"),
        }
    }
}
