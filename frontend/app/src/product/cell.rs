//! One value of a table, exactly as the server sent it.

use leptos::prelude::*;
use pz_client::Cell;

use crate::texts::{Text, say};

/// Values of a list that are spelt out.
const LIST_SHOWN: usize = 3;
/// Most characters of a tooltip.
const TITLE_CHARS: usize = 2000;
/// Texts longer than this can take the focus, which shows them whole.
const LONG_CHARS: usize = 40;

/// A cell of the preview.
pub(crate) fn cell_view(cell: &Cell, class: &'static str) -> AnyView {
    match cell {
        Cell::Missing => {
            view! {
                <td class=class><span class="cell-missing" role="img" aria-label=say(Text::Missing)>"—"</span></td>
            }
            .into_any()
        }
        Cell::List(items) => {
            let title = shortened(&cell.text(), TITLE_CHARS);
            view! { <td class=class title=title>{list_summary(items)}</td> }.into_any()
        }
        Cell::Text(text) | Cell::Json(text) if text.chars().nth(LONG_CHARS).is_some() => {
            let title = shortened(text, TITLE_CHARS);
            view! { <td class=class title=title tabindex="0"><span class="cell-long">{text.to_string()}</span></td> }
                .into_any()
        }
        other => {
            let text = other.text().into_owned();
            view! { <td class=class>{text}</td> }.into_any()
        }
    }
}

/// `[100] 0.01, 0.02, 0.03, …`: how many values, and the first few.
fn list_summary(items: &[Cell]) -> String {
    let shown: Vec<_> = items
        .iter()
        .take(LIST_SHOWN)
        .map(|item| match item {
            Cell::Missing => "—".into(),
            other => other.text(),
        })
        .collect();
    let more = if items.len() > LIST_SHOWN { ", …" } else { "" };
    format!("[{}] {}{more}", items.len(), shown.join(", "))
        .trim_end()
        .to_owned()
}

fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_summarised() {
        let number = |text: &str| Cell::Number(text.into());
        assert_eq!(list_summary(&[]), "[0]");
        assert_eq!(list_summary(&[number("0.10"), Cell::Missing]), "[2] 0.10, —");
        let many: Vec<_> = (0..100).map(|value| number(&value.to_string())).collect();
        assert_eq!(list_summary(&many), "[100] 0, 1, 2, …");
    }

    #[test]
    fn long_texts_are_cut_on_characters() {
        assert_eq!(shortened("ééé", 2), "éé…");
        assert_eq!(shortened("ééé", 3), "ééé");
    }
}
