//! Bundling the web app: compile, make the bindings, name files by their content, compress.
//!
//! The result is a folder with `index.html`, which must be revalidated on every visit, and `assets/`,
//! whose file names contain a hash of their content and may be kept by browsers for ever.

mod assets;
mod bindings;
mod compile;
mod compress;
mod fingerprint;
mod styles;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;

use crate::say;
use assets::Bundle;

/// What to build and where to.
pub(crate) struct Options {
    /// Root of the workspace.
    pub(crate) root: PathBuf,
    /// Folder to (re)create.
    pub(crate) out: PathBuf,
    /// Quick to compile, large and slow to run.
    pub(crate) dev: bool,
}

impl Options {
    /// Options for the workspace that cargo runs this in; a relative `out` is relative to its root.
    pub(crate) fn new(out: PathBuf, dev: bool) -> anyhow::Result<Self> {
        // Asked at run time: clones that share a build directory share this program, too.
        let manifest_dir = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask web`")?;
        let root = Path::new(&manifest_dir)
            .parent()
            .context("the xtask crate has no parent folder")?
            .to_path_buf();
        let out = if out.is_absolute() { out } else { root.join(out) };
        Ok(Self { root, out, dev })
    }

    fn app(&self) -> PathBuf {
        self.root.join("frontend/app")
    }

    fn ui_kit(&self) -> PathBuf {
        self.root.join("frontend/ui-kit")
    }
}

/// Builds the web app into `options.out`, or does nothing when it is up to date there.
pub(crate) fn build(options: &Options) -> anyhow::Result<()> {
    let started = Instant::now();
    let module = compile::compile(options)?;

    let fingerprint = fingerprint::of(options, &module)?;
    if fingerprint::matches(&options.out, &fingerprint) {
        say(&format!("{} is up to date", options.out.display()));
        return Ok(());
    }

    say("making the JavaScript bindings (seconds)");
    let bindings = bindings::generate(&module, options.dev)?;
    let bundle = assemble(options, bindings)?;

    let staging = options.out.with_extension("new");
    remove_folder(&staging)?;
    bundle.write(&staging)?;
    if !options.dev {
        say("compressing with Brotli and gzip, best settings (up to half a minute)");
        compress::folder(&staging)?;
    }
    fingerprint::write(&staging, &fingerprint)?;
    remove_folder(&options.out)?;
    fs_err::rename(&staging, &options.out)?;
    say(&format!(
        "wrote {} in {:.1} s",
        options.out.display(),
        started.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Puts every file together in memory; order matters because later files name earlier ones.
fn assemble(options: &Options, bindings: bindings::Bindings) -> anyhow::Result<Bundle> {
    let (app, ui_kit) = (options.app(), options.ui_kit());
    let mut bundle = Bundle::default();

    bundle.add_folder(&ui_kit.join("assets/fonts"), "woff2")?;
    bundle.add_asset("favicon.svg", fs_err::read(app.join("favicon.svg"))?);
    let style = styles::bundle(&app.join("styles/app.css"))?;
    bundle.add_text_asset("pz-web.css", &style);
    bundle.add_asset("pz-web_bg.wasm", bindings.wasm);
    bundle.add_text_asset("pz-web.js", &bindings.javascript);
    bundle.add_text_asset("boot.js", &fs_err::read_to_string(app.join("boot.js"))?);

    let icons = fs_err::read_to_string(ui_kit.join("assets/icons.svg"))?;
    let page = fs_err::read_to_string(app.join("index.html"))?;
    anyhow::ensure!(
        page.contains(ICONS_PLACEHOLDER),
        "index.html has no {ICONS_PLACEHOLDER} line to put the icons in"
    );
    bundle.add_page("index.html", &page.replace(ICONS_PLACEHOLDER, icons.trim()));
    bundle.add_plain(
        "licenses/Inter-OFL.txt",
        fs_err::read(ui_kit.join("assets/fonts/LICENSE-Inter.txt"))?,
    );
    Ok(bundle)
}

/// Where `index.html` wants the icon sprite: inside the page, so that no icon ever flashes in late.
const ICONS_PLACEHOLDER: &str = "<!-- icons -->";

fn remove_folder(folder: &Path) -> anyhow::Result<()> {
    if folder
        .try_exists()
        .with_context(|| format!("looking for {}", folder.display()))?
    {
        fs_err::remove_dir_all(folder)?;
    }
    Ok(())
}
