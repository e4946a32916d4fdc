//! Columns of products' tables, with their meanings.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, FromQueryResult, IdenStatic, IntoActiveModel, ModelTrait,
    QueryFilter, QueryOrder, QuerySelect, Select, Set,
};

use crate::database::Store;
use crate::entities::product_contents;
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};
use crate::products::touch_product;
use crate::roles::sum_up;
use crate::visibility::Viewer;

/// Columns that lists of table columns can be filtered and ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductContentField {
    /// Identifier.
    Id,
    /// Product.
    ProductId,
    /// Position in the file.
    Position,
}

impl ListField for ProductContentField {
    fn expr(self) -> Expr {
        Expr::col((
            "product_contents",
            match self {
                Self::Id => "id",
                Self::ProductId => "product_id",
                Self::Position => "position",
            },
        ))
    }
}

/// A table column without its statistics, which are many times as large as the rest.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct Content {
    /// Identifier.
    pub id: i64,
    /// Id of the product.
    pub product_id: i64,
    /// Name.
    pub column_name: String,
    /// Position in the file.
    pub position: i32,
    /// UCD of the meaning.
    pub ucd: Option<String>,
    /// Alias of the meaning.
    pub alias: Option<String>,
    /// Type as stored.
    pub dtype: Option<String>,
    /// Shape of one cell, a list of numbers; none for scalars.
    pub shape: Option<serde_json::Value>,
    /// Unit as the file gives it.
    pub unit: Option<String>,
    /// Description as the file gives it.
    pub description: Option<String>,
}

impl Content {
    /// Shape of one cell, outermost axis first; empty for scalars.
    pub fn shape_numbers(&self) -> Vec<u64> {
        shape_numbers(self.shape.as_ref())
    }
}

/// The numbers in the list that the database holds.
fn shape_numbers(shape: Option<&serde_json::Value>) -> Vec<u64> {
    let list = shape.and_then(serde_json::Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(serde_json::Value::as_u64)
        .collect()
}

impl product_contents::Model {
    /// Shape of one cell, outermost axis first; empty for scalars.
    pub fn shape_numbers(&self) -> Vec<u64> {
        shape_numbers(self.shape.as_ref())
    }
}

/// The columns of [`Content`].
const CONTENT_COLUMNS: [product_contents::Column; 10] = [
    product_contents::Column::Id,
    product_contents::Column::ProductId,
    product_contents::Column::ColumnName,
    product_contents::Column::Position,
    product_contents::Column::Ucd,
    product_contents::Column::Alias,
    product_contents::Column::Dtype,
    product_contents::Column::Shape,
    product_contents::Column::Unit,
    product_contents::Column::Description,
];

impl From<product_contents::Model> for Content {
    fn from(row: product_contents::Model) -> Self {
        Self {
            id: row.id,
            product_id: row.product_id,
            column_name: row.column_name,
            position: row.position,
            ucd: row.ucd,
            alias: row.alias,
            dtype: row.dtype,
            shape: row.shape,
            unit: row.unit,
            description: row.description,
        }
    }
}

/// The table columns of a product in file order, to be read as [`Content`].
pub(crate) fn of_product(product_id: i64) -> Select<product_contents::Entity> {
    product_contents::Entity::find()
        .select_only()
        .columns(CONTENT_COLUMNS)
        .filter(product_contents::Column::ProductId.eq(product_id))
        .order_by_asc(product_contents::Column::Position)
}

/// Their names in a `SELECT`, and those of [`ContentFacts`].
fn content_columns() -> String {
    let mut columns = CONTENT_COLUMNS
        .map(|column| format!("product_contents.{}", column.as_str()))
        .join(", ");
    // As text, so that no number passes through a float. Only these parts of the statistics leave the database.
    columns.push_str(", CAST(product_contents.samples AS text) AS samples");
    for (key, name) in [("min", "min"), ("max", "max"), ("missing", "null_count")] {
        columns.push_str(&format!(
            ", CAST(product_contents.statistics -> '{key}' AS text) AS {name}"
        ));
    }
    columns
}

/// What is known of the values of a column, as JSON text.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct ContentFacts {
    /// A list of texts, each the JSON text of a value.
    pub samples: Option<String>,
    /// Smallest finite value.
    pub min: Option<String>,
    /// Largest finite value.
    pub max: Option<String>,
    /// Number of missing values.
    pub null_count: Option<String>,
}

