//! Header cards (FITS standard 4.0, section 4): 80 characters each, a keyword, a value and a comment; long
//! strings go on in CONTINUE cards (section 4.2.1.2). Must never fail on a card that nobody asks for.

use std::collections::HashMap;

/// Bytes of a card.
pub(super) const CARD: usize = 80;

/// The value of a keyword.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A string, without its trailing blanks.
    Text(String),
    /// Anything else, as written: a number, `T`, `F`, or nothing.
    Word(String),
}

/// A keyword's value and comment.
#[derive(Debug, Clone)]
struct Card {
    value: Value,
    comment: String,
}

/// The keywords of one header. Of a keyword that is there twice the first counts.
#[derive(Debug, Default)]
pub(super) struct Header {
    cards: HashMap<String, Card>,
}

impl Header {
    /// The cards in `bytes`, the last of which is before END.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut header = Self::default();
        let mut cards = bytes.chunks_exact(CARD).peekable();
        while let Some(card) = cards.next() {
            let Some(keyword) = keyword(card) else {
                continue;
            };
            let (mut value, mut comment) = value(card.get(10..).unwrap_or_default());
            if let RawValue::Text(text) = &mut value {
                // Only a string that ends with an ampersand goes on.
                while text.last() == Some(&b'&') {
                    let Some(next) = cards.next_if(|next| is_continue(next)) else {
                        break;
                    };
                    let (RawValue::Text(more), next_comment) = self::value(next.get(8..).unwrap_or_default())
                    else {
                        break;
                    };
                    text.pop();
                    text.extend_from_slice(&more);
                    comment.extend_from_slice(&next_comment);
                }
            }
            header.cards.entry(keyword).or_insert_with(|| Card {
                value: value.decoded(),
                comment: decoded(&comment).trim().to_owned(),
            });
        }
        header
    }

    /// The string of a keyword; none when it is missing, blank or no string.
    pub(super) fn text(&self, keyword: &str) -> Option<&str> {
        match &self.cards.get(keyword)?.value {
            Value::Text(text) if !text.trim().is_empty() => Some(text),
            _ => None,
        }
    }

    /// The value of a keyword.
    pub(super) fn value(&self, keyword: &str) -> Option<&Value> {
        self.cards.get(keyword).map(|card| &card.value)
    }

    /// The comment of a keyword, when it has one.
    pub(super) fn comment(&self, keyword: &str) -> Option<&str> {
        let comment = self.cards.get(keyword)?.comment.as_str();
        (!comment.is_empty()).then_some(comment)
    }

    /// A whole number, also when it is written as `32768.` or `3.2768E4`.
    ///
    /// # Errors
    /// A sentence for people when the keyword is there and its value is something else.
    pub(super) fn integer(&self, keyword: &str) -> Result<Option<i128>, String> {
        let Some(word) = self.word(keyword)? else {
            return Ok(None);
        };
        if let Ok(number) = word.trim_start_matches('+').parse() {
            return Ok(Some(number));
        }
        match real(word) {
            Some(number) if number.fract() == 0.0 && number.abs() < 1e30 => Ok(Some(number as i128)),
            _ => Err(format!("{keyword} = {word} is not a whole number")),
        }
    }

    /// A real number.
    ///
    /// # Errors
    /// As [`Header::integer`].
    pub(super) fn real(&self, keyword: &str) -> Result<Option<f64>, String> {
        let Some(word) = self.word(keyword)? else {
            return Ok(None);
        };
        match real(word) {
            Some(number) => Ok(Some(number)),
            None => Err(format!("{keyword} = {word} is not a number")),
        }
    }

    /// The keyword is there and true.
    pub(super) fn is_true(&self, keyword: &str) -> bool {
        matches!(self.value(keyword), Some(Value::Word(word)) if word == "T")
    }

    /// The number as written; none for a keyword without a value.
    fn word(&self, keyword: &str) -> Result<Option<&str>, String> {
        match self.value(keyword) {
            None => Ok(None),
            Some(Value::Word(word)) if word.is_empty() => Ok(None),
            Some(Value::Word(word)) => Ok(Some(word)),
            Some(Value::Text(text)) => Err(format!("{keyword} = '{text}' is not a number")),
        }
    }
}

/// A number as FITS writes it; the exponent may be a Fortran `D`.
fn real(word: &str) -> Option<f64> {
    let word = word.trim_start_matches('+').replace(['D', 'd'], "E");
    fast_float2::parse(word)
        .ok()
        .filter(|number: &f64| number.is_finite())
}

fn is_continue(card: &[u8]) -> bool {
    card.starts_with(b"CONTINUE  ")
}

