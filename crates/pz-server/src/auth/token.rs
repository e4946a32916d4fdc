//! API tokens: `pz_<22 characters>.<22 characters>`, base 62. The first half finds the row, the second is
//! the secret (130 random bits); only its hash is kept.

use pz_model::Timestamp;
pub use pz_model::api::TokenScope as Scope;
use pz_store::tokens::NewToken;
use pz_store::{Store, StoreError};
use rand::RngExt;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const HALF_CHARS: usize = 22;
const PREFIX: &str = "pz_";

/// The name of the token that `get_token` replaces.
pub const DEFAULT_NAME: &str = "default";

/// The two halves of a token's text, of letters and digits.
pub fn split(text: &str) -> Option<(&str, &str)> {
    let (key, secret) = text.strip_prefix(PREFIX)?.split_once('.')?;
    let is_half =
        |half: &str| half.len() == HALF_CHARS && half.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_half(key) && is_half(secret)).then_some((key, secret))
}

/// How a token with this key begins: enough to tell it from others, of the half that is not secret.
pub(crate) fn shown_prefix(key: &str) -> String {
    let start: String = key.chars().take(8).collect();
    format!("{PREFIX}{start}")
}

/// A new token and its text, which is shown once and kept nowhere.
pub(crate) fn new(
    user_id: i64,
    name: &str,
    scopes: &[Scope],
    expires_at: Option<Timestamp>,
) -> (NewToken, String) {
    let (key, secret) = (random_text(), random_text());
    let text = format!("{PREFIX}{key}.{secret}");
    let token = NewToken {
        user_id,
        name: name.to_owned(),
        key,
        secret,
        scopes: Scope::format_list(scopes),
        expires_at,
    };
    (token, text)
}

/// Makes a token in the place of the user's token of the same name and returns its text, which is shown
/// once and kept nowhere.
///
/// # Errors
/// When the database fails.
pub async fn create(store: &Store, user_id: i64, name: &str, scopes: &[Scope]) -> Result<String, StoreError> {
    let (token, text) = new(user_id, name, scopes, None);
    store.replace_token(token).await?;
    Ok(text)
}

/// A random text of 22 base-62 characters: 130 bits.
pub(crate) fn random_text() -> String {
    let mut rng = rand::rng();
    (0..HALF_CHARS)
        .map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_tokens_are_split() {
        let text = format!("pz_{}.{}", random_text(), random_text());
        assert!(split(&text).is_some());
        for wrong in [
            "",
            "pz_",
            "pz_a.b",
            &text[3..],
            &text[..text.len() - 1],
            &format!("{text}x"),
            &text.replace('.', "-"),
        ] {
            assert_eq!(split(wrong), None, "{wrong}");
        }
    }
}
