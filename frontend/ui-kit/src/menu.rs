//! A menu that opens from a button.

use leptos::prelude::*;
use leptos::{ev, html};
use wasm_bindgen::JsCast;

use crate::icon::{Icon, IconName};

/// One thing a menu offers.
#[derive(Debug, Clone)]
pub struct MenuItem {
    label: Signal<String>,
    icon: Option<IconName>,
    href: Option<String>,
    on_select: Option<Callback<()>>,
    disabled_reason: Option<String>,
    current: bool,
    test_id: Option<&'static str>,
}

impl MenuItem {
    /// An entry that does something.
    pub fn action(label: Signal<String>, on_select: impl Into<Callback<()>>) -> Self {
        Self {
            label,
            icon: None,
            href: None,
            on_select: Some(on_select.into()),
            disabled_reason: None,
            current: false,
            test_id: None,
        }
    }

    /// An entry that leads somewhere.
    pub fn link(label: Signal<String>, href: impl Into<String>) -> Self {
        Self {
            label,
            icon: None,
            href: Some(href.into()),
            on_select: None,
            disabled_reason: None,
            current: false,
            test_id: None,
        }
    }

    /// With an icon.
    #[must_use]
    pub fn icon(mut self, icon: IconName) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Not to be used now, for this reason.
    #[must_use]
    pub fn disabled(mut self, reason: Option<String>) -> Self {
        self.disabled_reason = reason;
        self
    }

    /// The choice in force.
    #[must_use]
    pub fn current(mut self, current: bool) -> Self {
        self.current = current;
        self
    }

    /// With a test hook.
    #[must_use]
    pub fn test_id(mut self, test_id: &'static str) -> Self {
        self.test_id = Some(test_id);
        self
    }
}

