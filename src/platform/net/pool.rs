//! Connections between exchanges, by server.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};
use tokio::time::Instant;

use super::connection::{Connection, Http2};
use super::http1::Http1;
use super::keep_alive::Kept;

/// Between two looks for connections that idle too long, at least.
const SWEEP_PAUSE: Duration = Duration::from_millis(20);

/// Idle connections. Cheap to clone; clones share them.
#[derive(Clone)]
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    servers: Mutex<HashMap<Origin, Server, RandomState>>,
    /// Whether somebody watches for connections that idle too long.
    is_swept: AtomicBool,
    idle_timeout: Duration,
    idle_per_server: usize,
}

/// A server that can be asked, and the connections to it. Cheap to clone; clones share them.
#[derive(Clone, Debug)]
pub struct Server(Arc<Known>);

struct Known {
    /// Scheme and authority, with a path of `/`.
    uri: Uri,
    host: HeaderValue,
    connections: Mutex<Connections>,
}

#[derive(Default)]
struct Connections {
    /// Until when each is kept. The one that idles longest comes first.
    idle: VecDeque<(Instant, Http1)>,
    http2: Option<Http2>,
}

/// Whom a connection leads to, and whether it is encrypted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Origin {
    is_tls: bool,
    authority: Authority,
}

// === impl Pool ===

impl Pool {
    /// An empty pool.
    pub(super) fn new(idle_timeout: Duration, idle_per_server: usize) -> Self {
        let (servers, is_swept) = (Mutex::default(), AtomicBool::new(false));
        Self(Arc::new(Shared { servers, is_swept, idle_timeout, idle_per_server }))
    }

    /// The server that an absolute URI names.
    pub(super) fn server(&self, uri: &Uri) -> Option<Server> {
        let origin = Origin { is_tls: uri.scheme_str()? == "https", authority: uri.authority()?.clone() };
        let mut servers = self.0.servers();
        Some(servers.entry(origin).or_insert_with_key(Server::new).clone())
    }

    /// A connection that was used before and still seems to be good; of several the one used last.
    pub(super) fn take(&self, server: &Server) -> Option<Connection> {
        let mut connections = server.connections();
        match &connections.http2 {
            Some(http2) if http2.is_open() => return Some(Connection::Http2(http2.clone())),
            Some(_) => connections.http2 = None,
            None => {}
        }
        let now = Instant::now();
        while let Some((until, mut http1)) = connections.idle.pop_back() {
            if now < until && http1.is_open() {
                return Some(Connection::Http1(http1));
            }
        }
        None
    }

    /// Keeps a connection for later: so long as is usual here, or as its server says.
    pub(super) fn put(&self, server: &Server, http1: Http1, kept: Kept) {
        let kept = kept.within(self.0.idle_timeout);
        let mut connections = server.connections();
        if connections.idle.len() == self.0.idle_per_server {
            return;
        }
        connections.idle.push_back((Instant::now() + kept, http1));
        drop(connections);
        if !self.0.is_swept.load(Ordering::Relaxed) && !self.0.is_swept.swap(true, Ordering::Relaxed) {
            // One may come that is kept for a shorter time.
            tokio::spawn(sweep(Arc::downgrade(&self.0), kept.min(self.0.idle_timeout / 2)));
        }
    }

    /// Shares an HTTP/2 connection, which can be used by many at once.
    pub(super) fn share(&self, server: &Server, http2: Http2) {
        server.connections().http2 = Some(http2);
    }

    /// Shares the server's HTTP/2 connection no more: it has failed.
    pub(super) fn forget_http2(&self, server: &Server) {
        server.connections().http2 = None;
    }
}

// === impl Shared ===

impl Shared {
    fn servers(&self) -> MutexGuard<'_, HashMap<Origin, Server, RandomState>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes what idles too long or was closed by its server, and forgets servers that nobody asks
    /// any more. When to look again, if something still idles.
    fn sweep(&self) -> Option<Instant> {
        let now = Instant::now();
        // Who keeps a connection from now on sees to it that somebody looks again.
        self.is_swept.store(false, Ordering::Relaxed);
        let mut first: Option<Instant> = None;
        self.servers().retain(|_, server| {
            let mut connections = server.connections();
            connections.idle.retain_mut(|(until, http1)| now < *until && http1.is_open());
            connections.http2.take_if(|http2| !http2.is_open());
            first = connections.idle.iter().map(|(until, _)| *until).chain(first).min();
            let is_used = !connections.idle.is_empty() || connections.http2.is_some();
            drop(connections);
            is_used || Arc::strong_count(&server.0) > 1
        });
        let first = first?;
        if self.is_swept.swap(true, Ordering::Relaxed) {
            return None;
        }
        Some(first.min(now + self.idle_timeout / 2).max(now + SWEEP_PAUSE))
    }
}

/// Closes connections of `pool` that idle too long, until there are none.
async fn sweep(pool: Weak<Shared>, first: Duration) {
    tokio::time::sleep(first).await;
    while let Some(next) = pool.upgrade().and_then(|pool| pool.sweep()) {
        tokio::time::sleep_until(next).await;
    }
}

// === impl Server ===

impl Server {
    fn new(origin: &Origin) -> Self {
        let (scheme, usual) = if origin.is_tls { (Scheme::HTTPS, 443) } else { (Scheme::HTTP, 80) };
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(scheme);
        parts.authority = Some(origin.authority.clone());
        parts.path_and_query = Some(PathAndQuery::from_static("/"));
        let uri = Uri::from_parts(parts).expect("scheme, authority and path make a URI");
        Self(Arc::new(Known { uri, host: host(&origin.authority, usual), connections: Mutex::default() }))
    }

    /// Scheme and authority, with a path of `/`.
    pub(super) fn uri(&self) -> &Uri {
        &self.0.uri
    }

    /// What the `host` header says.
    pub(super) fn host(&self) -> &HeaderValue {
        &self.0.host
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.0.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.uri.fmt(f)
    }
}

/// The `host` header: without a port that goes without saying, and without a user.
fn host(authority: &Authority, usual: u16) -> HeaderValue {
    let name = authority.host();
    let written = match authority.port_u16() {
        Some(port) if port != usual => HeaderValue::from_str(&format!("{name}:{port}")),
        _ => HeaderValue::from_str(name),
    };
    written.expect("hosts of URIs have only characters that headers may have")
}
