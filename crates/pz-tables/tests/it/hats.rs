//! HATS catalogs and collections, and directories of Parquet files.

use std::sync::Arc;

use ::arrow::array::{
    ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, NullArray, StringArray, UInt8Array,
    UInt64Array,
};
use ::arrow::datatypes::{DataType, Field};
use pz_tables::unwrap::{Container, UnwrapLimits, Unwrapped, unwrap};
use pz_tables::{Format, Inspection, Layout, Limits, TableError};
use zip::CompressionMethod::{Deflated, Stored};

use crate::archives::{gz, other, tarred, unwrapped, xz, zipped};
use crate::parquet::parquet;
use crate::table;

/// Names and contents of the files of a catalog.
type Files = Vec<(String, Vec<u8>)>;

/// A partition with the rows `ids`. `extra` are the columns that old writers put into the files.
fn partition(ids: std::ops::Range<i64>, old: bool) -> Vec<u8> {
    let mut fields = vec![
        Field::new("_healpix_29", DataType::Int64, false),
        Field::new("id", DataType::Int64, true),
        Field::new("ra", DataType::Float64, true),
        Field::new("name", DataType::Utf8, true),
    ];
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(ids.clone().collect::<Int64Array>()),
        Arc::new(
            ids.clone()
                .map(|id| id + 9_007_199_254_740_993)
                .collect::<Int64Array>(),
        ),
        Arc::new(
            ids.clone()
                .map(|id| (id % 3 > 0).then_some(id as f64 / 4.0))
                .collect::<Float64Array>(),
        ),
        Arc::new(
            ids.clone()
                .map(|id| Some(format!("n{id}")))
                .collect::<StringArray>(),
        ),
    ];
    if old {
        let rows = (ids.end - ids.start) as usize;
        for (name, column) in [
            ("Norder", Arc::new(UInt8Array::from(vec![1; rows])) as ArrayRef),
            ("Dir", Arc::new(UInt64Array::from(vec![0; rows]))),
            ("Npix", Arc::new(UInt64Array::from(vec![7; rows]))),
        ] {
            fields.push(Field::new(name, column.data_type().clone(), true));
            columns.push(column);
        }
    }
    parquet(fields, columns, None)
}

fn properties(kind: &str, rows: i64) -> Vec<u8> {
    format!(
        "#HATS catalog\nobs_collection=sample\ndataproduct_type={kind}\nhats_nrows={rows}\nhats_col_ra=ra\n\
         hats_col_dec=dec\nhats_col_healpix=_healpix_29\nhats_col_healpix_order=29\nhats_npix_suffix=.parquet\n\
         hats_creation_date=2024-11-14T18\\:47UTC\n"
    )
    .into_bytes()
}

/// A catalog of 60 rows: partitions in another order on the sky than by name.
fn catalog(below: &str, kind: &str) -> Files {
    let path = |name: &str| format!("{below}{name}");
    vec![
        (path("hats.properties"), properties(kind, 60)),
        (path("properties"), properties(kind, 60)),
        (
            path("partition_info.csv"),
            b"Norder,Npix\n1,4\n0,2\n0,10\n".to_vec(),
        ),
        (path("dataset/_common_metadata"), partition(0..0, false)),
        (path("dataset/_metadata"), partition(0..0, false)),
        (path("dataset/data_thumbnail.parquet"), partition(900..905, false)),
        (
            path("dataset/Norder=0/Dir=0/Npix=10.parquet"),
            partition(30..60, false),
        ),
        (
            path("dataset/Norder=0/Dir=0/Npix=2.parquet"),
            partition(10..30, false),
        ),
        (
            path("dataset/Norder=1/Dir=0/Npix=4.parquet"),
            partition(0..10, false),
        ),
        (path("point_map.fits"), b"SIMPLE  =                    T".to_vec()),
    ]
}

fn collection() -> Files {
    let marker =
        "#HATS Collection\nobs_collection=sample\nhats_primary_table_url=catalog\nall_margins=margin_5arcs\n";
    let mut files = catalog("catalog/", "object");
    files.extend(catalog("margin_5arcs/", "margin"));
    files.push(("collection.properties".to_owned(), marker.into()));
    files
}

