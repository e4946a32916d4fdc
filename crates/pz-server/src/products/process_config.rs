//! How a product that a pipeline made was configured. Paths of the server never leave it.

use actix_web::web;
use pz_model::api::ProcessConfig;
use pz_store::entities::product_files;
use serde_json::{Map, Value};

use super::{LIST, VisibleProduct};
use crate::endpoints;
use crate::error::ApiResult;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;
use crate::yaml;

/// Largest file of translations that is read, in bytes.
const TRANSLATION_MAX_BYTES: i64 = 1 << 20;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::instance("Process Config", &LIST) => [process_config],
    );
}

/// Get the configuration of the process that made the product.
#[utoipa::path(get, path = "/api/products/{id}/process_config/", tag = "products", responses(
    (status = 200, description = "Parameters and, when one was sent along, the translation of quality flags; an empty object for uploads", body = ProcessConfig),
))]
async fn process_config(
    product: VisibleProduct,
    state: web::Data<AppState>,
) -> ApiResult<web::Json<ProcessConfig>> {
    let Some(process) = state.store.producing_process(product.row.id).await? else {
        return Ok(web::Json(ProcessConfig::default()));
    };
    let mut config = ProcessConfig {
        config: Some(public_parameters(process.used_config.as_ref())),
        ..ProcessConfig::default()
    };
    if let Some(file) = process.flags_file {
        match flag_translation(&state, &file).await? {
            Ok(translation) => config.flag_translation = Some(translation),
            Err(reason) => config.flag_translation_error = Some(reason),
        }
    }
    Ok(web::Json(config))
}

/// The parameters of a run, without paths of the server.
pub(super) fn public_parameters(used_config: Option<&Value>) -> Value {
    let parameters = used_config.and_then(|config| config.get("param"));
    match parameters {
        Some(Value::Object(parameters)) => Value::Object(
            parameters
                .iter()
                .map(|(key, value)| (key.clone(), without_paths(value)))
                .collect(),
        ),
        _ => Value::Object(Map::new()),
    }
}

/// Of an absolute path only the last component.
fn without_paths(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with('/') => {
            let name = text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            Value::String(name.to_owned())
        }
        Value::Array(items) => items.iter().map(without_paths).collect(),
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| (key.clone(), without_paths(value)))
            .collect(),
        other => other.clone(),
    }
}

/// The content of a file of translations, or why there is none to show.
async fn flag_translation(state: &AppState, file: &product_files::Model) -> ApiResult<Result<Value, String>> {
    if file.size_bytes > TRANSLATION_MAX_BYTES {
        return Ok(Err(format!(
            "The file has {} bytes; {TRANSLATION_MAX_BYTES} can be shown.",
            file.size_bytes
        )));
    }
    let end = u64::try_from(file.size_bytes).unwrap_or(0);
    let bytes = state.store.blobs.read(&file.blob_key, 0, end).await?;
    // Parsing is bounded, but may take milliseconds.
    let parsed = tokio::task::spawn_blocking(move || yaml::mapping(&bytes).map(Value::Object)).await;
    parsed.map_err(crate::error::ApiError::internal)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_of_the_server_stay_there() {
        let used = json!({"param": {"flags_translation_file": "/srv/pz/flags.yaml", "radius": 0.5, "list": ["/a/b/", "c/d"]},
            "executor": {"name": "secret"}, "inputs": {"specz": [{"path": "/srv/x.csv"}]}});
        assert_eq!(
            public_parameters(Some(&used)),
            json!({"flags_translation_file": "flags.yaml", "radius": 0.5, "list": ["b", "c/d"]})
        );
        assert_eq!(public_parameters(None), json!({}));
        assert_eq!(public_parameters(Some(&json!({"param": 3}))), json!({}));
    }
}
