//! The life of a product.

use serde::{Deserialize, Serialize};

/// Where a product is in its life. The numbers are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "i32", try_from = "i32")]
pub enum ProductStatus {
    /// A draft: visible to its owner and to administrators.
    Registering,
    /// Visible to everybody who may see its release.
    Published,
    /// Deleted; kept as a tombstone.
    Deleted,
    /// The output of a process that is still running.
    Processing,
    /// The output of a process that failed or was stopped.
    Failed,
}

impl ProductStatus {
    /// All of them, by number.
    pub const ALL: [Self; 5] = [
        Self::Registering,
        Self::Published,
        Self::Deleted,
        Self::Processing,
        Self::Failed,
    ];

    /// The number in the API and in the database.
    pub const fn code(self) -> i32 {
        match self {
            Self::Registering => 0,
            Self::Published => 1,
            Self::Deleted => 2,
            Self::Processing => 3,
            Self::Failed => 9,
        }
    }

    /// The status with this number.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// The label the API calls `product_status`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Registering => "Registering",
            Self::Published => "Published",
            Self::Deleted => "Deleted",
            Self::Processing => "Processing",
            Self::Failed => "Failed",
        }
    }

    /// Whether a client may ask for `next` on a product that has this status.
    ///
    /// Clients publish (1) and take back to draft (0); processes and deletion set the others. Naming the
    /// current status again is allowed and changes nothing.
    pub fn may_be_set_to(self, next: Self) -> bool {
        match self {
            Self::Deleted => false,
            _ if self == next => true,
            Self::Registering | Self::Failed => next == Self::Published,
            Self::Published => next == Self::Registering,
            Self::Processing => false,
        }
    }
}

impl From<ProductStatus> for i32 {
    fn from(status: ProductStatus) -> Self {
        status.code()
    }
}

impl TryFrom<i32> for ProductStatus {
    type Error = String;

    fn try_from(code: i32) -> Result<Self, Self::Error> {
        Self::from_code(code).ok_or_else(|| format!("{code} is not a product status (0, 1, 2, 3 or 9)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip() {
        for status in ProductStatus::ALL {
            assert_eq!(ProductStatus::from_code(status.code()), Some(status));
        }
        assert_eq!(ProductStatus::from_code(4), None);
    }

    #[test]
    fn nothing_leaves_deleted_and_clients_set_only_draft_and_published() {
        use ProductStatus::*;
        for next in ProductStatus::ALL {
            assert!(!Deleted.may_be_set_to(next));
        }
        assert!(Registering.may_be_set_to(Published));
        assert!(Failed.may_be_set_to(Published));
        assert!(Published.may_be_set_to(Registering));
        assert!(!Processing.may_be_set_to(Published));
        for from in [Registering, Published, Failed] {
            for to in [Deleted, Processing] {
                assert!(!from.may_be_set_to(to));
            }
        }
    }
}
