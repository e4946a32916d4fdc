//! Splits bytes into records and fields: delimiters, double quotes, quoted line ends, comments, blank lines.
//! Must never allocate per field, and never look at what a field means.

use memchr::{memchr, memchr_iter};

use super::quotes::{Span, quoted_field, trim_return};
use crate::layout::Delimiter;

/// How the bytes are to be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: Delimiter,
    pub(crate) lines_end_with_cr: bool,
    pub(crate) skips_comments: bool,
}

impl Dialect {
    pub(crate) fn line_end(self) -> u8 {
        if self.lines_end_with_cr { b'\r' } else { b'\n' }
    }
}

/// The records found at the front of a buffer. Reused from block to block.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) spans: Vec<Span>,
    /// For each record the end of its fields in `spans`.
    ends: Vec<u32>,
    /// For each record where it starts in the buffer.
    pub(crate) starts: Vec<u32>,
}

/// How the splitting of a buffer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Split {
    /// Bytes of the buffer that are done with: whole records, blank lines and comments.
    pub(crate) consumed: usize,
    /// Offset of a record with a quote that is open at the end of the buffer.
    pub(crate) open_quote: Option<usize>,
}

impl Records {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Number of fields of record `index`.
    pub(crate) fn width(&self, index: usize) -> usize {
        let end = self.ends.get(index).copied().unwrap_or(0) as usize;
        end - self.begin(index)
    }

    fn begin(&self, index: usize) -> usize {
        index
            .checked_sub(1)
            .and_then(|previous| self.ends.get(previous))
            .map_or(0, |end| *end as usize)
    }

    /// The fields of record `index`.
    pub(crate) fn fields(&self, index: usize) -> &[Span] {
        let end = self.ends.get(index).copied().unwrap_or(0) as usize;
        self.spans.get(self.begin(index)..end).unwrap_or_default()
    }

    /// The first record that has not `width` fields.
    pub(crate) fn first_ragged(&self, width: usize) -> Option<usize> {
        let mut expected = 0;
        self.ends.iter().position(|end| {
            expected += width;
            *end as usize != expected
        })
    }

    /// Splits the records at the front of `buffer` (shorter than 2 GiB). A record without its line end counts
    /// only when the buffer is `at_end` of the file.
    pub(crate) fn split(&mut self, buffer: &[u8], at_end: bool, dialect: Dialect) -> Split {
        self.spans.clear();
        self.ends.clear();
        self.starts.clear();
        let line_end = dialect.line_end();
        // Without a line end behind them the last bytes cannot be a record yet.
        let usable = match (at_end, memchr::memrchr(line_end, buffer)) {
            (true, _) => buffer.len(),
            (false, Some(last)) => last + 1,
            (false, None) => 0,
        };
        let Some(usable) = buffer.get(..usable) else {
            return Split {
                consumed: 0,
                open_quote: None,
            };
        };
        match dialect.delimiter {
            Delimiter::Blanks => self.split_blanks(usable, line_end, dialect.skips_comments),
            Delimiter::Character(delimiter) if dialect.skips_comments || memchr(b'"', usable).is_some() => {
                self.split_quoted(usable, delimiter, line_end, dialect.skips_comments)
            }
            Delimiter::Character(delimiter) => self.split_plain(usable, delimiter, line_end),
        }
    }

    /// No quotes and no comments: every delimiter and line end is one.
    fn split_plain(&mut self, buffer: &[u8], delimiter: u8, line_end: u8) -> Split {
        let (mut field, mut record) = (0, 0);
        let (delimiters, line_ends) = (repeated(delimiter), repeated(line_end));
        for base in (0..buffer.len()).step_by(8) {
            let word = match buffer.get(base..base + 8) {
                Some(word) => word.try_into().map(u64::from_le_bytes).unwrap_or_default(),
                None => last_word(buffer.get(base..).unwrap_or_default()),
            };
            // Fields are short: looking at eight bytes at once beats a search for each delimiter.
            let mut hits = zero_bytes(word ^ delimiters) | zero_bytes(word ^ line_ends);
            while hits != 0 {
                let bit = hits.trailing_zeros();
                hits &= hits - 1;
                let at = base + bit as usize / 8;
                if (word >> (bit & 56)) as u8 == delimiter {
                    self.spans.push(Span::plain(field, at));
                } else {
                    self.spans
                        .push(Span::plain(field, trim_return(buffer, field, at, line_end)));
                    self.end_record(buffer, record);
                    record = at + 1;
                }
                field = at + 1;
            }
        }
        if record < buffer.len() {
            self.spans.push(Span::plain(
                field,
                trim_return(buffer, field, buffer.len(), line_end),
            ));
            self.end_record(buffer, record);
        }
        Split {
            consumed: buffer.len(),
            open_quote: None,
        }
    }

