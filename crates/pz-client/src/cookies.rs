//! The cookie that proves an unsafe request comes from our own page.

/// Name of the cookie whose value unsafe requests repeat in a header.
#[cfg(any(target_arch = "wasm32", test))]
const CSRF_COOKIE: &str = "pz_csrf";

/// The value to repeat, where there is a browser to ask.
#[cfg(target_arch = "wasm32")]
pub(crate) fn csrf_token() -> Option<String> {
    use wasm_bindgen::JsCast;
    let document = web_sys::window()?
        .document()?
        .dyn_into::<web_sys::HtmlDocument>()
        .ok()?;
    value(&document.cookie().ok()?, CSRF_COOKIE).map(str::to_owned)
}

/// Outside a browser an API token signs in, and no cookie is kept.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn csrf_token() -> Option<String> {
    None
}

/// The value of the cookie called `name` in a `Cookie` text.
#[cfg(any(target_arch = "wasm32", test))]
fn value<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_exactly_the_named_cookie() {
        assert_eq!(value("a=1; pz_csrf=x=y; b=2", CSRF_COOKIE), Some("x=y"));
        assert_eq!(value("not_pz_csrf=1", CSRF_COOKIE), None);
        assert_eq!(value("", CSRF_COOKIE), None);
    }
}
