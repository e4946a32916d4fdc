//! Everything the service remembers in its first version.

use ForeignKeyAction::{Cascade, Restrict, SetNull};
use chrono::Utc;
use pz_model::ProductType;
use sea_orm_migration::prelude::*;

use crate::columns::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261120_000001_initial"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        if manager.get_database_backend() == sea_orm::DbBackend::Postgres {
            // Texts that lists are ordered by compare by code point, as SQLite compares them, and not by
            // the locale of whoever made the database.
            for (table, column) in ORDERED_TEXTS {
                let alter = format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE text COLLATE \"C\"");
                manager.get_connection().execute_unprepared(&alter).await?;
            }
        }
        for (table, columns, unique) in indexes() {
            let mut index = Index::create();
            index
                .name(format!("idx_{table}_{}", columns.join("_")))
                .table(*table);
            for column in *columns {
                index.col(*column);
            }
            if *unique {
                index.unique();
            }
            manager.create_index(index.take()).await?;
        }
        // One for each order of products, with all that filters and search look at: the ids of a page, and
        // the count, are found without touching a row.
        for order in ["created_at, id", "name_search, id", "product_type_id, id", "id"] {
            let name = order.split(',').next().unwrap_or_default();
            let others: Vec<&str> = PRODUCT_FILTERS
                .iter()
                .copied()
                .filter(|column| !order.contains(column))
                .collect();
            let sql = format!(
                "CREATE INDEX idx_products_by_{name} ON products ({order}, {})",
                others.join(", ")
            );
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        revisions(manager).await?;
        // A product has at most one main file, whatever two requests do at once.
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE UNIQUE INDEX idx_product_files_main ON product_files (product_id) WHERE role = 0",
            )
            .await?;
        product_types(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == sea_orm::DbBackend::Postgres {
            let drop = "DROP FUNCTION IF EXISTS bump_lists_revision() CASCADE";
            manager.get_connection().execute_unprepared(drop).await?;
        }
        for name in TABLES.iter().rev() {
            manager
                .drop_table(Table::drop().table(*name).if_exists().take())
                .await?;
        }
        Ok(())
    }
}

/// In the order in which they can be created.
const TABLES: &[&str] = &[
    // last to go: the triggers of the others name it
    "revisions",
    "users",
    "groups",
    "memberships",
    "api_tokens",
    "releases",
    "release_groups",
    "product_types",
    "products",
    "product_files",
    "product_contents",
    "pipelines",
    "pipeline_accepted_types",
    "processes",
    "process_inputs",
    "download_archives",
    "jobs",
    "audit_log",
];

/// Columns of products that filters, visibility and search look at.
const PRODUCT_FILTERS: &[&str] = &[
    "status",
    "user_id",
    "release_id",
    "product_type_id",
    "official_product",
    "name_search",
];

/// Table and column.
const ORDERED_TEXTS: &[(&str, &str)] = &[
    ("users", "username"),
    ("users", "first_name"),
    ("users", "last_name"),
    ("product_types", "name"),
    ("product_types", "display_name"),
    ("product_types", "description"),
    ("releases", "name"),
    ("releases", "display_name"),
    ("products", "internal_name"),
    ("products", "display_name"),
    ("products", "name_search"),
    ("product_files", "name"),
    ("pipelines", "name"),
    ("pipelines", "display_name"),
];

