//! `pz-server user`: accounts.

use std::io::{BufRead, Write};

use anyhow::Context;
use clap::{Args, Subcommand};
use pz_model::username::{USERNAME_RULE, is_username};
use pz_store::accounts::{Account, NewUser};
use pz_store::list::ListQuery;
use pz_store::sessions::Ending;
use pz_store::user_admin::{AccountChanges, AccountField, SignOut};

use super::{audit, refused, say};
use crate::auth::{password, password_reset};
use crate::config::Settings;
use crate::state::AppState;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add an account.
    Add {
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        user: NewUserArguments,
    },
    /// Give an account a new password; its sessions end.
    Passwd {
        #[command(flatten)]
        settings: Settings,
        /// Login name.
        #[arg(long)]
        username: String,
        /// Read the password from standard input without asking.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Print a link by which a user sets a new password: good once, for a day. One made before ends.
    ResetLink {
        #[command(flatten)]
        settings: Settings,
        /// Login name.
        username: String,
    },
    /// End an account's sessions and tokens, and let it sign in no more; its products stay.
    Deactivate {
        #[command(flatten)]
        settings: Settings,
        /// Login name.
        username: String,
    },
    /// Let an account sign in again.
    Activate {
        #[command(flatten)]
        settings: Settings,
        /// Login name.
        username: String,
    },
    /// Make an account an administrator, or no longer.
    Admin {
        #[command(flatten)]
        settings: Settings,
        /// Login name.
        username: String,
        /// It shall be none; it leaves the group `Admin`, too.
        #[arg(long)]
        revoke: bool,
    },
    /// End an account's sessions.
    SignOut {
        #[command(flatten)]
        settings: Settings,
        /// Login name.
        username: String,
        /// End its API tokens, too.
        #[arg(long)]
        tokens: bool,
    },
    /// List accounts: login name, whether administrator, whether active, groups, name.
    List {
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Debug, Args)]
pub(super) struct NewUserArguments {
    /// Login name.
    #[arg(long)]
    username: String,
    /// First name.
    #[arg(long, default_value = "")]
    first_name: String,
    /// Last name.
    #[arg(long, default_value = "")]
    last_name: String,
    /// E-mail address; the part before @ becomes the display name.
    #[arg(long, default_value = "")]
    email: String,
    /// Make the account an administrator.
    #[arg(long)]
    admin: bool,
    /// Put it into this group, which must exist; may be given several times.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Read the password from standard input without asking.
    #[arg(long)]
    password_stdin: bool,
}

pub(super) async fn run(command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add { settings, user } => add(&open(settings).await?, user).await,
        UserCommand::Passwd {
            settings,
            username,
            password_stdin,
        } => {
            let state = open(settings).await?;
            let account = find(&state, &username).await?;
            let hash = read_new_password(&state, password_stdin, &username)?;
            state.store.set_password_hash(account.id, &hash).await?;
            audit(&state, "user.password", "user", account.id, None).await?;
            say(&format!("changed the password of {username}\n"))
        }
        UserCommand::ResetLink { settings, username } => reset_link(&open(settings).await?, &username).await,
        UserCommand::Deactivate { settings, username } => {
            let changes = AccountChanges {
                is_active: Some(false),
                ..AccountChanges::default()
            };
            change(&open(settings).await?, &username, changes, "is inactive").await
        }
        UserCommand::Activate { settings, username } => {
            let changes = AccountChanges {
                is_active: Some(true),
                ..AccountChanges::default()
            };
            change(&open(settings).await?, &username, changes, "is active").await
        }
        UserCommand::Admin {
            settings,
            username,
            revoke,
        } => {
            let changes = AccountChanges {
                is_admin: Some(!revoke),
                ..AccountChanges::default()
            };
            let done = if revoke {
                "is no administrator"
            } else {
                "is an administrator"
            };
            change(&open(settings).await?, &username, changes, done).await
        }
        UserCommand::SignOut {
            settings,
            username,
            tokens,
        } => sign_out(&open(settings).await?, &username, tokens).await,
        UserCommand::List { settings } => list(&open(settings).await?).await,
    }
}

pub(super) async fn open(settings: Settings) -> anyhow::Result<AppState> {
    settings.validate()?;
    AppState::open(settings).await
}

