//! Reading the configuration that a user sends: checked key by key, so that every message names its field.
//! What could point at files or places of the server is never taken from it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use super::combine::{CombineParam, DEFAULT_FLAGS_TRANSLATION};
use super::training_set::{CrossmatchParam, TrainingSetParam};
use super::{OutputFormat, PipelineKind};

/// Keys beside `param` that clients send back as they got them; the server sets them itself.
const IGNORED_BESIDE_PARAM: [&str; 5] = [
    "output_root_dir",
    "output_dir",
    "output_name",
    "executor",
    "inputs",
];
/// Keys of `param` that the server sets itself, whatever is sent.
const SET_BY_SERVER: [&str; 2] = ["flags_translation_file", "use_absolute_lsdb_path"];
/// Longest message, in characters: it may quote what was sent.
const MESSAGE_MAX_CHARS: usize = 400;

/// Something wrong in a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The field, such as `used_config.param.crossmatch.radius_arcsec`.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl ConfigError {
    /// About a key of `param`.
    pub(super) fn param(key: &str, message: String) -> Self {
        Self {
            field: format!("used_config.param.{key}"),
            message,
        }
    }
}

/// The parameters of one of the pipelines.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum PipelineParam {
    /// Of the pipeline that combines catalogs.
    Combine(CombineParam),
    /// Of the pipeline that makes training sets.
    TrainingSet(TrainingSetParam),
}

/// A configuration with nothing wrong and nothing missing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsedConfig {
    /// What users choose.
    pub param: PipelineParam,
    /// Format of the product.
    pub output_format: OutputFormat,
}

impl UsedConfig {
    /// Reads what a user sent as `used_config` and, beside it, as `output_format`; what is absent comes from
    /// `system_config`, the defaults of the instance, and then from those of the pipeline.
    ///
    /// # Errors
    /// Everything that is wrong, each with its field.
    pub fn read(
        kind: PipelineKind,
        used_config: &Value,
        output_format: Option<&str>,
        system_config: &Value,
    ) -> Result<Self, Vec<ConfigError>> {
        let mut errors = Vec::new();
        let empty = Map::new();
        let given = match used_config {
            Value::Null => &empty,
            Value::Object(object) => object,
            _ => {
                errors.push(ConfigError {
                    field: "used_config".to_owned(),
                    message: "Give an object that holds the object `param`.".to_owned(),
                });
                &empty
            }
        };
        for key in given.keys() {
            let known = ["param", "output_format"].contains(&key.as_str());
            if !known && !IGNORED_BESIDE_PARAM.contains(&key.as_str()) {
                errors.push(ConfigError {
                    field: format!("used_config.{}", super::shown(key)),
                    message: "There is no such option; there are param and output_format.".to_owned(),
                });
            }
        }
        let format = read_format(kind, given, output_format, system_config);
        let format = format.map_err(|error| errors.push(error)).ok();
        let param = read_param(
            kind,
            given.get("param").unwrap_or(&Value::Null),
            system_config.get("param").unwrap_or(&Value::Null),
            &mut errors,
        );
        match (param, format) {
            (Some(param), Some(output_format)) if errors.is_empty() => Ok(Self { param, output_format }),
            _ => Err(errors),
        }
    }

    /// Notes the file with translations of quality flags that was sent along, or that there is none.
    pub fn set_flags_file(&mut self, name: Option<&str>) {
        if let PipelineParam::Combine(param) = &mut self.param {
            param.flags_translation_file = name.unwrap_or(DEFAULT_FLAGS_TRANSLATION).to_owned();
        }
    }
}

fn read_format(
    kind: PipelineKind,
    given: &Map<String, Value>,
    beside: Option<&str>,
    system_config: &Value,
) -> Result<OutputFormat, ConfigError> {
    let within = given.get("output_format").filter(|value| !value.is_null());
    let default = system_config
        .get("output_format")
        .filter(|value| !value.is_null());
    let (field, word) = match (beside, within) {
        (Some(word), _) => ("output_format", Some(word)),
        (None, Some(value)) => ("used_config.output_format", value.as_str()),
        (None, None) => match default.and_then(Value::as_str).and_then(OutputFormat::from_word) {
            Some(format) => return Ok(format),
            None => return Ok(kind.default_format()),
        },
    };
    let formats = kind.output_formats();
    let format = word.and_then(OutputFormat::from_word);
    format.filter(|format| formats.contains(format)).ok_or_else(|| {
        let words: Vec<&str> = formats.iter().map(|format| format.as_str()).collect();
        ConfigError {
            field: field.to_owned(),
            message: format!("Give one of {}.", words.join(", ")),
        }
    })
}

