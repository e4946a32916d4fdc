//! Opening the database and the blob store.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pz_migrations::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use crate::blobs::BlobStore;
use crate::error::StoreError;
use crate::facets::FacetCache;
use crate::list::CountCache;

/// Where the store is and how many connections it may use.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// `sqlite:///path/to/file.sqlite3` or `postgres://…`.
    pub database_url: String,
    /// Connections at most.
    pub max_connections: u32,
    /// Directory of the blobs.
    pub blob_directory: std::path::PathBuf,
}

/// The database and the blob store.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) db: DatabaseConnection,
    /// The bytes.
    pub blobs: BlobStore,
    pub(crate) counts: Arc<Mutex<CountCache>>,
    pub(crate) facets: Arc<Mutex<FacetCache>>,
    statements: Arc<AtomicU64>,
}

impl Store {
    /// Connects; creates a SQLite file that is not there. Does not migrate.
    ///
    /// # Errors
    /// When the database cannot be reached or the blob directory cannot be made.
    pub async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let mut connect = ConnectOptions::new(&options.database_url);
        connect
            .max_connections(options.max_connections)
            .acquire_timeout(Duration::from_secs(10))
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(|sqlite| {
                sqlite
                    .create_if_missing(true)
                    .foreign_keys(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    // An acknowledged row survives a power cut, not only a crash.
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(Duration::from_secs(10))
                    .pragma("cache_size", "-16000")
                    .pragma("temp_store", "memory")
            });
        let mut db = Database::connect(connect).await?;
        let statements = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&statements);
        db.set_metric_callback(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let blobs = BlobStore::local(&options.blob_directory)?;
        Ok(Self {
            db,
            blobs,
            counts: Arc::default(),
            facets: Arc::default(),
            statements,
        })
    }

    /// The address of a SQLite database in this file.
    pub fn sqlite_url(path: &Path) -> String {
        format!("sqlite://{}?mode=rwc", path.display())
    }

    /// Brings the database to the newest version.
    ///
    /// # Errors
    /// When a step fails; the steps before it stay.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        Migrator::up(&self.db, None).await?;
        self.sum_up_old_columns().await?;
        Ok(())
    }

    /// Takes back the last `steps` steps, all when `None`. Data of those steps are lost.
    ///
    /// # Errors
    /// When a step fails.
    pub async fn migrate_down(&self, steps: Option<u32>) -> Result<(), StoreError> {
        Ok(Migrator::down(&self.db, steps).await?)
    }

    /// Asks the database for an answer.
    ///
    /// # Errors
    /// When there is none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.db.ping().await?)
    }

    /// SQL statements run so far, for tests and benchmarks of how many a request needs.
    pub fn statement_count(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// The connection, for tests and for tools that load rows in bulk.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.db
    }

    /// Which database it is.
    pub fn backend(&self) -> DbBackend {
        self.db.get_database_backend()
    }

    /// Starts a transaction that will write. On SQLite it takes the write lock at once: two transactions
    /// that read first and write later could only deadlock.
    pub(crate) async fn begin_write(&self) -> Result<DatabaseTransaction, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.db.begin_with_options(options).await?)
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// When the database does not let go.
    pub async fn close(self) -> Result<(), StoreError> {
        Ok(self.db.close().await?)
    }
}
