//! The caller's sessions: which browsers are signed in, and ending them one by one or all.

use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::Timestamp;
use pz_model::api::{Page, SessionRecord, SignOutSelf, SignedOut};
use pz_store::entities::sessions;
use pz_store::sessions::{Ending, SessionField};
use pz_store::user_admin::SignOut;
use serde_json::json;

use super::{Caller, session};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::etag;
use crate::filters::{DEFAULT_PAGE_SIZE, ListSpec};
use crate::json_body::JsonBody;
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

static LIST: ListSpec<SessionField> = ListSpec {
    filters: &[],
    describes_classes: false,
    search_names: &[],
    search_fields: &[],
    ordering: &[
        ("id", SessionField::Id),
        ("created_at", SessionField::CreatedAt),
        ("last_seen_at", SessionField::LastSeenAt),
    ],
    describes_ordering: true,
    default_order: &[(SessionField::LastSeenAt, true)],
    default_page_size: DEFAULT_PAGE_SIZE,
};

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::list("Session List", &LIST) => [list_sessions],
        PathMeta::instance("Session Instance", &LIST) => [delete_session],
        PathMeta::action("Sign Out Everywhere") => [sign_out],
    );
}

fn view(row: sessions::Model, current: Option<i64>) -> SessionRecord {
    SessionRecord {
        is_current: current == Some(row.id),
        id: row.id,
        method: row.method,
        created_at: Timestamp::from(row.created_at),
        last_seen_at: Timestamp::from(row.last_seen_at),
        expires_at: Timestamp::from(row.expires_at),
        remote_address: row.remote_address,
        user_agent: row.user_agent,
    }
}

/// List the browsers in which the caller is signed in, the one used last first.
#[utoipa::path(get, path = "/api/sessions/", tag = "session", responses(
    (status = 200, description = "A page of sessions", body = Page<SessionRecord>),
))]
async fn list_sessions(
    caller: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let asked = LIST.read(&request)?;
    let current = caller.session_id();
    let page = asked
        .fetch(
            async |query| state.store.list_sessions(caller.account.id, query).await,
            |row| view(row, current),
        )
        .await?;
    etag::json(&request, &page)
}

/// End a session; that browser is signed out at once.
#[utoipa::path(delete, path = "/api/sessions/{id}/", tag = "session", responses(
    (status = 204, description = "The session has ended"),
    (status = 403, description = "The token in use may do less than the account, or the CSRF header is missing"),
))]
async fn delete_session(caller: Caller, state: web::Data<AppState>, id: IdPath) -> ApiResult<HttpResponse> {
    if !state.store.has_session(caller.account.id, id.0).await? {
        return Err(ApiError::not_found());
    }
    caller.need_every_scope()?;
    if !state.store.end_session(id.0).await? {
        return Err(ApiError::not_found());
    }
    state
        .store
        .audit(caller.audit("session.end", "session", id.0))
        .await?;
    let mut response = HttpResponse::NoContent();
    if caller.session_id() == Some(id.0) {
        for cookie in session::end(&state) {
            response.cookie(cookie);
        }
    }
    Ok(response.finish())
}

/// Sign the caller out everywhere else: all other sessions end and, if asked, this one and the API tokens.
#[utoipa::path(post, path = "/api/account/sign-out/", tag = "session", request_body = SignOutSelf, responses(
    (status = 200, description = "How many sessions and tokens have ended", body = SignedOut),
    (status = 403, description = "The token in use may do less than the account, or the CSRF header is missing"),
))]
async fn sign_out(caller: Caller, state: web::Data<AppState>, body: JsonBody) -> ApiResult<HttpResponse> {
    caller.need_every_scope()?;
    let mut input = body.read().await?;
    let this_one_too = input.flag("this_one_too").unwrap_or(false);
    let tokens = input.flag("tokens").unwrap_or(false);
    input.check()?;
    let what = if this_one_too {
        SignOut {
            sessions: Ending::All,
            tokens,
            but_token: None,
        }
    } else {
        SignOut {
            sessions: Ending::AllBut(caller.session_id()),
            tokens,
            but_token: caller.token_id(),
        }
    };
    let ended = state
        .store
        .sign_out(caller.account.id, what)
        .await?
        .map_err(|_| ApiError::not_found())?;
    let mut entry = caller.audit("user.sign_out", "user", caller.account.id);
    entry.detail = Some(json!({"this_one_too": this_one_too, "tokens": tokens}));
    state.store.audit(entry).await?;
    let mut response = HttpResponse::Ok();
    if this_one_too && caller.session_id().is_some() {
        for cookie in session::end(&state) {
            response.cookie(cookie);
        }
    }
    Ok(response.json(SignedOut {
        sessions: ended.sessions,
        tokens: ended.tokens,
    }))
}