fn read_param(
    kind: PipelineKind,
    given: &Value,
    defaults: &Value,
    errors: &mut Vec<ConfigError>,
) -> Option<PipelineParam> {
    const PATH: &str = "used_config.param";
    match kind {
        PipelineKind::CombineRedshift => {
            let merged = merge::<CombineParam>(PATH, given, defaults, CombineParam::IGNORED, errors);
            let param: CombineParam = finish(merged, errors)?;
            errors.extend(param.check());
            Some(PipelineParam::Combine(param))
        }
        PipelineKind::TrainingSet => {
            let null = Value::Null;
            let mut rest = given.clone();
            let inner = rest
                .as_object_mut()
                .and_then(|object| object.remove("crossmatch"));
            let crossmatch = merge::<CrossmatchParam>(
                "used_config.param.crossmatch",
                &inner.unwrap_or_default(),
                defaults.get("crossmatch").unwrap_or(&null),
                TrainingSetParam::IGNORED_CROSSMATCH,
                errors,
            );
            let mut merged =
                merge::<TrainingSetParam>(PATH, &rest, defaults, TrainingSetParam::IGNORED, errors);
            merged.insert("crossmatch".to_owned(), Value::Object(crossmatch));
            let param: TrainingSetParam = finish(merged, errors)?;
            errors.extend(param.check());
            Some(PipelineParam::TrainingSet(param))
        }
    }
}

/// The keys of `given` over those of `defaults`, as far as `T` takes them; what it does not take is an error
/// that names the key.
fn merge<T: DeserializeOwned>(
    path: &str,
    given: &Value,
    defaults: &Value,
    ignored: &[&str],
    errors: &mut Vec<ConfigError>,
) -> Map<String, Value> {
    let takes = |key: &str, value: &Value| serde_json::from_value::<T>(json!({ key: value })).map(|_| ());
    let is_ignored = |key: &str| ignored.contains(&key) || SET_BY_SERVER.contains(&key);
    let mut merged = Map::new();
    for (key, value) in defaults.as_object().into_iter().flatten() {
        if !is_ignored(key) && takes(key, value).is_ok() {
            merged.insert(key.clone(), value.clone());
        }
    }
    if !given.is_object() && !given.is_null() {
        errors.push(ConfigError {
            field: path.to_owned(),
            message: "Give an object.".to_owned(),
        });
    }
    for (key, value) in given.as_object().into_iter().flatten() {
        if is_ignored(key) {
            continue;
        }
        match takes(key, value) {
            Ok(()) => {
                merged.insert(key.clone(), value.clone());
            }
            // Where nothing cannot be meant, null means the default.
            Err(error) if value.is_null() && !error.to_string().starts_with("unknown field") => {}
            Err(error) => errors.push(ConfigError {
                field: format!("{path}.{}", super::shown(key)),
                message: plain(&error.to_string()),
            }),
        }
    }
    merged
}

fn finish<T: DeserializeOwned>(merged: Map<String, Value>, errors: &mut Vec<ConfigError>) -> Option<T> {
    serde_json::from_value(Value::Object(merged))
        .map_err(|error| {
            errors.push(ConfigError {
                field: "used_config.param".to_owned(),
                message: plain(&error.to_string()),
            });
        })
        .ok()
}

/// The words of a deserialiser without its names of types.
fn plain(message: &str) -> String {
    let words = [
        ("expected f64", "expected a number"),
        ("expected u32", "expected a whole number from 0"),
        ("expected u64", "expected a whole number from 0"),
        ("expected a sequence", "expected a list"),
        ("expected a map", "expected an object"),
        ("expected a string", "expected a text"),
        ("unknown field", "there is no option"),
    ];
    let message = words.iter().fold(message.to_owned(), |text, (theirs, ours)| {
        text.replace(theirs, ours)
    });
    let mut plain: String = message.chars().take(MESSAGE_MAX_CHARS).collect();
    if !plain.ends_with(['.', '…']) {
        plain.push('.');
    }
    plain
}

