//! Finds the table of a VOTable document and its columns. Must never read a row.

use std::collections::HashMap;

use super::document::{Document, Element, Event};
use super::layout::{FieldLayout, Serialisation};
use crate::error::TableError;
use crate::reader::ReadOptions;
use crate::recognise::Format;

/// Bytes of all texts that describe columns.
const MAX_DESCRIBING_BYTES: usize = 64 * 1024 * 1024;

/// Names of tables that an error lists.
const MAX_LISTED: usize = 50;

/// A table; the document stands before its first row.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) fields: Vec<FieldLayout>,
    pub(super) serialisation: Serialisation,
}

/// A TABLE element while the document is within it.
#[derive(Debug)]
struct Table {
    name: Option<String>,
    id: Option<String>,
    /// Depth of its children.
    depth: usize,
    fields: Vec<FieldLayout>,
    /// The fields are those of another TABLE, until it has its own.
    inherits: bool,
}

impl Table {
    fn is_called(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name) || self.id.as_deref() == Some(name)
    }
}

/// What the search has seen so far.
struct Search<'a> {
    document: &'a mut Document,
    options: &'a ReadOptions,
    file_name: String,
    /// The names of the tables seen.
    names: Vec<String>,
    tables: usize,
    /// Columns of the tables that have an ID: another TABLE may refer to them.
    fields_by_id: HashMap<String, Vec<FieldLayout>>,
    /// Null values of the VALUES elements that have an ID: another VALUES may refer to them.
    nulls_by_id: HashMap<String, String>,
    describing_bytes: usize,
    /// What the service that wrote the file says about its failure.
    failure: Option<String>,
}

/// Goes to the rows of the table that `options` ask for: without a name the first TABLE with a DATA element, or
/// else the first one. The document ends before the first row, or at its end when there is none.
pub(super) fn find_table(document: &mut Document, options: &ReadOptions) -> Result<Found, TableError> {
    let file_name = document.window.file_name().to_owned();
    Search {
        document,
        options,
        file_name,
        names: Vec::new(),
        tables: 0,
        fields_by_id: HashMap::new(),
        nulls_by_id: HashMap::new(),
        describing_bytes: 0,
        failure: None,
    }
    .run()
}

