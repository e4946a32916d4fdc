//! What facets look at of each product, small enough to be kept for all products there are.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use pz_model::ColumnMeaning;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{DatabaseConnection, StreamTrait};

use super::Names;
use crate::error::StoreError;
use crate::list::ListCondition;
use crate::products::ProductField;

/// One thing to select products by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Facet {
    ProductType,
    Release,
    Owner,
    Origin,
    Official,
    Status,
    Format,
    Year,
    Roles,
    Rows,
    Redshift,
}

impl Facet {
    /// The facet that a condition is a selection of; none for what only SQL can decide.
    pub(super) fn of(condition: &ListCondition<ProductField>) -> Option<Self> {
        if matches!(condition, ListCondition::Contains { .. }) {
            return None;
        }
        let fields = condition.fields();
        Some(match fields.first()? {
            ProductField::ProductTypeId => Self::ProductType,
            ProductField::ReleaseId => Self::Release,
            ProductField::UserId | ProductField::OwnerName => Self::Owner,
            ProductField::Pipeline => Self::Origin,
            ProductField::OfficialProduct => Self::Official,
            ProductField::Status => Self::Status,
            ProductField::Format => Self::Format,
            ProductField::ReleaseYear => Self::Year,
            ProductField::Roles => Self::Roles,
            ProductField::Rows => Self::Rows,
            ProductField::ZMin | ProductField::ZMax => Self::Redshift,
            _ => return None,
        })
    }

    pub(super) fn bit(self) -> u16 {
        1 << (self as u16)
    }
}

/// One product.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) product_type: i64,
    pub(super) release: Option<i64>,
    pub(super) owner: i64,
    pub(super) pipeline: Option<i64>,
    pub(super) n_rows: Option<i64>,
    pub(super) z: Option<(f64, f64)>,
    pub(super) year: Option<i32>,
    pub(super) status: i32,
    /// Position among the formats.
    pub(super) format: Option<u16>,
    /// One bit for each meaning, in the order of [`ColumnMeaning::ALL`].
    pub(super) roles: u8,
    pub(super) official: bool,
}

/// Products that a viewer may see and that pass what only SQL can decide.
#[derive(Debug)]
pub(crate) struct Records {
    pub(super) products: Vec<Record>,
    pub(super) formats: Vec<String>,
    /// Releases that the viewer may see, by id.
    pub(super) releases: HashMap<i64, String>,
}

impl Records {
    pub(super) fn len(&self) -> usize {
        self.products.len()
    }
}

/// The columns that [`read`] reads, in this order.
pub(super) fn select_columns(select: &mut SelectStatement) {
    for column in [
        "product_type_id",
        "release_id",
        "user_id",
        "release_year",
        "status",
        "roles",
        "official_product",
        "z_min",
        "z_max",
    ] {
        select.column(("products", column));
    }
    select
        .column(("processes", "pipeline_id"))
        .columns([("product_files", "n_rows"), ("product_files", "table_format")]);
}

/// Runs the statement and keeps what facets look at.
pub(super) async fn read(
    db: &DatabaseConnection,
    select: &SelectStatement,
    releases: HashMap<i64, String>,
) -> Result<Records, StoreError> {
    let statement = db.get_database_backend().build(select);
    let mut rows = db.stream_raw(statement).await?;
    let mut products = Vec::new();
    let mut formats: Vec<String> = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let format: Option<String> = row.try_get_by_index(11)?;
        let z_min: Option<f64> = row.try_get_by_index(7)?;
        let z_max: Option<f64> = row.try_get_by_index(8)?;
        let roles: Option<String> = row.try_get_by_index(5)?;
        products.push(Record {
            product_type: row.try_get_by_index(0)?,
            release: row.try_get_by_index(1)?,
            owner: row.try_get_by_index(2)?,
            year: row.try_get_by_index(3)?,
            status: row.try_get_by_index(4)?,
            roles: roles.map_or(0, |roles| role_bits(roles.split(','))),
            official: row.try_get_by_index(6)?,
            z: z_min.zip(z_max),
            pipeline: row.try_get_by_index(9)?,
            n_rows: row.try_get_by_index(10)?,
            format: format.map(|format| position_of(&mut formats, format)),
        });
    }
    Ok(Records {
        products,
        formats,
        releases,
    })
}

