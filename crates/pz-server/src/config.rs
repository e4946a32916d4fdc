//! Configuration: each setting is documented once, here, and can be given as a flag, as an environment
//! variable or as a key of a TOML file, in this order of precedence.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Command};
use pz_model::limits::UPLOAD_DEFAULT_MAX_BYTES;
use pz_tables::unwrap::UnwrapLimits;

mod sign_in;

use crate::limits::LimitSettings;
pub use sign_in::{GroupMap, OidcSettings, ProxySettings, Secret};

/// Where the service listens, what it keeps where, and what it allows.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// TOML file with any of these settings; keys are the flags' names with `_` for `-`.
    #[arg(long, env = "PZ_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Address and port to listen on.
    #[arg(
        long,
        env = "PZ_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS:PORT"
    )]
    pub listen: String,

    /// Directory of everything the service keeps: the SQLite database, uploaded files, the secret key.
    #[arg(long, env = "PZ_DATA_DIR", default_value = "data", value_name = "DIR")]
    pub data_dir: PathBuf,

    /// Database address: `postgres://user:password@host/name`, or `sqlite:///path/to/file`. SQLite in the
    /// data directory when not given.
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,

    /// Connections to the database at most.
    #[arg(
        long,
        env = "PZ_DATABASE_CONNECTIONS",
        default_value_t = 16,
        value_name = "NUMBER"
    )]
    pub database_connections: u32,

    /// Directory of the built web app. Without it the service is headless: only the API.
    #[arg(long, env = "PZ_WEB_DIR", value_name = "DIR")]
    pub web_dir: Option<PathBuf>,

    /// Address under which users reach the service, such as `https://pz.example.org`. Links in answers are
    /// made with it; without it they are relative to the server's root.
    #[arg(long, env = "PZ_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// Origin of its own for files that are shown, such as `https://pz-content.example.org`, which leads to
    /// this service, too. Needs `public_url`; without it they are shown from the service's own origin.
    #[arg(long, env = "PZ_VIEW_ORIGIN", value_name = "ORIGIN")]
    pub view_origin: Option<String>,

    /// Threads that answer requests; as many as processors when not given.
    #[arg(long, env = "PZ_WORKERS", value_name = "NUMBER")]
    pub workers: Option<usize>,

    /// Largest file that may be uploaded, in bytes.
    #[arg(long, env = "PZ_UPLOAD_MAX_BYTES", default_value_t = UPLOAD_DEFAULT_MAX_BYTES, value_name = "BYTES")]
    pub upload_max_bytes: u64,

    /// Bytes that the files of one user's products may take together, unless the account has a quota of its own.
    /// 0 is no quota.
    #[arg(long, env = "PZ_USER_QUOTA_BYTES", default_value_t = 0, value_name = "BYTES")]
    pub user_quota_bytes: u64,

    /// Hours after which a resumable upload ends when no more bytes arrive.
    #[arg(
        long,
        env = "PZ_UPLOAD_EXPIRES_HOURS",
        default_value_t = 48,
        value_name = "HOURS"
    )]
    pub upload_expires_hours: u32,

    /// Memory that reading one uploaded table may take, in megabytes.
    #[arg(long, env = "PZ_INSPECT_MEMORY_MB", default_value_t = 2048, value_name = "MB")]
    pub inspect_memory_mb: u64,

    /// Time that reading one uploaded table may take, in seconds.
    #[arg(
        long,
        env = "PZ_INSPECT_TIMEOUT_S",
        default_value_t = 600,
        value_name = "SECONDS"
    )]
    pub inspect_timeout_s: u64,

    /// Bytes that may come out of one uploaded archive.
    #[arg(
        long,
        env = "PZ_UNWRAP_MAX_BYTES",
        default_value_t = 4_000_000_000,
        value_name = "BYTES"
    )]
    pub unwrap_max_bytes: u64,

    /// How many times larger than the archive its content may be; small content is exempt.
    #[arg(long, env = "PZ_UNWRAP_MAX_RATIO", default_value_t = UnwrapLimits::default().max_ratio, value_name = "NUMBER")]
    pub unwrap_max_ratio: u64,

    /// Time that reading one page of a table may take, in seconds.
    #[arg(long, env = "PZ_PAGE_TIMEOUT_S", default_value_t = 30, value_name = "SECONDS")]
    pub page_timeout_s: u64,

    /// How much one client may ask for.
    #[command(flatten)]
    pub limits: LimitSettings,

    /// The program that reads uploaded tables, `pz-tables`; beside this program when not given.
    #[arg(long, env = "PZ_TABLES_PROGRAM", value_name = "FILE")]
    pub tables_program: Option<PathBuf>,

    /// Days in which a deleted product can be brought back; after that its bytes are removed.
    #[arg(long, env = "PZ_RESTORE_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650), value_name = "DAYS")]
    pub restore_days: u32,

    /// Hours without use after which a browser session ends.
    #[arg(long, env = "PZ_SESSION_HOURS", default_value_t = 24 * 7, value_name = "HOURS")]
    pub session_hours: u64,

    /// Days after which a browser session ends in any case.
    #[arg(long, env = "PZ_SESSION_MAX_DAYS", default_value_t = 30, value_name = "DAYS")]
    pub session_max_days: u64,

    /// Minutes after which a browser gets a new session token for its old one.
    #[arg(
        long,
        env = "PZ_SESSION_TOKEN_MINUTES",
        default_value_t = 15,
        value_name = "MINUTES"
    )]
    pub session_token_minutes: u64,

    /// Key that signs sessions and download links, at least 32 characters. Made and kept in the data
    /// directory when not given.
    #[arg(long, env = "PZ_SECRET_KEY", value_name = "KEY", hide_env_values = true)]
    pub secret_key: Option<String>,

    /// Allow session cookies over plain HTTP on an address other than this machine's own.
    #[arg(long, env = "PZ_INSECURE_COOKIES", default_value_t = false, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub insecure_cookies: bool,

    /// Proxies in front of the service.
    #[command(flatten)]
    pub proxy: ProxySettings,

    /// Signing in at an OpenID Connect provider.
    #[command(flatten)]
    pub oidc: OidcSettings,

    /// Name of the instance, shown in the web app.
    #[arg(
        long,
        env = "PZ_INSTANCE_NAME",
        default_value = "Photo-z Server",
        value_name = "NAME"
    )]
    pub instance_name: String,

    /// Name of the environment; `Development`, `Staging` and `Homolog` make the web app warn that data
    /// here are not to be used or cited.
    #[arg(
        long,
        env = "PZ_ENVIRONMENT",
        default_value = "Production",
        value_name = "NAME"
    )]
    pub environment: String,

    /// Link to the user manual.
    #[arg(long, env = "PZ_LINK_MANUAL", value_name = "URL")]
    pub link_manual: Option<String>,

    /// Link to where problems are reported.
    #[arg(long, env = "PZ_LINK_ISSUES", value_name = "URL")]
    pub link_issues: Option<String>,

    /// Link to the source code.
    #[arg(long, env = "PZ_LINK_SOURCE_CODE", value_name = "URL")]
    pub link_source_code: Option<String>,

    /// Link to the production instance, named by the banner of a test instance.
    #[arg(long, env = "PZ_LINK_PRODUCTION", value_name = "URL")]
    pub link_production: Option<String>,

    /// Link to how personal data are handled.
    #[arg(long, env = "PZ_LINK_PRIVACY", value_name = "URL")]
    pub link_privacy: Option<String>,

    /// TOML file with what the instance says of itself that is more than one value: links of the footer,
    /// partners and their logos, contacts, texts of pages, footprints on maps.
    #[arg(long, env = "PZ_INSTANCE_FILE", value_name = "FILE")]
    pub instance_file: Option<PathBuf>,

    /// Address for help.
    #[arg(long, env = "PZ_CONTACT_EMAIL", value_name = "ADDRESS")]
    pub contact_email: Option<String>,

    /// Form of the log: `text` for people, `json` for programs.
    #[arg(long, env = "PZ_LOG_FORMAT", default_value = "text", value_parser = ["text", "json"], value_name = "FORM")]
    pub log_format: String,

    /// What is logged: a level, or a `tracing` filter.
    #[arg(long, env = "PZ_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
}

