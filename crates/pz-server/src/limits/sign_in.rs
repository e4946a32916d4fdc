//! Sign-ins: how often a password may be wrong. Each attempt counts for its address and for the username it names,
//! and what succeeds is given back, so that only what fails adds up. When that is used up, a username at an address
//! that its account signed in from before still has a rate of its own: what others do elsewhere, or under another
//! name, does not keep its owner out.

use actix_web::HttpRequest;
use chrono::TimeDelta;
use pz_model::Timestamp;
use pz_store::accounts::Account;

use super::respond::refuse;
use super::{KeyKind, Limits, Standing, network};
use crate::auth::{password, refused};
use crate::client_address::client_address;
use crate::error::ApiResult;
use crate::state::AppState;

/// An address is known to an account for so long after a sign-in.
const KNOWN_DAYS: i64 = 90;
const WHAT: &str = "There were too many failed sign-ins.";

/// An attempt that counts unless it succeeds.
#[derive(Debug)]
pub(super) struct Attempt(Vec<u64>);

impl Attempt {
    /// It does not count.
    pub(super) fn succeeded(self, limits: &Limits) {
        for rate in &limits.sign_ins {
            for key in &self.0 {
                rate.give_back(*key);
            }
        }
    }
}

/// Counts an attempt for all of these keys, or for none of them.
fn attempt(limits: &Limits, keys: &[u64]) -> Result<Attempt, Standing> {
    let now = limits.now();
    let mut taken = Vec::with_capacity(limits.sign_ins.len() * keys.len());
    for rate in &limits.sign_ins {
        for key in keys {
            match rate.take(*key, now) {
                Ok(_) => taken.push((rate, *key)),
                Err(standing) => {
                    for (rate, key) in taken {
                        rate.give_back(key);
                    }
                    return Err(standing);
                }
            }
        }
    }
    Ok(Attempt(keys.to_vec()))
}

/// An attempt with a secret that names no account.
///
/// # Errors
/// 429.
pub(super) fn attempt_from_address(state: &AppState, request: &HttpRequest) -> ApiResult<Attempt> {
    let key = state.limits.address_key(client_address(request));
    attempt(&state.limits, key.as_slice()).map_err(|standing| refuse(request, standing, WHAT))
}

async fn attempt_as(
    state: &AppState,
    request: &HttpRequest,
    username: &str,
    account: Option<&Account>,
) -> ApiResult<Attempt> {
    let limits = &state.limits;
    let address = client_address(request);
    let mut keys = vec![limits.key(KeyKind::Username, username)];
    keys.extend(limits.address_key(address));
    let standing = match attempt(limits, &keys) {
        Ok(attempt) => return Ok(attempt),
        Err(standing) => standing,
    };
    if let Some(address) = address {
        let since = Timestamp::now().to_utc() - TimeDelta::days(KNOWN_DAYS);
        // Asked for unknown names, too: the time does not tell which there are.
        let id = account.map_or(0, |account| account.id);
        if state
            .store
            .signed_in_from(id, &address.to_string(), since.into())
            .await?
        {
            let pair = limits.key(KeyKind::Pair, (username, network(address)));
            return attempt(limits, &[pair]).map_err(|standing| refuse(request, standing, WHAT));
        }
    }
    Err(refuse(request, standing, WHAT))
}

/// The active account with this username and password, if they are right.
///
/// # Errors
/// 429 after too many that were not; when the database fails.
pub(crate) async fn check(
    state: &AppState,
    request: &HttpRequest,
    username: &str,
    password: String,
) -> ApiResult<Option<Account>> {
    let account = state.store.account_by_username(username).await?;
    let attempt = attempt_as(state, request, username, account.as_ref()).await?;
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let right = password::verify(state, password, hash).await?;
    let signed_in = account.as_ref().filter(|account| right && account.is_active);
    if signed_in.is_some() {
        attempt.succeeded(&state.limits);
    } else {
        refused::note(state, request, account.as_ref()).await?;
    }
    Ok(signed_in.cloned())
}
