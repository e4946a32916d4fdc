//! Data of plots: every number against a plain loop over the same rows.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ::parquet::file::properties::WriterProperties;
use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int16Array, Int64Array, StringArray,
};
use arrow::datatypes::{DataType, Field};
use proptest::prelude::*;
use pz_model::api::{GroupKind, MagnitudeCounts, RedshiftCounts, SkyCounts};
use pz_sky::Healpix;
use pz_tables::child::{self, ChildLimits};
use pz_tables::plot::{self, PlotCounts, PlotQuestion, PlotRequest};

use crate::child::program;
use crate::parquet::parquet;
use crate::{TempTable, table};

/// A Parquet file of several row groups with these columns.
fn file(columns: Vec<(&str, ArrayRef)>) -> TempTable {
    file_with_units(columns, &[])
}

fn file_with_units(columns: Vec<(&str, ArrayRef)>, units: &[(&str, &str)]) -> TempTable {
    let fields = columns
        .iter()
        .map(|(name, array)| {
            let unit = units.iter().find(|(column, _)| column == name);
            Field::new(*name, array.data_type().clone(), true).with_metadata(
                unit.map(|(_, unit)| ("unit".to_owned(), (*unit).to_owned()))
                    .into_iter()
                    .collect::<HashMap<_, _>>(),
            )
        })
        .collect();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(700))
        .build();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    table("cat.parquet", parquet(fields, arrays, Some(properties)))
}

fn doubles(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<Float64Array>())
}

fn count(table: &TempTable, request: PlotRequest) -> PlotCounts {
    let layout = Some(table.inspect().unwrap().layout);
    let question = PlotQuestion { request, layout };
    let found = plot::plot(&table.path, &table.name, &question).unwrap();
    // What the server keeps of it says the same.
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<PlotCounts>(&json).unwrap(), found);
    found
}

fn sky(table: &TempTable, order: Option<u8>) -> SkyCounts {
    let (ra, dec) = ("ra".to_owned(), "dec".to_owned());
    match count(table, PlotRequest::Sky { ra, dec, order }) {
        PlotCounts::Sky(counts) => counts,
        other => panic!("{other:?}"),
    }
}

fn redshift(
    table: &TempTable,
    bins: usize,
    range: (Option<f64>, Option<f64>),
    split: Option<&str>,
) -> RedshiftCounts {
    let request = PlotRequest::Redshift {
        z: "z".to_owned(),
        bins,
        min: range.0,
        max: range.1,
        split: split.map(str::to_owned),
    };
    match count(table, request) {
        PlotCounts::Redshift(counts) => counts,
        other => panic!("{other:?}"),
    }
}

fn magnitude(table: &TempTable, bins: usize) -> MagnitudeCounts {
    let request = PlotRequest::Magnitude {
        magnitude: "mag".to_owned(),
        z: "z".to_owned(),
        bins,
    };
    match count(table, request) {
        PlotCounts::Magnitude(counts) => counts,
        other => panic!("{other:?}"),
    }
}

fn cells(order: u8, positions: &[(f64, f64)]) -> Vec<(u64, u64)> {
    let mut cells: BTreeMap<u64, u64> = BTreeMap::new();
    for (ra, dec) in positions {
        *cells
            .entry(Healpix::new(order).cell(*ra, *dec).unwrap())
            .or_default() += 1;
    }
    cells.into_iter().collect()
}

/// Numbers between 0 and 1, the same each time.
fn uniform(seed: u64) -> impl FnMut() -> f64 {
    let mut next = crate::broken::seeded(seed);
    move || (next() >> 11) as f64 / (1u64 << 53) as f64
}

#[test]
fn cells_grow_coarser_until_they_are_few() {
    let mut next = uniform(7);
    let positions: Vec<(f64, f64)> = (0..30_000)
        .map(|_| (360.0 * next(), (2.0 * next() - 1.0).asin().to_degrees()))
        .collect();
    let file = file(vec![
        (
            "ra",
            doubles(&positions.iter().map(|(ra, _)| Some(*ra)).collect::<Vec<_>>()),
        ),
        (
            "dec",
            doubles(&positions.iter().map(|(_, dec)| Some(*dec)).collect::<Vec<_>>()),
        ),
    ]);
    let chosen = sky(&file, None);
    // Order 4 has 3,072 cells, all of which hold something; order 5 has 12,288, of which 30,000 rows fill most.
    assert_eq!(chosen.order, 4);
    assert_eq!(chosen.cells, cells(4, &positions));
    assert_eq!(
        (chosen.n_footprints, chosen.footprints[0].n_cells),
        (1, chosen.cells.len() as u64)
    );
    for order in 0..=9 {
        let found = sky(&file, Some(order));
        assert_eq!((found.order, found.cells), (order, cells(order, &positions)));
    }
}

