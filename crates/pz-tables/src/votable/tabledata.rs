//! Splits TABLEDATA into rows and cells. Must never mistake a `<TR` within a comment or a CDATA section for a row.

use super::markup::{Kind, Markup, attributes, local_name, markup, resolve, tag_name};
use super::rows::{Cells, Span};

/// What a call of [`split`] did.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split {
    /// Bytes of the rows found, and of what lies between them.
    pub(super) consumed: usize,
    /// What follows is the end of the TABLEDATA.
    pub(super) at_end: bool,
}

/// What is wrong with the rows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Offset in the bytes.
    pub(super) at: usize,
    pub(super) reason: String,
}

/// Why the splitting stops.
enum Stop {
    /// The next row is not complete.
    Incomplete,
    Fault(Fault),
}

impl Stop {
    fn fault(at: usize, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Fault(Fault { at, reason })
    }
}

/// Finds at most `max_rows` whole rows of `columns` cells at the start of `bytes` and appends their cells.
/// `row_start` is told where each begins; `rows_before` is for messages.
pub(super) fn split(
    bytes: &[u8],
    columns: usize,
    max_rows: usize,
    rows_before: u64,
    cells: &mut Cells,
    mut row_start: impl FnMut(usize),
) -> Result<Split, Fault> {
    let mut splitter = Splitter {
        bytes,
        columns,
        rows_before,
        at: 0,
    };
    let mut consumed = 0;
    while cells.rows < max_rows {
        let kept = cells.spans.len();
        match splitter.row(cells) {
            Ok(Some(start)) => {
                row_start(start);
                cells.rows += 1;
                consumed = splitter.at;
            }
            Ok(None) => {
                return Ok(Split {
                    consumed: splitter.at,
                    at_end: true,
                });
            }
            Err(Stop::Incomplete) => {
                cells.spans.truncate(kept);
                break;
            }
            Err(Stop::Fault(fault)) => return Err(fault),
        }
    }
    Ok(Split {
        consumed,
        at_end: false,
    })
}

struct Splitter<'a> {
    bytes: &'a [u8],
    columns: usize,
    rows_before: u64,
    at: usize,
}

impl<'a> Splitter<'a> {
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Passes one row; where it began, or none at the end of the TABLEDATA.
    fn row(&mut self, cells: &mut Cells) -> Result<Option<usize>, Stop> {
        let start = loop {
            self.skip_blanks("a row (TR)")?;
            let start = self.at;
            if self.rest().starts_with(b"<TR>") {
                self.at += 4;
                break start;
            }
            let found = self.markup()?;
            match found.kind {
                Kind::Comment | Kind::Instruction => self.at += found.len,
                Kind::End => return Ok(None),
                Kind::Start if self.is_called(&found, b"TR") => {
                    self.at += found.len;
                    break start;
                }
                Kind::Empty if self.is_called(&found, b"TR") => {
                    self.at += found.len;
                    self.check_width(start, 0, cells)?;
                    return Ok(Some(start));
                }
                _ => return Err(Stop::fault(start, "TABLEDATA has something else than rows (TR)")),
            }
        };
        let mut width = 0;
        loop {
            self.skip_blanks("a cell (TD)")?;
            let rest = self.rest();
            if let Some(content) = rest.strip_prefix(b"<TD>") {
                let Some(len) = memchr::memchr(b'<', content) else {
                    return Err(Stop::Incomplete);
                };
                let after = content.get(len..).unwrap_or_default();
                if after.starts_with(b"</TD>") {
                    let from = self.at + 4;
                    cells.spans.push(Span::new(from, from + len));
                    self.at = from + len + 5;
                } else {
                    self.at += 4;
                    self.cell_in_pieces(cells)?;
                }
                width += 1;
            } else if rest.starts_with(b"</TR>") {
                self.at += 5;
                break;
            } else if rest.starts_with(b"<TD/>") {
                cells.spans.push(Span::new(self.at, self.at));
                self.at += 5;
                width += 1;
            } else {
                let found = self.markup()?;
                match found.kind {
                    Kind::Comment | Kind::Instruction => self.at += found.len,
                    Kind::End if self.is_called(&found, b"TR") => {
                        self.at += found.len;
                        break;
                    }
                    Kind::Start | Kind::Empty if self.is_called(&found, b"TD") => {
                        self.check_attributes(&found)?;
                        self.at += found.len;
                        if found.kind == Kind::Empty {
                            cells.spans.push(Span::new(self.at, self.at));
                        } else {
                            self.cell_in_pieces(cells)?;
                        }
                        width += 1;
                    }
                    _ => {
                        let reason = format!("row {} has something else than cells (TD)", self.number(cells));
                        return Err(Stop::fault(self.at, reason));
                    }
                }
            }
        }
        self.check_width(start, width, cells)?;
        Ok(Some(start))
    }

    fn number(&self, cells: &Cells) -> u64 {
        self.rows_before + cells.rows as u64 + 1
    }

    fn check_width(&self, start: usize, width: usize, cells: &Cells) -> Result<(), Stop> {
        if width == self.columns {
            return Ok(());
        }
        let reason = format!(
            "row {} has {width} cells (TD) where the table has {} columns (FIELD)",
            self.number(cells),
            self.columns
        );
        Err(Stop::fault(start, reason))
    }

