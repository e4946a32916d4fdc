//! What lists of processes can be asked.

use pz_store::processes::ProcessField;

use crate::filters::{DEFAULT_PAGE_SIZE, Filter, FilterKind, ListSpec, Related};

const fn filter(name: &'static str, kind: FilterKind<ProcessField>) -> Filter<ProcessField> {
    Filter { name, kind }
}

pub(super) static LIST: ListSpec<ProcessField> = ListSpec {
    filters: &[
        filter("pipeline", FilterKind::Contains(&[ProcessField::PipelineSearch])),
        filter("status", FilterKind::Text(ProcessField::Status)),
        filter(
            "release",
            FilterKind::Id(ProcessField::ReleaseId, Related::Release),
        ),
        filter(
            "upload",
            FilterKind::Id(ProcessField::OutputProductId, Related::Product),
        ),
        filter("user", FilterKind::Id(ProcessField::UserId, Related::User)),
        filter("release__isnull", FilterKind::IsNull(ProcessField::ReleaseId)),
        filter(
            "pipeline__or",
            FilterKind::Contains(&[ProcessField::PipelineSearch]),
        ),
        filter(
            "release_name__or",
            FilterKind::Contains(&[ProcessField::ReleaseSearch]),
        ),
        filter(
            "release_name",
            FilterKind::Contains(&[ProcessField::ReleaseSearch]),
        ),
    ],
    describes_classes: true,
    search_names: &[
        "pipeline_name",
        "pipeline_display_name",
        "upload",
        "user__username",
        "user__first_name",
        "user__last_name",
    ],
    search_fields: &[
        ProcessField::PipelineSearch,
        ProcessField::ProductSearch,
        ProcessField::OwnerSearch,
    ],
    ordering: &[("id", ProcessField::Id), ("created_at", ProcessField::CreatedAt)],
    describes_ordering: true,
    default_order: &[(ProcessField::CreatedAt, true)],
    default_page_size: DEFAULT_PAGE_SIZE,
};