/// Settings whose values are never shown.
const SECRET_KEYS: [&str; 3] = ["database_url", "secret_key", "oidc_client_secret"];

impl Settings {
    /// Checks what can be checked without side effects.
    ///
    /// # Errors
    /// Names the setting, its value and the remedy.
    pub fn validate(&self) -> anyhow::Result<()> {
        if self.listen.parse::<std::net::SocketAddr>().is_err() {
            bail!(
                "listen is '{}': give an address and a port, such as 127.0.0.1:8080",
                self.listen
            );
        }
        if let Some(url) = &self.database_url
            && !["postgres://", "postgresql://", "sqlite:"]
                .iter()
                .any(|start| url.starts_with(start))
        {
            bail!("database_url starts with neither 'postgres://' nor 'sqlite:': give one of these");
        }
        for (key, value) in [
            ("public_url", &self.public_url),
            ("view_origin", &self.view_origin),
            ("link_manual", &self.link_manual),
            ("link_issues", &self.link_issues),
            ("link_source_code", &self.link_source_code),
            ("link_production", &self.link_production),
            ("link_privacy", &self.link_privacy),
        ] {
            if let Some(url) = value
                && !url.starts_with("https://")
                && !url.starts_with("http://")
            {
                bail!("{key} is '{url}': give an address that starts with https:// or http://");
            }
        }
        self.validate_view_origin()?;
        self.proxy.validate(self.public_url.as_deref())?;
        self.oidc.validate(self.public_url.as_deref())?;
        self.limits.validate()?;
        if self.secret_key.as_ref().is_some_and(|key| key.len() < 32) {
            bail!("secret_key is shorter than 32 characters: give a longer one, or none to have one made");
        }
        if let Some(dir) = &self.web_dir
            && !dir.join("index.html").is_file()
        {
            bail!(
                "web_dir is '{}', which holds no index.html: build the web app, or leave it out",
                dir.display()
            );
        }
        for (key, value) in [
            ("upload_max_bytes", self.upload_max_bytes),
            ("upload_expires_hours", u64::from(self.upload_expires_hours)),
            ("inspect_memory_mb", self.inspect_memory_mb),
            ("inspect_timeout_s", self.inspect_timeout_s),
            ("unwrap_max_bytes", self.unwrap_max_bytes),
            ("unwrap_max_ratio", self.unwrap_max_ratio),
            ("page_timeout_s", self.page_timeout_s),
            ("session_hours", self.session_hours),
            ("session_max_days", self.session_max_days),
            ("session_token_minutes", self.session_token_minutes),
            ("database_connections", u64::from(self.database_connections)),
            ("workers", self.workers.map_or(1, |workers| workers as u64)),
        ] {
            if value == 0 {
                bail!("{key} is 0: give at least 1");
            }
        }
        Ok(())
    }

