//! What every request shares.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use pz_store::{Store, StoreOptions};
use rand::RngExt;
use tokio::sync::Semaphore;

use crate::auth::is_group_name;
use crate::auth::keys::SigningKeys;
use crate::auth::oidc::Provider;
use crate::auth::refused::UnknownNames;
use crate::cache::Cache;
use crate::config::Settings;
use crate::downloads::Background;
use crate::events::EventHub;
use crate::instance::InstanceTexts;
use crate::limits::Limits;

/// Pages of tables read at once. Far more than are ever under way: a page takes milliseconds.
const PAGES_AT_ONCE: usize = 64;

/// The parts of the running service.
#[derive(Debug, Clone)]
pub struct AppState {
    /// Database and blobs.
    pub store: Store,
    /// Configuration.
    pub settings: Arc<Settings>,
    /// Answers and accounts that need not be asked for twice.
    pub(crate) cache: Cache,
    /// What the instance says of itself.
    pub(crate) instance: Arc<InstanceTexts>,
    /// Signs sessions and links.
    pub(crate) keys: Arc<SigningKeys>,
    /// Refused sign-ins that the audit log does not know yet.
    pub(crate) unknown_names: Arc<UnknownNames>,
    /// The identity provider that people may sign in with.
    pub(crate) oidc: Option<Arc<Provider>>,
    /// Password hashes computed at once, so that sign-ins cannot take all processors or all memory.
    pub(crate) password_permits: Arc<Semaphore>,
    /// Tables inspected at once.
    pub(crate) inspect_permits: Arc<Semaphore>,
    /// Pages of tables read at once; a read that hangs keeps its place, so that it cannot take all threads.
    pub(crate) page_permits: Arc<Semaphore>,
    /// What downloads leave for later.
    pub(crate) background: Arc<Background>,
    /// Plots counted at once.
    pub(crate) plot_permits: Arc<Semaphore>,
    /// Tells open pages what happens.
    pub(crate) events: EventHub,
    /// How much of it one client may ask for.
    pub(crate) limits: Arc<Limits>,
    /// The program that inspects tables.
    pub(crate) tables_program: PathBuf,
}

impl AppState {
    /// Opens the store and brings it up to date.
    ///
    /// # Errors
    /// When the data directory, the database, the secret key or `pz-tables` is not to be had.
    pub async fn open(settings: Settings) -> anyhow::Result<Self> {
        let instance = Arc::new(InstanceTexts::read(settings.instance_file.as_deref())?);
        fs_err::create_dir_all(&settings.data_dir)?;
        let options = StoreOptions {
            database_url: settings.database_url(),
            max_connections: settings.database_connections,
            blob_directory: settings.blob_dir(),
        };
        let store = Store::open(&options).await.context("cannot open the database")?;
        store
            .migrate()
            .await
            .context("cannot bring the database up to date")?;
        store
            .sync_pipelines()
            .await
            .context("cannot enter the pipelines into the database")?;
        let secret = match &settings.secret_key {
            Some(key) => key.clone(),
            None => kept_secret(&settings.data_dir)?,
        };
        let oidc = Provider::new(&settings)?.map(Arc::new);
        if oidc.is_some() {
            add_mapped_groups(&store, &settings).await?;
        }
        let tables_program = match &settings.tables_program {
            Some(program) => program.clone(),
            None => program_beside_this("pz-tables")?,
        };
        Ok(Self {
            store,
            instance,
            oidc,
            keys: Arc::new(SigningKeys::new(secret.as_bytes())),
            unknown_names: Arc::default(),
            password_permits: Arc::new(Semaphore::new(2)),
            inspect_permits: Arc::new(Semaphore::new(2)),
            plot_permits: Arc::new(Semaphore::new(2)),
            page_permits: Arc::new(Semaphore::new(PAGES_AT_ONCE)),
            background: Arc::new(Background::new()),
            events: EventHub::new(settings.limits.event_streams_at_once),
            limits: Arc::new(Limits::new(&settings.limits)),
            tables_program,
            settings: Arc::new(settings),
            cache: Cache::default(),
        })
    }

    /// Ends all streams of events and takes no more, because the service stops.
    pub fn close_events(&self) {
        self.events.close();
    }

    /// Streams of events that are open.
    pub fn event_connections(&self) -> usize {
        self.events.connections()
    }
}

/// Releases can be opened to the groups of the identity provider before anybody of them came.
async fn add_mapped_groups(store: &Store, settings: &Settings) -> anyhow::Result<()> {
    let Some(map) = &settings.oidc.oidc_group_map else {
        return Ok(());
    };
    let names: Vec<&str> = map.0.values().map(String::as_str).collect();
    if let Some(wrong) = names.iter().find(|name| !is_group_name(name)) {
        anyhow::bail!(
            "oidc_group_map leads to the group '{wrong}', which cannot be: give another name; administrators come by oidc_admin_group"
        );
    }
    store
        .add_external_groups(&names)
        .await
        .context("cannot enter the groups of oidc_group_map into the database")
}

/// The key in the data directory, made when it is not there, readable by nobody else.
fn kept_secret(data_dir: &std::path::Path) -> anyhow::Result<String> {
    use std::io::Write;

    let path = data_dir.join("secret.key");
    match fs_err::read_to_string(&path) {
        Ok(key) if key.trim().len() >= 32 => return Ok(key.trim().to_owned()),
        Ok(_) => anyhow::bail!("{} is damaged: remove it to have a new one made", path.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let bytes: [u8; 32] = rand::rng().random();
    let key = pz_store::blobs::hex(&bytes);
    let mut options = fs_err::OpenOptions::new();
    fs_err::os::unix::fs::OpenOptionsExt::mode(options.write(true).create_new(true), 0o600);
    let mut file = options.open(&path)?;
    file.write_all(key.as_bytes())?;
    file.sync_all()?;
    Ok(key)
}

/// A program that is built and installed together with this one.
fn program_beside_this(name: &str) -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("cannot tell where this program is")?;
    // Tests run from a subdirectory of the build directory.
    this.ancestors()
        .skip(1)
        .take(2)
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
        .with_context(|| {
            format!(
                "{name} is not beside {}: install both together, or set tables_program",
                this.display()
            )
        })
}
