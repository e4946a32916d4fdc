//! The headers that make a hostile document harmless.

use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use pz_model::api::ViewKind;

use crate::config::Settings;

/// What a page may do whose scripts are off: open links in a new tab.
const WITHOUT_SCRIPTS: &str = "allow-popups allow-popups-to-escape-sandbox";
/// What it may do when they run: nothing else.
const WITH_SCRIPTS: &str = "allow-scripts";

/// The headers of a view.
pub(super) fn headers(settings: &Settings, kind: ViewKind, scripts: bool) -> Vec<(HeaderName, String)> {
    // A frame on another site can only be ours when views have an origin of their own.
    let embedders = if settings.view_origin.is_some() {
        "cross-origin"
    } else {
        "same-origin"
    };
    vec![
        (
            CONTENT_SECURITY_POLICY,
            policy(kind, scripts, &app_origin(settings)),
        ),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            embedders.to_owned(),
        ),
    ]
}

fn policy(kind: ViewKind, scripts: bool, app_origin: &str) -> String {
    // Browsers show no PDF in a sandbox; their readers run nothing of it in the page's origin.
    let sandbox = match (kind, scripts) {
        (ViewKind::Pdf, _) => String::new(),
        (_, true) => format!("sandbox {WITH_SCRIPTS}; "),
        (_, false) => format!("sandbox {WITHOUT_SCRIPTS}; "),
    };
    let script_source = if scripts {
        "script-src 'unsafe-inline'; "
    } else {
        ""
    };
    format!(
        "{sandbox}default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; font-src data:; \
         {script_source}frame-ancestors {app_origin}"
    )
}

/// The origin of the web app: what stands before the path of its address; this very origin when it is unknown.
fn app_origin(settings: &Settings) -> String {
    match &settings.public_url {
        Some(url) => origin_of(url).to_owned(),
        None => "'self'".to_owned(),
    }
}

/// Scheme and authority of an address.
pub(crate) fn origin_of(url: &str) -> &str {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| authority + at);
    &url[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies() {
        assert_eq!(
            policy(ViewKind::Html, false, "https://pz.example.org"),
            "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data: blob:; \
             style-src 'unsafe-inline'; font-src data:; frame-ancestors https://pz.example.org"
        );
        assert_eq!(
            policy(ViewKind::Html, true, "'self'"),
            "sandbox allow-scripts; default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; \
             font-src data:; script-src 'unsafe-inline'; frame-ancestors 'self'"
        );
        assert!(policy(ViewKind::Pdf, false, "'self'").starts_with("default-src 'none'; "));
    }

    #[test]
    fn origins() {
        for (url, origin) in [
            ("https://pz.example.org", "https://pz.example.org"),
            (
                "https://pz.example.org:8443/app/?x",
                "https://pz.example.org:8443",
            ),
        ] {
            assert_eq!(origin_of(url), origin);
        }
    }
}
