//! Signing in and out, sessions, passwords.

use pz_model::api::{
    Credentials, LoggedUser, PasswordChange, PasswordReset, Session, SessionRecord, SessionUser, SignOutSelf,
    SignedOut, Token,
};

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

    /// The browsers in which the caller is signed in, the one used last first.
    pub async fn sessions(&self) -> Result<Vec<SessionRecord>> {
        self.every("/api/sessions/", &[]).await
    }

    /// Ends a session: that browser is signed out.
    pub async fn end_session(&self, id: i64) -> Result<()> {
        self.send_discarding(Method::Delete, &format!("/api/sessions/{id}/"))
            .await
    }

    /// Ends the caller's other sessions and, if asked, this one and the tokens.
    pub async fn sign_out_everywhere(&self, what: SignOutSelf) -> Result<SignedOut> {
        self.send(Method::Post, "/api/account/sign-out/", &what).await
    }

    /// Changes the caller's password; all other sessions end.
    pub async fn change_password(&self, change: &PasswordChange) -> Result<()> {
        self.send_and_discard(Method::Post, "/api/account/password/", change)
            .await
    }

    /// Sets a password by a link from an administrator.
    pub async fn reset_password(&self, reset: &PasswordReset) -> Result<()> {
        self.send_and_discard(Method::Post, "/api/password-reset/", reset)
            .await
    }
}
