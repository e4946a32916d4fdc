//! Processes: submitting runs of pipelines, following and stopping them. Running them is not done here.

mod create;
mod flags_file;
mod list;
mod logs;
mod policy;
mod routes;
mod view;

pub(crate) use routes::mount;
