//! Signing in, and API tokens.

use serde::{Deserialize, Serialize};

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

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}
