//! Tables out: CSV and Parquet, and how a file comes to be.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    DurationMillisecondArray, FixedSizeListArray, Float32Array, Float64Array, Int8Array, Int64Array,
    IntervalMonthDayNanoArray, ListArray, RecordBatch, StringArray, StructArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, TimestampNanosecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Float32Type, Int32Type, Int64Type, IntervalMonthDayNano, Schema};
use proptest::prelude::*;
use pz_tables::write::{self, OutputFormat, WriteOptions};
use pz_tables::{Limits, TableError};

use crate::parquet::sample;
use crate::{TempTable, table};

/// A batch of these columns, all nullable.
pub(crate) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// The bytes of a file with these batches.
pub(crate) fn written(format: OutputFormat, batches: &[RecordBatch]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(format!("t.{}", format.extension()));
    write_to(&path, format, batches).unwrap();
    fs_err::read(path).unwrap()
}

fn write_to(path: &Path, format: OutputFormat, batches: &[RecordBatch]) -> Result<(), TableError> {
    let mut writer = write::create(path, format, &batches[0].schema(), None, &WriteOptions::default())?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()
}

/// The same table as a file to be read.
pub(crate) fn read_back(format: OutputFormat, batches: &[RecordBatch]) -> TempTable {
    table(&format!("t.{}", format.extension()), written(format, batches))
}

fn csv(columns: Vec<(&str, ArrayRef)>) -> String {
    String::from_utf8(written(OutputFormat::Csv, &[batch(columns)])).unwrap()
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn csv_values_of_every_type() {
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>([
        Some(vec![Some(i64::MAX), None]),
        None,
        Some(vec![]),
    ]);
    let vector = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
        [
            Some(vec![Some(0.1), Some(f32::NAN)]),
            None,
            Some(vec![Some(1.0), Some(-0.0)]),
        ],
        2,
    );
    let complex = StructArray::from(vec![
        (
            Arc::new(Field::new("re", DataType::Float64, true)),
            Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0])) as ArrayRef,
        ),
        (
            Arc::new(Field::new("im", DataType::Float64, true)),
            Arc::new(Float64Array::from(vec![-1.0, 0.5, f64::NAN])),
        ),
    ]);
    let text = csv(vec![
        ("i8", Arc::new(Int8Array::from(vec![Some(-128), None, Some(127)]))),
        (
            "i64",
            Arc::new(Int64Array::from(vec![i64::MIN, 9_007_199_254_740_993, i64::MAX])),
        ),
        (
            "u64",
            Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(0)])),
        ),
        (
            "f32",
            Arc::new(Float32Array::from(vec![0.1, 16_777_216.0, 1e-45])),
        ),
        ("f64", Arc::new(Float64Array::from(vec![4.0, 5e-324, f64::MAX]))),
        (
            "odd",
            Arc::new(Float64Array::from(vec![
                f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
            ])),
        ),
        ("zero", Arc::new(Float64Array::from(vec![-0.0, 0.0, 1e-30]))),
        (
            "b",
            Arc::new(BooleanArray::from(vec![Some(true), Some(false), None])),
        ),
        ("t", Arc::new(StringArray::from(vec![Some("é"), Some(""), None]))),
        (
            "q",
            Arc::new(StringArray::from(vec!["a,\"b\"", "two\nlines", "#no comment"])),
        ),
        (
            "d",
            Arc::new(
                Decimal128Array::from(vec![Some(-1), Some(170_141_183_460_469_231), None])
                    .with_precision_and_scale(38, 2)
                    .unwrap(),
            ),
        ),
        (
            "day",
            Arc::new(Date32Array::from(vec![Some(-719_528), Some(20_453), None])),
        ),
        (
            "us",
            Arc::new(TimestampMicrosecondArray::from(vec![Some(-1), Some(0), None])),
        ),
        (
            "ns",
            Arc::new(TimestampNanosecondArray::from(vec![1, 1_500_000_000, 0]).with_timezone("UTC")),
        ),
        (
            "time",
            Arc::new(Time64MicrosecondArray::from(vec![86_399_000_001, 0, 60_000_000])),
        ),
        (
            "took",
            Arc::new(DurationMillisecondArray::from(vec![Some(15), None, Some(-1)])),
        ),
        (
            "raw",
            Arc::new(BinaryArray::from(vec![b"text".as_slice(), &[0, 97], b""])),
        ),
        (
            "dict",
            Arc::new(
                vec![Some("x"), None, Some("y z")]
                    .into_iter()
                    .collect::<DictionaryArray<Int32Type>>(),
            ),
        ),
        ("list", Arc::new(list)),
        ("vec", Arc::new(vector)),
        ("c", Arc::new(complex)),
    ]);
    let expected = [
        "i8,i64,u64,f32,f64,odd,zero,b,t,q,d,day,us,ns,time,took,raw,dict,list,vec,c",
        "-128,-9223372036854775808,18446744073709551615,0.1,4.0,NaN,-0.0,True,é,\"a,\"\"b\"\"\",-0.01,0000-01-01,\
         1969-12-31T23:59:59.999999,1970-01-01T00:00:00.000000001Z,23:59:59.000001,\"15 ms\",text,x,\
         \"[9223372036854775807,null]\",\"[0.1,null]\",\"{\"\"re\"\":1.0,\"\"im\"\":-1.0}\"",
        ",9007199254740993,,16777216.0,5e-324,inf,0.0,False,\"\",\"two\nlines\",1701411834604692.31,2025-12-31,\
         1970-01-01T00:00:00,1970-01-01T00:00:01.5Z,00:00:00,,0x0061,,,,\"{\"\"re\"\":2.0,\"\"im\"\":0.5}\"",
        "127,9223372036854775807,0,1e-45,1.7976931348623157e+308,-inf,1e-30,,,\"#no comment\",,,,\
         1970-01-01T00:00:00Z,00:01:00,\"-1 ms\",\"\",\"y z\",[],\"[1.0,-0.0]\",\
         \"{\"\"re\"\":3.0,\"\"im\"\":null}\"",
        "",
    ];
    assert_eq!(text, expected.join("\n"));
}