/// A boolean as configurations of the pipelines write it: also 0, 1 and the usual words.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let text = match &value {
        Value::Bool(flag) => return Ok(*flag),
        Value::Number(number) if !number.is_f64() => return Ok(number.as_i64() != Some(0)),
        Value::String(text) => text.trim().to_lowercase(),
        _ => String::new(),
    };
    match text.as_str() {
        "1" | "true" | "yes" | "y" | "on" => Ok(true),
        "0" | "false" | "no" | "n" | "off" => Ok(false),
        _ => Err(serde::de::Error::custom("expected true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipelines::{CombineType, TieTreatment};

    const COMBINE: PipelineKind = PipelineKind::CombineRedshift;
    const TRAINING: PipelineKind = PipelineKind::TrainingSet;

    fn read(kind: PipelineKind, used_config: &Value) -> Result<UsedConfig, Vec<ConfigError>> {
        UsedConfig::read(kind, used_config, None, &kind.system_config())
    }

    fn wrong(kind: PipelineKind, param: &Value) -> Vec<(String, String)> {
        let errors = read(kind, &json!({ "param": param })).unwrap_err();
        errors
            .into_iter()
            .map(|error| {
                (
                    error.field.trim_start_matches("used_config.param").to_owned(),
                    error.message,
                )
            })
            .collect()
    }

    #[test]
    fn what_the_server_advertises_comes_back_unchanged() {
        for kind in PipelineKind::ALL {
            let read = read(kind, &json!({"param": kind.default_param()})).unwrap();
            assert_eq!(serde_json::to_value(&read.param).unwrap(), kind.default_param());
            let nothing = UsedConfig::read(kind, &Value::Null, None, &Value::Null).unwrap();
            assert_eq!(nothing, read);
        }
    }

    #[test]
    fn what_users_choose_wins_over_the_instance_and_that_over_the_pipeline() {
        let system = json!({"output_format": "fits", "param": {"crossmatch": {"radius_arcsec": 2.5},
            "train_fraction": 0.5, "long_gone": 1}});
        let used = json!({"param": {"train_fraction": 0.9, "crossmatch": {"n_neighbors": 3}}});
        let read = UsedConfig::read(TRAINING, &used, None, &system).unwrap();
        assert_eq!(read.output_format, OutputFormat::Fits);
        let PipelineParam::TrainingSet(param) = read.param else {
            panic!("wrong pipeline");
        };
        assert_eq!((param.train_fraction, param.crossmatch.radius_arcsec), (0.9, 2.5));
        assert_eq!(
            (param.crossmatch.n_neighbors, param.dereddening.as_str()),
            (3, "sfd")
        );
    }

    #[test]
    fn formats_may_stand_beside_or_within() {
        let format = |beside: Option<&str>, within: Value| {
            UsedConfig::read(COMBINE, &json!({"output_format": within}), beside, &Value::Null)
                .map(|config| config.output_format)
                .map_err(|errors| errors[0].field.clone())
        };
        assert_eq!(format(Some("CSV"), json!("hats")), Ok(OutputFormat::Csv));
        assert_eq!(format(None, json!("h5")), Ok(OutputFormat::Hdf5));
        assert_eq!(format(None, Value::Null), Ok(OutputFormat::Parquet));
        assert_eq!(format(Some("xlsx"), Value::Null), Err("output_format".to_owned()));
        assert_eq!(
            format(None, json!("specz")),
            Err("used_config.output_format".to_owned())
        );
        assert_eq!(
            format(None, json!(7)),
            Err("used_config.output_format".to_owned())
        );
    }

    #[test]
    fn words_flags_and_nulls() {
        let param = json!({"combine_type": " Concatenate_And_Mark_Duplicates", "tie_treatment_option": "draw_one",
            "insert_rubin_footprint_flag": "no", "insert_DP1_footprint_flag": 1, "random_seed": 7,
            "z_flag_homogenized_value_to_cut": null, "extra_columns": {"a": "INT", "b": {"type": "str", "source": "c"}}});
        let read = read(COMBINE, &json!({ "param": param })).unwrap();
        let PipelineParam::Combine(param) = read.param else {
            panic!("wrong pipeline");
        };
        assert_eq!(param.combine_type, CombineType::MarkDuplicates);
        assert_eq!(param.tie_treatment_option, Some(TieTreatment::DrawOne));
        assert!(param.insert_dp1_footprint_flag && !param.insert_rubin_footprint_flag);
        assert_eq!(param.z_flag_homogenized_value_to_cut, None);
        assert_eq!(param.extra_columns.len(), 2);
        let null =
            json!({"selected_cols": null, "crossmatch": null, "random_seed": null, "train_fraction": null});
        let defaults = read_param(TRAINING, &null, &Value::Null, &mut Vec::new());
        assert_eq!(
            defaults,
            Some(PipelineParam::TrainingSet(TrainingSetParam::default()))
        );
    }

    #[test]
    fn every_error_names_its_field() {
        let fields = |kind, param| {
            wrong(kind, &param)
                .into_iter()
                .map(|(field, _)| field)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            fields(
                TRAINING,
                json!({"crossmatch": {"radius_arcsec": 0, "n_neighbors": 0, "no_such": 1}, "train_fraction": 1,
                    "flux_type": "../../etc", "selected_cols": ["a", " "], "split_method": "even", "random_seed": -1})
            ),
            // A value of the wrong kind is told before values out of range.
            [
                ".crossmatch.no_such",
                ".random_seed",
                ".split_method",
                ".crossmatch.radius_arcsec",
                ".crossmatch.n_neighbors",
                ".flux_type",
                ".train_fraction",
                ".selected_cols",
            ]
        );
        for (param, field, says) in [
            (
                json!({"combine_type": "merge"}),
                ".combine_type",
                "concatenate_and_remove_duplicates",
            ),
            (
                json!({"extra_columns": {"ra": "float"}}),
                ".extra_columns",
                "ra: ",
            ),
            (
                json!({"extra_columns": {"x": "complex"}}),
                ".extra_columns",
                "expected a type",
            ),
            (
                json!({"extra_columns": {"x": {"type": "int", "path": "/etc"}}}),
                ".extra_columns",
                "source",
            ),
            (json!({"extra_columns": {" ": "int"}}), ".extra_columns", "name"),
            (
                json!({"z_flag_homogenized_value_to_cut": 2.5}),
                ".z_flag_homogenized_value_to_cut",
                "0 (no cut) to 6",
            ),
            (
                json!({"z_flag_homogenized_value_to_cut": "x"}),
                ".z_flag_homogenized_value_to_cut",
                "a number",
            ),
            (
                json!({"insert_rubin_footprint_flag": "maybe"}),
                ".insert_rubin_footprint_flag",
                "true or false",
            ),
            (json!({"evil": 1}), ".evil", "there is no option"),
            (json!([1]), "", "object"),
        ] {
            let errors = wrong(COMBINE, &param);
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert_eq!(errors[0].0, field);
            assert!(errors[0].1.contains(says), "{errors:?}");
        }
        let beside = read(COMBINE, &json!({"evil": 1})).unwrap_err();
        assert_eq!(beside[0].field, "used_config.evil");
        assert_eq!(read(COMBINE, &json!([1])).unwrap_err()[0].field, "used_config");
    }

    #[test]
    fn nothing_that_points_into_the_server_is_taken() {
        let used = json!({"output_dir": "/", "output_root_dir": "/", "output_name": "../x", "executor": {"name": "x"},
            "inputs": {"specz": [{"path": "/etc/passwd"}]}, "param": {"flags_translation_file": "/etc/passwd",
            "prepare_max_inflight": 999}});
        let text = serde_json::to_string(&read(COMBINE, &used).unwrap()).unwrap();
        assert!(
            !text.contains("/etc/passwd") && !text.contains("inflight") && !text.contains("executor"),
            "{text}"
        );
        let used =
            json!({"param": {"use_absolute_lsdb_path": true, "crossmatch": {"output_catalog_name": "../x"}}});
        let read = read(TRAINING, &used).unwrap();
        let PipelineParam::TrainingSet(param) = read.param else {
            panic!("wrong pipeline");
        };
        assert!(!param.use_absolute_lsdb_path);
    }

    #[test]
    fn long_values_do_not_make_long_messages() {
        let errors = wrong(
            COMBINE,
            &json!({"combine_type": "x".repeat(100_000), "y".repeat(100_000): 1}),
        );
        assert!(
            errors
                .iter()
                .all(|(field, message)| field.len() < 200 && message.len() < 500)
        );
    }
}
