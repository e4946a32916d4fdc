//! Archives and compressed files around one table.

use pz_tables::unwrap::{Container, UnwrapLimits, Unwrapped};
use pz_tables::{Format, Layout};
use zip::CompressionMethod::{Deflated, Stored};

use crate::archives::{
    RawEntry, bz2, gz, other, raw_zip, streamed_zip, tar_member, tarred, unwrapped, unwrapped_with, xz,
    zipped, zst,
};
use crate::parquet::sample;
use crate::table;

const CSV: &[u8] = b"id,x\n9007199254740993,0.5\n2,1.5\n";

/// A text of which compression has something to do.
fn long_csv() -> Vec<u8> {
    let mut text = String::from("id,x,name\n");
    for row in 0..20_000u64 {
        text.push_str(&format!("{row},{}.25,object {}\n", row * row, row % 97));
    }
    text.into_bytes()
}

#[test]
fn one_table_in_every_wrapping() {
    let long = long_csv();
    let halves = long.split_at(long.len() / 2);
    let in_directory: &[(&str, &[u8])] = &[("data/2026/x.csv", &long)];
    let tar = tarred(in_directory);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("x.zip", zipped(in_directory, Stored), "data/2026/x.csv"),
        ("x.zip", zipped(in_directory, Deflated), "data/2026/x.csv"),
        ("x.zip", streamed_zip(in_directory), "data/2026/x.csv"),
        ("no extension", zipped(in_directory, Deflated), "data/2026/x.csv"),
        ("x.tar", tar.clone(), "data/2026/x.csv"),
        ("x.tar.gz", gz(&tar), "data/2026/x.csv"),
        ("x.tgz", gz(&tar), "data/2026/x.csv"),
        ("x.csv.gz", gz(&tar), "data/2026/x.csv"),
        ("x.tar.bz2", bz2(&tar), "data/2026/x.csv"),
        ("x.tbz2", bz2(&tar), "data/2026/x.csv"),
        ("x.tar.xz", xz(&tar), "data/2026/x.csv"),
        ("x.txz", xz(&tar), "data/2026/x.csv"),
        ("x.tar.zst", zst(&tar), "data/2026/x.csv"),
        ("x.csv.gz", gz(&long), "x.csv"),
        ("X.CSV.GZ", gz(&long), "X.CSV"),
        ("x.txt.gzip", gz(&long), "x.txt"),
        ("x.csv", gz(&long), "x.csv"),
        ("x.csv.bz2", bz2(&long), "x.csv"),
        ("x.csv.xz", xz(&long), "x.csv"),
        ("x.csv.zst", zst(&long), "x.csv"),
        ("x.csv.gz", [gz(halves.0), gz(halves.1)].concat(), "x.csv"),
        (
            "x.csv.gz",
            [gz(halves.0), gz(halves.1), vec![0; 10_240]].concat(),
            "x.csv",
        ),
        ("x.csv.bz2", [bz2(halves.0), bz2(halves.1)].concat(), "x.csv"),
        ("x.csv.xz", [xz(halves.0), xz(halves.1)].concat(), "x.csv"),
        ("x.csv.zst", [zst(halves.0), zst(halves.1)].concat(), "x.csv"),
    ];
    for (name, bytes, inner) in cases {
        let (found, content) = unwrapped(name, &bytes).unwrap();
        let expected = Unwrapped::Table {
            name: inner.to_owned(),
            bytes: long.len() as u64,
        };
        assert_eq!(found, expected, "{name}");
        assert!(content == long, "{name}: other bytes");
    }
}