#[test]
fn csv_of_one_column_keeps_its_rows() {
    for values in [
        vec![Some("a b"), None, Some(""), Some("c d")],
        vec![Some("2025-01-01T00:00:00"), Some("2025-01-01T00:00:01"), None],
        vec![Some("x;y"), Some("z;w"), Some("#k")],
    ] {
        let file = read_back(
            OutputFormat::Csv,
            &[batch(vec![("only", Arc::new(StringArray::from(values.clone())))])],
        );
        assert_eq!(file.columns(), ["only: string"], "{values:?}");
        let rows: Vec<serde_json::Value> = serde_json::from_str(&file.rows()).unwrap();
        let found: Vec<Option<&str>> = rows.iter().map(|row| row["only"].as_str()).collect();
        let expected: Vec<Option<&str>> = values
            .iter()
            .map(|value| value.filter(|text| !text.is_empty()))
            .collect();
        assert_eq!(found, expected);
    }
    let numbers = read_back(
        OutputFormat::Csv,
        &[batch(vec![(
            "n",
            Arc::new(Int64Array::from(vec![None, Some(2), None])),
        )])],
    );
    assert_eq!(numbers.rows(), "[{\"n\":null},{\"n\":2},{\"n\":null}]");
}

#[test]
fn csv_is_text() {
    let directory = tempfile::tempdir().unwrap();
    let rows = batch(vec![("t", Arc::new(StringArray::from(vec!["a\0b"])))]);
    let error = write_to(&directory.path().join("t.csv"), OutputFormat::Csv, &[rows]).unwrap_err();
    assert!(error.to_string().contains("NUL"), "{error}");
    assert_eq!(names_in(directory.path()), Vec::<String>::new());
}

