//! Finds the catalog and its partition files among the files of a directory or container. Must never follow a
//! reference out of them.

use std::collections::{BTreeMap, HashSet};

use super::Properties;
use super::layout::DatasetKind;
use super::natural::natural;
use super::store::{Store, StoredFile};
use crate::error::TableError;
use crate::statistics::shown;
use crate::unwrap::{base, cleaned, directory, is_parquet};

/// Most bytes of a properties file, and of a list of partitions.
const MAX_PROPERTIES: u64 = 256 * 1024;
const MAX_PARTITION_INFO: u64 = 64 * 1024 * 1024;

/// How many directories a catalog may lie below the place that is opened.
const MAX_DEPTH: usize = 3;

/// The order of the index that places partitions on the sky.
const FINEST: u32 = 29;

/// What was found.
#[derive(Debug)]
pub(super) struct Dataset {
    pub(super) kind: DatasetKind,
    /// Files with rows, in the order of the rows.
    pub(super) partitions: Vec<StoredFile>,
    /// `_common_metadata` or `_metadata`.
    pub(super) schema_file: Option<String>,
    /// Rows as the properties state them.
    pub(super) stated_rows: Option<u64>,
    /// Columns that are none of the table.
    pub(super) hidden: Vec<String>,
}

/// Looks for a HATS catalog, else for Parquet files.
pub(super) fn discover(store: &Store) -> Result<Dataset, TableError> {
    let files = store.list()?;
    if let Some(root) = catalog_root(store, &files)? {
        return catalog(store, &files, &root);
    }
    let partitions = data_files(&files, "");
    if partitions.is_empty() {
        return Err(not_a_table(
            store,
            "it holds neither a HATS catalog nor Parquet files",
        ));
    }
    Ok(Dataset {
        kind: DatasetKind::ParquetDirectory,
        schema_file: schema_file(&files, ""),
        partitions,
        stated_rows: None,
        hidden: Vec::new(),
    })
}

fn not_a_table(store: &Store, reason: impl Into<String>) -> TableError {
    TableError::NotATable {
        file: store.file_name.clone(),
        reason: reason.into(),
        line: None,
        byte: None,
    }
}

/// The directory of the primary catalog, with a slash behind it.
fn catalog_root(store: &Store, files: &[StoredFile]) -> Result<Option<String>, TableError> {
    let has = |name: &str| {
        files
            .binary_search_by(|file| file.name.as_str().cmp(name))
            .is_ok()
    };
    if has("hats.properties") || has("properties") {
        return Ok(Some(String::new()));
    }
    let near = |wanted: &str| -> Vec<&str> {
        let names = files.iter().map(|file| file.name.as_str());
        names
            .filter(|name| base(name) == wanted && name.matches('/').count() <= MAX_DEPTH)
            .collect()
    };
    let collections = near("collection.properties");
    let collection = if has("collection.properties") {
        Some("collection.properties")
    } else {
        one(store, &collections, "collections")?
    };
    if let Some(collection) = collection {
        return primary(store, collection, has).map(Some);
    }
    for wanted in ["hats.properties", "properties"] {
        let mut catalogs = Vec::new();
        for name in near(wanted) {
            if Properties::parse(&store.read(name, MAX_PROPERTIES)?).is_catalog() {
                catalogs.push(name);
            }
        }
        if let Some(name) = one(store, &catalogs, "catalogs")? {
            return Ok(Some(directory(name).to_owned()));
        }
    }
    Ok(None)
}

/// The only one of several, of which there must not be more.
fn one<'a>(store: &Store, markers: &[&'a str], what: &str) -> Result<Option<&'a str>, TableError> {
    if markers.len() > 1 {
        let names: Vec<_> = markers
            .iter()
            .take(5)
            .map(|name| shown(directory(name).trim_end_matches('/')))
            .collect();
        let reason = format!(
            "it holds {} HATS {what} ({}, …); take one of them",
            markers.len(),
            names.join(", ")
        );
        return Err(not_a_table(store, reason));
    }
    Ok(markers.first().copied())
}

