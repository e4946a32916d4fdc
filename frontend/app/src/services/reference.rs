//! Reference data that hardly changes: product types and releases, fetched once per sign-in.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pz_model::api::{ProductTypeView, Release};

use super::api::Api;
use super::session::SessionState;

/// Product types and releases.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference {
    types: RwSignal<Option<Vec<ProductTypeView>>>,
    releases: RwSignal<Option<Vec<Release>>>,
}

pub(super) fn provide(api: &Api, session: SessionState) {
    let reference = Reference {
        types: RwSignal::new(None),
        releases: RwSignal::new(None),
    };
    provide_context(reference);
    let api = api.clone();
    {
        let api = api.clone();
        spawn_local(async move {
            if let Ok(types) = api.client().product_types().await {
                reference.types.set(Some(types));
            }
        });
    }
    // Which releases exist depends on who asks.
    let who = Memo::new(move |_| session.user().map(|user| user.username));
    Effect::new(move |_| {
        if who.get().is_none() {
            reference.releases.set(None);
            return;
        }
        let api = api.clone();
        spawn_local(async move {
            // A page without the filter is better than no page.
            let releases = api
                .call(async |client| client.releases().await)
                .await
                .unwrap_or_default();
            reference.releases.set(Some(releases));
        });
    });
}

/// Product types and releases.
pub(crate) fn use_reference() -> Reference {
    expect_context()
}

impl Reference {
    /// Every product type, in display order; empty until known.
    pub(crate) fn types(self) -> Vec<ProductTypeView> {
        self.types.get().unwrap_or_default()
    }

    /// Every release the user may see; `None` until known.
    pub(crate) fn releases(self) -> Option<Vec<Release>> {
        self.releases.get()
    }

    /// The instance's name for a product type.
    pub(crate) fn type_name(self, product_type: pz_model::ProductType) -> String {
        self.types
            .with(|types| {
                let types = types.as_deref().unwrap_or_default();
                types
                    .iter()
                    .find(|view| view.name == product_type.name())
                    .map(|view| view.display_name.clone())
            })
            .unwrap_or_else(|| product_type.display_name().to_owned())
    }
}
