//! Who is calling, and what they may do: the policies that handlers take as their first argument.
//!
//! [`Public`] is anybody; [`Caller`] is somebody signed in, by API token, session cookie, password or trusted proxy;
//! [`Writer`] may also create. The object policies of the resources (such as `products::VisibleProduct`) build on these.

mod basic;
mod external;
mod guessable;
pub mod keys;
pub(crate) mod oidc;
pub mod password;
pub(crate) mod password_reset;
mod proxy;
pub(crate) mod refused;
mod retired;
pub mod routes;
pub mod session;
mod sessions;
pub mod token;
mod tokens;

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue, ORIGIN};
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use pz_model::{ErrorCode, Timestamp};
use pz_store::Viewer;
use pz_store::accounts::Account;
use pz_store::audit::AuditEntry;

use crate::cache::CallerKey;
use crate::client_address::client_address;
use crate::documentation::Access;
use crate::error::{ApiError, ApiResult};
use crate::limits::requests::count_for_user;
use crate::logging::RequestId;
use crate::policy;
use crate::routing::Policy;
use crate::state::AppState;
use token::Scope;

pub(crate) use external::is_group_name;

/// Anybody may call this.
#[derive(Debug, Clone, Copy)]
pub struct Public;

impl FromRequest for Public {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self))
    }
}

impl Policy for Public {
    const ACCESS: Access = Access::Public;
}

/// How the caller showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// An API token in the `Authorization` header.
    Token,
    /// A session cookie of the web app.
    Session,
    /// A trusted proxy that has signed them in.
    Proxy,
    /// Username and password in the `Authorization` header.
    Password,
}

impl Credential {
    /// A browser sends it by itself, also when another site makes it ask.
    pub fn is_of_browser(self) -> bool {
        matches!(self, Self::Session | Self::Proxy)
    }
}

/// The token that a request came with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenInUse {
    pub(crate) id: i64,
    pub(crate) expires_at: Option<Timestamp>,
}

/// Somebody signed in, with the scope `read`; by session also with the CSRF header, on methods that are
/// not safe.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account.
    pub account: Arc<Account>,
    /// How they showed it.
    pub credential: Credential,
    scopes: Arc<[Scope]>,
    token: Option<TokenInUse>,
    session: Option<session::SessionInUse>,
    request_id: Option<HeaderValue>,
    remote_address: Option<IpAddr>,
}

impl Caller {
    /// On whose behalf queries run. An administrator with a token that is not for administration sees
    /// what any member sees.
    pub fn viewer(&self) -> Viewer {
        Viewer {
            user_id: self.account.id,
            is_admin: self.is_admin(),
        }
    }

    /// Acts as an administrator.
    pub fn is_admin(&self) -> bool {
        self.account.is_admin && self.scopes.contains(&Scope::Admin)
    }

    /// Is the owner, or acts as an administrator.
    pub fn may_change(&self, owner_id: i64) -> bool {
        self.account.id == owner_id || self.is_admin()
    }

    /// Id of the token in use; none with a session.
    pub fn token_id(&self) -> Option<i64> {
        self.token.map(|token| token.id)
    }

    /// Id of the session in use; none with a token.
    pub fn session_id(&self) -> Option<i64> {
        self.session.map(|session| session.id)
    }

    /// When the token in use ends by itself, if it does.
    pub fn token_end(&self) -> Option<Timestamp> {
        self.token.and_then(|token| token.expires_at)
    }

