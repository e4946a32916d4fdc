//! Walks an XML document from tag to tag. Must never follow a reference, resolve an entity of the file's own or
//! descend without limit.

use super::markup::{Kind, Markup, attributes, local_name, markup, resolve, tag_name};
use super::window::Window;
use crate::error::TableError;

/// Elements within elements.
const MAX_DEPTH: usize = 100;

/// Bytes of a tag with all its attributes.
const MAX_TAG_BYTES: usize = 256 * 1024;

/// Bytes of collected text that are kept.
const MAX_TEXT_BYTES: usize = 4 * 1024;

/// A step of the walk.
#[derive(Debug)]
pub(super) enum Event {
    /// An element begins.
    Start(Element),
    /// An element ends (also that of an empty tag).
    End,
    /// The document ends.
    EndOfDocument,
}

/// The beginning of an element.
#[derive(Debug)]
pub(super) struct Element {
    /// Its name without prefix.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The attribute without blanks around it, if anything is left.
    pub(super) fn filled(&self, name: &str) -> Option<String> {
        let value = self.attribute(name)?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }
}

/// A document, somewhere in it.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) window: Window,
    /// The names of the elements that are open, with their prefixes.
    open: Vec<String>,
    /// The last tag was empty: its end comes next.
    empty: bool,
    /// Anything but the XML declaration has been seen.
    begun: bool,
    root_seen: bool,
}

impl Document {
    /// A document from its first byte on.
    pub(super) fn new(window: Window) -> Self {
        Self {
            window,
            open: Vec::new(),
            empty: false,
            begun: false,
            root_seen: false,
        }
    }

    /// Elements that are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// The element that was entered last is an empty tag.
    pub(super) fn is_empty_tag(&self) -> bool {
        self.empty
    }

    /// Goes to the next tag.
    pub(super) fn next(&mut self) -> Result<Event, TableError> {
        self.step(None, true)
    }

    /// Goes to the next tag and appends the text before it to `text`.
    pub(super) fn next_with_text(&mut self, text: &mut String) -> Result<Event, TableError> {
        self.step(Some(text), true)
    }

    /// Goes on until only `depth` elements are open. Attributes are not looked at.
    pub(super) fn leave(&mut self, depth: usize) -> Result<(), TableError> {
        while self.depth() > depth {
            self.step(None, false)?;
        }
        Ok(())
    }

    /// Goes to the end of the document.
    pub(super) fn finish(&mut self) -> Result<(), TableError> {
        while !matches!(self.step(None, false)?, Event::EndOfDocument) {}
        Ok(())
    }

    fn step(&mut self, mut text: Option<&mut String>, with_attributes: bool) -> Result<Event, TableError> {
        if self.empty {
            self.empty = false;
            self.open.pop();
            return Ok(Event::End);
        }
        loop {
            match memchr::memchr(b'<', self.window.bytes()) {
                Some(0) => {}
                Some(at) => {
                    self.take_text(at, text.as_deref_mut())?;
                    continue;
                }
                None => {
                    // Text that nobody wants is dropped at once.
                    if text.is_none() && !self.open.is_empty() {
                        self.window.consume(self.window.bytes().len());
                    }
                    if self.window.more("a text")? {
                        continue;
                    }
                    return self.end_of_document();
                }
            }
            let Some(found) = markup(self.window.bytes()).map_err(|reason| self.window.broken(0, reason))?
            else {
                if self.window.more("a tag, comment or CDATA section")? {
                    continue;
                }
                return Err(self
                    .window
                    .broken(0, "it ends within a tag or comment: it is cut off"));
            };
            if let Some(event) = self.take_markup(&found, text.as_deref_mut(), with_attributes)? {
                return Ok(event);
            }
        }
    }

    fn end_of_document(&mut self) -> Result<Event, TableError> {
        let rest = self.window.bytes().len();
        self.take_text(rest, None)?;
        match self.open.last() {
            Some(name) => {
                let reason = format!("it ends before </{name}>: it is cut off");
                Err(self.window.broken(0, reason))
            }
            None if !self.root_seen => Err(TableError::NotATable {
                file: self.window.file_name().to_owned(),
                reason: "it is an XML document without an element".to_owned(),
                line: None,
                byte: None,
            }),
            None => Ok(Event::EndOfDocument),
        }
    }