/// Without `hats.properties` and `hats_col_healpix`, and with the columns of the path within the files.
fn old_catalog() -> Files {
    let path = |name: &str| name.to_owned();
    vec![
        (
            path("properties"),
            b"dataproduct_type=object\nhats_nrows=20\n".to_vec(),
        ),
        (path("dataset/_metadata"), partition(0..0, true)),
        (path("dataset/Norder=2/Dir=10000/Npix=10001.parquet"), Vec::new()),
        (
            path("dataset/Norder=7/Dir=0/Npix=9.parquet"),
            partition(0..12, true),
        ),
        (
            path("dataset/Norder=7/Dir=10000/Npix=10001.parquet"),
            partition(12..20, true),
        ),
    ]
    .into_iter()
    .filter(|(_, content)| !content.is_empty())
    .collect()
}

fn without(files: &Files, name: &str) -> Files {
    let left: Files = files.iter().filter(|(known, _)| known != name).cloned().collect();
    assert_eq!(left.len() + 1, files.len(), "{name} is one of them");
    left
}

fn with(files: &Files, name: &str, content: impl Into<Vec<u8>>) -> Files {
    let mut files: Files = files.iter().filter(|(known, _)| known != name).cloned().collect();
    files.push((name.to_owned(), content.into()));
    files
}

fn below(files: &Files, directory: &str) -> Files {
    files
        .iter()
        .map(|(name, content)| (format!("{directory}/{name}"), content.clone()))
        .collect()
}

fn borrowed(files: &Files) -> Vec<(&str, &[u8])> {
    files
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_slice()))
        .collect()
}

fn on_disk(files: &Files) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = directory.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, content).unwrap();
    }
    directory
}

fn inspect(files: &Files) -> Result<Inspection, TableError> {
    let directory = on_disk(files);
    let inspection = pz_tables::inspect(directory.path(), "sample.hats", &Limits::default());
    if let Err(error) = &inspection {
        let message = error.to_string();
        let path = directory.path().to_string_lossy().into_owned();
        assert!(
            message.contains("sample.hats") && !message.contains(&path),
            "{message}"
        );
    }
    inspection
}

fn error(files: &Files) -> String {
    let error = inspect(files).expect_err("this catalog must be refused");
    format!("{}: {error}", error.code())
}

fn ids(json: &str) -> Vec<i64> {
    let rows: Vec<serde_json::Value> = serde_json::from_str(json).unwrap();
    rows.iter()
        .map(|row| row["id"].as_i64().unwrap() - 9_007_199_254_740_993)
        .collect()
}

#[test]
fn a_catalog_in_every_shape() {
    let plain = catalog("", "object");
    let source = catalog("", "source");
    let in_collection = collection();
    let deep = below(&below(&in_collection, "release"), "2026");
    let unlisted = without(&plain, "partition_info.csv");
    for files in [&plain, &source, &in_collection, &deep, &unlisted] {
        let directory = on_disk(files);
        let inspection = pz_tables::inspect(directory.path(), "sample.hats", &Limits::default()).unwrap();
        assert_eq!((inspection.format, inspection.n_rows), (Format::Hats, 60));
        let names: Vec<_> = inspection.schema.names().collect();
        assert_eq!(names, ["id", "ra", "name"]);
        let layout: Layout =
            serde_json::from_str(&serde_json::to_string(&inspection.layout).unwrap()).unwrap();
        assert_eq!(layout, inspection.layout);
        let reader = pz_tables::open(directory.path(), "sample.hats", Some(&layout)).unwrap();
        assert_eq!(reader.schema(), &inspection.schema);
        assert_eq!(reader.layout(), layout);
        let all = pz_tables::rows_json(reader.as_ref(), 0..u64::MAX, None).unwrap();
        // By place on the sky: Norder=1, Npix=4 lies in Norder=0, Npix=1.
        assert_eq!(ids(&all), (0..60).collect::<Vec<_>>());
        for (start, end) in [
            (0, 1),
            (9, 11),
            (5, 35),
            (29, 30),
            (30, 31),
            (59, 70),
            (60, 70),
            (3, 3),
        ] {
            let page = pz_tables::rows_json(reader.as_ref(), start..end, Some(&[2, 0])).unwrap();
            assert_eq!(
                ids(&page),
                (start.min(60) as i64..end.min(60) as i64).collect::<Vec<_>>(),
                "{start}..{end}"
            );
        }
        let (min, max) = (&inspection.statistics[0].min, &inspection.statistics[0].max);
        assert_eq!(
            serde_json::to_string(&(min, max)).unwrap(),
            "[9007199254740993,9007199254741052]"
        );
        assert_eq!(inspection.statistics[1].missing, 20);
    }
    // Through the old path as well: the same rows, without what the path says.
    let directory = on_disk(&old_catalog());
    let inspection = pz_tables::inspect(directory.path(), "old", &Limits::default()).unwrap();
    assert_eq!(
        inspection.schema.names().collect::<Vec<_>>(),
        ["id", "ra", "name"]
    );
    let reader = pz_tables::open(directory.path(), "old", Some(&inspection.layout)).unwrap();
    let all = pz_tables::rows_json(reader.as_ref(), 0..99, None).unwrap();
    assert_eq!(ids(&all), (0..20).collect::<Vec<_>>());
}

