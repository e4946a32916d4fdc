//! What can go wrong with a table, told to the person who brought the file.
//!
//! Every message names the user's own file name, says what was expected and what was found, and gives the
//! remedy. It must never contain a path of the server: an I/O failure shows its kind only, the full cause is
//! kept as [`std::error::Error::source`] for the log.

use std::io;

use serde::{Deserialize, Serialize};

use crate::recognise::Format;

/// Why a file cannot be described or read as a table.
///
/// Positions: `row` counts data rows from 1 (the header is not a row), `line` counts lines of the file from 1,
/// `byte` counts bytes from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file has no bytes, or nothing but blank lines.
    #[error("{file} is empty: it has no table. Upload a file with a header or at least one row.")]
    EmptyFile {
        /// The user's name of the file.
        file: String,
    },
    /// The content is something else than a table.
    #[error("{file} is not a table: {reason}.")]
    NotATable {
        /// The user's name of the file.
        file: String,
        /// What it is instead, or what gives it away.
        reason: String,
        /// Line of the evidence.
        line: Option<u64>,
        /// Offset of the evidence.
        byte: Option<u64>,
    },
    /// A text file that is not UTF-8.
    #[error(
        "{file}: line {line}, byte {byte} is not UTF-8 text. Save the file with UTF-8 encoding \
         (for example: iconv -f LATIN1 -t UTF-8)."
    )]
    NotUtf8 {
        /// The user's name of the file.
        file: String,
        /// Line of the first undecodable byte.
        line: u64,
        /// Offset of the first undecodable byte.
        byte: u64,
    },
    /// A text file in UTF-16 or UTF-32.
    #[error("{file} is {encoding} text; only UTF-8 is read. Save it again as UTF-8.")]
    Utf16 {
        /// The user's name of the file.
        file: String,
        /// `UTF-16` or `UTF-32`.
        encoding: &'static str,
    },
    /// A table format (or an archive) that is recognised but that this version cannot read.
    #[error("{file} is {}, which is not readable in this version. Readable tables are: {}.", .format.title(), Format::READABLE_TITLES)]
    UnsupportedFormat {
        /// The user's name of the file.
        file: String,
        /// What was recognised.
        format: Format,
    },
    /// A column whose type cannot be shown or described.
    #[error(
        "{file}: column '{column}' has the type {data_type}, which is not supported. Write it as numbers or text."
    )]
    UnsupportedType {
        /// The user's name of the file.
        file: String,
        /// Name of the column.
        column: String,
        /// The type as the format calls it.
        data_type: String,
    },
    /// A row of a text table with another number of fields than the table has columns.
    #[error(
        "{file}: row {row} (line {line}) has {found} fields where {expected} were expected, with {delimiter} \
         between fields. Give every row the same number of fields; put values that contain the delimiter in \
         double quotes."
    )]
    RaggedRow {
        /// The user's name of the file.
        file: String,
        /// Data row, from 1.
        row: u64,
        /// Line of the file, from 1.
        line: u64,
        /// Offset where the row starts.
        byte: u64,
        /// Columns of the table.
        expected: u64,
        /// Fields found in the row.
        found: u64,
        /// The delimiter in words.
        delimiter: String,
    },
    /// A double quote that opens a field and is never closed.
    #[error("{file}: a double quote opened in row {row} (line {line}) is never closed. Close or remove it.")]
    UnclosedQuote {
        /// The user's name of the file.
        file: String,
        /// Data row, from 1.
        row: u64,
        /// Line where the row starts.
        line: u64,
        /// Offset where the row starts.
        byte: u64,
    },
    /// A file that is what it claims to be but cannot be decoded.
    #[error(
        "{file} is broken{}: {reason}{}. Write or upload it again.",
        as_format(*.format),
        of_column(.column.as_deref(), .reason)
    )]
    BrokenFile {
        /// The user's name of the file.
        file: String,
        /// What it claims to be, when known.
        format: Option<Format>,
        /// What happened.
        reason: String,
        /// Column being decoded, when known.
        column: Option<String>,
    },
    /// A file that points to other files. They would be the server's own.
    #[error("{file} is refused: {what}, and such references are never followed. {remedy}")]
    OutsideReference {
        /// The user's name of the file.
        file: String,
        /// Which object points where.
        what: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A file that uses a part of its format that is not read.
    #[error("{file}: {what} is not supported{}. {remedy}", of_column(.column.as_deref(), .what))]
    UnsupportedFeature {
        /// The user's name of the file.
        file: String,
        /// The part of the format.
        what: String,
        /// What to do about it.
        remedy: &'static str,
        /// The column that uses it, when known.
        column: Option<String>,
    },
    /// A file of several tables in which the one asked for is not.
    #[error("{file} has no table called '{table}'. It has: {tables}.")]
    NoSuchTable {
        /// The user's name of the file.
        file: String,
        /// The name asked for.
        table: String,
        /// The names there are.
        tables: String,
    },
    /// A table that a format to be written cannot hold.
    #[error("A {format} file cannot hold this table: {reason}.")]
    Unwritable {
        /// The format to be written.
        format: &'static str,
        /// What does not fit, and the remedy.
        reason: String,
        /// The column that does not fit.
        column: Option<String>,
    },
    /// The file is beyond what the service accepts.
    #[error("{file}: {what} is beyond the limit of {limit}{}. {remedy}", at_line(.place.as_deref()))]
    LimitExceeded {
        /// The user's name of the file.
        file: String,
        /// What was measured, for example `the number of columns (120000)`.
        what: String,
        /// The limit with its unit.
        limit: String,
        /// What to do about it.
        remedy: &'static str,
        /// Where in a text table.
        place: Option<Box<Place>>,
    },
    /// A stored layout that does not belong to this file.
    #[error("{file} has changed since it was registered: {reason}. Register it again.")]
    StaleLayout {
        /// The user's name of the file.
        file: String,
        /// What does not fit.
        reason: String,
    },
    /// A projection names a column that the table does not have.
    #[error("{file} has {columns} columns; there is no column number {index} (counted from 0).")]
    NoSuchColumn {
        /// The user's name of the file.
        file: String,
        /// The index asked for, from 0.
        index: usize,
        /// Columns of the table.
        columns: usize,
    },
    /// A question about a column that the table does not have.
    #[error("{file} has no column '{column}'. Register the file again, or name another column.")]
    NoSuchColumnName {
        /// The user's name of the file.
        file: String,
        /// The name asked for.
        column: String,
    },
    /// A question about the numbers of a column that holds something else.
    #[error("{file}: column '{column}' holds no numbers. Name another column.")]
    NoNumbers {
        /// The user's name of the file.
        file: String,
        /// Name of the column.
        column: String,
    },
    /// The inspecting process ended without an answer.
    #[error("{file} could not be inspected: {reason}. Check the file, or write it again.")]
    InspectionFailed {
        /// The user's name of the file.
        file: String,
        /// How the process ended.
        reason: String,
    },
    /// The file could not be read from storage.
    #[error("{file} could not be read from storage ({}). Try again; if it persists, tell the administrators.", .source.kind())]
    Io {
        /// The user's name of the file.
        file: String,
        /// The cause, with the server's path: for the log only.
        #[source]
        source: io::Error,
    },
    /// A new file could not be put into storage: the disk is full or may not be written.
    #[error("{file} could not be written to storage ({}). Make room or choose another place, and write it again.", .source.kind())]
    Unwritten {
        /// Name of the new file.
        file: String,
        /// The cause, with the path: for the log only.
        #[source]
        source: io::Error,
    },
    /// An error found by the inspecting process, as it reported it.
    #[error("{}", .0.message)]
    Reported(Box<ErrorReport>),
}

