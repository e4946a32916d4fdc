//! The rows of a table with sticky header and first column; of a very wide table only the columns in
//! view exist.

use leptos::html;
use leptos::prelude::*;
use pz_client::{Cell, TableRows};
use pz_model::api::{ColumnWithStatistics, TableStatistics};
use ui_kit::{Load, LoadState};

use super::cell::cell_view;
use super::preview_header::{ColumnFacts, header_view};

/// Tables with more columns than this are drawn in part.
const WIDE: usize = 48;
/// Width of a column of such a table, in pixels; the style sheet has the same.
const COLUMN_PX: usize = 160;
/// Columns drawn beyond the edges, and the step in which the part moves.
const MARGIN: usize = 8;
/// Columns drawn before the panel's width is known.
const FIRST_GUESS: usize = 24;

/// Columns to draw: from the first one up to, not including, the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    start: usize,
    end: usize,
}

impl Window {
    /// The part of `columns` to draw when `scrolled` pixels are out of view and `width` are in it. The
    /// first column is always drawn and not counted here.
    fn of(columns: usize, scrolled: usize, width: usize) -> Self {
        let first = scrolled / COLUMN_PX;
        let start = first.saturating_sub(MARGIN) / MARGIN * MARGIN;
        let visible = if width == 0 {
            FIRST_GUESS
        } else {
            width.div_ceil(COLUMN_PX)
        };
        let end = (first + visible + MARGIN).div_ceil(MARGIN) * MARGIN;
        Self {
            start: start.clamp(1, columns.max(1)),
            end: end.clamp(1, columns.max(1)),
        }
    }

    const fn all(columns: usize) -> Self {
        Self {
            start: 1,
            end: if columns == 0 { 1 } else { columns },
        }
    }
}

/// The rows of one page.
#[component]
pub(crate) fn PreviewGrid(
    /// Accessible name.
    #[prop(into)]
    label: Signal<String>,
    /// The rows.
    table: Signal<TableRows>,
    /// What is known of the columns.
    facts: Signal<Vec<ColumnFacts>>,
    /// Their statistics, once they are here; in the order of the file, as the columns of the rows are.
    statistics: Load<TableStatistics>,
    /// Shows everything known of a column.
    on_open: Callback<String>,
) -> impl IntoView {
    let scroller = NodeRef::<html::Div>::new();
    let scrolled = RwSignal::new((0_usize, 0_usize));
    let count = Memo::new(move |_| table.with(|table| table.columns.len()));
    let is_wide = Memo::new(move |_| count.get() > WIDE);
    let part = Memo::new(move |_| {
        let (left, width) = scrolled.get();
        if is_wide.get() {
            Window::of(count.get(), left, width)
        } else {
            Window::all(count.get())
        }
    });
    let measure = move || {
        if let Some(scroller) = scroller.get_untracked() {
            let pixels = |value: i32| usize::try_from(value).unwrap_or(0);
            scrolled.set((pixels(scroller.scroll_left()), pixels(scroller.client_width())));
        }
    };
    Effect::new(move |_| {
        if scroller.get().is_some() {
            measure();
        }
    });
    let body = move || {
        let (part, facts) = (part.get(), facts.get());
        let last = count.get();
        let spacer = move |columns: usize| (columns > 0).then(|| format!("{}px", columns * COLUMN_PX));
        let (before, after) = (
            spacer(part.start.saturating_sub(1)),
            spacer(last.saturating_sub(part.end)),
        );
        table.with(|table| {
            statistics.state().with(|statistics| {
                let known = match statistics {
                    LoadState::Ready(statistics) => statistics.columns.as_slice(),
                    _ => &[],
                };
                let classes = column_classes(table, &facts);
                let head_cell = |index: usize| {
                    let (facts, class) = (facts.get(index)?, classes.get(index).copied()?);
                    let name = facts.name.clone();
                    let open = move || on_open.run(name.clone());
                    Some(header_view(
                        facts,
                        column_at(known, index, &facts.name),
                        class,
                        open,
                    ))
                };
                let gap = |width: &Option<String>| {
                    width.clone().map(
                        |width| view! { <td class="spacer" aria-hidden="true" style:min-width=width></td> },
                    )
                };
                let head = view! {
                    {head_cell(0)}
                    {gap(&before)}
                    {(part.start..part.end).filter_map(head_cell).collect_view()}
                    {gap(&after)}
                };
                let rows = table
                    .rows
                    .iter()
                    .map(|row| {
                        let first = row
                            .first()
                            .zip(classes.first())
                            .map(|(cell, class)| cell_view(cell, class));
                        let cells = (part.start..part.end)
                            .filter_map(|index| {
                                Some(cell_view(row.get(index)?, classes.get(index).copied()?))
                            })
                            .collect_view();
                        view! {
                            <tr>
                                {first}
                                {gap(&before)}
                                {cells}
                                {gap(&after)}
                            </tr>
                        }
                    })
                    .collect_view();
                view! {
                    <thead><tr>{head}</tr></thead>
                    <tbody>{rows}</tbody>
                }
            })
        })
    };
    view! {
        <div class="preview-scroll" role="region" aria-label=label tabindex="0" node_ref=scroller
            on:scroll=move |_| measure()>
            <table class="preview-table" class:preview-wide=move || is_wide.get() aria-label=label
                aria-colcount=move || count.get().to_string() data-testid="preview-table">
                {body}
            </table>
        </div>
    }
}

/// The statistics of a column: at its own place, or wherever its name is.
pub(crate) fn column_at<'a>(
    known: &'a [ColumnWithStatistics],
    index: usize,
    name: &str,
) -> Option<&'a ColumnWithStatistics> {
    known
        .get(index)
        .filter(|column| column.column_name == name)
        .or_else(|| known.iter().find(|column| column.column_name == name))
}

/// Where the values of each column stand: by type where known, else by the values themselves.
fn column_classes(table: &TableRows, facts: &[ColumnFacts]) -> Vec<&'static str> {
    (0..table.columns.len())
        .map(|index| {
            let known = facts.get(index).and_then(ColumnFacts::is_numeric);
            let numeric = known.unwrap_or_else(|| {
                let value = table
                    .rows
                    .iter()
                    .filter_map(|row| row.get(index))
                    .find(|cell| **cell != Cell::Missing);
                matches!(value, Some(Cell::Number(_)))
            });
            if numeric { "at-end number" } else { "" }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_very_wide_table_is_drawn_in_part() {
        for scrolled in [0, 500, 50_000, 190_000] {
            let part = Window::of(1200, scrolled, 900);
            assert!(part.end - part.start < 59, "{part:?}");
            assert!(part.start <= (scrolled / COLUMN_PX).max(1));
            assert!(part.end >= (scrolled / COLUMN_PX + 6).min(1200));
        }
        assert_eq!(Window::of(1200, 0, 900), Window { start: 1, end: 16 });
        assert_eq!(Window::of(1200, 1_000_000, 900).end, 1200);
    }

    #[test]
    fn narrow_and_empty_tables_are_drawn_whole() {
        assert_eq!(Window::all(3), Window { start: 1, end: 3 });
        assert_eq!(Window::all(0), Window { start: 1, end: 1 });
        assert_eq!(Window::of(0, 0, 0), Window { start: 1, end: 1 });
    }
}
