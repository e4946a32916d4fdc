//! Sessions that can be ended one by one, identities at identity providers, accounts that wait for approval, and
//! links to set a new password.

use ForeignKeyAction::{Cascade, SetNull};
use sea_orm_migration::prelude::*;

use crate::columns::*;

/// Changes of accounts and sessions after which what is remembered of callers is not believed. When a session was
/// last seen is not among them.
const CHANGES: &[(&str, &str, &str)] = &[
    (
        // Not the name of the one it replaces: a connection of the pool may still remember that.
        "users_accounts_1",
        "users",
        "UPDATE OF username, display_name, is_active, awaits_approval, is_superuser, password_hash",
    ),
    ("sessions_accounts_0", "sessions", "INSERT"),
    (
        "sessions_accounts_1",
        "sessions",
        "UPDATE OF generation, expires_at",
    ),
    ("sessions_accounts_2", "sessions", "DELETE"),
];

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000005_accounts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for (table, columns, unique) in INDEXES {
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
        // Made again below, with the columns as they are then.
        drop_trigger(manager, "users_accounts_api_1", "users").await?;
        let mut users = Table::alter();
        users.table("users").add_column(flag("awaits_approval", false));
        manager.alter_table(users.take()).await?;
        // What it ended at once, all sessions of a user, is now done to their rows.
        let mut users = Table::alter();
        users.table("users").drop_column("session_epoch");
        manager.alter_table(users.take()).await?;
        for (name, table, event) in CHANGES {
            create_trigger(manager, name, table, event).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, _) in CHANGES {
            drop_trigger(manager, name, table).await?;
        }
        let mut users = Table::alter();
        users.table("users").drop_column("awaits_approval");
        manager.alter_table(users.take()).await?;
        let mut users = Table::alter();
        users.table("users").add_column(int("session_epoch").default(0));
        manager.alter_table(users.take()).await?;
        create_trigger(
            manager,
            "users_accounts_api_1",
            "users",
            "UPDATE OF username, display_name, is_active, is_superuser, session_epoch, password_hash",
        )
        .await?;
        for table in ["password_resets", "identities", "sessions"] {
            manager
                .drop_table(Table::drop().table(table).if_exists().take())
                .await?;
        }
        Ok(())
    }
}

const INDEXES: &[(&str, &[&str], bool)] = &[
    ("sessions", &["user_id"], false),
    ("sessions", &["expires_at"], false),
    ("identities", &["issuer", "subject"], true),
    ("identities", &["user_id"], false),
    ("password_resets", &["secret_sha256"], true),
    ("password_resets", &["user_id"], false),
];

fn tables() -> Vec<TableCreateStatement> {
    let mut sessions = table(
        "sessions",
        vec![
            id(),
            big("user_id"),
            // how the user signed in: password, oidc
            text("method"),
            // counts up whenever the browser gets a new token
            int("generation"),
            // when it last did; the token before is good for a moment longer
            time("rotated_at"),
            text_null("user_agent"),
            text_null("remote_address"),
            time("created_at"),
            time("last_seen_at"),
            time("expires_at"),
        ],
    );
    reference(&mut sessions, "user_id", "users", Cascade);
    let mut identities = table(
        "identities",
        vec![
            id(),
            big("user_id"),
            text("issuer"),
            text("subject"),
            time("created_at"),
            time_null("last_login_at"),
        ],
    );
    reference(&mut identities, "user_id", "users", Cascade);
    let mut resets = table(
        "password_resets",
        vec![
            id(),
            big("user_id"),
            // the secret itself is only in the link
            text("secret_sha256"),
            big_null("created_by"),
            time("created_at"),
            time("expires_at"),
            time_null("used_at"),
        ],
    );
    reference(&mut resets, "user_id", "users", Cascade);
    reference(&mut resets, "created_by", "users", SetNull);
    vec![sessions, identities, resets]
}

async fn create_trigger(
    manager: &SchemaManager<'_>,
    name: &str,
    table: &str,
    event: &str,
) -> Result<(), DbErr> {
    let what = if is_postgres(manager) {
        "FOR EACH STATEMENT EXECUTE FUNCTION bump_accounts_revision()"
    } else {
        "BEGIN UPDATE revisions SET value = value + 1 WHERE name = 'accounts'; END"
    };
    let sql = format!("CREATE TRIGGER {name} AFTER {event} ON {table} {what}");
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}

async fn drop_trigger(manager: &SchemaManager<'_>, name: &str, table: &str) -> Result<(), DbErr> {
    let on = if is_postgres(manager) {
        format!(" ON {table}")
    } else {
        String::new()
    };
    manager
        .get_connection()
        .execute_unprepared(&format!("DROP TRIGGER {name}{on}"))
        .await?;
    Ok(())
}

fn is_postgres(manager: &SchemaManager<'_>) -> bool {
    manager.get_database_backend() == sea_orm::DbBackend::Postgres
}
