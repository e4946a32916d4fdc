//! What a session's token says, and what that means beside the session's row.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use pz_store::sessions::LiveSession;
use serde::{Deserialize, Serialize};

/// Requests under way when the token was exchanged may still carry the one before.
const GRACE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Claims {
    /// The session.
    pub(super) sid: i64,
    /// The user and the beginning, in microseconds: a session that has its id by a database that was taken back to an
    /// earlier state is another one.
    pub(super) sub: i64,
    pub(super) begun: i64,
    /// Which of the session's tokens this is.
    pub(super) generation: i32,
    /// Until when it is good without asking for a new one, in seconds.
    pub(super) fresh: i64,
}

/// What a token says of a session's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Good.
    Current,
    /// Good, and due for exchange.
    Stale,
    /// The one before the current: the browser does not have the new one yet.
    Before,
    /// Was exchanged long ago: a copy.
    Replayed,
    /// Of no session there is.
    Void,
}

/// Whether the token was made for this row.
pub(super) fn is_of(session: &LiveSession, claims: &Claims) -> bool {
    session.session_id == claims.sid
        && session.user_id == claims.sub
        && session.created_at.timestamp_micros() == claims.begun
}

pub(super) fn standing(
    session: &LiveSession,
    claims: &Claims,
    now: DateTime<Utc>,
    length: Duration,
) -> Standing {
    if !is_of(session, claims) || session.expires_at <= now || claims.generation > session.generation {
        return Standing::Void;
    }
    let exchanged_within = |span: Duration| {
        TimeDelta::from_std(span).is_ok_and(|span| now.signed_duration_since(session.rotated_at) < span)
    };
    if claims.generation == session.generation {
        // By the row, too: a shorter length holds from when it is set.
        return if claims.fresh > now.timestamp() && exchanged_within(length) {
            Standing::Current
        } else {
            Standing::Stale
        };
    }
    let is_before = claims.generation.saturating_add(1) == session.generation;
    // As long as nobody used the new token, the answer that brought it may have been lost.
    if is_before && (exchanged_within(GRACE) || !session.was_used()) {
        return Standing::Before;
    }
    Standing::Replayed
}

#[cfg(test)]
mod tests {
    use pz_store::accounts::Account;

    use super::*;

    const LENGTH: Duration = Duration::from_secs(900);

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn session(generation: i32, used: bool) -> LiveSession {
        LiveSession {
            session_id: 7,
            user_id: 3,
            generation,
            rotated_at: at(0),
            created_at: at(-5000),
            last_seen_at: at(i64::from(used)),
            expires_at: at(10_000),
            account: Account {
                id: 3,
                username: "alice".into(),
                display_name: "alice".into(),
                is_active: true,
                awaits_approval: false,
                is_admin: false,
                password_hash: None,
            },
        }
    }

    fn claims(generation: i32, fresh: i64) -> Claims {
        Claims {
            sid: 7,
            sub: 3,
            begun: at(-5000).timestamp_micros(),
            generation,
            fresh: at(fresh).timestamp(),
        }
    }

    #[test]
    fn tokens_are_good_fresh_and_once() {
        let check = |used, generation, seconds| {
            standing(&session(4, used), &claims(generation, 900), at(seconds), LENGTH)
        };
        for used in [false, true] {
            assert_eq!(check(used, 4, 899), Standing::Current);
            assert_eq!(check(used, 4, 900), Standing::Stale);
            assert_eq!(check(used, 3, 59), Standing::Before);
            assert_eq!(check(used, 2, 1), Standing::Replayed);
            assert_eq!(check(used, 5, 1), Standing::Void, "of a time that was taken back");
            assert_eq!(check(used, 4, 10_000), Standing::Void, "expired");
        }
        assert_eq!(check(true, 3, 60), Standing::Replayed);
        assert_eq!(check(false, 3, 5000), Standing::Before, "the answer was lost");
    }

    #[test]
    fn a_token_alone_says_when_it_is_stale_and_so_does_the_row() {
        let row = session(4, true);
        assert_eq!(standing(&row, &claims(4, 10), at(11), LENGTH), Standing::Stale);
        let shorter = Duration::from_secs(5);
        assert_eq!(standing(&row, &claims(4, 900), at(6), shorter), Standing::Stale);
    }

    #[test]
    fn a_token_is_of_one_user_and_one_beginning() {
        let row = session(4, true);
        let other_user = Claims {
            sub: 4,
            ..claims(4, 900)
        };
        let other_time = Claims {
            begun: 1,
            ..claims(4, 900)
        };
        for wrong in [other_user, other_time] {
            assert_eq!(standing(&row, &wrong, at(1), LENGTH), Standing::Void);
        }
    }
}
