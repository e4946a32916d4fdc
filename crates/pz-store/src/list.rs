//! Lists: conditions, search, order and paging over one resource, independent of which one.

use std::collections::HashMap;
use std::sync::PoisonError;

use sea_orm::sea_query::{Cond, Expr, ExprTrait, LikeExpr, NullOrdering, Order, Query, SelectStatement};

use sea_orm::{DbBackend, FromQueryResult};

use crate::database::Store;
use crate::error::StoreError;
use crate::text::contains_pattern;

/// A column that a list can be filtered or ordered by.
pub trait ListField: Copy {
    /// The column, with its table.
    fn expr(self) -> Expr;

    /// The column may be null, so that an order must say where nulls go: the databases disagree.
    fn is_nullable(self) -> bool {
        false
    }

    /// Few distinct values: an index on it must not lure SQLite away from the index that gives the order.
    fn is_coarse(self) -> bool {
        false
    }
}

/// A column that SQLite's planner takes for an expression, so that no index on it is used.
pub(crate) fn without_index(column: Expr, backend: DbBackend) -> Expr {
    match backend {
        DbBackend::Sqlite => Expr::cust_with_exprs("+?", [column]),
        _ => column,
    }
}

/// One condition on a list.
#[derive(Debug, Clone, PartialEq)]
pub enum ListCondition<F> {
    /// Equal to one of these texts, case-sensitive.
    TextIn(F, Vec<String>),
    /// Equal to one of these numbers.
    NumberIn(F, Vec<i64>),
    /// Equal to one of these.
    FlagIn(F, Vec<bool>),
    /// Null, or not null.
    IsNull(F, bool),
    /// Equal to one of these texts, case-sensitive, or null.
    TextInOrNull(F, Vec<String>),
    /// Equal to one of these numbers, or null.
    NumberInOrNull(F, Vec<i64>),
    /// At least the first and at most the second number, where given; null never is.
    Between(F, Option<f64>, Option<f64>),
    /// The range between two columns (smallest, largest) touches the range between two numbers, where given; a range
    /// of nulls never does.
    Touches(F, F, Option<f64>, Option<f64>),
    /// Contains one of these words, as a list between commas (`,a,b,`).
    WordIn(F, Vec<String>),
    /// Each piece (or any piece) is contained in at least one of the columns, ignoring case. The columns
    /// are search columns (see [`crate::text`]).
    Contains {
        /// The columns.
        fields: Vec<F>,
        /// The pieces.
        pieces: Vec<String>,
        /// One piece is enough.
        any: bool,
    },
}

/// Which rows of a list, in which order, from where.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery<F> {
    /// All of these hold.
    pub conditions: Vec<ListCondition<F>>,
    /// Columns and the direction (true: descending).
    pub order: Vec<(F, bool)>,
    /// Rows to leave out first.
    pub offset: u64,
    /// Rows to return at most.
    pub limit: u64,
}

impl<F> Default for ListQuery<F> {
    fn default() -> Self {
        Self {
            conditions: Vec::new(),
            order: Vec::new(),
            offset: 0,
            limit: u64::MAX,
        }
    }
}

impl<F: ListField> ListQuery<F> {
    /// All conditions as one.
    pub(crate) fn condition(&self, backend: DbBackend) -> Cond {
        self.conditions
            .iter()
            .fold(Cond::all(), |all, condition| all.add(condition.to_sql(backend)))
    }

    /// Adds order and paging.
    pub(crate) fn order_and_page(&self, select: &mut SelectStatement, id: Expr) {
        self.order(select, id);
        select.limit(Ord::min(self.limit, i64::MAX as u64));
        if self.offset > 0 {
            select.offset(Ord::min(self.offset, i64::MAX as u64));
        }
    }

    /// Adds the order, with `id` as the last resort in the direction of the last order.
    pub(crate) fn order(&self, select: &mut SelectStatement, id: Expr) {
        let mut last = Order::Asc;
        for (field, descending) in &self.order {
            last = if *descending { Order::Desc } else { Order::Asc };
            if field.is_nullable() {
                let nulls = if *descending {
                    NullOrdering::Last
                } else {
                    NullOrdering::First
                };
                select.order_by_expr_with_nulls(field.expr(), last.clone(), nulls);
            } else {
                select.order_by_expr(field.expr(), last.clone());
            }
        }
        select.order_by_expr(id, last);
    }
}