/// A table column with what is known of its values, and the owner of its product.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct ProductContentRow {
    /// The column.
    #[sea_orm(nested)]
    pub content: Content,
    /// What is known of its values.
    #[sea_orm(nested)]
    pub facts: ContentFacts,
    /// Owner of the product.
    pub owner_id: i64,
}

/// What changes in a column; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContentChanges {
    /// Name.
    pub column_name: Option<String>,
    /// Position.
    pub position: Option<i32>,
    /// UCD of the meaning.
    pub ucd: Option<Option<String>>,
    /// Alias of the meaning.
    pub alias: Option<Option<String>>,
}

impl Store {
    /// Columns of products that the viewer may see, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_contents(
        &self,
        viewer: Viewer,
        query: &ListQuery<ProductContentField>,
    ) -> Result<(u64, Vec<ProductContentRow>), StoreError> {
        self.list_parts(viewer, "product_contents", &content_columns(), query)
            .await
    }

    /// A column, when the viewer may see its product.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn content(&self, viewer: Viewer, id: i64) -> Result<Option<ProductContentRow>, StoreError> {
        self.part(viewer, "product_contents", &content_columns(), id)
            .await
    }

    /// All columns of a product in file order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn contents_of(&self, product_id: i64) -> Result<Vec<Content>, StoreError> {
        Ok(of_product(product_id).into_model().all(&self.db).await?)
    }

    /// The columns of a product with their statistics, in file order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn statistics_of(&self, product_id: i64) -> Result<Vec<product_contents::Model>, StoreError> {
        Ok(product_contents::Entity::find()
            .filter(product_contents::Column::ProductId.eq(product_id))
            .order_by_asc(product_contents::Column::Position)
            .all(&self.db)
            .await?)
    }

    /// Adds a column by hand, at `position` or after the last one.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] when the position is taken.
    pub async fn add_content(
        &self,
        product_id: i64,
        column_name: String,
        position: Option<i32>,
        ucd: Option<String>,
        alias: Option<String>,
    ) -> Result<Content, StoreError> {
        let transaction = self.begin_write().await?;
        let last = product_contents::Entity::find()
            .filter(product_contents::Column::ProductId.eq(product_id))
            .order_by_desc(product_contents::Column::Position)
            .one(&transaction)
            .await?;
        let row = product_contents::ActiveModel {
            product_id: Set(product_id),
            column_name: Set(column_name),
            position: Set(
                position.unwrap_or_else(|| last.map_or(0, |column| column.position.saturating_add(1)))
            ),
            ucd: Set(ucd),
            alias: Set(alias),
            ..Default::default()
        }
        .insert(&transaction)
        .await?;
        touch_product(&transaction, product_id).await?;
        sum_up(&transaction, product_id).await?;
        transaction.commit().await?;
        Ok(row.into())
    }

    /// Changes a column and returns it.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is gone; [`StoreError::AlreadyExists`] when the position is taken.
    pub async fn change_content(&self, id: i64, changes: ContentChanges) -> Result<Content, StoreError> {
        let transaction = self.begin_write().await?;
        let row = product_contents::Entity::find_by_id(id)
            .one(&transaction)
            .await?
            .ok_or(StoreError::Missing { what: "column", id })?;
        if changes == ContentChanges::default() {
            return Ok(row.into());
        }
        let product_id = row.product_id;
        let mut row = row.into_active_model();
        if let Some(column_name) = changes.column_name {
            row.column_name = Set(column_name);
        }
        if let Some(position) = changes.position {
            row.position = Set(position);
        }
        if let Some(ucd) = changes.ucd {
            row.ucd = Set(ucd);
        }
        if let Some(alias) = changes.alias {
            row.alias = Set(alias);
        }
        let row = row.update(&transaction).await?;
        touch_product(&transaction, product_id).await?;
        sum_up(&transaction, product_id).await?;
        transaction.commit().await?;
        Ok(row.into())
    }

    /// Forgets a column.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is gone already.
    pub async fn delete_content(&self, id: i64) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        let row = product_contents::Entity::find_by_id(id)
            .one(&transaction)
            .await?
            .ok_or(StoreError::Missing { what: "column", id })?;
        let product_id = row.product_id;
        row.delete(&transaction).await?;
        touch_product(&transaction, product_id).await?;
        sum_up(&transaction, product_id).await?;
        Ok(transaction.commit().await?)
    }
}