async fn find(state: &AppState, username: &str) -> anyhow::Result<Account> {
    state
        .store
        .account_by_username(username)
        .await?
        .with_context(|| format!("there is no user '{username}'"))
}

async fn add(state: &AppState, user: NewUserArguments) -> anyhow::Result<()> {
    let username = user.username;
    check_username(&username)?;
    let mut groups = Vec::new();
    for name in &user.groups {
        groups.push(super::group::find(state, name).await?);
    }
    let password_hash = read_new_password(state, user.password_stdin, &username)?;
    let new = NewUser {
        username: username.clone(),
        first_name: user.first_name,
        last_name: user.last_name,
        email: user.email,
        password_hash: Some(password_hash),
        is_superuser: user.admin,
    };
    let row = state
        .store
        .add_user(new)
        .await
        .with_context(|| format!("cannot add '{username}'"))?;
    audit(state, "user.create", "user", row.id, None).await?;
    if !groups.is_empty() {
        let changes = AccountChanges {
            groups: Some(groups),
            ..AccountChanges::default()
        };
        state
            .store
            .change_account(row.id, changes)
            .await?
            .map_err(refused)?;
    }
    say(&format!("added {username}\n"))
}

async fn reset_link(state: &AppState, username: &str) -> anyhow::Result<()> {
    let account = find(state, username).await?;
    if !account.is_active {
        anyhow::bail!("'{username}' is not active: activate it first");
    }
    let settings = &state.settings;
    let base = settings
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{}", settings.listen));
    let link = password_reset::new_link(state, account.id, None, &base).await?;
    audit(state, "user.password_link", "user", account.id, None).await?;
    say(&format!("{}\ngood once, until {}\n", link.url, link.expires_at))
}

async fn change(state: &AppState, username: &str, changes: AccountChanges, done: &str) -> anyhow::Result<()> {
    let account = find(state, username).await?;
    let mut told = serde_json::Map::new();
    for (name, value) in [("is_active", changes.is_active), ("is_admin", changes.is_admin)] {
        if let Some(value) = value {
            told.insert(name.into(), value.into());
        }
    }
    state
        .store
        .change_account(account.id, changes)
        .await?
        .map_err(refused)?;
    audit(state, "user.change", "user", account.id, Some(told.into())).await?;
    say(&format!("{username} {done}\n"))
}

async fn sign_out(state: &AppState, username: &str, tokens: bool) -> anyhow::Result<()> {
    let account = find(state, username).await?;
    let what = SignOut {
        sessions: Ending::All,
        tokens,
        but_token: None,
    };
    let ended = state.store.sign_out(account.id, what).await?.map_err(refused)?;
    let told = serde_json::json!({"tokens": tokens});
    audit(state, "user.sign_out", "user", account.id, Some(told)).await?;
    say(&format!(
        "ended {} sessions and {} tokens of {username}\n",
        ended.sessions, ended.tokens
    ))
}

async fn list(state: &AppState) -> anyhow::Result<()> {
    let everybody = ListQuery {
        order: vec![(AccountField::Username, false)],
        ..ListQuery::default()
    };
    let mut text = String::new();
    for account in state.store.list_accounts(&everybody).await?.1 {
        let user = account.user;
        let admin = if account.is_admin { "admin" } else { "member" };
        let active = if user.is_active { "active" } else { "inactive" };
        let groups: Vec<String> = account.groups.into_iter().map(|group| group.name).collect();
        text.push_str(&format!(
            "{}\t{admin}\t{active}\t{}\t{} {}\n",
            user.username,
            groups.join(","),
            user.first_name,
            user.last_name
        ));
    }
    say(&text)
}

fn check_username(username: &str) -> anyhow::Result<()> {
    if !is_username(username) {
        anyhow::bail!("'{username}' cannot be a login name. {USERNAME_RULE}");
    }
    Ok(())
}

/// The hash of a password that may be used.
fn read_new_password(state: &AppState, quietly: bool, username: &str) -> anyhow::Result<String> {
    let password = read_password(quietly)?;
    password::check(state, &password, &[username])?;
    password::hash(&password)
}

/// The first line of standard input; asks for it on a terminal.
fn read_password(quietly: bool) -> anyhow::Result<String> {
    if !quietly {
        let mut err = std::io::stderr();
        write!(
            err,
            "Password (it is shown as you type; use --password-stdin to pipe it): "
        )?;
        err.flush()?;
    }
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .context("cannot read the password")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
