//! Signing in and out, and tokens.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::ErrorCode;
use pz_model::api::{Credentials, LoggedUser, Session, SessionUser, Token};
use pz_store::accounts::Account;

use super::token::{self, Scope};
use super::{
    Caller, Public, audit_entry, check_origin, oidc, password_reset, retired, session, sessions, tokens,
};
use crate::body::Body;
use crate::endpoints;
use crate::error::{ApiError, ApiResult, FieldErrors};
use crate::limits::sign_in;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

/// How names of tokens begin that were obtained for a password.
const OBTAINED: &str = "obtained";
/// Such tokens a user may have; a further one ends the oldest.
const OBTAINED_MAX: usize = 20;

pub(crate) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::action("Login") => [login],
        PathMeta::action("Logout") => [logout, logout_by_get],
        PathMeta::action("Session") => [get_session],
        PathMeta::action("Logged User") => [logged_user],
        PathMeta::action("Get Token") => [get_token],
        PathMeta::action("Obtain Token") => [obtain_token],
    );
    sessions::mount(router);
    password_reset::mount(router);
    oidc::mount(router);
    tokens::mount(router);
    retired::mount(router);
}

fn session_user(account: &Account) -> SessionUser {
    SessionUser {
        id: account.id,
        username: account.username.clone(),
        display_name: account.display_name.clone(),
        is_admin: account.is_admin,
    }
}

/// Checks a username and password from a body.
async fn check_credentials(
    state: &AppState,
    request: &HttpRequest,
    body: Body,
) -> ApiResult<Option<Account>> {
    let fields = body.fields().await?;
    let mut errors = FieldErrors::default();
    let username = fields.required_text("username", 255, false, &mut errors);
    let password = fields.required_text("password", 1024, false, &mut errors);
    errors.check()?;
    let password = fields.as_sent("password", 1024).or(password);
    let (username, password) = (username.unwrap_or_default(), password.unwrap_or_default());
    sign_in::check(state, request, &username, password).await
}

/// Sign in to the web app with a username and password.
#[utoipa::path(post, path = "/api/login/", tag = "session", request_body = Credentials, responses(
    (status = 200, description = "Signed in; the session is in cookies", body = SessionUser),
    (status = 400, description = "Wrong credentials, or a field is missing"),
    (status = 403, description = "Sessions are not offered over this connection"),
))]
async fn login(
    _: Public,
    state: web::Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> ApiResult<HttpResponse> {
    check_origin(&state, request.headers())?;
    session::check_offered(&state)?;
    let Some(account) = check_credentials(&state, &request, body).await? else {
        return Err(ApiError::detail(
            StatusCode::BAD_REQUEST,
            ErrorCode::InvalidCredentials,
            "Unable to log in with the provided credentials.",
        ));
    };
    let mut response = HttpResponse::Ok();
    for cookie in session::start(&state, &account, "password", &request).await? {
        response.cookie(cookie);
    }
    Ok(response.json(session_user(&account)))
}

/// Sign out of the web app: the session ends at once, also for a copied cookie.
#[utoipa::path(post, path = "/api/logout/", tag = "session", responses(
    (status = 200, description = "Signed out; a token is not changed"),
))]
async fn logout(caller: Caller, state: web::Data<AppState>) -> ApiResult<HttpResponse> {
    let mut response = HttpResponse::Ok();
    if let Some(id) = caller.session_id() {
        state.store.end_session(id).await?;
        state
            .store
            .audit(caller.audit("session.sign_out", "session", id))
            .await?;
        for cookie in session::end(&state) {
            response.cookie(cookie);
        }
    }
    Ok(response.finish())
}

/// Say that a client is done; changes nothing, for programs that use a token.
#[utoipa::path(get, path = "/api/logout/", tag = "session", responses(
    (status = 200, description = "Nothing changes: tokens live until they are replaced"),
))]
async fn logout_by_get(_: Caller) -> HttpResponse {
    HttpResponse::Ok().finish()
}

/// Tell who is signed in, if anybody.
#[utoipa::path(get, path = "/api/session/", tag = "session", responses(
    (status = 200, description = "The session", body = Session),
))]
async fn get_session(_: Public, request: HttpRequest) -> ApiResult<web::Json<Session>> {
    let user = match Caller::of(&request).await {
        Ok(caller) => Some(session_user(&caller.account)),
        Err(error) if error.code() == ErrorCode::Internal || error.code() == ErrorCode::Unavailable => {
            return Err(error);
        }
        Err(_) => None,
    };
    Ok(web::Json(Session { user }))
}

/// Tell who is calling.
#[utoipa::path(post, path = "/api/logged_user/", tag = "session", responses(
    (status = 200, description = "Display name and whether the caller is an administrator", body = LoggedUser),
))]
async fn logged_user(caller: Caller) -> web::Json<LoggedUser> {
    web::Json(LoggedUser {
        username: caller.account.display_name.clone(),
        is_admin: caller.account.is_admin,
    })
}

/// Replace the caller's default API token; the old one ends at once, and programs that use it are refused.
///
/// Tokens made at `/api/tokens/` stay: give each program one of its own.
#[utoipa::path(post, path = "/api/get_token/", tag = "tokens", responses(
    (status = 200, description = "The new token, shown this once", body = Token),
    (status = 403, description = "The token in use may do less than a default token"),
))]
async fn get_token(caller: Caller, state: web::Data<AppState>) -> ApiResult<web::Json<Token>> {
    // A token makes no token that may do more than itself.
    for scope in Scope::DEFAULT {
        caller.need_scope(scope)?;
    }
    let (new, token) = token::new(
        caller.account.id,
        token::DEFAULT_NAME,
        &Scope::DEFAULT,
        // Nor one that lives longer.
        caller.token_end(),
    );
    state.store.replace_token(new).await?;
    state
        .store
        .audit(caller.audit("token.replace", "user", caller.account.id))
        .await?;
    Ok(web::Json(Token { token }))
}

/// Get an API token for a username and password; of such tokens the newest 20 work.
#[utoipa::path(post, path = "/api/obtain_token/", tag = "tokens", request_body = Credentials, responses(
    (status = 200, description = "A fresh token, shown this once", body = Token),
    (status = 400, description = "Wrong credentials, or a field is missing"),
))]
async fn obtain_token(
    _: Public,
    state: web::Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> ApiResult<web::Json<Token>> {
    check_origin(&state, request.headers())?;
    let Some(account) = check_credentials(&state, &request, body).await? else {
        return Err(ApiError::field(
            "non_field_errors",
            ErrorCode::InvalidCredentials,
            "Unable to log in with the provided credentials.",
        ));
    };
    // Random, too: two requests may come in the same microsecond.
    let random: String = token::random_text().chars().take(4).collect();
    let name = format!("{OBTAINED} {} {random}", pz_model::Timestamp::now());
    let (new, token) = token::new(account.id, &name, &Scope::DEFAULT, None);
    state
        .store
        .add_token_of_series(new, OBTAINED, OBTAINED_MAX)
        .await?;
    state
        .store
        .audit(audit_entry(&account, "token.obtain", &request))
        .await?;
    Ok(web::Json(Token { token }))
}