/// The directory that a collection names as its primary catalog.
fn primary(store: &Store, collection: &str, has: impl Fn(&str) -> bool) -> Result<String, TableError> {
    let properties = Properties::parse(&store.read(collection, MAX_PROPERTIES)?);
    let Some(url) = properties.get("hats_primary_table_url") else {
        return Err(store.broken(format!("{} has no hats_primary_table_url", shown(collection))));
    };
    let inside = if url.contains("://") {
        None
    } else {
        cleaned(&store.file_name, url).ok()
    };
    let Some(inside) = inside else {
        return Err(TableError::OutsideReference {
            file: store.file_name.clone(),
            what: format!(
                "its primary catalog is '{}', outside of the collection",
                shown(url)
            ),
            remedy: "Name a directory of the collection in hats_primary_table_url.",
        });
    };
    let mut root = format!("{}{inside}", directory(collection));
    if !root.is_empty() && !root.ends_with('/') {
        root.push('/');
    }
    if !has(&format!("{root}hats.properties")) && !has(&format!("{root}properties")) {
        let reason = format!(
            "its primary catalog '{}' has no hats.properties, or is not there",
            shown(url)
        );
        return Err(store.broken(reason));
    }
    Ok(root)
}

fn catalog(store: &Store, files: &[StoredFile], root: &str) -> Result<Dataset, TableError> {
    let has = |name: &str| {
        files
            .binary_search_by(|file| file.name.as_str().cmp(name))
            .is_ok()
    };
    let marker = ["hats.properties", "properties"].map(|name| format!("{root}{name}"));
    let marker = marker.into_iter().find(|name| has(name)).unwrap_or_default();
    let properties = Properties::parse(&store.read(&marker, MAX_PROPERTIES)?);
    if let Some(kind) = properties.dataproduct_type().filter(|_| !properties.is_catalog()) {
        let reason = format!(
            "it is a HATS catalog of the type {}, not of objects or sources",
            shown(&kind)
        );
        return Err(not_a_table(store, reason));
    }
    let stated_rows = properties.get("hats_nrows").map(|rows| {
        rows.parse().map_err(|_| {
            store.broken(format!(
                "{} has hats_nrows={}, which is no number of rows",
                shown(&marker),
                shown(rows)
            ))
        })
    });
    // Catalogs within the catalog (its margins, where there is no collection) are none of its partitions.
    let inner: HashSet<&str> = files
        .iter()
        .map(|file| file.name.as_str())
        .filter(|name| matches!(base(name), "hats.properties" | "properties"))
        .map(directory)
        .filter(|directory| directory.starts_with(root) && directory.len() > root.len())
        .collect();
    let own = |name: &str| name.starts_with(root) && !directories(name).any(|above| inner.contains(above));
    let own: Vec<StoredFile> = files.iter().filter(|file| own(&file.name)).cloned().collect();
    let mut hidden = match properties.get("hats_col_healpix") {
        Some(index) => vec![index.to_owned()],
        // Old writers had these, and did not say so.
        None => vec!["_healpix_29".to_owned(), "_hipscat_index".to_owned()],
    };
    hidden.extend(["Norder", "Dir", "Npix"].map(str::to_owned));
    Ok(Dataset {
        kind: DatasetKind::Hats,
        partitions: partitions(
            store,
            &own,
            root,
            properties.get("hats_npix_suffix").unwrap_or(".parquet"),
        )?,
        schema_file: schema_file(&own, root),
        stated_rows: stated_rows.transpose()?,
        hidden,
    })
}

/// The directories above a file, with the slashes behind them.
fn directories(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').filter_map(|(at, _)| name.get(..=at))
}

/// A pixel: where it begins at the finest order, its order and its number. Sorts by position on the sky.
type Pixel = (u64, u32, u64);

fn pixel(order: u32, number: u64) -> Option<Pixel> {
    let exists = order <= FINEST && number < 12 << (2 * order);
    exists.then(|| (number << (2 * (FINEST - order)), order, number))
}

