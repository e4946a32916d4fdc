//! Rows of a table with every number exactly as the server wrote it.
//!
//! Object identifiers of large surveys have 18 and 19 digits; an `f64` keeps 15 to 17 of them. So cells
//! are cut out of the JSON text and never become numbers here.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::Client;
use crate::error::{Error, Result};
use crate::transport::Method;

/// One value of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// No value.
    Missing,
    /// True or false.
    Bool(bool),
    /// A number, as written.
    Number(Box<str>),
    /// Text.
    Text(Box<str>),
    /// A list of values.
    List(Vec<Cell>),
    /// Anything else, as JSON.
    Json(Box<str>),
}

impl Cell {
    fn from_raw(raw: &RawValue) -> Self {
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'n') => Self::Missing,
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'"') => match serde_json::from_str::<String>(text) {
                Ok(text) => Self::Text(text.into_boxed_str()),
                Err(_) => Self::Json(text.into()),
            },
            Some(b'[') => match serde_json::from_str::<Vec<&RawValue>>(text) {
                Ok(items) => Self::List(items.into_iter().map(Self::from_raw).collect()),
                Err(_) => Self::Json(text.into()),
            },
            Some(b'{') => Self::Json(text.into()),
            _ => Self::Number(text.into()),
        }
    }

    /// The exact text of the value, lists as `[a, b]`; empty when missing.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Missing => Cow::Borrowed(""),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Number(text) | Self::Text(text) | Self::Json(text) => Cow::Borrowed(text),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(Self::text).collect();
                Cow::Owned(format!("[{}]", items.join(", ")))
            }
        }
    }
}

/// A page of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRows {
    /// Rows that can be paged through.
    pub count: u64,
    /// Rows of the table.
    pub total_rows: u64,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Cells by row, in the order of `columns`.
    pub rows: Vec<Vec<Cell>>,
}

impl TableRows {
    /// Reads the body of a `read_data` answer; `None` when it says that the table is being prepared.
    pub(crate) fn parse(body: &str) -> Result<Option<Self>> {
        let envelope: Envelope<'_> = decode(body)?;
        let Some(columns) = envelope.columns else {
            return Ok(None);
        };
        let positions: HashMap<&str, usize> = columns
            .iter()
            .enumerate()
            .map(|(position, name)| (name.as_str(), position))
            .collect();
        let rows = match envelope.results {
            Some(results) => {
                let mut deserializer = serde_json::Deserializer::from_str(results.get());
                let reader = RowsReader {
                    width: columns.len(),
                    positions: &positions,
                };
                reader
                    .deserialize(&mut deserializer)
                    .map_err(|error| Error::Decode(error.to_string()))?
            }
            None => Vec::new(),
        };
        drop(positions);
        let count = envelope.count.unwrap_or(0);
        Ok(Some(Self {
            count,
            total_rows: envelope.total_rows.unwrap_or(count),
            columns,
            rows,
        }))
    }
}

impl Client {
    /// One page of the table's rows with some of its columns, which come in file order; `None` while the server is still
    /// indexing the file.
    pub async fn read_columns(
        &self,
        product: i64,
        columns: &[&str],
        page: u64,
        page_size: u64,
    ) -> Result<Option<TableRows>> {
        let query = [
            ("columns", columns.join(",")),
            ("page", page.to_string()),
            ("page_size", page_size.to_string()),
        ];
        let path = format!("/api/products/{product}/read_data/");
        let request = self.request(Method::Get, &path, &query)?;
        TableRows::parse(&self.text(request).await?)
    }
}

fn decode<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::Decode(error.to_string()))
}

#[derive(Deserialize)]
struct Envelope<'a> {
    count: Option<u64>,
    total_rows: Option<u64>,
    columns: Option<Vec<String>>,
    #[serde(borrow)]
    results: Option<&'a RawValue>,
}

/// Reads a list of objects into rows of cells by column position.
#[derive(Clone, Copy)]
struct RowsReader<'a> {
    width: usize,
    positions: &'a HashMap<&'a str, usize>,
}

impl<'de> DeserializeSeed<'de> for RowsReader<'_> {
    type Value = Vec<Vec<Cell>>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RowsReader<'_> {
    type Value = Vec<Vec<Cell>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> std::result::Result<Self::Value, A::Error> {
        let mut read = Vec::with_capacity(rows.size_hint().unwrap_or(0));
        while let Some(row) = rows.next_element_seed(RowReader(self))? {
            read.push(row);
        }
        Ok(read)
    }
}

/// Reads one object into cells by column position; unknown keys are ignored, absent ones are missing.
struct RowReader<'a>(RowsReader<'a>);

impl<'de> DeserializeSeed<'de> for RowReader<'_> {
    type Value = Vec<Cell>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowReader<'_> {
    type Value = Vec<Cell>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Self::Value, A::Error> {
        let mut cells = vec![Cell::Missing; self.0.width];
        while let Some((name, value)) = members.next_entry::<Cow<'de, str>, &'de RawValue>()? {
            let position = self.0.positions.get(name.as_ref());
            if let Some(cell) = position.and_then(|position| cells.get_mut(*position)) {
                *cell = Cell::from_raw(value);
            }
        }
        Ok(cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> TableRows {
        TableRows::parse(body).unwrap().unwrap()
    }

    #[test]
    fn numbers_keep_every_digit() {
        let table = parse(
            r#"{"count":2,"total_rows":2,"columns":["id","z"],
                "results":[{"id":1486231857497402613,"z":0.1000000000000000055511151231257827},
                           {"id":18446744073709551615,"z":1e-400}]}"#,
        );
        let texts: Vec<_> = table
            .rows
            .iter()
            .flatten()
            .map(|cell| cell.text().into_owned())
            .collect();
        assert_eq!(
            texts,
            [
                "1486231857497402613",
                "0.1000000000000000055511151231257827",
                "18446744073709551615",
                "1e-400"
            ]
        );
    }

    #[test]
    fn every_kind_of_value_is_told_apart() {
        let table = parse(
            r#"{"count":1,"columns":["a","b","c","d","e","f"],
                "results":[{"f":{"x":1},"e":[1.50,null,"t"],"b":"n\u00fall","c":null,"a":true,"unknown":1}]}"#,
        );
        let number = |text: &str| Cell::Number(text.into());
        assert_eq!(
            table.rows,
            [vec![
                Cell::Bool(true),
                Cell::Text("núll".into()),
                Cell::Missing,
                Cell::Missing,
                Cell::List(vec![number("1.50"), Cell::Missing, Cell::Text("t".into())]),
                Cell::Json(r#"{"x":1}"#.into()),
            ]]
        );
        assert_eq!(table.total_rows, 1);
        assert_eq!(table.rows[0][4].text(), "[1.50, , t]");
    }

    #[test]
    fn a_table_being_prepared_is_not_an_error() {
        assert_eq!(
            TableRows::parse(r#"{"message":"The preview is being prepared."}"#).unwrap(),
            None
        );
    }

    #[test]
    fn keys_with_escapes_are_matched() {
        let table = parse(r#"{"count":1,"columns":["a\"b"],"results":[{"a\"b":7}]}"#);
        assert_eq!(table.rows, [vec![Cell::Number("7".into())]]);
    }

    #[test]
    fn a_broken_answer_is_an_error() {
        assert!(matches!(TableRows::parse("<html>"), Err(Error::Decode(_))));
        assert!(matches!(
            TableRows::parse(r#"{"columns":["a"],"results":[1]}"#),
            Err(Error::Decode(_))
        ));
    }
}
