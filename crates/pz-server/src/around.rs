//! What happens around every request, in one place and one order: its id and its line in the log, its limits, what the
//! browser is told of every answer, renewed cookies, and that changes are noticed.
//!
//! One middleware, not one for each: every layer costs each request two allocations and a move of the answer.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::http::{StatusCode, Uri};
use actix_web::middleware::Next;
use actix_web::web;
use tracing::Instrument;

use crate::auth::session;
use crate::limits::Paced;
use crate::limits::requests::guard;
use crate::logging::RequestLine;
use crate::state::AppState;
use crate::uploads;

/// For answers that no browser has a reason to show: nothing runs, nothing is loaded, nothing frames them.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// What is the same for every request.
#[derive(Debug, Clone)]
pub(crate) struct Around {
    content_security_policy: HeaderValue,
    upload_max_bytes: u64,
}

impl Around {
    pub(crate) fn new(state: &AppState) -> Self {
        Self {
            content_security_policy: content_security_policy(state.settings.view_origin.as_deref()),
            upload_max_bytes: state.settings.upload_max_bytes,
        }
    }

    /// Answers a request.
    ///
    /// # Errors
    /// Passes on what the service answers.
    pub(crate) async fn request(
        self,
        mut request: ServiceRequest,
        next: Next<BoxBody>,
    ) -> Result<ServiceResponse<Paced>, actix_web::Error> {
        merge_slashes(&mut request);
        let line = RequestLine::begin(&request);
        let mut response = self.guarded(request, next).instrument(line.span()).await?;
        line.end(&mut response);
        Ok(response)
    }

    async fn guarded(
        self,
        request: ServiceRequest,
        next: Next<BoxBody>,
    ) -> Result<ServiceResponse<Paced>, actix_web::Error> {
        // As the routes see it: `%61` is `a`.
        let path = request.match_info().as_str();
        let is_api = path.starts_with("/api/");
        let upload = path.starts_with(uploads::PATH).then(|| request.method().clone());
        let mut response = guard(request, async |request| served(request, next).await).await?;
        let status = response.status();
        let headers = response.headers_mut();
        if let Some(method) = upload {
            uploads::announce(&method, status, self.upload_max_bytes, headers);
        }
        if is_api {
            // Answers depend on who asks.
            set(
                headers,
                VARY,
                HeaderValue::from_static("Accept, Authorization, Cookie, Origin"),
            );
            set(
                headers,
                CACHE_CONTROL,
                HeaderValue::from_static("private, no-cache"),
            );
        }
        // "Not modified" says nothing of content (RFC 9110, 15.4.5): what was said of it with the content holds.
        if status != StatusCode::NOT_MODIFIED {
            let policy = if is_api {
                HeaderValue::from_static(DATA_POLICY)
            } else {
                self.content_security_policy
            };
            secure(headers, policy);
        }
        Ok(response)
    }
}

/// Has a request answered, and does what is left to do after that.
async fn served(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let changes = !request.method().is_safe();
    let state = changes
        .then(|| request.app_data::<web::Data<AppState>>().cloned())
        .flatten();
    let result = next.call(request).await;
    // Before the answer is sent: whoever reads next sees the change.
    if let Some(state) = state {
        state.cache.forget();
    }
    let mut response = result?;
    session::bring_cookies(&mut response)?;
    Ok(response)
}

/// `/api//products/` is `/api/products/`: the Python library asks so. Slashes at the end stay as they are.
fn merge_slashes(request: &mut ServiceRequest) {
    let uri = request.uri();
    if !uri.path().contains("//") {
        return;
    }
    let mut merged = String::with_capacity(uri.path().len());
    for c in uri.path().chars() {
        if c != '/' || !merged.ends_with('/') {
            merged.push(c);
        }
    }
    if let Some(query) = uri.query() {
        merged.push('?');
        merged.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    let Ok(path_and_query) = merged.parse() else {
        return;
    };
    parts.path_and_query = Some(path_and_query);
    let Ok(uri) = Uri::from_parts(parts) else {
        return;
    };
    request.match_info_mut().get_mut().update(&uri);
    request.head_mut().uri = uri;
}

/// Tells browsers what they may do with an answer, unless the answer says it itself.
fn secure(headers: &mut HeaderMap, content_security_policy: HeaderValue) {
    // The older header for what `frame-ancestors` says: an answer that says it itself may be framed.
    let names_ancestors = headers
        .get(CONTENT_SECURITY_POLICY)
        .is_some_and(|policy| policy.to_str().is_ok_and(|text| text.contains("frame-ancestors")));
    if !names_ancestors {
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    set(
        headers,
        X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    set(headers, REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    set(headers, CONTENT_SECURITY_POLICY, content_security_policy);
}

/// Sets what the answer does not say itself.
fn set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    if !headers.contains_key(&name) {
        headers.insert(name, value);
    }
}

/// No inline scripts or styles, nothing from elsewhere, never inside a frame; frames only of files that are
/// shown, which may come from an origin of their own.
fn content_security_policy(view_origin: Option<&str>) -> HeaderValue {
    const BEFORE_FRAMES: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
        style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; frame-src 'self'";
    const AFTER_FRAMES: &str = "frame-ancestors 'none'; base-uri 'none'; object-src 'none'";
    let view_origin = view_origin.map(|origin| format!(" {origin}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{BEFORE_FRAMES}{view_origin}; {AFTER_FRAMES}"))
        // Settings are checked before; a policy that cannot be sent forbids everything.
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}
