//! Settings of who is believed to say who somebody is: an OpenID Connect provider, proxies in front of the service.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use actix_web::http::header::HeaderName;
use anyhow::{Context, bail};
use clap::Args;
use ipnet::IpNet;
use openidconnect::url::{Host, Url};

use crate::client_address::parse_network;

/// Proxies in front of the service.
#[derive(Debug, Clone, Default, Args)]
pub struct ProxySettings {
    /// Addresses and networks of proxies whose headers are believed, with commas between them, such as
    /// `127.0.0.1,10.0.0.0/8`. From anybody else the headers of a proxy are ignored.
    #[arg(long, env = "PZ_TRUSTED_PROXIES", value_delimiter = ',', value_parser = parse_network, value_name = "ADDRESSES")]
    pub trusted_proxies: Vec<IpNet>,

    /// Header in which a trusted proxy names the user it has signed in, such as `X-Auth-Request-User`.
    #[arg(long, env = "PZ_PROXY_USER_HEADER", value_name = "HEADER")]
    pub proxy_user_header: Option<HeaderName>,

    /// Header in which it names the user's groups, with commas or semicolons between them.
    #[arg(long, env = "PZ_PROXY_GROUPS_HEADER", value_name = "HEADER")]
    pub proxy_groups_header: Option<HeaderName>,

    /// Header in which it names the user's e-mail address.
    #[arg(long, env = "PZ_PROXY_EMAIL_HEADER", value_name = "HEADER")]
    pub proxy_email_header: Option<HeaderName>,
}

/// Signing in at an OpenID Connect provider.
#[derive(Debug, Clone, Args)]
pub struct OidcSettings {
    /// Issuer of an OpenID Connect provider that people may sign in with, such as
    /// `https://login.example.org/realms/science`. Needs `oidc_client_id` and `public_url`.
    #[arg(long, env = "PZ_OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<String>,

    /// The service's name at the provider.
    #[arg(long, env = "PZ_OIDC_CLIENT_ID", value_name = "ID")]
    pub oidc_client_id: Option<String>,

    /// The service's secret at the provider; none for a public client.
    #[arg(
        long,
        env = "PZ_OIDC_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub oidc_client_secret: Option<Secret>,

    /// File with the service's secret at the provider.
    #[arg(long, env = "PZ_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    pub oidc_client_secret_file: Option<PathBuf>,

    /// What the provider is asked for, with blanks between.
    #[arg(
        long,
        env = "PZ_OIDC_SCOPES",
        default_value = "openid profile email",
        value_name = "SCOPES"
    )]
    pub oidc_scopes: String,

    /// What the button on the login page says after "Sign in with".
    #[arg(
        long,
        env = "PZ_OIDC_NAME",
        default_value = "OpenID Connect",
        value_name = "NAME"
    )]
    pub oidc_name: String,

    /// Claim that names the account on first sight; it is made unique.
    #[arg(
        long,
        env = "PZ_OIDC_USERNAME_CLAIM",
        default_value = "preferred_username",
        value_name = "CLAIM"
    )]
    pub oidc_username_claim: String,

    /// Claim that lists the user's groups; `realm_access.roles` is a claim within a claim.
    #[arg(
        long,
        env = "PZ_OIDC_GROUPS_CLAIM",
        default_value = "groups",
        value_name = "CLAIM"
    )]
    pub oidc_groups_claim: String,

    /// Which groups of the provider are which access groups here, such as `{"/science/dp1": "dp1"}`; others count for
    /// nothing. Without it each is the access group of the same name.
    #[arg(long, env = "PZ_OIDC_GROUP_MAP", value_name = "JSON")]
    pub oidc_group_map: Option<GroupMap>,

    /// Group of the provider whose members are administrators here.
    #[arg(long, env = "PZ_OIDC_ADMIN_GROUP", value_name = "GROUP")]
    pub oidc_admin_group: Option<String>,

    /// Who approves an account that is new: `none`, it is active at once, or `admin`.
    #[arg(long, env = "PZ_OIDC_APPROVAL", default_value = "none", value_parser = ["none", "admin"], value_name = "WHO")]
    pub oidc_approval: String,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Access groups by the provider's names of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupMap(pub BTreeMap<String, String>);

impl FromStr for GroupMap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|error| format!("{error}; give such as {{\"/science/dp1\": \"dp1\"}}"))
    }
}

impl fmt::Display for GroupMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).unwrap_or_default())
    }
}