#[test]
fn partitions_that_are_directories() {
    let mut files = catalog("", "object");
    files.retain(|(name, _)| !name.contains("Npix="));
    let suffix = String::from_utf8(properties("object", 60))
        .unwrap()
        .replace("=.parquet", "=/");
    let mut files = with(&files, "hats.properties", suffix);
    for (name, rows) in [
        ("Norder=0/Dir=0/Npix=10/part-2.parquet", 30..40),
        ("Norder=0/Dir=0/Npix=10/part-10.parquet", 40..60),
        ("Norder=0/Dir=0/Npix=2/0", 10..30),
        ("Norder=1/Dir=0/Npix=4/x.parquet", 0..10),
    ] {
        files.push((format!("dataset/{name}"), partition(rows, false)));
    }
    files.push(("dataset/Norder=0/Dir=0/Npix=2/_SUCCESS".to_owned(), Vec::new()));
    let directory = on_disk(&files);
    let reader = pz_tables::open(directory.path(), "d", None).unwrap();
    let all = pz_tables::rows_json(reader.as_ref(), 0..99, None).unwrap();
    assert_eq!(ids(&all), (0..60).collect::<Vec<_>>());
}

#[test]
fn an_empty_catalog_has_columns() {
    let mut files = catalog("", "object");
    files.retain(|(name, _)| !name.contains("Npix="));
    let files = with(&files, "partition_info.csv", "Norder,Npix\n");
    let files = with(&files, "hats.properties", properties("object", 0));
    let inspection = inspect(&files).unwrap();
    assert_eq!((inspection.n_rows, inspection.schema.columns.len()), (0, 3));
    let files = without(&without(&files, "dataset/_metadata"), "dataset/_common_metadata");
    assert!(error(&files).contains("_common_metadata"));
}

