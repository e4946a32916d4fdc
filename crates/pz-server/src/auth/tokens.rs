//! The caller's API tokens: made with a name, shown once, ended one by one.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::TimeDelta;
use pz_model::api::{ApiToken, CreatedApiToken, NewApiToken, Page};
use pz_model::limits::{TOKEN_LIFETIME_MAX_DAYS, TOKEN_NAME_MAX_CHARS, TOKENS_PER_USER_MAX};
use pz_model::{ErrorCode, Timestamp};
use pz_store::StoreError;
use pz_store::entities::api_tokens;
use pz_store::tokens::{TokenAdded, TokenField};
use serde_json::json;

use super::Caller;
use super::token::{self, Scope};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::etag;
use crate::filters::{DEFAULT_PAGE_SIZE, ListSpec};
use crate::json_body::{Input, JsonBody};
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

static LIST: ListSpec<TokenField> = ListSpec {
    filters: &[],
    describes_classes: false,
    search_names: &[],
    search_fields: &[],
    ordering: &[
        ("id", TokenField::Id),
        ("name", TokenField::Name),
        ("created_at", TokenField::CreatedAt),
        ("expires_at", TokenField::ExpiresAt),
        ("last_used_at", TokenField::LastUsedAt),
    ],
    describes_ordering: true,
    default_order: &[(TokenField::CreatedAt, true)],
    default_page_size: DEFAULT_PAGE_SIZE,
};

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::list("Token List", &LIST) => [list_tokens, create_token],
        PathMeta::instance("Token Instance", &LIST) => [delete_token],
    );
}

fn view(row: api_tokens::Model) -> ApiToken {
    ApiToken {
        id: row.id,
        name: row.name,
        prefix: token::shown_prefix(&row.key),
        scopes: Scope::parse_list(&row.scopes),
        created_at: Timestamp::from(row.created_at),
        expires_at: row.expires_at.map(Timestamp::from),
        last_used_at: row.last_used_at.map(Timestamp::from),
    }
}

/// List the caller's API tokens, newest first; their secrets are kept nowhere.
#[utoipa::path(get, path = "/api/tokens/", tag = "tokens", responses(
    (status = 200, description = "A page of tokens", body = Page<ApiToken>),
))]
async fn list_tokens(
    caller: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let asked = LIST.read(&request)?;
    let page = asked
        .fetch(
            async |query| state.store.list_tokens(caller.account.id, query).await,
            view,
        )
        .await?;
    etag::json(&request, &page)
}

/// Make an API token; its secret is shown this once.
#[utoipa::path(post, path = "/api/tokens/", tag = "tokens", request_body = NewApiToken, responses(
    (status = 201, description = "The token with its secret", body = CreatedApiToken),
    (status = 403, description = "The token in use may do less, or ends earlier, than the one asked for; or the CSRF header is missing; or a member asks for the scope `admin`"),
    (status = 409, description = "The caller has as many tokens as one may have"),
))]
async fn create_token(caller: Caller, state: web::Data<AppState>, body: JsonBody) -> ApiResult<HttpResponse> {
    let wanted = read(body.read().await?)?;
    check_powers(&caller, &wanted)?;
    let (new, text) = token::new(caller.account.id, &wanted.name, &wanted.scopes, wanted.expires_at);
    let row = match state.store.add_token(new, TOKENS_PER_USER_MAX).await {
        Ok(TokenAdded::Added(row)) => row,
        Ok(TokenAdded::TooMany) => {
            return Err(ApiError::detail(
                StatusCode::CONFLICT,
                ErrorCode::LimitReached,
                format!("You have {TOKENS_PER_USER_MAX} tokens, as many as one may have; end one first."),
            ));
        }
        Err(StoreError::AlreadyExists(_)) => {
            return Err(ApiError::field(
                "name",
                ErrorCode::NameTaken,
                "You have a token with this name; choose another name or end that token first.",
            ));
        }
        Err(error) => return Err(error.into()),
    };
    let mut entry = caller.audit("token.create", "token", row.id);
    entry.detail = Some(json!({"name": row.name, "scopes": row.scopes}));
    state.store.audit(entry).await?;
    Ok(HttpResponse::Created().json(CreatedApiToken {
        api_token: view(row),
        token: text,
    }))
}

