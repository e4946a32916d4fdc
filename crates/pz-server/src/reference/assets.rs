//! The files of Swagger UI, taken from the archive that comes with its crate.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::LazyLock;

use super::fixed::Fixed;

/// Our page and our script, and what they load.
const FILES: [(&str, &str); 3] = [
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ("swagger-ui.css", "text/css; charset=utf-8"),
    ("favicon-32x32.png", "image/png"),
];

/// Files by name; one that the archive lacks is absent.
pub(super) static ASSETS: LazyLock<BTreeMap<&'static str, Fixed>> = LazyLock::new(|| {
    let mut assets = BTreeMap::new();
    for (name, content_type) in FILES {
        match from_archive(name) {
            Ok(bytes) if content_type.starts_with("text/") => {
                assets.insert(name, Fixed::compressed(content_type, bytes));
            }
            Ok(bytes) => {
                assets.insert(name, Fixed::new(content_type, bytes));
            }
            Err(error) => tracing::error!(%error, name, "a file of Swagger UI cannot be read"),
        }
    }
    let script = include_str!("swagger.js");
    assets.insert(
        "start.js",
        Fixed::compressed("text/javascript; charset=utf-8", script),
    );
    assets
});

/// The page.
pub(super) static PAGE: LazyLock<Fixed> =
    LazyLock::new(|| Fixed::compressed("text/html; charset=utf-8", include_str!("swagger.html")));

fn from_archive(name: &str) -> anyhow::Result<Vec<u8>> {
    let archive = Cursor::new(utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED);
    let mut archive = zip::ZipArchive::new(archive)?;
    let wanted = format!("/dist/{name}");
    let path = archive
        .file_names()
        .filter_map(Result::ok)
        .find(|path| path.ends_with(&wanted))
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| anyhow::anyhow!("the archive has no {wanted}"))?;
    let mut bytes = Vec::new();
    archive.by_name(&path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}
