//! Calls to the server: every error becomes something a person can read, and a session that ended is
//! noticed in one place.

use leptos::prelude::*;
use pz_client::{Client, Error};
use ui_kit::{Failure, FailureKind};

use super::session::SessionState;
use crate::texts::{Text, say_now};

/// The connection to our own server.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    client: Client,
    session: SessionState,
}

pub(super) fn provide(session: SessionState) -> Api {
    let origin = window().location().origin().unwrap_or_default();
    let api = Api {
        client: Client::new(&origin),
        session,
    };
    provide_context(api.clone());
    api
}

/// The connection to our own server.
pub(crate) fn use_api() -> Api {
    expect_context()
}

impl Api {
    /// The client, for calls that must not ask anybody to sign in.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Calls the server. When it says that nobody is signed in, the session is asked once and the call
    /// repeated if it still holds; otherwise the app asks the user to sign in again.
    pub(crate) async fn call<T>(
        &self,
        work: impl AsyncFn(&Client) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let error = match work(&self.client).await {
            Ok(value) => return Ok(value),
            Err(error) if error.status() == Some(401) => error,
            Err(error) => return Err(failure(&error)),
        };
        if self
            .client
            .session()
            .await
            .is_ok_and(|session| session.user.is_some())
        {
            return work(&self.client).await.map_err(|error| failure(&error));
        }
        self.session.expire();
        Err(failure(&error))
    }
}

/// An error as a person reads it.
pub(crate) fn failure(error: &Error) -> Failure {
    let Some(rejection) = error.rejection() else {
        let (kind, message) = match error {
            Error::Network(_) => (FailureKind::Offline, say_now(Text::ErrorOffline)),
            _ => (FailureKind::Server, say_now(Text::ErrorUnreadable)),
        };
        return Failure {
            kind,
            message,
            error_id: None,
        };
    };
    let kind = match rejection.status {
        401 => FailureKind::SignedOut,
        403 => FailureKind::Forbidden,
        404 | 410 => FailureKind::NotFound,
        429 => FailureKind::TooMany {
            retry_after_seconds: rejection.retry_after_seconds.unwrap_or(10),
        },
        500.. => FailureKind::Server,
        _ => FailureKind::Invalid,
    };
    let message = match kind {
        FailureKind::Server => say_now(Text::ErrorServer),
        _ => rejection.text(),
    };
    let error_id = rejection
        .request_id
        .clone()
        .filter(|_| kind == FailureKind::Server);
    Failure {
        kind,
        message,
        error_id,
    }
}

/// A failure in one line, for toasts and dialogs.
pub(crate) fn failure_line(failure: &Failure) -> String {
    match &failure.error_id {
        Some(id) => format!("{} ({}: {id})", failure.message, say_now(Text::UiErrorId)),
        None => failure.message.clone(),
    }
}
