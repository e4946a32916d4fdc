//! `ro-crate-metadata.json`: what the archive says of its product to programs, as an RO-Crate 1.1. The same
//! for everybody who may have the archive: must never name what only some of them may see.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pz_model::Timestamp;
use pz_store::archives::{Authorship, Making, Source};
use pz_store::products::ProductRow;
use pz_store::{Store, StoreError};
use serde_json::{Map, Value, json};

use super::archive::Entry;
use super::response::content_type;

/// Name of the file in the archive; the standard's.
pub(super) const FILE_NAME: &str = "ro-crate-metadata.json";

/// What stays as it is in a relative reference: no blank, no `#`, `?` or `%`, and no `:` that would make the
/// first component a scheme.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'=')
    .remove(b'+')
    .remove(b',')
    .remove(b'@');

/// Where a product comes from.
pub(super) struct Provenance {
    authorship: Authorship,
    making: Option<(Making, Vec<Source>)>,
}

impl Provenance {
    /// Reads it.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn read(store: &Store, product: &ProductRow) -> Result<Self, StoreError> {
        let authorship = store.authorship(product.id).await?;
        let making = match product.process_id {
            Some(_) => store.making(product.id).await?,
            None => None,
        };
        let making = match making {
            Some(making) => {
                let sources = store.open_sources(making.id, product.release_id).await?;
                Some((making, sources))
            }
            None => None,
        };
        Ok(Self { authorship, making })
    }
}

/// The document: the crate, its files, and everything these refer to.
pub(super) fn document(
    product: &ProductRow,
    provenance: &Provenance,
    public_url: Option<&str>,
    entries: &[Entry],
) -> String {
    let page = |internal_name: &str| {
        public_url.map(|base| format!("{}/product/{internal_name}", base.trim_end_matches('/')))
    };
    let mut graph = vec![json!({
        "@id": FILE_NAME,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    })];
    let mut others = Vec::new();
    let mut root = root(product, provenance, &page, &mut others);
    root.insert(
        "hasPart".into(),
        entries
            .iter()
            .map(|entry| reference(&path_id(&entry.name)))
            .collect(),
    );
    if let Some((making, sources)) = &provenance.making {
        let action = action(making, sources, &page, &mut others);
        root.insert("mentions".into(), json!([{"@id": action}]));
    }
    graph.push(Value::Object(root));
    graph.extend(entries.iter().map(of_entry));
    graph.extend(others);
    let document = json!({
        "@context": ["https://w3id.org/ro/crate/1.1/context", {"sha256": "http://schema.org/sha256"}],
        "@graph": graph,
    });
    format!("{document:#}\n")
}

fn root(
    product: &ProductRow,
    provenance: &Provenance,
    page: &dyn Fn(&str) -> Option<String>,
    others: &mut Vec<Value>,
) -> Map<String, Value> {
    let authorship = &provenance.authorship;
    let internal_name = product.internal_name.clone().unwrap_or_default();
    let address = page(&internal_name);
    let description = product
        .description
        .clone()
        .filter(|text| !text.trim().is_empty())
        .unwrap_or_else(|| {
            format!(
                "{}: {}, without a description.",
                product.product_type_name, product.display_name
            )
        });
    let identifier = match (&authorship.doi, &address) {
        (Some(doi), _) => doi_address(doi),
        (None, Some(address)) => address.clone(),
        (None, None) => internal_name.clone(),
    };
    let mut root = Map::new();
    root.insert("@id".into(), "./".into());
    root.insert("@type".into(), "Dataset".into());
    root.insert("name".into(), product.display_name.clone().into());
    root.insert("alternateName".into(), internal_name.into());
    root.insert("description".into(), description.into());
    root.insert("identifier".into(), identifier.into());
    root.insert("version".into(), authorship.version_number.to_string().into());
    root.insert("datePublished".into(), time(product.created_at));
    root.insert("dateModified".into(), time(product.updated_at));
    root.insert("keywords".into(), product.product_type_name.clone().into());
    root.insert("author".into(), authors(product, authorship, others));
    if let Some(address) = address {
        root.insert("url".into(), address.into());
    }
    if let Some(license) = &authorship.license {
        root.insert("license".into(), license_of(license, others));
    }
    root
}

