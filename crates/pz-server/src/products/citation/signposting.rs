//! FAIR Signposting: what the page of a product points at, as a `Link` header.

use pz_model::api::CitationFormat;
use pz_store::products::ProductRow;

use super::facts::Facts;
use crate::state::AppState;

/// The header's value. Everything in it is made here or checked by form, so nothing in it needs escaping.
pub(crate) fn links(state: &AppState, row: &ProductRow) -> String {
    let facts = Facts::of_row(state, row);
    let mut links = vec![
        format!("<{}>; rel=\"cite-as\"", facts.permanent_url()),
        "<https://schema.org/Dataset>; rel=\"type\"".to_owned(),
    ];
    for format in CitationFormat::ALL {
        let media_type = format.media_type().split(';').next().unwrap_or_default();
        links.push(format!(
            "<{}/api/products/{}/citation/?format={}>; rel=\"describedby\"; type=\"{media_type}\"",
            facts.base,
            facts.id,
            format.as_str()
        ));
    }
    if let Some(url) = facts.license.and_then(|license| license.url) {
        links.push(format!("<{url}>; rel=\"license\""));
    }
    // A header has its limits.
    for orcid in facts
        .creators
        .iter()
        .filter_map(|creator| creator.orcid.as_ref())
        .take(20)
    {
        links.push(format!("<https://orcid.org/{orcid}>; rel=\"author\""));
    }
    links.join(", ")
}
