//! The start page: what this is, three ways in, and what is new.

mod artwork;
mod recent;

use leptos::prelude::*;
use pz_client::ProductQuery;
use pz_model::ProductStatus;
use ui_kit::{Button, ButtonKind, Card, Load, PageHeading, use_load};

use crate::products::Scope;
use crate::return_url::login_address;
use crate::services::{Api, use_api, use_instance, use_session};
use crate::texts::{Text, say_count, say_with, t};
use artwork::Artwork;
use recent::Recent;

/// Newest user products looked at to count this month's.
const NEWEST: u64 = 100;

/// What the cards say about now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Figures {
    official: u64,
    user: u64,
    user_this_month: u64,
    pipelines: u64,
}

/// Asks for everything the cards say; a card without an answer keeps quiet.
async fn figures(api: &Api) -> Result<Figures, ui_kit::Failure> {
    let published = |scope: Scope, page_size: u64| {
        let mut query = ProductQuery {
            page_size: Some(page_size),
            ..ProductQuery::default()
        };
        scope.restrict(&mut query, None);
        query.statuses = vec![ProductStatus::Published];
        query
    };
    let official = api
        .call(async |client| client.products(&published(Scope::Official, 1)).await)
        .await?;
    let user = api
        .call(async |client| client.products(&published(Scope::User, NEWEST)).await)
        .await?;
    let month = month_of(&String::from(js_sys::Date::new_0().to_iso_string()));
    let user_this_month = user
        .results
        .iter()
        .filter(|product| month_of(&product.created_at.to_string()) == month)
        .count() as u64;
    let pipelines = api
        .call(async |client| client.pipelines().await)
        .await
        .map_or(0, |pipelines| pipelines.len() as u64);
    Ok(Figures {
        official: official.count,
        user: user.count,
        user_this_month,
        pipelines,
    })
}

/// `YYYY-MM` of an ISO 8601 time in UTC.
fn month_of(time: &str) -> String {
    time.chars().take(7).collect()
}

/// The start page.
#[component]
pub(crate) fn LandingPage() -> impl IntoView {
    let (api, instance, session) = (use_api(), use_instance(), use_session());
    let figures: Load<Option<Figures>> = use_load(
        move || session.user().map(|user| user.username),
        move |user| {
            let api = api.clone();
            async move {
                match user {
                    Some(_) => figures(&api).await.map(Some),
                    None => Ok(None),
                }
            }
        },
    );
    let known = move || figures.value().flatten();
    let address = move |address: &'static str| {
        Signal::derive(move || {
            if session.is_signed_in() {
                address.to_owned()
            } else {
                login_address(address, "")
            }
        })
    };
    let official_line = Signal::derive(move || {
        known().map(|figures| match figures.official {
            0 => t(Text::CardOfficialNone).get(),
            count => say_count(Text::CardCountOne, Text::CardCountOther, count, &[]),
        })
    });
    let user_line = Signal::derive(move || {
        known().map(|figures| {
            let total = say_count(Text::CardCountOne, Text::CardCountOther, figures.user, &[]);
            match figures.user_this_month {
                0 => total,
                new => {
                    let new = say_count(Text::CardNewOne, Text::CardNewOther, new, &[]);
                    format!("{total}, {new}")
                }
            }
        })
    });
    let pipelines_line = Signal::derive(move || {
        known().filter(|figures| figures.pipelines > 0).map(|figures| {
            say_count(
                Text::CardPipelinesOne,
                Text::CardPipelinesOther,
                figures.pipelines,
                &[],
            )
        })
    });
    view! {
        <div class="landing">
            <section class="hero">
                <Artwork/>
                <div class="hero-inside">
                    <PageHeading title=Signal::derive(move || instance.name())/>
                    <p class="hero-lead">{t(Text::HeroLead)}</p>
                    <div class="button-row">
                        <Button label=t(Text::HeroBrowse) kind=ButtonKind::Primary href=address(Scope::All.address())
                            test_id="hero-browse"/>
                        <Button label=t(Text::HeroAbout) href="/about".to_owned()/>
                    </div>
                </div>
            </section>
            <div class="card-grid landing-cards">
                <Card overline=t(Text::CardOfficialOverline) title=t(Text::CardOfficial)
                    href=address(Scope::Official.address()) footer=official_line test_id="card-official">
                    {t(Text::CardOfficialBody)}
                </Card>
                <Card overline=t(Text::CardUserOverline) title=t(Text::CardUser) href=address(Scope::User.address())
                    footer=user_line test_id="card-user">
                    {t(Text::CardUserBody)}
                </Card>
                <Card overline=t(Text::CardPipelinesOverline) title=t(Text::CardPipelines)
                    href=address("/pz_pipelines") footer=pipelines_line test_id="card-pipelines">
                    {t(Text::CardPipelinesBody)}
                </Card>
            </div>
            <Show when=move || session.is_signed_in() fallback=move || view! {
                <p class="landing-note muted">{move || say_with(Text::LandingSignIn, &[("name", &instance.name())])}</p>
            }>
                <Recent/>
            </Show>
        </div>
    }
}