#[test]
fn members_that_count_and_members_that_do_not() {
    let litter: &[(&str, &[u8])] = &[
        ("__MACOSX/._x.fits", b"\0\x05\x16\x07"),
        (".DS_Store", b"\0\0\0\x01Bud1"),
        ("a/Thumbs.db", b"x"),
        ("a/._x.fits", b"x"),
        ("a/x.fits", b"SIMPLE  ="),
    ];
    for (name, bytes) in [
        ("l.zip", zipped(litter, Deflated)),
        ("l.tar.gz", gz(&tarred(litter))),
    ] {
        let (found, content) = unwrapped(name, &bytes).unwrap();
        assert!(matches!(found, Unwrapped::Table { name, bytes: 9 } if name == "a/x.fits"));
        assert_eq!(content, b"SIMPLE  =");
    }
    for name in [
        "x.csv",
        "x.TXT",
        "x.fits",
        "x.FIT",
        "x.h5",
        "x.hf5",
        "x.hdf5",
        "x.hdf",
        "x.parquet",
        "x.pq",
        "x.vot",
        "x.xml",
        "x.tsv",
        "x.dat",
    ] {
        let bytes = zipped(&[(name, b"whatever\n")], Deflated);
        assert!(
            matches!(unwrapped("a.zip", &bytes), Ok((Unwrapped::Table { .. }, _))),
            "{name}"
        );
    }
    // Binary tables are known whatever they are called; text is not.
    let parquet = sample(10, 10, 10, false);
    let (found, _) = unwrapped("a.zip", &zipped(&[("catalog", &parquet)], Stored)).unwrap();
    assert!(matches!(found, Unwrapped::Table { name, .. } if name == "catalog"));
    let (found, _) = unwrapped("catalog.gz", &gz(&parquet)).unwrap();
    assert!(matches!(found, Unwrapped::Table { name, .. } if name == "catalog"));
    assert!(other("notes.gz", &gz(b"a,b\n1,2\n")).contains("no extension"));
    assert!(other("a.zip", &zipped(&[("run.py", b"print(1)\n")], Stored)).contains(".py"));
}

#[test]
fn what_is_no_archive_is_plain() {
    for (name, bytes) in [
        ("x.csv", CSV.to_vec()),
        ("x.csv.gz", CSV.to_vec()),
        ("x.zip", b"not a zip".to_vec()),
        ("x.parquet", sample(10, 10, 10, false)),
        ("x.png", b"\x89PNG\r\n\x1a\n\0".to_vec()),
        ("empty.zip", Vec::new()),
        ("zeros.bin", vec![0; 4_096]),
    ] {
        assert_eq!(unwrapped(name, &bytes).unwrap().0, Unwrapped::Plain, "{name}");
    }
}

#[test]
fn other_archives_say_what_they_are() {
    let three = zipped(&[("b.csv", CSV), ("a.csv", CSV), ("c.fits", b"SIMPLE")], Deflated);
    assert_eq!(
        other("t.zip", &three),
        "it holds 3 tables: a.csv, b.csv, c.fits; upload each on its own"
    );
    let with_readme = gz(&tarred(&[("README.md", b"hello"), ("a.csv", CSV)]));
    assert_eq!(
        other("t.tar.gz", &with_readme),
        "it holds 2 files: README.md, a.csv; an archive may hold one table, or one HATS catalog"
    );
    let parts: Vec<String> = (0..9).map(|part| format!("part-{part}.parquet")).collect();
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|name| (name.as_str(), &b"PAR1"[..])).collect();
    let reason = other("p.zip", &zipped(&parts, Stored));
    assert!(
        reason.contains("9 Parquet files") && reason.contains("and 4 more"),
        "{reason}"
    );
    let sheet = zipped(
        &[("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")],
        Deflated,
    );
    assert!(other("x.xlsx", &sheet).contains("Office"));
    assert!(other("x.npz", &zipped(&[("a.npy", b"x"), ("b.npy", b"x")], Stored)).contains("NumPy"));
    for (name, nothing) in [
        ("e.zip", zipped(&[], Stored)),
        ("e.zip", zipped(&[("__MACOSX/._a", b"x")], Stored)),
        ("e.tar", vec![0; 10_240]),
        ("e.tar.gz", gz(&[0; 10_240])),
    ] {
        assert_eq!(other(name, &nothing), "it holds no files", "{name}");
    }
    // Wrapped twice.
    for (name, twice) in [
        ("a.zip", zipped(&[("x.csv.gz", &gz(CSV))], Stored)),
        ("a.zip", zipped(&[("x.csv", &gz(CSV))], Stored)),
        ("a.csv.gz", gz(&gz(CSV))),
        ("a.tar", tarred(&[("x.zip", &zipped(&[("x.csv", CSV)], Stored))])),
        (
            "a.tar.bz2",
            bz2(&tarred(&[("x.tar.xz", &xz(&tarred(&[("x.csv", CSV)])))])),
        ),
        ("a.gz", gz(&zipped(&[("x.csv", CSV)], Stored))),
    ] {
        let reason = other(name, &twice);
        assert!(reason.contains("itself; upload that"), "{name}: {reason}");
    }
}