/// Those who are named as creators; otherwise the owner.
fn authors(product: &ProductRow, authorship: &Authorship, others: &mut Vec<Value>) -> Value {
    let mut references = Vec::new();
    for creator in authorship.creators.iter().filter_map(Value::as_array).flatten() {
        let text = |key: &str| {
            creator
                .get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let Some(name) = creator.as_str().or_else(|| text("name")) else {
            continue;
        };
        let id = match text("orcid") {
            Some(orcid) => format!(
                "https://orcid.org/{}",
                utf8_percent_encode(orcid.rsplit('/').next().unwrap_or(orcid), PATH)
            ),
            None => format!("#creator-{}", references.len() + 1),
        };
        let mut person = Map::new();
        person.insert("@id".into(), id.clone().into());
        person.insert("@type".into(), "Person".into());
        person.insert("name".into(), name.into());
        if let Some(affiliation) = text("affiliation") {
            person.insert("affiliation".into(), affiliation.into());
        }
        add(others, Value::Object(person));
        references.push(reference(&id));
    }
    if references.is_empty() {
        let name = if authorship.owner_name.is_empty() {
            &product.username
        } else {
            &authorship.owner_name
        };
        references.push(person("#owner", name, others));
    }
    Value::Array(references)
}

/// SPDX ids have an address of their own; anything else is said as it is.
fn license_of(license: &str, others: &mut Vec<Value>) -> Value {
    let is_spdx = license
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'+'));
    if !is_spdx {
        return license.into();
    }
    let id = format!("https://spdx.org/licenses/{license}");
    add(
        others,
        json!({"@id": id, "@type": "CreativeWork", "name": license, "identifier": id}),
    );
    reference(&id)
}

fn of_entry(entry: &Entry) -> Value {
    json!({
        "@id": path_id(&entry.name),
        "@type": "File",
        "name": entry.name,
        "contentSize": entry.size_bytes.to_string(),
        "encodingFormat": media_type(&entry.name),
        "sha256": entry.sha256,
        "dateModified": time(entry.modified),
    })
}

/// The run of the pipeline: what ran, on what, by whom; its id.
fn action(
    making: &Making,
    sources: &[Source],
    page: &dyn Fn(&str) -> Option<String>,
    others: &mut Vec<Value>,
) -> String {
    let id = format!("#process-{}", making.id);
    let pipeline = format!("#pipeline-{}", utf8_percent_encode(&making.pipeline_name, PATH));
    let mut objects = Vec::new();
    for source in sources {
        let internal_name = source.internal_name.clone().unwrap_or_default();
        let source_id = match &source.doi {
            Some(doi) => doi_address(doi),
            None => page(&internal_name).unwrap_or_else(|| format!("#product-{}", source.id)),
        };
        let mut dataset = Map::new();
        dataset.insert("@id".into(), source_id.clone().into());
        dataset.insert("@type".into(), "Dataset".into());
        dataset.insert("name".into(), source.display_name.clone().into());
        dataset.insert("identifier".into(), internal_name.into());
        if let Some(description) = &source.description {
            dataset.insert("description".into(), description.clone().into());
        }
        add(others, Value::Object(dataset));
        objects.push(reference(&source_id));
    }
    let mut instrument = Map::new();
    instrument.insert("@id".into(), pipeline.clone().into());
    instrument.insert("@type".into(), "SoftwareApplication".into());
    instrument.insert("name".into(), making.pipeline_display_name.clone().into());
    instrument.insert("softwareVersion".into(), making.pipeline_version.clone().into());
    if let Some(description) = &making.pipeline_description {
        instrument.insert("description".into(), description.clone().into());
    }
    add(others, Value::Object(instrument));
    let mut run = Map::new();
    run.insert("@id".into(), id.clone().into());
    run.insert("@type".into(), "CreateAction".into());
    run.insert("name".into(), making.display_name.clone().into());
    run.insert("instrument".into(), reference(&pipeline));
    run.insert("object".into(), Value::Array(objects));
    run.insert("result".into(), json!([{"@id": "./"}]));
    run.insert("agent".into(), person("#runner", &making.user_name, others));
    for (key, at) in [("startTime", making.started_at), ("endTime", making.ended_at)] {
        if let Some(at) = at {
            run.insert(key.into(), time(at));
        }
    }
    add(others, Value::Object(run));
    id
}

fn person(id: &str, name: &str, others: &mut Vec<Value>) -> Value {
    add(others, json!({"@id": id, "@type": "Person", "name": name}));
    reference(id)
}

/// Adds an entity unless one of its id is there: ids of a crate are unique.
fn add(others: &mut Vec<Value>, entity: Value) {
    if !others.iter().any(|known| known["@id"] == entity["@id"]) {
        others.push(entity);
    }
}

fn reference(id: &str) -> Value {
    json!({"@id": id})
}

fn path_id(name: &str) -> String {
    utf8_percent_encode(name, PATH).to_string()
}

fn doi_address(doi: &str) -> String {
    format!("https://doi.org/{}", utf8_percent_encode(doi, PATH))
}

fn time(at: chrono::DateTime<chrono::Utc>) -> Value {
    Timestamp::from(at).to_offset_text().into()
}

/// The media type, also of what is never sent to a browser as what it is.
fn media_type(name: &str) -> &'static str {
    match pz_model::file_name::extension(name).as_str() {
        ".html" | ".htm" => "text/html",
        ".svg" => "image/svg+xml",
        ".md" | ".markdown" => "text/markdown",
        ".vot" | ".votable" => "application/x-votable+xml",
        ".xml" => "application/xml",
        ".ipynb" => "application/x-ipynb+json",
        ".gif" => "image/gif",
        ".webp" => "image/webp",
        ".tar" => "application/x-tar",
        ".txt" | ".dat" => "text/plain",
        _ => content_type(name),
    }
}

#[cfg(test)]
mod tests;
