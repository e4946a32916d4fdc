//! Product types' texts; their rules are in `pz-model`.

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ActiveModelTrait, EntityTrait, FromQueryResult, QuerySelect, Set};

use crate::database::Store;
use crate::entities::product_types;
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};
use crate::text::search_text;

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

/// What to change of a product type's texts; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductTypeChanges {
    /// Name for people, unique.
    pub display_name: Option<String>,
    /// Description.
    pub description: Option<Option<String>>,
    /// Position in lists.
    pub position: Option<Option<i32>>,
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

    /// Changes the texts of a product type; false when there is none with this id.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] when the name for people is taken.
    pub async fn change_product_type(
        &self,
        id: i64,
        changes: ProductTypeChanges,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin_write().await?;
        let Some(row) = product_types::Entity::find_by_id(id)
            .lock_exclusive()
            .one(&transaction)
            .await?
        else {
            return Ok(false);
        };
        let display_name = changes.display_name.unwrap_or(row.display_name);
        let description = changes.description.unwrap_or(row.description);
        let update = product_types::ActiveModel {
            id: Set(id),
            name_search: Set(search_text(&[&display_name, &row.name])),
            text_search: Set(search_text(&[
                &display_name,
                description.as_deref().unwrap_or_default(),
            ])),
            display_name: Set(display_name),
            description: Set(description),
            position: Set(changes.position.unwrap_or(row.position)),
            ..Default::default()
        };
        update.update(&transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
