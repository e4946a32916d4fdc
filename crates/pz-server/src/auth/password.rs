//! Passwords: Argon2id with the parameters OWASP recommends (19 MiB, 2 passes, 1 lane).

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use pz_model::ErrorCode;
use pz_model::limits::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS};

use super::guessable::is_guessable;
use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// Why a password cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitPassword {
    /// Too short.
    #[error("Use at least {PASSWORD_MIN_CHARS} characters.")]
    TooShort,
    /// Too long.
    #[error("Use at most {PASSWORD_MAX_BYTES} bytes.")]
    TooLong,
    /// Made of what guessers try first.
    #[error(
        "This password is easy to guess: it is little more than common words, names, rows of keys, dates or repetitions. Add a word or two that nobody expects."
    )]
    Guessable,
}

/// Whether a password may be used: long enough, and not among the first that are guessed. `names` are those of the
/// account. Nothing is asked of the kinds of its characters (NIST SP 800-63B, 3.1.1.2).
///
/// # Errors
/// When it may not.
pub fn check(state: &AppState, password: &str, names: &[&str]) -> Result<(), UnfitPassword> {
    if password.chars().count() < PASSWORD_MIN_CHARS {
        return Err(UnfitPassword::TooShort);
    }
    if password.len() > PASSWORD_MAX_BYTES {
        return Err(UnfitPassword::TooLong);
    }
    let mut names = names.to_vec();
    names.push(&state.settings.instance_name);
    if is_guessable(password, &names) {
        return Err(UnfitPassword::Guessable);
    }
    Ok(())
}

/// The hash of a password in PHC form. Takes tens of milliseconds.
///
/// # Errors
/// When the hash cannot be computed.
pub fn hash(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow::anyhow!("cannot hash the password: {error}"))?;
    Ok(hash.to_string())
}

/// The hash of a password that a request sets, if it may be used.
///
/// # Errors
/// 400 naming the field when it may not.
pub(crate) async fn hash_new(
    state: &AppState,
    field: &str,
    password: String,
    names: &[&str],
) -> ApiResult<String> {
    check(state, &password, names)
        .map_err(|unfit| ApiError::field(field, ErrorCode::WeakPassword, unfit.to_string()))?;
    let _permit = state
        .password_permits
        .acquire()
        .await
        .map_err(ApiError::internal)?;
    tokio::task::spawn_blocking(move || hash(&password))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)
}

/// Whether a password has this hash. Without a hash the same work is done, so that the time does not
/// tell which accounts exist.
///
/// # Errors
/// 500 when the work cannot be done.
pub(crate) async fn verify(state: &AppState, password: String, hash: Option<String>) -> ApiResult<bool> {
    let _permit = state
        .password_permits
        .acquire()
        .await
        .map_err(ApiError::internal)?;
    tokio::task::spawn_blocking(move || match hash {
        Some(hash) => Argon2::default()
            .verify_password(password.as_bytes(), hash.as_str())
            .is_ok(),
        None => {
            let _ = Argon2::default().hash_password(password.as_bytes());
            false
        }
    })
    .await
    .map_err(ApiError::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn f_44_two_passwords_are_checked_at_a_time() {
        #[derive(clap::Parser)]
        struct Program {
            #[command(flatten)]
            settings: crate::config::Settings,
        }

        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("pz-tables");
        fs_err::write(&program, "").unwrap();
        let settings = <Program as clap::Parser>::parse_from([
            "test",
            "--data-dir",
            &directory.path().display().to_string(),
            "--tables-program",
            &program.display().to_string(),
        ])
        .settings;
        let state = AppState::open(settings).await.unwrap();
        assert_eq!(state.password_permits.available_permits(), 2);
        let taken = state.password_permits.acquire_many(2).await.unwrap();
        let known = hash("correct horse").unwrap();
        let a_while = std::time::Duration::from_millis(500);
        let mut third = Box::pin(verify(&state, "correct horse".to_owned(), Some(known)));
        let early = tokio::time::timeout(a_while, &mut third).await;
        assert!(early.is_err(), "however many guess, they wait in line");
        drop(taken);
        assert!(third.await.unwrap());
    }

    #[test]
    fn hashes_verify_and_differ() {
        let first = hash("correct horse").unwrap();
        assert!(first.starts_with("$argon2id$"));
        assert_ne!(first, hash("correct horse").unwrap());
        assert!(
            Argon2::default()
                .verify_password(b"correct horse", first.as_str())
                .is_ok()
        );
        assert!(
            Argon2::default()
                .verify_password(b"wrong horse", first.as_str())
                .is_err()
        );
    }
}
