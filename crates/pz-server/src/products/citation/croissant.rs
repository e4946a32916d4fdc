//! Croissant 1.1: a schema.org `Dataset` that programs for machine learning can load, with the files and the
//! columns of the table.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pz_store::product_contents::Content;

use super::facts::{Facts, File, one_line};
use super::json::{Json, Object, object};
use super::schema_org::{derived_from, description, organisation, person};
use super::text;

/// Terms of the format, each in its vocabulary.
const TERMS: [(&str, &str); 36] = [
    ("arrayShape", "cr:arrayShape"),
    ("citeAs", "cr:citeAs"),
    ("column", "cr:column"),
    ("conformsTo", "dct:conformsTo"),
    ("containedIn", "cr:containedIn"),
    ("cr", "http://mlcommons.org/croissant/"),
    ("dct", "http://purl.org/dc/terms/"),
    ("equivalentProperty", "cr:equivalentProperty"),
    ("extract", "cr:extract"),
    ("field", "cr:field"),
    ("fileObject", "cr:fileObject"),
    ("fileProperty", "cr:fileProperty"),
    ("fileSet", "cr:fileSet"),
    ("format", "cr:format"),
    ("includes", "cr:includes"),
    ("isArray", "cr:isArray"),
    ("isLiveDataset", "cr:isLiveDataset"),
    ("jsonPath", "cr:jsonPath"),
    ("key", "cr:key"),
    ("md5", "cr:md5"),
    ("parentField", "cr:parentField"),
    ("path", "cr:path"),
    ("prov", "http://www.w3.org/ns/prov#"),
    ("rai", "http://mlcommons.org/croissant/RAI/"),
    ("recordSet", "cr:recordSet"),
    ("references", "cr:references"),
    ("regex", "cr:regex"),
    ("repeated", "cr:repeated"),
    ("replace", "cr:replace"),
    ("samplingRate", "cr:samplingRate"),
    ("sc", "https://schema.org/"),
    ("separator", "cr:separator"),
    ("source", "cr:source"),
    ("subField", "cr:subField"),
    ("transform", "cr:transform"),
    ("wasDerivedFrom", "prov:wasDerivedFrom"),
];

pub(super) fn dataset(facts: &Facts) -> Object {
    let document = object()
        .with("@context", context())
        .with("@type", "sc:Dataset")
        .with("@id", facts.permanent_url())
        .with("conformsTo", "http://mlcommons.org/croissant/1.1")
        .with("name", one_line(&facts.title))
        .with("description", description(facts))
        .maybe("license", facts.license.map(|license| license.url.unwrap_or(license.name)))
        .with("url", facts.url.clone())
        .list("creator", facts.creators.iter().map(person))
        .with("publisher", organisation(&facts.publisher))
        .with("datePublished", facts.created.date_text())
        .with("dateModified", facts.changed.date_text())
        // The format wants versions in three parts.
        .with("version", format!("{}.0.0", facts.version))
        .with("citeAs", text::sentence(facts))
        .list("keywords", facts.subjects.iter().cloned())
        .list("wasDerivedFrom", derived_from(facts).into_iter().map(|source| {
            object().with("@id", source)
        }))
        .with("isLiveDataset", false)
        .list("distribution", distribution(facts));
    match facts.main_file() {
        Some(main) if !facts.columns.is_empty() => document.list("recordSet", [record_set(facts, main)]),
        _ => document,
    }
}

fn context() -> Object {
    let json_of = |id: &'static str| object().with("@id", id).with("@type", "@json");
    let head = object()
        .with("@language", "en")
        .with("@vocab", "https://schema.org/")
        .with("data", json_of("cr:data"))
        .with("examples", json_of("cr:examples"))
        .with(
            "dataType",
            object().with("@id", "cr:dataType").with("@type", "@vocab"),
        );
    TERMS
        .into_iter()
        .fold(head, |context, (term, meaning)| context.with(term, meaning))
}

fn reference(id: impl Into<Json>) -> Object {
    object().with("@id", id)
}

fn file_id(file: &File) -> String {
    format!("file-{}", file.id)
}

/// The files; of a HATS catalog in its zip also the partitions.
fn distribution(facts: &Facts) -> Vec<Object> {
    let mut all = Vec::new();
    for file in &facts.files {
        all.push(
            object()
                .with("@type", "cr:FileObject")
                .with("@id", file_id(file))
                .with("name", one_line(&file.name))
                .with("contentUrl", file.url.clone())
                .with("contentSize", format!("{} B", file.size_bytes))
                .with("encodingFormat", one_line(&file.media_type))
                .with("sha256", file.sha256.clone()),
        );
        if file.is_directory {
            all.push(
                object()
                    .with("@type", "cr:FileSet")
                    .with("@id", partitions_id(file))
                    .with("name", "partitions")
                    .with("containedIn", reference(file_id(file)))
                    .with("encodingFormat", "application/vnd.apache.parquet")
                    .with("includes", "dataset/**/*.parquet"),
            );
        }
    }
    all
}

fn partitions_id(file: &File) -> String {
    format!("file-{}-partitions", file.id)
}

fn record_set(facts: &Facts, main: &File) -> Object {
    object()
        .with("@type", "cr:RecordSet")
        .with("@id", "table")
        .with("name", "table")
        .with("description", format!("Rows of {}.", one_line(&main.name)))
        .list("field", facts.columns.iter().map(|column| field(column, main)))
}

fn field(column: &Content, main: &File) -> Object {
    let (kind, is_list) = data_type(column.dtype.as_deref().unwrap_or_default());
    let shape = column.shape_numbers();
    let is_array = is_list || !shape.is_empty();
    let shape_text = if shape.is_empty() {
        "-1".to_owned()
    } else {
        shape.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
    };
    let source = if main.is_directory {
        object().with("fileSet", reference(partitions_id(main)))
    } else {
        object().with("fileObject", reference(file_id(main)))
    };
    let id = format!(
        "table/{}",
        utf8_percent_encode(&column.column_name, NON_ALPHANUMERIC)
    );
    object()
        .with("@type", "cr:Field")
        .with("@id", id)
        .with("name", column.column_name.clone())
        .maybe("description", field_description(column))
        .with("dataType", kind)
        .maybe("isArray", is_array.then_some(true))
        .maybe("arrayShape", is_array.then_some(shape_text))
        .with(
            "source",
            source.with("extract", object().with("column", column.column_name.clone())),
        )
}

/// Description, unit and UCD, as far as there are any.
fn field_description(column: &Content) -> Option<String> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let parts: Vec<String> = [
        given(&column.description),
        given(&column.unit).map(|unit| format!("[{unit}]")),
        given(&column.ucd).map(|ucd| format!("UCD {ucd}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The type of single values, and whether a cell holds a list of them.
fn data_type(stored: &str) -> (&'static str, bool) {
    let mut item = stored;
    while let Some(inside) = item.strip_prefix("list<").and_then(|rest| rest.strip_suffix('>')) {
        item = inside;
    }
    let kind = if item.starts_with("int") || item.starts_with("uint") {
        "sc:Integer"
    } else if item.starts_with("float") || item.starts_with("decimal") {
        "sc:Float"
    } else if item.starts_with("bool") {
        "sc:Boolean"
    } else if item.starts_with("timestamp") {
        "sc:DateTime"
    } else if item.starts_with("date") {
        "sc:Date"
    } else {
        "sc:Text"
    };
    (kind, item.len() != stored.len())
}
