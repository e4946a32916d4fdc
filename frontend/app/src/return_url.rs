//! Where to go after signing in, and only ever on this site.

use ui_kit::{encode_path_segment, print_query};

/// The address to go to after signing in: the wanted one when it is safe, else the start page.
pub(crate) fn safe_return_url(wanted: Option<&str>) -> String {
    match wanted {
        Some(address) if is_safe(address) => address.to_owned(),
        _ => "/".to_owned(),
    }
}

/// The login page with a way back to `path` and `search`.
pub(crate) fn login_address(path: &str, search: &str) -> String {
    let search = search.trim_start_matches('?');
    let address = if search.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{search}")
    };
    if address == "/" || !is_safe(&address) {
        return "/login".to_owned();
    }
    format!("/login{}", print_query(&[("returnUrl".to_owned(), address)]))
}

/// A path on this site: one leading slash, nothing a browser would take for another host, and not the
/// login page itself.
fn is_safe(address: &str) -> bool {
    let Some(rest) = address.strip_prefix('/') else {
        return false;
    };
    // Browsers read `\` as `/` and drop tabs and line breaks before they look.
    let host_like = rest.starts_with(['/', '\\']);
    let odd = address.chars().any(|c| c.is_control() || c == '\\');
    let login = rest == "login" || rest.starts_with("login?") || rest.starts_with("login/");
    !host_like && !odd && !login
}

/// Address of a product's page.
pub(crate) fn product_address(internal_name: &str) -> String {
    format!("/product/{}", encode_path_segment(internal_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_on_this_site_are_accepted() {
        for good in [
            "/",
            "/product/30_demo?tab=data",
            "/user_products?q=a%2Fb",
            "/a//b",
            "/loginx",
        ] {
            assert_eq!(safe_return_url(Some(good)), good);
        }
        for bad in [
            "",
            "product",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "\t//evil.example",
            "/\n/evil.example",
            " //evil.example",
            "/login?returnUrl=/login",
            "/login",
        ] {
            assert_eq!(safe_return_url(Some(bad)), "/", "for {bad:?}");
        }
        assert_eq!(safe_return_url(None), "/");
    }

    #[test]
    fn the_way_back_is_kept_whole() {
        assert_eq!(
            login_address("/product/30_demo", "?tab=data"),
            "/login?returnUrl=%2Fproduct%2F30_demo%3Ftab%3Ddata"
        );
        assert_eq!(login_address("/", ""), "/login");
        assert_eq!(
            login_address("/official_products", ""),
            "/login?returnUrl=%2Fofficial_products"
        );
    }

    #[test]
    fn product_addresses_are_escaped() {
        assert_eq!(product_address("8_très"), "/product/8_tr%C3%A8s");
        assert_eq!(product_address("8_"), "/product/8_");
    }
}
