//! The endpoint `/api/events/`.

use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use pz_model::api::Event;

use super::stream::Connection;
use crate::auth::Caller;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::filters::QueryMap;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

/// Longest time that a client can ask for, in seconds: a day.
const SECONDS_MAX: u64 = 86_400;

pub(crate) fn mount(router: &mut ApiRouter) {
    endpoints!(router; PathMeta::action("Events") => [listen]);
}

/// What a client can ask of the stream.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents parameters that are read one by one")]
struct ListenQuery {
    /// End after this many seconds, for programs that cannot read an answer without end.
    #[param(minimum = 1, maximum = 86_400, nullable = false, example = 5)]
    seconds: Option<u64>,
}

/// Listen to what happens to the products and processes that the caller may see, as server-sent events.
#[utoipa::path(get, path = "/api/events/", tag = "events",
    description = "An answer without end, `text/event-stream`. Events are named `process`, `product`, `download`, `preview`, `stats` and `log`; their data are JSON of the schema `Event`. A comment is sent every five seconds. After a break the header `Last-Event-ID` resumes where it was, up to a day later. The answer ends when the caller's token or session does.",
    params(
        ListenQuery,
        ("Last-Event-ID" = inline(Option<String>), Header, description = "Number of the last event that was received; anything else counts as absent"),
    ),
    responses(
    (status = 200, description = "Events, from now on or from the last one received", body = Event, content_type = "text/event-stream"),
    (status = 400, description = "`seconds` is no number from 1 to 86400"),
    (status = 429, description = "The caller asked too often, or listens as many times as one may (16)"),
))]
async fn listen(caller: Caller, state: web::Data<AppState>, request: HttpRequest) -> ApiResult<HttpResponse> {
    let length = length(&request)?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, "text/event-stream; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("X-Accel-Buffering", "no"));
    if request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let listener = state.events.listen(&state.store, caller.account.id).await?;
    let newest = state.store.newest_event_id().await?;
    let seen = last_event_id(&request)
        .filter(|id| *id <= newest)
        .unwrap_or(newest);
    let connection = Connection::new(
        state.get_ref().clone(),
        request,
        caller,
        listener,
        (seen, newest),
        length,
    );
    Ok(response.streaming(stream::unfold(connection, Connection::next)))
}

fn length(request: &HttpRequest) -> ApiResult<Option<Duration>> {
    let Some(text) = QueryMap::of(request).get("seconds").map(str::to_owned) else {
        return Ok(None);
    };
    match text.parse() {
        Ok(seconds) if (1..=SECONDS_MAX).contains(&seconds) => Ok(Some(Duration::from_secs(seconds))),
        _ => Err(ApiError::parameter(
            "seconds",
            format!("Give a whole number from 1 to {SECONDS_MAX}."),
        )),
    }
}

fn last_event_id(request: &HttpRequest) -> Option<i64> {
    let header = request.headers().get("Last-Event-ID")?;
    header.to_str().ok()?.trim().parse().ok().filter(|id| *id >= 0)
}
