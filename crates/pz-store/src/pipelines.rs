//! Pipelines that the service offers.

use std::collections::HashMap;

use pz_model::Timestamp;
use pz_model::pipelines::PipelineKind;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, QueryOrder, Set,
};
use serde_json::Value;

use crate::database::Store;
use crate::entities::{pipeline_accepted_types, pipelines};
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};
use crate::text::search_text;

/// Columns that lists of pipelines can be filtered, searched and ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PipelineField {
    /// Identifier.
    Id,
    /// Unique name.
    Name,
    /// When it was added.
    CreatedAt,
    /// Searched text: display name and description.
    TextSearch,
}

impl ListField for PipelineField {
    fn expr(self) -> Expr {
        Expr::col((
            "pipelines",
            match self {
                Self::Id => "id",
                Self::Name => "name",
                Self::CreatedAt => "created_at",
                Self::TextSearch => "text_search",
            },
        ))
    }
}

/// A pipeline with the product types it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineWithTypes {
    /// The pipeline.
    pub pipeline: pipelines::Model,
    /// Ids of the product types it takes, ascending.
    pub product_types_accepted: Vec<i64>,
}

/// A new pipeline.
#[derive(Debug, Clone)]
pub struct NewPipeline {
    /// Unique name.
    pub name: String,
    /// Name for people.
    pub display_name: String,
    /// Version.
    pub version: String,
    /// Description.
    pub description: Option<String>,
    /// Default configuration; holds the object `param`.
    pub system_config: Value,
    /// Id of the product type it makes.
    pub output_product_type_id: i64,
    /// Ids of the product types it takes.
    pub product_types_accepted: Vec<i64>,
}

