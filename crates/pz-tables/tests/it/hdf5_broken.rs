//! Damaged HDF5 files: always an error or a table, never a panic or a hang.

use std::time::Duration;

use pz_tables::child::{self, ChildLimits};

use crate::broken::{must_not_panic, seeded};
use crate::child::program;
use crate::hdf5::fixture;
use crate::table;

/// One of each kind of structure.
const SAMPLES: [&str; 8] = [
    "types.hdf5",
    "filters.hdf5",
    "compound.h5",
    "astropy.hf5",
    "pandas_table.h5",
    "pandas_fixed.h5",
    "groups.hdf5",
    "many.hdf5",
];

#[test]
fn truncated_anywhere() {
    for name in SAMPLES {
        let bytes = fs_err::read(fixture(name)).unwrap();
        for part in 0..64 {
            let length = bytes.len() * part / 64;
            let file = table("cut.h5", &bytes[..length]);
            let result = must_not_panic(&file, &format!("{name} of {length} bytes"));
            if length == 0 {
                assert_eq!(result.unwrap_err().code(), "empty_file");
            }
        }
    }
}

fn flip(name: &str, mutants: u32) {
    let bytes = fs_err::read(fixture(name)).unwrap();
    let mut next = seeded(20_251_121);
    let mut refused = 0;
    for mutant in 0..mutants {
        let mut damaged = bytes.clone();
        for _ in 0..=next() % 4 {
            // Most of a file are names, indexes and heaps near its start, or its values: both are hit.
            let range = if next().is_multiple_of(2) {
                damaged.len()
            } else {
                damaged.len().min(3_000)
            };
            let at = next() as usize % range;
            damaged[at] ^= 1 << (next() % 8);
        }
        let file = table("flip.h5", &damaged);
        refused += u32::from(must_not_panic(&file, &format!("mutant {mutant} of {name}")).is_err());
    }
    assert!(
        refused > mutants / 50,
        "only {refused} mutants of {name} were refused: do they reach the reader?"
    );
}

/// One test for each sample, so that they run side by side.
macro_rules! flipped_bits {
    ($($test:ident: $name:literal, $mutants:literal;)*) => {$(
        #[test]
        fn $test() {
            flip($name, $mutants);
        }
    )*};
}

flipped_bits! {
    flipped_bits_of_types: "types.hdf5", 1_000;
    flipped_bits_of_filters: "filters.hdf5", 1_000;
    flipped_bits_of_compounds: "compound.h5", 1_000;
    flipped_bits_of_astropy: "astropy.hf5", 1_000;
    flipped_bits_of_pandas_table: "pandas_table.h5", 1_000;
    flipped_bits_of_pandas_fixed: "pandas_fixed.h5", 1_000;
    flipped_bits_of_groups: "groups.hdf5", 1_000;
    flipped_bits_of_many: "many.hdf5", 1_000;
    flipped_bits_of_latest: "latest.hdf5", 100;
}

#[test]
fn bytes_set_to_extremes() {
    // Sizes, counts and addresses are where it hurts: all bits set, or none, over 4 or 8 bytes.
    for name in ["types.hdf5", "compound.h5", "pandas_table.h5", "latest.hdf5"] {
        let bytes = fs_err::read(fixture(name)).unwrap();
        let mut next = seeded(5);
        for mutant in 0..500 {
            let mut damaged = bytes.clone();
            let width = if next().is_multiple_of(2) { 4 } else { 8 };
            let at = next() as usize % damaged.len().min(8_000);
            let value = [0xff, 0x00, 0x7f][next() as usize % 3];
            damaged
                .iter_mut()
                .skip(at)
                .take(width)
                .for_each(|byte| *byte = value);
            let _ = must_not_panic(
                &table("extreme.h5", &damaged),
                &format!("mutant {mutant} of {name}"),
            );
        }
    }
}

#[test]
fn damaged_files_through_the_child() {
    let limits = ChildLimits {
        time: Duration::from_secs(20),
        memory_bytes: 512 << 20,
    };
    for name in ["types.hdf5", "compound.h5", "pandas_table.h5"] {
        let bytes = fs_err::read(fixture(name)).unwrap();
        let mut next = seeded(7);
        for mutant in 0..60 {
            let mut damaged = bytes.clone();
            let at = next() as usize % damaged.len().min(4_000);
            damaged[at] ^= 1 << (next() % 8);
            let file = table("flip.h5", &damaged);
            if let Err(error) = child::inspect(program(), &file.path, &file.name, limits) {
                assert_ne!(
                    error.code(),
                    "inspection_failed",
                    "mutant {mutant} of {name}: {error}"
                );
            }
        }
    }
}