#[test]
fn catalogs_that_are_refused() {
    let plain = catalog("", "object");
    let all = collection();
    let info = |text: &str| with(&plain, "partition_info.csv", text);
    let primary = |url: &str| {
        with(
            &all,
            "collection.properties",
            format!("hats_primary_table_url={url}\n"),
        )
    };
    let link_error = "outside_reference";
    for (files, code, words) in [
        (
            without(&plain, "dataset/Norder=0/Dir=0/Npix=2.parquet"),
            "broken_file",
            "Norder=0/Dir=0/Npix=2.parquet, which is missing",
        ),
        (
            info("Norder,Npix\n0,2\n0,10\n"),
            "broken_file",
            "60 rows (hats_nrows) and its partitions have 50",
        ),
        (
            with(&plain, "hats.properties", properties("object", 61)),
            "broken_file",
            "61 rows",
        ),
        (
            with(
                &plain,
                "hats.properties",
                "dataproduct_type=object\nhats_nrows=many\n",
            ),
            "broken_file",
            "hats_nrows=many",
        ),
        (info("Norder,Npix\n0,12\n"), "broken_file", "Norder=0, Npix=12"),
        (
            info("Norder,Npix\n4294967295,1\n"),
            "broken_file",
            "which the sky does not have",
        ),
        (info("Norder,Npix\n0,2\n0,2\n"), "broken_file", "listed twice"),
        (
            info("Norder,Npix\n0,two\n"),
            "broken_file",
            "line 2 of partition_info.csv",
        ),
        (info("a,b\n"), "broken_file", "no columns Norder and Npix"),
        (
            with(&plain, "dataset/Norder=40/Dir=0/Npix=0.parquet", "x"),
            "broken_file",
            "does not have",
        ),
        (
            with(&plain, "dataset/Norder=0/Dir=0/Npix=2.parquet", "PAR1"),
            "broken_file",
            "Npix=2.parquet",
        ),
        (catalog("", "margin"), "not_a_table", "type margin"),
        (catalog("", "index"), "not_a_table", "type index"),
        (primary("../catalog"), link_error, "'../catalog'"),
        (primary("/astro/store/catalog"), link_error, "never followed"),
        (
            primary("https\\://data.example.org/catalog"),
            link_error,
            "https://data",
        ),
        (primary("elsewhere"), "broken_file", "'elsewhere'"),
        (primary(""), "broken_file", "no hats_primary_table_url"),
        (primary("margin_5arcs"), "not_a_table", "margin"),
        (
            [below(&all, "a"), below(&all, "b")].concat(),
            "not_a_table",
            "2 HATS collections (a, b",
        ),
        (
            vec![("a.csv".to_owned(), b"a\n1\n".to_vec())],
            "not_a_table",
            "neither a HATS catalog nor Parquet files",
        ),
    ] {
        let message = error(&files);
        assert!(
            message.starts_with(code) && message.contains(words),
            "{words}: {message}"
        );
    }
    let directory = on_disk(&plain);
    std::os::unix::fs::symlink("/etc/passwd", directory.path().join("dataset/link")).unwrap();
    let refused = pz_tables::open(directory.path(), "l", None).unwrap_err();
    assert_eq!(refused.code(), link_error, "{refused}");
}