    fn split_quoted(&mut self, buffer: &[u8], delimiter: u8, line_end: u8, comments: bool) -> Split {
        let mut record = 0;
        while record < buffer.len() {
            if comments && buffer.get(record) == Some(&b'#') {
                record = end_of_line(buffer, record, line_end);
                continue;
            }
            let mut field = record;
            let next_record = loop {
                let (span, end) = if buffer.get(field) == Some(&b'"') {
                    let Some((span, end)) = quoted_field(buffer, field, |byte| byte == delimiter, line_end)
                    else {
                        return self.roll_back(record);
                    };
                    (span, end)
                } else {
                    let end = find_any(buffer, field, [delimiter, line_end]);
                    (Span::plain(field, end), end)
                };
                if buffer.get(end) == Some(&delimiter) {
                    self.spans.push(span);
                    field = end + 1;
                    continue;
                }
                self.spans.push(if buffer.get(field) != Some(&b'"') {
                    Span::plain(field, trim_return(buffer, field, end, line_end))
                } else {
                    span
                });
                break end + 1;
            };
            self.end_record(buffer, record);
            record = next_record;
        }
        Split {
            consumed: buffer.len(),
            open_quote: None,
        }
    }

    fn split_blanks(&mut self, buffer: &[u8], line_end: u8, comments: bool) -> Split {
        let mut record = 0;
        while record < buffer.len() {
            if comments && first_visible(buffer, record) == Some(b'#') {
                record = end_of_line(buffer, record, line_end);
                continue;
            }
            let first = self.spans.len();
            let mut at = record;
            loop {
                while matches!(buffer.get(at), Some(b' ' | b'\t')) {
                    at += 1;
                }
                match buffer.get(at) {
                    None => break,
                    Some(byte) if *byte == line_end => break,
                    Some(b'\r') if matches!(buffer.get(at + 1), Some(b'\n') | None) => {
                        at += 1;
                        break;
                    }
                    Some(b'"') => {
                        let Some((span, end)) = quoted_field(buffer, at, is_blank, line_end) else {
                            return self.roll_back(record);
                        };
                        self.spans.push(span);
                        at = end;
                    }
                    Some(_) => {
                        let end = find_any(buffer, at, [b' ', b'\t', line_end]);
                        self.spans
                            .push(Span::plain(at, trim_return(buffer, at, end, line_end)));
                        at = end;
                    }
                }
            }
            if self.spans.len() > first {
                self.starts.push(record as u32);
                self.ends.push(self.spans.len() as u32);
            }
            record = at + 1;
        }
        Split {
            consumed: buffer.len(),
            open_quote: None,
        }
    }

    /// Ends the record, unless it is a blank line.
    #[inline]
    fn end_record(&mut self, buffer: &[u8], start: usize) {
        let begin = self.ends.last().map_or(0, |end| *end as usize);
        if self.spans.len() - begin == 1
            && self.spans.last().is_some_and(|span| {
                span.raw(buffer).iter().all(|byte| is_blank(*byte)) && buffer.get(start) != Some(&b'"')
            })
        {
            self.spans.pop();
            return;
        }
        self.starts.push(start as u32);
        self.ends.push(self.spans.len() as u32);
    }

    /// Gives up the record that starts at `record`: its quote is open.
    fn roll_back(&mut self, record: usize) -> Split {
        self.spans
            .truncate(self.ends.last().map_or(0, |end| *end as usize));
        Split {
            consumed: record,
            open_quote: Some(record),
        }
    }
}

/// The byte in all eight places.
fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Less than eight bytes, filled up with a byte that is neither a delimiter nor a line end.
fn last_word(bytes: &[u8]) -> u64 {
    let mut word = [0xff; 8];
    word.iter_mut()
        .zip(bytes)
        .for_each(|(place, byte)| *place = *byte);
    u64::from_le_bytes(word)
}

/// The highest bit of every byte that is zero, exactly.
#[inline]
fn zero_bytes(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    !(((word & LOW) + LOW) | word | LOW)
}

