//! What a list of products can be asked.

use pz_model::limits::PRODUCT_PAGE_SIZE_DEFAULT;
use pz_model::{ColumnMeaning, ProductStatus};
use pz_store::list::ListCondition;
use pz_store::products::ProductField;

use crate::filters::{Filter, FilterKind, ListSpec, Related};

const OWNER: &[ProductField] = &[ProductField::OwnerSearch];
const TYPE: &[ProductField] = &[ProductField::TypeSearch];
const RELEASE: &[ProductField] = &[ProductField::ReleaseSearch];
const NAME: &[ProductField] = &[ProductField::NameSearch];

fn statuses() -> Vec<(i64, &'static str)> {
    ProductStatus::ALL
        .into_iter()
        .map(|status| (i64::from(status.code()), status.label()))
        .collect()
}

fn roles() -> Vec<&'static str> {
    ColumnMeaning::ALL.into_iter().map(ColumnMeaning::alias).collect()
}

const fn filter(name: &'static str, kind: FilterKind<ProductField>) -> Filter<ProductField> {
    Filter { name, kind }
}

/// Filters, search and order of products; the Python library learns them from OPTIONS.
pub(crate) static LIST: ListSpec<ProductField> = ListSpec {
    filters: &[
        filter("internal_name", FilterKind::Text(ProductField::InternalName)),
        filter(
            "internal_name__in",
            FilterKind::TextIn(ProductField::InternalName),
        ),
        filter("display_name", FilterKind::Text(ProductField::DisplayName)),
        filter("display_name__in", FilterKind::TextIn(ProductField::DisplayName)),
        filter(
            "release",
            FilterKind::Id(ProductField::ReleaseId, Related::Release),
        ),
        filter(
            "release__in",
            FilterKind::IdInOrNone(ProductField::ReleaseId, Related::Release),
        ),
        filter(
            "product_type",
            FilterKind::Id(ProductField::ProductTypeId, Related::ProductType),
        ),
        filter(
            "product_type__in",
            FilterKind::IdIn(ProductField::ProductTypeId, Related::ProductType),
        ),
        filter(
            "official_product",
            FilterKind::Flag(ProductField::OfficialProduct),
        ),
        filter(
            "official_product__in",
            FilterKind::FlagIn(ProductField::OfficialProduct),
        ),
        filter("status", FilterKind::Choice(ProductField::Status, statuses)),
        filter("status__in", FilterKind::NumberIn(ProductField::Status)),
        filter("user", FilterKind::Id(ProductField::UserId, Related::User)),
        filter("user__in", FilterKind::IdIn(ProductField::UserId, Related::User)),
        filter("release__isnull", FilterKind::IsNull(ProductField::ReleaseId)),
        filter("uploaded_by__or", FilterKind::Contains(OWNER)),
        filter("uploaded_by", FilterKind::Contains(OWNER)),
        filter("product_type_name__or", FilterKind::Contains(TYPE)),
        filter("product_type_name", FilterKind::Contains(TYPE)),
        filter("release_name__or", FilterKind::Contains(RELEASE)),
        filter("release_name", FilterKind::Contains(RELEASE)),
        filter("product_name__or", FilterKind::Contains(NAME)),
        filter("product_name", FilterKind::Contains(NAME)),
        // Behind those that the Python library has always known.
        filter("owner__in", FilterKind::TextIn(ProductField::OwnerName)),
        filter(
            "origin__in",
            FilterKind::TextInOr(ProductField::Pipeline, "upload"),
        ),
        filter("format__in", FilterKind::TextInOr(ProductField::Format, "none")),
        filter(
            "release_year__in",
            FilterKind::NumberInOrNone(ProductField::ReleaseYear),
        ),
        filter("has", FilterKind::WordIn(ProductField::Roles, roles)),
        filter("rows", FilterKind::Between(ProductField::Rows)),
        filter("z", FilterKind::Touches(ProductField::ZMin, ProductField::ZMax)),
        filter("latest", FilterKind::Flag(ProductField::Latest)),
    ],
    describes_classes: true,
    search_names: &[
        "display_name",
        "user__username",
        "user__first_name",
        "user__last_name",
    ],
    search_fields: &[ProductField::NameSearch, ProductField::OwnerSearch],
    ordering: &[
        ("id", ProductField::Id),
        ("display_name", ProductField::NameSearch),
        ("product_type", ProductField::ProductTypeId),
        ("created_at", ProductField::CreatedAt),
    ],
    describes_ordering: true,
    default_order: &[(ProductField::CreatedAt, true)],
    default_page_size: PRODUCT_PAGE_SIZE_DEFAULT,
};

/// Whether these conditions ask for deleted products by name of the status.
pub(super) fn asks_for_deleted(conditions: &[ListCondition<ProductField>]) -> bool {
    let deleted = i64::from(ProductStatus::Deleted.code());
    conditions.iter().any(|condition| {
        matches!(condition, ListCondition::NumberIn(ProductField::Status, codes) if codes.contains(&deleted))
    })
}
