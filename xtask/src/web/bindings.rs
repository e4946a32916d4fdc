//! JavaScript bindings for the compiled module, by the library behind the `wasm-bindgen` command.

use std::path::Path;

use anyhow::Context;
use wasm_bindgen_cli_support::Bindgen;

/// The two files a browser needs.
pub(crate) struct Bindings {
    /// The ES module that loads and talks to the WebAssembly.
    pub(crate) javascript: String,
    /// The WebAssembly, without the sections only debuggers read.
    pub(crate) wasm: Vec<u8>,
}

/// Makes the bindings of `module` for use with `<script type="module">`.
pub(crate) fn generate(module: &Path, keep_names: bool) -> anyhow::Result<Bindings> {
    let mut bindgen = Bindgen::new();
    let mut output = bindgen
        .input_path(module)
        .web(true)
        .context("choosing the web target")?
        .out_name("pz-web")
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(!keep_names)
        .remove_producers_section(true)
        .generate_output()
        .with_context(|| format!("making the bindings of {}", module.display()))?;
    // Crates are listed here even when they have none.
    let with_snippets: Vec<_> = output
        .snippets()
        .iter()
        .filter(|(_, snippets)| !snippets.is_empty())
        .map(|(name, _)| name)
        .collect();
    anyhow::ensure!(
        with_snippets.is_empty() && output.local_modules().is_empty(),
        "dependencies bring JavaScript files of their own, which this bundle does not carry: {with_snippets:?}"
    );
    let wasm = output.wasm_mut().emit_wasm();
    Ok(Bindings {
        javascript: output.js().to_owned(),
        wasm,
    })
}