#[test]
fn positions_in_other_units_and_conventions() {
    let degrees = [(359.5, -1.0), (0.5, 1.0), (180.0, 89.0)];
    let expected = cells(5, &degrees);
    let columns = |ra: &dyn Fn(f64) -> f64, dec: &dyn Fn(f64) -> f64| {
        vec![
            ("ra", doubles(&degrees.map(|(value, _)| Some(ra(value))))),
            ("dec", doubles(&degrees.map(|(_, value)| Some(dec(value))))),
        ]
    };
    let same = |value: f64| value;
    let plain = file(columns(&same, &same));
    let radians = file_with_units(
        columns(&f64::to_radians, &f64::to_radians),
        &[("ra", "rad"), ("dec", "rad")],
    );
    let hours = file_with_units(
        columns(&|ra| ra / 15.0, &same),
        &[("ra", "hourangle"), ("dec", "deg")],
    );
    let negative = file(columns(&|ra| if ra > 180.0 { ra - 360.0 } else { ra }, &same));
    for file in [plain, radians, hours, negative] {
        let found = sky(&file, Some(5));
        assert_eq!(found.cells, expected);
    }
    let near_zero = file(vec![
        ("ra", doubles(&[Some(359.5), Some(0.25)])),
        ("dec", doubles(&[Some(1.0), Some(2.0)])),
    ]);
    let bounds = sky(&near_zero, None).bounds.unwrap();
    assert_eq!((bounds.ra_min, bounds.ra_max, bounds.dec_max), (359.5, 0.25, 2.0));
}

#[test]
fn rows_without_a_position_are_counted_apart() {
    let file = file(vec![
        (
            "ra",
            doubles(&[
                Some(1.0),
                None,
                Some(f64::NAN),
                Some(361.0),
                Some(-200.0),
                Some(5.0),
                Some(f64::INFINITY),
            ]),
        ),
        (
            "dec",
            doubles(&[
                Some(1.0),
                Some(0.0),
                Some(0.0),
                Some(0.0),
                Some(0.0),
                Some(90.5),
                Some(0.0),
            ]),
        ),
    ]);
    let found = sky(&file, None);
    assert_eq!(
        (found.n_rows, found.n_valid, found.n_missing, found.n_out_of_range),
        (7, 1, 2, 4)
    );
    let empty = sky(
        &self::file(vec![("ra", doubles(&[])), ("dec", doubles(&[]))]),
        None,
    );
    assert_eq!(
        (empty.n_rows, empty.cells.len(), empty.bounds, empty.n_footprints),
        (0, 0, None, 0)
    );
}

#[test]
fn few_rows_are_no_dust() {
    let mut next = uniform(3);
    let positions: Vec<(f64, f64)> = (0..300).map(|_| (150.0 + next(), 2.0 + next())).collect();
    let file = file(vec![
        (
            "ra",
            doubles(&positions.iter().map(|(ra, _)| Some(*ra)).collect::<Vec<_>>()),
        ),
        (
            "dec",
            doubles(&positions.iter().map(|(_, dec)| Some(*dec)).collect::<Vec<_>>()),
        ),
    ]);
    let found = sky(&file, None);
    assert!(
        found.cells.len() <= 150 && found.order >= 6,
        "{} {}",
        found.order,
        found.cells.len()
    );
    assert_eq!(found.n_footprints, 1);
}

