//! Who may do what: every operation of the document, for every role, on objects in every state. The table of rules
//! stands here, by hand, and not in the code under test; an operation without a rule fails.

mod fixtures;
mod lists;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp};
use crate::on_both_databases;
use fixtures::{Fixture, State};
use lists::lists_show_what_is_seen;
use rules::{Object, RULES, Rule};

on_both_databases!(every_cell, objects_named_in_bodies, lists_show_what_is_seen);

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Anonymous,
    /// A member who is not in the group of the restricted release.
    Outsider,
    /// A member who is.
    Member,
    Owner,
    /// The owner, with a token that may only read.
    OwnerReading,
    /// An administrator, with a token that is not for administration.
    AdminAsMember,
    Admin,
}

const ROLES: [Role; 7] = [
    Role::Anonymous,
    Role::Outsider,
    Role::Member,
    Role::Owner,
    Role::OwnerReading,
    Role::AdminAsMember,
    Role::Admin,
];

/// What a cell expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// 401.
    Unknown,
    /// 403.
    Forbidden,
    /// 404.
    Hidden,
    /// The handler's own answer, whatever it is.
    In,
}

impl Role {
    fn is_owner(self) -> bool {
        matches!(self, Self::Owner | Self::OwnerReading)
    }

    fn sees(self, object: Object, state: State) -> bool {
        // A process stays its owner's, whatever becomes of its product.
        if object == Object::Process && (self.is_owner() || self == Self::Admin) {
            return true;
        }
        match state {
            State::Deleted => false,
            State::Published => true,
            State::Restricted => self != Self::Outsider && self != Self::AdminAsMember,
            State::Draft | State::Processing | State::Failed => self.is_owner() || self == Self::Admin,
        }
    }

    fn writes(self) -> bool {
        self != Self::OwnerReading
    }
}

/// What this role may expect of an operation with this rule on an object in this state.
fn expected(role: Role, rule: Rule, state: State) -> Expected {
    use Expected::{Forbidden, Hidden, In, Unknown};
    match rule {
        Rule::Public => return In,
        Rule::Missing => return Hidden,
        _ => {}
    }
    if role == Role::Anonymous {
        return Unknown;
    }
    match rule {
        Rule::Public | Rule::Signed => In,
        Rule::Missing => Hidden,
        Rule::Writing if role.writes() => In,
        Rule::Whole if role.writes() && role != Role::AdminAsMember => In,
        Rule::Admin if role == Role::Admin => In,
        Rule::Writing | Rule::Whole | Rule::Admin => Forbidden,
        Rule::Seeing(object) if role.sees(object, state) => In,
        Rule::Seeing(_) | Rule::Nothing => Hidden,
        Rule::Changing(object) | Rule::Owning(object) if !role.sees(object, state) => Hidden,
        Rule::Changing(_) if role == Role::Admin || role == Role::Owner => In,
        Rule::Owning(_) if role == Role::Admin || role.is_owner() => In,
        Rule::Changing(_) | Rule::Owning(_) => Forbidden,
        Rule::Own(_) if role == Role::Owner => In,
        Rule::Own(_) if !role.writes() => Forbidden,
        Rule::OwnToRead(_) if role.is_owner() => In,
        Rule::Own(_) | Rule::OwnToRead(_) => Hidden,
        Rule::Restoring if role == Role::Admin || role == Role::Owner => In,
        Rule::Restoring if role.is_owner() || role.sees(Object::Product, state) => Forbidden,
        Rule::Restoring => Hidden,
        Rule::Remembering if state == State::Deleted => In,
        Rule::Remembering => Hidden,
    }
}

fn outcome(answer: &Answer) -> Expected {
    match (answer.status, answer.header("x-error-code")) {
        (401, "not_authenticated") => Expected::Unknown,
        (403, "permission_denied" | "insufficient_scope") => Expected::Forbidden,
        (404, "not_found") => Expected::Hidden,
        _ => Expected::In,
    }
}

fn operations() -> Vec<(Method, String)> {
    let document: Value = serde_json::from_str(&pz_server::openapi::document().unwrap()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            operations.push((method.to_uppercase().parse().unwrap(), path.clone()));
        }
    }
    operations
}

