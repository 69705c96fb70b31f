//! Connections between exchanges, by server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Uri};
use hyper::client::conn::http2;
use tokio::time::Instant;

use super::connection::{Connection, Http1, Outgoing};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
/// By how much sooner than its server a connection is closed, or by half of the time if that is less.
const MARGIN: Duration = Duration::from_secs(1);
/// Between two looks for connections that idle too long.
const SWEEP_PAUSE: Duration = Duration::from_millis(20);

/// Idle connections. Cheap to clone; clones share them.
#[derive(Clone)]
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    servers: Mutex<Servers>,
    idle_timeout: Duration,
    idle_per_server: usize,
}

#[derive(Default)]
struct Servers {
    known: HashMap<Origin, Server, RandomState>,
    /// Whether somebody watches for connections that idle too long.
    is_swept: bool,
}

#[derive(Default)]
struct Server {
    /// Until when each is kept. The one that idles longest comes first.
    idle: VecDeque<(Instant, Box<Http1>)>,
    http2: Option<http2::SendRequest<Outgoing>>,
}

/// Whom a connection leads to, and whether it is encrypted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Origin {
    is_tls: bool,
    authority: Authority,
}

// === impl Origin ===

impl Origin {
    /// The origin of an absolute URI.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        Some(Self { is_tls: uri.scheme_str()? == "https", authority: uri.authority()?.clone() })
    }
}

// === impl Pool ===

impl Pool {
    /// An empty pool.
    pub(super) fn new(idle_timeout: Duration, idle_per_server: usize) -> Self {
        Self(Arc::new(Shared { servers: Mutex::default(), idle_timeout, idle_per_server }))
    }

    /// A connection that was used before and still seems to be good; of several the one used last.
    pub(super) async fn take(&self, origin: &Origin) -> Option<Connection> {
        loop {
            match self.0.pop(origin)? {
                Connection::Http1(mut http1) => {
                    if http1.is_free().await {
                        return Some(Connection::Http1(http1));
                    }
                }
                http2 => return Some(http2),
            }
        }
    }

    /// Keeps a connection for later, if it can be used again: so long as is usual here, or as its
    /// server says by the `headers` of the last response.
    pub(super) async fn put(&self, origin: Origin, mut http1: Box<Http1>, headers: &HeaderMap) {
        let Some(kept) = kept(headers, self.0.idle_timeout) else { return };
        if !http1.is_free().await {
            return;
        }
        let mut servers = self.0.lock();
        let idle = &mut servers.known.entry(origin).or_default().idle;
        if idle.len() == self.0.idle_per_server {
            return;
        }
        idle.push_back((Instant::now() + kept, http1));
        if !std::mem::replace(&mut servers.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(&self.0), kept));
        }
    }

    /// Shares an HTTP/2 connection, which can be used by many at once.
    pub(super) fn share(&self, origin: Origin, sender: http2::SendRequest<Outgoing>) {
        self.0.lock().known.entry(origin).or_default().http2 = Some(sender);
    }

    /// Shares the server's HTTP/2 connection no more: it has failed.
    pub(super) fn forget_http2(&self, origin: &Origin) {
        if let Some(server) = self.0.lock().known.get_mut(origin) {
            server.http2 = None;
        }
    }
}

// === impl Shared ===

impl Shared {
    fn pop(&self, origin: &Origin) -> Option<Connection> {
        let mut servers = self.lock();
        let server = servers.known.get_mut(origin)?;
        match &server.http2 {
            Some(sender) if sender.is_closed() => server.http2 = None,
            Some(sender) => return Some(Connection::Http2(sender.clone())),
            None => {}
        }
        let now = Instant::now();
        while let Some((until, http1)) = server.idle.pop_back() {
            if now < until {
                return Some(Connection::Http1(http1));
            }
        }
        None
    }

    /// Closes what idles too long. When to look again, if something still idles.
    fn sweep(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut servers = self.lock();
        servers.known.retain(|_, server| {
            server.idle.retain(|(until, _)| now < *until);
            server.http2.take_if(|sender| sender.is_closed());
            !server.idle.is_empty() || server.http2.is_some()
        });
        let first = servers.known.values().flat_map(|server| &server.idle).map(|(until, _)| *until).min();
        servers.is_swept = first.is_some();
        // One may come that is kept for a shorter time.
        first.map(|first| first.min(now + self.idle_timeout / 2).max(now + SWEEP_PAUSE))
    }

    fn lock(&self) -> MutexGuard<'_, Servers> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections of `pool` that idle too long, until there are none.
async fn sweep(pool: Weak<Shared>, first: Duration) {
    tokio::time::sleep(first).await;
    while let Some(next) = pool.upgrade().and_then(|pool| pool.sweep()) {
        tokio::time::sleep_until(next).await;
    }
}

/// How long a connection is kept idle: `usual`, or less if the server says by `keep-alive` that it
/// will close it sooner. It should be closed here before a request and the server's farewell can
/// cross. Not at all, if the server takes no more requests.
fn kept(headers: &HeaderMap, usual: Duration) -> Option<Duration> {
    let mut kept = usual;
    for value in headers.get_all(&KEEP_ALIVE) {
        for parameter in value.to_str().unwrap_or_default().split(',') {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            let Ok(number) = value.trim().trim_matches('"').parse::<u32>() else { continue };
            match name.trim() {
                name if name.eq_ignore_ascii_case("timeout") => {
                    let told = Duration::from_secs(number.into());
                    kept = kept.min(told.saturating_sub(MARGIN).max(told / 2));
                }
                name if name.eq_ignore_ascii_case("max") && number == 0 => return None,
                _ => {}
            }
        }
    }
    (!kept.is_zero()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_kept_as_long_as_their_server_says_but_for_a_margin() {
        let usual = Duration::from_secs(50);
        let of = |value: &'static str| {
            let headers = HeaderMap::from_iter([(KEEP_ALIVE, http::HeaderValue::from_static(value))]);
            kept(&headers, usual).map(|kept| kept.as_millis())
        };
        assert_eq!(kept(&HeaderMap::new(), usual), Some(usual));
        assert_eq!(of("timeout=5"), Some(4_000));
        assert_eq!(of("max=99, Timeout = \"5\""), Some(4_000));
        assert_eq!(of("timeout=600"), Some(50_000));
        assert_eq!(of("timeout=1"), Some(500));
        assert_eq!(of("timeout=0"), None);
        assert_eq!(of("timeout=5, max=0"), None);
        assert_eq!(of("timeout=soon, x"), Some(50_000));
    }
}
