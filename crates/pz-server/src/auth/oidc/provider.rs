//! The identity provider: its discovery document and keys, and what is asked of it.
//!
//! Everything is fetched when somebody signs in, within a time and a size, and kept for a while; nothing else of the
//! service waits for the provider. Its addresses come from the settings and from its discovery document, redirects
//! are not followed, nothing it answers is shown, and its tokens are never logged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::{TimeDelta, Utc};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
    CoreTokenType,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, AuthType, AuthorizationCode, ClaimsVerificationError,
    ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, IdTokenFields, IdTokenVerifier, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError,
    StandardErrorResponse, StandardTokenResponse, SubjectIdentifier, TokenResponse, UserInfoClaims,
    UserInfoError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use crate::config::Settings;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_MAX_BYTES: usize = 1 << 20;
/// Discovery document and keys are fetched again after this time.
const FRESH_FOR: Duration = Duration::from_secs(3600);
/// While the provider cannot be reached, they are believed this long.
const USABLE_FOR: Duration = Duration::from_secs(24 * 3600);
/// Keys are fetched again for a token signed with an unknown one, but not more often.
const KEYS_AGAIN_AFTER: Duration = Duration::from_secs(10);
/// A provider that did not answer is not asked again for this time.
const RETRY_AFTER: Duration = Duration::from_secs(3);
/// Clocks may differ.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(2);
/// Where the provider sends people back to, below `public_url`.
const CALLBACK: &str = "/api/oidc/callback/";

/// Claims that have no place of their own in the library.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct OtherClaims {
    #[serde(flatten)]
    claims: Map<String, Value>,
}

impl AdditionalClaims for OtherClaims {}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        OtherClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type Client = openidconnect::Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why the provider could not be asked, or its answer not be believed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// It does not answer.
    #[error("the identity provider cannot be reached: {0}")]
    Unreachable(String),
    /// What it answers is not right.
    #[error("the identity provider's answer is not right: {0}")]
    Wrong(String),
}

/// A request to the provider that came to nothing.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("{0}")]
    Answer(#[from] openidconnect::http::Error),
    #[error("the answer is larger than {ANSWER_MAX_BYTES} bytes")]
    TooLarge,
}

/// A sign-in that begins: where to send the browser, and what must fit when it comes back.
pub(super) struct Begun {
    pub(super) url: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

/// The configured provider.
pub(crate) struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    scopes: Vec<Scope>,
    http: reqwest::Client,
    known: Mutex<Known>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// What was last heard of the provider.
#[derive(Default)]
struct Known {
    metadata: Option<(Arc<CoreProviderMetadata>, Instant)>,
    failed: Option<(String, Instant)>,
}

impl Provider {
    /// The provider of these settings, if there is one. Nothing is asked of it yet.
    ///
    /// # Errors
    /// When an address or the secret cannot be used.
    pub(crate) fn new(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let oidc = &settings.oidc;
        let (Some(issuer), Some(client_id)) = (&oidc.oidc_issuer, &oidc.oidc_client_id) else {
            return Ok(None);
        };
        let public_url = settings.public_url.as_deref().unwrap_or_default();
        let redirect = format!("{}{CALLBACK}", public_url.trim_end_matches('/'));
        let secret = oidc.client_secret()?;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            // What an https provider names must be https, too.
            .https_only(issuer.starts_with("https://"))
            .build()
            .context("cannot prepare requests to the identity provider")?;
        Ok(Some(Self {
            issuer: IssuerUrl::new(issuer.clone()).context("oidc_issuer is no address")?,
            client_id: ClientId::new(client_id.clone()),
            client_secret: secret.map(|secret| ClientSecret::new(secret.0)),
            redirect: RedirectUrl::new(redirect).context("public_url is no address")?,
            // The library asks for `openid` by itself.
            scopes: oidc
                .oidc_scopes
                .split_whitespace()
                .filter(|scope| *scope != "openid")
                .map(|scope| Scope::new(scope.to_owned()))
                .collect(),
            http,
            known: Mutex::default(),
        }))
    }

