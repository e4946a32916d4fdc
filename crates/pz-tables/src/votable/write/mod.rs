//! Writes VOTable 1.4 (read by everything that reads VOTable; 1.5 changed nothing about a table's cells): one
//! TABLE, its rows as BINARY2, so that numbers are exact to the last bit and a missing value is a bit of its own.
//!
//! Types that VOTable lacks become the next one that holds every value: 8-bit signed integers `short`, unsigned
//! 16 and 32 bits `int` and `long`, unsigned 64 bits `long` when all fit and else text, half precision `float`,
//! decimals `double` up to 15 digits and else text, dates and times text in ISO 8601 (with the xtype `timestamp`
//! where it is one), durations `long` with their unit, bytes lists of `unsignedByte`.

mod base64;
mod column;
mod encode;
mod xml;

use std::io::{BufWriter, Write};
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use fs_err::File;

use self::base64::Base64Lines;
use self::column::Plan;
use self::encode::{Encoder, Put};
use crate::error::TableError;
use crate::write::{TableFacts, TableWriter, WriteOptions};

/// Bytes of rows gathered before they are written.
const BUFFER: usize = 256 * 1024;

/// Starts a VOTable file at `path`.
pub(crate) fn create(
    path: &Path,
    schema: &SchemaRef,
    facts: &TableFacts,
    _options: &WriteOptions,
) -> Result<Box<dyn TableWriter>, TableError> {
    let mut plans = Vec::with_capacity(schema.fields().len());
    for (index, field) in schema.fields().iter().enumerate() {
        plans.push(Plan::new(field, facts.columns.get(index))?);
    }
    let file_name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let io = |source| TableError::io(&file_name, source);
    let mut file = BufWriter::with_capacity(BUFFER, File::create(path).map_err(io)?);
    file.write_all(xml::head(&plans, facts.n_rows).as_bytes())
        .map_err(io)?;
    Ok(Box::new(VotableWriter {
        file_name,
        out: Base64Lines::new(file),
        plans,
        expected_rows: facts.n_rows,
        rows: 0,
        buffer: Vec::with_capacity(BUFFER),
    }))
}

/// A VOTable being written.
struct VotableWriter {
    file_name: String,
    out: Base64Lines<BufWriter<File>>,
    plans: Vec<Plan>,
    /// What the file says already.
    expected_rows: u64,
    rows: u64,
    /// Rows not written yet.
    buffer: Vec<u8>,
}

impl TableWriter for VotableWriter {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        let encoders: Vec<Encoder<'_>> = self
            .plans
            .iter()
            .zip(batch.columns())
            .map(|(plan, array)| Encoder::new(plan, array))
            .collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            let mask = self.buffer.len();
            self.buffer.resize(mask + self.plans.len().div_ceil(8), 0);
            for (column, encoder) in encoders.iter().enumerate() {
                let put = encoder.put(row, &mut self.buffer).map_err(|reason| {
                    let row = self.rows + row as u64 + 1;
                    encoder.plan.unwritable(&format!("row {row}: {reason}"))
                })?;
                if put == Put::Null
                    && let Some(bits) = self.buffer.get_mut(mask + column / 8)
                {
                    *bits |= 0x80 >> (column % 8);
                }
            }
            if self.buffer.len() >= BUFFER {
                flush(&mut self.out, &mut self.buffer, &self.file_name)?;
            }
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), TableError> {
        flush(&mut self.out, &mut self.buffer, &self.file_name)?;
        if self.rows != self.expected_rows {
            let reason = format!(
                "{} rows came where {} were announced",
                self.rows, self.expected_rows
            );
            return Err(TableError::io(&self.file_name, std::io::Error::other(reason)));
        }
        let io = |source| TableError::io(&self.file_name, source);
        let mut file = self.out.finish().map_err(io)?;
        file.write_all(xml::TAIL.as_bytes()).map_err(io)?;
        file.flush().map_err(io)
    }
}

/// Writes the rows gathered.
fn flush(
    out: &mut Base64Lines<BufWriter<File>>,
    buffer: &mut Vec<u8>,
    file_name: &str,
) -> Result<(), TableError> {
    out.write(buffer)
        .map_err(|source| TableError::io(file_name, source))?;
    buffer.clear();
    Ok(())
}
