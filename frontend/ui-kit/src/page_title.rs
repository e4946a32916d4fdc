//! The page's name: in the window's title, and as the heading that takes the focus on arrival.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Name of the site, the second half of every window title. The app provides it as context.
#[derive(Debug, Clone, Copy)]
pub struct SiteName(pub Signal<String>);

/// Keeps the window's title at `<page> · <site>`.
pub fn use_page_title(title: Signal<String>) {
    let site = use_context::<SiteName>();
    Effect::new(move |_| {
        let site = site.map(|site| site.0.get()).unwrap_or_default();
        let title = title.get();
        let text = match (title.is_empty(), site.is_empty()) {
            (true, _) => site,
            (false, true) => title,
            (false, false) => format!("{title} · {site}"),
        };
        document().set_title(&text);
    });
}

/// The page's only `h1`. It takes the focus when the page appears, so that reading starts there, unless
/// somebody is typing already.
#[component]
pub fn PageHeading(
    /// The page's name; also the window's title.
    #[prop(into)]
    title: Signal<String>,
    /// Test hook.
    #[prop(optional)]
    test_id: Option<&'static str>,
) -> impl IntoView {
    use_page_title(title);
    let heading = NodeRef::<html::H1>::new();
    Effect::new(move |_| {
        if let Some(heading) = heading.get()
            && !somebody_is_typing()
        {
            let _ = heading.focus();
        }
    });
    view! {
        <h1 class="page-title" tabindex="-1" node_ref=heading data-testid=test_id>
            {title}
        </h1>
    }
}

fn somebody_is_typing() -> bool {
    let Some(active) = document().active_element() else {
        return false;
    };
    let tag = active.tag_name();
    let typing = tag.eq_ignore_ascii_case("textarea")
        || active
            .dyn_ref::<web_sys::HtmlInputElement>()
            .is_some_and(|input| !input.value().is_empty());
    typing
        || active
            .closest("dialog[open]")
            .is_ok_and(|dialog| dialog.is_some())
}
