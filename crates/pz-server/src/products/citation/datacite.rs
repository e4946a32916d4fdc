//! DataCite metadata, schema 4, as its JSON form has it.

use pz_model::api::{Creator, Funding, RelatedIdentifier};

use super::facts::{Facts, one_line};
use super::json::{Object, object};

pub(super) fn metadata(facts: &Facts) -> Object {
    let identifier = match &facts.doi {
        Some(doi) => identifier("DOI", doi),
        None => identifier("URL", &facts.url),
    };
    object()
        .maybe("doi", facts.doi.clone())
        .list("identifiers", [identifier])
        .list("creators", facts.creators.iter().map(creator))
        .list("titles", [object().with("title", one_line(&facts.title))])
        .with("publisher", object().with("name", one_line(&facts.publisher)))
        .with("publicationYear", facts.year.to_string())
        .with(
            "types",
            object()
                .with("resourceType", one_line(&facts.resource_type))
                .with("resourceTypeGeneral", "Dataset"),
        )
        .list(
            "subjects",
            facts
                .subjects
                .iter()
                .map(|subject| object().with("subject", subject.clone())),
        )
        .list(
            "dates",
            [
                date("Created", &facts.created.date_text()),
                date("Updated", &facts.changed.date_text()),
            ],
        )
        .list("alternateIdentifiers", alternates(facts))
        .list("relatedIdentifiers", facts.related.iter().map(related))
        .list("sizes", sizes(facts))
        .list("formats", formats(facts))
        .with("version", facts.version.to_string())
        .list(
            "rightsList",
            facts.license.map(|license| {
                let spdx = license.url.map(|_| license.id);
                object()
                    .with("rights", license.name)
                    .maybe("rightsUri", license.url)
                    .maybe("rightsIdentifier", spdx)
                    .maybe("rightsIdentifierScheme", spdx.map(|_| "SPDX"))
                    .maybe("schemeUri", spdx.map(|_| "https://spdx.org/licenses/"))
            }),
        )
        .list(
            "descriptions",
            facts.description.iter().map(|text| {
                object()
                    .with("description", text.clone())
                    .with("descriptionType", "Abstract")
            }),
        )
        .list("fundingReferences", facts.funding.iter().map(funding))
        .with("schemaVersion", "http://datacite.org/schema/kernel-4")
}

fn identifier(kind: &'static str, text: &str) -> Object {
    object().with("identifier", text).with("identifierType", kind)
}

/// Other names: the internal one, and the page of a product with a DOI.
fn alternates(facts: &Facts) -> Vec<Object> {
    let alternate = |kind: &'static str, text: &str| {
        object()
            .with("alternateIdentifier", text)
            .with("alternateIdentifierType", kind)
    };
    let page = facts.doi.as_ref().map(|_| alternate("URL", &facts.url));
    [alternate("Internal name", &facts.internal_name)]
        .into_iter()
        .chain(page)
        .collect()
}

fn date(kind: &'static str, text: &str) -> Object {
    object().with("date", text).with("dateType", kind)
}

fn creator(creator: &Creator) -> Object {
    object()
        .with("name", creator.name.clone())
        .maybe("nameType", creator.orcid.as_ref().map(|_| "Personal"))
        .list(
            "nameIdentifiers",
            creator.orcid.iter().map(|orcid| {
                object()
                    .with("nameIdentifier", format!("https://orcid.org/{orcid}"))
                    .with("nameIdentifierScheme", "ORCID")
                    .with("schemeUri", "https://orcid.org")
            }),
        )
        .list(
            "affiliation",
            creator
                .affiliation
                .iter()
                .map(|name| object().with("name", name.clone())),
        )
}

fn related(related: &RelatedIdentifier) -> Object {
    object()
        .with("relatedIdentifier", related.identifier.clone())
        .with("relatedIdentifierType", related.identifier_type.clone())
        .with("relationType", related.relation.clone())
}

fn funding(funding: &Funding) -> Object {
    object()
        .with("funderName", funding.funder.clone())
        .maybe("awardNumber", funding.award_number.clone())
        .maybe("awardTitle", funding.award_title.clone())
}

fn sizes(facts: &Facts) -> Vec<String> {
    let rows = facts.n_rows.map(|rows| format!("{rows} rows"));
    let bytes = facts.main_file().map(|file| format!("{} bytes", file.size_bytes));
    rows.into_iter().chain(bytes).collect()
}

fn formats(facts: &Facts) -> Vec<String> {
    let mut formats: Vec<String> = Vec::new();
    for file in &facts.files {
        if !formats.contains(&file.media_type) {
            formats.push(file.media_type.clone());
        }
    }
    formats
}