    /// The issuer, as it names itself.
    pub(super) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// Begins a sign-in: authorization code with PKCE.
    pub(super) async fn begin(&self) -> Result<Begun, Fault> {
        let metadata = self.metadata(FRESH_FOR).await?;
        let client = self.client(&metadata);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(self.scopes.iter().cloned())
            .set_pkce_challenge(challenge)
            .url();
        Ok(Begun {
            url: url.into(),
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        })
    }

    /// Ends a sign-in: the code for tokens, and the claims of those that are right. The ID token's claims come before
    /// those of the userinfo endpoint, which completes them.
    pub(super) async fn finish(
        &self,
        code: String,
        verifier: String,
        nonce: &str,
    ) -> Result<Map<String, Value>, Fault> {
        let metadata = self.metadata(FRESH_FOR).await?;
        let client = self.client(&metadata);
        let http = |request: HttpRequest| send(self.http.clone(), request);
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| Fault::Wrong(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&http)
            .await
            .map_err(token_fault)?;
        let nonce = Nonce::new(nonce.to_owned());
        let (subject, mut claims) = match verify(&client, &metadata, &tokens, &nonce) {
            Err(Refused::UnknownKey) => {
                // The provider may have changed its keys.
                let metadata = self.metadata(KEYS_AGAIN_AFTER).await?;
                verify(&self.client(&metadata), &metadata, &tokens, &nonce)
            }
            outcome => outcome,
        }
        .map_err(|refused| Fault::Wrong(refused.to_string()))?;
        if client.user_info_url().is_some() {
            for (name, value) in self.user_info(&client, tokens.access_token(), subject).await? {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(claims)
    }

    async fn user_info(
        &self,
        client: &Client,
        token: &AccessToken,
        subject: SubjectIdentifier,
    ) -> Result<Map<String, Value>, Fault> {
        if !token.secret().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Fault::Wrong("the access token cannot be sent".to_owned()));
        }
        let http = |request: HttpRequest| send(self.http.clone(), request);
        let claims: UserInfoClaims<OtherClaims, CoreGenderClaim> = client
            .user_info(token.clone(), Some(subject))
            .map_err(|error| Fault::Wrong(error.to_string()))?
            .request_async(&http)
            .await
            .map_err(|error| match error {
                UserInfoError::Request(cause) => Fault::Unreachable(cause.to_string()),
                UserInfoError::Response(status, ..) => Fault::Wrong(format!("userinfo: {status}")),
                other => Fault::Wrong(format!("userinfo: {other}")),
            })?;
        object(&claims)
    }

    fn client(&self, metadata: &CoreProviderMetadata) -> Client {
        let client = Client::from_provider_metadata(
            metadata.clone(),
            self.client_id.clone(),
            self.client_secret.clone(),
        )
        .set_redirect_uri(self.redirect.clone());
        // Without a list, the header is what every provider reads.
        let in_body_only = metadata
            .token_endpoint_auth_methods_supported()
            .is_some_and(|methods| {
                methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                    && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
            });
        if in_body_only {
            client.set_auth_type(AuthType::RequestBody)
        } else {
            client
        }
    }

    /// Discovery document and keys, not older than this if the provider answers.
    async fn metadata(&self, not_older_than: Duration) -> Result<Arc<CoreProviderMetadata>, Fault> {
        // Held while asking: whoever comes meanwhile waits for the same answer.
        let mut known = self.known.lock().await;
        if let Some((metadata, at)) = &known.metadata
            && at.elapsed() < not_older_than
        {
            return Ok(metadata.clone());
        }
        let failed = known
            .failed
            .as_ref()
            .filter(|(_, at)| at.elapsed() < RETRY_AFTER)
            .map(|(cause, _)| cause.clone());
        let cause = match failed {
            Some(cause) => cause,
            None => match self.fetch().await {
                Ok(metadata) => {
                    let metadata = Arc::new(metadata);
                    *known = Known {
                        metadata: Some((metadata.clone(), Instant::now())),
                        failed: None,
                    };
                    return Ok(metadata);
                }
                Err(cause) => {
                    known.failed = Some((cause.clone(), Instant::now()));
                    cause
                }
            },
        };
        match &known.metadata {
            Some((metadata, at)) if at.elapsed() < USABLE_FOR => {
                tracing::warn!(
                    cause,
                    "cannot ask the identity provider anew; what it said before counts"
                );
                Ok(metadata.clone())
            }
            _ => Err(Fault::Unreachable(cause)),
        }
    }

