//! `pz-server serve`.

use std::time::Duration;

use anyhow::Context;
use pz_store::uploads::SweptUploads;

use super::say;
use crate::auth::refused;
use crate::config::Settings;
use crate::downloads::compress;
use crate::events::close_on_shutdown;
use crate::limits;
use crate::products;
use crate::seed;
use crate::state::AppState;
use crate::web_app::WebApp;

/// What nobody needs is looked for this often.
const CLEAN_INTERVAL: Duration = Duration::from_secs(3600);
/// Blobs without a row are left alone this long: their upload may be about to commit.
const ORPHAN_GRACE: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn serve(settings: Settings, seed_demo: bool) -> anyhow::Result<()> {
    let listen = settings.listen.clone();
    let workers = settings.workers;
    let web_app = settings.web_dir.as_deref().map(WebApp::load).transpose()?;
    let headless = web_app.is_none();
    let state = AppState::open(settings).await?;
    let seeded = if seed_demo && !state.store.has_users().await? {
        say("Making demonstration data (a few seconds, only on the first start) …\n")?;
        Some(seed::demo(&state).await?)
    } else {
        None
    };
    let cleaning = state.clone();
    actix_web::rt::spawn(async move {
        loop {
            clean(&cleaning).await;
            // After the cleaning, which knows copies only by their rows.
            compress::sweep(&cleaning).await;
            tokio::time::sleep(CLEAN_INTERVAL).await;
        }
    });
    let purging = state.clone();
    actix_web::rt::spawn(async move { products::restore::purge_for_ever(&purging).await });
    actix_web::rt::spawn(close_on_shutdown(state.events.clone()));
    let listener = listen
        .parse()
        .map_err(anyhow::Error::from)
        .and_then(|address| Ok(limits::listen(address)?))
        .with_context(|| format!("cannot listen on {listen}"))?;
    announce(&listen, headless, seeded.as_ref())?;
    limits::start(state, web_app, listener, workers, true)?.await?;
    tracing::info!("stopped");
    Ok(())
}

fn announce(listen: &str, headless: bool, seeded: Option<&seed::Seeded>) -> anyhow::Result<()> {
    let mut text = String::new();
    if let Some(seeded) = seeded {
        text.push_str(&seeded.to_string());
    }
    if headless {
        text.push_str(&format!(
            "\nThe Photo-z Server (headless) listens: API at http://{listen}/api/\n"
        ));
    } else {
        text.push_str(&format!(
            "\nThe Photo-z Server is at http://{listen} (API at http://{listen}/api/)\n"
        ));
    }
    text.push_str("Stop it with Ctrl-C.\n\n");
    say(&text)
}

/// Removes uploads, sessions and links that expired, and what a crash left in the blob store.
async fn clean(state: &AppState) {
    match state.store.sweep_uploads().await {
        Ok(swept) if swept == SweptUploads::default() => {}
        Ok(swept) => tracing::info!(
            expired = swept.expired,
            dead_files = swept.dead_files,
            "removed uploads that nobody continued"
        ),
        Err(error) => tracing::warn!(%error, "cannot look for uploads that expired"),
    }
    let ended = async || {
        let sessions = state.store.sweep_sessions().await?;
        Ok::<_, pz_store::StoreError>((sessions, state.store.sweep_password_resets().await?))
    };
    match ended().await {
        Ok((0, 0)) => {}
        Ok((sessions, links)) => tracing::info!(sessions, links, "removed what had expired"),
        Err(error) => tracing::warn!(%error, "cannot look for sessions that expired"),
    }
    if let Err(error) = refused::tell_rest(state).await {
        tracing::warn!(%error, "cannot tell the audit log of sign-ins that were refused");
    }
    match state.store.blobs.sweep_unfinished(ORPHAN_GRACE) {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "removed unfinished uploads"),
        Err(error) => tracing::warn!(%error, "cannot look for unfinished uploads"),
    }
    match state.store.collect_orphan_blobs(ORPHAN_GRACE).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "removed blobs that belong to no file"),
        Err(error) => tracing::warn!(%error, "cannot look for blobs that belong to no file"),
    }
}
