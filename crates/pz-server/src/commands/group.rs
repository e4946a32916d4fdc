//! `pz-server group`: groups and who is in them.

use anyhow::Context;
use clap::Subcommand;
use pz_store::groups::{GroupField, MemberChange, UserKey};
use pz_store::list::{ListCondition, ListQuery};
use pz_store::user_admin::AccountField;

use super::user::open;
use super::{audit, refused, say};
use crate::config::Settings;
use crate::state::AppState;

#[derive(Debug, Subcommand)]
pub(super) enum GroupCommand {
    /// Add a group. Members of the group `Admin` are administrators.
    Add {
        #[command(flatten)]
        settings: Settings,
        /// Its name.
        name: String,
    },
    /// Remove a group; releases must not be open to it.
    Remove {
        #[command(flatten)]
        settings: Settings,
        /// Its name.
        name: String,
    },
    /// List groups: name, members, releases open to it.
    List {
        #[command(flatten)]
        settings: Settings,
    },
    /// List the members of a group.
    Members {
        #[command(flatten)]
        settings: Settings,
        /// Its name.
        name: String,
    },
    /// Put users into a group.
    Join {
        #[command(flatten)]
        settings: Settings,
        /// Its name.
        name: String,
        /// Login names.
        #[arg(required = true)]
        usernames: Vec<String>,
    },
    /// Take users out of a group.
    Leave {
        #[command(flatten)]
        settings: Settings,
        /// Its name.
        name: String,
        /// Login names.
        #[arg(required = true)]
        usernames: Vec<String>,
    },
}

pub(super) async fn run(command: GroupCommand) -> anyhow::Result<()> {
    match command {
        GroupCommand::Add { settings, name } => add(&open(settings).await?, name.trim()).await,
        GroupCommand::Remove { settings, name } => {
            let state = open(settings).await?;
            let id = find(&state, &name).await?;
            state.store.delete_group(id).await?.map_err(refused)?;
            audit(&state, "group.delete", "group", id, None).await?;
            say(&format!("removed {name}\n"))
        }
        GroupCommand::List { settings } => list(&open(settings).await?).await,
        GroupCommand::Members { settings, name } => members(&open(settings).await?, &name).await,
        GroupCommand::Join {
            settings,
            name,
            usernames,
        } => {
            let state = open(settings).await?;
            let add = ids(&state, usernames).await?;
            let change = MemberChange::AddRemove {
                add,
                remove: Vec::new(),
            };
            change_members(&state, &name, change).await
        }
        GroupCommand::Leave {
            settings,
            name,
            usernames,
        } => {
            let state = open(settings).await?;
            let remove = ids(&state, usernames).await?;
            let change = MemberChange::AddRemove {
                add: Vec::new(),
                remove,
            };
            change_members(&state, &name, change).await
        }
    }
}

/// The id of a group.
pub(super) async fn find(state: &AppState, name: &str) -> anyhow::Result<i64> {
    let named = ListQuery {
        conditions: vec![ListCondition::TextIn(GroupField::Name, vec![name.to_owned()])],
        ..ListQuery::default()
    };
    let (_, found) = state.store.list_groups(&named).await?;
    found
        .first()
        .map(|detail| detail.group.id)
        .with_context(|| format!("there is no group '{name}'"))
}

async fn add(state: &AppState, name: &str) -> anyhow::Result<()> {
    let chars = name.chars().count();
    if !(1..=pz_model::limits::GROUP_NAME_MAX_CHARS).contains(&chars) || name.chars().any(char::is_control) {
        anyhow::bail!("'{name}' cannot be the name of a group: use 1 to 150 characters");
    }
    let id = state
        .store
        .create_group(name)
        .await
        .with_context(|| format!("cannot add '{name}'"))?;
    audit(state, "group.create", "group", id, None).await?;
    say(&format!("added {name}\n"))
}

async fn list(state: &AppState) -> anyhow::Result<()> {
    let all = ListQuery {
        order: vec![(GroupField::Name, false)],
        ..ListQuery::default()
    };
    let mut text = String::new();
    for detail in state.store.list_groups(&all).await?.1 {
        text.push_str(&format!(
            "{}\t{} members\t{} releases\n",
            detail.group.name, detail.member_count, detail.release_count
        ));
    }
    say(&text)
}

async fn members(state: &AppState, name: &str) -> anyhow::Result<()> {
    let id = find(state, name).await?;
    let all = ListQuery {
        order: vec![(AccountField::Username, false)],
        ..ListQuery::default()
    };
    let mut text = String::new();
    for member in state.store.list_members(id, &all).await?.1 {
        text.push_str(&format!("{}\n", member.username));
    }
    say(&text)
}

async fn ids(state: &AppState, usernames: Vec<String>) -> anyhow::Result<Vec<i64>> {
    let keys: Vec<UserKey> = usernames.into_iter().map(UserKey::Username).collect();
    match state.store.resolve_users(&keys).await? {
        Ok(ids) => Ok(ids),
        Err(UserKey::Username(name)) => anyhow::bail!("there is no user '{name}'"),
        Err(UserKey::Id(id)) => anyhow::bail!("there is no user with the id {id}"),
    }
}

async fn change_members(state: &AppState, name: &str, change: MemberChange) -> anyhow::Result<()> {
    let id = find(state, name).await?;
    state.store.change_members(id, change).await?.map_err(refused)?;
    audit(state, "group.change_members", "group", id, None).await?;
    members(state, name).await
}
