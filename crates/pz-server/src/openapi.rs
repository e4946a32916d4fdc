//! The OpenAPI document: a frame here, operations from the router.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};

use crate::app;
use crate::error::{ErrorDetail, ErrorMessage, FieldErrorsBody, PlainFieldErrors};

/// Version of the service.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The document without its operations.
pub(crate) fn frame() -> OpenApi {
    let token = ApiKey::Header(ApiKeyValue::with_description(
        "Authorization",
        "`Token <key>` with an API token, as the Python library sends it",
    ));
    let session = ApiKey::Cookie(ApiKeyValue::with_description(
        "pz_session",
        "Session of the web app; requests that change something repeat the cookie `pz_csrf` in the header `X-CSRFToken`",
    ));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The same API token as `Bearer <key>`"))
        .build();
    let basic = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some(
            "For tools that know nothing else: username and password, which may do what a default token may; or any username and an API token as the password",
        ))
        .build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Photo-z Server API")
                .version(VERSION)
                .description(Some(
                    "Upload, find, preview, share and download data products for photometric redshifts.",
                ))
                .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").build()))
                .build(),
        )
        .components(Some(
            ComponentsBuilder::new()
                .schema_from::<ErrorDetail>()
                .schema_from::<ErrorMessage>()
                .schema_from::<FieldErrorsBody>()
                .schema_from::<PlainFieldErrors>()
                .security_scheme("token", SecurityScheme::ApiKey(token))
                .security_scheme("bearer", SecurityScheme::Http(bearer))
                .security_scheme("basic", SecurityScheme::Http(basic))
                .security_scheme("session", SecurityScheme::ApiKey(session))
                .build(),
        ))
        .build()
}

/// The whole document, as JSON with a line end.
///
/// # Errors
/// When the document cannot be written, which would be a fault of ours.
pub fn document() -> anyhow::Result<String> {
    let mut text = app::document().to_pretty_json()?;
    text.push('\n');
    Ok(text)
}
