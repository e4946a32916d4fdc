//! The pieces of XML: where a tag, a comment, a CDATA section ends, and the attributes of a tag. Must never look
//! into a document type definition.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;
use quick_xml::escape::{EscapeError, unescape};
use quick_xml::events::BytesStart;

/// What a piece of markup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `<name …>`
    Start,
    /// `<name …/>`
    Empty,
    /// `</name>`
    End,
    /// `<!-- … -->`
    Comment,
    /// `<![CDATA[ … ]]>`
    CData,
    /// `<? … ?>`
    Instruction,
    /// `<!DOCTYPE`, of which only the beginning is looked at.
    Doctype,
}

/// A piece of markup at the start of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Markup {
    pub(super) kind: Kind,
    /// Its bytes.
    pub(super) len: usize,
    /// Where its content is: of a tag the name and what follows it, else what the delimiters enclose.
    pub(super) content: Range<usize>,
}

/// The markup that `bytes` begin with; none when it is not complete.
pub(super) fn markup(bytes: &[u8]) -> Result<Option<Markup>, &'static str> {
    let found = |kind, len, content| Ok(Some(Markup { kind, len, content }));
    // Content between an opening and a closing delimiter.
    let between = |kind, open: usize, close: &[u8]| {
        let body = bytes.get(open..).unwrap_or_default();
        match memmem::find(body, close) {
            Some(end) => found(kind, open + end + close.len(), open..open + end),
            None => Ok(None),
        }
    };
    match bytes.get(1) {
        None => Ok(None),
        Some(b'/') => match memchr::memchr2(b'>', b'<', bytes.get(2..).unwrap_or_default()) {
            Some(end) if bytes.get(2 + end) == Some(&b'>') => found(Kind::End, end + 3, 2..2 + end),
            Some(_) => Err("a closing tag has no '>'"),
            None => Ok(None),
        },
        Some(b'?') => between(Kind::Instruction, 2, b"?>"),
        Some(b'!') => {
            for (kind, open, close) in [
                (Kind::Comment, &b"<!--"[..], &b"-->"[..]),
                (Kind::CData, b"<![CDATA[", b"]]>"),
            ] {
                if bytes.starts_with(open) {
                    return between(kind, open.len(), close);
                }
                if open.starts_with(bytes) {
                    return Ok(None);
                }
            }
            let doctype = b"<!DOCTYPE";
            if bytes.starts_with(doctype) {
                found(Kind::Doctype, doctype.len(), 0..0)
            } else if doctype.starts_with(bytes) {
                Ok(None)
            } else {
                Err("'<!' begins neither a comment nor a CDATA section")
            }
        }
        Some(first) if first.is_ascii_alphabetic() || matches!(first, b'_' | b':') || *first >= 0x80 => {
            Ok(start_tag(bytes)?)
        }
        Some(_) => Err("a '<' begins no tag; within text it is written &lt;"),
    }
}

/// Finds the end of a start tag; what is within quotes does not count.
fn start_tag(bytes: &[u8]) -> Result<Option<Markup>, &'static str> {
    let mut at = 1;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(step) = memchr::memchr3(b'>', b'"', b'\'', rest) else {
            return match memchr::memchr(b'<', rest) {
                Some(_) => Err("a tag has no '>'"),
                None => Ok(None),
            };
        };
        let (before, quote) = (rest.get(..step).unwrap_or_default(), rest.get(step).copied());
        if memchr::memchr(b'<', before).is_some() {
            return Err("a tag has no '>'");
        }
        at += step + 1;
        match quote {
            Some(b'>') => {
                let empty = bytes.get(at - 2) == Some(&b'/');
                let (kind, end) = if empty {
                    (Kind::Empty, at - 2)
                } else {
                    (Kind::Start, at - 1)
                };
                return Ok(Some(Markup {
                    kind,
                    len: at,
                    content: 1..end,
                }));
            }
            Some(quote) => {
                let rest = bytes.get(at..).unwrap_or_default();
                let Some(end) = memchr::memchr2(quote, b'<', rest) else {
                    return Ok(None);
                };
                if rest.get(end) == Some(&b'<') {
                    return Err("an attribute is not closed, or has a '<', which is written &lt;");
                }
                at += end + 1;
            }
            None => return Ok(None),
        }
    }
}

