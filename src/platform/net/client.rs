//! The outbound HTTP client.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT_ENCODING, HeaderName};
use http::uri::Scheme;
use http::{HeaderValue, Request, Response, Uri};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::crypto::aws_lc_rs;
use tokio::sync::OnceCell;
use tokio::time::timeout_at;

use crate::platform::base::deadline::Deadline;

use super::connection::{Connection, Connector, Http2, Reached, Unanswered};
use super::error::{NetError, NetErrorKind};
use super::http1::Answered;
use super::inflate::ACCEPTED;
use super::pool::{Pool, Server};
use super::repeat::Repeat;
use super::reply::Reply;
use super::request::{Outgoing, Written, is_path};

/// How connections are made and kept.
#[derive(Clone, Debug)]
pub struct HttpClientConfig {
    /// How long a connection may take to be established.
    pub connect_timeout: Duration,
    /// How long an idle connection is kept. Below the 60 s after which common servers close.
    pub idle_timeout: Duration,
    /// Idle connections kept per host.
    pub idle_per_host: usize,
}

/// A pooled HTTP client: HTTP/1.1 with keep-alive, HTTP/2 where TLS negotiates it. Cheap to clone;
/// clones share the pool.
#[derive(Clone)]
pub struct HttpClient {
    tcp: HttpConnector,
    /// For servers without TLS; trusts nobody.
    plain: Connector,
    /// For servers behind TLS. Made when the first is connected to: reading the system's certificate
    /// authorities takes a third of the time that a small graph takes to start.
    secure: Arc<OnceCell<Connector>>,
    pool: Pool,
}

// === impl HttpClientConfig ===

impl Default for HttpClientConfig {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(2), idle_timeout: Duration::from_secs(50), idle_per_host: 256 }
    }
}

// === impl HttpClient ===