#[test]
fn schemas_of_partitions() {
    let column = |name: &str, column: ArrayRef, nullable| {
        (Field::new(name, column.data_type().clone(), nullable), column)
    };
    let file = |columns: Vec<(Field, ArrayRef)>| {
        let (fields, columns) = columns.into_iter().unzip();
        parquet(fields, columns, None)
    };
    let id = |ids: Vec<i64>, nullable| column("id", Arc::new(Int64Array::from(ids)), nullable);
    let z = |values: Vec<f64>| column("z", Arc::new(Float64Array::from(values)), true);
    let files = |second: Vec<u8>| -> Files {
        vec![
            (
                "part-2.parquet".to_owned(),
                file(vec![id(vec![1, 2], false), z(vec![0.1, 0.2])]),
            ),
            ("part-10.parquet".to_owned(), second),
        ]
    };
    // Another order, a column without values, another kind of text: no matter.
    let rows = |files: &Files| {
        let directory = on_disk(files);
        let inspection = pz_tables::inspect(directory.path(), "d", &Limits::default()).unwrap();
        assert_eq!(inspection.format, Format::ParquetDirectory);
        let reader = pz_tables::open(directory.path(), "d", Some(&inspection.layout)).unwrap();
        assert_eq!(reader.schema(), &inspection.schema);
        pz_tables::rows_json(reader.as_ref(), 0..99, None).unwrap()
    };
    let swapped = files(file(vec![z(vec![0.3]), id(vec![3], true)]));
    assert_eq!(
        rows(&swapped),
        "[{\"id\":1,\"z\":0.1},{\"id\":2,\"z\":0.2},{\"id\":3,\"z\":0.3}]"
    );
    let valueless = files(file(vec![
        id(vec![3], true),
        column("z", Arc::new(NullArray::new(1)), true),
    ]));
    assert_eq!(
        rows(&valueless),
        "[{\"id\":1,\"z\":0.1},{\"id\":2,\"z\":0.2},{\"id\":3,\"z\":null}]"
    );
    // When the first file has no values, the file of the schema knows the type.
    let mut first = vec![
        (
            "a.parquet".to_owned(),
            file(vec![
                id(vec![3], true),
                column("z", Arc::new(NullArray::new(1)), true),
            ]),
        ),
        (
            "b.parquet".to_owned(),
            file(vec![id(vec![4], true), z(vec![0.4])]),
        ),
    ];
    assert!(error(&first).contains("has the column 'z' as float64, others as null"));
    first.push((
        "_common_metadata".to_owned(),
        file(vec![id(vec![], true), z(vec![])]),
    ));
    assert_eq!(rows(&first), "[{\"id\":3,\"z\":null},{\"id\":4,\"z\":0.4}]");
    let large: ArrayRef = Arc::new(::arrow::array::LargeStringArray::from(vec!["b"]));
    let texts = vec![
        (
            "1.parquet".to_owned(),
            file(vec![column("t", Arc::new(StringArray::from(vec!["a"])), false)]),
        ),
        ("2.parquet".to_owned(), file(vec![column("t", large, true)])),
    ];
    assert_eq!(rows(&texts), "[{\"t\":\"a\"},{\"t\":\"b\"}]");
    for (second, words) in [
        (file(vec![id(vec![3], true)]), "part-10.parquet has no column 'z'"),
        (
            file(vec![
                id(vec![3], true),
                column("z", Arc::new(Float32Array::from(vec![0.3])), true),
            ]),
            "part-10.parquet has the column 'z' as float32, others as float64",
        ),
        (
            file(vec![
                column("id", Arc::new(Int32Array::from(vec![3])), true),
                z(vec![0.3]),
            ]),
            "'id' as int32, others as int64",
        ),
    ] {
        let message = error(&files(second));
        assert!(message.contains(words), "{message}");
    }
    // Spark's and pyarrow's directories.
    let nested = vec![
        ("_SUCCESS".to_owned(), Vec::new()),
        (
            "year=2026/part-0.parquet".to_owned(),
            file(vec![id(vec![2], true)]),
        ),
        (
            "year=2025/part-0.parquet".to_owned(),
            file(vec![id(vec![1], true)]),
        ),
        ("year=2025/.part-0.parquet.crc".to_owned(), b"crc".to_vec()),
    ];
    assert_eq!(rows(&nested), "[{\"id\":1},{\"id\":2}]");
}

#[test]
fn layouts_of_other_catalogs() {
    let files = collection();
    let layout = inspect(&files).unwrap().layout;
    let changed = with(
        &files,
        "catalog/dataset/Norder=0/Dir=0/Npix=2.parquet",
        partition(10..29, false),
    );
    let directory = on_disk(&changed);
    let reader = pz_tables::open(directory.path(), "c", Some(&layout)).unwrap();
    assert!(pz_tables::rows_json(reader.as_ref(), 0..5, None).is_ok());
    let error = pz_tables::rows_json(reader.as_ref(), 5..15, None).unwrap_err();
    assert_eq!(error.code(), "stale_layout", "{error}");
    assert!(error.to_string().contains("had 20 rows"), "{error}");
    let Layout::Hats(mut elsewhere) = layout else {
        panic!("a HATS layout")
    };
    elsewhere.partitions[0].name = "../../etc/passwd".to_owned();
    let error = pz_tables::open(directory.path(), "c", Some(&Layout::Hats(elsewhere.clone()))).unwrap_err();
    assert_eq!(error.code(), "outside_reference", "{error}");
    elsewhere.partitions[0].name = "nothing.parquet".to_owned();
    let error = pz_tables::open(directory.path(), "c", Some(&Layout::Hats(elsewhere))).unwrap_err();
    assert_eq!(error.code(), "stale_layout", "{error}");
    let error = pz_tables::open(directory.path(), "c", Some(&Layout::Parquet { file_bytes: 5 })).unwrap_err();
    assert_eq!(error.code(), "stale_layout", "{error}");
}