    async fn fetch(&self) -> Result<CoreProviderMetadata, String> {
        let http = |request: HttpRequest| send(self.http.clone(), request);
        let metadata = CoreProviderMetadata::discover_async(self.issuer.clone(), &http)
            .await
            .map_err(|error| with_causes(&error))?;
        let scheme = metadata.authorization_endpoint().url().scheme();
        if scheme != "https" && scheme != self.issuer.url().scheme() {
            return Err(format!("its authorization endpoint is a {scheme} address"));
        }
        Ok(metadata)
    }
}

/// Why an ID token does not count.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the ID token is signed with an unknown key")]
    UnknownKey,
    #[error("{0}")]
    Wrong(String),
}

/// Subject and claims of the ID token, when signature, algorithm, issuer, audience, times, nonce and the hash of the
/// access token are right.
fn verify(
    client: &Client,
    metadata: &CoreProviderMetadata,
    tokens: &Tokens,
    nonce: &Nonce,
) -> Result<(SubjectIdentifier, Map<String, Value>), Refused> {
    let wrong = |cause: &dyn std::fmt::Display| Refused::Wrong(format!("the ID token: {cause}"));
    let id_token = tokens.id_token().ok_or_else(|| wrong(&"there is none"))?;
    let verifier = verifier(client, metadata);
    let claims = id_token.claims(&verifier, nonce).map_err(|error| match error {
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            Refused::UnknownKey
        }
        other => wrong(&with_causes(&other)),
    })?;
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = id_token.signing_alg().map_err(|error| wrong(&error))?;
        let key = id_token.signing_key(&verifier).map_err(|error| wrong(&error))?;
        let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
            .map_err(|error| wrong(&error))?;
        if actual != *expected {
            return Err(wrong(&"it belongs to another access token"));
        }
    }
    let subject = claims.subject().clone();
    let claims = object(claims).map_err(|error| wrong(&error))?;
    Ok((subject, claims))
}

fn verifier<'a>(client: &'a Client, metadata: &CoreProviderMetadata) -> IdTokenVerifier<'a, CoreJsonWebKey> {
    use CoreJwsSigningAlgorithm::{HmacSha256, HmacSha384, HmacSha512, None as Unsigned};

    // Signed by the provider's key pair: never by the secret that is ours, too, and never not at all.
    let algorithms = metadata
        .id_token_signing_alg_values_supported()
        .iter()
        .filter(|algorithm| !matches!(algorithm, HmacSha256 | HmacSha384 | HmacSha512 | Unsigned))
        .cloned()
        .collect::<Vec<_>>();
    client
        .id_token_verifier()
        .set_allowed_algs(algorithms)
        .set_issue_time_verifier_fn(|issued_at| {
            if issued_at > Utc::now() + CLOCK_SKEW {
                return Err("it was issued in the future".to_owned());
            }
            Ok(())
        })
}

fn object(claims: &impl Serialize) -> Result<Map<String, Value>, Fault> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Fault::Wrong("claims that are no object".to_owned())),
    }
}

fn token_fault(error: RequestTokenError<SendError, StandardErrorResponse<CoreErrorResponseType>>) -> Fault {
    match error {
        RequestTokenError::Request(cause) => Fault::Unreachable(cause.to_string()),
        RequestTokenError::ServerResponse(refused) => {
            let code: String = refused.error().as_ref().chars().take(60).collect();
            Fault::Wrong(format!("it refused the code: {code:?}"))
        }
        // Its text could be a token.
        RequestTokenError::Parse(..) => Fault::Wrong("its tokens cannot be read".to_owned()),
        RequestTokenError::Other(_) => Fault::Wrong("it sent no tokens".to_owned()),
    }
}

/// An error with what caused it, for the log.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

/// Sends a request of the library, and reads no more of the answer than is reasonable.
async fn send(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, SendError> {
    let mut answer = client.execute(reqwest::Request::try_from(request)?).await?;
    let mut response = openidconnect::http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > ANSWER_MAX_BYTES {
            return Err(SendError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(response.body(body)?)
}