fn tables() -> Vec<TableCreateStatement> {
    let users = table(
        "users",
        vec![
            id(),
            text("username"),
            text("first_name"),
            text("last_name"),
            text("display_name"),
            text("email"),
            // username, first and last name in lower case, for searching
            text("name_search"),
            text_null("password_hash"),
            flag("is_active", true),
            flag("is_superuser", false),
            // counts up to end all sessions of the user
            int("session_epoch"),
            time("created_at"),
            time_null("last_login_at"),
        ],
    );
    let groups = table(
        "groups",
        vec![id(), text("name"), flag("is_external", false), time("created_at")],
    );
    let mut memberships = table(
        "memberships",
        vec![big("user_id"), big("group_id"), flag("is_external", false)],
    );
    memberships.primary_key(Index::create().col("user_id").col("group_id"));
    reference(&mut memberships, "user_id", "users", Cascade);
    reference(&mut memberships, "group_id", "groups", Cascade);
    let mut api_tokens = table(
        "api_tokens",
        vec![
            id(),
            big("user_id"),
            text("name"),
            // the public half, to find the row
            text("key"),
            // SHA-256 of the secret half
            text("secret_sha256"),
            // comma list of read, upload, run, admin
            text("scopes"),
            time("created_at"),
            time_null("expires_at"),
            time_null("last_used_at"),
        ],
    );
    reference(&mut api_tokens, "user_id", "users", Cascade);
    let releases = table(
        "releases",
        vec![
            id(),
            text("name"),
            text("display_name"),
            text_null("description"),
            text("name_search"),
            text("text_search"),
            time("created_at"),
            text("indexing_column"),
            flag("has_mag_hats", false),
            flag("has_flux_hats", true),
            json_null("dereddening"),
            json_null("fluxes"),
            ColumnDef::new("mag_zero_point").double().take(),
            text_null("flux_pattern"),
            text_null("flux_err_pattern"),
            text_null("mag_pattern"),
            text_null("mag_err_pattern"),
            // directory or object-store address of the photometric catalogs
            text_null("datasets_location"),
            flag("is_public", false),
        ],
    );
    let mut release_groups = table("release_groups", vec![big("release_id"), big("group_id")]);
    release_groups.primary_key(Index::create().col("release_id").col("group_id"));
    reference(&mut release_groups, "release_id", "releases", Cascade);
    reference(&mut release_groups, "group_id", "groups", Cascade);
    let product_types = table(
        "product_types",
        vec![
            id(),
            text("name"),
            text("display_name"),
            int_null("position"),
            text_null("description"),
            text("name_search"),
            text("text_search"),
            time("created_at"),
        ],
    );
    let mut products = table(
        "products",
        vec![
            id(),
            big("product_type_id"),
            big_null("release_id"),
            big("user_id"),
            text_null("internal_name"),
            text("display_name"),
            text("name_search"),
            flag("official_product", false),
            text_null("pz_code"),
            text_null("description"),
            int("status"),
            int_null("release_year"),
            // why the main file could not be registered
            text_null("registry_error"),
            text_null("registry_error_code"),
            time("created_at"),
            time("updated_at"),
            time_null("deleted_at"),
            big_null("deleted_by"),
            text_null("delete_reason"),
            time_null("purged_at"),
        ],
    );
    reference(&mut products, "product_type_id", "product_types", Restrict);
    reference(&mut products, "release_id", "releases", Restrict);
    reference(&mut products, "user_id", "users", Restrict);
    let mut product_files = table(
        "product_files",
        vec![
            id(),
            big("product_id"),
            int("role"),
            // the user's name for it: data, never a path
            text("name"),
            text_null("mime_type"),
            text("extension"),
            big("size_bytes"),
            flag("is_directory", false),
            // where the bytes are in the blob store
            text("blob_key"),
            text("sha256"),
            big("crc32"),
            // what pz-tables found in a main file
            big_null("n_rows"),
            text_null("table_format"),
            json_null("table_layout"),
            time("created_at"),
            time("updated_at"),
        ],
    );
    reference(&mut product_files, "product_id", "products", Cascade);
    let mut product_contents = table(
        "product_contents",
        vec![
            id(),
            big("product_id"),
            text("column_name"),
            int("position"),
            text_null("ucd"),
            text_null("alias"),
            text_null("dtype"),
            text_null("unit"),
            text_null("description"),
            json_null("statistics"),
        ],
    );
    reference(&mut product_contents, "product_id", "products", Cascade);
    let mut pipelines = table(
        "pipelines",
        vec![
            id(),
            text("name"),
            text("display_name"),
            text("version"),
            text_null("description"),
            text("name_search"),
            text("text_search"),
            json_null("system_config"),
            big("output_product_type_id"),
            time("created_at"),
        ],
    );
    reference(
        &mut pipelines,
        "output_product_type_id",
        "product_types",
        Restrict,
    );
    let mut pipeline_accepted_types = table(
        "pipeline_accepted_types",
        vec![big("pipeline_id"), big("product_type_id")],
    );
    pipeline_accepted_types.primary_key(Index::create().col("pipeline_id").col("product_type_id"));
    reference(&mut pipeline_accepted_types, "pipeline_id", "pipelines", Cascade);
    reference(
        &mut pipeline_accepted_types,
        "product_type_id",
        "product_types",
        Restrict,
    );
    let mut processes = table(
        "processes",
        vec![
            id(),
            text("display_name"),
            big("pipeline_id"),
            text("pipeline_version"),
            big("user_id"),
            big_null("release_id"),
            big("output_product_id"),
            json_null("used_config"),
            text("status"),
            text("phase"),
            time("created_at"),
            time_null("started_at"),
            time_null("ended_at"),
            text_null("path"),
            text_null("comment"),
            big_null("orchestration_process_id"),
        ],
    );
    reference(&mut processes, "pipeline_id", "pipelines", Restrict);
    reference(&mut processes, "user_id", "users", Restrict);
    reference(&mut processes, "release_id", "releases", Restrict);
    reference(&mut processes, "output_product_id", "products", Cascade);
    let mut process_inputs = table(
        "process_inputs",
        vec![big("process_id"), big("product_id"), int("position")],
    );
    process_inputs.primary_key(Index::create().col("process_id").col("product_id"));
    reference(&mut process_inputs, "process_id", "processes", Cascade);
    reference(&mut process_inputs, "product_id", "products", Restrict);
    let mut download_archives = table(
        "download_archives",
        vec![
            id(),
            big("product_id"),
            // product, main_file
            text("kind"),
            text("source_signature"),
            big("size_bytes"),
            text_null("sha256"),
            time("created_at"),
        ],
    );
    reference(&mut download_archives, "product_id", "products", Cascade);
    let jobs = table(
        "jobs",
        vec![
            id(),
            text("kind"),
            json_null("payload"),
            // queued, running, done, failed
            text("state"),
            int("priority"),
            int("attempts"),
            int("max_attempts"),
            // one live job per key
            text_null("deduplication_key"),
            time("run_at"),
            text_null("lease_owner"),
            time_null("lease_until"),
            time("created_at"),
            time_null("finished_at"),
            text_null("error"),
        ],
    );
    let mut audit_log = table(
        "audit_log",
        vec![
            id(),
            time("at"),
            big_null("user_id"),
            // kept when the account is gone
            text_null("username"),
            text("action"),
            text_null("object_type"),
            big_null("object_id"),
            text_null("request_id"),
            text_null("remote_address"),
            json_null("detail"),
        ],
    );
    reference(&mut audit_log, "user_id", "users", SetNull);
    vec![
        users,
        groups,
        memberships,
        api_tokens,
        releases,
        release_groups,
        product_types,
        products,
        product_files,
        product_contents,
        pipelines,
        pipeline_accepted_types,
        processes,
        process_inputs,
        download_archives,
        jobs,
        audit_log,
    ]
}

