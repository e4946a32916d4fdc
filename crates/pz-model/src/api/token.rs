//! API tokens as their owner sees them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// Reading.
    Read,
    /// Creating and changing products.
    Upload,
    /// Running pipelines.
    Run,
    /// Acting as an administrator, for those who are.
    Admin,
}

impl TokenScope {
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

/// An API token without its secret, which is kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiToken {
    /// Identifier.
    #[cfg_attr(feature = "openapi", schema(example = 7))]
    pub id: i64,
    /// What its owner calls it.
    #[cfg_attr(feature = "openapi", schema(example = "notebook"))]
    pub name: String,
    /// How the token begins, to tell it from others; not secret.
    #[cfg_attr(feature = "openapi", schema(example = "pz_0123abCD"))]
    pub prefix: String,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself; null when it does not.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute; null when never.
    pub last_used_at: Option<Timestamp>,
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewApiToken {
    /// What to call it; unique among the caller's tokens.
    #[cfg_attr(
        feature = "openapi",
        schema(min_length = 1, max_length = 100, example = "notebook")
    )]
    pub name: String,
    /// What it may be used for; `read` is always part of it.
    #[cfg_attr(
        feature = "openapi",
        schema(min_items = 1, max_items = 4, example = json!(["read", "upload"]))
    )]
    pub scopes: Vec<TokenScope>,
    /// When it ends by itself: within five years; null or absent for a token that stays until it is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A token just made, with its secret: shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedApiToken {
    /// The token.
    #[serde(flatten)]
    pub api_token: ApiToken,
    /// The secret: keep it like a password.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "pz_0123abCD456789efghEFGH.0123456789abcdefABCDEF")
    )]
    pub token: String,
}

impl fmt::Debug for CreatedApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedApiToken")
            .field("api_token", &self.api_token)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_round_trip() {
        assert_eq!(
            TokenScope::parse_list(&TokenScope::format_list(&TokenScope::ALL)),
            TokenScope::ALL
        );
        assert_eq!(TokenScope::parse_list("read,nonsense"), [TokenScope::Read]);
        for scope in TokenScope::ALL {
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.name());
        }
    }

    #[test]
    fn debug_output_keeps_the_secret() {
        let created = CreatedApiToken {
            api_token: ApiToken {
                id: 1,
                name: "n".into(),
                prefix: "pz_x".into(),
                scopes: vec![],
                created_at: Timestamp::now(),
                expires_at: None,
                last_used_at: None,
            },
            token: "pz_secret".into(),
        };
        assert!(!format!("{created:?}").contains("secret"));
    }
}
