//! Processes: submitting, following and stopping runs of pipelines.

use pz_model::ProcessStatus;
use pz_model::api::{Page, Process, ProcessLogs};
use serde::Serialize;

use crate::transport::Method;
use crate::{Client, Result};

/// A process to be submitted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewProcess {
    /// Name of the process and of the product that it makes.
    pub display_name: String,
    /// Id of the pipeline.
    pub pipeline: i64,
    /// Ids of the products that it reads.
    pub inputs: Vec<i64>,
    /// `param`: what is absent comes from the pipeline's defaults.
    pub used_config: serde_json::Value,
    /// Id of the release whose photometry is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<i64>,
    /// Format of the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_format: Option<String>,
    /// Description of the product, Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What changes in a process; absent fields stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProcessPatch {
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Note of the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Which processes to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProcessQuery {
    /// Words to be found in pipeline, product or owner.
    pub search: String,
    /// Words to be found in the pipeline's name.
    pub pipeline: Option<String>,
    /// Status.
    pub status: Option<ProcessStatus>,
    /// Release, by id.
    pub release: Option<i64>,
    /// Owner, by id.
    pub user: Option<i64>,
    /// The product that it makes, by id.
    pub upload: Option<i64>,
    /// Page, from 1.
    pub page: Option<u64>,
    /// Processes of a page.
    pub page_size: Option<u64>,
}

impl ProcessQuery {
    /// The query string's parameters, in a fixed order.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let search = self.search.trim();
        let numbers = [
            ("release", self.release),
            ("user", self.user),
            ("upload", self.upload),
        ];
        let pages = [("page", self.page), ("page_size", self.page_size)];
        let texts = [
            ("search", (!search.is_empty()).then(|| search.to_owned())),
            ("pipeline", self.pipeline.clone()),
            ("status", self.status.map(|status| status.as_str().to_owned())),
        ];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name, text?)));
        let numbers = numbers
            .into_iter()
            .filter_map(|(name, number)| Some((name, number?.to_string())));
        let pages = pages
            .into_iter()
            .filter_map(|(name, number)| Some((name, number?.to_string())));
        texts.chain(numbers).chain(pages).collect()
    }
}

impl Client {
    /// A page of processes that the caller may see, newest first.
    pub async fn processes(&self, query: &ProcessQuery) -> Result<Page<Process>> {
        self.get("/api/processes/", &query.parameters()).await
    }

    /// One process.
    pub async fn process(&self, id: i64) -> Result<Process> {
        self.get(&format!("/api/processes/{id}/"), &[]).await
    }

    /// Submits a process.
    pub async fn submit_process(&self, process: &NewProcess) -> Result<Process> {
        self.send(Method::Post, "/api/processes/", process).await
    }

    /// Submits a process with a YAML file that translates quality flags.
    #[cfg(not(target_arch = "wasm32"))]
    pub async fn submit_process_with_flags(
        &self,
        process: &NewProcess,
        file_name: &str,
        yaml: Vec<u8>,
    ) -> Result<Process> {
        use reqwest::multipart::{Form, Part};

        let mut form = Form::new()
            .text("display_name", process.display_name.clone())
            .text("pipeline", process.pipeline.to_string())
            .text("used_config", process.used_config.to_string());
        for input in &process.inputs {
            form = form.text("inputs", input.to_string());
        }
        let optional = [
            ("release", process.release.map(|id| id.to_string())),
            ("output_format", process.output_format.clone()),
            ("description", process.description.clone()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                form = form.text(name, value);
            }
        }
        let part = Part::bytes(yaml).file_name(file_name.to_owned());
        let request = self.request(Method::Post, "/api/processes/", &[])?;
        let request = self
            .transport()
            .builder(request)?
            .multipart(form.part("flags_translation_file", part));
        let answer = crate::transport::read(request).await?;
        crate::client::decode(&crate::client::successful(answer)?)
    }

    /// Changes the name or the note of a process.
    pub async fn change_process(&self, id: i64, patch: &ProcessPatch) -> Result<Process> {
        self.send(Method::Patch, &format!("/api/processes/{id}/"), patch)
            .await
    }

    /// Stops a process, or asks it to stop.
    pub async fn stop_process(&self, id: i64) -> Result<Process> {
        self.post_empty(&format!("/api/processes/{id}/stop/")).await
    }

    /// What a process wrote.
    pub async fn process_logs(&self, id: i64) -> Result<ProcessLogs> {
        self.get(&format!("/api/processes/{id}/logs/"), &[]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_name_what_is_asked_for() {
        assert!(ProcessQuery::default().parameters().is_empty());
        let query = ProcessQuery {
            search: " desi ".to_owned(),
            status: Some(ProcessStatus::Running),
            user: Some(3),
            page: Some(2),
            ..ProcessQuery::default()
        };
        let expected = [
            ("search", "desi"),
            ("status", "Running"),
            ("user", "3"),
            ("page", "2"),
        ];
        assert_eq!(
            query.parameters(),
            expected.map(|(name, value)| (name, value.to_owned()))
        );
    }
}