#[test]
fn groups_of_every_type_of_column() {
    let rows = 500;
    let z: Vec<Option<f64>> = (0..rows).map(|row| Some(f64::from(row % 50) / 25.0)).collect();
    let flag = |row: i32| (row % 7 != 0).then_some(row % 4);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("z", doubles(&z)),
        (
            "whole",
            Arc::new(
                (0..rows)
                    .map(|row| flag(row).map(|flag| flag as i16))
                    .collect::<Int16Array>(),
            ),
        ),
        (
            "float",
            Arc::new(
                (0..rows)
                    .map(|row| flag(row).map(|flag| flag as f32 + 0.5))
                    .collect::<Float32Array>(),
            ),
        ),
        (
            "text",
            Arc::new(
                (0..rows)
                    .map(|row| flag(row).map(|flag| format!("S{flag}")))
                    .collect::<StringArray>(),
            ),
        ),
        (
            "bool",
            Arc::new(
                (0..rows)
                    .map(|row| flag(row).map(|flag| flag > 1))
                    .collect::<BooleanArray>(),
            ),
        ),
        (
            "many",
            Arc::new(
                (0..i64::from(rows))
                    .map(|row| Some(row % 100))
                    .collect::<Int64Array>(),
            ),
        ),
    ];
    let file = file(columns);
    for (column, text) in [
        ("whole", &(|flag: i32| flag.to_string()) as &dyn Fn(i32) -> String),
        ("float", &|flag| format!("{flag}.5")),
        ("text", &|flag| format!("S{flag}")),
        ("bool", &|flag| (flag > 1).to_string()),
    ] {
        let found = redshift(&file, 10, (Some(0.0), Some(2.0)), Some(column));
        let mut expected: BTreeMap<Option<String>, u64> = BTreeMap::new();
        for row in 0..rows {
            *expected.entry(flag(row).map(text)).or_default() += 1;
        }
        let groups: BTreeMap<Option<String>, u64> = found
            .groups
            .iter()
            .map(|group| (group.value.clone(), group.n_rows))
            .collect();
        assert_eq!(groups, expected, "{column}");
        assert_eq!(found.groups.last().unwrap().kind, GroupKind::Missing);
        for bin in 0..10 {
            let sum: u64 = found.groups.iter().map(|group| group.counts[bin]).sum();
            assert_eq!(sum, found.counts[bin], "{column} {bin}");
        }
    }
    let found = redshift(&file, 10, (None, None), Some("many"));
    assert_eq!(found.groups.len(), 11, "ten values and all others");
    assert_eq!(
        (found.groups[10].kind, found.groups[10].n_rows),
        (GroupKind::Other, 450)
    );
    assert!(redshift(&file, 10, (None, None), None).groups.is_empty());
}

#[test]
fn one_far_value_does_not_make_the_axis() {
    let mut values: Vec<Option<f64>> = (0..5000).map(|row| Some(f64::from(row) / 2500.0)).collect();
    values.push(Some(70.0));
    let found = redshift(&file(vec![("z", doubles(&values))]), 20, (None, None), None);
    assert!(
        (2.0..2.5).contains(found.edges.last().unwrap()),
        "{:?}",
        found.edges
    );
    assert_eq!((found.overflow, found.z_max), (1, Some(70.0)));
    let nothing = redshift(
        &file(vec![("z", doubles(&[None, Some(-99.0)]))]),
        5,
        (None, None),
        None,
    );
    assert_eq!(
        (nothing.counts, nothing.missing, nothing.sentinel),
        (vec![0; 5], 1, 1)
    );
    assert_eq!((nothing.median, nothing.edges.len()), (None, 6));
}

#[test]
fn numbers_of_other_types() {
    let decimal = Decimal128Array::from(vec![Some(50), None, Some(150)])
        .with_precision_and_scale(10, 2)
        .unwrap();
    let z: ArrayRef = Arc::new(decimal);
    let mag: ArrayRef = Arc::new(Int64Array::from(vec![20, 21, 22]));
    let file = file(vec![
        ("z", z),
        ("mag", mag),
        ("text", Arc::new(StringArray::from(vec!["a", "b", "c"]))),
    ]);
    let found = redshift(&file, 2, (Some(0.0), Some(2.0)), None);
    assert_eq!((found.counts, found.missing), (vec![1, 1], 1));
    let found = magnitude(&file, 4);
    assert_eq!((found.n, found.n_missing, found.n_outside), (2, 1, 0));
    for (request, code) in [
        (
            PlotRequest::Sky {
                ra: "text".to_owned(),
                dec: "z".to_owned(),
                order: None,
            },
            "no_numbers",
        ),
        (
            PlotRequest::Magnitude {
                magnitude: "nothing".to_owned(),
                z: "z".to_owned(),
                bins: 3,
            },
            "no_such_column_name",
        ),
    ] {
        let question = PlotQuestion {
            request,
            layout: None,
        };
        let error = plot::plot(&file.path, &file.name, &question).unwrap_err();
        assert_eq!(error.code(), code);
        // The same from the process, with the column.
        let there = child::plot(
            program(),
            &file.path,
            &file.name,
            &question,
            ChildLimits::default(),
        )
        .unwrap_err();
        assert_eq!(there.report(), error.report());
        assert!(there.report().column.is_some());
    }
}

