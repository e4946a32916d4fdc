//! API tokens: `pz_<22 characters>.<22 characters>`, base 62. The first half finds the row, the second is
//! the secret (130 random bits); only its hash is kept.

use pz_store::tokens::NewToken;
use pz_store::{Store, StoreError};
use rand::RngExt;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const HALF_CHARS: usize = 22;
const PREFIX: &str = "pz_";

/// The name of the token that `get_token` replaces.
pub const DEFAULT_NAME: &str = "default";

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Reading.
    Read,
    /// Creating and changing products.
    Upload,
    /// Running pipelines.
    Run,
    /// Acting as an administrator, for those who are.
    Admin,
}

impl Scope {
    /// All scopes: what a session has.
    pub const ALL: [Self; 4] = [Self::Read, Self::Upload, Self::Run, Self::Admin];
    /// The scopes of a token that names none.
    pub const DEFAULT: [Self; 3] = [Self::Read, Self::Upload, Self::Run];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Upload => "upload",
            Self::Run => "run",
            Self::Admin => "admin",
        }
    }

    /// The scopes in a comma list; unknown names give nothing.
    pub fn parse_list(list: &str) -> Vec<Self> {
        list.split(',')
            .filter_map(|name| Self::ALL.into_iter().find(|scope| scope.name() == name.trim()))
            .collect()
    }

    /// A comma list of scopes.
    pub fn format_list(scopes: &[Self]) -> String {
        scopes
            .iter()
            .map(|scope| scope.name())
            .collect::<Vec<_>>()
            .join(",")
    }
}

/// The two halves of a token's text.
pub fn split(text: &str) -> Option<(&str, &str)> {
    let (key, secret) = text.strip_prefix(PREFIX)?.split_once('.')?;
    let is_half = |half: &str| half.len() == HALF_CHARS && half.bytes().all(|byte| ALPHABET.contains(&byte));
    (is_half(key) && is_half(secret)).then_some((key, secret))
}

/// Makes a token in the place of the user's token of the same name and returns its text, which is shown
/// once and kept nowhere.
///
/// # Errors
/// When the database fails.
pub async fn create(store: &Store, user_id: i64, name: &str, scopes: &[Scope]) -> Result<String, StoreError> {
    let (key, secret) = (random_text(), random_text());
    let text = format!("{PREFIX}{key}.{secret}");
    let scopes = Scope::format_list(scopes);
    store
        .replace_token(NewToken {
            user_id,
            name: name.to_owned(),
            key,
            secret,
            scopes,
            expires_at: None,
        })
        .await?;
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

    #[test]
    fn scopes_round_trip() {
        assert_eq!(Scope::parse_list(&Scope::format_list(&Scope::ALL)), Scope::ALL);
        assert_eq!(Scope::parse_list("read,nonsense"), [Scope::Read]);
    }
}