#[test]
fn encrypted_and_unknown_methods() {
    let encrypted = RawEntry {
        flags: 1,
        ..RawEntry::stored("x.csv", CSV)
    };
    assert!(other("e.zip", &raw_zip(&[encrypted])).contains("encrypted"));
    for (method, title) in [(9, "Deflate64"), (14, "LZMA"), (1, "unknown method")] {
        let entry = RawEntry {
            method,
            ..RawEntry::stored("x.csv", CSV)
        };
        let reason = other("m.zip", &raw_zip(&[entry]));
        assert!(reason.contains(title) && reason.contains("deflate)"), "{reason}");
    }
    for (method, data) in [(12, bz2(CSV)), (93, zst(CSV)), (95, xz(CSV))] {
        let entry = RawEntry {
            method,
            compressed: data.len() as u32,
            data,
            ..RawEntry::stored("x.csv", CSV)
        };
        let (found, content) = unwrapped("m.zip", &raw_zip(&[entry])).unwrap();
        assert!(
            matches!(found, Unwrapped::Table { .. }) && content == CSV,
            "{method}"
        );
    }
}

#[test]
fn names_of_members() {
    // Long names as GNU tar and as pax write them.
    let long = format!("{}/x.csv", ["directory"; 30].join("/"));
    let (found, _) = unwrapped("l.tar", &tarred(&[(&long, CSV)])).unwrap();
    assert!(matches!(&found, Unwrapped::Table { name, .. } if *name == long));
    let record = format!(" path={long}\n");
    let record = format!("{}{record}", record.len() + 3);
    let pax = [
        tar_member(b"PaxHeaders/x", b'g', b"20 comment=whatever\n"),
        tar_member(b"PaxHeaders/x", b'x', record.as_bytes()),
        tar_member(b"x.csv", b'0', CSV),
        vec![0; 1_024],
    ]
    .concat();
    let (found, content) = unwrapped("p.tar", &pax).unwrap();
    assert!(
        matches!(&found, Unwrapped::Table { name, .. } if *name == long),
        "{found:?}"
    );
    assert_eq!(content, CSV);
    // The size in a pax record counts, not the one in the header (which cannot hold more than 8 GiB).
    let size = [
        tar_member(b"PaxHeaders/x", b'x', b"11 size=32\n"),
        {
            let mut member = tar_member(b"x.csv", b'0', CSV);
            let mut header = tar::Header::new_ustar();
            header.as_mut_bytes().copy_from_slice(&member[..512]);
            header.set_size(0);
            header.set_cksum();
            member[..512].copy_from_slice(header.as_bytes());
            member
        },
        vec![0; 1_024],
    ]
    .concat();
    assert_eq!(CSV.len(), 32);
    assert_eq!(unwrapped("s.tar", &size).unwrap().1, CSV);
    // Old names.
    let entry = RawEntry {
        name: b"S\x84o.csv".to_vec(),
        local_name: b"S\x84o.csv".to_vec(),
        ..RawEntry::stored("", CSV)
    };
    let (found, _) = unwrapped("o.zip", &raw_zip(&[entry])).unwrap();
    assert!(
        matches!(&found, Unwrapped::Table { name, .. } if name == "Säo.csv"),
        "{found:?}"
    );
    let (found, _) = unwrapped(
        "d.tar",
        &[tar_member(b"./a//./x.csv", b'0', CSV), vec![0; 1_024]].concat(),
    )
    .unwrap();
    assert!(
        matches!(&found, Unwrapped::Table { name, .. } if name == "a/x.csv"),
        "{found:?}"
    );
    // Without a magic number, as before 1988.
    let mut old = tar_member(b"x.csv", 0, CSV);
    let mut header = tar::Header::new_old();
    header.as_mut_bytes().copy_from_slice(&old[..512]);
    header.as_mut_bytes()[257..345].fill(0);
    header.set_cksum();
    old[..512].copy_from_slice(header.as_bytes());
    old.extend([0; 1_024]);
    assert_eq!(unwrapped("v7.tar", &old).unwrap().1, CSV);
}