#[test]
fn the_process_answers_what_the_library_does() {
    let mut text = String::from("ra,dec,z,mag\n");
    let mut next = uniform(5);
    for _ in 0..2000 {
        text.push_str(&format!(
            "{},{},{},{}\n",
            10.0 * next(),
            next(),
            3.0 * next(),
            20.0 + 5.0 * next()
        ));
    }
    let file = table("cat.csv", text);
    let layout = Some(file.inspect().unwrap().layout);
    for request in [
        PlotRequest::Sky {
            ra: "ra".to_owned(),
            dec: "dec".to_owned(),
            order: None,
        },
        PlotRequest::Redshift {
            z: "z".to_owned(),
            bins: 30,
            min: None,
            max: None,
            split: None,
        },
        PlotRequest::Magnitude {
            magnitude: "mag".to_owned(),
            z: "z".to_owned(),
            bins: 50,
        },
    ] {
        let question = PlotQuestion {
            request,
            layout: layout.clone(),
        };
        let here = plot::plot(&file.path, &file.name, &question).unwrap();
        let there = child::plot(
            program(),
            &file.path,
            &file.name,
            &question,
            ChildLimits::default(),
        )
        .unwrap();
        assert_eq!(there, here);
    }
}

/// Redshifts as catalogs have them.
fn any_redshift() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        4 => (0.0..3.0f64).prop_map(Some),
        2 => (0u8..40).prop_map(|tenths| Some(f64::from(tenths) / 10.0)),
        1 => prop::sample::select(vec![-99.0, 99.0, -9.99, 9999.0, -0.001, -0.5, 89.9, f64::NAN, f64::INFINITY]).prop_map(Some),
        1 => Just(None),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_row_is_counted_once(
        values in prop::collection::vec(any_redshift(), 0..400),
        bins in 1usize..40, low in -1.0..2.0f64, width in 0.01..3.0f64, given_range: bool,
    ) {
        let range = if given_range { (Some(low), Some(low + width)) } else { (None, None) };
        let found = redshift(&file(vec![("z", doubles(&values))]), bins, range, None);
        let z: Vec<f64> = values.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        let edges = &found.edges;
        let (first, last) = (edges[0], edges[bins]);
        let count = |wanted: &dyn Fn(f64) -> bool| z.iter().filter(|value| wanted(**value)).count() as u64;
        prop_assert_eq!(found.missing, count(&f64::is_nan));
        prop_assert_eq!(found.sentinel, count(&|z| z <= -9.0 || z >= 90.0));
        let negative = count(&|z| z > -9.0 && z < 0.0);
        prop_assert_eq!(found.negative, if first < 0.0 { 0 } else { negative });
        let is_counted = |z: f64| z < 90.0 && (z >= 0.0 || first < 0.0 && z > -9.0);
        for bin in 0..bins {
            let closed = bin + 1 == bins;
            let expected = count(&|z| {
                is_counted(z) && z >= edges[bin] && (z < edges[bin + 1] || closed && z == edges[bin + 1])
            });
            prop_assert_eq!(found.counts[bin], expected, "bin {} of {:?}", bin, edges);
        }
        prop_assert_eq!(found.underflow, count(&|z| is_counted(z) && z < first));
        prop_assert_eq!(found.overflow, count(&|z| is_counted(z) && z > last));
        let all = found.counts.iter().sum::<u64>()
            + found.underflow + found.overflow + found.missing + found.negative + found.sentinel;
        prop_assert_eq!(all, values.len() as u64);
        let mut sorted: Vec<f64> = z.iter().copied().filter(|z| (0.0..90.0).contains(z)).collect();
        sorted.sort_by(f64::total_cmp);
        if let Some(median) = found.median {
            let rank = 0.5 * (sorted.len() - 1) as f64;
            let (below, above) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
            prop_assert!((below - 1e-4..=above + 1e-4).contains(&median), "{} in {}..{}", median, below, above);
        }
    }

    #[test]
    fn density_adds_up(
        rows in prop::collection::vec((any_redshift(), prop::option::of(prop_oneof![
            5 => 15.0..28.0f64, 1 => prop::sample::select(vec![99.0, -99.0, f64::NAN, -20.5])
        ])), 0..300),
        bins in 1usize..30,
    ) {
        let z: Vec<_> = rows.iter().map(|row| row.0).collect();
        let mag: Vec<_> = rows.iter().map(|row| row.1).collect();
        let found = magnitude(&file(vec![("z", doubles(&z)), ("mag", doubles(&mag))]), bins);
        let pairs: Vec<(f64, f64)> = rows.iter()
            .filter_map(|(z, mag)| mag.zip(*z))
            .filter(|(mag, z)| mag.abs() < 90.0 && (0.0..90.0).contains(z))
            .collect();
        prop_assert_eq!(found.n, pairs.len() as u64);
        prop_assert_eq!(found.n + found.n_missing, rows.len() as u64);
        prop_assert_eq!(found.counts.iter().sum::<u64>() + found.n_outside, found.n);
        if found.n > 0 {
            prop_assert_eq!(found.counts.len(), bins * bins);
            for (m, running) in found.running.iter().enumerate() {
                let (low, high) = (found.magnitude_edges[m], found.magnitude_edges[m + 1]);
                let closed = m + 1 == bins;
                let inside = |mag: f64| mag >= low && (mag < high || closed && mag == high);
                prop_assert_eq!(running.n, pairs.iter().filter(|(mag, _)| inside(*mag)).count() as u64);
            }
        }
    }
}