/// Name and value of a setting as the configuration prints it.
type Shown = (&'static str, Option<toml::Value>);

fn shown(value: Option<impl ToString>) -> Option<toml::Value> {
    value.map(|value| toml::Value::String(value.to_string()))
}

impl ProxySettings {
    /// Checks what can be checked without side effects.
    pub(super) fn validate(&self, public_url: Option<&str>) -> anyhow::Result<()> {
        if let Some(all) = self.trusted_proxies.iter().find(|net| net.prefix_len() == 0) {
            bail!("trusted_proxies names {all}, which is everybody: name the proxies only");
        }
        let Some(user) = &self.proxy_user_header else {
            if self.proxy_groups_header.is_some() || self.proxy_email_header.is_some() {
                bail!("proxy_user_header is not set: without it the proxy's other headers say nothing");
            }
            return Ok(());
        };
        if self.trusted_proxies.is_empty() {
            bail!("proxy_user_header is '{user}', but trusted_proxies is not set: name the proxies, too");
        }
        if public_url.is_none() {
            bail!(
                "proxy_user_header is '{user}', but public_url is not set: give the address users see, too"
            );
        }
        Ok(())
    }

    pub(super) fn values(&self) -> Vec<Shown> {
        let networks: Vec<String> = self.trusted_proxies.iter().map(ToString::to_string).collect();
        vec![
            (
                "trusted_proxies",
                shown((!networks.is_empty()).then(|| networks.join(","))),
            ),
            ("proxy_user_header", shown(self.proxy_user_header.as_ref())),
            ("proxy_groups_header", shown(self.proxy_groups_header.as_ref())),
            ("proxy_email_header", shown(self.proxy_email_header.as_ref())),
        ]
    }
}

impl OidcSettings {
    /// Checks what can be checked without side effects.
    pub(super) fn validate(&self, public_url: Option<&str>) -> anyhow::Result<()> {
        let Some(issuer) = &self.oidc_issuer else {
            if self.oidc_client_id.is_some() {
                bail!("oidc_issuer is not set, but oidc_client_id is: give the provider's issuer, too");
            }
            return Ok(());
        };
        let url = Url::parse(issuer).ok();
        let good = url.as_ref().is_some_and(|url| {
            let is_secure = url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(url));
            is_secure && url.query().is_none() && url.fragment().is_none() && url.username().is_empty()
        });
        if !good {
            bail!(
                "oidc_issuer is '{issuer}': give the provider's https address, as its discovery document names it"
            );
        }
        if self.oidc_client_id.as_ref().is_none_or(String::is_empty) {
            bail!("oidc_client_id is not set, but oidc_issuer is: give the service's name at the provider");
        }
        if public_url.is_none() {
            bail!("public_url is not set, but oidc_issuer is: the provider sends people back there");
        }
        if self.oidc_client_secret.is_some() && self.oidc_client_secret_file.is_some() {
            bail!("oidc_client_secret and oidc_client_secret_file are both set: give one of them");
        }
        if !self.oidc_scopes.split_whitespace().any(|scope| scope == "openid") {
            bail!("oidc_scopes is '{}': it must contain openid", self.oidc_scopes);
        }
        for (key, value) in [
            ("oidc_name", &self.oidc_name),
            ("oidc_username_claim", &self.oidc_username_claim),
            ("oidc_groups_claim", &self.oidc_groups_claim),
        ] {
            if value.trim().is_empty() {
                bail!("{key} is empty: give a text, or leave it out");
            }
        }
        Ok(())
    }

    /// The secret, from its setting or its file.
    ///
    /// # Errors
    /// When the file cannot be read or is empty.
    pub(crate) fn client_secret(&self) -> anyhow::Result<Option<Secret>> {
        let Some(path) = &self.oidc_client_secret_file else {
            return Ok(self.oidc_client_secret.clone());
        };
        let text = fs_err::read_to_string(path).context("oidc_client_secret_file cannot be read")?;
        let text = text.trim();
        if text.is_empty() {
            bail!("oidc_client_secret_file is '{}', which is empty", path.display());
        }
        Ok(Some(text.into()))
    }

    /// New accounts wait for an administrator.
    pub(crate) fn needs_approval(&self) -> bool {
        self.oidc_approval == "admin"
    }

    pub(super) fn values(&self) -> Vec<Shown> {
        let secret = self.oidc_client_secret.as_ref().map(|_| "***");
        let file = self.oidc_client_secret_file.as_ref();
        vec![
            ("oidc_issuer", shown(self.oidc_issuer.as_ref())),
            ("oidc_client_id", shown(self.oidc_client_id.as_ref())),
            ("oidc_client_secret", shown(secret)),
            (
                "oidc_client_secret_file",
                shown(file.map(|path| path.display().to_string())),
            ),
            ("oidc_scopes", shown(Some(&self.oidc_scopes))),
            ("oidc_name", shown(Some(&self.oidc_name))),
            ("oidc_username_claim", shown(Some(&self.oidc_username_claim))),
            ("oidc_groups_claim", shown(Some(&self.oidc_groups_claim))),
            ("oidc_group_map", shown(self.oidc_group_map.as_ref())),
            ("oidc_admin_group", shown(self.oidc_admin_group.as_ref())),
            ("oidc_approval", shown(Some(&self.oidc_approval))),
        ]
    }
}

/// Plain HTTP is for a provider on this machine.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