/// A place in a text table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Data row, from 1.
    pub row: u64,
    /// Line of the file, from 1.
    pub line: u64,
    /// Offset in the file, from 0.
    pub byte: u64,
}

/// A [`TableError`] as data: how it crosses a process boundary and reaches a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// Stable `snake_case` word for programs, see [`TableError::code`].
    pub code: String,
    /// The sentence for people.
    pub message: String,
    /// Data row, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// Column name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Line of the file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Offset in the file, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
}

impl TableError {
    /// Stable `snake_case` word for this kind of error.
    pub fn code(&self) -> &str {
        match self {
            Self::EmptyFile { .. } => "empty_file",
            Self::NotATable { .. } => "not_a_table",
            Self::NotUtf8 { .. } => "not_utf8",
            Self::Utf16 { .. } => "utf16",
            Self::UnsupportedFormat { .. } => "unsupported_format",
            Self::UnsupportedType { .. } => "unsupported_type",
            Self::UnsupportedFeature { .. } => "unsupported_feature",
            Self::RaggedRow { .. } => "ragged_row",
            Self::UnclosedQuote { .. } => "unclosed_quote",
            Self::BrokenFile { .. } => "broken_file",
            Self::OutsideReference { .. } => "outside_reference",
            Self::NoSuchTable { .. } => "no_such_table",
            Self::Unwritable { .. } => "unwritable",
            Self::LimitExceeded { .. } => "limit_exceeded",
            Self::StaleLayout { .. } => "stale_layout",
            Self::NoSuchColumn { .. } => "no_such_column",
            Self::NoSuchColumnName { .. } => "no_such_column_name",
            Self::NoNumbers { .. } => "no_numbers",
            Self::InspectionFailed { .. } => "inspection_failed",
            Self::Io { .. } => "io",
            Self::Unwritten { .. } => "unwritten",
            Self::Reported(report) => &report.code,
        }
    }