/// Ten million rows; run with `--release --run-ignored all --no-capture`.
#[test]
#[ignore = "takes long without --release"]
fn ten_million_rows() {
    let mut next = uniform(11);
    let rows = 10_000_000;
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "ra",
            Arc::new((0..rows).map(|_| Some(360.0 * next())).collect::<Float64Array>()),
        ),
        (
            "dec",
            Arc::new(
                (0..rows)
                    .map(|_| Some((2.0 * next() - 1.0).asin().to_degrees()))
                    .collect::<Float64Array>(),
            ),
        ),
        (
            "z",
            Arc::new(
                (0..rows)
                    .map(|_| Some(3.0 * next() * next()))
                    .collect::<Float64Array>(),
            ),
        ),
        (
            "mag",
            Arc::new(
                (0..rows)
                    .map(|_| Some((18.0 + 8.0 * next()) as f32))
                    .collect::<Float32Array>(),
            ),
        ),
    ];
    let fields = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let bytes = parquet(
        fields,
        columns.into_iter().map(|(_, array)| array).collect(),
        None,
    );
    let file = table("cat.parquet", bytes);
    for (name, request) in [
        (
            "sky",
            PlotRequest::Sky {
                ra: "ra".to_owned(),
                dec: "dec".to_owned(),
                order: None,
            },
        ),
        (
            "nz",
            PlotRequest::Redshift {
                z: "z".to_owned(),
                bins: 60,
                min: None,
                max: None,
                split: None,
            },
        ),
        (
            "magz",
            PlotRequest::Magnitude {
                magnitude: "mag".to_owned(),
                z: "z".to_owned(),
                bins: 100,
            },
        ),
    ] {
        let start = std::time::Instant::now();
        let question = PlotQuestion {
            request,
            layout: None,
        };
        let limits = ChildLimits {
            memory_bytes: 300 << 20,
            ..ChildLimits::default()
        };
        child::plot(program(), &file.path, &file.name, &question, limits).unwrap();
        println!("{name}: {:.2} s", start.elapsed().as_secs_f64());
    }
    assert_eq!(
        file.open().arrow_schema().field(0).data_type(),
        &DataType::Float64
    );
}
