//! Dialogs that can be opened from anywhere.

pub(crate) mod delete;
pub(crate) mod session_overlay;
pub(crate) mod share;
pub(crate) mod token;

use leptos::prelude::*;
use pz_model::api::Product;

use delete::DeleteDialog;
use session_overlay::SessionOverlay;
use share::ShareDialog;
use token::TokenDialog;

/// Which dialogs are open, and what became of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialogs {
    /// Product to be shared.
    pub(crate) share: RwSignal<Option<Product>>,
    /// Product to be deleted.
    pub(crate) delete: RwSignal<Option<Product>>,
    /// Id of the product being deleted now.
    pub(crate) deleting: RwSignal<Option<i64>>,
    /// Id of the product deleted last.
    pub(crate) deleted: RwSignal<Option<i64>>,
    /// The token dialog.
    pub(crate) token: RwSignal<bool>,
}

/// Makes the dialogs available to the components below.
pub(crate) fn provide() {
    provide_context(Dialogs {
        share: RwSignal::new(None),
        delete: RwSignal::new(None),
        deleting: RwSignal::new(None),
        deleted: RwSignal::new(None),
        token: RwSignal::new(false),
    });
}

/// Where the dialogs are; once per app.
#[component]
pub(crate) fn DialogHost() -> impl IntoView {
    view! {
        <ShareDialog/>
        <DeleteDialog/>
        <TokenDialog/>
        <SessionOverlay/>
    }
}

/// A dialog that is open as long as it has something to be about.
fn open_while<T: Clone + Send + Sync + 'static>(subject: RwSignal<Option<T>>) -> RwSignal<bool> {
    let open = RwSignal::new(false);
    // Each side changes the other only when it has to: two effects that always write never come to rest.
    Effect::new(move |_| {
        let wanted = subject.with(Option::is_some);
        if open.get_untracked() != wanted {
            open.set(wanted);
        }
    });
    Effect::watch(
        move || open.get(),
        move |open, _, _| {
            if !open && subject.with_untracked(Option::is_some) {
                subject.set(None);
            }
        },
        false,
    );
    open
}
