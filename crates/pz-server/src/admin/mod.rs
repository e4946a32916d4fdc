//! Administration: accounts, groups, releases, texts of product types and pipelines, the audit log. Every change
//! is written to the audit log; what is changed is named there, secrets never are.

mod audit;
mod groups;
mod password_reset;
mod pipelines;
mod product_types;
mod release_input;
mod releases;
mod users;

use actix_web::http::StatusCode;
use pz_model::ErrorCode;
use pz_store::StoreError;
use pz_store::user_admin::AccountRefusal;

use crate::error::ApiError;
use crate::routing::ApiRouter;

pub(crate) use users::view as account_view;

pub(crate) fn mount(router: &mut ApiRouter) {
    users::mount(router);
    password_reset::mount(router);
    groups::mount(router);
    releases::mount(router);
    product_types::mount(router);
    pipelines::mount(router);
    audit::mount(router);
}

/// 400 naming the field whose value another row has; the first of `fields` that the database names.
fn taken(error: StoreError, fields: &[&str]) -> ApiError {
    if let StoreError::AlreadyExists(detail) = &error
        && let Some(field) = fields.iter().find(|field| detail.contains(**field))
    {
        return ApiError::field(
            field,
            ErrorCode::NameTaken,
            "Another one has this name; choose another name.",
        );
    }
    error.into()
}

/// The answer to a change that was not made.
fn refused(refusal: AccountRefusal) -> ApiError {
    let conflict = |code, message: String| ApiError::detail(StatusCode::CONFLICT, code, message);
    match refusal {
        AccountRefusal::Missing => ApiError::not_found(),
        AccountRefusal::LastAdmin => conflict(
            ErrorCode::LastAdmin,
            "Nobody would be left to administer the service. Make another active account an administrator first."
                .to_owned(),
        ),
        AccountRefusal::ExternalGroup(name) => conflict(
            ErrorCode::ExternallyManaged,
            format!("The identity provider keeps the group '{name}'; change it there."),
        ),
        AccountRefusal::UnknownGroup(id) => ApiError::field(
            "groups",
            ErrorCode::ValidationFailed,
            format!("There is no group with the id {id}."),
        ),
        AccountRefusal::GroupInUse(releases) => conflict(
            ErrorCode::StillInUse,
            format!("The group opens {releases} release(s); take it out of their access groups first."),
        ),
    }
}