/// The name with its prefix, at the start of the content of a tag.
pub(super) fn tag_name(content: &[u8]) -> &[u8] {
    let end = content
        .iter()
        .position(|byte| byte.is_ascii_whitespace())
        .unwrap_or(content.len());
    content.get(..end).unwrap_or_default()
}

/// The name without its prefix.
pub(super) fn local_name(name: &[u8]) -> &[u8] {
    match memchr::memchr(b':', name) {
        Some(colon) => name.get(colon + 1..).unwrap_or_default(),
        None => name,
    }
}

/// The attributes in the content of a tag, references resolved.
pub(super) fn attributes(content: &str) -> Result<Vec<(String, String)>, String> {
    let name_len = tag_name(content.as_bytes()).len();
    let tag = BytesStart::from_content(content, name_len);
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| format!("a tag is malformed: {error}"))?;
        let value = resolve(&attribute.value)?.into_owned();
        attributes.push((attribute.key.as_ref().to_owned(), value));
    }
    Ok(attributes)
}

/// Text with its references resolved: the five that XML defines, and characters by number.
pub(super) fn resolve(text: &str) -> Result<Cow<'_, str>, String> {
    unescape(text).map_err(|error| match error {
        EscapeError::UnrecognizedEntity(_, name) => format!(
            "the reference &{name}; is not defined; a VOTable knows &lt; &gt; &amp; &quot; &apos; and characters by \
             number"
        ),
        EscapeError::UnterminatedEntity(_) => "an '&' begins no reference; in text it is written &amp;".to_owned(),
        other => format!("a reference is malformed: {other}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str) -> Option<(Kind, usize, &str)> {
        markup(text.as_bytes())
            .unwrap()
            .map(|found| (found.kind, found.len, &text[found.content]))
    }

    #[test]
    fn markup_ends_where_xml_says() {
        assert_eq!(piece("<TD>5</TD>"), Some((Kind::Start, 4, "TD")));
        assert_eq!(
            piece("<a b='>' c=\"/>\"/>x"),
            Some((Kind::Empty, 17, "a b='>' c=\"/>\""))
        );
        assert_eq!(piece("</TD >"), Some((Kind::End, 6, "TD ")));
        assert_eq!(piece("<!-- <TD> -->"), Some((Kind::Comment, 13, " <TD> ")));
        assert_eq!(piece("<![CDATA[a]]b]]>c"), Some((Kind::CData, 16, "a]]b")));
        assert_eq!(
            piece("<?xml version='1.0'?>"),
            Some((Kind::Instruction, 21, "xml version='1.0'"))
        );
        assert_eq!(piece("<!DOCTYPE x>"), Some((Kind::Doctype, 9, "")));
        for cut in [
            "<", "<!", "<!-", "<!-- -", "<![CD", "<!DOC", "<a b='>", "</TD", "<?xml ?",
        ] {
            assert_eq!(piece(cut), None, "{cut}");
        }
        for bad in ["<>", "< a>", "<a <b>", "</a <b>", "<!ELEMENT a>", "<a b='<'>"] {
            assert!(markup(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn attributes_are_unique_and_resolved() {
        assert_eq!(
            attributes("FIELD name='a&lt;b' unit=\"&#x3bc;m\"").unwrap(),
            [
                ("name".to_owned(), "a<b".to_owned()),
                ("unit".to_owned(), "μm".to_owned())
            ]
        );
        for bad in [
            "FIELD name='a' name='b'",
            "FIELD name=a",
            "FIELD name='&nbsp;'",
            "FIELD name",
        ] {
            assert!(attributes(bad).is_err(), "{bad}");
        }
    }
}
