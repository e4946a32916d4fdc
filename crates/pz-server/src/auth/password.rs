//! Passwords: Argon2id with the parameters OWASP recommends (19 MiB, 2 passes, 1 lane).

use argon2::{Argon2, PasswordHasher, PasswordVerifier};

use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// Shortest password of a new account, in characters.
pub const MIN_CHARS: usize = 8;

/// The hash of a password in PHC form. Takes tens of milliseconds.
///
/// # Errors
/// When the password is too short or the hash cannot be computed.
pub fn hash(password: &str) -> anyhow::Result<String> {
    if password.chars().count() < MIN_CHARS {
        anyhow::bail!("the password has fewer than {MIN_CHARS} characters");
    }
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow::anyhow!("cannot hash the password: {error}"))?;
    Ok(hash.to_string())
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
        assert!(hash("short").is_err());
    }
}
