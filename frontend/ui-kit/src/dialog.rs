//! Dialogs: the browser's own, opened modal.

use leptos::html;
use leptos::prelude::*;

use crate::icon::IconName;
use crate::icon_button::IconButton;
use crate::texts::ui_text;

/// A modal dialog. Escape closes it unless work is running; the focus returns to where it was.
///
/// Its content exists only while it is open.
#[component]
pub fn Dialog(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// Heading.
    #[prop(into)]
    title: Signal<String>,
    /// Work is running: it cannot be closed.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Slides in from the side instead, for navigation.
    #[prop(optional)]
    drawer: bool,
    /// Buttons at the bottom.
    #[prop(optional, into)]
    actions: ViewFn,
    /// Test hook.
    #[prop(optional)]
    test_id: Option<&'static str>,
    /// Content.
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let open = open.get();
        if let Some(dialog) = dialog.get() {
            if open && !dialog.open() {
                let _ = dialog.show_modal();
            } else if !open && dialog.open() {
                dialog.close();
            }
        }
    });
    let children = StoredValue::new(children);
    let actions = StoredValue::new(actions);
    view! {
        <dialog
            class="dialog"
            class:dialog-drawer=drawer
            aria-label=title
            node_ref=dialog
            data-testid=test_id
            on:cancel=move |event: leptos::ev::Event| {
                if busy.get_untracked() {
                    event.prevent_default();
                }
            }
            on:close=move |_| open.set(false)
            on:click=move |event| {
                // The backdrop belongs to the dialog element itself.
                let on_backdrop = dialog.get_untracked().is_some_and(|dialog| {
                    event.target().as_ref() == Some(dialog.as_ref())
                });
                if on_backdrop && !busy.get_untracked() {
                    open.set(false);
                }
            }
        >
            <Show when=move || open.get()>
                <div class="dialog-frame">
                    <header class="dialog-head">
                        <h2 class="dialog-title">{title}</h2>
                        <IconButton label=ui_text(|texts| texts.close) icon=IconName::Close busy=busy
                            on_click=move |()| open.set(false) test_id="dialog-close"/>
                    </header>
                    <div class="dialog-body">{children.with_value(|children| children())}</div>
                    <footer class="dialog-actions">{actions.with_value(ViewFn::run)}</footer>
                </div>
            </Show>
        </dialog>
    }
}
