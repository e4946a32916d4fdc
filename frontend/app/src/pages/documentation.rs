//! How to use the service: product types from the server, their rules from the model.

use leptos::prelude::*;
use pz_model::{ColumnMeaning, ProductType};
use ui_kit::{CodeBlock, Crumb, PageHeader, Panel, bytes_text};

use crate::services::{use_instance, use_reference};
use crate::texts::{Text, say, say_with, t};

/// Product types, files, the Python library and the API.
#[component]
pub(crate) fn DocumentationPage() -> impl IntoView {
    let (instance, reference) = (use_instance(), use_reference());
    let crumbs = Signal::derive(move || {
        vec![
            Crumb::link(say(Text::NavHome), "/"),
            Crumb::here(say(Text::NavDocumentation)),
        ]
    });
    let manual = move || {
        instance.link(|links| links.manual.as_ref()).map(|address| {
            let shown = address.clone();
            view! {
                <p>{t(Text::DocManual)} " " <a href=address target="_blank" rel="noopener noreferrer">{shown}</a></p>
            }
        })
    };
    let limit = move || {
        instance
            .upload_max_bytes()
            .and_then(|limit| i64::try_from(limit).ok())
            .map(|limit| view! { <p>{say_with(Text::DocLimit, &[("limit", &bytes_text(limit))])}</p> })
    };
    let rows = move || {
        reference
            .types()
            .into_iter()
            .map(|view| {
                let rules = ProductType::from_name(&view.name).map(ProductType::rules);
                let names = |meanings: &[ColumnMeaning]| {
                    let names: Vec<_> = meanings.iter().map(|meaning| meaning.alias()).collect();
                    if names.is_empty() { "—".to_owned() } else { names.join(", ") }
                };
                let main_file = rules.map(|rules| if rules.table_required { Text::DocTable } else { Text::DocAnyFile });
                view! {
                    <tr>
                        <td><strong>{view.display_name}</strong> <br/> <span class="muted">{view.description}</span></td>
                        <td>{main_file.map(t)}</td>
                        <td>{rules.map(|rules| names(rules.mandatory_meanings))}</td>
                        <td>{rules.map(|rules| names(rules.recommended_meanings))}</td>
                    </tr>
                }
            })
            .collect_view()
    };
    view! {
        <div class="text-page text-page-wide">
            <PageHeader title=t(Text::DocTitle) crumbs=crumbs/>
            <Panel>
                <div class="prose prose-wide">
                    {manual}
                    <h2>{t(Text::DocTypesTitle)}</h2>
                    <p>{t(Text::DocTypes)}</p>
                    <div class="table-scroll" tabindex="0" role="region" aria-label=t(Text::DocTypesTitle)>
                        <table>
                            <thead>
                                <tr>
                                    <th scope="col">{t(Text::MetaType)}</th>
                                    <th scope="col">{t(Text::MetaMainFile)}</th>
                                    <th scope="col">{t(Text::DocMandatory)}</th>
                                    <th scope="col">{t(Text::DocRecommended)}</th>
                                </tr>
                            </thead>
                            <tbody>{rows}</tbody>
                        </table>
                    </div>
                    <p>{t(Text::DocFormats)}</p>
                    {limit}
                    <h2>{t(Text::DocPythonTitle)}</h2>
                    <p>{t(Text::DocPython)}</p>
                    <CodeBlock text="pip install pzserver" label=t(Text::UseInstall)/>
                    <h2>{t(Text::DocApiTitle)}</h2>
                    <p>{t(Text::DocApi)} " " <a href="/api/swagger/" rel="external">{t(Text::DocApiLink)}</a></p>
                    <h2>{t(Text::DocKeysTitle)}</h2>
                    <ul>
                        <li><kbd>"/"</kbd> " " {t(Text::DocKeySearch)}</li>
                        <li><kbd>"g"</kbd> " " <kbd>"o"</kbd> " " {t(Text::ListOfficial)}</li>
                        <li><kbd>"g"</kbd> " " <kbd>"u"</kbd> " " {t(Text::ListUser)}</li>
                        <li><kbd>"g"</kbd> " " <kbd>"p"</kbd> " " {t(Text::NavPipelines)}</li>
                    </ul>
                </div>
            </Panel>
        </div>
    }
}
