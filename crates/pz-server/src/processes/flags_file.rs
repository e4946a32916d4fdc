//! The file with translations of quality flags. What its rules mean is the pipeline's to read; nothing in it is
//! ever run here.

use pz_model::file_name;
use pz_model::limits::FILE_NAME_MAX_BYTES;

use crate::body::FilePart;

/// Name of a file that was sent without one.
const DEFAULT_NAME: &str = "flags_translation.yaml";

/// The base name to keep the file under.
pub(super) fn name(file: &FilePart) -> Result<String, String> {
    let name = file.file_name.as_deref().and_then(file_name::base_name);
    let name = name.unwrap_or_else(|| DEFAULT_NAME.to_owned());
    if name.len() > FILE_NAME_MAX_BYTES {
        return Err(format!(
            "The file name is longer than {FILE_NAME_MAX_BYTES} bytes; give it a shorter one."
        ));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_base_names() {
        let file = |name: Option<&str>| FilePart {
            file_name: name.map(str::to_owned),
            bytes: Default::default(),
        };
        assert_eq!(
            name(&file(Some("../../etc/rules.yml"))).as_deref(),
            Ok("rules.yml")
        );
        assert_eq!(name(&file(None)).as_deref(), Ok(DEFAULT_NAME));
        assert!(name(&file(Some(&"x".repeat(300)))).is_err());
    }
}