impl<F: ListField> ListCondition<F> {
    fn to_sql(&self, backend: DbBackend) -> Expr {
        let column = |field: F| {
            if field.is_coarse() {
                without_index(field.expr(), backend)
            } else {
                field.expr()
            }
        };
        match self {
            Self::TextIn(field, values) => column(*field).is_in(values.iter().cloned()),
            Self::NumberIn(field, values) => column(*field).is_in(values.iter().copied()),
            Self::FlagIn(field, values) => column(*field).is_in(values.iter().copied()),
            Self::IsNull(field, true) => column(*field).is_null(),
            Self::IsNull(field, false) => column(*field).is_not_null(),
            Self::TextInOrNull(field, values) => {
                let equal = column(*field).is_in(values.iter().cloned());
                Cond::any().add(equal).add(column(*field).is_null()).into()
            }
            Self::NumberInOrNull(field, values) => {
                let equal = column(*field).is_in(values.iter().copied());
                Cond::any().add(equal).add(column(*field).is_null()).into()
            }
            Self::Between(field, low, high) => touching(column(*field), column(*field), *low, *high),
            Self::Touches(smallest, largest, low, high) => {
                touching(column(*smallest), column(*largest), *low, *high)
            }
            Self::WordIn(field, words) => words
                .iter()
                .fold(Cond::any(), |any, word| any.add(has_word(column(*field), word)))
                .into(),
            Self::Contains { fields, pieces, any } => {
                let start = if *any { Cond::any() } else { Cond::all() };
                let all = pieces.iter().fold(start, |cond, piece| {
                    let pattern = contains_pattern(piece);
                    let in_one = fields.iter().fold(Cond::any(), |any, field| {
                        any.add(field.expr().like(LikeExpr::new(pattern.clone()).escape('\\')))
                    });
                    cond.add(in_one)
                });
                all.into()
            }
        }
    }

    /// The columns the condition looks at.
    pub(crate) fn fields(&self) -> Vec<F> {
        match self {
            Self::TextIn(field, _)
            | Self::NumberIn(field, _)
            | Self::FlagIn(field, _)
            | Self::IsNull(field, _)
            | Self::TextInOrNull(field, _)
            | Self::NumberInOrNull(field, _)
            | Self::Between(field, ..)
            | Self::WordIn(field, _) => vec![*field],
            Self::Touches(smallest, largest, ..) => vec![*smallest, *largest],
            Self::Contains { fields, .. } => fields.clone(),
        }
    }
}

/// The largest is at least `low` and the smallest at most `high`.
fn touching(smallest: Expr, largest: Expr, low: Option<f64>, high: Option<f64>) -> Expr {
    let at_least = low.map(|low| largest.clone().gte(low));
    let at_most = high.map(|high| smallest.lte(high));
    Cond::all()
        .add(largest.is_not_null())
        .add_option(at_least)
        .add_option(at_most)
        .into()
}

/// A list between commas contains a word that has no comma itself.
fn has_word(list: Expr, word: &str) -> Expr {
    let mut pattern = String::from("%,");
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push_str(",%");
    list.like(LikeExpr::new(pattern).escape('\\'))
}

#[derive(FromQueryResult)]
struct CountRow {
    count: i64,
}

#[derive(FromQueryResult)]
struct IdRow {
    id: i64,
}

/// Counts made at one revision of the lists.
#[derive(Debug, Default)]
pub(crate) struct CountCache {
    revision: i64,
    counts: HashMap<String, u64>,
}

/// Counts kept at most; beyond that all are dropped.
const COUNTS_MAX: usize = 10_000;

impl Store {
    /// The number that a count gives, remembered as long as the lists stay at this revision.
    pub(crate) async fn count_at_revision(
        &self,
        revision: i64,
        select: &SelectStatement,
    ) -> Result<u64, StoreError> {
        let key = self.backend().build(select).to_string();
        {
            let mut cache = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            if cache.revision != revision || cache.counts.len() >= COUNTS_MAX {
                *cache = CountCache {
                    revision,
                    counts: HashMap::new(),
                };
            }
            if let Some(count) = cache.counts.get(&key) {
                return Ok(*count);
            }
        }
        let count = self.count_of(select).await?;
        let mut cache = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.revision == revision {
            cache.counts.insert(key, count);
        }
        Ok(count)
    }

    /// Rows of one table that meet a condition.
    pub(crate) async fn count(&self, table: &'static str, condition: Cond) -> Result<u64, StoreError> {
        let select = Query::select()
            .expr_as(Expr::val(1).count(), "count")
            .from(table)
            .cond_where(condition)
            .take();
        self.count_of(&select).await
    }

    /// The number a `SELECT count(…) AS count` gives.
    pub(crate) async fn count_of(&self, select: &SelectStatement) -> Result<u64, StoreError> {
        let row = CountRow::find_by_statement(self.backend().build(select))
            .one(&self.db)
            .await?;
        Ok(row.map_or(0, |row| u64::try_from(row.count).unwrap_or(0)))
    }

    /// The ids that a `SELECT id` gives.
    pub(crate) async fn ids_of(&self, select: &SelectStatement) -> Result<Vec<i64>, StoreError> {
        let rows = IdRow::find_by_statement(self.backend().build(select))
            .all(&self.db)
            .await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }
}
