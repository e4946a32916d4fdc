//! Product types' texts; their rules are in `pz-model`.

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{EntityTrait, FromQueryResult};

use crate::database::Store;
use crate::entities::product_types;
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};

/// Columns that lists of product types can be filtered, searched and ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductTypeField {
    /// Identifier.
    Id,
    /// Internal key.
    Name,
    /// Name for people.
    DisplayName,
    /// Position in lists.
    Position,
    /// Description.
    Description,
    /// When it was created.
    CreatedAt,
    /// Searched text: display name and description.
    TextSearch,
}

impl ListField for ProductTypeField {
    fn expr(self) -> Expr {
        Expr::col((
            "product_types",
            match self {
                Self::Id => "id",
                Self::Name => "name",
                Self::DisplayName => "display_name",
                Self::Position => "position",
                Self::Description => "description",
                Self::CreatedAt => "created_at",
                Self::TextSearch => "text_search",
            },
        ))
    }
}

impl Store {
    /// Product types that match, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_product_types(
        &self,
        query: &ListQuery<ProductTypeField>,
    ) -> Result<(u64, Vec<product_types::Model>), StoreError> {
        let count = self
            .count("product_types", query.condition(self.backend()))
            .await?;
        let mut select = Query::select()
            .expr(Expr::cust("product_types.*"))
            .from("product_types")
            .cond_where(query.condition(self.backend()))
            .take();
        query.order_and_page(&mut select, Expr::col(("product_types", "id")));
        let rows = product_types::Model::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        Ok((count, rows))
    }

    /// A product type.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn product_type(&self, id: i64) -> Result<Option<product_types::Model>, StoreError> {
        Ok(product_types::Entity::find_by_id(id).one(&self.db).await?)
    }
}