/// Table, columns, unique: one for every filter and order of the lists.
fn indexes() -> &'static [(&'static str, &'static [&'static str], bool)] {
    &[
        ("users", &["username"], true),
        ("groups", &["name"], true),
        ("memberships", &["group_id"], false),
        ("api_tokens", &["key"], true),
        ("api_tokens", &["user_id", "name"], true),
        ("releases", &["name"], true),
        ("releases", &["display_name"], true),
        ("releases", &["created_at", "id"], false),
        ("release_groups", &["group_id"], false),
        ("product_types", &["name"], true),
        ("product_types", &["display_name"], true),
        ("products", &["internal_name"], true),
        ("products", &["display_name"], false),
        ("products", &["product_type_id"], false),
        ("products", &["release_id"], false),
        ("products", &["user_id", "status"], false),
        ("product_files", &["product_id", "role"], false),
        ("product_files", &["blob_key"], true),
        ("product_files", &["sha256"], false),
        ("product_contents", &["product_id", "position"], true),
        ("pipelines", &["name"], true),
        ("pipelines", &["display_name"], true),
        ("processes", &["output_product_id"], true),
        ("processes", &["user_id", "status"], false),
        ("processes", &["status", "id"], false),
        ("processes", &["pipeline_id"], false),
        ("processes", &["release_id"], false),
        ("processes", &["created_at", "id"], false),
        ("process_inputs", &["product_id"], false),
        (
            "download_archives",
            &["product_id", "kind", "source_signature"],
            true,
        ),
        ("jobs", &["state", "priority", "run_at"], false),
        ("jobs", &["deduplication_key"], false),
        ("audit_log", &["at"], false),
        ("audit_log", &["object_type", "object_id"], false),
        ("audit_log", &["user_id"], false),
    ]
}