#[test]
fn csv_needs_columns() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.csv");
    let schema = Arc::new(Schema::empty());
    let error = write::create(&path, OutputFormat::Csv, &schema, None, &WriteOptions::default())
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "A CSV file cannot hold this table: it has no columns."
    );
    assert_eq!(names_in(directory.path()), Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn csv_reads_back(
        rows in proptest::collection::vec(
            (proptest::option::of(any::<i64>()), proptest::option::of(any::<f64>()), "[ -~é😀,\"\n\r;|\t:# ]{0,12}"),
            1..40,
        ),
    ) {
        // Text that is none of the words for a missing value, in a column that is not all numbers.
        let texts: Vec<String> = rows.iter().map(|(_, _, text)| format!("t{text}")).collect();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("whole", Arc::new(rows.iter().map(|row| row.0).collect::<Int64Array>())),
            ("broken", Arc::new(rows.iter().map(|row| row.1).collect::<Float64Array>())),
            ("text", Arc::new(StringArray::from(texts.clone()))),
        ];
        let file = read_back(OutputFormat::Csv, &[batch(columns)]);
        let reader = file.open();
        prop_assert_eq!(reader.schema().names().collect::<Vec<_>>(), ["whole", "broken", "text"]);
        let mut row = 0;
        for batch in reader.read_rows(0..u64::MAX, None).unwrap() {
            let batch = batch.unwrap();
            for at in 0..batch.num_rows() {
                use arrow::array::{Array, AsArray};
                use arrow::datatypes::Float64Type;
                let (whole, broken, _) = &rows[row];
                if let Some(column) = batch.column(0).as_primitive_opt::<Int64Type>() {
                    prop_assert_eq!(column.is_valid(at).then(|| column.value(at)), *whole);
                } else {
                    prop_assert!(rows.iter().all(|row| row.0.is_none()));
                }
                if let Some(column) = batch.column(1).as_primitive_opt::<Float64Type>() {
                    let found = column.is_valid(at).then(|| column.value(at).to_bits());
                    prop_assert_eq!(found, broken.filter(|value| !value.is_nan()).map(f64::to_bits));
                } else {
                    prop_assert!(rows.iter().all(|row| row.1.is_none()));
                }
                prop_assert_eq!(batch.column(2).as_string::<i32>().value(at), &texts[row]);
                row += 1;
            }
        }
        prop_assert_eq!(row, rows.len());
    }
}

#[test]
fn parquet_in_groups_with_pages_and_statistics() {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::file::serialized_reader::ReadOptionsBuilder;

    let rows = 1_200_000i64;
    let batches: Vec<RecordBatch> = (0..rows / 100_000)
        .map(|part| {
            let ids = part * 100_000..(part + 1) * 100_000;
            batch(vec![
                ("id", Arc::new(ids.clone().collect::<Int64Array>())),
                (
                    "half",
                    Arc::new(ids.map(|id| id as f64 / 2.0).collect::<Float64Array>()),
                ),
            ])
        })
        .collect();
    let bytes = written(OutputFormat::Parquet, &batches);
    let options = ReadOptionsBuilder::new().with_page_index().build();
    let reader = SerializedFileReader::new_with_options(bytes::Bytes::from(bytes.clone()), options).unwrap();
    let metadata = reader.metadata();
    let groups: Vec<i64> = metadata
        .row_groups()
        .iter()
        .map(|group| group.num_rows())
        .collect();
    assert_eq!(groups, [1 << 20, rows - (1 << 20)]);
    for group in metadata.row_groups() {
        for column in group.columns() {
            assert!(column.statistics().is_some() && column.offset_index_offset().is_some());
        }
    }
    let pages = metadata
        .page_index_for_row_group(0)
        .offset_index(0)
        .unwrap()
        .page_locations()
        .len();
    assert!(pages >= 50, "{pages} pages");
    let file = table("t.parquet", bytes);
    let page = pz_tables::rows_json(file.open().as_ref(), 1_100_000..1_100_001, None).unwrap();
    assert_eq!(page, "[{\"id\":1100000,\"half\":550000.0}]");
}

#[test]
fn parquet_row_groups_are_bounded_in_bytes() {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};

    // 160 MB of texts that no dictionary shortens.
    let mut state = 1u64;
    let mut text = || {
        let mut text = String::with_capacity(4_000);
        while text.len() < 4_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(&format!("{state:016x}"));
        }
        text
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.parquet");
    let first = batch(vec![("t", Arc::new(StringArray::from(vec![text()])))]);
    let mut writer = write::create(
        &path,
        OutputFormat::Parquet,
        &first.schema(),
        None,
        &WriteOptions::default(),
    )
    .unwrap();
    for _ in 0..40 {
        let texts: Vec<String> = (0..1_000).map(|_| text()).collect();
        writer
            .write(&batch(vec![("t", Arc::new(StringArray::from(texts)))]))
            .unwrap();
    }
    writer.finish().unwrap();
    let reader = SerializedFileReader::new(fs_err::File::open(&path).unwrap().into_file()).unwrap();
    let sizes: Vec<i64> = reader
        .metadata()
        .row_groups()
        .iter()
        .map(|group| group.compressed_size())
        .collect();
    assert!(
        sizes.len() >= 2 && sizes.iter().all(|size| *size < 80 << 20),
        "{sizes:?}"
    );
}

