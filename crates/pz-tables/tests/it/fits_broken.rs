//! Damaged FITS files: always an error or a table, never a panic or a hang.

use crate::broken::{must_not_panic, seeded};
use crate::fits::fixture;
use crate::table;

const SAMPLES: &[&str] = &[
    "scalars.fits",
    "null_vectors.fits",
    "vectors.fits",
    "variable.fits",
    "ascii.fits",
    "ascii_conventions.fits",
    "conventions.fits",
    "several.fits",
    "fitsio_variable.fits",
    "compressed_image.fits",
];

#[test]
fn truncated_anywhere() {
    for name in SAMPLES {
        let bytes = fixture(name);
        for part in 0..64 {
            let length = bytes.len() * part / 64;
            let file = table("cut.fits", &bytes[..length]);
            let result = must_not_panic(&file, &format!("{name} of {length} bytes"));
            // A whole table, followed by what is cut, may remain.
            if length < 5_760 {
                result.unwrap_err();
            }
        }
    }
}

fn flip(samples: &[&str], seed: u64) {
    let mut next = seeded(seed);
    for name in samples {
        let bytes = fixture(name);
        // Blanks and padding are most of a file: damage what is something.
        let places: Vec<usize> = (0..bytes.len())
            .filter(|at| !matches!(bytes[*at], b' ' | 0))
            .collect();
        let mut refused = 0;
        for mutant in 0..1_000 {
            let mut damaged = bytes.clone();
            for _ in 0..=next() % 3 {
                damaged[places[next() as usize % places.len()]] ^= 1 << (next() % 8);
            }
            let file = table("flip.fits", &damaged);
            refused += u32::from(must_not_panic(&file, &format!("mutant {mutant} of {name}")).is_err());
        }
        assert!(
            refused > 50,
            "only {refused} mutants of {name} were refused: do they reach the reader?"
        );
    }
}

#[test]
fn flipped_bits() {
    flip(&SAMPLES[..SAMPLES.len() / 2], 20_251_121);
}

#[test]
fn flipped_bits_of_the_others() {
    flip(&SAMPLES[SAMPLES.len() / 2..], 20_251_122);
}

/// Digits are where a header does harm: sizes, counts, formats.
#[test]
fn other_digits() {
    let mut next = seeded(7);
    for name in SAMPLES {
        let bytes = fixture(name);
        let places: Vec<usize> = (2_880..bytes.len())
            .filter(|at| bytes[*at].is_ascii_digit())
            .collect();
        for mutant in 0..500 {
            let mut damaged = bytes.clone();
            for _ in 0..=next() % 2 {
                let at = places[next() as usize % places.len()];
                damaged[at] = b"0123456789-. "[next() as usize % 13];
            }
            let _ = must_not_panic(
                &table("digits.fits", &damaged),
                &format!("mutant {mutant} of {name}"),
            );
        }
    }
}