/// Events after which a list of products may be another one.
const LIST_CHANGES: &[(&str, &[&str])] = &[
    ("products", &["INSERT", "UPDATE", "DELETE"]),
    ("product_types", &["UPDATE"]),
    ("releases", &["INSERT", "UPDATE", "DELETE"]),
    ("release_groups", &["INSERT", "DELETE"]),
    ("memberships", &["INSERT", "DELETE"]),
    ("users", &["UPDATE OF name_search"]),
];

/// A counter that moves with every change a list of products depends on, whoever makes it: what was
/// counted at the same revision need not be counted again.
async fn revisions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    const BUMP: &str = "UPDATE revisions SET value = value + 1 WHERE name = 'lists'";
    let db = manager.get_connection();
    let postgres = manager.get_database_backend() == sea_orm::DbBackend::Postgres;
    db.execute_unprepared("CREATE TABLE revisions (name text NOT NULL PRIMARY KEY, value bigint NOT NULL)")
        .await?;
    db.execute_unprepared("INSERT INTO revisions (name, value) VALUES ('lists', 0)")
        .await?;
    if postgres {
        db.execute_unprepared(&format!(
            "CREATE FUNCTION bump_lists_revision() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN {BUMP}; RETURN NULL; END $$"
        ))
        .await?;
    }
    for (table, events) in LIST_CHANGES {
        for (number, event) in events.iter().enumerate() {
            let what = if postgres {
                "FOR EACH STATEMENT EXECUTE FUNCTION bump_lists_revision()".to_owned()
            } else {
                format!("BEGIN {BUMP}; END")
            };
            let sql = format!("CREATE TRIGGER {table}_lists_{number} AFTER {event} ON {table} {what}");
            db.execute_unprepared(&sql).await?;
        }
    }
    Ok(())
}

/// The seven product types: part of the schema, since ids are the contract.
async fn product_types(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let now = Utc::now();
    let mut by_id = ProductType::ALL;
    by_id.sort_by_key(|product_type| product_type.id());
    for product_type in by_id {
        let display_name = product_type.display_name();
        let description = product_type.description();
        let insert = Query::insert()
            .into_table("product_types")
            .columns([
                "id",
                "name",
                "display_name",
                "position",
                "description",
                "name_search",
                "text_search",
                "created_at",
            ])
            .values_panic([
                product_type.id().into(),
                product_type.name().into(),
                display_name.into(),
                product_type.order().into(),
                description.into(),
                format!("{display_name}\u{1f}{}", product_type.name())
                    .to_lowercase()
                    .into(),
                format!("{display_name}\u{1f}{description}").to_lowercase().into(),
                now.into(),
            ])
            .take();
        manager.execute(insert).await?;
    }
    if manager.get_database_backend() == sea_orm::DbBackend::Postgres {
        // The rows above named their ids; the sequence does not know.
        manager
            .get_connection()
            .execute_unprepared(
                "SELECT setval(pg_get_serial_sequence('product_types', 'id'), (SELECT max(id) FROM product_types))",
            )
            .await?;
    }
    Ok(())
}