/// End an API token; programs that use it are refused at once.
#[utoipa::path(delete, path = "/api/tokens/{id}/", tag = "tokens", responses(
    (status = 204, description = "The token has ended"),
    (status = 403, description = "The token in use may do less than the one to be ended, or the CSRF header is missing"),
))]
async fn delete_token(caller: Caller, state: web::Data<AppState>, id: IdPath) -> ApiResult<HttpResponse> {
    let row = state
        .store
        .token_of(caller.account.id, id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    if caller.token_id() != Some(row.id) {
        for scope in Scope::parse_list(&row.scopes) {
            caller.need_scope(scope)?;
        }
    }
    if !state.store.delete_token(caller.account.id, row.id).await? {
        return Err(ApiError::not_found());
    }
    let mut entry = caller.audit("token.delete", "token", row.id);
    entry.detail = Some(json!({"name": row.name}));
    state.store.audit(entry).await?;
    Ok(HttpResponse::NoContent().finish())
}

struct Wanted {
    name: String,
    scopes: Vec<Scope>,
    expires_at: Option<Timestamp>,
}

fn read(mut input: Input) -> ApiResult<Wanted> {
    let name = input.text("name", 1, TOKEN_NAME_MAX_CHARS);
    let name = input.require("name", name).unwrap_or_default();
    let items = input.list("scopes", Scope::ALL.len());
    let items = input.require("scopes", items);
    let mut scopes = vec![Scope::Read];
    for item in items.iter().flatten() {
        match Scope::ALL.into_iter().find(|scope| item == scope.name()) {
            Some(scope) if scopes.contains(&scope) => {}
            Some(scope) => scopes.push(scope),
            None => input.refuse(
                "scopes",
                format!("{item} is not one of read, upload, run, admin."),
            ),
        }
    }
    if items.is_some_and(|items| items.is_empty()) {
        input.refuse("scopes", "Name at least one of read, upload, run, admin.");
    }
    let expires_at = input.nullable_time("expires_at").flatten();
    if let Some(end) = expires_at {
        let now = Timestamp::now().to_utc();
        if end.to_utc() <= now {
            input.refuse("expires_at", "This time is past; name one that is to come.");
        } else if end.to_utc() > now + TimeDelta::days(TOKEN_LIFETIME_MAX_DAYS) {
            input.refuse(
                "expires_at",
                format!("A token lives at most {TOKEN_LIFETIME_MAX_DAYS} days, or without an end."),
            );
        }
    }
    input.check()?;
    Ok(Wanted {
        name,
        scopes,
        expires_at,
    })
}

/// A token makes no token that may do more, or lives longer, than itself; only administrators make tokens for
/// administration.
fn check_powers(caller: &Caller, wanted: &Wanted) -> ApiResult<()> {
    for scope in &wanted.scopes {
        caller.need_scope(*scope)?;
    }
    if wanted.scopes.contains(&Scope::Admin) && !caller.account.is_admin {
        return Err(ApiError::detail(
            StatusCode::FORBIDDEN,
            ErrorCode::PermissionDenied,
            "Only administrators may make tokens with the scope 'admin'.",
        ));
    }
    if let Some(end) = caller.token_end()
        && wanted.expires_at.is_none_or(|wanted| wanted > end)
    {
        return Err(ApiError::detail(
            StatusCode::FORBIDDEN,
            ErrorCode::InsufficientScope,
            format!("The token in use ends at {end}; it makes none that lives longer."),
        ));
    }
    Ok(())
}
