//! Tabs: one panel at a time.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// A tab.
#[derive(Debug, Clone, PartialEq)]
pub struct TabItem {
    /// Id, part of the test hook `tab-<id>`.
    pub id: &'static str,
    /// Label.
    pub label: Signal<String>,
    /// Number shown after the label.
    pub count: Option<String>,
}

/// A row of tabs and the panel of the selected one; arrow keys move between tabs.
#[component]
pub fn Tabs(
    /// Accessible name of the row.
    #[prop(into)]
    label: Signal<String>,
    /// The tabs.
    #[prop(into)]
    items: Signal<Vec<TabItem>>,
    /// Id of the selected tab.
    #[prop(into)]
    selected: Signal<&'static str>,
    /// Another tab was selected.
    #[prop(into)]
    on_select: Callback<&'static str>,
    /// The panel of a tab.
    #[prop(into)]
    panel: Callback<&'static str, AnyView>,
) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        let ids: Vec<_> = items.with_untracked(|items| items.iter().map(|item| item.id).collect());
        let Some(here) = ids.iter().position(|id| *id == selected.get_untracked()) else {
            return;
        };
        let next = match event.key().as_str() {
            "ArrowRight" => (here + 1) % ids.len(),
            "ArrowLeft" => (here + ids.len() - 1) % ids.len(),
            "Home" => 0,
            "End" => ids.len() - 1,
            _ => return,
        };
        event.prevent_default();
        if let Some(id) = ids.get(next) {
            on_select.run(id);
            focus_tab(list, id);
        }
    };
    let tab_view = move |item: TabItem| {
        let id = item.id;
        let is_selected = move || selected.get() == id;
        view! {
            <button class="tab" role="tab" type="button" id=format!("tab-{id}") data-testid=format!("tab-{id}")
                aria-selected=move || if is_selected() { "true" } else { "false" }
                aria-controls="tab-panel"
                tabindex=move || if is_selected() { "0" } else { "-1" }
                on:click=move |_| on_select.run(id)>
                {item.label}
                {item.count.map(|count| view! { " " <span class="tab-count">{count}</span> })}
            </button>
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label=label node_ref=list on:keydown=on_key>
            <For each=move || items.get() key=|item| (item.id, item.count.clone()) children=tab_view/>
        </div>
        <div class="tab-panel" role="tabpanel" id="tab-panel" aria-labelledby=move || format!("tab-{}", selected.get())>
            {move || panel.run(selected.get())}
        </div>
    }
}

fn focus_tab(list: NodeRef<html::Div>, id: &str) {
    let tab = list
        .get_untracked()
        .and_then(|list| list.query_selector(&format!("#tab-{id}")).ok().flatten())
        .and_then(|tab| tab.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(tab) = tab {
        let _ = tab.focus();
    }
}
