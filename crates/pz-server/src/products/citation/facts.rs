//! What is to be said of a product when it is cited.

use chrono::Datelike;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pz_model::api::{Creator, Funding, RelatedIdentifier};
use pz_model::{FileRole, License, Timestamp};
use pz_store::Viewer;
use pz_store::entities::product_files;
use pz_store::product_contents::Content;
use pz_store::products::ProductRow;
use pz_store::versions::VersionRow;

use crate::error::ApiResult;
use crate::state::AppState;

/// The facts; texts are as users wrote them.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// Address of the service, without a slash at the end.
    pub(super) base: String,
    pub(super) id: i64,
    pub(super) internal_name: String,
    pub(super) title: String,
    /// Never empty.
    pub(super) creators: Vec<Creator>,
    pub(super) publisher: String,
    pub(super) year: i32,
    pub(super) created: Timestamp,
    pub(super) changed: Timestamp,
    pub(super) version: i32,
    /// Address of the product's page.
    pub(super) url: String,
    pub(super) doi: Option<String>,
    pub(super) license: Option<&'static License>,
    pub(super) description: Option<String>,
    pub(super) subjects: Vec<String>,
    pub(super) funding: Vec<Funding>,
    pub(super) related: Vec<RelatedIdentifier>,
    /// Display name of the product type.
    pub(super) resource_type: String,
    pub(super) files: Vec<File>,
    pub(super) columns: Vec<Content>,
    pub(super) n_rows: Option<i64>,
}

/// A file, as downloads give it.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) url: String,
    pub(super) media_type: String,
    pub(super) size_bytes: i64,
    pub(super) sha256: String,
    pub(super) is_main: bool,
    /// A zip around a HATS catalog.
    pub(super) is_directory: bool,
}

/// Address of the service as far as it is known: never taken from a request, whose host anybody can choose.
pub(crate) fn base_address(state: &AppState) -> String {
    match &state.settings.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{}", state.settings.listen),
    }
}

/// Address of a product's page.
fn page_address(base: &str, internal_name: &str) -> String {
    const SET: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.');
    format!("{base}/product/{}", utf8_percent_encode(internal_name, SET))
}

impl Facts {
    /// What the row alone says.
    pub(super) fn of_row(state: &AppState, row: &ProductRow) -> Self {
        let base = base_address(state);
        let internal_name = row.internal_name.clone().unwrap_or_default();
        let mut creators = row.creator_list();
        if creators.is_empty() {
            creators.push(Creator {
                name: row.owner_name(),
                ..Creator::default()
            });
        }
        Self {
            id: row.id,
            url: page_address(&base, &internal_name),
            base,
            internal_name,
            title: row.display_name.clone(),
            creators,
            publisher: state.settings.instance_name.clone(),
            year: row.created_at.year(),
            created: Timestamp::from(row.created_at),
            changed: Timestamp::from(row.updated_at),
            version: row.version_number,
            doi: row.doi.clone(),
            license: row.license.as_deref().and_then(License::from_id),
            description: row.description.clone().filter(|text| !text.trim().is_empty()),
            subjects: row.subject_list(),
            funding: row.funding_list(),
            related: row.related_list(),
            resource_type: row.product_type_name.clone(),
            files: Vec::new(),
            columns: Vec::new(),
            n_rows: row.n_rows,
        }
    }

    /// All there is to say to this viewer: with inputs and other versions as related, files and columns.
    pub(super) async fn gather(state: &AppState, viewer: Viewer, row: &ProductRow) -> ApiResult<Self> {
        let mut facts = Self::of_row(state, row);
        let store = &state.store;
        for input in store.inputs_of(viewer, row.id).await? {
            let name = input.internal_name.unwrap_or_default();
            facts.relate("IsDerivedFrom", input.doi, &name);
        }
        let versions = store
            .versions_of(viewer, row.concept_id.unwrap_or(row.id))
            .await?;
        // Sorted newest first.
        let newer = versions
            .iter()
            .rev()
            .find(|other| other.version_number > row.version_number);
        let older = versions
            .iter()
            .find(|other| other.version_number < row.version_number);
        let mut version = |relation, other: Option<&VersionRow>| {
            if let Some(other) = other {
                let name = other.internal_name.clone().unwrap_or_default();
                facts.relate(relation, other.doi.clone(), &name);
            }
        };
        version("IsNewVersionOf", older);
        version("IsPreviousVersionOf", newer);
        facts.columns = store.contents_of(row.id).await?;
        facts.files = store
            .files_of(row.id)
            .await?
            .into_iter()
            .map(|file| facts.file(file))
            .collect();
        Ok(facts)
    }

    /// Adds a product as related, by its DOI or its address, unless its owner did so already.
    fn relate(&mut self, relation: &str, doi: Option<String>, internal_name: &str) {
        let related = RelatedIdentifier {
            relation: relation.to_owned(),
            identifier_type: if doi.is_some() { "DOI" } else { "URL" }.to_owned(),
            identifier: doi.unwrap_or_else(|| page_address(&self.base, internal_name)),
        };
        if !self.related.contains(&related) {
            self.related.push(related);
        }
    }

    fn file(&self, file: product_files::Model) -> File {
        File {
            id: file.id,
            url: format!("{}/api/product-files/{}/download/", self.base, file.id),
            media_type: media_type(&file),
            name: file.name,
            size_bytes: file.size_bytes,
            sha256: file.sha256,
            is_main: file.role == FileRole::Main.code(),
            is_directory: file.is_directory,
        }
    }

    /// The address that stays: of the DOI, or of the page.
    pub(super) fn permanent_url(&self) -> String {
        match &self.doi {
            Some(doi) => format!("https://doi.org/{doi}"),
            None => self.url.clone(),
        }
    }

    pub(super) fn main_file(&self) -> Option<&File> {
        self.files.iter().find(|file| file.is_main)
    }
}

/// The type of the bytes, by what they were recognised as, then by what the user said.
fn media_type(file: &product_files::Model) -> String {
    if file.is_directory {
        return "application/zip".to_owned();
    }
    let by_format = match file.table_format.as_deref() {
        Some("csv" | "text") => Some("text/csv"),
        Some("parquet") => Some("application/vnd.apache.parquet"),
        Some("fits") => Some("application/fits"),
        Some("hdf5") => Some("application/x-hdf5"),
        Some("votable") => Some("application/x-votable+xml"),
        _ => None,
    };
    by_format
        .map(str::to_owned)
        .or_else(|| file.mime_type.clone().filter(|kind| kind.contains('/')))
        .unwrap_or_else(|| "application/octet-stream".to_owned())
}

/// A text on one line: control characters and runs of blanks become one blank.
pub(super) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
