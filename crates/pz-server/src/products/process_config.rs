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
    let parsed = tokio::task::spawn_blocking(move || parse(&bytes)).await;
    parsed.map_err(crate::error::ApiError::internal)
}

/// Reads a YAML mapping from a stranger: bounded in depth, size and expansion of aliases.
fn parse(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "The file is not UTF-8 text.".to_owned())?;
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 32,
            max_nodes: 50_000,
            max_events: 200_000,
            max_aliases: 100,
            max_anchors: 100,
            max_documents: 1,
            max_merge_keys: 100,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 20_000,
            max_replay_stack_depth: 8,
            max_alias_expansions_per_anchor: 100,
        },
    };
    match serde_saphyr::from_str_with_options::<Value>(text, options) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err("The file is not a YAML mapping.".to_owned()),
        Err(error) => Err(format!(
            "The file cannot be read as YAML: {}",
            error.to_string().lines().next().unwrap_or_default()
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_becomes_json() {
        let text = "translation_rules:\n  2DFGRS:\n    z_flag_translation:\n      1: 0\n      2: 1.5\n    note: &n yes please\n    same: *n\n    none: ~\n";
        assert_eq!(
            parse(text.as_bytes()).unwrap(),
            json!({"translation_rules": {"2DFGRS": {"z_flag_translation": {"1": 0, "2": 1.5},
                "note": "yes please", "same": "yes please", "none": null}}})
        );
        assert!(parse(b"- 1\n- 2\n").unwrap_err().contains("mapping"));
        assert!(parse(b"a: [1, 2").is_err());
        assert!(parse(b"\xff\xfe").is_err());
    }

    #[test]
    fn bombs_are_refused() {
        let mut laughs = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*l{}", level - 1);
            laughs.push_str(&format!(
                "l{level}: &l{level} [{}]\n",
                [before.as_str(); 9].join(", ")
            ));
        }
        let nested = format!("a: {}1{}\n", "[".repeat(5000), "]".repeat(5000));
        let many: String = (0..60_000).map(|n| format!("k{n}: 1\n")).collect();
        for bomb in [laughs, nested, many] {
            let start = std::time::Instant::now();
            assert!(parse(bomb.as_bytes()).is_err());
            assert!(start.elapsed().as_secs() < 5);
        }
    }

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
