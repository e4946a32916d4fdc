//! Attributes of groups and datasets, as far as a table needs them: texts and numbers. An attribute of another
//! kind, or a damaged one, is as good as none: attributes only describe. Must never refuse a file.

use std::collections::BTreeMap;

use rust_hdf5::format::dense_attr::read_dense_attributes;
use rust_hdf5::format::messages::attr_info::AttributeInfoMessage;
use rust_hdf5::format::messages::attribute::{AttributeEntry, AttributeMessage};
use rust_hdf5::format::messages::datatype::{ByteOrder, DatatypeMessage};
use rust_hdf5::format::messages::{MSG_ATTR_INFO, MSG_ATTRIBUTE};
use rust_hdf5::format::object_header::ObjectHeaderMessage;

use super::heap::Heap;
use super::source::{Source, little_endian};

/// Longest text kept: pandas' list of 100,000 column names has a few megabytes.
const MAX_TEXT: usize = 16 << 20;

/// The attributes of one object, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes {
    texts: BTreeMap<String, String>,
    numbers: BTreeMap<String, i64>,
    others: Vec<String>,
}

impl Attributes {
    /// Those in the messages of an object header.
    pub(super) fn read(source: &Source, messages: &[ObjectHeaderMessage]) -> Self {
        let mut attributes = Self::default();
        let mut heap = Heap::new(source);
        for message in messages {
            match message.msg_type {
                MSG_ATTRIBUTE => {
                    if let Ok(entry) = AttributeEntry::parse(&message.data, &source.context) {
                        attributes.push(&mut heap, &entry);
                    }
                }
                MSG_ATTR_INFO => {
                    let entries =
                        AttributeInfoMessage::decode(&message.data, &source.context).and_then(|(info, _)| {
                            read_dense_attributes(&info, &source.context, &mut source.blocks())
                        });
                    for entry in entries.into_iter().flatten() {
                        attributes.push(&mut heap, &entry);
                    }
                }
                _ => {}
            }
        }
        attributes
    }

    fn push(&mut self, heap: &mut Heap<'_>, entry: &AttributeEntry) {
        let name = entry.name().to_owned();
        match entry.readable() {
            Some(attribute) => match value(heap, attribute) {
                Some(Value::Text(text)) => drop(self.texts.insert(name, text)),
                Some(Value::Number(number)) => drop(self.numbers.insert(name, number)),
                None => self.others.push(name),
            },
            None => self.others.push(name),
        }
    }

    /// The text called so, when it is one and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts
            .get(name)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    }

    /// The first of these texts that there is.
    pub(super) fn first_text(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.text(name)).map(str::to_owned)
    }

    /// The integer called so.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.numbers.get(name).copied()
    }

    /// There is an attribute called so, whatever it is.
    pub(super) fn has(&self, name: &str) -> bool {
        self.texts.contains_key(name)
            || self.numbers.contains_key(name)
            || self.others.iter().any(|other| other == name)
    }
}

enum Value {
    Text(String),
    Number(i64),
}

/// The value of an attribute of one element.
fn value(heap: &mut Heap<'_>, attribute: &AttributeMessage) -> Option<Value> {
    if attribute.dataspace.is_null() || attribute.dataspace.element_count() != Some(1) {
        return None;
    }
    let text = |bytes: &[u8]| {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let bytes = bytes.get(..end.min(MAX_TEXT))?;
        Some(Value::Text(String::from_utf8_lossy(bytes).into_owned()))
    };
    match &attribute.datatype {
        DatatypeMessage::FixedString { .. } => text(&attribute.data),
        DatatypeMessage::VarLenString { .. } => {
            let (_, bytes) = heap.items(&attribute.data, 1).ok()?;
            text(bytes)
        }
        DatatypeMessage::FixedPoint {
            size,
            byte_order,
            signed,
            ..
        } => {
            let mut bytes = attribute.data.get(..usize::try_from(*size).ok()?)?.to_vec();
            if *byte_order == ByteOrder::BigEndian {
                bytes.reverse();
            }
            let width = u32::try_from(bytes.len())
                .ok()
                .filter(|width| (1..=8).contains(width))?;
            let unused = 64 - 8 * width;
            let value = little_endian(&bytes);
            let value = if *signed {
                ((value << unused) as i64) >> unused
            } else {
                i64::try_from(value).ok()?
            };
            Some(Value::Number(value))
        }
        _ => None,
    }
}
