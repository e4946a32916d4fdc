//! Fetching a product: one click, whatever the server has to do first.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use pz_model::api::{Archive, Product, ProductFile};
use pz_model::{FileRole, ProductAction};
use ui_kit::{
    Button, ButtonKind, Failure, FailureKind, IconName, Load, Panel, Toasts, bytes_text, follow_download,
    sleep,
};

use crate::products::actions::refusal_text;
use crate::services::api::failure_line;
use crate::services::{Api, use_api};
use crate::texts::{Text, say, say_now, say_now_with, say_with, t};

/// How long between two questions while a server still builds an archive.
const POLL: Duration = Duration::from_secs(2);

/// Prepares a download and hands its link to the browser. `busy` is true meanwhile.
pub(crate) fn start_download(
    api: Api,
    product: i64,
    main_file_only: bool,
    busy: RwSignal<bool>,
    toasts: Toasts,
) {
    busy.set(true);
    spawn_local(async move {
        match prepare(&api, product, main_file_only).await {
            Ok(archive) => {
                follow_download(&archive.download_url, &archive.filename);
                toasts.success(match archive.size {
                    Some(size) => say_now_with(
                        Text::DownloadStartedSize,
                        &[("name", &archive.filename), ("size", &bytes_text(size))],
                    ),
                    None => say_now_with(Text::DownloadStarted, &[("name", &archive.filename)]),
                });
            }
            Err(failure) => {
                toasts.error(format!(
                    "{} {}",
                    say_now(Text::DownloadFailed),
                    failure_line(&failure)
                ));
            }
        }
        let _ = busy.try_set(false);
    });
}

/// Asks until the archive is ready.
async fn prepare(api: &Api, product: i64, main_file_only: bool) -> Result<Archive, Failure> {
    let mut archive = api
        .call(async |client| {
            if main_file_only {
                client.prepare_main_file_download(product).await
            } else {
                client.prepare_download(product).await
            }
        })
        .await?;
    loop {
        match archive.status.as_str() {
            "ready" => return Ok(archive),
            "failed" => {
                return Err(Failure {
                    kind: FailureKind::Server,
                    message: say_now(Text::ErrorServer),
                    error_id: None,
                });
            }
            _ => sleep(POLL).await,
        }
        archive = api
            .call(async |client| {
                if main_file_only {
                    client.main_file_download_status(product).await
                } else {
                    client.download_status(product).await
                }
            })
            .await?;
    }
}

/// The buttons that fetch a product.
#[component]
pub(crate) fn DownloadBlock(
    /// The product.
    product: Signal<Product>,
    /// Its files, as far as they have arrived.
    files: Load<Vec<ProductFile>>,
) -> impl IntoView {
    let (api, toasts) = (use_api(), expect_context::<Toasts>());
    let (all_busy, main_busy) = (RwSignal::new(false), RwSignal::new(false));
    let refusal =
        Signal::derive(move || product.with(|product| refusal_text(ProductAction::Download, product)));
    let total = move || {
        files
            .value()
            .map(|files| files.iter().filter_map(|file| file.size).sum::<i64>())
            .filter(|total| *total > 0)
    };
    let has_main = Memo::new(move |_| {
        files
            .value()
            .is_some_and(|files| files.iter().any(|file| file.role == FileRole::Main))
    });
    let fetch = move |main_file_only: bool, busy: RwSignal<bool>| {
        let api = api.clone();
        Callback::new(move |()| {
            let id = product.with_untracked(|product| product.id);
            start_download(api.clone(), id, main_file_only, busy, toasts);
        })
    };
    let (fetch_all, fetch_main) = (fetch(false, all_busy), fetch(true, main_busy));
    view! {
        <Panel test_id="download">
            <div class="download-block">
                <Button
                    label=Signal::derive(move || match total() {
                        Some(total) => say_with(Text::DownloadSize, &[("size", &bytes_text(total))]),
                        None => say(Text::ActionDownload),
                    })
                    kind=ButtonKind::Primary
                    icon=IconName::Download
                    busy=all_busy
                    disabled_reason=refusal
                    on_click=fetch_all
                    test_id="download-all"
                />
                <Show when=move || has_main.get()>
                    <Button
                        label=t(Text::DownloadMain)
                        busy=main_busy
                        disabled_reason=refusal
                        on_click=fetch_main
                        test_id="download-main"
                    />
                </Show>
                <p class="muted">
                    {move || refusal.get().unwrap_or_else(|| say(Text::DownloadHint))}
                </p>
            </div>
        </Panel>
    }
}
