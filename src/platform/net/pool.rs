//! Connections between exchanges, by server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use http::Uri;
use http::uri::Authority;
use hyper::client::conn::http2;
use tokio::time::Instant;

use super::connection::{Connection, Http1, Outgoing};

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
    /// The one that idles longest comes first.
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

    /// Keeps a connection for later, if it can be used again. An HTTP/2 connection is given here as
    /// soon as it is open, since it can be used by many at once.
    pub(super) async fn put(&self, origin: Origin, connection: Connection) {
        let mut http1 = match connection {
            Connection::Http1(http1) => http1,
            Connection::Http2(sender) => {
                self.0.lock().known.entry(origin).or_default().http2 = Some(sender);
                return;
            }
        };
        if !http1.is_free().await {
            return;
        }
        let mut servers = self.0.lock();
        let idle = &mut servers.known.entry(origin).or_default().idle;
        if idle.len() == self.0.idle_per_server {
            return;
        }
        idle.push_back((Instant::now(), http1));
        if !std::mem::replace(&mut servers.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(&self.0), self.0.idle_timeout));
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
        let (since, http1) = server.idle.pop_back()?;
        if since.elapsed() > self.idle_timeout {
            // All others have waited longer.
            server.idle.clear();
            return None;
        }
        Some(Connection::Http1(http1))
    }

    /// Closes what idles too long. Whether something still idles.
    fn sweep(&self) -> bool {
        let mut servers = self.lock();
        servers.known.retain(|_, server| {
            while server.idle.front().is_some_and(|(since, _)| since.elapsed() > self.idle_timeout) {
                server.idle.pop_front();
            }
            server.http2.take_if(|sender| sender.is_closed());
            !server.idle.is_empty() || server.http2.is_some()
        });
        servers.is_swept = servers.known.values().any(|server| !server.idle.is_empty());
        servers.is_swept
    }

    fn lock(&self) -> MutexGuard<'_, Servers> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections of `pool` that idle too long, until there are none.
async fn sweep(pool: Weak<Shared>, idle_timeout: Duration) {
    loop {
        tokio::time::sleep(idle_timeout / 2).await;
        if !pool.upgrade().is_some_and(|pool| pool.sweep()) {
            return;
        }
    }
}