impl Store {
    /// Pipelines that match, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_pipelines(
        &self,
        query: &ListQuery<PipelineField>,
    ) -> Result<(u64, Vec<PipelineWithTypes>), StoreError> {
        let count = self.count("pipelines", query.condition(self.backend())).await?;
        let mut select = Query::select()
            .expr(Expr::cust("pipelines.*"))
            .from("pipelines")
            .cond_where(query.condition(self.backend()))
            .take();
        query.order_and_page(&mut select, Expr::col(("pipelines", "id")));
        let rows = pipelines::Model::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        Ok((count, self.with_types(rows).await?))
    }

    /// A pipeline.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pipeline(&self, id: i64) -> Result<Option<PipelineWithTypes>, StoreError> {
        let row = pipelines::Entity::find_by_id(id).one(&self.db).await?;
        Ok(self.with_types(row.into_iter().collect()).await?.pop())
    }

    /// Adds a pipeline.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] when the name is taken.
    pub async fn add_pipeline(&self, pipeline: NewPipeline) -> Result<pipelines::Model, StoreError> {
        let transaction = self.begin_write().await?;
        let description = pipeline.description.clone().unwrap_or_default();
        let row = pipelines::ActiveModel {
            name_search: Set(search_text(&[&pipeline.display_name, &pipeline.name])),
            text_search: Set(search_text(&[&pipeline.display_name, &description])),
            name: Set(pipeline.name),
            display_name: Set(pipeline.display_name),
            version: Set(pipeline.version),
            description: Set(pipeline.description),
            system_config: Set(Some(pipeline.system_config)),
            output_product_type_id: Set(pipeline.output_product_type_id),
            created_at: Set(Timestamp::now().to_utc()),
            ..Default::default()
        }
        .insert(&transaction)
        .await?;
        insert_types(&transaction, row.id, pipeline.product_types_accepted).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Makes the rows of the pipelines agree with the program: adds those that are not there; of the others only
    /// what the program decides changes (version, types) and what their configuration lacks is added. Texts and
    /// defaults that administrators changed stay.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sync_pipelines(&self) -> Result<(), StoreError> {
        for kind in PipelineKind::ALL {
            let known = pipelines::Entity::find()
                .filter(pipelines::Column::Name.eq(kind.name()))
                .one(&self.db)
                .await?;
            let synced = match known {
                Some(row) => self.sync_pipeline(kind, row).await,
                None => self.add_pipeline(new_pipeline(kind)).await.map(|_| ()),
            };
            match synced {
                // Another server of the same database starts, too.
                Err(StoreError::AlreadyExists(_)) => {}
                other => other?,
            }
        }
        Ok(())
    }

    async fn sync_pipeline(&self, kind: PipelineKind, row: pipelines::Model) -> Result<(), StoreError> {
        let mut system_config = row.system_config.clone().unwrap_or_default();
        add_missing(&mut system_config, kind.system_config());
        let output_type = kind.output_type().id();
        let changed = row.version != kind.version()
            || row.output_product_type_id != output_type
            || row.system_config.as_ref() != Some(&system_config);
        let accepted: Vec<i64> = kind
            .accepted_types()
            .iter()
            .map(|accepted| accepted.id())
            .collect();
        let before = pipeline_accepted_types::Entity::find()
            .filter(pipeline_accepted_types::Column::PipelineId.eq(row.id))
            .order_by_asc(pipeline_accepted_types::Column::ProductTypeId)
            .all(&self.db)
            .await?;
        let same_types = before
            .iter()
            .map(|pair| pair.product_type_id)
            .eq(accepted.iter().copied());
        if !changed && same_types {
            return Ok(());
        }
        let transaction = self.begin_write().await?;
        let id = row.id;
        let mut row = row.into_active_model();
        row.version = Set(kind.version().to_owned());
        row.output_product_type_id = Set(output_type);
        row.system_config = Set(Some(system_config));
        row.update(&transaction).await?;
        if !same_types {
            pipeline_accepted_types::Entity::delete_many()
                .filter(pipeline_accepted_types::Column::PipelineId.eq(id))
                .exec(&transaction)
                .await?;
            insert_types(&transaction, id, accepted).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn with_types(&self, rows: Vec<pipelines::Model>) -> Result<Vec<PipelineWithTypes>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut types: HashMap<i64, Vec<i64>> = HashMap::new();
        let pairs = pipeline_accepted_types::Entity::find()
            .filter(pipeline_accepted_types::Column::PipelineId.is_in(rows.iter().map(|row| row.id)))
            .order_by_asc(pipeline_accepted_types::Column::ProductTypeId)
            .all(&self.db)
            .await?;
        for pair in pairs {
            types
                .entry(pair.pipeline_id)
                .or_default()
                .push(pair.product_type_id);
        }
        Ok(rows
            .into_iter()
            .map(|pipeline| {
                let product_types_accepted = types.remove(&pipeline.id).unwrap_or_default();
                PipelineWithTypes {
                    pipeline,
                    product_types_accepted,
                }
            })
            .collect())
    }
}

async fn insert_types(
    transaction: &DatabaseTransaction,
    pipeline_id: i64,
    product_types: Vec<i64>,
) -> Result<(), StoreError> {
    for product_type_id in product_types {
        pipeline_accepted_types::ActiveModel {
            pipeline_id: Set(pipeline_id),
            product_type_id: Set(product_type_id),
        }
        .insert(transaction)
        .await?;
    }
    Ok(())
}

fn new_pipeline(kind: PipelineKind) -> NewPipeline {
    NewPipeline {
        name: kind.name().to_owned(),
        display_name: kind.display_name().to_owned(),
        version: kind.version().to_owned(),
        description: Some(kind.description().to_owned()),
        system_config: kind.system_config(),
        output_product_type_id: kind.output_type().id(),
        product_types_accepted: kind
            .accepted_types()
            .iter()
            .map(|accepted| accepted.id())
            .collect(),
    }
}

/// Adds the keys of `ours` that are not there, at any depth; nothing that is there changes, unless it is no
/// object where one is needed.
fn add_missing(stored: &mut Value, ours: Value) {
    let Value::Object(ours) = ours else { return };
    if !stored.is_object() {
        *stored = Value::Object(ours);
        return;
    }
    for (key, value) in ours {
        match stored.get_mut(&key) {
            Some(known) => add_missing(known, value),
            None => stored[key] = value,
        }
    }
}