    fn take_text(&mut self, len: usize, text: Option<&mut String>) -> Result<(), TableError> {
        let bytes = self.window.bytes().get(..len).unwrap_or_default();
        let mark = if self.window.offset() == 0 && bytes.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        if self.open.is_empty() {
            let stray = bytes
                .iter()
                .skip(mark)
                .position(|byte| !byte.is_ascii_whitespace());
            if let Some(stray) = stray {
                return Err(self
                    .window
                    .broken(mark + stray, "there is text outside the root element"));
            }
        }
        if let Some(text) = text.filter(|text| text.len() < MAX_TEXT_BYTES) {
            let found = self.window.text(mark..len)?;
            let resolved = resolve(found).map_err(|reason| self.window.broken(0, reason))?;
            text.push_str(&resolved);
        }
        self.window.consume(len);
        Ok(())
    }

    /// Passes a piece of markup; an event unless it is one to be ignored.
    fn take_markup(
        &mut self,
        found: &Markup,
        text: Option<&mut String>,
        with_attributes: bool,
    ) -> Result<Option<Event>, TableError> {
        let mut event = None;
        match found.kind {
            Kind::Comment => {}
            Kind::Instruction => self.declaration(found)?,
            Kind::Doctype => return Err(self.doctype()),
            Kind::CData => {
                if self.open.is_empty() {
                    return Err(self.window.broken(0, "there is text outside the root element"));
                }
                if let Some(text) = text.filter(|text| text.len() < MAX_TEXT_BYTES) {
                    text.push_str(self.window.text(found.content.clone())?);
                }
            }
            Kind::End => {
                let content = self.window.text(found.content.clone())?.trim_ascii_end();
                match self.open.last() {
                    Some(open) if open == content => {}
                    Some(open) => {
                        let reason = format!("</{content}> stands where </{open}> was expected");
                        return Err(self.window.broken(0, reason));
                    }
                    None => {
                        let reason = format!("</{content}> closes nothing");
                        return Err(self.window.broken(0, reason));
                    }
                }
                self.open.pop();
                event = Some(Event::End);
            }
            Kind::Start | Kind::Empty => {
                event = Some(Event::Start(self.enter(found, with_attributes)?));
            }
        }
        self.begun = true;
        self.window.consume(found.len);
        Ok(event)
    }

    fn enter(&mut self, found: &Markup, with_attributes: bool) -> Result<Element, TableError> {
        if found.len > MAX_TAG_BYTES {
            return Err(self.limit("the length of a tag", format!("{MAX_TAG_BYTES} bytes")));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(self.limit("the depth of elements within elements", MAX_DEPTH.to_string()));
        }
        if self.open.is_empty() && self.root_seen {
            return Err(self.window.broken(0, "there is a second root element"));
        }
        let content = self.window.text(found.content.clone())?;
        let name = tag_name(content.as_bytes());
        let attributes = if with_attributes {
            attributes(content).map_err(|reason| self.window.broken(0, reason))?
        } else {
            Vec::new()
        };
        // Both are cut at ASCII characters.
        let full = String::from_utf8_lossy(name).into_owned();
        let name = String::from_utf8_lossy(local_name(name)).into_owned();
        self.open.push(full);
        self.root_seen = true;
        self.empty = found.kind == Kind::Empty;
        Ok(Element { name, attributes })
    }

    /// An XML declaration at the start says how the file is encoded; other instructions say nothing.
    fn declaration(&mut self, found: &Markup) -> Result<(), TableError> {
        if self.begun || found.len > MAX_TAG_BYTES {
            return Ok(());
        }
        let content = self.window.text(found.content.clone())?;
        if tag_name(content.as_bytes()) != b"xml" {
            return Ok(());
        }
        let attributes = attributes(content).map_err(|reason| self.window.broken(0, reason))?;
        if let Some((_, encoding)) = attributes.iter().find(|(key, _)| key == "encoding") {
            self.window.declare_encoding(encoding);
        }
        Ok(())
    }

    fn doctype(&self) -> TableError {
        TableError::OutsideReference {
            file: self.window.file_name().to_owned(),
            what: format!(
                "it has a document type definition (<!DOCTYPE, {})",
                self.window.place(0)
            ),
            remedy: "Remove the <!DOCTYPE …> declaration; a VOTable needs none.",
        }
    }

    fn limit(&self, what: &str, limit: String) -> TableError {
        let what = format!("{what} ({})", self.window.place(0));
        TableError::limit(self.window.file_name(), &what, limit)
    }
}
