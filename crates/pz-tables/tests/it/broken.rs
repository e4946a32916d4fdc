//! Damaged files: always an error or a table, never a panic, a hang or a balloon.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use pz_tables::child::{self, ChildLimits};
use pz_tables::{Limits, TableError};

use crate::child::program;
use crate::parquet::{parquet, sample};
use crate::{TempTable, table};

/// Everything that a server does with a file, in this process.
pub(crate) fn use_file(file: &TempTable) -> Result<(), TableError> {
    let inspection = pz_tables::inspect(&file.path, &file.name, &Limits::default())?;
    let reader = pz_tables::open(&file.path, &file.name, Some(&inspection.layout))?;
    pz_tables::rows_json(reader.as_ref(), 0..100, None)?;
    let middle = inspection.n_rows / 2;
    pz_tables::rows_json(reader.as_ref(), middle..middle.saturating_add(10), Some(&[0]))?;
    Ok(())
}

pub(crate) fn must_not_panic(file: &TempTable, what: &str) -> Result<(), TableError> {
    catch_unwind(AssertUnwindSafe(|| use_file(file))).unwrap_or_else(|_| panic!("{what} panics"))
}

pub(crate) fn seeded(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        // splitmix64
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// A file with many encodings in little space.
fn varied() -> Vec<u8> {
    use std::sync::Arc;

    use ::parquet::basic::{Compression, Encoding};
    use ::parquet::file::properties::{WriterProperties, WriterVersion};
    use ::parquet::schema::types::ColumnPath;
    use arrow::array::{ArrayRef, Float64Array, Int64Array, ListArray, StringArray};
    use arrow::datatypes::{DataType, Field, Int32Type};

    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(
        (0..200).map(|row| Some(vec![Some(row); row as usize % 4])),
    );
    let fields = vec![
        Field::new("delta", DataType::Int64, false),
        Field::new("split", DataType::Float64, true),
        Field::new("strings", DataType::Utf8, true),
        Field::new("list", arrow::array::Array::data_type(&list).clone(), true),
    ];
    let columns: Vec<ArrayRef> = vec![
        Arc::new((0..200).map(|row| Some(row * row)).collect::<Int64Array>()),
        Arc::new(
            (0..200)
                .map(|row| (row % 3 > 0).then_some(f64::from(row)))
                .collect::<Float64Array>(),
        ),
        Arc::new(
            (0..200)
                .map(|row| Some(format!("prefix{row}")))
                .collect::<StringArray>(),
        ),
        Arc::new(list),
    ];
    let encoded = |name: &str| ColumnPath::from(name);
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_dictionary_enabled(false)
        .set_column_encoding(encoded("delta"), Encoding::DELTA_BINARY_PACKED)
        .set_column_encoding(encoded("split"), Encoding::BYTE_STREAM_SPLIT)
        .set_column_encoding(encoded("strings"), Encoding::DELTA_BYTE_ARRAY)
        .set_compression(Compression::ZSTD(Default::default()))
        .build();
    parquet(fields, columns, Some(properties))
}

#[test]
fn truncated_anywhere() {
    for (what, bytes) in [("sample", sample(300, 100, 20, true)), ("varied", varied())] {
        for part in 0..64 {
            let length = bytes.len() * part / 64;
            let file = table("cut.parquet", &bytes[..length]);
            let error = must_not_panic(&file, &format!("{what} of {length} bytes")).unwrap_err();
            let expected = if length == 0 { "empty_file" } else { "broken_file" };
            // Fewer than four bytes are no Parquet file at all.
            assert!(
                error.code() == expected || length < 4,
                "{what} of {length} bytes: {error}"
            );
        }
    }
}

#[test]
fn flipped_bits() {
    for (what, bytes) in [
        ("sample", sample(300, 100, 20, true)),
        ("plain", sample(300, 300, 300, false)),
        ("varied", varied()),
    ] {
        let mut next = seeded(20_251_120);
        let mut refused = 0;
        for mutant in 0..300 {
            let mut damaged = bytes.clone();
            for _ in 0..=next() % 3 {
                let at = next() as usize % damaged.len();
                damaged[at] ^= 1 << (next() % 8);
            }
            let file = table("flip.parquet", &damaged);
            refused += u32::from(must_not_panic(&file, &format!("mutant {mutant} of {what}")).is_err());
        }
        assert!(
            refused > 30,
            "only {refused} mutants of {what} were refused: do they reach the reader?"
        );
    }
}

#[test]
fn damaged_footers_through_the_child() {
    // The footer is where a bit does most harm: sizes, offsets, counts.
    let limits = ChildLimits {
        time: Duration::from_secs(20),
        memory_bytes: 512 << 20,
    };
    for bytes in [sample(300, 100, 20, true), varied()] {
        let length = bytes.len();
        let footer = u32::from_le_bytes(bytes[length - 8..length - 4].try_into().unwrap()) as usize;
        let mut next = seeded(7);
        for mutant in 0..100 {
            let mut damaged = bytes.clone();
            let at = length - 8 - footer + next() as usize % footer;
            damaged[at] ^= 1 << (next() % 8);
            let file = table("flip.parquet", &damaged);
            if let Err(error) = child::inspect(program(), &file.path, &file.name, limits) {
                let known = ["broken_file", "broken_file", "limit_exceeded", "unsupported_type"];
                assert!(
                    known.contains(&error.code()),
                    "mutant {mutant}: {} {error}",
                    error.code()
                );
            }
        }
    }
}

#[test]
fn damaged_text() {
    let text = "id,ra,name\r\n1,150.25,\"a \"\"b\"\"\"\r\n2,-1e-5,\"two\nlines\"\r\n3,,é\r\n".repeat(20);
    let mut next = seeded(3);
    for mutant in 0..500 {
        let mut damaged = text.clone().into_bytes();
        for _ in 0..=next() % 4 {
            let at = next() as usize % damaged.len();
            damaged[at] ^= 1 << (next() % 8);
        }
        let _ = must_not_panic(&table("flip.csv", &damaged), &format!("mutant {mutant}"));
    }
    for length in 0..text.len().min(200) {
        let _ = must_not_panic(
            &table("cut.csv", &text.as_bytes()[..length]),
            &format!("{length} bytes"),
        );
    }
}
