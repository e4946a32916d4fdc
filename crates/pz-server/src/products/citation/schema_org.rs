//! A schema.org `Dataset`, JSON-LD: what search engines for data sets read.

use pz_model::api::{Creator, RelatedIdentifier};

use super::facts::{Facts, one_line};
use super::json::{Json, Object, object};

pub(super) fn dataset(facts: &Facts) -> Object {
    let identifier = match &facts.doi {
        Some(doi) => format!("https://doi.org/{doi}"),
        None => facts.internal_name.clone(),
    };
    object()
        .with("@context", "https://schema.org/")
        .with("@type", "Dataset")
        .with("@id", facts.permanent_url())
        .with("identifier", identifier)
        .with("name", one_line(&facts.title))
        .with("description", description(facts))
        .with("version", facts.version.to_string())
        .with("url", facts.url.clone())
        .maybe(
            "license",
            facts.license.map(|license| license.url.unwrap_or(license.name)),
        )
        .list("creator", facts.creators.iter().map(person))
        .with("publisher", organisation(&facts.publisher))
        .with("datePublished", facts.created.date_text())
        .with("dateModified", facts.changed.date_text())
        .list("keywords", facts.subjects.iter().cloned())
        .list("isBasedOn", derived_from(facts))
        .list("citation", cited(facts))
        .list(
            "funding",
            facts.funding.iter().map(|funding| {
                object()
                    .with("@type", "Grant")
                    .maybe("identifier", funding.award_number.clone())
                    .maybe("name", funding.award_title.clone())
                    .with("funder", organisation(&funding.funder))
            }),
        )
        .list(
            "distribution",
            facts.files.iter().map(|file| {
                object()
                    .with("@type", "DataDownload")
                    .with("name", one_line(&file.name))
                    .with("contentUrl", file.url.clone())
                    .with("encodingFormat", one_line(&file.media_type))
                    .with("contentSize", format!("{} B", file.size_bytes))
                    .with("sha256", file.sha256.clone())
            }),
        )
        .list(
            "variableMeasured",
            facts.columns.iter().map(|column| {
                object()
                    .with("@type", "PropertyValue")
                    .with("name", column.column_name.clone())
                    .maybe(
                        "description",
                        column.description.clone().filter(|text| !text.is_empty()),
                    )
                    .maybe("unitText", column.unit.clone().filter(|text| !text.is_empty()))
                    .maybe("propertyID", column.ucd.clone().filter(|text| !text.is_empty()))
            }),
        )
}

/// Search engines want at least 50 characters: without a description, what the product is.
pub(super) fn description(facts: &Facts) -> String {
    facts.description.clone().unwrap_or_else(|| {
        format!(
            "{}: {}, published by {}.",
            one_line(&facts.title),
            one_line(&facts.resource_type),
            one_line(&facts.publisher)
        )
    })
}

pub(super) fn person(creator: &Creator) -> Object {
    let orcid = creator
        .orcid
        .as_ref()
        .map(|orcid| format!("https://orcid.org/{orcid}"));
    object()
        .with("@type", "Person")
        .maybe("@id", orcid)
        .with("name", creator.name.clone())
        .maybe(
            "affiliation",
            creator.affiliation.as_ref().map(|name| organisation(name)),
        )
}

pub(super) fn organisation(name: &str) -> Object {
    object()
        .with("@type", "Organization")
        .with("name", one_line(name))
}

/// What the product was made from.
pub(super) fn derived_from(facts: &Facts) -> Vec<Json> {
    facts
        .related
        .iter()
        .filter(|related| related.relation == "IsDerivedFrom")
        .map(|related| Json::from(address(related)))
        .collect()
}

fn cited(facts: &Facts) -> Vec<Json> {
    const PAPERS: [&str; 4] = ["Cites", "References", "IsDescribedBy", "IsSupplementTo"];
    facts
        .related
        .iter()
        .filter(|related| PAPERS.contains(&related.relation.as_str()))
        .map(|related| Json::from(address(related)))
        .collect()
}

fn address(related: &RelatedIdentifier) -> String {
    match related.identifier_type.as_str() {
        "DOI" => format!("https://doi.org/{}", related.identifier),
        "arXiv" => format!(
            "https://arxiv.org/abs/{}",
            related.identifier.trim_start_matches("arXiv:")
        ),
        "bibcode" => format!("https://ui.adsabs.harvard.edu/abs/{}", related.identifier),
        _ => related.identifier.clone(),
    }
}
