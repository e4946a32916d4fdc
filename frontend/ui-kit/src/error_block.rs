//! The error face of a view.

use leptos::prelude::*;

use crate::button::Button;
use crate::failure::{Failure, FailureKind};
use crate::icon::{Icon, IconName};
use crate::texts::{ui_text, use_ui_texts};

/// What went wrong, the id to quote when asking for help, and a way to try again.
#[component]
pub fn ErrorBlock(
    /// What went wrong.
    failure: Failure,
    /// Tries again.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
) -> impl IntoView {
    let texts = use_ui_texts();
    let kind = failure.kind;
    let title = move || {
        texts.with(|texts| match kind {
            FailureKind::NotFound => texts.not_found.to_owned(),
            FailureKind::Forbidden => texts.forbidden.to_owned(),
            FailureKind::SignedOut => texts.signed_out.to_owned(),
            FailureKind::Invalid => texts.invalid.to_owned(),
            FailureKind::TooMany { retry_after_seconds } => {
                texts.too_many.replace("{}", &retry_after_seconds.to_string())
            }
            FailureKind::Offline => texts.offline.to_owned(),
            FailureKind::Server => texts.server_fault.to_owned(),
        })
    };
    view! {
        <div class="error-block" role="alert" data-testid="error-block">
            <Icon name=IconName::Error/>
            <p class="error-block-title">{title}</p>
            {(!failure.message.is_empty()).then(|| view! { <p>{failure.message}</p> })}
            {failure
                .error_id
                .map(|id| {
                    view! {
                        <p class="muted">{ui_text(|texts| texts.error_id)} ": " <code>{id}</code></p>
                    }
                })}
            {retry.map(|retry| {
                view! {
                    <Button label=ui_text(|texts| texts.try_again) icon=IconName::Refresh on_click=retry
                        test_id="try-again"/>
                }
            })}
        </div>
    }
}
