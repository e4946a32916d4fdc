//! The caller's API tokens.

use pz_model::api::{ApiToken, CreatedApiToken, Credentials, NewApiToken, Token};

use crate::transport::Method;
use crate::{Client, Result};

impl Client {
    /// The caller's tokens, newest first; their secrets are not among what is known.
    pub async fn tokens(&self) -> Result<Vec<ApiToken>> {
        self.every("/api/tokens/", &[]).await
    }

    /// Makes a token; its secret is in this answer and never again.
    pub async fn create_token(&self, token: &NewApiToken) -> Result<CreatedApiToken> {
        self.send(Method::Post, "/api/tokens/", token).await
    }

    /// Ends a token.
    pub async fn delete_token(&self, id: i64) -> Result<()> {
        self.send_discarding(Method::Delete, &format!("/api/tokens/{id}/"))
            .await
    }

    /// A fresh token for a username and password.
    pub async fn obtain_token(&self, credentials: &Credentials) -> Result<Token> {
        self.send(Method::Post, "/api/obtain_token/", credentials).await
    }
}
