//! A process as the API shows it to one caller: never a path of the server, and of its inputs only what the
//! caller may see.

use pz_model::Timestamp;
use pz_model::api::Process;
use pz_store::processes::ProcessWithInputs;
use serde_json::Value;

use crate::auth::Caller;
use crate::products;

pub(super) fn view(caller: &Caller, row: ProcessWithInputs) -> Process {
    let ProcessWithInputs { process, inputs } = row;
    let (status, phase) = (process.status(), process.phase());
    let ids: Vec<i64> = inputs.iter().map(|input| input.id).collect();
    Process {
        id: process.id,
        release: process.release_id,
        release_name: process.release_name,
        pipeline_name: process.pipeline_name,
        pipeline_version: process.pipeline_version,
        owned_by: process.username,
        is_owner: caller.account.id == process.user_id,
        provenance_inputs: inputs
            .into_iter()
            .map(|input| products::view(caller, input))
            .collect(),
        used_config: used_config(process.used_config.unwrap_or_default(), &ids),
        display_name: process.display_name,
        created_at: Timestamp::from(process.created_at),
        started_at: process.started_at.map(Timestamp::from),
        ended_at: process.ended_at.map(Timestamp::from),
        orchestration_process_id: None,
        status,
        phase,
        queue_position: process
            .queue_position
            .and_then(|position| u64::try_from(position).ok()),
        path: process.path,
        comment: process.comment,
        pipeline: process.pipeline_id,
        upload: process.output_product_id,
        inputs: ids,
    }
}

/// The configuration without inputs that are not for the caller.
fn used_config(mut config: Value, visible: &[i64]) -> Value {
    if let Some(inputs) = config.pointer_mut("/inputs/specz").and_then(Value::as_array_mut) {
        inputs.retain(|input| {
            let product = input.get("product").and_then(Value::as_i64);
            product.is_some_and(|product| visible.contains(&product))
        });
    }
    config
}