impl HttpClient {
    /// Tells servers what content codings are understood.
    pub const ACCEPT_ENCODING: (HeaderName, HeaderValue) = (ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED));

    /// A client that trusts the system's certificate authorities. They are read when the first server
    /// behind TLS is connected to; if there are none, a warning is logged then.
    pub fn new(config: &HttpClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(config.connect_timeout));
        let plain = connector(&tcp, trusting(rustls::RootCertStore::empty()));
        let pool = Pool::new(config.idle_timeout, config.idle_per_host);
        Self { tcp, plain, secure: Arc::default(), pool }
    }

    #[cfg(test)]
    pub(super) fn with_tls(config: &HttpClientConfig, tls: rustls::ClientConfig) -> Self {
        let client = Self::new(config);
        let secure = OnceCell::new_with(Some(connector(&client.tcp, tls)));
        Self { secure: Arc::new(secure), ..client }
    }

    /// The server that an absolute URI names, to be asked by [`HttpClient::ask`].
    ///
    /// # Errors
    /// When the URI has no scheme or host.
    pub fn server(&self, uri: &Uri) -> Result<Server, NetError> {
        let none = || NetError::new(NetErrorKind::Connect, "the URL names no server");
        self.pool.server(uri).ok_or_else(none)
    }

    /// Sends one request and reads its whole response, inflated, of at most `max_bytes`. Whether it
    /// may reach the server twice, its method says. Dropping the future closes the exchange.
    ///
    /// # Errors
    /// When no complete response arrived by `deadline`, or it is too large or wrongly coded. Any
    /// status is a response.
    pub async fn send(
        &self,
        request: Request<Bytes>,
        deadline: Deadline,
        max_bytes: usize,
    ) -> Result<Response<Bytes>, NetError> {
        let server = self.server(request.uri())?;
        let outgoing = Outgoing {
            server: &server,
            method: request.method(),
            path: request.uri().path_and_query().map_or("/", |path| path.as_str()),
            standing: &[Self::ACCEPT_ENCODING],
            headers: request.headers(),
            body: request.body(),
            repeat: Repeat::of(request.method()),
            max_bytes,
        };
        let asked = timeout_at(deadline.instant().into(), self.ask(&outgoing)).await;
        let reply = asked.unwrap_or_else(|_| Err(NetError::new(NetErrorKind::Timeout, "the deadline passed")))?;
        Ok(reply.into_response())
    }

    /// Asks a server and reads its whole response, inflated. Waits for it as long as the caller does.
    /// Dropping the future closes the exchange.
    ///
    /// # Errors
    /// When no complete response came, or it is too large or wrongly coded. Any status is a response.
    pub async fn ask(&self, outgoing: &Outgoing<'_>) -> Result<Reply, NetError> {
        if !is_path(outgoing.path) {
            return Err(NetError::new(NetErrorKind::Connect, "the URL's path cannot be asked for"));
        }
        let mut written = None;
        if let Some(reply) = self.again(outgoing, &mut written).await? {
            return Ok(reply);
        }
        // In a box, since it is rare and large, and requests are moved about as futures.
        let connection = Box::pin(self.open(outgoing.server.uri())).await?;
        if let Connection::Http2(http2) = &connection {
            self.pool.share(outgoing.server, http2.clone());
        }
        let answered = self.exchange(connection, outgoing, &mut written).await;
        answered.map_err(|unanswered| unanswered.error)
    }

    async fn open(&self, uri: &Uri) -> Result<Connection, NetError> {
        if uri.scheme() == Some(&Scheme::HTTP) {
            return Connection::open(&mut self.plain.clone(), uri).await;
        }
        let made = self.secure.get_or_try_init(|| async {
            let tls = tokio::task::spawn_blocking(tls_config).await;
            let unread = |_| NetError::new(NetErrorKind::Connect, "the certificate authorities could not be read");
            Ok(connector(&self.tcp, tls.map_err(unread)?))
        });
        Connection::open(&mut made.await?.clone(), uri).await
    }

    /// Asks on a connection that was used before; nothing, if there is none on which that works.
    ///
    /// A server may close an idle connection at any time (RFC 9112 §9.5), also while a request is on
    /// its way. A request of which the server has certainly seen nothing may be sent again, and one
    /// that it may have seen if doing it twice is harmless; that one is not tried on old connections
    /// once more.
    async fn again<'r>(
        &self,
        outgoing: &Outgoing<'r>,
        written: &mut Option<Written<'r>>,
    ) -> Result<Option<Reply>, NetError> {
        while let Some(mut connection) = self.pool.take(outgoing.server) {
            if outgoing.repeat == Repeat::Never && !connection.is_still_open().await {
                continue;
            }
            let is_shared = matches!(connection, Connection::Http2(_));
            let Unanswered { error, reached } = match self.exchange(connection, outgoing, written).await {
                Ok(reply) => return Ok(Some(reply)),
                Err(unanswered) => unanswered,
            };
            if is_shared && reached != Reached::Server {
                self.pool.forget_http2(outgoing.server);
            }
            match (reached, outgoing.repeat) {
                (Reached::Nobody, _) => {}
                (Reached::Perhaps, Repeat::Harmless) => break,
                (Reached::Perhaps, Repeat::Never) | (Reached::Server, _) => return Err(error),
            }
            tracing::debug!(%error, "a connection was gone that had been used before");
        }
        Ok(None)
    }

    /// One exchange; an HTTP/1.1 connection is kept for the next one.
    async fn exchange<'r>(
        &self,
        connection: Connection,
        outgoing: &Outgoing<'r>,
        written: &mut Option<Written<'r>>,
    ) -> Result<Reply, Unanswered> {
        let (reply, is_coded) = match connection {
            Connection::Http1(http1) => {
                let written = written.get_or_insert_with(|| outgoing.write());
                let Answered { reply, is_coded, idle } = http1.exchange(written, outgoing.max_bytes).await?;
                if let Some((http1, kept)) = idle {
                    self.pool.put(outgoing.server, http1, kept);
                }
                (reply, is_coded)
            }
            Connection::Http2(http2) => (shared(http2, outgoing).await?, true),
        };
        if !is_coded {
            return Ok(reply);
        }
        let inflated = inflated(reply, outgoing.max_bytes).await;
        inflated.map_err(|error| Unanswered { error, reached: Reached::Server })
    }
}

// What is rare is put into its box elsewhere: where it is built it takes room on the stack, and be it never
// built, each time.

/// One exchange on a connection that has others as well.
#[inline(never)]
fn shared<'r>(http2: Http2, outgoing: &'r Outgoing<'_>) -> BoxFuture<'r, Result<Reply, Unanswered>> {
    async move { http2.exchange(outgoing).await }.boxed()
}

#[inline(never)]
fn inflated(reply: Reply, max_bytes: usize) -> BoxFuture<'static, Result<Reply, NetError>> {
    reply.inflated(max_bytes).boxed()
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

fn connector(tcp: &HttpConnector, tls: rustls::ClientConfig) -> Connector {
    let tls = HttpsConnectorBuilder::new().with_tls_config(tls);
    tls.https_or_http().enable_all_versions().wrap_connector(tcp.clone())
}

fn tls_config() -> rustls::ClientConfig {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a system certificate could not be read");
    }
    let mut roots = rustls::RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        tracing::warn!("the system has no certificate authorities: sources with https URLs will fail");
    }
    trusting(roots)
}

pub(super) fn trusting(roots: rustls::RootCertStore) -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