    /// The origin goes into a header as it is, and the header names the web app's.
    fn validate_view_origin(&self) -> anyhow::Result<()> {
        let Some(origin) = &self.view_origin else {
            return Ok(());
        };
        let authority = origin.split_once("://").map_or("", |(_, rest)| rest);
        let is_authority = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        if authority.is_empty() || !authority.chars().all(is_authority) {
            bail!("view_origin is '{origin}': give scheme, host and port only, without a path");
        }
        if self.public_url.is_none() {
            bail!(
                "view_origin is '{origin}', but public_url is not set: give the address of the web app, too"
            );
        }
        Ok(())
    }

    /// The address of the database.
    pub fn database_url(&self) -> String {
        self.database_url
            .clone()
            .unwrap_or_else(|| pz_store::Store::sqlite_url(&self.data_dir.join("pz-server.sqlite3")))
    }

    /// Directory of the blobs.
    pub fn blob_dir(&self) -> PathBuf {
        self.data_dir.join("blobs")
    }

    /// Where processes work, each in a directory of its own.
    pub fn process_dir(&self) -> PathBuf {
        self.data_dir.join("processes")
    }

    /// Whether cookies need a secure connection: always, unless the service is plain HTTP on this machine
    /// or was told otherwise.
    pub fn secure_cookies(&self) -> bool {
        self.public_url
            .as_ref()
            .is_some_and(|url| url.starts_with("https://"))
    }

