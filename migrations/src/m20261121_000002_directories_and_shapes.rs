//! Directories (HATS catalogs) as main files: their bytes are one blob, whose members are listed here. Columns
//! whose cells are arrays: their shapes.

use ForeignKeyAction::Cascade;
use sea_orm_migration::prelude::*;

use crate::columns::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000002_directories_and_shapes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut file_id = big("file_id");
        file_id.primary_key();
        let mut members = ColumnDef::new("members");
        members.json().not_null();
        let mut containers = table(
            "file_containers",
            vec![
                file_id,
                // of the blob; the file's size is the sum of its members
                big("blob_bytes"),
                // name, offset, bytes, crc32 and sha256 of each, in the order of the blob
                members,
            ],
        );
        reference(&mut containers, "file_id", "product_files", Cascade);
        manager.create_table(containers).await?;
        let mut contents = Table::alter();
        contents.table("product_contents").add_column(json_null("shape"));
        manager.alter_table(contents.take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut contents = Table::alter();
        contents.table("product_contents").drop_column("shape");
        manager.alter_table(contents.take()).await?;
        manager
            .drop_table(Table::drop().table("file_containers").if_exists().take())
            .await
    }
}
