//! Signing in and out, sessions, passwords.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// What a user types to sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credentials {
    /// Login name.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "alice", min_length = 1, max_length = 255)
    )]
    pub username: String,
    /// Password.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "correct horse battery staple", min_length = 1, max_length = 1024)
    )]
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionUser {
    /// Identifier, for the filter `user` of lists.
    #[cfg_attr(feature = "openapi", schema(example = 1))]
    pub id: i64,
    /// Login name.
    #[cfg_attr(feature = "openapi", schema(example = "alice"))]
    pub username: String,
    /// Name to show.
    pub display_name: String,
    /// The user is an administrator.
    pub is_admin: bool,
}

/// The state of the caller's session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Who is signed in; null when nobody is.
    pub user: Option<SessionUser>,
}

/// What `logged_user` says; `username` holds the display name, as existing clients expect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoggedUser {
    /// Name to show.
    pub username: String,
    /// The user is an administrator.
    pub is_admin: bool,
}

/// A new API token, shown once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Token {
    /// The secret: keep it like a password.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "pz_0123456789abcdefABCDEF.0123456789abcdefABCDEF")
    )]
    pub token: String,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

/// A browser in which the caller is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionRecord {
    /// Identifier.
    #[cfg_attr(feature = "openapi", schema(example = 7))]
    pub id: i64,
    /// How the caller signed in: `password`, or `oidc` by an identity provider.
    #[cfg_attr(feature = "openapi", schema(example = "password"))]
    pub method: String,
    /// The browser that asks.
    pub is_current: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last seen, to some minutes.
    pub last_seen_at: Timestamp,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
    /// Address that it was last seen at.
    #[cfg_attr(feature = "openapi", schema(example = "192.0.2.7"))]
    pub remote_address: Option<String>,
    /// What the browser calls itself.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0")
    )]
    pub user_agent: Option<String>,
}

/// What to end when signing out everywhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignOutSelf {
    /// The session or token in use, too.
    #[serde(default)]
    pub this_one_too: bool,
    /// The API tokens, too.
    #[serde(default)]
    pub tokens: bool,
}

/// What signing out everywhere ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedOut {
    /// Sessions.
    #[cfg_attr(feature = "openapi", schema(example = 2))]
    pub sessions: u64,
    /// API tokens.
    #[cfg_attr(feature = "openapi", schema(example = 0))]
    pub tokens: u64,
}

/// A change of one's own password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordChange {
    /// The password until now.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "correct horse battery staple", min_length = 1, max_length = 1024)
    )]
    pub current_password: String,
    /// The password from now on: 12 characters or more, 1024 bytes at most, not easy to guess.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "vesuvius umbrella tango", min_length = 12, max_length = 1024)
    )]
    pub new_password: String,
}

impl fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordChange").finish_non_exhaustive()
    }
}

/// A new password, by a link that an administrator made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordReset {
    /// The secret in the link, after `#`.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "0123456789abcdefABCDEF", min_length = 1, max_length = 100)
    )]
    pub token: String,
    /// The new password: 12 characters or more, 1024 bytes at most, not easy to guess.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "vesuvius umbrella tango", min_length = 12, max_length = 1024)
    )]
    pub new_password: String,
}

impl fmt::Debug for PasswordReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordReset").finish_non_exhaustive()
    }
}

/// A link to set a new password, shown once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordResetLink {
    /// The link, good once: give it to nobody but the user. Relative to the server's root when the service does not
    /// know its address.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "https://pz.example.org/reset-password#0123456789abcdefABCDEF")
    )]
    pub url: String,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

impl fmt::Debug for PasswordResetLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordResetLink")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_keeps_secrets() {
        let change = PasswordChange {
            current_password: "hunter2".into(),
            new_password: "hunter2".into(),
        };
        let reset = PasswordReset {
            token: "hunter2".into(),
            new_password: "hunter2".into(),
        };
        let link = PasswordResetLink {
            url: "/reset-password#hunter2".into(),
            expires_at: Timestamp::now(),
        };
        assert!(!format!("{change:?} {reset:?} {link:?}").contains("hunter2"));
    }
}
