//! The public configuration: everything the web app must know before anybody signs in.

use pz_model::api::{
    AuthMethods, AuthProvider, ColumnMeaningView, InstanceConfig, InstanceFeatures, InstanceLimits,
    InstanceLinks, OfferedLicence, ProductTypeRules,
};
use pz_model::file_name::TABLE_EXTENSIONS;
use pz_model::license::{DEFAULT_LICENSE, LICENSES};
use pz_model::{ColumnMeaning, ProductType};

use super::DEV_ENVIRONMENTS;
use crate::auth::oidc;
use crate::openapi::VERSION;
use crate::state::AppState;

/// The configuration of this instance.
pub(super) fn public(state: &AppState) -> InstanceConfig {
    let (settings, texts) = (&state.settings, &state.instance);
    InstanceConfig {
        instance_name: settings.instance_name.clone(),
        version: VERSION.to_owned(),
        environment_name: settings.environment.clone(),
        is_dev: DEV_ENVIRONMENTS.contains(&settings.environment.as_str()),
        auth: AuthMethods {
            password: settings.sessions_allowed(),
            insecure: !settings.sessions_allowed(),
            providers: providers(state),
        },
        links: InstanceLinks {
            manual: settings.link_manual.clone(),
            issues: settings.link_issues.clone(),
            source_code: settings.link_source_code.clone(),
            contact_email: settings.contact_email.clone(),
            production: settings.link_production.clone(),
            privacy: settings.link_privacy.clone(),
            footer: texts.footer.clone(),
            partners: texts.partners.clone(),
            social: texts.social.clone(),
        },
        contacts: texts.contacts.clone(),
        pages: texts.pages.clone(),
        limits: InstanceLimits::new(
            settings.upload_max_bytes,
            Some(settings.user_quota_bytes).filter(|&bytes| bytes > 0),
            settings.limits.told(),
        ),
        features: InstanceFeatures {
            web_app: settings.web_dir.is_some(),
        },
        product_types: ProductType::ALL.into_iter().map(ProductTypeRules::from).collect(),
        table_extensions: TABLE_EXTENSIONS.map(str::to_owned).to_vec(),
        column_meanings: ColumnMeaning::ALL
            .into_iter()
            .map(ColumnMeaningView::from)
            .collect(),
        licences: LICENSES
            .iter()
            .map(|license| OfferedLicence {
                id: license.id.to_owned(),
                name: license.name.to_owned(),
                url: license.url.map(str::to_owned),
                is_default: license.id == DEFAULT_LICENSE,
            })
            .collect(),
        map: texts.map.clone(),
    }
}

fn providers(state: &AppState) -> Vec<AuthProvider> {
    if state.oidc.is_none() || !state.settings.sessions_allowed() {
        return Vec::new();
    }
    vec![AuthProvider {
        name: "oidc".to_owned(),
        display_name: state.settings.oidc.oidc_name.clone(),
        url: oidc::LOGIN_PATH.to_owned(),
    }]
}
