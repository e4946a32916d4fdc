//! What a file is to its product.

use serde::{Deserialize, Serialize};

/// The role of a file in a product. The numbers are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "i32", try_from = "i32")]
pub enum FileRole {
    /// The data themselves; at most one per product.
    Main,
    /// A document that describes the data, shown first.
    Description,
    /// Anything else that belongs to the product.
    Auxiliary,
}

impl FileRole {
    /// All roles, by number.
    pub const ALL: [Self; 3] = [Self::Main, Self::Description, Self::Auxiliary];

    /// The number in the API and in the database.
    pub const fn code(self) -> i32 {
        match self {
            Self::Main => 0,
            Self::Description => 1,
            Self::Auxiliary => 2,
        }
    }

    /// The role with this number.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }

    /// The label the API calls `role_name`; the Python library compares it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Main => "Main",
            Self::Description => "Description",
            Self::Auxiliary => "Auxiliary",
        }
    }
}

impl From<FileRole> for i32 {
    fn from(role: FileRole) -> Self {
        role.code()
    }
}

impl TryFrom<i32> for FileRole {
    type Error = String;

    fn try_from(code: i32) -> Result<Self, Self::Error> {
        Self::from_code(code)
            .ok_or_else(|| format!("{code} is not a file role (0 main, 1 description, 2 auxiliary)"))
    }
}
