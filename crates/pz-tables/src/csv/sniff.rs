//! Finds out how a text table is written: delimiter, preamble, header. Looks at the start of the file only and
//! must never choose a letter, a digit, `_`, `.` or a quote as the delimiter.

use super::quotes::has_text_behind_quote;
use super::split::{Dialect, Records};
use super::value::{is_missing, parse_f64, trim};
use super::{ecsv, header};
use crate::error::TableError;
use crate::layout::{Delimiter, TextLayout};
use crate::names;
use crate::recognise::{BOM, extension};

/// Records that decide.
const SAMPLE_RECORDS: usize = 100;

/// Share of the sampled records that must have the same number of fields.
const MOSTLY: f64 = 0.8;

/// Candidates, the earlier the better between equals.
const CANDIDATES: [Delimiter; 6] = [
    Delimiter::Character(b','),
    Delimiter::Character(b'\t'),
    Delimiter::Character(b';'),
    Delimiter::Character(b'|'),
    Delimiter::Blanks,
    Delimiter::Character(b':'),
];

/// How a text table is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sniffed {
    pub(crate) dialect: Dialect,
    pub(crate) preamble: Vec<String>,
    pub(crate) has_header: bool,
    pub(crate) names: Vec<String>,
    /// Offset and line (from 1) of the first data row or what stands before it.
    pub(crate) data_start: u64,
    pub(crate) data_line: u64,
}

/// A sample split with one candidate.
struct Trial {
    dialect: Dialect,
    rows: Vec<Vec<String>>,
    starts: Vec<u32>,
    /// Where the whole records end.
    consumed: usize,
    /// The most frequent number of fields, and the share of the rows that have it.
    width: usize,
    share: f64,
    numeric_share: f64,
}

impl Trial {
    /// Whether all rows that start with `#` have another number of fields than the others, so that they are comments.
    fn has_comments(&self) -> bool {
        let mut marked = self
            .rows
            .iter()
            .filter(|row| row.first().is_some_and(|cell| cell.starts_with('#')));
        let is_comment = |row: &Vec<String>| row.len() != self.width;
        marked.next().is_some_and(is_comment) && marked.all(is_comment)
    }
}

/// Looks at the start of a file. `head` must hold whole records unless it is the whole file (`is_whole`).
pub(crate) fn sniff(head: &[u8], is_whole: bool, file_name: &str) -> Result<Sniffed, TableError> {
    let bom = if head.starts_with(BOM) { BOM.len() } else { 0 };
    let body = head.get(bom..).unwrap_or_default();
    let lines_end_with_cr = !body.contains(&b'\n') && body.contains(&b'\r');
    let line_end = if lines_end_with_cr { b'\r' } else { b'\n' };
    let (comments, table_start) = leading_comments(body, line_end);
    let table = body.get(table_start..).unwrap_or_default();
    if table.trim_ascii().is_empty() {
        return only_comments(&comments, lines_end_with_cr, body.len() + bom, file_name);
    }
    let ecsv = ecsv::is_ecsv(&comments);
    // An ECSV file says what its delimiter is: two blanks are an empty field, and a tab belongs to a text.
    let told = ecsv.then(|| ecsv::delimiter(&comments));
    let trials: Vec<Trial> = told
        .iter()
        .chain(&CANDIDATES)
        .map(|delimiter| {
            let dialect = Dialect {
                delimiter: *delimiter,
                lines_end_with_cr,
                skips_comments: !comments.is_empty() || *delimiter == Delimiter::Blanks,
            };
            let trial = try_delimiter(table, is_whole, dialect);
            if trial.has_comments() {
                let skips_comments = true;
                return try_delimiter(
                    table,
                    is_whole,
                    Dialect {
                        skips_comments,
                        ..dialect
                    },
                );
            }
            trial
        })
        .collect();
    let is_csv_name = matches!(
        extension(file_name).as_str(),
        "csv" | "tsv" | "tab" | "psv" | "ssv"
    );
    let trial = match trials
        .first()
        .filter(|trial| told.is_some() && trial.share >= 1.0)
    {
        Some(trial) => trial,
        None => choose(&trials, is_csv_name, file_name)?,
    };
    let titles = if is_csv_name { 0 } else { title_lines(trial) };
    let rows = trial.rows.get(titles..).unwrap_or_default();
    let columns = if titles > 0 {
        trial.width
    } else {
        rows.first().map_or(trial.width, Vec::len)
    };

    let commented = comments
        .iter()
        .rev()
        .take(if ecsv { 0 } else { usize::MAX })
        .find_map(|line| header::commented(line, trial.dialect.delimiter, columns));
    let own = header::is_header(rows);
    let (has_header, names, data_record) = match (own, commented) {
        (true, _) => (true, rows.first().cloned().unwrap_or_default(), titles + 1),
        (false, Some(names)) => (true, names, titles),
        (false, None) => (false, names::numbered(columns), titles),
    };
    let mut preamble = comments;
    preamble.extend(trial.rows.iter().take(titles).map(|row| row.join(" ")));
    preamble.truncate(TextLayout::MAX_PREAMBLE);
    let (data_start, data_line) = data_position(trial, table, data_record, line_end);
    let lines_above = body
        .get(..table_start)
        .unwrap_or_default()
        .iter()
        .filter(|b| **b == line_end)
        .count();
    Ok(Sniffed {
        dialect: trial.dialect,
        preamble,
        has_header,
        names: names::unique(names),
        data_start: (bom + table_start + data_start) as u64,
        data_line: lines_above as u64 + data_line,
    })
}

