//! Signing in at an identity provider: its button, and why somebody came back without.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui_kit::{Alert, Tone, print_query};

use crate::services::use_instance;
use crate::texts::{Text, say, say_with};

/// Longest way back that the server keeps.
const NEXT_MAX_CHARS: usize = 1500;

/// A button for each identity provider; the way back goes along.
#[component]
pub(crate) fn LoginProviders(
    /// Path of this site to come back to.
    #[prop(into)]
    next: Signal<String>,
) -> impl IntoView {
    let instance = use_instance();
    let buttons = move || {
        let providers = instance.providers();
        (!providers.is_empty()).then(|| {
            let buttons = providers
                .into_iter()
                .map(|provider| {
                    let href = move || format!("{}{}", provider.url, way_back(&next.get()));
                    let label = move || say_with(Text::LoginWith, &[("name", &provider.display_name)]);
                    // The server answers, not a page of the app.
                    view! {
                        <a class="button button-secondary" rel="external" href=href data-testid="login-provider">
                            <span class="button-label">{label}</span>
                        </a>
                    }
                })
                .collect_view();
            view! { <div class="stack login-providers">{buttons}</div> }
        })
    };
    view! { {buttons} }
}

/// Why the identity provider, or we, let nobody in: the `error` of the address.
#[component]
pub(crate) fn LoginReturnError() -> impl IntoView {
    let query = use_query_map();
    let text = move || query.with(|query| query.get("error").as_deref().and_then(error_text));
    view! {
        {move || text().map(|text| view! {
            <Alert tone=Tone::Danger test_id="login-return-error"><p>{say(text)}</p></Alert>
        })}
    }
}

/// The text of a code; what is no code of ours says nothing.
fn error_text(code: &str) -> Option<Text> {
    match code {
        "awaiting_approval" => Some(Text::LoginErrorAwaitingApproval),
        "not_active" => Some(Text::LoginInactive),
        "provider_refused" => Some(Text::LoginErrorProviderRefused),
        "provider_unreachable" => Some(Text::LoginErrorProviderUnreachable),
        "failed" => Some(Text::LoginErrorFailed),
        _ => None,
    }
}

/// `?next=…` in visible ASCII; nothing for the start page and for what the server would not keep.
fn way_back(path: &str) -> String {
    let mut next = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_graphic() {
            next.push(char::from(byte));
        } else {
            next.push_str(&format!("%{byte:02X}"));
        }
    }
    if next == "/" || next.len() > NEXT_MAX_CHARS {
        return String::new();
    }
    print_query(&[("next".to_owned(), next)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_visible_ascii() {
        assert_eq!(way_back("/"), "");
        assert_eq!(
            way_back("/user_products?q=a b"),
            "?next=%2Fuser_products%3Fq%3Da%2520b"
        );
        assert_eq!(way_back("/product/8_\u{e9}"), "?next=%2Fproduct%2F8_%25C3%25A9");
        assert_eq!(way_back(&format!("/{}", "x".repeat(1500))), "");
    }

    #[test]
    fn only_our_codes_have_a_text() {
        assert_eq!(error_text("failed"), Some(Text::LoginErrorFailed));
        for other in ["", "Failed", "<b>call this number</b>"] {
            assert_eq!(error_text(other), None);
        }
    }
}
