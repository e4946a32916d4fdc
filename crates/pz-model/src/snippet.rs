//! Ready-made commands for getting a product with Python or from a shell.
//!
//! The token is always read from the environment; a real one never appears.

use crate::limits::UPLOAD_DEFAULT_MAX_BYTES;
use crate::product_type::ProductType;

/// What decides how a product is best fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnippetSubject<'a> {
    /// Scheme, host and port of the server.
    pub origin: &'a str,
    /// Identifier of the product.
    pub id: i64,
    /// `<id>_<slug>`.
    pub internal_name: &'a str,
    /// Kind of product.
    pub product_type: Option<ProductType>,
    /// The main file has been read as a table.
    pub is_table: bool,
    /// Size of the main file in bytes.
    pub main_file_bytes: Option<i64>,
}

impl SnippetSubject<'_> {
    /// Whether the Python library can load the product into memory: a table of a type it loads, within
    /// the size it loads without being told to.
    pub fn loads_into_memory(&self) -> bool {
        let loadable = !matches!(
            self.product_type,
            Some(ProductType::ValidationResults | ProductType::TrainingResults)
        );
        let limit = i64::try_from(UPLOAD_DEFAULT_MAX_BYTES).unwrap_or(i64::MAX);
        self.is_table && loadable && self.main_file_bytes.is_none_or(|size| size <= limit)
    }

    /// Python with the `pzserver` library.
    pub fn python(&self) -> String {
        let name = python_string(self.internal_name);
        let host = python_string(&format!("{}/api/", self.origin));
        let last = if self.loads_into_memory() {
            format!("catalog = pz_server.get_product({name})\ncatalog.data")
        } else {
            format!("pz_server.download_product({name}, save_in=\".\")")
        };
        format!(
            "import os\n\nfrom pzserver import PzServer\n\n\
             pz_server = PzServer(token=os.environ[\"PZSERVER_TOKEN\"], host={host})\n{last}\n"
        )
    }

    /// cURL: ask for a signed link, then follow it.
    pub fn curl(&self) -> String {
        let (origin, id) = (self.origin, self.id);
        format!(
            "link=$(curl --fail --silent --show-error --request POST \\\n  \
             --header \"Authorization: Token $PZSERVER_TOKEN\" \\\n  \
             '{origin}/api/products/{id}/download/prepare/' |\n  \
             python3 -c 'import json, sys; print(json.load(sys.stdin)[\"download_url\"])')\n\
             curl --fail --remote-name --remote-header-name \\\n  \
             --header \"Authorization: Token $PZSERVER_TOKEN\" \\\n  \
             \"{origin}$link\"\n"
        )
    }
}

/// A Python string literal.
fn python_string(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            literal.push('\\');
        }
        literal.push(character);
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: SnippetSubject<'_> = SnippetSubject {
        origin: "https://pz.example",
        id: 30,
        internal_name: "30_demo",
        product_type: Some(ProductType::TrainingSet),
        is_table: true,
        main_file_bytes: Some(1000),
    };

    #[test]
    fn tables_are_loaded_and_other_files_are_saved() {
        assert_eq!(
            TABLE.python(),
            "import os\n\nfrom pzserver import PzServer\n\n\
             pz_server = PzServer(token=os.environ[\"PZSERVER_TOKEN\"], host=\"https://pz.example/api/\")\n\
             catalog = pz_server.get_product(\"30_demo\")\ncatalog.data\n"
        );
        let pickle = SnippetSubject {
            is_table: false,
            ..TABLE
        };
        assert!(pickle.python().contains("download_product(\"30_demo\""));
        assert!(!pickle.python().contains("get_product"));
    }

    #[test]
    fn what_the_library_refuses_to_load_is_not_loaded() {
        let large = SnippetSubject {
            main_file_bytes: Some(300_000_000),
            ..TABLE
        };
        let results = SnippetSubject {
            product_type: Some(ProductType::ValidationResults),
            ..TABLE
        };
        assert!(!large.loads_into_memory() && !results.loads_into_memory());
    }

    #[test]
    fn curl_names_the_product_and_no_token() {
        let curl = TABLE.curl();
        assert!(curl.contains("https://pz.example/api/products/30/download/prepare/"));
        assert!(curl.contains("$PZSERVER_TOKEN"));
    }

    #[test]
    fn quotes_cannot_break_out() {
        assert_eq!(python_string(r#"a"b\c"#), r#""a\"b\\c""#);
    }
}
