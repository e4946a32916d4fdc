//! The files of a product.

use leptos::prelude::*;
use pz_client::Client;
use pz_model::FileRole;
use pz_model::api::ProductFile;
use ui_kit::{
    Badge, Bytes, Column, CopyButton, Count, DataTable, DateTime, EmptyState, Icon, IconName, MiddleEllipsis,
    Tone,
};

use crate::texts::{Text, say, t};

/// Name of a file for people.
fn name_of(file: &ProductFile) -> String {
    file.name.clone().unwrap_or_else(|| file.id.to_string())
}

/// A file's name as a link that downloads it.
#[component]
pub(crate) fn FileLink(
    /// The file.
    file: ProductFile,
) -> impl IntoView {
    let ProductFile {
        id,
        is_directory,
        name,
        ..
    } = file;
    let name = name.unwrap_or_else(|| id.to_string());
    let base = name.rsplit('/').next().unwrap_or(&name).to_owned();
    view! {
        <a class="file-link" href=Client::product_file_address(id) download=base rel="external"
            data-testid="file-link">
            <Icon name=if is_directory { IconName::Folder } else { IconName::File }/>
            <MiddleEllipsis text=name/>
        </a>
    }
}

/// The files, main file first.
#[component]
pub(crate) fn FilesTable(
    /// The files.
    files: Signal<Vec<ProductFile>>,
) -> impl IntoView {
    let columns = move || {
        vec![
            Column::new("file", t(Text::FileName), |file: &ProductFile| {
                view! {
                    <span class="two-lines">
                        <FileLink file=file.clone()/>
                        {file.mime_type.clone().map(|mime_type| view! { <span class="muted file-media">{mime_type}</span> })}
                    </span>
                }
            }),
            Column::new("role", t(Text::FileRole), |file: &ProductFile| {
                let (text, tone) = match file.role {
                    FileRole::Main => (Text::RoleMain, Tone::Info),
                    FileRole::Description => (Text::RoleDescription, Tone::Neutral),
                    FileRole::Auxiliary => (Text::RoleAuxiliary, Tone::Neutral),
                };
                view! { <Badge text=t(text) tone=tone/> }
            }),
            Column::new("size", t(Text::FileSize), |file: &ProductFile| file.size.map(|size| view! { <Bytes value=size/> }))
                .at_end(),
            Column::new("rows", t(Text::FileRows), |file: &ProductFile| match (file.n_rows, file.role) {
                (Some(rows), _) => view! { <Count value=rows/> }.into_any(),
                (None, FileRole::Main) => view! { <span class="muted">{say(Text::Unknown)}</span> }.into_any(),
                (None, _) => ().into_any(),
            })
            .at_end()
            .wide_only(),
            Column::new("date", t(Text::FileDate), |file: &ProductFile| {
                view! { <DateTime date=file.created.date_text() timestamp=file.created.to_string()/> }
            })
            .wide_only(),
            Column::new("sha256", t(Text::FileSha256), |file: &ProductFile| {
                file.sha256.clone().map(|digest| {
                    let short: String = digest.chars().take(8).collect();
                    view! {
                        <span class="copyable">
                            <code title=digest.clone()>{format!("{short}…")}</code>
                            <CopyButton value=digest label=t(Text::CopySha256) test_id="copy-sha256"/>
                        </span>
                    }
                })
            }),
            Column::new("actions", t(Text::ColumnActions), |file: &ProductFile| {
                let name = name_of(file);
                let label = say(Text::ActionDownload);
                view! {
                    <a class="icon-button" href=Client::product_file_address(file.id) download=name.clone() rel="external"
                        title=label.clone() aria-label=format!("{label}: {name}") data-testid="file-download">
                        <Icon name=IconName::Download/>
                    </a>
                }
            })
            .at_end()
            .hidden_header(),
        ]
    };
    let rows = Signal::derive(move || {
        let mut files = files.get();
        files.sort_by_key(|file| (file.role, file.id));
        files
    });
    let empty = Memo::new(move |_| rows.with(Vec::is_empty));
    move || {
        if empty.get() {
            view! {
                <EmptyState icon=IconName::File title=t(Text::NoFiles) test_id="no-files">
                    <p>{t(Text::NoFilesHint)}</p>
                </EmptyState>
            }
            .into_any()
        } else {
            view! {
                <DataTable label=t(Text::TabFiles) columns=columns() rows=rows
                    row_key=|file: &ProductFile| (file.id, file.updated) test_id="files-table"/>
            }
            .into_any()
        }
    }
}