    /// How long a session lasts without use, and how long in any case.
    pub(crate) fn session_lengths(&self) -> (Duration, Duration) {
        (
            Duration::from_secs(self.session_hours.saturating_mul(3600)),
            Duration::from_secs(self.session_max_days.saturating_mul(24 * 3600)),
        )
    }

    /// How long a browser keeps a session token.
    pub(crate) fn session_token_length(&self) -> Duration {
        Duration::from_secs(self.session_token_minutes.saturating_mul(60))
    }

    /// Whether sessions can be offered: over HTTPS, on this machine only, or because it was asked for.
    pub fn sessions_allowed(&self) -> bool {
        let loopback = self
            .listen
            .parse::<std::net::SocketAddr>()
            .is_ok_and(|address| address.ip().is_loopback());
        self.secure_cookies() || loopback || self.insecure_cookies
    }
}

/// Gives the arguments of `command` the values of the TOML file as defaults, so that flags and
/// environment variables win.
///
/// # Errors
/// When the file cannot be read, is not TOML, or has a key that is no setting.
pub fn with_config_file(command: Command, path: &std::path::Path) -> anyhow::Result<Command> {
    let text = fs_err::read_to_string(path)?;
    let table: toml::Table = text
        .parse()
        .with_context(|| format!("{} is not TOML", path.display()))?;
    let known = setting_ids();
    let mut defaults = Vec::new();
    for (key, value) in table {
        if !known.contains(&key) || key == "config" {
            bail!(
                "{}: '{key}' is not a setting; settings are {}",
                path.display(),
                known.join(", ")
            );
        }
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            toml::Value::Array(list) if key == "trusted_proxies" => match texts(&list) {
                Some(texts) if texts.is_empty() => continue,
                Some(texts) => texts.join(","),
                None => bail!("{}: '{key}' has something that is no text in it", path.display()),
            },
            toml::Value::Table(table) if key == "oidc_group_map" => serde_json::to_string(&table)?,
            other => bail!(
                "{}: '{key}' is a {}; give text, a number or true/false",
                path.display(),
                other.type_str()
            ),
        };
        defaults.push((key, OsString::from(text)));
    }
    Ok(apply_defaults(command, &defaults))
}

fn texts(list: &[toml::Value]) -> Option<Vec<&str>> {
    list.iter().map(toml::Value::as_str).collect()
}

fn apply_defaults(mut command: Command, defaults: &[(String, OsString)]) -> Command {
    for (key, value) in defaults {
        if command
            .get_arguments()
            .any(|argument| argument.get_id().as_str() == key)
        {
            // clap keeps defaults for the life of the program.
            let value: &'static std::ffi::OsStr = Box::leak(value.clone().into_boxed_os_str());
            command = command.mut_arg(key, |argument| argument.default_value(value));
        }
    }
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    for name in names {
        command = command.mut_subcommand(name, |sub| apply_defaults(sub, defaults));
    }
    command
}

fn setting_ids() -> Vec<String> {
    Settings::augment_args(Command::new("settings"))
        .get_arguments()
        .map(|argument| argument.get_id().to_string())
        .collect()
}

impl Settings {
    /// Every setting as a line of TOML, secrets masked, with its description, environment variable and flag.
    pub fn to_commented_toml(&self) -> String {
        let values = self.values();
        let mut text = String::new();
        for argument in Settings::augment_args(Command::new("settings")).get_arguments() {
            let id = argument.get_id().as_str();
            if id == "config" {
                continue;
            }
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            let env = argument
                .get_env()
                .map(|env| env.to_string_lossy().into_owned())
                .unwrap_or_default();
            text.push_str(&format!(
                "# {}\n# --{}, {env}\n",
                help.replace('\n', " "),
                id.replace('_', "-")
            ));
            let value = values
                .iter()
                .find(|(key, _)| *key == id)
                .and_then(|(_, value)| value.clone());
            match value {
                Some(_) if SECRET_KEYS.contains(&id) => text.push_str(&format!("{id} = \"***\"\n\n")),
                Some(value) => text.push_str(&format!("{id} = {value}\n\n")),
                None => text.push_str(&format!("# {id} is not set\n\n")),
            }
        }
        text
    }

    fn values(&self) -> Vec<(&'static str, Option<toml::Value>)> {
        let mut values = self.own_values();
        values.extend(self.limits.values());
        values
    }

