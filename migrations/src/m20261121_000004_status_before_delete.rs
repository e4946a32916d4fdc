//! The status that a deleted product had gets a column of its own; until here it stood in the reason, as JSON.

use sea_orm_migration::prelude::*;

use crate::columns::int_null;

/// Reasons that hold a status, and what they become. The same text works on both databases but for the functions
/// that read JSON.
const SPLIT_SQLITE: &str = r#"UPDATE products SET status_before_delete = json_extract(delete_reason, '$.status'),
    delete_reason = json_extract(delete_reason, '$.reason')
    WHERE delete_reason LIKE '{"status":%' AND json_valid(delete_reason)"#;
const SPLIT_POSTGRESQL: &str = r#"UPDATE products SET
    status_before_delete = (delete_reason::jsonb ->> 'status')::integer,
    delete_reason = delete_reason::jsonb ->> 'reason'
    WHERE delete_reason LIKE '{"status":%'"#;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000004_status_before_delete"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut products = Table::alter();
        products
            .table("products")
            .add_column(int_null("status_before_delete"));
        manager.alter_table(products.take()).await?;
        let split = match manager.get_database_backend() {
            sea_orm::DbBackend::Postgres => SPLIT_POSTGRESQL,
            _ => SPLIT_SQLITE,
        };
        manager.get_connection().execute_unprepared(split).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut products = Table::alter();
        products.table("products").drop_column("status_before_delete");
        manager.alter_table(products.take()).await
    }
}
