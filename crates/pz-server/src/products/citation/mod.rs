//! Citing a product: one set of facts, written in the formats that reference managers, registries and search
//! engines read. What users wrote is hostile: every format escapes it in its own way.

mod bibtex;
mod croissant;
mod datacite;
mod facts;
mod json;
mod ris;
mod schema_org;
mod signposting;
mod text;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::api::CitationFormat;
use pz_store::products::ProductRow;

pub(super) use facts::base_address;
pub(super) use signposting::links;

use self::facts::Facts;
use super::{LIST, VisibleProduct};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::filters::QueryMap;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::instance("Citation", &LIST) => [get_citation],
    );
}

/// What may be asked.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents a parameter that is read by hand")]
struct CitationQuery {
    /// How the citation is written; `text` when absent.
    #[param(inline, required = false, nullable = false)]
    format: CitationFormat,
}

/// Get the citation or the metadata of the product in a format that other programs read.
#[utoipa::path(get, path = "/api/products/{id}/citation/", tag = "products", params(CitationQuery), responses(
    (status = 200, description = "A sentence, a BibTeX entry, a RIS record, DataCite metadata (JSON), a schema.org dataset or a Croissant description (both JSON-LD)", content(
        (String = "text/plain"),
        (String = "application/x-bibtex"),
        (String = "application/x-research-info-systems"),
        (Object = "application/json"),
        (Object = "application/ld+json"),
    )),
    (status = 400, description = "There is no such format"),
))]
async fn get_citation(
    product: VisibleProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let query = QueryMap::of(&request);
    let format = match query.get("format").map(CitationFormat::from_name) {
        None => CitationFormat::Text,
        Some(Some(format)) => format,
        Some(None) => {
            let names = CitationFormat::ALL.map(CitationFormat::as_str).join(", ");
            return Err(ApiError::parameter("format", format!("Give one of {names}.")));
        }
    };
    let facts = Facts::gather(&state, product.caller.viewer(), &product.row).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format.media_type()))
        .body(written(&facts, format)?))
}

fn written(facts: &Facts, format: CitationFormat) -> ApiResult<String> {
    Ok(match format {
        CitationFormat::Text => text::sentence(facts),
        CitationFormat::BibTex => bibtex::entry(facts),
        CitationFormat::Ris => ris::record(facts),
        CitationFormat::DataCite => json::document(&datacite::metadata(facts))?,
        CitationFormat::JsonLd => json::document(&schema_org::dataset(facts))?,
        CitationFormat::Croissant => json::document(&croissant::dataset(facts))?,
    })
}

/// The citation as a sentence, from the row alone.
pub(super) fn sentence(state: &AppState, row: &ProductRow) -> String {
    text::sentence(&Facts::of_row(state, row))
}

#[cfg(test)]
mod tests;
