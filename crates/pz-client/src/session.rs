//! Signing in and out, and API tokens.

use pz_model::api::{Credentials, LoggedUser, Session, SessionUser, Token};

use crate::transport::Method;
use crate::{Client, Result};

impl Client {
    /// Starts a cookie session.
    pub async fn login(&self, credentials: &Credentials) -> Result<SessionUser> {
        self.send(Method::Post, "/api/login/", credentials).await
    }

    /// Ends the cookie session.
    pub async fn logout(&self) -> Result<()> {
        self.send_discarding(Method::Post, "/api/logout/").await
    }

    /// Who is signed in, if anybody.
    pub async fn session(&self) -> Result<Session> {
        self.get("/api/session/", &[]).await
    }

    /// Who the credentials belong to; refused when there are none.
    pub async fn logged_user(&self) -> Result<LoggedUser> {
        self.post_empty("/api/logged_user/").await
    }

    /// Makes the caller's default API token anew; the previous one stops working.
    pub async fn get_token(&self) -> Result<Token> {
        self.post_empty("/api/get_token/").await
    }
}
