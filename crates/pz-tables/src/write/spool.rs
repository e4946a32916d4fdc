//! Sets batches aside until everything is known that the format wants to know beforehand. Must never hold more
//! than a batch.

use std::io::{BufReader, BufWriter, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;

use super::finish::name_of;
use super::{FactsScan, OutputFormat, TableWriter, WriteOptions, start};
use crate::error::TableError;

/// A file without a name has no path that an error could show.
#[expect(
    clippy::disallowed_types,
    reason = "fs_err adds the path to errors, and there is none"
)]
type Unnamed = std::fs::File;

/// Batches in an unnamed temporary file beside the file to be written.
pub(super) struct Spool {
    path: PathBuf,
    format: OutputFormat,
    schema: SchemaRef,
    options: WriteOptions,
    facts: FactsScan,
    batches: StreamWriter<BufWriter<Unnamed>>,
}

impl Spool {
    pub(super) fn new(
        path: &Path,
        format: OutputFormat,
        schema: &SchemaRef,
        options: &WriteOptions,
    ) -> Result<Self, TableError> {
        let directory = path.parent().unwrap_or(Path::new("."));
        let file =
            tempfile::tempfile_in(directory).map_err(|source| TableError::io(&name_of(path), source))?;
        Ok(Self {
            path: path.to_owned(),
            format,
            schema: schema.clone(),
            options: options.clone(),
            facts: FactsScan::new(schema),
            batches: StreamWriter::try_new(BufWriter::new(file), schema)
                .map_err(|error| spool_error(path, error))?,
        })
    }
}

fn spool_error(path: &Path, error: arrow::error::ArrowError) -> TableError {
    let source = match error {
        arrow::error::ArrowError::IoError(_, source) => source,
        other => std::io::Error::other(other),
    };
    TableError::io(&name_of(path), source)
}

impl TableWriter for Spool {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        self.facts.push(batch);
        self.batches
            .write(batch)
            .map_err(|error| spool_error(&self.path, error))
    }

    fn finish(mut self: Box<Self>) -> Result<(), TableError> {
        let fail = |error| spool_error(&self.path, error);
        self.batches.finish().map_err(fail)?;
        let io = |source| TableError::io(&name_of(&self.path), source);
        let mut file = self
            .batches
            .into_inner()
            .map_err(fail)?
            .into_inner()
            .map_err(|error| io(error.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        let facts = self.facts.finish();
        let mut writer = start(&self.path, self.format, &self.schema, &facts, &self.options)?;
        for batch in StreamReader::try_new(BufReader::new(file), None).map_err(fail)? {
            writer.write(&batch.map_err(fail)?)?;
        }
        writer.finish()
    }
}
