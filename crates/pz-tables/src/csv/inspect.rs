//! The one pass over a text table: checks every record, widens the types, collects statistics and the row
//! index. Must never read a byte twice, apart from the head that the dialect is found from.

use std::io::Read;
use std::path::Path;

use fs_err::File;

use super::blocks::{Block, Blocks, checked_text};
use super::column::{Cells, ColumnScan, Scratch};
use super::ecsv;
use super::sniff::{Sniffed, sniff};
use super::split::{Dialect, Records, count_lines};
use crate::error::TableError;
use crate::layout::{Delimiter, Layout, RowIndex, TextLayout};
use crate::recognise::Format;
use crate::schema::{ColumnInfo, TableSchema};
use crate::{Inspection, Limits};

/// Bytes from which the dialect is found, unless records are longer.
const HEAD: usize = 256 * 1024;

/// Bytes between two entries of the row index, at least on average.
const INDEX_SPACING: u64 = 64 * 1024;

/// Describes a text table.
pub(crate) fn inspect(path: &Path, file_name: &str, limits: &Limits) -> Result<Inspection, TableError> {
    let io = |source| TableError::io(file_name, source);
    let mut file = File::open(path).map_err(io)?;
    let file_bytes = file.metadata().map_err(io)?.len();
    let mut sniffed = sniff_file(&mut file, file_name, limits)?;
    let columns = sniffed.names.len();
    limits.check_columns(file_name, columns)?;

    let mut blocks = Blocks::new(
        file,
        file_name,
        sniffed.dialect,
        limits,
        sniffed.data_start,
        sniffed.data_line,
    )?;
    let mut records = Records::default();
    let mut scans: Vec<ColumnScan> = (0..columns).map(|_| ColumnScan::new(columns)).collect();
    let mut scratch = Scratch::default();
    let mut index = RowIndex::new();
    let mut has_marked_rows = false;
    while let Some(block) = blocks.next(&mut records, index.rows())? {
        let mut dialect = sniffed.dialect;
        if !dialect.skips_comments && memchr::memchr(b'#', block.text.as_bytes()).is_some() {
            if !has_marked_rows && first_is_comment(&records, &block, columns) {
                dialect.skips_comments = true;
                records.split(block.text.as_bytes(), true, dialect);
            } else {
                has_marked_rows |= records.starts.iter().any(|start| is_marked(&block, *start));
            }
        }
        check_widths(&records, &block, columns, index.rows(), dialect, file_name)?;
        for start in &records.starts {
            index.push(block.offset + u64::from(*start));
        }
        for (column, scan) in scans.iter_mut().enumerate() {
            let cells = Cells {
                text: block.text,
                spans: &records.spans,
                column,
                columns,
            };
            scan.scan(cells, &mut scratch);
        }
        if dialect != sniffed.dialect {
            blocks.skip_comments();
            sniffed.dialect = dialect;
        }
    }
    Ok(finish(sniffed, scans, index, file_bytes))
}

fn finish(sniffed: Sniffed, scans: Vec<ColumnScan>, index: RowIndex, file_bytes: u64) -> Inspection {
    let n_rows = index.rows();
    let (stride, offsets) = index.finish(file_bytes.saturating_sub(sniffed.data_start), INDEX_SPACING);
    let described = ecsv::columns(&sniffed.preamble);
    let (columns, statistics): (Vec<ColumnInfo>, Vec<_>) = sniffed
        .names
        .into_iter()
        .zip(scans)
        .map(|(name, scan)| {
            let (data_type, statistics) = scan.finish(n_rows);
            let mut column = ColumnInfo::plain(name, data_type, statistics.missing > 0);
            if let Some(found) = described.iter().find(|found| found.name == column.name) {
                column.unit.clone_from(&found.unit);
                column.description.clone_from(&found.description);
            }
            (column, statistics)
        })
        .unzip();
    let layout = TextLayout {
        file_bytes,
        delimiter: sniffed.dialect.delimiter,
        lines_end_with_cr: sniffed.dialect.lines_end_with_cr,
        skips_comments: sniffed.dialect.skips_comments,
        has_header: sniffed.has_header,
        preamble: sniffed.preamble,
        columns: columns.clone(),
        n_rows,
        data_start: sniffed.data_start,
        data_line: sniffed.data_line,
        stride,
        offsets,
    };
    let schema = TableSchema { columns };
    Inspection {
        format: Format::Csv,
        schema,
        n_rows,
        statistics,
        layout: Layout::Csv(layout),
    }
}

/// Whether the first row that starts with `#` has another number of fields than the table, so that it is a comment.
/// Comments may begin anywhere in a table, as long as no row before has to be taken back.
fn first_is_comment(records: &Records, block: &Block<'_>, columns: usize) -> bool {
    let first = records.starts.iter().position(|start| is_marked(block, *start));
    first.is_some_and(|row| records.width(row) != columns)
}

fn is_marked(block: &Block<'_>, start: u32) -> bool {
    block.text.as_bytes().get(start as usize) == Some(&b'#')
}

/// Looks at the first [`HEAD`] bytes, or at more until they hold whole records.
fn sniff_file(file: &mut File, file_name: &str, limits: &Limits) -> Result<Sniffed, TableError> {
    let mut head = Vec::new();
    let mut wanted = HEAD;
    loop {
        let missing = (wanted - head.len()) as u64;
        let read = file.by_ref().take(missing).read_to_end(&mut head);
        let is_whole = (read.map_err(|source| TableError::io(file_name, source))? as u64) < missing;
        let is_enough = is_whole || wanted > limits.max_record_bytes;
        let lines = memchr::memchr2_iter(b'\n', b'\r', &head).take(4).count();
        if lines == 4 || is_enough {
            let sniffed = sniff_head(&head, is_whole, file_name)?;
            if !sniffed.names.is_empty() || is_enough {
                return Ok(sniffed);
            }
        }
        wanted *= 4;
    }
}

fn sniff_head(head: &[u8], is_whole: bool, file_name: &str) -> Result<Sniffed, TableError> {
    let dialect = Dialect {
        delimiter: Delimiter::Blanks,
        lines_end_with_cr: !head.contains(&b'\n'),
        skips_comments: false,
    };
    let whole_lines = match memchr::memrchr(dialect.line_end(), head) {
        Some(end) if !is_whole => head.get(..=end).unwrap_or(head),
        _ => head,
    };
    checked_text(whole_lines, file_name, 0, 1, dialect)?;
    sniff(head, is_whole, file_name)
}

fn check_widths(
    records: &Records,
    block: &Block<'_>,
    columns: usize,
    rows_before: u64,
    dialect: Dialect,
    file_name: &str,
) -> Result<(), TableError> {
    let Some(ragged) = records.first_ragged(columns) else {
        return Ok(());
    };
    let start = records.starts.get(ragged).copied().unwrap_or(0);
    let above = block.text.as_bytes().get(..start as usize).unwrap_or_default();
    Err(TableError::RaggedRow {
        file: file_name.to_owned(),
        row: rows_before + ragged as u64 + 1,
        line: block.line + count_lines(above, dialect),
        byte: block.offset + u64::from(start),
        expected: columns as u64,
        found: records.width(ragged) as u64,
        delimiter: dialect.delimiter.in_words(),
    })
}
