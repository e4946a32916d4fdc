//! Pages that are neither lists nor products.

pub(crate) mod about;
pub(crate) mod contact;
pub(crate) mod documentation;
pub(crate) mod landing;
pub(crate) mod login;
pub(crate) mod login_elsewhere;
pub(crate) mod not_found;
mod password_field;
pub(crate) mod pipelines;
pub(crate) mod reset_password;