#[test]
fn parquet_keeps_types_and_descriptions() {
    let source = crate::parquet::parquet(
        vec![
            Field::new("ra", DataType::Float64, false).with_metadata(
                [
                    ("unit", "deg"),
                    ("ucd", "pos.eq.ra;meta.main"),
                    ("description", "Right ascension, é"),
                ]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into_iter()
                .collect::<std::collections::HashMap<_, _>>(),
            ),
            Field::new(
                "kind",
                DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
                true,
            ),
        ],
        vec![
            Arc::new(Float64Array::from(vec![1.0, f64::NAN])),
            Arc::new(
                vec![Some("star"), None]
                    .into_iter()
                    .collect::<DictionaryArray<Int32Type>>(),
            ),
        ],
        None,
    );
    let file = table("s.parquet", source);
    let path = file.path.with_file_name("out.parquet");
    write::convert(
        file.open().as_ref(),
        &path,
        OutputFormat::Parquet,
        &WriteOptions::default(),
    )
    .unwrap();
    let again = table("out.parquet", fs_err::read(path).unwrap());
    assert_eq!(again.inspect().unwrap().schema, file.inspect().unwrap().schema);
    assert_eq!(again.open().arrow_schema(), file.open().arrow_schema());
    assert_eq!(again.rows(), file.rows());
    assert_eq!(
        again.inspect().unwrap().schema.columns[0].ucd.as_deref(),
        Some("pos.eq.ra;meta.main")
    );
}

#[test]
fn parquet_without_rows() {
    let file = read_back(
        OutputFormat::Parquet,
        &[batch(vec![("a", Arc::new(Int64Array::from(Vec::<i64>::new())))])],
    );
    assert_eq!(
        (file.columns(), file.rows().as_str()),
        (vec!["a: int64".to_owned()], "[]")
    );
}

#[test]
fn a_file_appears_when_it_is_complete() {
    for format in OutputFormat::ALL {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.out");
        let rows = batch(vec![("a", Arc::new(Int64Array::from(vec![1, 2])))]);
        let start = || write::create(&path, format, &rows.schema(), None, &WriteOptions::default()).unwrap();

        let mut writer = start();
        writer.write(&rows).unwrap();
        assert!(!path.try_exists().unwrap(), "{format:?}");
        drop(writer);
        assert_eq!(
            names_in(directory.path()),
            Vec::<String>::new(),
            "{format:?}: dropped, it leaves nothing behind"
        );

        fs_err::write(&path, "the old file").unwrap();
        let mut writer = start();
        writer.write(&rows).unwrap();
        assert_eq!(fs_err::read(&path).unwrap(), b"the old file");
        writer.finish().unwrap();
        assert_eq!(
            fs_err::read(&path).unwrap(),
            written(format, std::slice::from_ref(&rows))
        );
        assert_eq!(names_in(directory.path()), ["t.out"]);
    }
}

#[test]
fn a_failure_leaves_the_old_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.parquet");
    fs_err::write(&path, "the old file").unwrap();
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, false)]));
    let mut writer = write::create(
        &path,
        OutputFormat::Parquet,
        &schema,
        None,
        &WriteOptions::default(),
    )
    .unwrap();
    // A missing value where none may be.
    let rows = batch(vec![("a", Arc::new(Int64Array::from(vec![None])))]);
    assert_eq!(writer.write(&rows).unwrap_err().code(), "unwritable");
    drop(writer);
    assert_eq!(fs_err::read(&path).unwrap(), b"the old file");
    assert_eq!(names_in(directory.path()), ["t.parquet"]);

    let nowhere = directory.path().join("no-such-directory").join("t.csv");
    let error = write::create(
        &nowhere,
        OutputFormat::Csv,
        &schema,
        None,
        &WriteOptions::default(),
    )
    .err()
    .unwrap();
    assert_eq!(error.code(), "unwritten");
    assert!(
        error.to_string().starts_with("t.csv could not be written"),
        "{error}"
    );
}

#[test]
fn equal_tables_give_equal_bytes() {
    let file = table("s.parquet", sample(5_000, 700, 90, true));
    let directory = tempfile::tempdir().unwrap();
    for format in OutputFormat::ALL {
        let convert = |name: &str| {
            let path = directory.path().join(name);
            write::convert(file.open().as_ref(), &path, format, &WriteOptions::default()).unwrap();
            fs_err::read(path).unwrap()
        };
        assert_eq!(convert("first"), convert("second"), "{format:?}");
    }
}

