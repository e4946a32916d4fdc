//! The commands of `pz-server`.

mod group;
mod serve;
mod user;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use pz_store::audit::AuditEntry;
use pz_store::user_admin::AccountRefusal;

use crate::auth::token::{self, Scope};
use crate::config::{Settings, with_config_file};
use crate::state::AppState;
use crate::{logging, openapi, seed};

/// The Photo-z Server: photo-z data products for many people.
#[derive(Debug, Parser)]
#[command(name = "pz-server", version)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Serve {
        #[command(flatten)]
        settings: Settings,
        /// Fill an empty database with demonstration data first.
        #[arg(long)]
        seed_demo: bool,
    },
    /// Bring the database to the newest version.
    Migrate {
        #[command(flatten)]
        settings: Settings,
        /// Take back this many steps instead; their data are lost.
        #[arg(long, value_name = "STEPS")]
        down: Option<u32>,
    },
    /// Manage accounts.
    User {
        #[command(subcommand)]
        command: user::UserCommand,
    },
    /// Manage groups.
    Group {
        #[command(subcommand)]
        command: group::GroupCommand,
    },
    /// Manage API tokens.
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Fill the database.
    Seed {
        #[command(subcommand)]
        command: SeedCommand,
    },
    /// Print the OpenAPI document.
    Openapi {
        /// Write it to this file instead.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Print the effective configuration, secrets masked.
    Config {
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it once; a token of the same name ends.
    New {
        #[command(flatten)]
        settings: Settings,
        /// Whose token.
        #[arg(long)]
        username: String,
        /// What to call it.
        #[arg(long, default_value = token::DEFAULT_NAME)]
        name: String,
        /// What it may be used for: a comma list of read, upload, run and admin.
        #[arg(long, default_value = "read,upload,run")]
        scopes: String,
    },
}

#[derive(Debug, Subcommand)]
enum SeedCommand {
    /// Demonstration data: users, releases, and products of every type. Needs an empty database.
    Demo {
        #[command(flatten)]
        settings: Settings,
    },
}

/// Reads the command line and does what it says.
///
/// # Errors
/// When it cannot be done; the message says what and why.
pub async fn run() -> anyhow::Result<()> {
    let program = read_command_line()?;
    match program.command {
        Command::Serve { settings, seed_demo } => {
            settings.validate()?;
            logging::start(&settings.log, settings.log_format == "json")?;
            serve::serve(settings, seed_demo).await
        }
        Command::Migrate { settings, down } => {
            settings.validate()?;
            let state = AppState::open(settings).await?;
            match down {
                Some(steps) => {
                    state.store.migrate_down(Some(steps)).await?;
                    say(&format!("took back {steps} steps\n"))
                }
                None => say("the database is up to date\n"),
            }
        }
        Command::User { command } => Box::pin(user::run(command)).await,
        Command::Group { command } => Box::pin(group::run(command)).await,
        Command::Token {
            command:
                TokenCommand::New {
                    settings,
                    username,
                    name,
                    scopes,
                },
        } => {
            settings.validate()?;
            let scopes_read = Scope::parse_list(&scopes);
            if scopes_read.is_empty() || Scope::format_list(&scopes_read) != scopes {
                anyhow::bail!("scopes is '{scopes}': give a comma list of read, upload, run and admin");
            }
            let state = AppState::open(settings).await?;
            let account = state
                .store
                .account_by_username(&username)
                .await?
                .with_context(|| format!("there is no user '{username}'"))?;
            let text = token::create(&state.store, account.id, &name, &scopes_read).await?;
            audit(&state, "token.create", "user", account.id, None).await?;
            say(&format!("{text}\n"))
        }
        Command::Seed {
            command: SeedCommand::Demo { settings },
        } => {
            settings.validate()?;
            let state = AppState::open(settings).await?;
            let seeded = seed::demo(&state).await?;
            say(&seeded.to_string())
        }
        Command::Openapi { output } => {
            let document = openapi::document()?;
            match output {
                Some(path) => Ok(fs_err::write(path, document)?),
                None => say(&document),
            }
        }
        Command::Config { settings } => {
            settings.validate()?;
            say(&settings.to_commented_toml())
        }
    }
}

/// Reads the command line; the configuration file, named there or in the environment, gives defaults.
fn read_command_line() -> anyhow::Result<Program> {
    let arguments: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let mut command = Program::command();
    if let Some(path) = config_path(&arguments) {
        command = with_config_file(command, &path)?;
    }
    let matches = command.get_matches_from(arguments);
    Program::from_arg_matches(&matches).map_err(|error| error.exit())
}

/// The configuration file must be known before the command line is read for good.
fn config_path(arguments: &[std::ffi::OsString]) -> Option<PathBuf> {
    let mut following = arguments.iter().skip(1);
    while let Some(argument) = following.next() {
        let text = argument.to_string_lossy();
        if text == "--config" {
            return following.next().map(PathBuf::from);
        }
        if let Some(path) = text.strip_prefix("--config=") {
            return Some(PathBuf::from(path));
        }
    }
    std::env::var_os("PZ_CONFIG")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// Writes to the audit log what a command did: whoever has the machine, without a name here.
async fn audit(
    state: &AppState,
    action: &'static str,
    object_type: &'static str,
    id: i64,
    detail: Option<serde_json::Value>,
) -> anyhow::Result<()> {
    let entry = AuditEntry {
        action,
        object_type: Some(object_type),
        object_id: Some(id),
        detail,
        ..AuditEntry::default()
    };
    Ok(state.store.audit(entry).await?)
}

/// Why a change of accounts was not made.
fn refused(refusal: AccountRefusal) -> anyhow::Error {
    match refusal {
        AccountRefusal::LastAdmin => {
            anyhow::anyhow!(
                "nobody would be left to administer the service: make another active account an administrator first"
            )
        }
        AccountRefusal::ExternalGroup(name) => {
            anyhow::anyhow!("the identity provider keeps the group '{name}': change it there")
        }
        AccountRefusal::UnknownGroup(id) => anyhow::anyhow!("there is no group with the id {id}"),
        AccountRefusal::GroupInUse(releases) => {
            anyhow::anyhow!("the group opens {releases} releases: take it out of their access groups first")
        }
        AccountRefusal::Missing => anyhow::anyhow!("it is gone"),
    }
}

/// Prints for people and scripts; a closed pipe is no error.
pub(crate) fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Program::command().debug_assert();
    }

    #[test]
    fn the_configuration_file_is_found_before_parsing() {
        let path = |arguments: &[&str]| {
            config_path(&arguments.iter().map(std::ffi::OsString::from).collect::<Vec<_>>())
        };
        assert_eq!(
            path(&["pz-server", "serve", "--config", "a.toml"]),
            Some("a.toml".into())
        );
        assert_eq!(
            path(&["pz-server", "serve", "--config=b.toml"]),
            Some("b.toml".into())
        );
    }
}