    fn own_values(&self) -> Vec<(&'static str, Option<toml::Value>)> {
        let text = |value: &str| Some(toml::Value::String(value.to_owned()));
        let option = |value: &Option<String>| value.clone().map(toml::Value::String);
        let path = |value: &Option<PathBuf>| {
            value
                .as_ref()
                .map(|p| toml::Value::String(p.display().to_string()))
        };
        let number = |value: u64| Some(toml::Value::Integer(i64::try_from(value).unwrap_or(i64::MAX)));
        let mut values = vec![
            ("listen", text(&self.listen)),
            ("data_dir", text(&self.data_dir.display().to_string())),
            ("database_url", option(&self.database_url)),
            (
                "database_connections",
                number(u64::from(self.database_connections)),
            ),
            ("web_dir", path(&self.web_dir)),
            ("public_url", option(&self.public_url)),
            ("view_origin", option(&self.view_origin)),
            ("workers", self.workers.and_then(|workers| number(workers as u64))),
            ("upload_max_bytes", number(self.upload_max_bytes)),
            ("user_quota_bytes", number(self.user_quota_bytes)),
            (
                "upload_expires_hours",
                number(u64::from(self.upload_expires_hours)),
            ),
            ("inspect_memory_mb", number(self.inspect_memory_mb)),
            ("inspect_timeout_s", number(self.inspect_timeout_s)),
            ("unwrap_max_bytes", number(self.unwrap_max_bytes)),
            ("unwrap_max_ratio", number(self.unwrap_max_ratio)),
            ("page_timeout_s", number(self.page_timeout_s)),
            ("tables_program", path(&self.tables_program)),
            ("restore_days", number(u64::from(self.restore_days))),
            ("session_hours", number(self.session_hours)),
            ("session_max_days", number(self.session_max_days)),
            ("session_token_minutes", number(self.session_token_minutes)),
            ("secret_key", option(&self.secret_key)),
            (
                "insecure_cookies",
                Some(toml::Value::Boolean(self.insecure_cookies)),
            ),
            ("instance_name", text(&self.instance_name)),
            ("environment", text(&self.environment)),
            ("link_manual", option(&self.link_manual)),
            ("link_issues", option(&self.link_issues)),
            ("link_source_code", option(&self.link_source_code)),
            ("link_production", option(&self.link_production)),
            ("link_privacy", option(&self.link_privacy)),
            ("instance_file", path(&self.instance_file)),
            ("contact_email", option(&self.contact_email)),
            ("log_format", text(&self.log_format)),
            ("log", text(&self.log)),
        ];
        values.extend(self.proxy.values());
        values.extend(self.oidc.values());
        values
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        settings: Settings,
    }

    fn settings(arguments: &[&str]) -> Settings {
        Program::parse_from(std::iter::once("program").chain(arguments.iter().copied())).settings
    }

    #[test]
    fn defaults_are_valid_and_every_setting_is_printed() {
        let settings = settings(&[]);
        settings.validate().unwrap();
        let printed = settings.to_commented_toml();
        for id in setting_ids().iter().filter(|id| *id != "config") {
            assert!(
                printed.contains(&format!("{id} =")) || printed.contains(&format!("# {id} is not set")),
                "{id}"
            );
        }
    }

    #[test]
    fn secrets_are_masked() {
        let settings = settings(&[
            "--database-url",
            "postgres://u:hunter2@h/d",
            "--secret-key",
            &"k".repeat(40),
            "--oidc-client-secret",
            "hunter3",
        ]);
        let printed = settings.to_commented_toml();
        assert!(!printed.contains("hunter2") && !printed.contains("kkkk") && !printed.contains("hunter3"));
        assert!(!format!("{:?}", settings.oidc).contains("hunter3"));
    }