/// The table names each operation of the document once, and no other.
#[test]
fn every_operation_has_a_rule() {
    let documented: BTreeSet<String> = operations()
        .iter()
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    let ruled: Vec<String> = RULES
        .iter()
        .map(|(operation, _)| (*operation).to_owned())
        .collect();
    let unique: BTreeSet<String> = ruled.iter().cloned().collect();
    assert_eq!(
        unique.len(),
        ruled.len(),
        "an operation stands in the table twice"
    );
    let missing: Vec<_> = documented.difference(&unique).collect();
    let gone: Vec<_> = unique.difference(&documented).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "without a rule: {missing:?}; no longer there: {gone:?}"
    );
}

async fn every_cell(app: &TestApp) {
    let fixture = Fixture::new(app).await;
    let mut people = BTreeMap::new();
    for role in ROLES {
        people.insert(role, fixture.person(role).await);
    }
    let rules: BTreeMap<&str, Rule> = RULES.iter().copied().collect();
    let mut cells = 0;
    let mut wrong = Vec::new();
    for (method, path) in operations() {
        let operation = format!("{method} {path}");
        let rule = rules[operation.as_str()];
        let states: &[State] = match rule {
            Rule::Public
            | Rule::Signed
            | Rule::Writing
            | Rule::Whole
            | Rule::Admin
            | Rule::Nothing
            | Rule::Missing => &[State::Published],
            Rule::Own(_) | Rule::OwnToRead(_) => &[State::Published],
            _ => &State::ALL,
        };
        for state in states {
            for (role, person) in &people {
                let expected = expected(*role, rule, *state);
                // Who is let in may change or remove the object: give them one of their own.
                let spends = expected == Expected::In && (method != Method::GET || path.ends_with("/stop/"));
                let target = fixture.address(&path, rule, *state, spends).await;
                let answer = call(person, &method, &target).await;
                cells += 1;
                if answer.status >= 500 || outcome(&answer) != expected {
                    wrong.push(format!(
                        "{operation} as {role:?} on {state:?}: expected {expected:?}, got {} {} {}",
                        answer.status,
                        answer.header("x-error-code"),
                        String::from_utf8_lossy(&answer.bytes)
                            .chars()
                            .take(120)
                            .collect::<String>(),
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {cells} cells:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(cells > 1000, "{cells}");
}

/// Where a body names the product, an invisible one is as unknown, and a foreign one is refused.
async fn objects_named_in_bodies(app: &TestApp) {
    let fixture = Fixture::new(app).await;
    for role in ROLES {
        let person = fixture.person(role).await;
        for state in State::ALL {
            let product = fixture.product_id(state);
            let column =
                json!({"product": product, "column_name": format!("{role:?}"), "order": 100 + role as i32});
            let file = person
                .upload(&json!({"id": product}), 2, "notes.csv", b"a\n1\n")
                .await;
            for answer in [person.post("/api/product-contents/", column).await, file] {
                let body: Value = serde_json::from_slice(&answer.bytes).unwrap();
                let hidden = answer.status == 400 && body.get("product").is_some();
                let found = if hidden {
                    Expected::Hidden
                } else {
                    outcome(&answer)
                };
                let expected = match expected(role, Rule::Writing, state) {
                    Expected::In => expected(role, Rule::Changing(Object::Product), state),
                    refused => refused,
                };
                assert_eq!(found, expected, "{role:?} {state:?} {} {body}", answer.status);
            }
        }
    }
}

async fn call(person: &Person, method: &Method, path: &str) -> Answer {
    let mut request = person.request(method.clone(), path);
    if matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
        request = request.json(&json!({}));
    }
    if path.ends_with("/events/") {
        return Answer::head_of(request).await;
    }
    Answer::of(request).await
}

/// What the object is that a path names.
impl Rule {
    fn object(self) -> Option<Object> {
        match self {
            Self::Seeing(object)
            | Self::Changing(object)
            | Self::Owning(object)
            | Self::Own(object)
            | Self::OwnToRead(object) => Some(object),
            Self::Restoring | Self::Remembering => Some(Object::Product),
            _ => None,
        }
    }
}
