//! What administrators may change of a pipeline: its texts and its default configuration.

use sea_orm::{ActiveModelTrait, EntityTrait, QuerySelect, Set};

use crate::database::Store;
use crate::entities::pipelines;
use crate::error::StoreError;
use crate::text::search_text;

/// What to change of a pipeline; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PipelineChanges {
    /// Name for people, unique.
    pub display_name: Option<String>,
    /// Description.
    pub description: Option<Option<String>>,
    /// Default configuration.
    pub system_config: Option<serde_json::Value>,
}

impl Store {
    /// A pipeline's row.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pipeline_row(&self, id: i64) -> Result<Option<pipelines::Model>, StoreError> {
        Ok(pipelines::Entity::find_by_id(id).one(&self.db).await?)
    }

    /// Changes a pipeline; the row as it is then, or none when there is none with this id.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] when the name for people is taken.
    pub async fn change_pipeline(
        &self,
        id: i64,
        changes: PipelineChanges,
    ) -> Result<Option<pipelines::Model>, StoreError> {
        let transaction = self.begin_write().await?;
        let Some(row) = pipelines::Entity::find_by_id(id)
            .lock_exclusive()
            .one(&transaction)
            .await?
        else {
            return Ok(None);
        };
        let display_name = changes.display_name.unwrap_or(row.display_name);
        let description = changes.description.unwrap_or(row.description);
        let update = pipelines::ActiveModel {
            id: Set(id),
            name_search: Set(search_text(&[&display_name, &row.name])),
            text_search: Set(search_text(&[
                &display_name,
                description.as_deref().unwrap_or_default(),
            ])),
            display_name: Set(display_name),
            description: Set(description),
            system_config: Set(changes.system_config.or(row.system_config)),
            ..Default::default()
        };
        let row = update.update(&transaction).await?;
        transaction.commit().await?;
        Ok(Some(row))
    }
}
