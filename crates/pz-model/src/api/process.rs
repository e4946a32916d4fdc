//! Processes as the API shows them.

use serde::{Deserialize, Serialize};

use crate::api::Product;
use crate::process_status::{ProcessPhase, ProcessStatus};
use crate::timestamp::Timestamp;

/// A run of a pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Process {
    /// Identifier.
    #[cfg_attr(feature = "openapi", schema(example = 7))]
    pub id: i64,
    /// Id of the release whose photometry is read.
    pub release: Option<i64>,
    /// Display name of the release.
    pub release_name: Option<String>,
    /// Unique name of the pipeline.
    #[cfg_attr(feature = "openapi", schema(example = "combine_redshift_dedup"))]
    pub pipeline_name: String,
    /// Version of the pipeline when the process was submitted.
    #[cfg_attr(feature = "openapi", schema(example = "0.1.0"))]
    pub pipeline_version: String,
    /// Login name of the owner.
    #[cfg_attr(feature = "openapi", schema(example = "alice"))]
    pub owned_by: String,
    /// The caller is the owner.
    pub is_owner: bool,
    /// The inputs that the caller may see, in the order in which they were given.
    pub provenance_inputs: Vec<Product>,
    /// `param`, `output_format` and the columns read of each input.
    #[cfg_attr(feature = "openapi", schema(value_type = Object, example = json!({
        "param": {"combine_type": "concatenate", "z_flag_homogenized_value_to_cut": 3.0}, "output_format": "parquet"
    })))]
    pub used_config: serde_json::Value,
    /// Name for people; also that of the product.
    #[cfg_attr(feature = "openapi", schema(example = "my crc"))]
    pub display_name: String,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When a worker took it.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Always null: this server runs processes itself.
    pub orchestration_process_id: Option<i64>,
    /// Where it is; work that waits is `Pending`.
    pub status: ProcessStatus,
    /// Where it is, more finely.
    pub phase: ProcessPhase,
    /// Place in the queue, from 1, while it waits there.
    pub queue_position: Option<u64>,
    /// Name of its work directory, once it has one.
    pub path: Option<String>,
    /// Note of the owner.
    pub comment: Option<String>,
    /// Id of the pipeline.
    #[cfg_attr(feature = "openapi", schema(example = 1))]
    pub pipeline: i64,
    /// Id of the product that it makes.
    #[cfg_attr(feature = "openapi", schema(example = 138))]
    pub upload: i64,
    /// Ids of the inputs that the caller may see.
    pub inputs: Vec<i64>,
}

/// What a process wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProcessLogs {
    /// The log of the pipeline.
    pub pipeline: LogFile,
    /// What the program that runs it wrote.
    pub slurm: LogFile,
}

/// A log, or its end when it is long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogFile {
    /// Names that are looked for, best first.
    #[cfg_attr(feature = "openapi", schema(example = json!(["pipeline.log", "*.log"])))]
    pub filename: Vec<String>,
    /// The text; empty when nothing was written.
    pub content: String,
}
