//! `pz-server user`: accounts.

use std::io::{BufRead, Write};

use anyhow::Context;
use clap::Subcommand;
use pz_model::username::{USERNAME_RULE, is_username};
use pz_store::accounts::NewUser;

use super::say;
use crate::auth::password;
use crate::config::Settings;
use crate::state::AppState;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add an account.
    Add {
        #[command(flatten)]
        settings: Settings,
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
        /// Read the password from standard input without asking.
        #[arg(long)]
        password_stdin: bool,
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
    /// List accounts.
    List {
        #[command(flatten)]
        settings: Settings,
    },
}

pub(super) async fn run(command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add {
            settings,
            username,
            first_name,
            last_name,
            email,
            admin,
            password_stdin,
        } => {
            settings.validate()?;
            check_username(&username)?;
            let password_hash = Some(password::hash(&read_password(password_stdin)?)?);
            let state = AppState::open(settings).await?;
            let user = NewUser {
                username: username.clone(),
                first_name,
                last_name,
                email,
                password_hash,
                is_superuser: admin,
            };
            state
                .store
                .add_user(user)
                .await
                .with_context(|| format!("cannot add '{username}'"))?;
            say(&format!("added {username}\n"))
        }
        UserCommand::Passwd {
            settings,
            username,
            password_stdin,
        } => {
            settings.validate()?;
            let hash = password::hash(&read_password(password_stdin)?)?;
            let state = AppState::open(settings).await?;
            let account = state
                .store
                .account_by_username(&username)
                .await?
                .with_context(|| format!("there is no user '{username}'"))?;
            state.store.set_password_hash(account.id, &hash).await?;
            say(&format!("changed the password of {username}\n"))
        }
        UserCommand::List { settings } => {
            settings.validate()?;
            let state = AppState::open(settings).await?;
            let mut text = String::new();
            for user in state.store.all_users().await? {
                let admin = if user.is_superuser { "admin" } else { "member" };
                let active = if user.is_active { "active" } else { "inactive" };
                text.push_str(&format!(
                    "{}\t{admin}\t{active}\t{} {}\n",
                    user.username, user.first_name, user.last_name
                ));
            }
            say(&text)
        }
    }
}

fn check_username(username: &str) -> anyhow::Result<()> {
    if !is_username(username) {
        anyhow::bail!("'{username}' cannot be a login name. {USERNAME_RULE}");
    }
    Ok(())
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