#[test]
fn archives_of_catalogs() {
    let litter = |files: Files| {
        let files = with(&files, "__MACOSX/._x", "x");
        with(&files, "sub/.DS_Store", "x")
    };
    let alone = catalog("", "object");
    let all = collection();
    let bytes_of = |files: &Files| files.iter().map(|(_, content)| content.len() as u64).sum::<u64>();
    for (archive, archived, expected_name, files) in [
        (
            "survey.zip",
            zipped(&borrowed(&all), Deflated),
            "survey_hats",
            &all,
        ),
        ("survey.zip", zipped(&borrowed(&all), Stored), "survey_hats", &all),
        (
            "survey.v1.tar.gz",
            gz(&tarred(&borrowed(&all))),
            "survey.v1.tar_hats",
            &all,
        ),
        ("survey.tar", tarred(&borrowed(&below(&all, "a/b"))), "a/b", &all),
        (
            "survey.tar.xz",
            xz(&tarred(&borrowed(&litter(below(&alone, "cat"))))),
            "cat",
            &alone,
        ),
        (
            "survey.zip",
            zipped(&borrowed(&litter(below(&alone, "cat"))), Deflated),
            "cat",
            &alone,
        ),
        (
            "old.zip",
            zipped(&borrowed(&below(&old_catalog(), "o")), Deflated),
            "o",
            &old_catalog(),
        ),
    ] {
        let (found, container) = unwrapped(archive, &archived).unwrap();
        let expected = Unwrapped::Hats {
            name: expected_name.to_owned(),
            bytes: bytes_of(files),
            members: files.len() as u64,
        };
        assert_eq!(found, expected, "{archive}");
        // Another reader of zip archives finds the same files, none of them compressed, sorted.
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&container)).unwrap();
        let file = table("container", &container);
        let members = Container::open(&file.path).unwrap();
        assert_eq!((zip.len(), members.members().len()), (files.len(), files.len()));
        let mut sorted = borrowed(files);
        sorted.sort();
        for (index, (name, content)) in sorted.into_iter().enumerate() {
            let mut entry = zip.by_index(index).unwrap();
            assert_eq!(
                (entry.name().unwrap().as_ref(), entry.compression()),
                (name, Stored)
            );
            let mut read = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut read).unwrap();
            assert!(read == content, "{name}");
            let member = &members.members()[index];
            assert_eq!(
                (member.name.as_str(), member.bytes, member.crc32),
                (name, content.len() as u64, entry.crc32())
            );
            let at = member.offset as usize;
            assert!(container[at..at + content.len()] == *content, "{name} at {at}");
            if archive.contains("tar") {
                assert_eq!(member.modified, Some(1_764_000_000));
            }
        }
        // Read in place, out of the container and out of the archive, with the layout of either.
        let whole = inspect(files).unwrap();
        let from_container = file.inspect().unwrap();
        let packed = table(archive, &archived);
        let from_archive = packed.inspect().unwrap();
        assert_eq!((&from_container, &from_archive), (&whole, &whole), "{archive}");
        for file in [&file, &packed] {
            let reader = pz_tables::open(&file.path, &file.name, Some(&whole.layout)).unwrap();
            let rows = pz_tables::rows_json(reader.as_ref(), 8..12, None).unwrap();
            assert_eq!(ids(&rows), [8, 9, 10, 11]);
        }
    }
}