#[test]
fn known_beforehand_or_found_out_gives_the_same() {
    let text = |from: usize| {
        let texts = (from..from + 40).map(|row| (row % 5 != 2).then(|| "é".repeat(row % 13)));
        texts.collect::<StringArray>()
    };
    let list = |from: i32| {
        ListArray::from_iter_primitive::<Int32Type, _, _>(
            (from..from + 40).map(|row| (row % 7 != 3).then(|| vec![Some(row); row as usize % 4])),
        )
    };
    let batches: Vec<RecordBatch> = [0usize, 40, 80]
        .into_iter()
        .map(|from| {
            let numbers =
                (from as i64..from as i64 + 40).map(|row| (row % 3 != 1).then_some(row * 1_000_003));
            batch(vec![
                ("number", Arc::new(numbers.collect::<Int64Array>())),
                ("text", Arc::new(text(from))),
                ("list", Arc::new(list(from as i32))),
            ])
        })
        .collect();
    let mut scan = write::FactsScan::new(&batches[0].schema());
    for batch in &batches {
        scan.push(batch);
    }
    let facts = scan.finish();
    let directory = tempfile::tempdir().unwrap();
    for format in OutputFormat::ALL {
        let path = directory.path().join("with-facts");
        let options = WriteOptions::default();
        let mut writer = write::create(&path, format, &batches[0].schema(), Some(&facts), &options).unwrap();
        for batch in &batches {
            writer.write(batch).unwrap();
        }
        writer.finish().unwrap();
        assert_eq!(
            fs_err::read(path).unwrap(),
            written(format, &batches),
            "{format:?}"
        );
        assert_eq!(names_in(directory.path()), ["with-facts"]);
        assert_eq!(
            read_back(format, &batches).inspect().unwrap().n_rows,
            120,
            "{format:?}"
        );
    }
}

#[test]
fn what_parquet_has_no_word_for() {
    let spans = IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(1, 2, 3)]);
    let directory = tempfile::tempdir().unwrap();
    let rows = batch(vec![
        ("id", Arc::new(Int64Array::from(vec![1]))),
        ("span", Arc::new(spans)),
    ]);
    let error = write_to(
        &directory.path().join("t.parquet"),
        OutputFormat::Parquet,
        &[rows],
    )
    .unwrap_err();
    assert_eq!(error.report().column.as_deref(), Some("span"), "{error}");
    assert_eq!(error.code(), "unwritable");
    assert_eq!(names_in(directory.path()), Vec::<String>::new());
}

#[test]
fn units_for_astropy() {
    let described = |name: &str, pairs: &[(&str, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Field::new(name, DataType::Float64, true)
            .with_metadata(pairs.collect::<std::collections::HashMap<_, _>>())
    };
    let fields = vec![
        described("ra", &[("unit", "deg"), ("description", "It's \"RA\"")]),
        described("a: b", &[]),
    ];
    let column: ArrayRef = Arc::new(Float64Array::from(vec![0.5]));
    let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![column; 2]).unwrap();
    let bytes = written(OutputFormat::Parquet, &[rows]);
    let metadata = ::parquet::arrow::arrow_reader::ArrowReaderMetadata::load(
        &bytes::Bytes::from(bytes),
        Default::default(),
    );
    assert_eq!(
        metadata
            .unwrap()
            .schema()
            .metadata()
            .get("table_meta_yaml")
            .map(String::as_str),
        Some(
            "datatype:\n- {name: \"ra\", unit: \"deg\", datatype: float64, description: \"It's \\\"RA\\\"\"}\n\
             - {name: \"a: b\", datatype: float64}"
        )
    );
}

#[test]
fn a_table_may_be_written_over_itself() {
    let file = table("s.parquet", sample(1_000, 700, 90, true));
    let before = file.rows();
    let reader = pz_tables::open(&file.path, &file.name, None).unwrap();
    write::convert(
        reader.as_ref(),
        &file.path,
        OutputFormat::Parquet,
        &WriteOptions::default(),
    )
    .unwrap();
    assert_eq!(file.rows(), before);
    let inspection = pz_tables::inspect(&file.path, &file.name, &Limits::default()).unwrap();
    assert_eq!(inspection.n_rows, 1_000);
}
