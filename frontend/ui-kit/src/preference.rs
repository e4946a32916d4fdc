//! Small choices that this browser remembers.

/// Everything is kept under this prefix; the number changes when a meaning changes.
const PREFIX: &str = "pz.1.";

/// A remembered choice.
pub fn read_preference(name: &str) -> Option<String> {
    storage()?.get_item(&format!("{PREFIX}{name}")).ok().flatten()
}

/// Remembers a choice; a browser that refuses only forgets it.
pub fn write_preference(name: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(&format!("{PREFIX}{name}"), value);
    }
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}