    /// Passes blanks up to the next markup.
    fn skip_blanks(&mut self, expected: &str) -> Result<(), Stop> {
        let blanks = self.rest().iter().position(|byte| !byte.is_ascii_whitespace());
        match blanks {
            Some(blanks) => self.at += blanks,
            None => return Err(Stop::Incomplete),
        }
        if self.rest().first() == Some(&b'<') {
            return Ok(());
        }
        Err(Stop::fault(
            self.at,
            format!("there is text where {expected} was expected"),
        ))
    }

    fn markup(&self) -> Result<Markup, Stop> {
        match markup(self.rest()) {
            Ok(Some(found)) if found.kind == Kind::Doctype => {
                Err(Stop::fault(self.at, "a <!DOCTYPE stands within the table"))
            }
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err(Stop::Incomplete),
            Err(reason) => Err(Stop::fault(self.at, reason)),
        }
    }

    fn content(&self, found: &Markup) -> &'a [u8] {
        self.rest().get(found.content.clone()).unwrap_or_default()
    }

    fn is_called(&self, found: &Markup, name: &[u8]) -> bool {
        local_name(tag_name(self.content(found))) == name
    }

    /// A cell in base64 was an idea of VOTable 1.0 that nobody took up.
    fn check_attributes(&self, found: &Markup) -> Result<(), Stop> {
        let content = String::from_utf8_lossy(self.content(found));
        let attributes = attributes(&content).map_err(|reason| Stop::fault(self.at, reason))?;
        match attributes.iter().find(|(key, _)| key == "encoding") {
            Some((_, encoding)) if encoding != "none" => Err(Stop::fault(
                self.at,
                "a cell (TD) has an encoding of its own, which is not read; write it as text",
            )),
            _ => Ok(()),
        }
    }

    /// Passes the rest of a cell that is more than one piece of text.
    fn cell_in_pieces(&mut self, cells: &mut Cells) -> Result<(), Stop> {
        let start = cells.scratch().len();
        loop {
            let Some(len) = memchr::memchr(b'<', self.rest()) else {
                return Err(Stop::Incomplete);
            };
            let piece = self.rest().get(..len).unwrap_or_default();
            // What is no UTF-8 is refused when the block is read as text.
            let piece = String::from_utf8_lossy(piece);
            let resolved = resolve(&piece).map_err(|reason| Stop::fault(self.at, reason))?;
            cells.scratch().extend_from_slice(resolved.as_bytes());
            self.at += len;
            let found = self.markup()?;
            match found.kind {
                Kind::Comment | Kind::Instruction => {}
                Kind::CData => cells.scratch().extend_from_slice(self.content(&found)),
                Kind::End if self.is_called(&found, b"TD") => {
                    self.at += found.len;
                    cells.push_scratch(start);
                    return Ok(());
                }
                _ => {
                    let reason = format!("a cell of row {} has an element in it", self.number(cells));
                    return Err(Stop::fault(self.at, reason));
                }
            }
            self.at += found.len;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::votable::rows::{Block, Cell};

    fn rows(text: &str, columns: usize) -> Result<(Vec<String>, Split), Fault> {
        let mut cells = Cells::default();
        let split = split(text.as_bytes(), columns, 100, 0, &mut cells, |_| ())?;
        let block = Block {
            bytes: text.as_bytes(),
            cells: &cells,
            columns,
            first_row: 0,
        };
        let shown = block.column(0, 0).map(|cell| match cell {
            Cell::Null => "null".to_owned(),
            Cell::Raw(bytes) | Cell::Resolved(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        });
        Ok((shown.collect(), split))
    }

    #[test]
    fn every_way_to_write_a_cell() {
        let text = "<TR><TD>1</TD></TR>\n <!-- <TR> --> <TR ID='a'>\n<TD >2</TD ></TR><v:TR><v:TD>3</v:TD></v:TR>\
                    <TR><TD/></TR><TR><TD a='/>'/></TR><TR><TD>a<!-- b -->c<![CDATA[<TR>&lt;]]>&lt;</TD></TR></TABLEDATA>";
        let (values, split) = rows(text, 1).unwrap();
        assert_eq!(values, ["1", "2", "3", "", "", "ac<TR>&lt;<"]);
        assert!(split.at_end);
        assert_eq!(&text[split.consumed..], "</TABLEDATA>");
    }

    #[test]
    fn a_row_is_whole_or_not_there() {
        let text = "<TR><TD>1</TD><TD>2</TD></TR><TR><TD>3</TD><TD>4</TD></TR>";
        for cut in 0..text.len() {
            let (values, split) = rows(&text[..cut], 2).unwrap();
            assert_eq!(values.len(), usize::from(cut >= 29), "{cut}");
            assert_eq!(split.consumed, values.len() * 29, "{cut}");
            assert!(!split.at_end);
        }
    }

    #[test]
    fn what_is_no_row_is_refused() {
        for bad in [
            "<TR><TD>1</TD></TR>",
            "<TR/>",
            "x<TR>",
            "<TR>x</TR>",
            "<TR><TD>1<B/></TD></TR>",
            "<TR><TH>1</TH></TR>",
            "<TABLE>",
            "<TR><TD encoding='base64'>AA==</TD><TD>1</TD></TR>",
            "<!DOCTYPE x>",
        ] {
            assert!(rows(bad, 2).is_err(), "{bad}");
        }
    }
}