/// A button that opens a menu. Arrow keys move, Home and End jump, Escape closes and returns the focus.
#[component]
pub fn Menu(
    /// Accessible name of the button.
    #[prop(into)]
    label: Signal<String>,
    /// What the menu offers.
    #[prop(into)]
    items: Signal<Vec<MenuItem>>,
    /// Style class of the button.
    #[prop(optional)]
    button_class: Option<&'static str>,
    /// The section of the site in force is behind this menu.
    #[prop(optional, into)]
    current: Signal<bool>,
    /// Test hook of the button; the menu's gets `-items` behind it.
    #[prop(optional)]
    test_id: Option<&'static str>,
    /// Inside of the button.
    children: Children,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let button = NodeRef::<html::Button>::new();
    let list = NodeRef::<html::Div>::new();

    let close = move |refocus: bool| {
        open.set(false);
        if refocus && let Some(button) = button.get_untracked() {
            let _ = button.focus();
        }
    };
    // Placed in window coordinates, so that no scrolling container cuts it off.
    Effect::new(move |_| {
        if let (true, Some(button), Some(list)) = (open.get(), button.get(), list.get()) {
            place(&button, &list);
            focus_entry(&list, Move::First);
        }
    });
    let outside = window_event_listener(ev::pointerdown, move |event| {
        if !open.get_untracked() {
            return;
        }
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let inside = |element: Option<&web_sys::Node>| {
            element.is_some_and(|element| element.contains(target.as_ref()))
        };
        let button = button.get_untracked();
        let list = list.get_untracked();
        if !inside(button.as_ref().map(AsRef::as_ref)) && !inside(list.as_ref().map(AsRef::as_ref)) {
            close(false);
        }
    });
    let scrolled = window_event_listener(ev::scroll, move |_| {
        if open.get_untracked() {
            close(false);
        }
    });
    on_cleanup(move || {
        outside.remove();
        scrolled.remove();
    });

    let on_key = move |event: ev::KeyboardEvent| {
        let Some(list) = list.get_untracked() else { return };
        match event.key().as_str() {
            "ArrowDown" => focus_entry(&list, Move::Next),
            "ArrowUp" => focus_entry(&list, Move::Previous),
            "Home" => focus_entry(&list, Move::First),
            "End" => focus_entry(&list, Move::Last),
            "Escape" => close(true),
            "Tab" => {
                close(true);
                return;
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let entries = move || {
        items
            .get()
            .into_iter()
            .map(|item| entry_view(item, Callback::new(close)))
            .collect_view()
    };
    view! {
        <div class="menu">
            <button
                class=button_class.unwrap_or("icon-button")
                type="button"
                aria-label=label
                title=label
                aria-haspopup="menu"
                aria-expanded=move || if open.get() { "true" } else { "false" }
                aria-current=move || current.get().then_some("true")
                node_ref=button
                data-testid=test_id
                on:click=move |_| open.update(|open| *open = !*open)
                on:keydown=move |event| {
                    if event.key() == "ArrowDown" {
                        event.prevent_default();
                        open.set(true);
                    }
                }
            >
                {children()}
            </button>
            <Show when=move || open.get()>
                <div class="menu-items" role="menu" aria-label=label node_ref=list on:keydown=on_key
                    data-testid=test_id.map(|id| format!("{id}-items"))>
                    {entries}
                </div>
            </Show>
        </div>
    }
}

fn entry_view(item: MenuItem, close: Callback<bool>) -> AnyView {
    let inside = view! {
        {item.icon.map(|icon| view! { <Icon name=icon/> })}
        <span class="menu-label">{item.label}</span>
        {item.current.then(|| view! { <Icon name=IconName::Check/> })}
    };
    if let Some(href) = item.href {
        return view! {
            <a class="menu-item" role="menuitem" tabindex="-1" href=href data-testid=item.test_id
                aria-current=item.current.then_some("page") on:click=move |_| close.run(false)>
                {inside}
            </a>
        }
        .into_any();
    }
    let blocked = item.disabled_reason.is_some();
    view! {
        <button class="menu-item" role="menuitem" tabindex="-1" type="button" data-testid=item.test_id
            aria-disabled=blocked.then_some("true") title=item.disabled_reason
            on:click=move |_| {
                if blocked {
                    return;
                }
                close.run(true);
                if let Some(on_select) = item.on_select {
                    on_select.run(());
                }
            }>
            {inside}
        </button>
    }
    .into_any()
}

fn place(button: &web_sys::Element, list: &web_sys::HtmlElement) {
    const GAP: f64 = 4.0;
    let anchor = button.get_bounding_client_rect();
    let size = list.get_bounding_client_rect();
    let window = window();
    let extent =
        |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|value| value.as_f64()).unwrap_or(0.0);
    let (width, height) = (extent(window.inner_width()), extent(window.inner_height()));
    let left = if anchor.left() + size.width() + GAP > width {
        anchor.right() - size.width()
    } else {
        anchor.left()
    };
    let below = anchor.bottom() + GAP;
    let top = if below + size.height() > height {
        anchor.top() - GAP - size.height()
    } else {
        below
    };
    let style = list.style();
    let _ = style.set_property("left", &format!("{}px", left.max(GAP)));
    let _ = style.set_property("top", &format!("{}px", top.max(GAP)));
}

#[derive(Clone, Copy)]
enum Move {
    First,
    Last,
    Next,
    Previous,
}

fn focus_entry(list: &web_sys::Element, to: Move) {
    let Ok(entries) = list.query_selector_all("[role=menuitem]") else {
        return;
    };
    let count = entries.length();
    if count == 0 {
        return;
    }
    let active = document().active_element();
    let here = (0..count).find(|&index| {
        entries.item(index).is_some_and(|entry| {
            active
                .as_ref()
                .is_some_and(|active| entry.is_same_node(Some(active)))
        })
    });
    let index = match (to, here) {
        (Move::First, _) | (Move::Next, None) => 0,
        (Move::Last, _) | (Move::Previous, None) => count - 1,
        (Move::Next, Some(here)) => (here + 1) % count,
        (Move::Previous, Some(here)) => (here + count - 1) % count,
    };
    if let Some(entry) = entries
        .item(index)
        .and_then(|entry| entry.dyn_into::<web_sys::HtmlElement>().ok())
    {
        let _ = entry.focus();
    }
}
