//! The database's history: one numbered step per file, each with its way up and its way down, the same
//! on SQLite and PostgreSQL. A released step is never edited; the next one mends it.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod columns;
mod m20261120_000001_initial;
mod m20261121_000002_directories_and_shapes;
mod m20261121_000003_complete_api;
mod m20261121_000004_status_before_delete;
mod m20261121_000005_accounts;

/// Runs the steps in order.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_initial::Migration),
            Box::new(m20261121_000002_directories_and_shapes::Migration),
            Box::new(m20261121_000003_complete_api::Migration),
            Box::new(m20261121_000004_status_before_delete::Migration),
            Box::new(m20261121_000005_accounts::Migration),
        ]
    }
}
