//! Light, dark, or as the system says.

use leptos::prelude::*;
use ui_kit::{IconButton, IconName, Theme};

use crate::texts::{Text, say, say_with};

/// Goes from *auto* to *light* to *dark*.
#[component]
pub(crate) fn ThemeToggle() -> impl IntoView {
    let theme = expect_context::<RwSignal<Theme>>();
    let icon = Signal::derive(move || match theme.get() {
        Theme::Auto => IconName::Contrast,
        Theme::Light => IconName::Sun,
        Theme::Dark => IconName::Moon,
    });
    let label = Signal::derive(move || {
        let name = say(match theme.get() {
            Theme::Auto => Text::ThemeAuto,
            Theme::Light => Text::ThemeLight,
            Theme::Dark => Text::ThemeDark,
        });
        say_with(Text::ThemeLabel, &[("theme", &name)])
    });
    view! {
        <IconButton label=label icon=icon on_click=move |()| theme.update(|theme| *theme = theme.next())
            test_id="theme-toggle"/>
    }
}
