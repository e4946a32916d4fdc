//! Columns of products' tables, with their meanings.

use std::collections::HashMap;

use pz_model::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, FromQueryResult, IntoActiveModel, ModelTrait, QueryFilter,
    QueryOrder, QuerySelect, Set,
};

use crate::database::Store;
use crate::entities::{product_contents, product_files, products};
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};
use crate::products::touch_product;
use crate::visibility::Viewer;

/// Rows inserted by one statement: SQLite allows 32,766 values, and a column has ten.
const INSERT_CHUNK: usize = 1000;

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

/// A table column with the owner of its product.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct ProductContentRow {
    /// The column.
    #[sea_orm(nested)]
    pub content: product_contents::Model,
    /// Owner of the product.
    pub owner_id: i64,
}

/// A column as the reader of the file describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewContent {
    /// Name.
    pub column_name: String,
    /// Type as stored.
    pub dtype: Option<String>,
    /// Unit as the file gives it.
    pub unit: Option<String>,
    /// UCD as the file gives it.
    pub ucd: Option<String>,
    /// Description as the file gives it.
    pub description: Option<String>,
    /// Column statistics.
    pub statistics: Option<serde_json::Value>,
}

/// What reading a main file as a table gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Registration {
    /// The file that was read.
    pub file_id: i64,
    /// Rows, when it is a table.
    pub n_rows: Option<i64>,
    /// Name of the format.
    pub table_format: Option<String>,
    /// How to read it again without scanning.
    pub table_layout: Option<serde_json::Value>,
    /// Its columns in file order.
    pub contents: Vec<NewContent>,
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
        self.list_parts(viewer, "product_contents", query).await
    }

    /// A column, when the viewer may see its product.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn content(&self, viewer: Viewer, id: i64) -> Result<Option<ProductContentRow>, StoreError> {
        self.part(viewer, "product_contents", id).await
    }

    /// All columns of a product in file order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn contents_of(&self, product_id: i64) -> Result<Vec<product_contents::Model>, StoreError> {
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
    ) -> Result<product_contents::Model, StoreError> {
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
        transaction.commit().await?;
        Ok(row)
    }

    /// Changes a column and returns it.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is gone; [`StoreError::AlreadyExists`] when the position is taken.
    pub async fn change_content(
        &self,
        id: i64,
        changes: ContentChanges,
    ) -> Result<product_contents::Model, StoreError> {
        let transaction = self.begin_write().await?;
        let row = product_contents::Entity::find_by_id(id)
            .one(&transaction)
            .await?
            .ok_or(StoreError::Missing { what: "column", id })?;
        if changes == ContentChanges::default() {
            return Ok(row);
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
        transaction.commit().await?;
        Ok(row)
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
        Ok(transaction.commit().await?)
    }

    /// Keeps what reading the main file gave, in one transaction: rows, layout, and columns in the place
    /// of the old ones. A column of the same name keeps its meaning; otherwise a UCD from the file is
    /// taken over. Returns false, with nothing changed, when the file is no longer the main file.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn register(&self, product_id: i64, registration: Registration) -> Result<bool, StoreError> {
        let transaction = self.begin_write().await?;
        // Locked first, so that two registrations of one product wait for each other.
        let product = products::Entity::find_by_id(product_id)
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(StoreError::Missing {
                what: "product",
                id: product_id,
            })?;
        let Some(file) = product_files::Entity::find_by_id(registration.file_id)
            .one(&transaction)
            .await?
        else {
            return Ok(false);
        };
        let mut file = file.into_active_model();
        file.n_rows = Set(registration.n_rows);
        file.table_format = Set(registration.table_format);
        file.table_layout = Set(registration.table_layout);
        file.update(&transaction).await?;
        let old = product_contents::Entity::find()
            .filter(product_contents::Column::ProductId.eq(product_id))
            .all(&transaction)
            .await?;
        let meanings: HashMap<String, (Option<String>, Option<String>)> = old
            .into_iter()
            .map(|column| (column.column_name, (column.ucd, column.alias)))
            .collect();
        product_contents::Entity::delete_many()
            .filter(product_contents::Column::ProductId.eq(product_id))
            .exec(&transaction)
            .await?;
        let rows: Vec<product_contents::ActiveModel> = registration
            .contents
            .into_iter()
            .enumerate()
            .map(|(position, column)| {
                let (ucd, alias) = meanings
                    .get(&column.column_name)
                    .cloned()
                    .unwrap_or((column.ucd, None));
                product_contents::ActiveModel {
                    product_id: Set(product_id),
                    column_name: Set(column.column_name),
                    position: Set(i32::try_from(position).unwrap_or(i32::MAX)),
                    ucd: Set(ucd),
                    alias: Set(alias),
                    dtype: Set(column.dtype),
                    unit: Set(column.unit),
                    description: Set(column.description),
                    statistics: Set(column.statistics),
                    ..Default::default()
                }
            })
            .collect();
        for chunk in rows.chunks(INSERT_CHUNK) {
            product_contents::Entity::insert_many(chunk.to_vec())
                .exec(&transaction)
                .await?;
        }
        let mut product = product.into_active_model();
        product.registry_error = Set(None);
        product.registry_error_code = Set(None);
        product.updated_at = Set(Timestamp::now().to_utc());
        product.update(&transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
