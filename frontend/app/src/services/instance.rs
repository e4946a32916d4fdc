//! What the instance says of itself: name, links, limits, ways to sign in.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pz_model::api::{AuthProvider, InstanceConfig, InstanceLinks};

use super::api::Api;

/// Name of the software, used until the instance has told its own.
const DEFAULT_NAME: &str = "Photo-z Server";

/// The public configuration of the instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instance {
    config: RwSignal<Option<InstanceConfig>>,
    known: RwSignal<bool>,
}

pub(super) fn provide(api: &Api) {
    let instance = Instance {
        config: RwSignal::new(None),
        known: RwSignal::new(false),
    };
    provide_context(instance);
    let client = api.client().clone();
    spawn_local(async move {
        // Without it the app still works, only without links.
        instance.config.set(client.config().await.ok());
        instance.known.set(true);
    });
}

/// The public configuration of the instance.
pub(crate) fn use_instance() -> Instance {
    expect_context()
}

impl Instance {
    /// The server has been asked.
    pub(crate) fn is_known(self) -> bool {
        self.known.get()
    }

    /// Name of the instance.
    pub(crate) fn name(self) -> String {
        self.config
            .with(|config| config.as_ref().map(|config| config.instance_name.clone()))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| DEFAULT_NAME.to_owned())
    }

    /// Version of the server.
    pub(crate) fn server_version(self) -> Option<String> {
        self.config
            .with(|config| config.as_ref().map(|config| config.version.clone()))
    }

    /// A test instance, and what it calls itself.
    pub(crate) fn test_environment(self) -> Option<String> {
        self.config.with(|config| {
            config
                .as_ref()
                .filter(|config| config.is_dev)
                .map(|config| config.environment_name.clone())
        })
    }

    /// A username and password form is offered; assumed until the instance says otherwise.
    pub(crate) fn offers_password(self) -> bool {
        self.config
            .with(|config| config.as_ref().is_none_or(|config| config.auth.password))
    }

    /// Nobody can sign in, because the connection is plain HTTP.
    pub(crate) fn is_insecure(self) -> bool {
        self.config
            .with(|config| config.as_ref().is_some_and(|config| config.auth.insecure))
    }

    /// Identity providers that one may sign in with.
    pub(crate) fn providers(self) -> Vec<AuthProvider> {
        self.config.with(|config| {
            config
                .as_ref()
                .map(|config| config.auth.providers.clone())
                .unwrap_or_default()
        })
    }

    /// One of the links.
    pub(crate) fn link(self, choose: impl Fn(&InstanceLinks) -> Option<&String>) -> Option<String> {
        self.config
            .with(|config| config.as_ref().and_then(|config| choose(&config.links).cloned()))
            .filter(|link| !link.is_empty())
    }

    /// Largest file that may be uploaded, in bytes.
    pub(crate) fn upload_max_bytes(self) -> Option<u64> {
        self.config
            .with(|config| config.as_ref().map(|config| config.limits.upload_max_bytes))
    }
}
