//! The places of the site: one list for the header and for the drawer.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use ui_kit::{Icon, IconName, Menu, MenuItem};

use crate::products::Scope;
use crate::texts::{Text, t};

/// The lists of products.
pub(crate) const LISTS: [Scope; 4] = [Scope::Official, Scope::User, Scope::All, Scope::Mine];

/// The other places, most wanted first.
pub(crate) const PLACES: [(Text, &str); 4] = [
    (Text::NavPipelines, "/pz_pipelines"),
    (Text::NavDocumentation, "/documentation"),
    (Text::NavAbout, "/about"),
    (Text::NavContact, "/contact"),
];

/// Whether the page shown is `address` or below it.
fn is_below(path: &str, address: &str) -> bool {
    path == address
        || path
            .strip_prefix(address)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// The navigation in the header.
#[component]
pub(crate) fn HeaderNavigation() -> impl IntoView {
    let path = use_location().pathname;
    let lists = Signal::derive(move || {
        let path = path.get();
        LISTS
            .into_iter()
            .map(|list| MenuItem::link(t(list.title()), list.address()).current(path == list.address()))
            .collect::<Vec<_>>()
    });
    let in_products = Signal::derive(move || {
        path.with(|path| {
            LISTS.iter().any(|list| is_below(path, list.address())) || is_below(path, "/product")
        })
    });
    let folded = Signal::derive(move || {
        let path = path.get();
        PLACES
            .iter()
            .skip(2)
            .map(|(text, address)| MenuItem::link(t(*text), *address).current(path == *address))
            .collect::<Vec<_>>()
    });
    view! {
        <nav class="header-nav" aria-label=t(Text::NavLabel)>
            <Menu label=t(Text::NavProducts) items=lists current=in_products button_class="nav-link" test_id="nav-products">
                {t(Text::NavProducts)}
                <Icon name=IconName::ChevronDown/>
            </Menu>
            {PLACES
                .iter()
                .enumerate()
                .map(|(position, (text, address))| {
                    view! {
                        <a class="nav-link" class:nav-foldable=move || { position >= 2 } href=*address
                            aria-current=move || path.with(|path| is_below(path, address)).then_some("page")>
                            {t(*text)}
                        </a>
                    }
                })
                .collect_view()}
            <span class="nav-more">
                <Menu label=t(Text::NavMore) items=folded button_class="nav-link" test_id="nav-more">
                    {t(Text::NavMore)}
                    <Icon name=IconName::ChevronDown/>
                </Menu>
            </span>
        </nav>
    }
}

/// The navigation in the drawer of narrow screens.
#[component]
pub(crate) fn DrawerNavigation(
    /// A place was chosen.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let path = use_location().pathname;
    let link = move |text: Text, address: &'static str| {
        view! {
            <li>
                <a class="drawer-link" href=address aria-current=move || path.with(|path| path == address).then_some("page")
                    on:click=move |_| on_done.run(())>
                    {t(text)}
                </a>
            </li>
        }
    };
    view! {
        <nav aria-label=t(Text::NavLabel)>
            <ul class="drawer-list">
                {LISTS.into_iter().map(|list| link(list.title(), list.address())).collect_view()}
            </ul>
            <ul class="drawer-list">
                {PLACES.into_iter().map(|(text, address)| link(text, address)).collect_view()}
            </ul>
        </nav>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_a_whole_path_segment() {
        assert!(is_below("/products", "/products"));
        assert!(is_below("/product/30_demo", "/product"));
        assert!(!is_below("/products", "/product"));
        assert!(!is_below("/", "/product"));
    }
}