    /// Refuses a token without this scope.
    ///
    /// # Errors
    /// 403.
    pub fn need_scope(&self, scope: Scope) -> ApiResult<()> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        Err(ApiError::detail(
            StatusCode::FORBIDDEN,
            ErrorCode::InsufficientScope,
            format!("This token lacks the scope '{}'.", scope.name()),
        ))
    }

    /// Refuses a token that may do less than the account: what this guards decides who may use the account.
    ///
    /// # Errors
    /// 403.
    pub fn need_every_scope(&self) -> ApiResult<()> {
        for scope in Scope::ALL {
            // Members have no use for it and cannot give it to a token.
            if scope != Scope::Admin || self.account.is_admin {
                self.need_scope(scope)?;
            }
        }
        Ok(())
    }

    /// An entry for the audit log, with who and whence filled in.
    pub fn audit(&self, action: &'static str, object_type: &'static str, object_id: i64) -> AuditEntry {
        AuditEntry {
            user_id: Some(self.account.id),
            username: Some(self.account.username.clone()),
            action,
            object_type: Some(object_type),
            object_id: Some(object_id),
            request_id: self
                .request_id
                .as_ref()
                .and_then(|id| Some(id.to_str().ok()?.to_owned())),
            remote_address: self.remote_address.map(|address| address.to_string()),
            detail: None,
        }
    }

    /// Reads the credentials of a request.
    ///
    /// # Errors
    /// 401 without good ones, 403 for a failed CSRF check or a missing scope.
    pub async fn of(request: &HttpRequest) -> ApiResult<Self> {
        let state = app_state(request)?;
        let by_proxy = if proxy::is_used(state) {
            Box::pin(proxy::caller(state, request)).await?
        } else {
            None
        };
        let caller = match by_proxy {
            Some(caller) => caller,
            None => match request.headers().get(AUTHORIZATION) {
                Some(header) => by_header(state, request, header.to_str().unwrap_or_default()).await?,
                None => Box::pin(by_session(state, request)).await?,
            },
        };
        let caller = Self {
            request_id: request.extensions().get::<RequestId>().map(|id| id.0.clone()),
            remote_address: client_address(request),
            ..caller
        };
        if caller.account.awaits_approval {
            return Err(ApiError::detail(
                StatusCode::UNAUTHORIZED,
                ErrorCode::AwaitingApproval,
                "This account waits for an administrator's approval.",
            ));
        }
        if !caller.account.is_active {
            return Err(ApiError::detail(
                StatusCode::UNAUTHORIZED,
                ErrorCode::InactiveUser,
                "User inactive or deleted.",
            ));
        }
        count_for_user(state, request, caller.account.id)?;
        caller.need_scope(Scope::Read)?;
        Ok(caller)
    }

    fn new(account: Arc<Account>, credential: Credential, scopes: Arc<[Scope]>) -> Self {
        Self {
            account,
            credential,
            scopes,
            token: None,
            session: None,
            request_id: None,
            remote_address: None,
        }
    }
}

policy!(Caller, Caller::of, Access::Caller);

/// A [`Caller`] with the scope `upload`, who may create things.
#[derive(Debug, Clone)]
pub struct Writer(pub Caller);

async fn writer(request: &HttpRequest) -> ApiResult<Writer> {
    let caller = Caller::of(request).await?;
    caller.need_scope(Scope::Upload)?;
    Ok(Writer(caller))
}

policy!(Writer, writer, Access::Scope("upload"));

/// A [`Caller`] who acts as an administrator.
#[derive(Debug, Clone)]
pub struct Admin(pub Caller);

async fn admin(request: &HttpRequest) -> ApiResult<Admin> {
    let caller = Caller::of(request).await?;
    if caller.is_admin() {
        return Ok(Admin(caller));
    }
    // A member learns that the page exists, and an administrator's token what it lacks.
    if caller.account.is_admin {
        caller.need_scope(Scope::Admin)?;
    }
    Err(ApiError::detail(
        StatusCode::FORBIDDEN,
        ErrorCode::PermissionDenied,
        "Only administrators may do this.",
    ))
}

policy!(Admin, admin, Access::Admin);