/// There are a handful of formats.
fn position_of(formats: &mut Vec<String>, format: String) -> u16 {
    let known = formats.iter().position(|known| *known == format);
    let position = known.unwrap_or_else(|| {
        formats.push(format);
        formats.len() - 1
    });
    u16::try_from(position).unwrap_or(u16::MAX)
}

fn role_bits<'a>(aliases: impl Iterator<Item = &'a str>) -> u8 {
    let bit = |alias| {
        ColumnMeaning::ALL
            .iter()
            .position(|meaning| meaning.alias() == alias)
    };
    aliases
        .filter_map(bit)
        .fold(0, |bits, position| bits | 1 << position)
}

/// Whether a product meets a condition.
type Test<'a> = Box<dyn Fn(&Record) -> bool + 'a>;

/// The condition as SQL has it, over records. Everything that [`Facet::of`] gives a facet has a test here.
pub(super) fn test<'a>(
    condition: &'a ListCondition<ProductField>,
    records: &'a Records,
    names: &'a Names,
) -> Test<'a> {
    match condition {
        ListCondition::NumberIn(field, wanted) => {
            let number = number_of(*field);
            Box::new(move |record| number(record).is_some_and(|number| wanted.contains(&number)))
        }
        ListCondition::NumberInOrNull(field, wanted) => {
            let number = number_of(*field);
            Box::new(move |record| number(record).is_none_or(|number| wanted.contains(&number)))
        }
        ListCondition::IsNull(field, is_null) => {
            let number = number_of(*field);
            Box::new(move |record| number(record).is_none() == *is_null)
        }
        ListCondition::FlagIn(_, wanted) => Box::new(move |record| wanted.contains(&record.official)),
        ListCondition::TextIn(field, wanted) => text_test(*field, wanted, false, records, names),
        ListCondition::TextInOrNull(field, wanted) => text_test(*field, wanted, true, records, names),
        ListCondition::WordIn(_, words) => {
            let bits = role_bits(words.iter().map(String::as_str));
            Box::new(move |record| record.roles & bits != 0)
        }
        ListCondition::Between(_, low, high) => Box::new(move |record| {
            let touches = |rows: i64| within((rows as f64, rows as f64), *low, *high);
            record.n_rows.is_some_and(touches)
        }),
        ListCondition::Touches(_, _, low, high) => {
            Box::new(move |record| record.z.is_some_and(|range| within(range, *low, *high)))
        }
        ListCondition::Contains { .. } => Box::new(|_| true),
    }
}

fn within((smallest, largest): (f64, f64), low: Option<f64>, high: Option<f64>) -> bool {
    low.is_none_or(|low| largest >= low) && high.is_none_or(|high| smallest <= high)
}

fn number_of(field: ProductField) -> fn(&Record) -> Option<i64> {
    match field {
        ProductField::ProductTypeId => |record| Some(record.product_type),
        ProductField::ReleaseId => |record| record.release,
        ProductField::UserId => |record| Some(record.owner),
        ProductField::ReleaseYear => |record| record.year.map(i64::from),
        ProductField::Status => |record| Some(i64::from(record.status)),
        _ => |_| None,
    }
}

fn text_test<'a>(
    field: ProductField,
    wanted: &'a [String],
    or_null: bool,
    records: &'a Records,
    names: &'a Names,
) -> Test<'a> {
    match field {
        ProductField::OwnerName => {
            let is_wanted =
                |(id, (username, _)): (&i64, &(String, _))| wanted.contains(username).then_some(*id);
            let ids: Vec<i64> = names.users.iter().filter_map(is_wanted).collect();
            Box::new(move |record| ids.contains(&record.owner))
        }
        ProductField::Pipeline => {
            let ids: Vec<i64> = names
                .pipelines
                .iter()
                .filter(|(_, name, _)| wanted.contains(name))
                .map(|(id, ..)| *id)
                .collect();
            Box::new(move |record| record.pipeline.map_or(or_null, |id| ids.contains(&id)))
        }
        _ => {
            let is_wanted: Vec<bool> = records
                .formats
                .iter()
                .map(|format| wanted.contains(format))
                .collect();
            Box::new(move |record| match record.format {
                Some(format) => is_wanted.get(usize::from(format)).copied().unwrap_or(false),
                None => or_null,
            })
        }
    }
}
