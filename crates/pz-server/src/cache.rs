//! What need not be asked twice: answers and accounts, kept in memory for as long as the database's revisions say
//! that nothing changed. Must never outlive a change made through this server; one made by another program on
//! the same database is seen within [`STALE_AT_MOST`].

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use pz_store::accounts::Account;
use pz_store::blobs::hex;
use pz_store::revisions::Revisions;
use pz_store::sessions::LiveSession;
use pz_store::{Store, StoreError, Viewer};
use quick_cache::Weighter;
use quick_cache::sync::Cache as Map;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::auth::TokenInUse;
use crate::auth::token::Scope;
use crate::error::{ApiError, ApiResult};
use crate::etag;
use crate::openapi::VERSION;
use crate::state::AppState;

/// How long the revisions read from the database are believed while this server changes nothing.
pub const STALE_AT_MOST: Duration = Duration::from_millis(500);
/// Bytes of answers kept.
const ANSWERS_MAX_BYTES: u64 = 64 << 20;
/// An answer larger than this is not kept.
const ANSWER_MAX_BYTES: usize = 4 << 20;
/// An answer shorter than this is not worth compressing.
const GZIP_MIN_BYTES: usize = 1400;
/// Of 9: lists are full of repeated words, more effort gains little.
const GZIP_LEVEL: u32 = 4;
/// Accounts kept.
const CALLERS_MAX: usize = 20_000;
/// An account found by a token is looked up again after this time, so that "last used" stays true.
const CALLER_TRUSTED: Duration = Duration::from_secs(60);

/// The memory of one server.
#[derive(Debug, Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    /// Counts up with every change made through this server.
    changes: AtomicU64,
    known: Mutex<Option<Known>>,
    answers: Map<AnswerKey, Answer, ByBytes>,
    callers: Map<CallerKey, Arc<KnownCaller>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("changes", &self.changes)
            .field("answers", &self.answers.len())
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
struct Known {
    at: Instant,
    changes: u64,
    revisions: Revisions,
}

/// SHA-256 of who asks and what for, and its first bit for whether they read gzip.
type AnswerKey = [u8; 32];

#[derive(Clone)]
struct Answer {
    revision: i64,
    bytes: Bytes,
    is_gzip: bool,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<AnswerKey, Answer> for ByBytes {
    fn weight(&self, _: &AnswerKey, answer: &Answer) -> u64 {
        (answer.bytes.len() + 128) as u64
    }
}

/// By what an account was found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum CallerKey {
    /// SHA-256 of a token.
    Token([u8; 32]),
    /// Id of a session.
    Session(i64),
    /// SHA-256 of what a trusted proxy said.
    Proxy([u8; 32]),
    /// SHA-256 of a username and password, with a key that only this process has.
    Password([u8; 32]),
}

impl CallerKey {
    pub(crate) fn token(text: &str) -> Self {
        Self::Token(Sha256::digest(text.as_bytes()).into())
    }

    pub(crate) fn password(key: &[u8; 32], username: &str, password: &str) -> Self {
        let mut hash = Sha256::new_with_prefix(key);
        // With its length, so that nothing moves from the name to the password.
        hash.update((username.len() as u64).to_le_bytes());
        hash.update(username);
        hash.update(password);
        Self::Password(hash.finalize().into())
    }
}

/// An account, and what it was found by.
#[derive(Debug)]
pub(crate) struct KnownCaller {
    pub(crate) account: Arc<Account>,
    /// What the token, or a session, may be used for.
    pub(crate) scopes: Arc<[Scope]>,
    /// None for sessions.
    pub(crate) token: Option<TokenInUse>,
    /// None for tokens.
    pub(crate) session: Option<LiveSession>,
    revision: i64,
    since: Instant,
}

impl Default for Cache {
    fn default() -> Self {
        Self(Arc::new(Inner {
            changes: AtomicU64::new(0),
            known: Mutex::new(None),
            answers: Map::with_weighter(4096, ANSWERS_MAX_BYTES, ByBytes),
            callers: Map::new(CALLERS_MAX),
        }))
    }
}

