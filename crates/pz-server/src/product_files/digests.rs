//! Digests that a client sends along with bytes (`Content-Digest`, `Repr-Digest`), and checking them.
//!
//! What is sent here has no content coding and is whole, so that both headers say the same of it. Algorithms
//! that are not known are passed over; a header that cannot be read is refused.

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use pz_model::ErrorCode;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::error::{ApiError, ApiResult};

/// Base64 as other programs write it, with or without padding.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Headers that carry digests of what a request carries.
const HEADERS: [&str; 2] = ["content-digest", "repr-digest"];

/// Digests of what a request carries. The patterns are what a client should send; other algorithms are read over.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents headers that are read one by one")]
pub(crate) struct DigestHeaders {
    /// Digest of the whole body, `sha-256` or `sha-512`; bytes that do not match are not kept.
    #[param(
        rename = "Content-Digest",
        value_type = String,
        required = false,
        pattern = r"^(sha-256=:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=:|sha-512=:[A-Za-z0-9+/]{85}[AQgw]==:)?$",
        example = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
    )]
    content_digest: Option<String>,
    /// The same as `Content-Digest` here.
    #[param(rename = "Repr-Digest", value_type = String, required = false, pattern = r"^(sha-256=:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=:|sha-512=:[A-Za-z0-9+/]{85}[AQgw]==:)?$")]
    repr_digest: Option<String>,
}

enum Hasher {
    Sha1(Sha1),
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    /// By a name with or without its hyphen, and the length of the digest in bytes.
    fn named(name: &str) -> Option<(Self, usize)> {
        Some(match name {
            "sha1" => (Self::Sha1(Sha1::new()), 20),
            "sha256" | "sha-256" => (Self::Sha256(Sha256::new()), 32),
            "sha512" | "sha-512" => (Self::Sha512(Sha512::new()), 64),
            _ => return None,
        })
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}

struct Expected {
    header: &'static str,
    digest: Vec<u8>,
    hasher: Hasher,
    /// Status of the answer when it does not match.
    status: StatusCode,
}

/// Digests that the bytes to come must have.
#[derive(Default)]
pub(crate) struct DigestCheck {
    expected: Vec<Expected>,
}

impl DigestCheck {
    /// The digests in these headers, of a request or of a part of one.
    ///
    /// # Errors
    /// 400 naming the header that cannot be read.
    pub(crate) fn of(headers: &HeaderMap) -> ApiResult<Self> {
        let mut check = Self::default();
        for header in HEADERS {
            for line in headers.get_all(header) {
                let members = line.to_str().ok().and_then(dictionary);
                for (algorithm, digest) in members.ok_or_else(|| malformed(header))? {
                    // SHA-1 is not among the algorithms of these headers that may still be used.
                    if algorithm != "sha1" {
                        check
                            .expect(header, &algorithm, digest, StatusCode::BAD_REQUEST)
                            .map_err(|_| malformed(header))?;
                    }
                }
            }
        }
        Ok(check)
    }

    /// Adds a digest. False when the algorithm is not known.
    ///
    /// # Errors
    /// The length that the digest should have.
    pub(crate) fn expect(
        &mut self,
        header: &'static str,
        algorithm: &str,
        digest: Vec<u8>,
        status: StatusCode,
    ) -> Result<bool, usize> {
        let Some((hasher, length)) = Hasher::named(algorithm) else {
            return Ok(false);
        };
        if digest.len() != length {
            return Err(length);
        }
        self.expected.push(Expected {
            header,
            digest,
            hasher,
            status,
        });
        Ok(true)
    }

    /// Nothing is to be checked.
    pub(crate) fn is_empty(&self) -> bool {
        self.expected.is_empty()
    }

    /// Adds bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for expected in &mut self.expected {
            expected.hasher.update(bytes);
        }
    }

    /// Compares.
    ///
    /// # Errors
    /// 400 (460 for a checksum of tus) naming the header that does not match.
    pub(crate) fn finish(self) -> ApiResult<()> {
        for Expected {
            header,
            digest,
            hasher,
            status,
        } in self.expected
        {
            if hasher.finish() != digest {
                return Err(ApiError::detail(
                    status,
                    ErrorCode::DigestMismatch,
                    format!("The bytes received do not match {header}; they were not kept. Send them again."),
                ));
            }
        }
        Ok(())
    }
}

fn malformed(header: &str) -> ApiError {
    ApiError::detail(
        StatusCode::BAD_REQUEST,
        ErrorCode::InvalidHeader,
        format!(
            "{header} cannot be read: write it as sha-256=:…: with the digest in base64 between the colons."
        ),
    )
}

/// A structured-field dictionary of byte sequences.
fn dictionary(text: &str) -> Option<Vec<(String, Vec<u8>)>> {
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    text.split(',').map(|member| item(member.trim())).collect()
}

/// `key=:base64:`, with parameters that say nothing here.
fn item(member: &str) -> Option<(String, Vec<u8>)> {
    let (key, value) = member.split_once('=')?;
    let first_ok = key.starts_with(|c: char| c.is_ascii_lowercase() || c == '*');
    let rest_ok = key
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.*".contains(c));
    let (encoded, parameters) = value.strip_prefix(':')?.split_once(':')?;
    let parameters_ok = parameters.is_empty() || parameters.starts_with(';');
    if !(first_ok && rest_ok && parameters_ok) {
        return None;
    }
    Some((key.to_owned(), BASE64.decode(encoded).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionaries() {
        let read = |text: &str| dictionary(text).map(|members| members.len());
        assert_eq!(read(""), Some(0));
        assert_eq!(read("sha-256=:AAEC:, md5=:AA==:;q=1"), Some(2));
        assert_eq!(read("unixsum=:AA:"), Some(1), "without padding");
        for wrong in [
            "sha-256",
            "sha-256=AAEC",
            "sha-256=:AAEC",
            "sha-256=:A*EC:",
            "SHA-256=:AAEC:",
            "sha-256=:AAEC:,",
            "sha-256=:AAEC:x",
            "=:AAEC:",
            "1=:AAEC:",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn known_digests() {
        // From sha256sum and sha512sum of "abc".
        let sha256 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        let sha512 =
            "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==";
        for (header, value, matches) in [
            ("content-digest", format!("sha-256=:{sha256}:"), true),
            (
                "repr-digest",
                format!("sha-512=:{sha512}:, sha-256=:{sha256}:"),
                true,
            ),
            (
                "repr-digest",
                format!("sha-256=:{}:", sha256.replace('u', "v")),
                false,
            ),
            ("content-digest", "crc32c=:AAAA:".to_owned(), true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header.parse().unwrap(), value.parse().unwrap());
            let mut check = DigestCheck::of(&headers).unwrap();
            check.update(b"a");
            check.update(b"bc");
            assert_eq!(check.finish().is_ok(), matches, "{header}: {value}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(
            "content-digest".parse().unwrap(),
            "sha-256=:AAEC:".parse().unwrap(),
        );
        assert!(DigestCheck::of(&headers).is_err(), "three bytes are no SHA-256");
    }
}