#[test]
fn names_that_lead_elsewhere() {
    for name in [
        "../../../escaped.csv",
        "/tmp/escaped.csv",
        "a/../../../../escaped.csv",
        "..\\escaped.csv",
        "C:/escaped.csv",
        "a\nb.csv",
    ] {
        let innocent = RawEntry::stored("x.csv", CSV);
        for bytes in [
            raw_zip(&[RawEntry::stored(name, CSV)]),
            raw_zip(&[innocent, RawEntry::stored(name, CSV)]),
            [tar_member(name.as_bytes(), b'0', CSV), vec![0; 1_024]].concat(),
            gz(&[tar_member(name.as_bytes(), b'5', b""), vec![0; 1_024]].concat()),
        ] {
            let error = unwrapped("evil.zip", &bytes).unwrap_err();
            assert_eq!(error.code(), "outside_reference", "{name}: {error}");
        }
    }
    let (local, directory) = (b"../escaped.csv".to_vec(), b"x.csv".to_vec());
    let differs = RawEntry {
        name: directory,
        local_name: local,
        ..RawEntry::stored("", CSV)
    };
    assert_eq!(
        unwrapped("d.zip", &raw_zip(&[differs])).unwrap_err().code(),
        "broken_file"
    );
}

#[test]
fn links_and_devices() {
    for (kind, what) in [
        (b'1', "hard link"),
        (b'2', "symbolic link"),
        (b'3', "device"),
        (b'4', "device"),
        (b'6', "pipe"),
        (b'S', "sparse"),
        (b'M', "another archive"),
        (b'?', "unknown"),
    ] {
        let bytes = [
            tar_member(b"x.csv", b'0', CSV),
            tar_member(b"y.csv", kind, b""),
            vec![0; 1_024],
        ]
        .concat();
        for bytes in [bytes.clone(), gz(&bytes)] {
            let error = unwrapped("l.tar", &bytes).unwrap_err();
            assert_eq!(error.code(), "outside_reference", "{error}");
            assert!(
                error.to_string().contains(what) && error.to_string().contains("y.csv"),
                "{error}"
            );
        }
    }
    let sparse = [
        tar_member(b"PaxHeaders/x", b'x', b"22 GNU.sparse.major=1\n"),
        tar_member(b"x.csv", b'0', CSV),
        vec![0; 1_024],
    ]
    .concat();
    assert!(
        unwrapped("s.tar", &sparse)
            .unwrap_err()
            .to_string()
            .contains("sparse")
    );
    for (mode, what) in [
        (0o120_777, "symbolic link"),
        (0o020_666, "device"),
        (0o010_644, "pipe"),
    ] {
        let entry = RawEntry {
            attributes: mode << 16,
            ..RawEntry::stored("x.csv", b"/etc/passwd")
        };
        let error = unwrapped("l.zip", &raw_zip(&[entry])).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn bombs() {
    // A tenth of the usual, which debug builds unpack in a moment.
    let limits = UnwrapLimits {
        free_bytes_before_ratio: UnwrapLimits::default().free_bytes_before_ratio / 10,
        ..UnwrapLimits::default()
    };
    let zeros = vec![0u8; 1_200_000];
    let tar = tarred(&[("x.csv", &zeros)]);
    for (name, bytes) in [
        ("b.zip", zipped(&[("x.csv", &zeros)], Deflated)),
        ("b.csv.gz", gz(&zeros)),
        ("b.csv.bz2", bz2(&zeros)),
        ("b.csv.xz", xz(&zeros)),
        ("b.csv.zst", zst(&zeros)),
        ("b.tar.gz", gz(&tar)),
        ("b.tar.xz", xz(&tar)),
    ] {
        let error = unwrapped_with(name, &bytes, &limits).unwrap_err();
        assert_eq!(error.code(), "limit_exceeded", "{name}: {error}");
        assert!(error.to_string().contains("200 : 1"), "{name}: {error}");
        // The same is fine where it is allowed, and below the free bytes.
        let generous = UnwrapLimits {
            max_ratio: 1_000_000,
            ..limits
        };
        assert!(unwrapped_with(name, &bytes, &generous).is_ok(), "{name}");
        let small = UnwrapLimits {
            max_total_bytes: 1_199_999,
            ..generous
        };
        let error = unwrapped_with(name, &bytes, &small).unwrap_err();
        assert!(error.to_string().contains("1199999 bytes"), "{name}: {error}");
    }
    let zeros = vec![0u8; 10_500_000];
    assert!(unwrapped("f.csv.gz", &gz(&zeros[..9_900_000])).is_ok());
    assert_eq!(
        unwrapped("f.csv.gz", &gz(&zeros)).unwrap_err().code(),
        "limit_exceeded"
    );
    // Nested: 16 archives of 16 archives each; nothing within is unpacked.
    let inner = zipped(&[("0.dll", &zeros[..400_000])], Deflated);
    let names: Vec<String> = (0..16).map(|index| format!("{index}.zip")).collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), inner.as_slice()))
        .collect();
    let middle = zipped(&files, Deflated);
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), middle.as_slice()))
        .collect();
    assert!(other("42.zip", &zipped(&files, Deflated)).contains("16 files"));
    // A tar that is not compressed can hold no more than it is long, whatever it says.
    let mut lying = tar_member(b"x.csv", b'0', CSV);
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes().copy_from_slice(&lying[..512]);
    header.set_size(1 << 32);
    header.set_cksum();
    lying[..512].copy_from_slice(header.as_bytes());
    assert_eq!(unwrapped("l.tar", &lying).unwrap_err().code(), "broken_file");
    let long_name = [
        tar_member(b"././@LongLink", b'L', &vec![b'a'; 400_000]),
        tar_member(b"x.csv", b'0', CSV),
        vec![0; 1_024],
    ]
    .concat();
    assert!(
        unwrapped("n.tar", &long_name)
            .unwrap_err()
            .to_string()
            .contains("400000 bytes")
    );
}

