//! Which products a list is about.

use pz_client::ProductQuery;
use pz_model::ProductStatus;
use pz_model::api::Product;

use crate::texts::Text;

/// One of the four lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Official products.
    Official,
    /// Products of the users.
    User,
    /// Everything the user may see.
    All,
    /// The user's own, drafts and failures included.
    Mine,
}

impl Scope {
    /// Address of the list.
    pub(crate) const fn address(self) -> &'static str {
        match self {
            Self::Official => "/official_products",
            Self::User => "/user_products",
            Self::All => "/products",
            Self::Mine => "/my/products",
        }
    }

    /// Name of the list.
    pub(crate) const fn title(self) -> Text {
        match self {
            Self::Official => Text::ListOfficial,
            Self::User => Text::ListUser,
            Self::All => Text::ListAll,
            Self::Mine => Text::ListMine,
        }
    }

    /// What the list says when there is nothing in it at all.
    pub(crate) const fn empty(self) -> (Text, Text) {
        match self {
            Self::Official => (Text::ListEmptyOfficial, Text::ListEmptyOfficialHint),
            Self::User => (Text::ListEmptyUser, Text::ListEmptyUserHint),
            Self::All => (Text::ListEmptyAll, Text::ListEmptyUserHint),
            Self::Mine => (Text::ListEmptyMine, Text::ListEmptyUserHint),
        }
    }

    /// The list a product belongs to, for its breadcrumbs.
    pub(crate) fn of(product: &Product) -> Self {
        if product.official_product {
            Self::Official
        } else {
            Self::User
        }
    }

    /// Narrows a query to this list.
    pub(crate) fn restrict(self, query: &mut ProductQuery, user_id: Option<i64>) {
        match self {
            Self::Official => {
                query.official = Some(true);
                query.statuses = vec![ProductStatus::Published];
            }
            Self::User => query.official = Some(false),
            Self::All => {}
            Self::Mine => query.user = user_id,
        }
    }
}
