//! What happened, as open pages are told.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// What an event is about: the name of the server-sent event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A process was submitted, or it or its place changed.
    Process,
    /// A product, or its files or columns, changed.
    Product,
    /// A download of the user's.
    Download,
    /// A preview can be read.
    Preview,
    /// Statistics can be read.
    Stats,
    /// A process wrote to its log.
    Log,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Process,
        Self::Product,
        Self::Download,
        Self::Preview,
        Self::Stats,
        Self::Log,
    ];

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Product => "product",
            Self::Download => "download",
            Self::Preview => "preview",
            Self::Stats => "stats",
            Self::Log => "log",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that happened: the data of a server-sent event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Number, the id of the server-sent event.
    #[cfg_attr(feature = "openapi", schema(example = 4711))]
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What it is about.
    pub kind: EventKind,
    /// Id of the product.
    pub product: Option<i64>,
    /// Id of the process.
    pub process: Option<i64>,
    /// What happened (`action`), and what is so now.
    #[cfg_attr(feature = "openapi", schema(value_type = Object, example = json!({"action": "process.change", "status": "Running", "phase": "running"})))]
    pub payload: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_serde_writes() {
        for kind in EventKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(EventKind::from_name(kind.as_str()), Some(kind));
        }
    }
}
