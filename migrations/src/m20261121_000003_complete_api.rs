//! What the complete API remembers beside the first version: versions and citation of products, compressed copies
//! of files, resumable uploads, events, plots; and a second revision, of who may do what.

use ForeignKeyAction::{Cascade, SetNull};
use sea_orm_migration::prelude::*;

use crate::columns::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000003_complete_api"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in new_columns() {
            let mut alter = Table::alter();
            alter.table(table).add_column(column);
            manager.alter_table(alter.take()).await?;
        }
        for table in new_tables() {
            manager.create_table(table).await?;
        }
        let db = manager.get_connection();
        db.execute_unprepared("UPDATE products SET concept_id = id")
            .await?;
        if is_postgres(manager) {
            for (table, column) in [("groups", "name"), ("processes", "display_name")] {
                let alter = format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE text COLLATE \"C\"");
                db.execute_unprepared(&alter).await?;
            }
        }
        for (name, table, columns) in INDEXES {
            let unique = if name.ends_with("_unique") { "UNIQUE " } else { "" };
            db.execute_unprepared(&format!("CREATE {unique}INDEX {name} ON {table} ({columns})"))
                .await?;
        }
        revisions(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for (revision, changes) in REVISIONS {
            for (table, events) in *changes {
                for number in 0..events.len() {
                    let name = trigger_name(table, revision, number);
                    let on = if is_postgres(manager) {
                        format!(" ON {table}")
                    } else {
                        String::new()
                    };
                    db.execute_unprepared(&format!("DROP TRIGGER {name}{on}")).await?;
                }
            }
        }
        if is_postgres(manager) {
            db.execute_unprepared("DROP FUNCTION bump_accounts_revision()")
                .await?;
        }
        db.execute_unprepared("DELETE FROM revisions WHERE name = 'accounts'")
            .await?;
        for (name, _, _) in INDEXES {
            db.execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        for name in ["plots", "events", "uploads"] {
            manager
                .drop_table(Table::drop().table(name).if_exists().take())
                .await?;
        }
        for (table, column) in new_columns().into_iter().rev() {
            let mut alter = Table::alter();
            alter.table(table).drop_column(column.get_column_name());
            manager.alter_table(alter.take()).await?;
        }
        Ok(())
    }
}

fn is_postgres(manager: &SchemaManager) -> bool {
    manager.get_database_backend() == sea_orm::DbBackend::Postgres
}

fn double_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).double().take()
}

fn new_columns() -> Vec<(&'static str, ColumnDef)> {
    let mut version = int("version_number");
    version.default(1);
    vec![
        // the id of the first version
        ("products", big_null("concept_id")),
        ("products", version),
        // SPDX id
        ("products", text_null("license")),
        // lists of what pz-model calls creators, related identifiers and so on
        ("products", json_null("creators")),
        ("products", json_null("related_identifiers")),
        ("products", json_null("subjects")),
        ("products", json_null("funding")),
        ("products", text_null("doi")),
        // of the column with the meaning redshift, where known
        ("products", double_null("z_min")),
        ("products", double_null("z_max")),
        // comma list of the meanings that columns have
        ("products", text_null("roles")),
        // the same bytes compressed (raw deflate), for archives
        ("product_files", text_null("deflated_blob_key")),
        ("product_files", big_null("deflated_bytes")),
        // first values of the column that are not missing
        ("product_contents", json_null("samples")),
        // bytes that files of the user's products may take; the instance's default when absent
        ("users", big_null("quota_bytes")),
        // the file with translations of quality flags that the user sent along
        ("processes", big_null("flags_file_id")),
    ]
}

