//! Signing of what leaves the service and must come back unchanged: sessions and download links.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use pz_model::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The key, in the forms that signing and checking need.
pub struct SigningKeys {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKeys")
    }
}

#[derive(Serialize, serde::Deserialize)]
struct Signed<T> {
    /// What the token is for: a token of one kind is no token of another.
    aud: String,
    /// Seconds since 1970 after which it is void.
    exp: u64,
    #[serde(flatten)]
    claims: T,
}

impl SigningKeys {
    /// Keys from a secret (HMAC with SHA-256).
    pub fn new(secret: &[u8]) -> Self {
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }

    /// Signs claims for one purpose, valid for a time.
    pub fn sign<T: Serialize>(&self, purpose: &str, claims: T, valid_for: Duration) -> String {
        let now = u64::try_from(Timestamp::now().to_utc().timestamp()).unwrap_or(0);
        let signed = Signed {
            aud: purpose.to_owned(),
            exp: now.saturating_add(valid_for.as_secs()),
            claims,
        };
        // Fails only when the claims cannot be written as JSON; an empty token is never accepted.
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &signed, &self.encoding).unwrap_or_default()
    }

    /// What only the holder of the key can say of a text, for one purpose: 43 characters, always the same.
    pub fn tag(&self, purpose: &str, text: &str) -> String {
        // No token has a colon before its first dot. An empty tag is never accepted.
        let message = format!("{purpose}:{text}");
        jsonwebtoken::crypto::sign(message.as_bytes(), &self.encoding, Algorithm::HS256).unwrap_or_default()
    }

    /// The claims of a token that is ours, for this purpose, and not yet void.
    pub fn check<T: DeserializeOwned>(&self, purpose: &str, token: &str) -> Option<T> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[purpose]);
        validation.leeway = 0;
        jsonwebtoken::decode::<Signed<T>>(token, &self.decoding, &validation)
            .ok()
            .map(|data| data.claims.claims)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Claims {
        sub: i64,
    }

    #[test]
    fn tags_are_bound_to_key_purpose_and_text() {
        let keys = SigningKeys::new(&[1; 32]);
        let tag = keys.tag("csrf", "7.1");
        assert_eq!((tag.len(), &tag), (43, &keys.tag("csrf", "7.1")));
        for other in [
            keys.tag("csrf", "7.2"),
            keys.tag("other", "7.1"),
            SigningKeys::new(&[2; 32]).tag("csrf", "7.1"),
        ] {
            assert_ne!(tag, other);
        }
    }

    #[test]
    fn tokens_are_bound_to_key_purpose_and_time() {
        let keys = SigningKeys::new(&[1; 32]);
        let token = keys.sign("session", Claims { sub: 7 }, Duration::from_secs(60));
        assert_eq!(keys.check("session", &token), Some(Claims { sub: 7 }));
        assert_eq!(keys.check::<Claims>("download", &token), None);
        assert_eq!(
            SigningKeys::new(&[2; 32]).check::<Claims>("session", &token),
            None
        );
        let mut forged = token;
        forged.replace_range(forged.len() - 4.., "AAAA");
        assert_eq!(keys.check::<Claims>("session", &forged), None);
        let old = keys.sign("session", Claims { sub: 7 }, Duration::ZERO);
        std::thread::sleep(Duration::from_millis(1100));
        assert_eq!(keys.check::<Claims>("session", &old), None);
    }
}