/// Offset in `table` and line (from 1) behind the records before `data_record`.
fn data_position(trial: &Trial, table: &[u8], data_record: usize, line_end: u8) -> (usize, u64) {
    let start = match trial.starts.get(data_record) {
        Some(start) => *start as usize,
        // A header and no whole record behind it.
        None => trial.consumed,
    };
    let above = table.get(..start).unwrap_or_default();
    (
        start,
        above.iter().filter(|byte| **byte == line_end).count() as u64 + 1,
    )
}

/// The `#` lines (and blank lines) at the start, and where they end.
fn leading_comments(body: &[u8], line_end: u8) -> (Vec<String>, usize) {
    let (mut lines, mut at) = (Vec::new(), 0);
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        let length = memchr::memchr(line_end, rest).unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or_default().trim_ascii();
        if line.first() == Some(&b'#') {
            lines.push(String::from_utf8_lossy(line).into_owned());
        } else if !line.is_empty() {
            break;
        }
        at += (length + 1).min(rest.len());
    }
    (lines, at)
}

/// A file of nothing but comments: the last line may name columns of a table without rows.
fn only_comments(
    comments: &[String],
    lines_end_with_cr: bool,
    end: usize,
    file_name: &str,
) -> Result<Sniffed, TableError> {
    let file = file_name.to_owned();
    let Some(line) = comments.last() else {
        return Err(TableError::EmptyFile { file });
    };
    let found = CANDIDATES.iter().find_map(|delimiter| {
        let names = header::split_comment(line, *delimiter);
        (comments.len() == 1 && names.len() > 1 && header::are_names(&names)).then_some((*delimiter, names))
    });
    let Some((delimiter, names)) = found else {
        let reason = "it has comment lines (starting with '#') and nothing else".to_owned();
        return Err(TableError::NotATable {
            file,
            reason,
            line: Some(1),
            byte: Some(0),
        });
    };
    Ok(Sniffed {
        dialect: Dialect {
            delimiter,
            lines_end_with_cr,
            skips_comments: true,
        },
        preamble: comments.to_vec(),
        has_header: true,
        names: names::unique(names),
        data_start: end as u64,
        data_line: 2,
    })
}

fn try_delimiter(table: &[u8], is_whole: bool, dialect: Dialect) -> Trial {
    let mut records = Records::default();
    // The first hundred records rarely need the whole head.
    let mut length = table.len().min(32 * 1024);
    let consumed = loop {
        let whole = is_whole && length == table.len();
        let split = records.split(table.get(..length).unwrap_or_default(), whole, dialect);
        if records.len() > SAMPLE_RECORDS || length == table.len() {
            break split.consumed;
        }
        length = (length * 4).min(table.len());
    };
    let mut scratch = Vec::new();
    let mut text_behind_quotes = 0usize;
    let mut rows = Vec::new();
    for index in 0..records.len().min(SAMPLE_RECORDS) {
        let fields = records.fields(index);
        let mut row = Vec::with_capacity(fields.len());
        let mut behind_quote = false;
        for span in fields {
            behind_quote |= has_text_behind_quote(*span, table);
            row.push(String::from_utf8_lossy(span.bytes(table, &mut scratch)).into_owned());
        }
        text_behind_quotes += usize::from(behind_quote);
        rows.push(row);
    }
    let width = most_frequent_width(&rows);
    let same = rows
        .iter()
        .filter(|row| row.len() == width)
        .count()
        .saturating_sub(text_behind_quotes);
    let cells = rows
        .iter()
        .flatten()
        .filter(|cell| !is_missing(trim(cell.as_bytes())));
    let (mut numeric, mut present) = (0usize, 0usize);
    for cell in cells {
        present += 1;
        numeric += usize::from(is_number(cell));
    }
    Trial {
        dialect,
        share: same as f64 / rows.len().max(1) as f64,
        numeric_share: numeric as f64 / present.max(1) as f64,
        width,
        consumed,
        starts: records.starts.clone(),
        rows,
    }
}

