//! Sign-ins that were refused, for the audit log. Those of an account are told one by one, with the address they came
//! from; of names that nobody has only how many there were, because people type passwords where a name belongs. Must
//! never keep a password or such a name.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use pz_store::StoreError;
use pz_store::accounts::Account;
use pz_store::audit::AuditEntry;
use serde_json::json;

use super::audit_entry;
use crate::state::AppState;

const ACTION: &str = "session.refused";
/// Names of nobody are told together, at most this often, so that guessing does not fill the log.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// Refused sign-ins under names that nobody has.
#[derive(Debug, Default)]
pub(crate) struct UnknownNames(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    untold: u64,
    told_at: Option<Instant>,
}

impl UnknownNames {
    /// Counts one more; how many to tell now, if it is time.
    fn add(&self, now: Instant) -> Option<u64> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.untold += 1;
        if counted
            .told_at
            .is_some_and(|told| now.duration_since(told) < TOLD_EVERY)
        {
            return None;
        }
        counted.told_at = Some(now);
        Some(std::mem::take(&mut counted.untold))
    }

    /// How many were not told yet.
    fn rest(&self) -> u64 {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut counted.untold)
    }
}

/// Notes that a sign-in was refused: to an account, or to a name that nobody has.
///
/// # Errors
/// When the database fails.
pub(crate) async fn note(
    state: &AppState,
    request: &HttpRequest,
    account: Option<&Account>,
) -> Result<(), StoreError> {
    match account {
        Some(account) => state.store.audit(audit_entry(account, ACTION, request)).await,
        None => match state.unknown_names.add(Instant::now()) {
            Some(count) => tell(state, count).await,
            None => Ok(()),
        },
    }
}

/// Tells of the names of nobody that were counted since the last telling.
///
/// # Errors
/// When the database fails.
pub(crate) async fn tell_rest(state: &AppState) -> Result<(), StoreError> {
    match state.unknown_names.rest() {
        0 => Ok(()),
        count => tell(state, count).await,
    }
}

async fn tell(state: &AppState, count: u64) -> Result<(), StoreError> {
    let entry = AuditEntry {
        action: ACTION,
        detail: Some(json!({"unknown_names": count})),
        ..AuditEntry::default()
    };
    state.store.audit(entry).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_nobody_are_told_together() {
        let names = UnknownNames::default();
        let start = Instant::now();
        assert_eq!(names.add(start), Some(1));
        assert_eq!(names.add(start + Duration::from_secs(1)), None);
        assert_eq!(names.add(start + Duration::from_secs(59)), None);
        assert_eq!(names.add(start + Duration::from_secs(61)), Some(3));
        assert_eq!(names.rest(), 0);
        assert_eq!(names.add(start + Duration::from_secs(62)), None);
        assert_eq!(names.rest(), 1);
    }
}
