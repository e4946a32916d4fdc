//! Domain-free components of the web app.
//!
//! One component per file, named after it; nothing here knows what a product is. Looks live in
//! `styles/`, words come from [`UiTexts`], and every asynchronous view goes through [`AsyncView`].

#![expect(
    unreachable_pub,
    reason = "the component macro repeats `pub` on a function of its own"
)]

mod active_filters;
mod alert;
mod async_view;
mod badge;
mod bars;
mod breadcrumbs;
mod button;
mod bytes;
mod card;
mod checkbox;
mod chip;
mod clipboard;
mod code_block;
mod copy_field;
mod count;
mod data_table;
mod date_time;
mod definition_list;
mod dialog;
mod empty_state;
mod error_block;
mod failure;
mod field;
mod hotkeys;
mod icon;
mod icon_button;
mod load;
mod markdown;
mod menu;
mod middle_ellipsis;
mod page_header;
mod page_title;
mod pager;
mod panel;
mod preference;
mod query_state;
mod save;
mod search_box;
mod select;
mod skeleton;
mod sleep;
mod spinner;
mod tabs;
mod text_input;
mod texts;
mod theme;
mod toasts;
mod tone;

#[cfg(test)]
mod contrast_tests;

pub use active_filters::{ActiveFilter, ActiveFilters};
pub use alert::Alert;
pub use async_view::AsyncView;
pub use badge::Badge;
pub use bars::bars;
pub use breadcrumbs::{Breadcrumbs, Crumb};
pub use button::{Button, ButtonKind};
pub use bytes::{Bytes, bytes_text};
pub use card::Card;
pub use checkbox::Checkbox;
pub use chip::Chip;
pub use clipboard::copy_text;
pub use code_block::CodeBlock;
pub use copy_field::{CopyButton, CopyField};
pub use count::{Count, count_text};
pub use data_table::{Align, Column, DataTable, Sort};
pub use date_time::DateTime;
pub use definition_list::{Definition, DefinitionList};
pub use dialog::Dialog;
pub use empty_state::EmptyState;
pub use error_block::ErrorBlock;
pub use failure::{Failure, FailureKind};
pub use field::Field;
pub use hotkeys::use_hotkeys;
pub use icon::{Icon, IconName};
pub use icon_button::IconButton;
pub use load::{Load, LoadState, ReloadAll, use_load, use_refreshing_load};
pub use markdown::{Markdown, render_markdown};
pub use menu::{Menu, MenuItem};
pub use middle_ellipsis::MiddleEllipsis;
pub use page_header::PageHeader;
pub use page_title::{PageHeading, SiteName, use_page_title};
pub use pager::{Pager, page_count};
pub use panel::Panel;
pub use preference::{read_preference, write_preference};
pub use query_state::{QueryPairs, QueryState, UrlState, encode_path_segment, print_query, use_query_state};
pub use save::{follow_download, save_text};
pub use search_box::SearchBox;
pub use select::{Choice, Select};
pub use skeleton::{Skeleton, SkeletonShape};
pub use sleep::sleep;
pub use spinner::Spinner;
pub use tabs::{TabItem, Tabs};
pub use text_input::TextInput;
pub use texts::{UiTexts, provide_ui_texts};
pub use theme::{Theme, use_theme};
pub use toasts::{Toast, ToastHost, Toasts, provide_toasts};
pub use tone::Tone;