impl Cache {
    /// Notes that something changed: nothing that was read before is believed.
    pub(crate) fn forget(&self) {
        self.0.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// The revisions, from the database only when they may have moved.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn revisions(&self, store: &Store) -> Result<Revisions, StoreError> {
        let changes = self.0.changes.load(Ordering::SeqCst);
        let known = *self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known
            && known.changes == changes
            && known.at.elapsed() < STALE_AT_MOST
        {
            return Ok(known.revisions);
        }
        let at = Instant::now();
        let revisions = Box::pin(store.revisions()).await?;
        *self.0.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Known {
            at,
            changes,
            revisions,
        });
        Ok(revisions)
    }

    /// An account found before, if nothing about accounts changed since.
    pub(crate) async fn caller(
        &self,
        store: &Store,
        key: &CallerKey,
    ) -> Result<Option<Arc<KnownCaller>>, StoreError> {
        let Some(known) = self.0.callers.get(key) else {
            return Ok(None);
        };
        let revision = self.revisions(store).await?.accounts;
        let expires_at = known.token.as_ref().and_then(|token| token.expires_at);
        let expired = expires_at.is_some_and(|end| end <= pz_model::Timestamp::now());
        Ok(
            (known.revision == revision && known.since.elapsed() < CALLER_TRUSTED && !expired)
                .then_some(known),
        )
    }

    /// The answer that is kept for this revision.
    fn kept(&self, key: &AnswerKey, revision: i64) -> Option<Answer> {
        self.0.answers.get(key).filter(|kept| kept.revision == revision)
    }

    /// The answer that is kept for this revision, else as `compute` makes it. Of many who ask at once, one computes and
    /// the others wait for it: after a change everybody who looks at a list asks for the same, and each would hold
    /// an answer of their own.
    ///
    /// # Errors
    /// Those of `compute`.
    async fn once(
        &self,
        key: &AnswerKey,
        revision: i64,
        compute: impl AsyncFnOnce() -> ApiResult<Answer>,
    ) -> ApiResult<Answer> {
        let place = loop {
            match self.0.answers.get_value_or_guard_async(key).await {
                Ok(kept) if kept.revision == revision => return Ok(kept),
                Ok(kept) => {
                    let is_same = |answer: &Answer| answer.revision == kept.revision;
                    self.0.answers.remove_if(key, is_same);
                }
                Err(place) => break place,
            }
        };
        let answer = compute().await?;
        if answer.bytes.len() <= ANSWER_MAX_BYTES {
            // Refused when the key was removed meanwhile: then it is only not kept.
            let _ = place.insert(answer.clone());
        }
        Ok(answer)
    }

    /// Keeps an account; `revision` was read before the account was.
    pub(crate) fn keep_caller(
        &self,
        key: CallerKey,
        revision: Revisions,
        account: Arc<Account>,
        scopes: Arc<[Scope]>,
        token: Option<TokenInUse>,
    ) {
        let known = KnownCaller {
            account,
            scopes,
            token,
            session: None,
            revision: revision.accounts,
            since: Instant::now(),
        };
        self.0.callers.insert(key, Arc::new(known));
    }

    /// Keeps a session with its account; `revision` was read before they were.
    pub(crate) fn keep_session(
        &self,
        key: CallerKey,
        revision: Revisions,
        account: Arc<Account>,
        session: LiveSession,
    ) {
        let known = KnownCaller {
            account,
            scopes: Scope::ALL.into(),
            token: None,
            session: Some(session),
            revision: revision.accounts,
            since: Instant::now(),
        };
        self.0.callers.insert(key, Arc::new(known));
    }
}

