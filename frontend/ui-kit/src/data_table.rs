//! Lists of things as a table on wide screens and as cards on narrow ones.

use std::hash::Hash;
use std::sync::Arc;

use leptos::prelude::*;

use crate::icon::{Icon, IconName};

/// How a list is sorted: by which column, and which way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// Id of the column.
    pub column: &'static str,
    /// Largest first.
    pub descending: bool,
}

/// Where the values of a column stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Align {
    /// At the start: words.
    #[default]
    Start,
    /// At the end: numbers and actions.
    End,
}

type CellView<R> = Arc<dyn Fn(&R) -> AnyView + Send + Sync>;

/// A column of a table of `R`.
#[derive(Clone)]
pub struct Column<R> {
    id: &'static str,
    header: Signal<String>,
    cell: CellView<R>,
    sortable: bool,
    align: Align,
    wide_only: bool,
    hidden_header: bool,
}

impl<R> std::fmt::Debug for Column<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Column")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl<R> Column<R> {
    /// A column of words.
    pub fn new<V: IntoView + 'static>(
        id: &'static str,
        header: Signal<String>,
        cell: impl Fn(&R) -> V + Send + Sync + 'static,
    ) -> Self {
        Self {
            id,
            header,
            cell: Arc::new(move |row| cell(row).into_any()),
            sortable: false,
            align: Align::Start,
            wide_only: false,
            hidden_header: false,
        }
    }

    /// The list can be sorted by it.
    #[must_use]
    pub fn sortable(mut self) -> Self {
        self.sortable = true;
        self
    }

    /// Its values stand at the end.
    #[must_use]
    pub fn at_end(mut self) -> Self {
        self.align = Align::End;
        self
    }

    /// Left out where there is little room.
    #[must_use]
    pub fn wide_only(mut self) -> Self {
        self.wide_only = true;
        self
    }

    /// Its header is only read out.
    #[must_use]
    pub fn hidden_header(mut self) -> Self {
        self.hidden_header = true;
        self
    }

    fn class(&self) -> String {
        let mut class = format!("column-{}", self.id);
        if self.align == Align::End {
            class.push_str(" at-end");
        }
        if self.wide_only {
            class.push_str(" wide-only");
        }
        class
    }
}

/// A table; below 720 px each row becomes a card whose lines are labelled with the headers.
///
/// The first column names the row. Clicking a sortable header goes from largest first to smallest first
/// to the list's own order.
#[component]
pub fn DataTable<R, K, KF>(
    /// Accessible name.
    #[prop(into)]
    label: Signal<String>,
    /// The columns.
    columns: Vec<Column<R>>,
    /// The rows.
    #[prop(into)]
    rows: Signal<Vec<R>>,
    /// What tells rows apart; a changed row needs a changed key.
    row_key: KF,
    /// How the list is sorted now.
    #[prop(optional, into)]
    sort: Signal<Option<Sort>>,
    /// Another order is wanted; `None` is the list's own.
    #[prop(optional, into)]
    on_sort: Option<Callback<Option<Sort>>>,
    /// Rows that are on their way out.
    #[prop(optional, into)]
    inert: Option<Callback<R, bool>>,
    /// Test hook.
    #[prop(optional)]
    test_id: Option<&'static str>,
) -> impl IntoView
where
    R: Clone + Send + Sync + 'static,
    K: Eq + Hash + Send + Sync + 'static,
    KF: Fn(&R) -> K + Clone + Send + Sync + 'static,
{
    let columns = StoredValue::new(columns);
    let row_view = move |row: R| {
        let busy = {
            let row = row.clone();
            move || inert.is_some_and(|inert| inert.run(row.clone()))
        };
        let cells = columns.with_value(|columns| {
            columns
                .iter()
                .enumerate()
                .map(|(position, column)| {
                    let (role, header) = (if position == 0 { "rowheader" } else { "cell" }, column.header);
                    let label = (!column.hidden_header).then_some(move || header.get());
                    view! {
                        <td class=column.class() role=role data-label=label>
                            {(column.cell)(&row)}
                        </td>
                    }
                })
                .collect_view()
        });
        view! { <tr role="row" class:row-inert=busy.clone() inert=busy>{cells}</tr> }
    };
    view! {
        <div class="table-scroll" role="region" aria-label=label tabindex="0">
            <table class="data-table" role="table" aria-label=label data-testid=test_id>
                <thead role="rowgroup">
                    <tr role="row">
                        {columns.with_value(|columns| {
                            columns.iter().map(|column| header_view(column, sort, on_sort)).collect_view()
                        })}
                    </tr>
                </thead>
                <tbody role="rowgroup">
                    <For each=move || rows.get() key=row_key children=row_view/>
                </tbody>
            </table>
        </div>
    }
}

fn header_view<R>(
    column: &Column<R>,
    sort: Signal<Option<Sort>>,
    on_sort: Option<Callback<Option<Sort>>>,
) -> AnyView {
    let (id, header) = (column.id, column.header);
    let class = column.class();
    let Some(on_sort) = on_sort.filter(|_| column.sortable) else {
        let hidden = column.hidden_header;
        return view! {
            <th class=class role="columnheader" scope="col"><span class:visually-hidden=hidden>{header}</span></th>
        }
        .into_any();
    };
    let direction = move || {
        sort.with(|sort| {
            sort.as_ref()
                .filter(|sort| sort.column == id)
                .map(|sort| sort.descending)
        })
    };
    let aria_sort = move || match direction() {
        Some(true) => "descending",
        Some(false) => "ascending",
        None => "none",
    };
    let icon = Signal::derive(move || match direction() {
        Some(true) => IconName::SortDown,
        Some(false) => IconName::SortUp,
        None => IconName::Sort,
    });
    let cycle = move |_| on_sort.run(next_sort(id, sort.get_untracked().as_ref()));
    view! {
        <th class=class role="columnheader" scope="col" aria-sort=aria_sort>
            <button class="sort-button" type="button" on:click=cycle data-testid=format!("sort-{id}")>
                <span>{header}</span>
                <Icon name=icon/>
            </button>
        </th>
    }
    .into_any()
}

/// The order after clicking a header: largest first, smallest first, then the list's own.
fn next_sort(column: &'static str, now: Option<&Sort>) -> Option<Sort> {
    match now
        .filter(|sort| sort.column == column)
        .map(|sort| sort.descending)
    {
        None => Some(Sort {
            column,
            descending: true,
        }),
        Some(true) => Some(Sort {
            column,
            descending: false,
        }),
        Some(false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_cycles_through_three_orders() {
        let first = next_sort("name", None);
        assert_eq!(
            first,
            Some(Sort {
                column: "name",
                descending: true
            })
        );
        let second = next_sort("name", first.as_ref());
        assert_eq!(
            second,
            Some(Sort {
                column: "name",
                descending: false
            })
        );
        assert_eq!(next_sort("name", second.as_ref()), None);
        assert_eq!(
            next_sort("date", first.as_ref()),
            Some(Sort {
                column: "date",
                descending: true
            })
        );
    }
}
