//! Where to go after signing in: a path of this site, and nothing else.

use crate::error::{ApiError, ApiResult};

/// It must fit into a cookie, encoded.
const MAX_BYTES: usize = 1500;

/// The path asked for, or the start page.
///
/// # Errors
/// 400 when it could lead elsewhere.
pub(super) fn read(asked: Option<&str>) -> ApiResult<String> {
    match asked {
        None => Ok("/".to_owned()),
        Some(path) if is_of_this_site(path) => Ok(path.to_owned()),
        Some(_) => Err(ApiError::parameter(
            "next",
            "Give a path of this site, such as /user_products.",
        )),
    }
}

/// One slash first, and nothing that a browser reads as one or leaves out before it looks: `//host`, `/\host`,
/// tabs, line breaks. Visible ASCII, since it becomes a header.
fn is_of_this_site(path: &str) -> bool {
    let visible = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    visible && path.len() <= MAX_BYTES && path.starts_with('/') && !path.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_site_are_taken() {
        for good in [
            "/",
            "/user_products",
            "/product/8_tr%C3%A8s?tab=data&x=//y#z",
            "/a//b",
        ] {
            assert_eq!(read(Some(good)).unwrap(), good);
        }
        assert_eq!(read(None).unwrap(), "/");
    }

    #[test]
    fn nothing_leads_elsewhere() {
        let long = format!("/{}", "x".repeat(MAX_BYTES));
        for wrong in [
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            " /",
            "/a b",
            "/a\r\nSet-Cookie: x=y",
            "user_products",
            "/\u{e9}",
            "@evil.example",
            &long,
        ] {
            assert!(read(Some(wrong)).is_err(), "{wrong:?}");
        }
    }
}