/// The shared state of a request.
///
/// # Errors
/// 500 when the application was put together without it.
pub fn app_state(request: &HttpRequest) -> ApiResult<&AppState> {
    request
        .app_data::<web::Data<AppState>>()
        .map(|data| data.get_ref())
        .ok_or_else(|| ApiError::internal("no application state"))
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn malformed() -> ApiError {
    ApiError::detail(
        StatusCode::UNAUTHORIZED,
        ErrorCode::MalformedAuthorization,
        "Invalid authorization header. Send 'Authorization: Token <key>'.",
    )
}

async fn by_header(state: &AppState, request: &HttpRequest, header: &str) -> ApiResult<Caller> {
    let mut words = header.split_ascii_whitespace();
    let (Some(scheme), Some(text), None) = (words.next(), words.next(), words.next()) else {
        return Err(malformed());
    };
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    if is("token") || is("bearer") {
        by_token(state, text).await
    } else if is("basic") {
        Box::pin(basic::caller(state, request, text)).await
    } else {
        Err(malformed())
    }
}

async fn by_token(state: &AppState, text: &str) -> ApiResult<Caller> {
    let invalid = || {
        ApiError::detail(
            StatusCode::UNAUTHORIZED,
            ErrorCode::InvalidToken,
            "Invalid token.",
        )
    };
    let (key, secret) = token::split(text).ok_or_else(invalid)?;
    let known_by = CallerKey::token(text);
    if let Some(known) = state.cache.caller(&state.store, &known_by).await? {
        return Ok(Caller {
            token: known.token,
            ..Caller::new(known.account.clone(), Credential::Token, known.scopes.clone())
        });
    }
    // Apart, so that looking it up is no part of every request.
    Box::pin(look_up(state, known_by, key, secret))
        .await?
        .ok_or_else(invalid)
}

/// The caller with a token that is not remembered.
async fn look_up(
    state: &AppState,
    known_by: CallerKey,
    key: &str,
    secret: &str,
) -> ApiResult<Option<Caller>> {
    let revision = state.cache.revisions(&state.store).await?;
    let Some(found) = state.store.account_by_token(key, secret).await? else {
        return Ok(None);
    };
    let account = Arc::new(found.account);
    let scopes: Arc<[Scope]> = Scope::parse_list(&found.scopes).into();
    let token = TokenInUse {
        id: found.token_id,
        expires_at: found.expires_at,
    };
    state
        .cache
        .keep_caller(known_by, revision, account.clone(), scopes.clone(), Some(token));
    Ok(Some(Caller {
        token: Some(token),
        ..Caller::new(account, Credential::Token, scopes)
    }))
}

async fn by_session(state: &AppState, request: &HttpRequest) -> ApiResult<Caller> {
    let (account, session) = session::of_request(state, request).await?;
    Ok(Caller {
        session: Some(session),
        ..Caller::new(account, Credential::Session, Scope::ALL.into())
    })
}

/// An entry for the audit log about somebody who is not a caller yet.
pub(crate) fn audit_entry(account: &Account, action: &'static str, request: &HttpRequest) -> AuditEntry {
    AuditEntry {
        user_id: Some(account.id),
        username: Some(account.username.clone()),
        action,
        request_id: request
            .extensions()
            .get::<RequestId>()
            .and_then(|id| Some(id.0.to_str().ok()?.to_owned())),
        remote_address: client_address(request).map(|address| address.to_string()),
        ..AuditEntry::default()
    }
}

/// Refuses a request that a page of another origin made the browser send.
///
/// # Errors
/// 403.
pub(crate) fn check_origin(state: &AppState, headers: &HeaderMap) -> ApiResult<()> {
    let Some(origin) = headers.get(ORIGIN).and_then(|value| value.to_str().ok()) else {
        return Ok(());
    };
    let same = match &state.settings.public_url {
        Some(url) => origin.trim_end_matches('/') == url.trim_end_matches('/'),
        None => {
            let host = headers
                .get(HOST)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default();
            origin
                .split_once("://")
                .is_some_and(|(_, authority)| authority == host)
        }
    };
    if same {
        return Ok(());
    }
    Err(ApiError::detail(
        StatusCode::FORBIDDEN,
        ErrorCode::CsrfFailed,
        "The request comes from another site.",
    ))
}