    /// The error as data.
    pub fn report(&self) -> ErrorReport {
        if let Self::Reported(report) = self {
            return (**report).clone();
        }
        let mut report = ErrorReport {
            code: self.code().to_owned(),
            message: self.to_string(),
            row: None,
            column: None,
            line: None,
            byte: None,
        };
        match self {
            Self::NotATable { line, byte, .. } => (report.line, report.byte) = (*line, *byte),
            Self::NotUtf8 { line, byte, .. } => (report.line, report.byte) = (Some(*line), Some(*byte)),
            Self::RaggedRow { row, line, byte, .. } | Self::UnclosedQuote { row, line, byte, .. } => {
                (report.row, report.line, report.byte) = (Some(*row), Some(*line), Some(*byte));
            }
            Self::LimitExceeded {
                place: Some(place), ..
            } => {
                (report.row, report.line, report.byte) =
                    (Some(place.row), Some(place.line), Some(place.byte));
            }
            Self::UnsupportedType { column, .. }
            | Self::NoSuchColumnName { column, .. }
            | Self::NoNumbers { column, .. } => report.column = Some(column.clone()),
            Self::BrokenFile { column, .. }
            | Self::Unwritable { column, .. }
            | Self::UnsupportedFeature { column, .. } => {
                report.column.clone_from(column);
            }
            _ => {}
        }
        report
    }

    pub(crate) fn io(file: &str, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::OutOfMemory {
            return Self::limit(file, "the memory to read it", "what is allowed".to_owned());
        }
        Self::Io {
            file: file.to_owned(),
            source,
        }
    }

    /// A file that cannot be decoded as `format`.
    pub(crate) fn broken(
        file: &str,
        format: Format,
        column: Option<&str>,
        reason: impl std::fmt::Display,
    ) -> Self {
        let reason = reason.to_string();
        Self::BrokenFile {
            file: file.to_owned(),
            format: Some(format),
            reason: crate::statistics::shown(reason.trim_end_matches(['.', '\n'])),
            column: column.map(str::to_owned),
        }
    }

    /// A file of another size than the layout was made from.
    pub(crate) fn stale_size(file: &str, expected: u64, found: u64) -> Self {
        Self::StaleLayout {
            file: file.to_owned(),
            reason: format!("it had {expected} bytes and has {found}"),
        }
    }

    /// A limit on the file as a whole.
    pub(crate) fn limit(file: &str, what: &str, limit: String) -> Self {
        Self::LimitExceeded {
            file: file.to_owned(),
            what: what.to_owned(),
            limit,
            remedy: "Split the file, or write it in another format.",
            place: None,
        }
    }
}

fn as_format(format: Option<Format>) -> String {
    format
        .map(|format| format!(" as {}", format.title()))
        .unwrap_or_default()
}

/// The column, unless the reason names it already in quotes.
fn of_column(column: Option<&str>, reason: &str) -> String {
    match column {
        Some(column) if !reason.contains(&format!("'{column}'")) => format!(" (column '{column}')"),
        _ => String::new(),
    }
}

fn at_line(place: Option<&Place>) -> String {
    place
        .map(|place| format!(" (line {})", place.line))
        .unwrap_or_default()
}
