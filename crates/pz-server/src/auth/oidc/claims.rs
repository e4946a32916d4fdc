//! What the provider's claims say of somebody.

use serde_json::{Map, Value};

use crate::auth::external::Described;
use crate::config::OidcSettings;

/// Somebody, by their claims; none without a subject.
pub(super) fn describe(
    settings: &OidcSettings,
    issuer: &str,
    claims: &Map<String, Value>,
) -> Option<Described> {
    let text = |name: &str| find(claims, name).and_then(Value::as_str).map(str::to_owned);
    let subject = text("sub").filter(|subject| !subject.is_empty())?;
    let email = text("email").unwrap_or_default();
    let username = text(&settings.oidc_username_claim)
        .or_else(|| Some(email.split_once('@')?.0.to_owned()))
        .unwrap_or_default();
    Some(Described {
        issuer: issuer.to_owned(),
        subject,
        username,
        first_name: text("given_name").unwrap_or_default(),
        last_name: text("family_name").unwrap_or_default(),
        email,
        groups: groups(find(claims, &settings.oidc_groups_claim)),
    })
}

/// A claim by its name, or by a path into claims.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    find(claims.get(first)?.as_object()?, rest)
}

/// A list of names, or one name.
fn groups(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        settings: OidcSettings,
    }

    fn described(arguments: &[&str], claims: &Value) -> Option<Described> {
        let arguments = std::iter::once("program").chain(arguments.iter().copied());
        let settings = Program::parse_from(arguments).settings;
        describe(
            &settings,
            "https://login.example.org",
            claims.as_object().unwrap(),
        )
    }

    #[test]
    fn claims_become_a_description() {
        let alice = described(
            &[],
            &json!({"sub": "1", "preferred_username": "alice", "given_name": "Alice", "family_name": "L",
                   "email": "al@example.org", "groups": ["a", 7, "b"]}),
        )
        .unwrap();
        assert_eq!((alice.subject.as_str(), alice.username.as_str()), ("1", "alice"));
        assert_eq!(
            (alice.first_name.as_str(), alice.last_name.as_str()),
            ("Alice", "L")
        );
        assert_eq!(alice.groups, ["a", "b"]);
        let bare = described(
            &[],
            &json!({"sub": "1", "email": "al@example.org", "groups": "one"}),
        )
        .unwrap();
        assert_eq!(
            (bare.username.as_str(), bare.groups),
            ("al", vec!["one".to_owned()])
        );
    }

    #[test]
    fn nobody_without_a_subject() {
        for claims in [json!({}), json!({"sub": ""}), json!({"sub": 7})] {
            assert!(described(&[], &claims).is_none());
        }
    }

    #[test]
    fn claims_within_claims_are_found() {
        let path = ["--oidc-groups-claim", "realm_access.roles"];
        let claims = json!({"sub": "1", "realm_access": {"roles": ["x"]}});
        assert_eq!(described(&path, &claims).unwrap().groups, ["x"]);
        let claims = json!({"sub": "1", "realm_access.roles": ["y"], "realm_access": {"roles": ["x"]}});
        assert_eq!(described(&path, &claims).unwrap().groups, ["y"]);
        for nothing in [json!({"sub": "1"}), json!({"sub": "1", "realm_access": 3})] {
            assert!(described(&path, &nothing).unwrap().groups.is_empty());
        }
    }
}