impl Search<'_> {
    fn run(mut self) -> Result<Found, TableError> {
        let mut table: Option<Table> = None;
        // The first table wanted, when it turned out to have no DATA.
        let mut without_data: Option<Vec<FieldLayout>> = None;
        loop {
            match self.document.next()? {
                Event::Start(element) => {
                    let depth = self.document.depth();
                    if depth == 1 && element.name != "VOTABLE" {
                        return Err(self.not_a_table(format!(
                            "it is an XML document of <{}>, and not a VOTable",
                            element.name
                        )));
                    }
                    match (&mut table, element.name.as_str()) {
                        (None, "TABLE") => table = Some(self.enter_table(&element, depth + 1)?),
                        (Some(_), "TABLE") => {
                            return Err(self.document.window.broken(0, "a TABLE is within a TABLE"));
                        }
                        (Some(table), "FIELD") if depth == table.depth => {
                            let field = self.field(&element)?;
                            if std::mem::take(&mut table.inherits) {
                                table.fields.clear();
                            }
                            table.fields.push(field);
                            let count = table.fields.len();
                            self.options.limits.check_columns(&self.file_name, count)?;
                        }
                        (Some(current), "DATA") if depth == current.depth => {
                            if self.is_wanted(current) {
                                let serialisation = self.enter_data(depth)?;
                                let fields = std::mem::take(&mut current.fields);
                                return self.found(fields, serialisation);
                            }
                            self.document.leave(depth - 1)?;
                        }
                        (_, "INFO") => self.info(&element)?,
                        (_, "VALUES") => self.remember_values(&element)?,
                        _ => {}
                    }
                }
                Event::End => {
                    let left = table.take_if(|table| self.document.depth() + 1 < table.depth);
                    if let Some(left) = left {
                        if without_data.is_none() && self.is_wanted(&left) {
                            without_data = Some(left.fields.clone());
                        }
                        if let Some(id) = left.id {
                            self.fields_by_id.insert(id, left.fields);
                        }
                    }
                }
                Event::EndOfDocument => {
                    return match without_data {
                        Some(fields) => self.found(fields, Serialisation::Empty),
                        None => Err(self.no_table()),
                    };
                }
            }
        }
    }

    fn found(&self, fields: Vec<FieldLayout>, serialisation: Serialisation) -> Result<Found, TableError> {
        if fields.is_empty() {
            return Err(self.not_a_table("its TABLE has no FIELD, so it has no columns".to_owned()));
        }
        Ok(Found {
            fields,
            serialisation,
        })
    }

    fn enter_table(&mut self, element: &Element, depth: usize) -> Result<Table, TableError> {
        let (name, id) = (element.filled("name"), element.filled("ID"));
        self.tables += 1;
        if self.names.len() < MAX_LISTED
            && let Some(name) = name.as_ref().or(id.as_ref())
        {
            self.names.push(crate::statistics::shown(name));
        }
        let of_other = element.attribute("ref").and_then(|id| self.fields_by_id.get(id));
        let fields = of_other.cloned().unwrap_or_default();
        self.count(fields.iter().map(FieldLayout::text_bytes).sum())?;
        Ok(Table {
            inherits: !fields.is_empty(),
            fields,
            name,
            id,
            depth,
        })
    }

    /// Takes in `bytes` of describing text.
    fn count(&mut self, bytes: usize) -> Result<(), TableError> {
        self.describing_bytes += bytes;
        if self.describing_bytes <= MAX_DESCRIBING_BYTES {
            return Ok(());
        }
        let limit = format!("{MAX_DESCRIBING_BYTES} bytes");
        Err(TableError::limit(
            &self.file_name,
            "what describes its columns",
            limit,
        ))
    }

    fn is_wanted(&self, table: &Table) -> bool {
        match &self.options.table {
            Some(name) => table.is_called(name),
            None => true,
        }
    }

    /// Reads a FIELD with all that is in it.
    fn field(&mut self, element: &Element) -> Result<FieldLayout, TableError> {
        let depth = self.document.depth();
        let mut field = FieldLayout {
            name: element
                .filled("name")
                .or_else(|| element.filled("ID"))
                .unwrap_or_default(),
            datatype: element.filled("datatype").unwrap_or_default(),
            arraysize: element.filled("arraysize"),
            null: None,
            unit: element.filled("unit"),
            ucd: element.filled("ucd"),
            description: None,
        };
        let (mut text, mut is_description) = (String::new(), false);
        while self.document.depth() >= depth {
            match self.document.next_with_text(&mut text)? {
                Event::Start(child) => {
                    text.clear();
                    is_description = child.name == "DESCRIPTION" && self.document.depth() == depth + 1;
                    if child.name == "VALUES" {
                        self.remember_values(&child)?;
                        let referred = child.attribute("ref").and_then(|id| self.nulls_by_id.get(id));
                        let null = child.attribute("null").map(str::to_owned);
                        field.null = null.or_else(|| referred.cloned()).or(field.null);
                    }
                }
                Event::End => {
                    if std::mem::take(&mut is_description) {
                        let words: Vec<&str> = text.split_whitespace().collect();
                        field.description = (!words.is_empty()).then(|| words.join(" "));
                    }
                }
                Event::EndOfDocument => break,
            }
        }
        self.count(field.text_bytes())?;
        Ok(field)
    }

    fn remember_values(&mut self, element: &Element) -> Result<(), TableError> {
        if let (Some(id), Some(null)) = (element.attribute("ID"), element.attribute("null")) {
            self.count(id.len() + null.len())?;
            self.nulls_by_id.insert(id.to_owned(), null.to_owned());
        }
        Ok(())
    }

    /// Services report failures in a document without a table.
    fn info(&mut self, element: &Element) -> Result<(), TableError> {
        let failed = element
            .attribute("value")
            .is_some_and(|value| value.eq_ignore_ascii_case("ERROR"));
        if element.attribute("name") == Some("QUERY_STATUS") && failed && self.failure.is_none() {
            let depth = self.document.depth();
            let mut text = String::new();
            while self.document.depth() >= depth {
                self.document.next_with_text(&mut text)?;
            }
            let words: Vec<&str> = text.split_whitespace().collect();
            self.failure = Some(crate::statistics::shown(&words.join(" ")));
        }
        Ok(())
    }

    /// Enters the element within DATA.
    fn enter_data(&mut self, depth: usize) -> Result<Serialisation, TableError> {
        let Event::Start(element) = self.document.next()? else {
            return Ok(Serialisation::Empty);
        };
        let serialisation = match element.name.as_str() {
            "TABLEDATA" => Serialisation::Tabledata,
            "BINARY" => Serialisation::Binary,
            "BINARY2" => Serialisation::Binary2,
            "FITS" => {
                return Err(self.unreadable(
                    "its rows are a FITS file within the VOTable, which is not read; upload the FITS file itself, \
                     or write the table as TABLEDATA or BINARY2",
                ));
            }
            "PARQUET" => {
                return Err(self.unreadable(
                    "its rows are a Parquet file beside the VOTable; upload the Parquet file itself",
                ));
            }
            other => {
                let reason =
                    format!("its DATA has a <{other}> where TABLEDATA, BINARY or BINARY2 was expected");
                return Err(self.document.window.broken(0, reason));
            }
        };
        if self.document.is_empty_tag() {
            return Ok(Serialisation::Empty);
        }
        if serialisation != Serialisation::Tabledata {
            return self.enter_stream(serialisation, depth);
        }
        Ok(serialisation)
    }

    /// Enters the STREAM of BINARY or BINARY2.
    fn enter_stream(
        &mut self,
        serialisation: Serialisation,
        depth: usize,
    ) -> Result<Serialisation, TableError> {
        let element = match self.document.next()? {
            Event::Start(element) if element.name == "STREAM" => element,
            Event::Start(other) => {
                let reason = format!("it has a <{}> where <STREAM> was expected", other.name);
                return Err(self.document.window.broken(0, reason));
            }
            _ => return Ok(Serialisation::Empty),
        };
        if element.filled("href").is_some() {
            return Err(TableError::OutsideReference {
                file: self.file_name.clone(),
                what: format!(
                    "its rows are not in it: its STREAM points to another file (href, {})",
                    self.document.window.place(0)
                ),
                remedy: "Write the data inline, as TABLEDATA or as BINARY2 with the encoding base64.",
            });
        }
        match element.filled("encoding").as_deref() {
            // Nothing else can stand within XML.
            None | Some("base64") => {}
            Some(other) => {
                let reason = format!(
                    "its STREAM has the encoding '{}'; only base64 can be read: write it so, or as TABLEDATA",
                    crate::statistics::shown(other)
                );
                return Err(self.unreadable(&reason));
            }
        }
        if self.document.is_empty_tag() {
            self.document.leave(depth)?;
            return Ok(Serialisation::Empty);
        }
        Ok(serialisation)
    }

    fn unreadable(&self, reason: &str) -> TableError {
        TableError::broken(&self.file_name, Format::Votable, None, reason)
    }

    fn not_a_table(&self, reason: String) -> TableError {
        TableError::NotATable {
            file: self.file_name.clone(),
            reason,
            line: None,
            byte: None,
        }
    }

    fn no_table(self) -> TableError {
        match (&self.options.table, &self.failure) {
            (Some(wanted), _) => {
                let unnamed = self.tables - self.names.len().min(self.tables);
                let mut tables = self.names.join(", ");
                if unnamed > 0 {
                    let others = if tables.is_empty() { "" } else { " and " };
                    tables.push_str(&format!("{others}{unnamed} without a name listed"));
                }
                TableError::NoSuchTable {
                    file: self.file_name,
                    table: wanted.clone(),
                    tables: if tables.is_empty() {
                        "none".to_owned()
                    } else {
                        tables
                    },
                }
            }
            (None, Some(failure)) => self.not_a_table(format!(
                "it is the error report of a service, without a table: {failure}"
            )),
            (None, None) => self.not_a_table("it is a VOTable document without a TABLE".to_owned()),
        }
    }
}