#[inline]
fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Where the first of `bytes` stands from `from` on, or the end of the buffer. Fields are short: looking at
/// eight bytes at once beats the set-up of a longer search.
#[inline]
fn find_any<const N: usize>(buffer: &[u8], from: usize, bytes: [u8; N]) -> usize {
    let rest = buffer.get(from..).unwrap_or_default();
    let wanted = bytes.map(repeated);
    let mut words = rest.chunks_exact(8);
    let mut base = from;
    for word in &mut words {
        let word = word.try_into().map(u64::from_le_bytes).unwrap_or_default();
        let hits = wanted.iter().fold(0, |hits, byte| hits | zero_bytes(word ^ byte));
        if hits != 0 {
            return base + hits.trailing_zeros() as usize / 8;
        }
        base += 8;
    }
    let remainder = words.remainder();
    base + remainder
        .iter()
        .position(|byte| bytes.contains(byte))
        .unwrap_or(remainder.len())
}

fn end_of_line(buffer: &[u8], from: usize, line_end: u8) -> usize {
    let rest = buffer.get(from..).unwrap_or_default();
    memchr(line_end, rest).map_or(buffer.len(), |end| from + end + 1)
}

fn first_visible(buffer: &[u8], from: usize) -> Option<u8> {
    buffer.get(from..)?.iter().copied().find(|byte| !is_blank(*byte))
}

/// Number of lines that end within `bytes`.
pub(crate) fn count_lines(bytes: &[u8], dialect: Dialect) -> u64 {
    memchr_iter(dialect.line_end(), bytes).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, delimiter: Delimiter, comments: bool) -> Vec<Vec<String>> {
        let dialect = Dialect {
            delimiter,
            lines_end_with_cr: false,
            skips_comments: comments,
        };
        let mut records = Records::default();
        let split = records.split(text.as_bytes(), true, dialect);
        assert_eq!(
            split,
            Split {
                consumed: text.len(),
                open_quote: None
            },
            "{text:?}"
        );
        let mut scratch = Vec::new();
        (0..records.len())
            .map(|index| {
                let fields = records.fields(index).iter();
                fields
                    .map(|span| String::from_utf8_lossy(span.bytes(text.as_bytes(), &mut scratch)).into())
                    .collect()
            })
            .collect()
    }

    const COMMA: Delimiter = Delimiter::Character(b',');

    #[test]
    fn fields_of_delimited_text() {
        assert_eq!(
            split("a,b\n1,\n,\n", COMMA, false),
            [["a", "b"], ["1", ""], ["", ""]]
        );
        assert_eq!(split("a,b\r\n1,2", COMMA, false), [["a", "b"], ["1", "2"]]);
        assert_eq!(split("\n\na\n \nb\n\r\n", COMMA, false), [["a"], ["b"]]);
        assert_eq!(
            split("\"a,\n\"\"b\",c\r\n\"\",\"d\"\r\n", COMMA, false),
            [["a,\n\"b", "c"], ["", "d"]]
        );
        assert_eq!(split("\"\"\n5\" pipe\n", COMMA, false), [[""], ["5\" pipe"]]);
        assert_eq!(split("\"a\"x,b\r\n", COMMA, false), [["ax", "b"]]);
        assert_eq!(split("\"a\"\"b\"x\"y\",b\n", COMMA, false), [["a\"bx\"y\"", "b"]]);
        assert_eq!(split("#x\na,#b\n#c\n", COMMA, true), [["a", "#b"]]);
        assert_eq!(split("\"a\"", COMMA, false), [["a"]]);
    }

    #[test]
    fn fields_of_aligned_text() {
        let found = split(
            "  1   2.5\tx\r\n\n3 4 \"a b\"  \n # c\n5 \"\" 6",
            Delimiter::Blanks,
            true,
        );
        assert_eq!(found, [["1", "2.5", "x"], ["3", "4", "a b"], ["5", "", "6"]]);
    }

    #[test]
    fn unfinished_records_wait() {
        let dialect = Dialect {
            delimiter: COMMA,
            lines_end_with_cr: false,
            skips_comments: false,
        };
        let mut records = Records::default();
        assert_eq!(
            records.split(b"a,b\nc", false, dialect),
            Split {
                consumed: 4,
                open_quote: None
            }
        );
        assert_eq!(records.len(), 1);
        let open = records.split(b"a,b\nc,\"d\n", false, dialect);
        assert_eq!(
            (open, records.len(), records.spans.len()),
            (
                Split {
                    consumed: 4,
                    open_quote: Some(4)
                },
                1,
                2
            )
        );
    }
}