    #[test]
    fn errors_name_the_setting() {
        for (arguments, key) in [
            (["--listen", "nowhere"], "listen"),
            (["--database-url", "mysql://x"], "database_url"),
            (["--public-url", "pz.example.org"], "public_url"),
            (["--view-origin", "https://content.example.org"], "view_origin"),
            (
                ["--view-origin", "https://content.example.org/x; script-src *"],
                "view_origin",
            ),
            (["--secret-key", "short"], "secret_key"),
            (["--upload-max-bytes", "0"], "upload_max_bytes"),
            (["--web-dir", "/nowhere"], "web_dir"),
            (["--trusted-proxies", "10.0.0.1,0.0.0.0/0"], "trusted_proxies"),
            (["--proxy-user-header", "X-User"], "proxy_user_header"),
            (["--proxy-email-header", "X-Email"], "proxy_user_header"),
            (["--oidc-client-id", "photoz"], "oidc_issuer"),
            (["--oidc-issuer", "http://login.example.org"], "oidc_issuer"),
            (["--oidc-issuer", "https://login.example.org?x"], "oidc_issuer"),
            (["--oidc-issuer", "https://login.example.org"], "oidc_client_id"),
            (["--max-connections", "0"], "max_connections"),
            (["--body-timeout-s", "0"], "body_timeout_s"),
        ] {
            let error = settings(&arguments).validate().unwrap_err().to_string();
            assert!(error.starts_with(key), "{error}");
        }
    }

    #[test]
    fn signing_in_elsewhere_needs_the_whole_of_it() {
        let whole = [
            "--public-url=https://pz.example.org",
            "--oidc-issuer=https://login.example.org/realms/science",
            "--oidc-client-id=photoz",
        ];
        let with = |more: &'static str| {
            let arguments: Vec<&str> = whole.into_iter().chain([more]).collect();
            settings(&arguments).validate().map_err(|error| error.to_string())
        };
        settings(&whole).validate().unwrap();
        settings(&whole[1..]).validate().unwrap_err();
        with("--oidc-scopes=profile").unwrap_err();
        with("--oidc-name= ").unwrap_err();
        let local = [
            "--public-url=http://127.0.0.1",
            "--oidc-issuer=http://127.0.0.1:9",
            "--oidc-client-id=x",
        ];
        settings(&local).validate().unwrap();
    }

    #[test]
    fn lists_and_maps_are_read_from_a_file_as_they_are_printed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pz.toml");
        let read = |text: &str| {
            fs_err::write(&path, text).unwrap();
            let command = with_config_file(Settings::augment_args(Command::new("program")), &path).unwrap();
            let matches = command.get_matches_from(["program"]);
            <Settings as clap::FromArgMatches>::from_arg_matches(&matches).unwrap()
        };
        let settings = read(
            "trusted_proxies = ['127.0.0.1', '10.0.0.0/8']\n\
             oidc_group_map = { '/science/dp1' = 'dp1', 'a,b' = 'c' }\n",
        );
        let networks: Vec<String> = settings
            .proxy
            .trusted_proxies
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(networks, ["127.0.0.1/32", "10.0.0.0/8"]);
        let map = settings.oidc.oidc_group_map.clone().unwrap();
        assert_eq!(map.0["/science/dp1"], "dp1");
        assert_eq!(map.0["a,b"], "c");
        let again = read(&settings.to_commented_toml());
        assert_eq!(again.proxy.trusted_proxies, settings.proxy.trusted_proxies);
        assert_eq!(again.oidc.oidc_group_map, settings.oidc.oidc_group_map);
        assert!(read("trusted_proxies = []\n").proxy.trusted_proxies.is_empty());
    }

    #[test]
    fn a_toml_file_gives_defaults_and_unknown_keys_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pz.toml");
        fs_err::write(
            &path,
            "listen = '127.0.0.1:9999'\nupload_max_bytes = 5\ninsecure_cookies = true\n",
        )
        .unwrap();
        let command = Settings::augment_args(Command::new("program"));
        let command = with_config_file(command, &path).unwrap();
        let matches = command.get_matches_from(["program", "--upload-max-bytes", "7"]);
        let settings = <Settings as clap::FromArgMatches>::from_arg_matches(&matches).unwrap();
        assert_eq!(settings.listen, "127.0.0.1:9999");
        assert_eq!(settings.upload_max_bytes, 7);
        assert!(settings.insecure_cookies);

        fs_err::write(&path, "listne = 'x'\n").unwrap();
        let error = with_config_file(Command::new("program"), &path)
            .unwrap_err()
            .to_string();
        assert!(error.contains("listne"), "{error}");
    }
}
