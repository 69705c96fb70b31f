//! The outbound HTTP client.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::aws_lc_rs;
use tokio::time::timeout_at;

use crate::platform::base::deadline::Deadline;

use super::error::{NetError, NetErrorKind};
use super::inflate::{ACCEPTED, inflate};

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
#[derive(Clone, Debug)]
pub struct HttpClient {
    inner: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// Room that is made for a body on its announced length alone.
const MAX_ROOM: usize = 256 << 10;

// === impl HttpClientConfig ===

impl Default for HttpClientConfig {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(2), idle_timeout: Duration::from_secs(50), idle_per_host: 256 }
    }
}

// === impl HttpClient ===

impl HttpClient {
    /// What [`HttpClient::send`] tells servers it can read, unless the request says it itself.
    pub const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static(ACCEPTED);

    /// A client that trusts the system's certificate authorities. A system without any can still
    /// be reached from over plain HTTP; a warning is logged.
    pub fn new(config: &HttpClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(config.connect_timeout));
        let tls = HttpsConnectorBuilder::new()
            .with_tls_config(tls_config())
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        let inner = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(config.idle_timeout)
            .pool_max_idle_per_host(config.idle_per_host)
            .build(tls);
        Self { inner }
    }

    /// Sends one request and reads its whole response, inflated, of at most `max_bytes`.
    /// Dropping the future closes the exchange.
    ///
    /// # Errors
    /// When no complete response arrived by `deadline`, or it is too large or wrongly coded. Any
    /// status is a response.
    pub async fn send(
        &self,
        mut request: Request<Bytes>,
        deadline: Deadline,
        max_bytes: usize,
    ) -> Result<Response<Bytes>, NetError> {
        request.headers_mut().entry(ACCEPT_ENCODING).or_insert(Self::ACCEPT_ENCODING);
        timeout_at(deadline.instant().into(), self.exchange(request.map(Full::new), max_bytes))
            .await
            .unwrap_or_else(|_| Err(NetError::new(NetErrorKind::Timeout, "the deadline passed")))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>, max_bytes: usize) -> Result<Response<Bytes>, NetError> {
        let response =
            self.inner.request(request).await.map_err(|error| NetError::of_transport(&error, error.is_connect()))?;
        let (mut parts, body) = response.into_parts();
        let announced = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > max_bytes as u64) {
            return Err(too_large(max_bytes));
        }
        let body = collect(body, announced, max_bytes).await?;
        let body = inflate(&mut parts.headers, body, max_bytes).await?;
        Ok(Response::from_parts(parts, body))
    }
}

/// Reads a body frame by frame; a single frame is passed on without a copy. `announced` is how long
/// the server says it is.
async fn collect(mut body: Incoming, announced: Option<u64>, max_bytes: usize) -> Result<Bytes, NetError> {
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| NetError::of_transport(&error, false))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len().max(whole.len()) + data.len() > max_bytes {
            return Err(too_large(max_bytes));
        }
        if first.is_empty() {
            first = data;
            continue;
        }
        if whole.is_empty() {
            // No more than was said is made room for, and no more than a little on its word alone.
            let room = announced.and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
            whole.reserve(room.min(MAX_ROOM).max(first.len() + data.len()));
            whole.extend_from_slice(&first);
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

fn too_large(max_bytes: usize) -> NetError {
    NetError::new(NetErrorKind::TooLarge, format!("more than {max_bytes} bytes"))
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
    rustls::ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
