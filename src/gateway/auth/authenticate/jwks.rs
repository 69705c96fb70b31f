//! A key set that is fetched and kept fresh.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use jsonwebtoken::jwk::JwkSet;
use tokio::sync::Mutex;

use crate::platform::base::deadline::Deadline;
use crate::platform::net::HttpClient;

use super::keys::{Key, from_set};

/// An unknown key id makes us ask again, at most this often (or every `refresh`, if that is
/// shorter): otherwise tokens with random ids would turn into requests to the issuer.
const MIN_INTERVAL: Duration = Duration::from_secs(10);
/// A set older than this many times `refresh` is not used before it has been asked for again: a key
/// may have been withdrawn while nobody called.
const MAX_AGE: u32 = 2;
/// How long fetching a key set may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Key sets are small.
const MAX_BYTES: usize = 1 << 20;

/// A key set somewhere else.
#[derive(Clone)]
pub struct Jwks(Arc<Inner>);

struct Inner {
    origin: Origin,
    refresh: Duration,
    client: HttpClient,
    known: ArcSwapOption<Known>,
    /// Held while fetching, so that concurrent requests share one fetch; the time of the last try.
    fetching: Mutex<Option<Instant>>,
    refreshing: AtomicBool,
    /// Whether the last try failed. Then nobody waits for the next one who has keys.
    failing: AtomicBool,
}

#[derive(PartialEq)]
enum Origin {
    Address(http::Uri),
    File(PathBuf),
}

struct Known {
    keys: Vec<Key>,
    at: Instant,
}

// === impl Jwks ===

impl Jwks {
    /// A set at an address or in a file.
    ///
    /// # Errors
    /// A sentence when the address cannot be read.
    pub fn new(origin: &str, refresh: Duration, client: HttpClient) -> Result<Self, String> {
        let origin = if origin.starts_with("http://") || origin.starts_with("https://") {
            Origin::Address(origin.parse().map_err(|error| format!("jwks \"{origin}\": {error}"))?)
        } else {
            Origin::File(origin.into())
        };
        Ok(Self(Arc::new(Inner {
            origin,
            refresh,
            client,
            known: ArcSwapOption::empty(),
            fetching: Mutex::new(None),
            refreshing: AtomicBool::new(false),
            failing: AtomicBool::new(false),
        })))
    }

    /// Whether both are the same set, asked for as often.
    pub fn is_like(&self, other: &Self) -> bool {
        self.0.origin == other.0.origin && self.0.refresh == other.0.refresh
    }

    /// Keys that `fits` accepts. Keys due for a refresh are used while new ones are fetched in the
    /// background; when none fits, or the set is far too old, it is fetched at once.
    ///
    /// # Errors
    /// A sentence when no key set could be had at all.
    pub async fn keys(&self, fits: impl Fn(&Key) -> bool) -> Result<Vec<Key>, String> {
        if let Some(known) = self.0.known.load_full() {
            let matching: Vec<Key> = known.keys.iter().filter(|key| fits(key)).cloned().collect();
            let age = known.at.elapsed();
            let usable = age <= self.0.refresh * MAX_AGE || self.0.failing.load(Ordering::Acquire);
            if !matching.is_empty() && usable {
                if age > self.0.refresh {
                    self.refresh_in_background();
                }
                return Ok(matching);
            }
        }
        let outcome = self.fetch(Instant::now()).await;
        match self.0.known.load_full() {
            Some(known) => Ok(known.keys.iter().filter(|key| fits(key)).cloned().collect()),
            None => Err(outcome.err().unwrap_or_else(|| "the key set could not be fetched lately".into())),
        }
    }

    fn refresh_in_background(&self) {
        if self.0.refreshing.swap(true, Ordering::AcqRel) {
            return;
        }
        let set = self.clone();
        // Detached: it ends by its own timeout, and only replaces a value.
        tokio::spawn(async move {
            if let Err(reason) = set.fetch(Instant::now()).await {
                tracing::warn!(reason, "keeping the old key set");
            }
            set.0.refreshing.store(false, Ordering::Release);
        });
    }

    /// Fetches the set unless somebody has tried since `asked` or within the last interval.
    async fn fetch(&self, asked: Instant) -> Result<(), String> {
        let mut last = self.0.fetching.lock().await;
        let interval = MIN_INTERVAL.min(self.0.refresh);
        if last.is_some_and(|at| at > asked || at.elapsed() < interval) {
            return Ok(());
        }
        let keys = self.read().await.and_then(|text| {
            let set: JwkSet = serde_json::from_slice(&text).map_err(|error| format!("it is no key set: {error}"))?;
            Ok(from_set(&set))
        });
        *last = Some(Instant::now());
        self.0.failing.store(keys.is_err(), Ordering::Release);
        self.0.known.store(Some(Arc::new(Known { keys: keys?, at: Instant::now() })));
        Ok(())
    }

    async fn read(&self) -> Result<Bytes, String> {
        match &self.0.origin {
            Origin::File(path) => {
                tokio::fs::read(path).await.map(Bytes::from).map_err(|error| format!("{}: {error}", path.display()))
            }
            Origin::Address(address) => {
                let request = http::Request::get(address.clone())
                    .header(http::header::ACCEPT, "application/json")
                    .body(Bytes::new())
                    .map_err(|error| error.to_string())?;
                let response = self
                    .0
                    .client
                    .send(request, Deadline::after(FETCH_TIMEOUT), MAX_BYTES)
                    .await
                    .map_err(|error| error.to_string())?;
                if response.status().is_success() {
                    Ok(response.into_body())
                } else {
                    Err(format!("the key set's address answered {}", response.status()))
                }
            }
        }
    }
}

impl std::fmt::Debug for Jwks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jwks").finish_non_exhaustive()
    }
}
