//! One module per table, as the migrations create it.

pub mod api_tokens;
pub mod audit_log;
pub mod download_archives;
pub mod events;
pub mod file_containers;
pub mod groups;
pub mod identities;
pub mod jobs;
pub mod memberships;
pub mod password_resets;
pub mod pipeline_accepted_types;
pub mod pipelines;
pub mod plots;
pub mod process_inputs;
pub mod processes;
pub mod product_contents;
pub mod product_files;
pub mod product_types;
pub mod products;
pub mod release_groups;
pub mod releases;
pub mod sessions;
pub mod uploads;
pub mod users;
