//! One view for everything that has to be loaded: its loading, error and done faces.

use std::time::Duration;

use leptos::prelude::*;

use crate::button::{Button, ButtonKind};
use crate::error_block::ErrorBlock;
use crate::failure::Failure;
use crate::load::{Load, LoadState};
use crate::skeleton::{Skeleton, SkeletonShape};
use crate::texts::{ui_text, use_ui_texts};

/// Seconds after which waiting is explained.
const PATIENCE_SECONDS: u32 = 10;

#[derive(Debug, Clone, PartialEq)]
enum Face {
    Waiting,
    Ready,
    Failed(Failure),
    Cancelled,
}

/// Shows a skeleton while loading, an error with a way to try again, or the value.
///
/// `children` is built once and follows the value as it is refreshed; its empty face is its own.
#[component]
pub fn AsyncView<T, V, C>(
    /// What is loaded.
    load: Load<T>,
    /// Shape of the skeleton.
    #[prop(optional)]
    shape: SkeletonShape,
    /// Shown instead of the error block; `None` from it means the block after all.
    #[prop(optional, into)]
    failed: Option<Callback<Failure, Option<AnyView>>>,
    /// The view of the value.
    children: C,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    V: IntoView + 'static,
    C: Fn(Signal<T>) -> V + Send + Sync + 'static,
{
    let state = load.state();
    let face = Memo::new(move |_| {
        state.with(|state| match state {
            LoadState::Loading => Face::Waiting,
            LoadState::Ready(_) => Face::Ready,
            LoadState::Failed(failure) => Face::Failed(failure.clone()),
            LoadState::Cancelled => Face::Cancelled,
        })
    });
    let retry = Callback::new(move |()| load.reload());
    let content = move || match face.get() {
        Face::Waiting => view! { <Waiting shape=shape on_cancel=move |()| load.cancel()/> }.into_any(),
        Face::Ready => match state.with_untracked(ready_value) {
            Some(first) => {
                // Keeps the last value while this view is being taken down.
                let value = Memo::new(move |_| state.with(ready_value).unwrap_or_else(|| first.clone()));
                children(value.into()).into_any()
            }
            None => ().into_any(),
        },
        Face::Failed(failure) => failed
            .and_then(|failed| failed.run(failure.clone()))
            .unwrap_or_else(|| view! { <ErrorBlock failure=failure retry=retry/> }.into_any()),
        Face::Cancelled => view! {
            <p class="async-cancelled">
                <Button label=ui_text(|texts| texts.try_again) on_click=retry/>
            </p>
        }
        .into_any(),
    };
    let busy = move || face.with(|face| *face == Face::Waiting) || load.is_refreshing();
    view! {
        <div class="async" aria-busy=move || busy().then_some("true")>
            <div class="async-progress" class:async-progress-on=move || load.is_refreshing() aria-hidden="true"></div>
            {content}
        </div>
    }
}

fn ready_value<T: Clone>(state: &LoadState<T>) -> Option<T> {
    match state {
        LoadState::Ready(value) => Some(value.clone()),
        _ => None,
    }
}

/// A skeleton that, after ten seconds, says how long it has been and offers to stop.
#[component]
fn Waiting(
    /// Shape of the skeleton.
    shape: SkeletonShape,
    /// Stops waiting.
    #[prop(into)]
    on_cancel: Callback<()>,
) -> impl IntoView {
    let texts = use_ui_texts();
    let seconds = RwSignal::new(0_u32);
    let ticking = set_interval_with_handle(
        move || seconds.update(|seconds| *seconds += 1),
        Duration::from_secs(1),
    );
    on_cleanup(move || {
        if let Ok(ticking) = ticking {
            ticking.clear();
        }
    });
    view! {
        <Skeleton shape=shape/>
        <Show when=move || { seconds.get() >= PATIENCE_SECONDS }>
            <p class="async-slow" role="status">
                {move || texts.with(|texts| texts.still_loading.replace("{}", &elapsed_text(seconds.get())))}
                " "
                <Button label=ui_text(|texts| texts.cancel) kind=ButtonKind::Quiet on_click=on_cancel/>
            </p>
        </Show>
    }
}

/// `0:42`.
fn elapsed_text(seconds: u32) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elapsed_time_reads_like_a_clock() {
        assert_eq!(elapsed_text(12), "0:12");
        assert_eq!(elapsed_text(125), "2:05");
    }
}
