//! Who may do what with processes.

use actix_web::HttpRequest;
use pz_store::processes::ProcessRow;

use crate::auth::token::Scope;
use crate::auth::{Caller, app_state};
use crate::error::{ApiError, ApiResult};
use crate::policy;
use crate::routing::IdPath;

/// A [`Caller`] with the scope `run`, who may submit processes.
pub(super) struct Runner(pub(super) Caller);

/// A process that the caller may see: their own, or one whose product they may see.
pub(super) struct VisibleProcess {
    pub(super) caller: Caller,
    pub(super) row: ProcessRow,
}

/// A process of the caller, or any for administrators; seen but foreign is 403.
pub(super) struct OwnProcess {
    pub(super) row: ProcessRow,
}

/// An [`OwnProcess`] that the caller may change: also with the scope `run`.
pub(super) struct WritableProcess {
    pub(super) caller: Caller,
    pub(super) row: ProcessRow,
}

async fn runner(request: &HttpRequest) -> ApiResult<Runner> {
    let caller = Caller::of(request).await?;
    caller.need_scope(Scope::Run)?;
    Ok(Runner(caller))
}

async fn visible(request: &HttpRequest) -> ApiResult<VisibleProcess> {
    let caller = Caller::of(request).await?;
    let id = IdPath::of(request)?;
    let store = &app_state(request)?.store;
    let row = store
        .process(caller.viewer(), id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(VisibleProcess { caller, row })
}

async fn own(request: &HttpRequest) -> ApiResult<OwnProcess> {
    let VisibleProcess { caller, row } = visible(request).await?;
    if caller.may_change(row.user_id) {
        Ok(OwnProcess { row })
    } else {
        Err(ApiError::forbidden())
    }
}

async fn writable(request: &HttpRequest) -> ApiResult<WritableProcess> {
    let VisibleProcess { caller, row } = visible(request).await?;
    // A GET that stops needs the scope of a write, too.
    caller.need_scope(Scope::Run)?;
    if caller.may_change(row.user_id) {
        Ok(WritableProcess { caller, row })
    } else {
        Err(ApiError::forbidden())
    }
}

policy!(Runner, runner, Access::Scope("run"));
policy!(VisibleProcess, visible, Access::Visible("process"));
policy!(OwnProcess, own, Access::Writable("process"));
policy!(WritableProcess, writable, Access::Writable("process"));
