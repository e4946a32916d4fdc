//! The filters of a product list.

use leptos::prelude::*;
use pz_model::ProductType;
use ui_kit::{ActiveFilter, Checkbox, QueryState};

use super::list_state::{ListState, ReleaseChoice};
use crate::services::use_reference;
use crate::texts::{Text, say, say_with, t};

/// Product types and releases to tick.
#[component]
pub(crate) fn Filters(
    /// The list's state.
    state: QueryState<ListState>,
) -> impl IntoView {
    let reference = use_reference();
    let type_boxes = move || {
        reference
            .types()
            .into_iter()
            .filter_map(|view| Some((ProductType::from_name(&view.name)?, view.display_name)))
            .map(|(product_type, name)| {
                view! {
                    <Checkbox
                        label=name
                        checked=Signal::derive(move || state.now.with(|now| now.types.contains(&product_type)))
                        on_change=move |on| state.push(|state| state.toggle_type(product_type, on))
                        test_id=format!("filter-type-{}", product_type.name())
                    />
                }
            })
            .collect_view()
    };
    let release_boxes = move || {
        reference
            .releases()
            .unwrap_or_default()
            .into_iter()
            .map(|release| {
                let name = StoredValue::new(release.name.clone());
                let checked = Signal::derive(move || {
                    state.now.with(|now| match &now.release {
                        ReleaseChoice::Named(names) => name.with_value(|name| names.contains(name)),
                        ReleaseChoice::Any | ReleaseChoice::None => false,
                    })
                });
                view! {
                    <Checkbox
                        label=release.display_name
                        checked=checked
                        on_change=move |on| {
                            state.push(|state| name.with_value(|name| state.toggle_release(name, on)));
                        }
                        test_id=format!("filter-release-{}", release.name)
                    />
                }
            })
            .collect_view()
    };
    view! {
        <div class="filters">
            <fieldset class="filter-group" data-testid="filter-type">
                <legend>{t(Text::FilterType)}</legend>
                {type_boxes}
            </fieldset>
            <fieldset class="filter-group" data-testid="filter-release">
                <legend>{t(Text::FilterRelease)}</legend>
                {release_boxes}
                <Checkbox
                    label=t(Text::FilterReleaseNone)
                    checked=Signal::derive(move || state.now.with(|now| now.release == ReleaseChoice::None))
                    on_change=move |on| state.push(|state| state.toggle_no_release(on))
                    test_id="filter-release-none"
                />
            </fieldset>
        </div>
    }
}

/// The filters in force, each with a way to remove it.
pub(crate) fn active_filters(state: QueryState<ListState>) -> Signal<Vec<ActiveFilter>> {
    let reference = use_reference();
    Signal::derive(move || {
        let now = state.now.get();
        let mut filters = Vec::new();
        for product_type in now.types {
            filters.push(ActiveFilter {
                label: reference.type_name(product_type),
                on_remove: Callback::new(move |()| {
                    state.push(|state| state.toggle_type(product_type, false));
                }),
            });
        }
        match now.release {
            ReleaseChoice::Any => {}
            ReleaseChoice::None => filters.push(ActiveFilter {
                label: say(Text::FilterReleaseNone),
                on_remove: Callback::new(move |()| state.push(|state| state.toggle_no_release(false))),
            }),
            ReleaseChoice::Named(names) => {
                let releases = reference.releases().unwrap_or_default();
                for name in names {
                    let label = releases
                        .iter()
                        .find(|release| release.name == name)
                        .map_or_else(|| name.clone(), |release| release.display_name.clone());
                    filters.push(ActiveFilter {
                        label,
                        on_remove: Callback::new(move |()| {
                            state.push(|state| state.toggle_release(&name, false));
                        }),
                    });
                }
            }
        }
        if let Some(owner) = now.owner {
            filters.push(ActiveFilter {
                label: say_with(Text::FilterOwner, &[("owner", &owner)]),
                on_remove: Callback::new(move |()| {
                    state.push(|state| {
                        state.owner = None;
                        state.page = 1;
                    });
                }),
            });
        }
        filters
    })
}