/// The partition files in the order of their places on the sky.
fn partitions(
    store: &Store,
    files: &[StoredFile],
    root: &str,
    suffix: &str,
) -> Result<Vec<StoredFile>, TableError> {
    let mut by_pixel: BTreeMap<Pixel, Vec<StoredFile>> = BTreeMap::new();
    for file in files {
        if let Some((order, number)) = named_pixel(&file.name, suffix) {
            let pixel = pixel(order, number).ok_or_else(|| {
                store.broken(format!(
                    "its {} is a place that the sky does not have",
                    shown(&file.name)
                ))
            })?;
            by_pixel.entry(pixel).or_default().push(file.clone());
        }
    }
    let list = format!("{root}partition_info.csv");
    let mut listed = Vec::new();
    if files.iter().any(|file| file.name == list) {
        let text = store.read(&list, MAX_PARTITION_INFO)?;
        for (order, number) in listed_pixels(store, &text)? {
            let pixel = pixel(order, number).ok_or_else(|| {
                store.broken(format!(
                    "partition_info.csv lists Norder={order}, Npix={number}, which the sky does not have"
                ))
            })?;
            let files = by_pixel.remove(&pixel).ok_or_else(|| {
                let shape = format!(
                    "Norder={order}/Dir={}/Npix={number}{suffix}",
                    number / 10_000 * 10_000
                );
                store.broken(format!(
                    "partition_info.csv lists {shape}, which is missing, or listed twice"
                ))
            })?;
            listed.push((pixel, files));
        }
        listed.sort_by_key(|(pixel, _)| *pixel);
    } else if by_pixel.is_empty() {
        return Ok(data_files(files, root));
    } else {
        listed.extend(by_pixel);
    }
    Ok(listed
        .into_iter()
        .flat_map(|(_, mut files)| {
            files.sort_by(|a, b| natural(&a.name, &b.name));
            files
        })
        .collect())
}

/// Order and number of the pixel that a partition file has in its path: `…/Norder=1/Dir=0/Npix=5.parquet`, or a
/// file in a directory `Npix=5`.
fn named_pixel(name: &str, suffix: &str) -> Option<(u32, u64)> {
    let mut parts = name.split('/');
    let order = parts
        .by_ref()
        .find_map(|part| part.strip_prefix("Norder="))?
        .parse()
        .ok()?;
    let pixel = parts.by_ref().find_map(|part| part.strip_prefix("Npix="))?;
    let end = pixel
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(pixel.len());
    let (number, rest) = pixel.split_at(end);
    let number = number.parse().ok()?;
    let file = base(name);
    let is_data = match parts.next() {
        None => rest == suffix || is_parquet(file),
        Some(_) => !file.starts_with(['_', '.']) && (is_parquet(file) || suffix == "/"),
    };
    is_data.then_some((order, number))
}

/// Orders and numbers in the columns `Norder` and `Npix` of a `partition_info.csv`.
fn listed_pixels(store: &Store, text: &[u8]) -> Result<Vec<(u32, u64)>, TableError> {
    let text = String::from_utf8_lossy(text);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let header: Vec<&str> = lines
        .next()
        .map(|(_, line)| fields(line).collect())
        .unwrap_or_default();
    let column = |name: &str| header.iter().position(|field| *field == name);
    let (Some(order), Some(number)) = (column("Norder"), column("Npix")) else {
        return Err(store.broken("partition_info.csv has no columns Norder and Npix"));
    };
    let mut pixels = Vec::new();
    for (index, line) in lines {
        let field = |column| fields(line).nth(column);
        let pixel = field(order)
            .and_then(|text| text.parse().ok())
            .zip(field(number).and_then(|text| text.parse().ok()));
        pixels.push(pixel.ok_or_else(|| {
            store.broken(format!(
                "line {} of partition_info.csv is not an order and a pixel",
                index + 1
            ))
        })?);
    }
    Ok(pixels)
}

fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|field| field.trim().trim_matches('"'))
}

/// Parquet files with rows below `root`, in natural order.
fn data_files(files: &[StoredFile], root: &str) -> Vec<StoredFile> {
    let is_data = |name: &&StoredFile| {
        let name = name.name.as_str();
        let hidden = name
            .get(root.len()..)
            .unwrap_or_default()
            .split('/')
            .any(|part| part.starts_with(['_', '.']));
        is_parquet(name) && !hidden && base(name) != "data_thumbnail.parquet"
    };
    let mut files: Vec<_> = files.iter().filter(is_data).cloned().collect();
    files.sort_by(|a, b| natural(&a.name, &b.name));
    files
}

/// The file of the schema alone, at the top or in the data directory.
fn schema_file(files: &[StoredFile], root: &str) -> Option<String> {
    [
        "dataset/_common_metadata",
        "_common_metadata",
        "dataset/_metadata",
        "_metadata",
    ]
    .into_iter()
    .map(|name| format!("{root}{name}"))
    .find(|name| files.iter().any(|file| file.name == *name))
}