#[test]
fn archives_that_only_look_like_catalogs() {
    let plain = catalog("", "object");
    let outside = with(&below(&plain, "cat"), "README.md", "hello");
    assert!(
        other("o.zip", &zipped(&borrowed(&outside), Deflated))
            .contains("files outside its HATS catalog cat: README.md")
    );
    let two = [below(&collection(), "a"), below(&collection(), "b")].concat();
    assert!(other("t.zip", &zipped(&borrowed(&two), Deflated)).contains("2 HATS collections: a, b"));
    let margin = below(&catalog("", "margin"), "m");
    assert!(other("m.zip", &zipped(&borrowed(&margin), Deflated)).contains("files"));
    let mut nothing = plain;
    nothing.retain(|(name, _)| !name.contains("dataset"));
    assert!(other("n.zip", &zipped(&borrowed(&nothing), Deflated)).starts_with("it holds 4 files"));
    let hollow = with(
        &Files::new(),
        "collection.properties",
        "hats_primary_table_url=catalog\n",
    );
    assert!(other("h.zip", &zipped(&borrowed(&hollow), Deflated)).contains("no partitions"));
    // What points out of the archive is kept as it is, and refused when it is opened.
    let evil = with(
        &collection(),
        "collection.properties",
        "hats_primary_table_url=/etc\n",
    );
    let error = table("e.zip", zipped(&borrowed(&evil), Deflated)).error();
    assert_eq!(error.code, "outside_reference");
}

#[test]
fn damaged_archives_of_catalogs() {
    let files = below(&collection(), "c");
    let mut next = crate::broken::seeded(42);
    for bytes in [
        zipped(&borrowed(&files), Stored),
        gz(&tarred(&borrowed(&files))),
        zipped(&borrowed(&files), Deflated),
    ] {
        for part in 0..64 {
            let length = bytes.len() * part / 64;
            let file = table("cut.zip", &bytes[..length]);
            assert!(crate::broken::must_not_panic(&file, &format!("{length} bytes")).is_err());
        }
        let mut refused = 0;
        for mutant in 0..334 {
            let mut damaged = bytes.clone();
            for _ in 0..=next() % 3 {
                let at = next() as usize % damaged.len();
                damaged[at] ^= 1 << (next() % 8);
            }
            let file = table("flip.zip", &damaged);
            refused += u32::from(crate::broken::must_not_panic(&file, &format!("mutant {mutant}")).is_err());
        }
        assert!(refused > 50, "only {refused} mutants were refused");
    }
}

#[test]
fn containers_of_very_many_files() {
    // More than 65,535 entries need the records of 64-bit archives.
    let mut files = catalog("", "object");
    files.extend((0..66_000).map(|index| (format!("notes/{index:05}.txt"), Vec::new())));
    let (found, container) = unwrapped("many.tar", &tarred(&borrowed(&files))).unwrap();
    assert!(matches!(found, Unwrapped::Hats { members, .. } if members == files.len() as u64));
    assert_eq!(
        zip::ZipArchive::new(std::io::Cursor::new(&container))
            .unwrap()
            .len(),
        files.len()
    );
    let file = table("many", &container);
    assert_eq!(Container::open(&file.path).unwrap().members().len(), files.len());
    assert_eq!(file.inspect().unwrap().n_rows, 60);
    // And limits on them.
    let out = tempfile::tempdir().unwrap();
    let limits = UnwrapLimits {
        max_entries: 66_000,
        ..UnwrapLimits::default()
    };
    let error = unwrap(&file.path, "many.zip", &out.path().join("out"), &limits).unwrap_err();
    assert_eq!(error.code(), "limit_exceeded", "{error}");
}

#[test]
fn many_partitions_with_few_open() {
    let mut files = Files::new();
    let mut list = String::from("Norder,Npix\n");
    for pixel in 0..300 {
        files.push((
            format!("dataset/Norder=4/Dir=0/Npix={pixel}.parquet"),
            partition(pixel * 2..pixel * 2 + 2, false),
        ));
        list.push_str(&format!("4,{pixel}\n"));
    }
    files.push(("hats.properties".to_owned(), properties("object", 600)));
    files.push(("partition_info.csv".to_owned(), list.into_bytes()));
    let directory = on_disk(&files);
    let before = fs_err::read_dir("/proc/self/fd").unwrap().count();
    let reader = pz_tables::open(directory.path(), "m", None).unwrap();
    let all = pz_tables::rows_json(reader.as_ref(), 0..u64::MAX, None).unwrap();
    assert_eq!(ids(&all), (0..600).collect::<Vec<_>>());
    let open = fs_err::read_dir("/proc/self/fd").unwrap().count() - before;
    assert!(open <= 16, "{open} files stay open");
}