/// Answers a GET whose answer depends on nothing but who asks, what for, and what the database holds: "not
/// modified" to those who have it, from memory when it was asked for before, else by `compute`.
///
/// # Errors
/// Those of `compute`, and when the database fails.
pub(crate) async fn answer<T: Serialize>(
    state: &AppState,
    viewer: Option<Viewer>,
    request: &HttpRequest,
    compute: impl AsyncFnOnce() -> ApiResult<T>,
) -> ApiResult<HttpResponse> {
    let cache = &state.cache;
    // Read before the rows are: a change in between makes the answer newer than its revision, never older.
    let revision = cache.revisions(&state.store).await?.lists;
    let key = key(state, viewer, request);
    let gzip = accepts_gzip(request);
    let tag = tag_of(&key, revision, gzip);
    let compute = async || {
        let bytes = serde_json::to_vec(&compute().await?).map_err(ApiError::internal)?;
        Ok(Answer {
            revision,
            bytes: bytes.into(),
            is_gzip: false,
        })
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((ETAG, tag.clone()))
        .insert_header((VARY, "Accept-Encoding, Authorization, Cookie"));
    if etag::is_known(request, &tag) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }
    let (plain_key, gzip_key) = (with_coding(key, false), with_coding(key, true));
    let answer = match cache.kept(if gzip { &gzip_key } else { &plain_key }, revision) {
        Some(answer) => answer,
        // Apart, so that what is needed for computing is no part of every request.
        None if gzip => {
            let compute = async || compressed(cache.once(&plain_key, revision, compute).await?);
            Box::pin(cache.once(&gzip_key, revision, compute)).await?
        }
        None => Box::pin(cache.once(&plain_key, revision, compute)).await?,
    };
    response.insert_header((CONTENT_TYPE, "application/json"));
    if answer.is_gzip {
        response.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(response.body(answer.bytes))
}

/// Whether the client reads gzip, by its name in `Accept-Encoding` without a weight of nought.
fn accepts_gzip(request: &HttpRequest) -> bool {
    let header = request
        .headers()
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok());
    header.unwrap_or_default().split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight
            .trim()
            .strip_prefix("q=")
            .and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight != Some(0.0)
    })
}

/// The same answer for those who read gzip; as it is when it is short.
fn compressed(answer: Answer) -> ApiResult<Answer> {
    if answer.bytes.len() < GZIP_MIN_BYTES {
        return Ok(answer);
    }
    let mut encoder = GzEncoder::new(
        Vec::with_capacity(answer.bytes.len() / 6),
        Compression::new(GZIP_LEVEL),
    );
    encoder.write_all(&answer.bytes).map_err(ApiError::internal)?;
    Ok(Answer {
        bytes: encoder.finish().map_err(ApiError::internal)?.into(),
        is_gzip: true,
        ..answer
    })
}

/// The key of an answer in one of its two codings.
fn with_coding(mut key: AnswerKey, gzip: bool) -> AnswerKey {
    key[0] = key[0] & 0x7f | if gzip { 0x80 } else { 0 };
    key
}

/// Who asks and what for. Absent and empty parts cannot be confused: each is followed by its length.
fn key(state: &AppState, viewer: Option<Viewer>, request: &HttpRequest) -> AnswerKey {
    let who = viewer.map_or([0_u8; 9], |viewer| {
        let mut bytes = [1 + u8::from(viewer.is_admin); 9];
        bytes[1..].copy_from_slice(&viewer.user_id.to_le_bytes());
        bytes
    });
    let mut hash = Sha256::new();
    for part in [
        VERSION.as_bytes(),
        state
            .settings
            .public_url
            .as_deref()
            .unwrap_or_default()
            .as_bytes(),
        &who,
        request.path().as_bytes(),
        request.query_string().as_bytes(),
    ] {
        hash.update(part);
        hash.update((part.len() as u64).to_le_bytes());
    }
    hash.finalize().into()
}

/// Other bytes have another tag: the compressed ones too.
fn tag_of(key: &AnswerKey, revision: i64, gzip: bool) -> String {
    let coding = if gzip { "-gzip" } else { "" };
    format!("\"{}-{revision:x}{coding}\"", hex(&key[..12]))
}
