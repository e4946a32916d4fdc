//! Where fields lie, and what their quotes mean: a quote opens a field only at its start, `""` within stands
//! for one, text behind the closing quote is kept. Must never copy a field that needs no change.

use memchr::memchr;

/// Where a field lies in the buffer, quotes left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    /// Highest bit: the bytes are as written, with quotes to be resolved by [`unquote`].
    length: u32,
}

const QUOTED: u32 = 1 << 31;

impl Span {
    #[inline]
    pub(super) fn plain(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            length: end.saturating_sub(start) as u32,
        }
    }

    fn quoted(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            length: end.saturating_sub(start) as u32 | QUOTED,
        }
    }

    /// The bytes as written, the opening quote included when there is something to resolve.
    #[inline]
    pub(super) fn raw(self, buffer: &[u8]) -> &[u8] {
        let start = self.start as usize;
        buffer
            .get(start..start + (self.length & !QUOTED) as usize)
            .unwrap_or_default()
    }

    /// The field's bytes; `scratch` holds them when quotes had to be resolved.
    #[inline]
    pub(crate) fn bytes<'a>(self, buffer: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
        let start = self.start as usize;
        let raw = buffer
            .get(start..start + (self.length & !QUOTED) as usize)
            .unwrap_or_default();
        if self.length & QUOTED == 0 {
            return raw;
        }
        unquote(raw, scratch);
        scratch
    }
}

/// The end of a line without the carriage return of a CRLF.
#[inline]
pub(super) fn trim_return(buffer: &[u8], start: usize, end: usize, line_end: u8) -> usize {
    if line_end == b'\n' && end > start && buffer.get(end - 1) == Some(&b'\r') {
        end - 1
    } else {
        end
    }
}

/// A field whose first byte is a quote: its span and where it ends (at a delimiter, a line end or the end of
/// the buffer). None when the quote is not closed within the buffer.
pub(super) fn quoted_field(
    buffer: &[u8],
    open: usize,
    is_delimiter: impl Fn(u8) -> bool,
    line_end: u8,
) -> Option<(Span, usize)> {
    let mut doubled = false;
    let mut at = open + 1;
    let close = loop {
        let quote = at + memchr(b'"', buffer.get(at..)?)?;
        if buffer.get(quote + 1) != Some(&b'"') {
            break quote;
        }
        doubled = true;
        at = quote + 2;
    };
    let after = close + 1;
    let end = match buffer.get(after) {
        None => after,
        Some(byte) if is_delimiter(*byte) || *byte == line_end => after,
        Some(b'\r') if matches!(buffer.get(after + 1), Some(b'\n') | None) && line_end == b'\n' => after + 1,
        // Text goes on behind the closing quote; it is kept, as pandas and spreadsheets do.
        Some(_) => {
            let rest = buffer.get(after..)?;
            let end = after
                + rest
                    .iter()
                    .position(|byte| is_delimiter(*byte) || *byte == line_end)
                    .unwrap_or(rest.len());
            let trimmed = trim_return(buffer, after, end, line_end);
            return Some((Span::quoted(open, trimmed), end));
        }
    };
    let span = if doubled {
        Span::quoted(open, after)
    } else {
        Span::plain(open + 1, close)
    };
    Some((span, end))
}

/// Resolves the quotes of a field as written, opening quote included.
fn unquote(raw: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let body = raw.get(1..).unwrap_or_default();
    let mut at = 0;
    while let Some(quote) = memchr(b'"', body.get(at..).unwrap_or_default()).map(|quote| at + quote) {
        out.extend_from_slice(body.get(at..quote).unwrap_or_default());
        if body.get(quote + 1) != Some(&b'"') {
            at = quote + 1;
            break;
        }
        out.push(b'"');
        at = quote + 2;
    }
    out.extend_from_slice(body.get(at..).unwrap_or_default());
}

/// Whether something other than a delimiter follows a closing quote of the field `span` of `buffer`: a sign
/// that the delimiter is wrong.
pub(crate) fn has_text_behind_quote(span: Span, buffer: &[u8]) -> bool {
    if span.length & QUOTED == 0 {
        return false;
    }
    let start = span.start as usize;
    let raw = buffer
        .get(start..start + (span.length & !QUOTED) as usize)
        .unwrap_or_default();
    raw.len() < 2 || raw.last() != Some(&b'"') || {
        let inside = raw.get(1..raw.len() - 1).unwrap_or_default();
        let mut at = 0;
        loop {
            match memchr(b'"', inside.get(at..).unwrap_or_default()) {
                None => break false,
                Some(quote) if inside.get(at + quote + 1) == Some(&b'"') => at += quote + 2,
                Some(_) => break true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::split::{Dialect, Records};
    use super::*;
    use crate::layout::Delimiter;

    #[test]
    fn text_behind_a_quote_is_noticed() {
        for (text, expected) in [
            ("\"a\";\"b\"", true),
            ("\"a\"\"b\"", false),
            ("\"a\"x", true),
            ("a\"b", false),
        ] {
            let dialect = Dialect {
                delimiter: Delimiter::Character(b','),
                lines_end_with_cr: false,
                skips_comments: false,
            };
            let mut records = Records::default();
            records.split(text.as_bytes(), true, dialect);
            assert_eq!(
                has_text_behind_quote(records.spans[0], text.as_bytes()),
                expected,
                "{text}"
            );
        }
    }
}