pub(super) fn is_number(cell: &str) -> bool {
    parse_f64(trim(cell.as_bytes())).is_some()
}

/// The most frequent number of fields; the larger between equals.
fn most_frequent_width(rows: &[Vec<String>]) -> usize {
    let mut widths: Vec<usize> = rows.iter().map(Vec::len).collect();
    widths.sort_unstable();
    let mut best = (0, 0);
    for group in widths.chunk_by(|a, b| a == b) {
        if group.len() >= best.0 {
            best = (group.len(), group.first().copied().unwrap_or(0));
        }
    }
    best.1
}

/// The delimiter that splits the sample most evenly.
fn choose<'a>(trials: &'a [Trial], is_csv_name: bool, file_name: &str) -> Result<&'a Trial, TableError> {
    if let Some(first) = trials.first()
        && trials.iter().all(|trial| trial.rows.is_empty())
    {
        // No record ends within the head: the pass over the file will say why.
        return Ok(first);
    }
    let splits = |trial: &&Trial| trial.width > 1;
    // Every row alike: then the one that yields numbers, then the order of the candidates.
    let even = trials.iter().filter(splits).filter(|trial| trial.share >= 1.0);
    if let Some(best) = best_by(even, |trial| {
        if trial.dialect.delimiter == Delimiter::Character(b':') {
            -1.0
        } else {
            trial.numeric_share
        }
    }) {
        return Ok(best);
    }
    let single = trials.iter().find(|trial| trial.width == 1 && trial.share >= 1.0);
    let mostly = trials.iter().filter(splits).filter(|trial| trial.share >= MOSTLY);
    // Free text in one column often has blanks, so they count only when nothing else does.
    let strict = |trial: &&Trial| trial.dialect.delimiter != Delimiter::Blanks || !is_csv_name;
    // Times have colons too: they split a table only when they split its header.
    let titled = |trial: &&Trial| {
        trial.dialect.delimiter != Delimiter::Character(b':')
            || trial.rows.first().is_some_and(|row| row.len() == trial.width)
    };
    if let Some(best) = best_by(mostly.filter(strict).filter(titled), |trial| trial.share) {
        return Ok(best);
    }
    let occurs_in_first = |trial: &&Trial| trial.rows.first().is_some_and(|row| row.len() > 1);
    if is_csv_name {
        // The header decides, and the first row that does not follow it will be reported.
        let named = trials.iter().filter(strict).find(occurs_in_first);
        if let Some(found) = named.or(single).or_else(|| trials.first()) {
            return Ok(found);
        }
    }
    let likely = trials
        .iter()
        .filter(splits)
        .filter(|trial| trial.share >= 0.5 && trial.numeric_share >= 0.5);
    if let Some(found) = best_by(likely, |trial| trial.share) {
        return Ok(found);
    }
    if let Some(found) = single.filter(|trial| is_one_column(trial)) {
        return Ok(found);
    }
    Err(TableError::NotATable {
        file: file_name.to_owned(),
        reason: "it is text, but its lines do not split into equal numbers of fields by commas, tabs, semicolons, \
                 bars, blanks or colons"
            .to_owned(),
        line: Some(1),
        byte: Some(0),
    })
}

/// One column of single words, not prose.
fn is_one_column(trial: &Trial) -> bool {
    let words = trial
        .rows
        .iter()
        .flatten()
        .filter(|cell| !cell.trim().contains([' ', '\t']))
        .count();
    words as f64 >= MOSTLY * trial.rows.len() as f64
}

/// The first of those with the largest score.
fn best_by<'a>(trials: impl Iterator<Item = &'a Trial>, score: impl Fn(&Trial) -> f64) -> Option<&'a Trial> {
    trials.fold(None, |best: Option<&Trial>, trial| match best {
        Some(best) if score(best) >= score(trial) => Some(best),
        _ => Some(trial),
    })
}

/// Leading records of words only that have another number of fields than the table: titles.
fn title_lines(trial: &Trial) -> usize {
    if trial.width < 2 {
        return 0;
    }
    let titles = trial
        .rows
        .iter()
        .take_while(|row| row.len() != trial.width && !row.iter().any(|cell| is_number(cell)))
        .count();
    if titles < trial.rows.len() { titles } else { 0 }
}