fn new_tables() -> Vec<TableCreateStatement> {
    let mut upload_id = text("id");
    upload_id.primary_key();
    let mut uploads = table(
        "uploads",
        vec![
            // random: whoever knows it and is the user may go on
            upload_id,
            big("user_id"),
            big("product_id"),
            int("role"),
            text("name"),
            text_null("mime_type"),
            big("length_bytes"),
            big("offset_bytes"),
            // where the bytes so far are
            text("staging_key"),
            // the file that came of it
            big_null("file_id"),
            time("created_at"),
            time("updated_at"),
            time("expires_at"),
        ],
    );
    reference(&mut uploads, "user_id", "users", Cascade);
    reference(&mut uploads, "product_id", "products", Cascade);
    reference(&mut uploads, "file_id", "product_files", SetNull);
    let events = table(
        "events",
        vec![
            id(),
            time("at"),
            // process, product, download, preview, stats, log
            text("kind"),
            big_null("product_id"),
            big_null("process_id"),
            // events for one user only
            big_null("user_id"),
            json_null("payload"),
        ],
    );
    let mut plots = table(
        "plots",
        vec![
            id(),
            big("product_id"),
            // kind, parameters and the file's digest: a plot of other bytes is another plot
            text("key"),
            ColumnDef::new("body").json().not_null().take(),
            time("created_at"),
        ],
    );
    reference(&mut plots, "product_id", "products", Cascade);
    vec![uploads, events, plots]
}

const INDEXES: &[(&str, &str, &str)] = &[
    (
        "idx_products_concept_id",
        "products",
        "concept_id, version_number",
    ),
    (
        "idx_product_files_deflated_blob_key",
        "product_files",
        "deflated_blob_key",
    ),
    ("idx_uploads_user_id", "uploads", "user_id"),
    ("idx_uploads_product_id", "uploads", "product_id"),
    ("idx_uploads_expires_at", "uploads", "expires_at"),
    ("idx_events_at", "events", "at"),
    ("idx_plots_product_id_key_unique", "plots", "product_id, key"),
];

type Changes = &'static [(&'static str, &'static [&'static str])];

/// Which events move which revision, beside those of the first version.
const REVISIONS: &[(&str, Changes)] = &[
    (
        "lists",
        &[
            ("product_files", &["INSERT", "UPDATE", "DELETE"]),
            ("product_contents", &["INSERT", "UPDATE", "DELETE"]),
            ("pipelines", &["INSERT", "UPDATE", "DELETE"]),
            ("pipeline_accepted_types", &["INSERT", "DELETE"]),
            ("processes", &["INSERT", "UPDATE", "DELETE"]),
            ("groups", &["INSERT", "UPDATE", "DELETE"]),
            (
                "users",
                &["INSERT", "UPDATE OF display_name, is_active", "DELETE"],
            ),
        ],
    ),
    (
        "accounts",
        &[
            (
                "users",
                &[
                    "INSERT",
                    "UPDATE OF username, display_name, is_active, is_superuser, session_epoch, password_hash",
                    "DELETE",
                ],
            ),
            ("memberships", &["INSERT", "DELETE"]),
            ("groups", &["UPDATE", "DELETE"]),
            (
                "api_tokens",
                &[
                    "INSERT",
                    "UPDATE OF key, secret_sha256, scopes, expires_at",
                    "DELETE",
                ],
            ),
        ],
    ),
];

fn trigger_name(table: &str, revision: &str, number: usize) -> String {
    format!("{table}_{revision}_api_{number}")
}

/// What was read at the same revision need not be read again, whoever changes it meanwhile.
async fn revisions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    db.execute_unprepared("INSERT INTO revisions (name, value) VALUES ('accounts', 0)")
        .await?;
    let bump = |revision: &str| format!("UPDATE revisions SET value = value + 1 WHERE name = '{revision}'");
    if is_postgres(manager) {
        db.execute_unprepared(&format!(
            "CREATE FUNCTION bump_accounts_revision() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN {}; RETURN NULL; END $$",
            bump("accounts")
        ))
        .await?;
    }
    for (revision, changes) in REVISIONS {
        for (table, events) in *changes {
            for (number, event) in events.iter().enumerate() {
                let name = trigger_name(table, revision, number);
                let what = if is_postgres(manager) {
                    format!("FOR EACH STATEMENT EXECUTE FUNCTION bump_{revision}_revision()")
                } else {
                    format!("BEGIN {}; END", bump(revision))
                };
                db.execute_unprepared(&format!("CREATE TRIGGER {name} AFTER {event} ON {table} {what}"))
                    .await?;
            }
        }
    }
    Ok(())
}
