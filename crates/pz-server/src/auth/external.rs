//! People whom somebody else signs in: an identity provider or a proxy says who they are; accounts and memberships
//! follow from that.
//!
//! What is said is made safe first: login names get the form of ours, addresses and names of groups that could not be
//! are left out, and the group of administrators comes from one setting only.

use std::collections::BTreeSet;

use actix_web::HttpRequest;
use pz_model::limits::{EMAIL_MAX_CHARS, GROUP_NAME_MAX_CHARS, PERSON_NAME_MAX_CHARS, USERNAME_MAX_CHARS};
use pz_model::username::is_username;
use pz_store::accounts::{ADMIN_GROUP, Account};
use pz_store::audit::AuditEntry;
use pz_store::identities::{ExternalAccount, ExternalUser};
use serde_json::json;

use crate::client_address::client_address;
use crate::config::OidcSettings;
use crate::error::ApiResult;
use crate::state::AppState;

/// Groups of one person that are looked at.
const GROUPS_MAX: usize = 500;
/// The issuer of those whom a trusted proxy names.
pub(super) const PROXY_ISSUER: &str = "proxy";

/// Somebody as they are described elsewhere, in the words used there.
#[derive(Debug, Default)]
pub(super) struct Described {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) username: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) groups: Vec<String>,
}

/// The account of somebody, made on first sight, in the groups that they are in there. It may be inactive, or wait.
///
/// # Errors
/// When the database fails.
pub(super) async fn account(
    state: &AppState,
    request: &HttpRequest,
    described: &Described,
) -> ApiResult<Account> {
    let found = state
        .store
        .external_account(&external_user(&state.settings.oidc, described))
        .await?;
    for name in &found.local {
        tracing::warn!(
            group = name,
            "the identity provider names a group that is kept here; nobody gets into it so"
        );
    }
    if found.has_changed() {
        // Also by a GET.
        state.cache.forget();
        audit(state, request, described, &found).await?;
    }
    Ok(found.account)
}

async fn audit(
    state: &AppState,
    request: &HttpRequest,
    described: &Described,
    found: &ExternalAccount,
) -> ApiResult<()> {
    if found.is_new {
        let mut entry = audit_entry(&found.account, "user.create", request);
        entry.detail = Some(json!({
            "issuer": described.issuer,
            "awaits_approval": found.account.awaits_approval,
        }));
        state.store.audit(entry).await?;
    }
    if !found.joined.is_empty() || !found.left.is_empty() {
        let mut entry = audit_entry(&found.account, "user.external_groups", request);
        entry.detail = Some(json!({"joined": found.joined, "left": found.left}));
        state.store.audit(entry).await?;
    }
    Ok(())
}

/// An entry about an account by its owner.
pub(super) fn audit_entry(account: &Account, action: &'static str, request: &HttpRequest) -> AuditEntry {
    AuditEntry {
        user_id: Some(account.id),
        username: Some(account.username.clone()),
        action,
        object_type: Some("user"),
        object_id: Some(account.id),
        remote_address: client_address(request).map(|address| address.to_string()),
        ..AuditEntry::default()
    }
}

fn external_user(settings: &OidcSettings, described: &Described) -> ExternalUser {
    let is_admin = settings
        .oidc_admin_group
        .as_ref()
        .is_some_and(|admin| described.groups.contains(admin));
    ExternalUser {
        issuer: described.issuer.clone(),
        subject: described.subject.clone(),
        username: valid_username(&described.username),
        first_name: person_name(&described.first_name),
        last_name: person_name(&described.last_name),
        email: valid_email(&described.email),
        awaits_approval: settings.needs_approval(),
        groups: access_groups(settings, &described.groups),
        is_admin,
    }
}

/// Access groups for the groups that somebody else names.
fn access_groups(settings: &OidcSettings, named: &[String]) -> BTreeSet<String> {
    let mapped = |name: &String| match &settings.oidc_group_map {
        Some(map) => map.0.get(name).cloned(),
        None => Some(name.clone()),
    };
    named
        .iter()
        .take(GROUPS_MAX)
        .filter_map(mapped)
        .filter(|name| is_group_name(name))
        .collect()
}

/// Whether a group may have this name; the administrators' group comes by another way.
pub(crate) fn is_group_name(name: &str) -> bool {
    (1..=GROUP_NAME_MAX_CHARS).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(char::is_control)
        && !name.eq_ignore_ascii_case(ADMIN_GROUP)
}

/// A login name as near to the wanted one as our rule allows.
fn valid_username(wanted: &str) -> String {
    let name: String = wanted
        .trim()
        .chars()
        .take(USERNAME_MAX_CHARS)
        .map(|c| {
            if is_username(c.encode_utf8(&mut [0; 4])) {
                c
            } else {
                '_'
            }
        })
        .collect();
    if name.chars().any(char::is_alphanumeric) {
        name
    } else {
        "user".to_owned()
    }
}

fn person_name(name: &str) -> String {
    name.trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(PERSON_NAME_MAX_CHARS)
        .collect()
}

/// An address that could be one, or nothing.
fn valid_email(email: &str) -> String {
    let good = email.len() <= EMAIL_MAX_CHARS
        && email.bytes().all(|byte| byte.is_ascii_graphic())
        && email
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if good { email.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        settings: OidcSettings,
    }

    fn groups(arguments: &[&str], named: &[&str]) -> (Vec<String>, bool) {
        let arguments = std::iter::once("program").chain(arguments.iter().copied());
        let settings = Program::parse_from(arguments).settings;
        let described = Described {
            groups: named.iter().map(|name| (*name).to_owned()).collect(),
            ..Described::default()
        };
        let user = external_user(&settings, &described);
        (user.groups.into_iter().collect(), user.is_admin)
    }

    #[test]
    fn groups_keep_their_names_or_are_mapped() {
        let named = ["/science/dp1", "staff", "", " x", "a\nb"];
        assert_eq!(groups(&[], &named).0, ["/science/dp1", "staff"]);
        let map = ["--oidc-group-map", r#"{"/science/dp1": "dp1", "x": "Admin"}"#];
        assert_eq!(groups(&map, &named).0, ["dp1"]);
        assert!(groups(&[], &[&"x".repeat(151)]).0.is_empty());
    }

    #[test]
    fn administrators_come_from_their_setting_only() {
        for named in ["Admin", "admin", "ADMIN"] {
            assert_eq!(groups(&[], &[named]), (vec![], false), "{named}");
        }
        let map = ["--oidc-group-map", r#"{"x": "Admin"}"#];
        assert_eq!(groups(&map, &["x"]), (vec![], false));
        let admin = ["--oidc-admin-group", "pz-admins"];
        assert!(groups(&admin, &["pz-admins"]).1);
        assert!(!groups(&admin, &["PZ-admins", "Admin"]).1);
    }

    #[test]
    fn names_get_a_form_of_ours() {
        assert_eq!(valid_username(" alice@example.org "), "alice@example.org");
        assert_eq!(valid_username("a b/c<d>"), "a_b_c_d_");
        for nothing in ["", "  ", "///"] {
            assert_eq!(valid_username(nothing), "user");
        }
        assert_eq!(valid_username(&"x".repeat(300)).len(), 150);
        assert_eq!(valid_email("a@b"), "a@b");
        for wrong in ["a", "a@", "@b", "a@b@c", "a b@c", "a@b\r\nX: y", "é@b"] {
            assert_eq!(valid_email(wrong), "", "{wrong}");
        }
        assert_eq!(person_name(" A\u{0}nn "), "Ann");
    }
}
