//! Damaged documents: an error or a table, never a panic or a hang.

use crate::broken::{must_not_panic, seeded};
use crate::table;

fn samples() -> Vec<(&'static str, Vec<u8>)> {
    [
        "astropy-tabledata",
        "astropy-binary",
        "astropy-binary2",
        "stilts-tabledata",
        "stilts-binary",
        "stilts-binary2",
    ]
    .into_iter()
    .map(|name| {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/votable");
        (name, fs_err::read(format!("{directory}/{name}.vot")).unwrap())
    })
    .collect()
}

#[test]
fn truncated_anywhere_is_an_error() {
    for (name, bytes) in samples() {
        for part in 0..64 {
            let length = bytes.len() * part / 64;
            let file = table("cut.vot", &bytes[..length]);
            let what = format!("{name} of {length} bytes");
            let error = must_not_panic(&file, &what).unwrap_err();
            let known = ["empty_file", "broken_file", "not_a_table"];
            assert!(known.contains(&error.code()), "{what}: {} {error}", error.code());
        }
    }
}

#[test]
fn flipped_bits_in_files_of_astropy_never_panic() {
    flip("astropy");
}

#[test]
fn flipped_bits_in_files_of_stilts_never_panic() {
    flip("stilts");
}

fn flip(writer: &str) {
    for (name, bytes) in samples().into_iter().filter(|(name, _)| name.starts_with(writer)) {
        let mut next = seeded(20_261_121);
        let mut refused = 0;
        for mutant in 0..1_000 {
            let mut damaged = bytes.clone();
            for _ in 0..=next() % 3 {
                let at = next() as usize % damaged.len();
                damaged[at] ^= 1 << (next() % 8);
            }
            let file = table("flip.vot", &damaged);
            refused += u32::from(must_not_panic(&file, &format!("mutant {mutant} of {name}")).is_err());
        }
        assert!(
            refused > 100,
            "only {refused} mutants of {name} were refused: do they reach the reader?"
        );
    }
}

#[test]
fn shuffled_markup_never_panics() {
    // Pieces that mean something, in an order that means nothing.
    let pieces = [
        "<VOTABLE>",
        "</VOTABLE>",
        "<RESOURCE>",
        "</RESOURCE>",
        "<TABLE>",
        "</TABLE>",
        "<TABLE ref='a' ID='a'>",
        "<FIELD name='a' datatype='int'/>",
        "<FIELD name='b' datatype='char' arraysize='2x*'>",
        "</FIELD>",
        "<VALUES null='1'/>",
        "<DATA>",
        "</DATA>",
        "<TABLEDATA>",
        "</TABLEDATA>",
        "<TR>",
        "</TR>",
        "<TD>",
        "</TD>",
        "<TD/>",
        "1",
        "&lt;",
        "&#0;",
        "<BINARY>",
        "</BINARY>",
        "<BINARY2>",
        "<STREAM encoding='base64'>",
        "</STREAM>",
        "AAAAAQ==",
        "////////",
        "<!-- ",
        "-->",
        "<![CDATA[",
        "]]>",
        "<",
        ">",
        "'",
        "<?x?>",
        "é",
        "\n",
    ];
    let start = "<VOTABLE><RESOURCE><TABLE><FIELD name='a' datatype='int'/><DATA>";
    let mut next = seeded(7);
    for mutant in 0..2_000 {
        let mut text = if mutant % 2 == 0 {
            start.to_owned()
        } else {
            "<VOTABLE>".to_owned()
        };
        for _ in 0..next() % 30 {
            text.push_str(pieces[next() as usize % pieces.len()]);
        }
        let _ = must_not_panic(&table("mix.vot", &text), &text);
    }
}
