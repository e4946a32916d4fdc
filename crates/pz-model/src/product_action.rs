//! What may be done with a product, and why not.

use crate::product_status::ProductStatus;

/// Something a person may want to do with a product they can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProductAction {
    /// Fetch its bytes.
    Download,
    /// Send its address to somebody.
    Share,
    /// Change its metadata.
    Edit,
    /// Remove it.
    Delete,
}

/// Why an action is not available.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Only the owner and administrators may.
    NotYours,
    /// The product has not been published.
    NotPublished,
    /// The process that makes the product is still running.
    StillRunning,
    /// The product is gone.
    Deleted,
}

impl ProductAction {
    /// Why this action is not available on a product with this status; `None` when it is.
    ///
    /// `permitted` is what the server says of the caller's rights: `can_delete` for [`Self::Delete`],
    /// `can_update` for [`Self::Edit`]; it does not matter for the others.
    pub fn refusal(self, status: ProductStatus, permitted: bool) -> Option<Refusal> {
        let needs_right = matches!(self, Self::Edit | Self::Delete);
        match (self, status) {
            (_, ProductStatus::Deleted) => Some(Refusal::Deleted),
            _ if needs_right && !permitted => Some(Refusal::NotYours),
            (Self::Delete, ProductStatus::Processing) => Some(Refusal::StillRunning),
            (Self::Share, ProductStatus::Processing) | (Self::Delete, _) | (_, ProductStatus::Published) => {
                None
            }
            (_, ProductStatus::Processing) => Some(Refusal::StillRunning),
            (_, ProductStatus::Registering | ProductStatus::Failed) => Some(Refusal::NotPublished),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ProductAction::{Delete, Download, Edit, Share};
    use super::ProductStatus::{Deleted, Failed, Processing, Published, Registering};
    use super::*;

    #[test]
    fn published_products_offer_everything_to_their_owner() {
        for action in [Download, Share, Edit, Delete] {
            assert_eq!(action.refusal(Published, true), None);
        }
        assert_eq!(Download.refusal(Published, false), None);
        assert_eq!(Share.refusal(Published, false), None);
        assert_eq!(Edit.refusal(Published, false), Some(Refusal::NotYours));
        assert_eq!(Delete.refusal(Published, false), Some(Refusal::NotYours));
    }

    #[test]
    fn what_is_not_published_can_only_be_discarded() {
        for status in [Registering, Failed] {
            assert_eq!(Download.refusal(status, true), Some(Refusal::NotPublished));
            assert_eq!(Share.refusal(status, true), Some(Refusal::NotPublished));
            assert_eq!(Edit.refusal(status, true), Some(Refusal::NotPublished));
            assert_eq!(Delete.refusal(status, true), None);
        }
    }

    #[test]
    fn a_running_product_can_be_shared_and_nothing_else() {
        assert_eq!(Share.refusal(Processing, true), None);
        for action in [Download, Edit, Delete] {
            assert_eq!(action.refusal(Processing, true), Some(Refusal::StillRunning));
        }
        assert_eq!(Share.refusal(Deleted, true), Some(Refusal::Deleted));
    }
}
