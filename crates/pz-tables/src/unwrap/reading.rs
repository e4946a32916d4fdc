//! Tables read right out of archives: unpacked into a temporary file that lives as long as the reader. A HATS
//! layout of which no file is compressed is read in place.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use tempfile::TempPath;

use super::survey::Found;
use super::walk::{Archive, Opened};
use super::zip::ZipFile;
use super::{Container, UnwrapLimits, Unwrapped};
use crate::Inspection;
use crate::error::TableError;
use crate::hats;
use crate::layout::Layout;
use crate::reader::{Batches, ReadOptions, ScanOrder, TableReader};
use crate::recognise::Format;
use crate::schema::TableSchema;

/// What was unpacked.
enum Unpacked {
    Table { file: TempPath, name: String },
    Hats(OpenContainer),
}

/// A container (or any archive of which no member is compressed) with a HATS layout.
#[derive(Debug)]
pub(crate) struct OpenContainer {
    /// Stays readable when its name is gone.
    pub(crate) file: Arc<fs_err::File>,
    /// Directory of the layout, with a slash behind it; nothing at the top.
    pub(crate) root: String,
    pub(crate) container: Container,
}

impl OpenContainer {
    fn of(zip: &ZipFile, root: String) -> Result<Self, TableError> {
        Ok(Self {
            file: zip.file.clone(),
            root,
            container: Container::of(zip)?,
        })
    }
}

/// Opens the one table within the archive or compressed file at `path`.
pub(crate) fn open(
    path: &Path,
    file_name: &str,
    options: &ReadOptions,
    layout: Option<&Layout>,
) -> Result<Box<dyn TableReader>, TableError> {
    match unpack(path, file_name)? {
        Unpacked::Table { file, name } => {
            let reader = crate::open_with(&file, &name, options, layout)?;
            Ok(Box::new(Kept { reader, _file: file }))
        }
        Unpacked::Hats(container) => hats::open_container(container, file_name, layout),
    }
}

/// Describes the one table within the archive or compressed file at `path`.
pub(crate) fn inspect(path: &Path, file_name: &str, options: &ReadOptions) -> Result<Inspection, TableError> {
    match unpack(path, file_name)? {
        Unpacked::Table { file, name } => crate::inspect_with(&file, &name, options),
        Unpacked::Hats(container) => {
            let reader = hats::open_container(container, file_name, None)?;
            crate::describe::inspect_reader(reader.as_ref(), file_name, options)
        }
    }
}

fn unpack(path: &Path, file_name: &str) -> Result<Unpacked, TableError> {
    let limits = UnwrapLimits::default();
    let format = crate::recognise_file(path, file_name)?;
    if let Some(container) = in_place(path, file_name, format, &limits)? {
        return Ok(Unpacked::Hats(container));
    }
    let out = tempfile::Builder::new()
        .prefix(".pz-tables-")
        .tempfile()
        .map_err(|source| TableError::io(file_name, source))?
        .into_temp_path();
    match super::unwrap(path, file_name, &out, &limits)? {
        // The name within tells formats apart, the name without is what its user knows.
        Unwrapped::Table { name, .. } => Ok(Unpacked::Table {
            file: out,
            name: format!("{file_name}: {name}"),
        }),
        Unwrapped::Hats { .. } => {
            let zip = ZipFile::open(&out, file_name, &limits)?;
            Ok(Unpacked::Hats(OpenContainer::of(&zip, String::new())?))
        }
        Unwrapped::Other { reason } => Err(TableError::NotATable {
            file: file_name.to_owned(),
            reason,
            line: None,
            byte: None,
        }),
        Unwrapped::Plain => Err(TableError::UnsupportedFormat {
            file: file_name.to_owned(),
            format,
        }),
    }
}

/// A HATS layout that can be read where it is.
fn in_place(
    path: &Path,
    file_name: &str,
    format: Format,
    limits: &UnwrapLimits,
) -> Result<Option<OpenContainer>, TableError> {
    if format != Format::Zip {
        return Ok(None);
    }
    let Opened::Archive(archive) = super::walk::open(path, file_name, format, limits)? else {
        return Ok(None);
    };
    let Archive::Zip { zip, .. } = &archive else {
        return Ok(None);
    };
    if zip.entries.iter().any(|entry| entry.method != 0) || archive.unreadable().is_some() {
        return Ok(None);
    }
    match super::survey::survey(&archive, limits)? {
        Found::Hats { root } => OpenContainer::of(zip, root).map(Some),
        _ => Ok(None),
    }
}

/// A reader and the file that it reads.
#[derive(Debug)]
struct Kept {
    // Dropped first.
    reader: Box<dyn TableReader>,
    _file: TempPath,
}

impl TableReader for Kept {
    fn format(&self) -> Format {
        self.reader.format()
    }

    fn schema(&self) -> &TableSchema {
        self.reader.schema()
    }

    fn arrow_schema(&self) -> SchemaRef {
        self.reader.arrow_schema()
    }

    fn row_count(&self) -> u64 {
        self.reader.row_count()
    }

    fn layout(&self) -> Layout {
        self.reader.layout()
    }

    fn scan_order(&self) -> ScanOrder {
        self.reader.scan_order()
    }

    fn read_rows(&self, rows: Range<u64>, projection: Option<&[usize]>) -> Result<Batches<'_>, TableError> {
        self.reader.read_rows(rows, projection)
    }
}