#[test]
fn many_entries() {
    let limits = UnwrapLimits {
        max_entries: 10,
        ..UnwrapLimits::default()
    };
    let names: Vec<String> = (0..11).map(|index| format!("__MACOSX/{index}")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    for (name, bytes) in [
        ("m.zip", zipped(&files, Stored)),
        ("m.tar", tarred(&files)),
        ("m.tar.gz", gz(&tarred(&files))),
    ] {
        let error = unwrapped_with(name, &bytes, &limits).unwrap_err();
        assert_eq!(error.code(), "limit_exceeded", "{error}");
        assert!(error.to_string().contains("limit of 10"), "{error}");
        let files = &files[1..];
        let fewer = if name == "m.zip" {
            zipped(files, Stored)
        } else {
            tarred(files)
        };
        assert!(unwrapped_with(name, &fewer, &limits).is_ok());
    }
    // A number of entries that only the end of the archive has.
    let mut bytes = zipped(&[("x.csv", CSV)], Stored);
    let at = bytes.len() - 22;
    bytes[at + 8..at + 12].copy_from_slice(&[0xff, 0x7f, 0xff, 0x7f]);
    assert!(unwrapped("c.zip", &bytes).is_err());
}

#[test]
fn lies_in_zip_headers() {
    let honest = RawEntry::deflated("x.csv", &long_csv());
    assert!(unwrapped("h.zip", &raw_zip(std::slice::from_ref(&honest))).is_ok());
    let lies: Vec<(&str, Vec<RawEntry>)> = vec![
        (
            "size",
            vec![RawEntry {
                size: 10,
                ..honest.clone()
            }],
        ),
        (
            "size",
            vec![RawEntry {
                size: honest.size + 1,
                ..honest.clone()
            }],
        ),
        (
            "checksum",
            vec![RawEntry {
                crc32: 7,
                ..honest.clone()
            }],
        ),
        (
            "too early",
            vec![RawEntry {
                compressed: honest.compressed - 10,
                ..honest.clone()
            }],
        ),
        (
            "overlaps",
            vec![RawEntry {
                compressed: honest.compressed + 10,
                ..honest.clone()
            }],
        ),
        (
            "overlaps",
            vec![RawEntry {
                offset: Some(u32::MAX - 1),
                ..honest.clone()
            }],
        ),
        (
            "place",
            vec![RawEntry {
                offset: Some(1),
                compressed: 5,
                ..honest.clone()
            }],
        ),
        ("two members", vec![honest.clone(), honest.clone()]),
        // Two entries for the same bytes: how a flat bomb of any ratio is made.
        (
            "overlaps",
            vec![
                honest.clone(),
                RawEntry {
                    name: b"y.csv".to_vec(),
                    offset: Some(0),
                    ..honest.clone()
                },
            ],
        ),
    ];
    for (what, entries) in lies {
        let error = unwrapped("l.zip", &raw_zip(&entries)).unwrap_err();
        assert_eq!(error.code(), "broken_file", "{what}: {error}");
        assert!(error.to_string().contains(what), "{what}: {error}");
    }
    let total = RawEntry {
        size: u32::MAX - 1,
        ..honest
    };
    let limits = UnwrapLimits {
        max_total_bytes: 1 << 30,
        ..UnwrapLimits::default()
    };
    let error = unwrapped_with("t.zip", &raw_zip(&[total]), &limits).unwrap_err();
    assert_eq!(error.code(), "limit_exceeded", "{error}");
}

#[test]
fn truncated_anywhere() {
    let csv = &long_csv()[..100_000];
    let tar = tarred(&[("x.csv", csv)]);
    for (name, bytes) in [
        ("t.zip", zipped(&[("x.csv", csv)], Deflated)),
        ("t.csv.gz", gz(csv)),
        ("t.csv.bz2", bz2(csv)),
        ("t.csv.xz", xz(csv)),
        ("t.csv.zst", zst(csv)),
        ("t.tar", tar.clone()),
        ("t.tar.gz", gz(&tar)),
        ("t.tar.bz2", bz2(&tar)),
        ("t.tar.xz", xz(&tar)),
        ("t.tar.zst", zst(&tar)),
    ] {
        for part in 0..64 {
            let length = bytes.len() * part / 64;
            match unwrapped(name, &bytes[..length]) {
                Ok((Unwrapped::Plain, _)) => assert!(length < 600, "{name} of {length} bytes is plain"),
                // The end of a tar is a block of zeros more than once.
                Ok((Unwrapped::Table { .. }, content)) => {
                    assert!(name == "t.tar" && content == csv, "{name} of {length} bytes");
                }
                Ok(found) => panic!("{name} of {length} bytes: {found:?}"),
                Err(error) => assert_eq!(error.code(), "broken_file", "{name} of {length} bytes: {error}"),
            }
        }
    }
}

#[test]
fn flipped_bits() {
    let csv = &long_csv()[..3_000];
    let tar = tarred(&[("x.csv", csv)]);
    let mut next = crate::broken::seeded(20_261_121);
    for (name, bytes, checked) in [
        ("f.zip", zipped(&[("x.csv", csv)], Deflated), true),
        ("f.csv.gz", gz(csv), true),
        ("f.csv.bz2", bz2(csv), true),
        ("f.csv.xz", xz(csv), true),
        ("f.csv.zst", zst(csv), true),
        ("f.tar", tar.clone(), false),
        ("f.tar.gz", gz(&tar), true),
    ] {
        let mut refused = 0;
        for _ in 0..1_000 {
            let mut damaged = bytes.clone();
            for _ in 0..=next() % 3 {
                let at = next() as usize % damaged.len();
                damaged[at] ^= 1 << (next() % 8);
            }
            match unwrapped(name, &damaged) {
                Ok((Unwrapped::Table { .. }, content)) => assert!(!checked || content == csv, "{name}"),
                Ok(_) => {}
                Err(error) => {
                    refused += 1;
                    let known = ["broken_file", "limit_exceeded", "outside_reference"];
                    assert!(known.contains(&error.code()), "{name}: {} {error}", error.code());
                }
            }
        }
        assert!(
            refused > if checked { 900 } else { 5 },
            "{name}: only {refused} refused"
        );
    }
}

#[test]
fn tables_are_read_right_out_of_archives() {
    let parquet = sample(1_000, 300, 50, true);
    for (file, format) in [
        (table("x.csv.gz", gz(&long_csv())), Format::Csv),
        (table("x.csv.zst", zst(&long_csv())), Format::Csv),
        (
            table("x.tar.xz", xz(&tarred(&[("d/x.csv", &long_csv())]))),
            Format::Csv,
        ),
        (
            table("x.zip", zipped(&[("p.parquet", &parquet)], Deflated)),
            Format::Parquet,
        ),
        (
            table("x.zip", zipped(&[("p.parquet", &parquet)], Stored)),
            Format::Parquet,
        ),
    ] {
        let inspection = file.inspect().unwrap();
        assert_eq!(inspection.format, format, "{}", file.name);
        assert_eq!(inspection.layout.format(), format);
        let (plain, rows) = match format {
            Format::Csv => (table("x.csv", long_csv()), 20_000),
            _ => (table("x.parquet", &parquet), 1_000),
        };
        assert_eq!(inspection.n_rows, rows);
        assert_eq!(file.rows(), plain.rows());
        assert_eq!(inspection.statistics, plain.inspect().unwrap().statistics);
        // A layout of the table itself serves, too.
        let layout: Layout = plain.inspect().unwrap().layout;
        let reader = pz_tables::open(&file.path, &file.name, Some(&layout)).unwrap();
        let page = pz_tables::rows_json(reader.as_ref(), 700..703, None).unwrap();
        assert_eq!(
            page,
            pz_tables::rows_json(plain.open().as_ref(), 700..703, None).unwrap()
        );
    }
    let error = table("r.csv.gz", gz(b"a,b\n1,2\n3\n")).error();
    assert_eq!((error.code.as_str(), error.row), ("ragged_row", Some(2)));
    assert!(
        error.message.starts_with("r.csv.gz: r.csv: row 2"),
        "{}",
        error.message
    );
    let error = table("t.zip", zipped(&[("a.csv", CSV), ("b.csv", CSV)], Deflated)).error();
    assert_eq!(
        error.message,
        "t.zip is not a table: it holds 2 tables: a.csv, b.csv; upload each on its own."
    );
    assert_eq!(table("e.csv.gz", gz(b"")).error().code, "empty_file");
}

#[test]
fn containers_are_only_stored_zips() {
    let open = |bytes: &[u8]| {
        let file = table("c.zip", bytes);
        Container::open_as(&file.path, "c.zip")
    };
    let stored = zipped(&[("b/y", b"two"), ("a", b"one")], Stored);
    let container = open(&stored).unwrap();
    let names: Vec<_> = container
        .members()
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b/y"]);
    let member = container.member("b/y").unwrap();
    let at = member.offset as usize;
    assert_eq!(&stored[at..at + member.bytes as usize], b"two");
    assert!(container.member("b").is_none());
    for bad in [
        zipped(&[("a", &[7; 1_000])], Deflated),
        raw_zip(&[RawEntry {
            flags: 1,
            ..RawEntry::stored("a", b"x")
        }]),
        raw_zip(&[RawEntry::stored("a", b"x"), RawEntry::stored("a", b"x")]),
        raw_zip(&[RawEntry::stored("../a", b"x")]),
        raw_zip(&[RawEntry {
            size: 9,
            ..RawEntry::stored("a", b"x")
        }]),
        b"PK".to_vec(),
        Vec::new(),
    ] {
        assert!(open(&bad).is_err());
    }
}
