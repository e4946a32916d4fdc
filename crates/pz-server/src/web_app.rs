//! The built web app: read once at start, served from memory, already compressed.

use std::collections::HashMap;
use std::path::Path;

use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use anyhow::Context;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::error::ApiError;

/// Files whose names carry a hash of their content live below this directory and never change.
const IMMUTABLE_PREFIX: &str = "assets/";

#[derive(Debug, Clone)]
struct Asset {
    content_type: &'static str,
    etag: String,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

/// All files of the web app by path.
#[derive(Debug, Clone)]
pub struct WebApp {
    assets: std::sync::Arc<HashMap<String, Asset>>,
}

impl WebApp {
    /// Reads the directory that the build wrote; `x.br` and `x.gz` are compressed forms of `x`.
    ///
    /// # Errors
    /// When the directory cannot be read or holds no `index.html`.
    pub fn load(directory: &Path) -> anyhow::Result<Self> {
        let mut files = HashMap::new();
        read_tree(directory, "", &mut files)?;
        let assets: HashMap<String, Asset> = files
            .iter()
            .filter(|(path, _)| !path.ends_with(".br") && !path.ends_with(".gz"))
            .map(|(path, plain)| {
                let digest = Sha256::digest(plain);
                let asset = Asset {
                    content_type: content_type(path),
                    etag: format!("\"{}\"", pz_store::blobs::hex(&digest[..16])),
                    plain: plain.clone(),
                    brotli: files.get(&format!("{path}.br")).cloned(),
                    gzip: files.get(&format!("{path}.gz")).cloned(),
                };
                (path.clone(), asset)
            })
            .collect();
        if !assets.contains_key("index.html") {
            anyhow::bail!(
                "{} holds no index.html: build the web app first",
                directory.display()
            );
        }
        Ok(Self {
            assets: std::sync::Arc::new(assets),
        })
    }

    /// Answers a request outside the API: a file, or `index.html` for every address of the app.
    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return HttpResponse::MethodNotAllowed()
                .insert_header((ALLOW, "GET, HEAD"))
                .finish();
        }
        let path = request.path().trim_start_matches('/');
        let found = self.assets.get(path);
        let missing_file =
            found.is_none() && (path.starts_with(IMMUTABLE_PREFIX) || path.contains(".well-known/"));
        let Some(asset) = found
            .or_else(|| self.assets.get("index.html"))
            .filter(|_| !missing_file)
        else {
            return ApiError::not_found().error_response();
        };
        let immutable = found.is_some() && path.starts_with(IMMUTABLE_PREFIX);
        let cache = if immutable {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        let header = |name| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let mut response = HttpResponse::Ok();
        response
            .insert_header((CACHE_CONTROL, cache))
            .insert_header((VARY, "Accept-Encoding"))
            .insert_header((ETAG, asset.etag.clone()));
        if header(IF_NONE_MATCH)
            .split(',')
            .any(|tag| tag.trim().trim_start_matches("W/") == asset.etag)
        {
            return response
                .status(actix_web::http::StatusCode::NOT_MODIFIED)
                .finish();
        }
        response.insert_header((CONTENT_TYPE, asset.content_type));
        let accepted = header(ACCEPT_ENCODING).to_ascii_lowercase();
        let accepts = |coding: &str| {
            accepted.split(',').any(|item| {
                let mut parts = item.split(';').map(str::trim);
                parts.next() == Some(coding) && parts.next() != Some("q=0")
            })
        };
        let body = match (&asset.brotli, &asset.gzip) {
            (Some(brotli), _) if accepts("br") => {
                response.insert_header((CONTENT_ENCODING, "br"));
                brotli
            }
            (_, Some(gzip)) if accepts("gzip") => {
                response.insert_header((CONTENT_ENCODING, "gzip"));
                gzip
            }
            _ => &asset.plain,
        };
        response.body(body.clone())
    }
}

fn read_tree(directory: &Path, prefix: &str, files: &mut HashMap<String, Bytes>) -> anyhow::Result<()> {
    for entry in fs_err::read_dir(directory).context("cannot read the web app")? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_tree(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.insert(path, Bytes::from(fs_err::read(entry.path())?));
        }
    }
    Ok(())
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
