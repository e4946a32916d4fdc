//! The status of a product as a chip.

use leptos::prelude::*;
use pz_model::ProductStatus;
use ui_kit::{Chip, IconName, Tone};

use crate::texts::{Text, t};

/// The status of a product.
#[component]
pub(crate) fn StatusChip(
    /// The status.
    status: ProductStatus,
) -> impl IntoView {
    let (text, tone, icon) = match status {
        ProductStatus::Registering => (Text::StatusDraft, Tone::Neutral, IconName::Draft),
        ProductStatus::Published => (Text::StatusPublished, Tone::Success, IconName::Success),
        ProductStatus::Deleted => (Text::StatusDeleted, Tone::Neutral, IconName::Trash),
        ProductStatus::Processing => (Text::StatusProcessing, Tone::Info, IconName::Running),
        ProductStatus::Failed => (Text::StatusFailed, Tone::Danger, IconName::Error),
    };
    view! { <Chip text=t(text) tone=tone icon=icon test_id="status"/> }
}

/// The mark of official products.
#[component]
pub(crate) fn OfficialMark() -> impl IntoView {
    view! { <Chip text=t(Text::Official) tone=Tone::Accent icon=IconName::Official/> }
}