/// True for the card that ends a header.
pub(super) fn is_end(card: &[u8]) -> bool {
    card.strip_prefix(b"END")
        .is_some_and(|rest| rest.iter().take(5).all(|byte| *byte == b' '))
}

/// The keyword of a card that has a value. Others (comments, HIERARCH) are of no concern to a table.
fn keyword(card: &[u8]) -> Option<String> {
    let name = card.get(..8)?.trim_ascii_end();
    let is_name =
        |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (card.get(8..10)? == b"= " && !name.is_empty() && name.iter().all(is_name))
        .then(|| String::from_utf8_lossy(name).into_owned())
}

enum RawValue {
    Text(Vec<u8>),
    Word(Vec<u8>),
}

impl RawValue {
    fn decoded(self) -> Value {
        match self {
            Self::Text(bytes) => Value::Text(decoded(&bytes).trim_end_matches(' ').to_owned()),
            Self::Word(bytes) => Value::Word(decoded(&bytes).trim().to_owned()),
        }
    }
}

/// Value and comment in the bytes behind the value indicator.
fn value(field: &[u8]) -> (RawValue, Vec<u8>) {
    let field = field.trim_ascii_start();
    let Some(body) = field.strip_prefix(b"'") else {
        let end = memchr::memchr(b'/', field).unwrap_or(field.len());
        let (word, rest) = field.split_at(end);
        return (RawValue::Word(word.to_vec()), comment(rest));
    };
    let mut text = Vec::new();
    let mut bytes = body.iter().copied().enumerate();
    let mut end = body.len();
    while let Some((at, byte)) = bytes.next() {
        if byte == b'\'' {
            if body.get(at + 1) != Some(&b'\'') {
                end = at + 1;
                break;
            }
            // Two quotes are one.
            bytes.next();
        }
        text.push(byte);
    }
    // Blanks behind an ampersand of a continued string are not part of it.
    let length = text.trim_ascii_end().len();
    text.truncate(length);
    (RawValue::Text(text), comment(body.get(end..).unwrap_or_default()))
}

fn comment(rest: &[u8]) -> Vec<u8> {
    match memchr::memchr(b'/', rest) {
        Some(slash) => rest
            .get(slash + 1..)
            .unwrap_or_default()
            .trim_ascii_end()
            .to_vec(),
        None => Vec::new(),
    }
}

/// Text of unknown encoding: UTF-8 when it is, else Latin-1, in which every byte is a character. The standard
/// knows ASCII only, files in the wild do not.
pub(super) fn decoded(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.iter().copied().map(char::from).collect::<String>().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(cards: &[&str]) -> Header {
        let text: String = cards.iter().map(|card| format!("{card:80}")).collect();
        Header::parse(text.as_bytes())
    }

    #[test]
    fn values() {
        let header = header(&[
            "A       = 'it''s / so  '       / a comment",
            "B       =                   12 / twelve",
            "C       = 1.5D+03",
            "D       = T",
            "E       = ''",
            "F       = / nothing",
            "A       = 'again'",
            "HIERARCH ESO A B = 3",
            "COMMENT = 5",
            "G       = 32768.0",
            "H       = 'not closed",
            "TZERO1  =  9223372036854775808",
        ]);
        assert_eq!(header.text("A"), Some("it's / so"));
        assert_eq!(header.comment("A"), Some("a comment"));
        assert_eq!(header.integer("B"), Ok(Some(12)));
        assert_eq!(header.real("C"), Ok(Some(1500.0)));
        assert!(header.is_true("D"));
        assert_eq!((header.text("E"), header.integer("F")), (None, Ok(None)));
        assert_eq!(header.integer("G"), Ok(Some(32_768)));
        assert!(header.integer("A").is_err() && header.integer("C") == Ok(Some(1_500)));
        assert_eq!(header.text("H"), Some("not closed"));
        assert_eq!(header.integer("TZERO1"), Ok(Some(1 << 63)));
        assert_eq!(header.value("HIERARCH"), None);
    }

    #[test]
    fn long_strings() {
        let header = header(&[
            "A       = 'one &'  / first",
            "CONTINUE  'two&'",
            "CONTINUE  ' three' / second",
            "B       = 'ends with an ampersand&'",
            "C       = 'x'",
            "CONTINUE  'not asked for'",
            "D       = 'cut&'",
        ]);
        assert_eq!(header.text("A"), Some("one two three"));
        assert_eq!(header.comment("A"), Some("first second"));
        assert_eq!(header.text("B"), Some("ends with an ampersand&"));
        assert_eq!(header.text("C"), Some("x"));
        assert_eq!(header.text("D"), Some("cut&"));
    }

    #[test]
    fn bytes_that_are_not_ascii() {
        assert_eq!(decoded(b"caf\xe9"), "café");
        assert_eq!(decoded("café".as_bytes()), "café");
    }
}
