//! The outbound HTTP client.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH};
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::crypto::aws_lc_rs;
use tokio::time::timeout_at;

use crate::platform::base::deadline::Deadline;

use super::connection::{Connection, Connector, Outgoing, Reached, Unanswered};
use super::error::{NetError, NetErrorKind};
use super::inflate::{ACCEPTED, inflate};
use super::pool::{Origin, Pool};
use super::repeat::Repeat;

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
    connector: Connector,
    pool: Pool,
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
        Self { connector: tls, pool: Pool::new(config.idle_timeout, config.idle_per_host) }
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
        let repeat = Repeat::of(request.method());
        self.send_as(request, repeat, deadline, max_bytes).await
    }

    /// Like [`HttpClient::send`], for requests that mean more or less than their method says.
    ///
    /// # Errors
    /// The same.
    pub async fn send_as(
        &self,
        mut request: Request<Bytes>,
        repeat: Repeat,
        deadline: Deadline,
        max_bytes: usize,
    ) -> Result<Response<Bytes>, NetError> {
        request.headers_mut().entry(ACCEPT_ENCODING).or_insert(Self::ACCEPT_ENCODING);
        timeout_at(deadline.instant().into(), self.exchange(request.map(Full::new), repeat, max_bytes))
            .await
            .unwrap_or_else(|_| Err(NetError::new(NetErrorKind::Timeout, "the deadline passed")))
    }

    async fn exchange(
        &self,
        request: Request<Outgoing>,
        repeat: Repeat,
        max_bytes: usize,
    ) -> Result<Response<Bytes>, NetError> {
        let Some(origin) = Origin::of(request.uri()) else {
            return Err(NetError::new(NetErrorKind::Connect, "the URL names no server"));
        };
        let (mut connection, response) = self.respond(&origin, request, repeat).await?;
        let (mut parts, body) = response.into_parts();
        let announced = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > max_bytes as u64) {
            return Err(too_large(max_bytes));
        }
        let body = collect(&mut connection, body, announced, max_bytes).await?;
        if let Connection::Http1(http1) = connection {
            self.pool.put(origin, http1, &parts.headers).await;
        }
        let body = inflate(&mut parts.headers, body, max_bytes).await?;
        Ok(Response::from_parts(parts, body))
    }

    /// Sends the request on an idle connection or on a new one, and reads the head of the response.
    ///
    /// A server may close an idle connection at any time (RFC 9112 §9.5), also while a request is on
    /// its way. A request of which the server has certainly seen nothing is sent on another
    /// connection; one that it may have seen, only if `repeat` allows it, once, on a new connection.
    async fn respond(
        &self,
        origin: &Origin,
        request: Request<Outgoing>,
        repeat: Repeat,
    ) -> Result<(Connection, Response<Incoming>), NetError> {
        while let Some(mut connection) = self.pool.take(origin).await {
            if repeat == Repeat::Never && !connection.is_still_open().await {
                continue;
            }
            let is_shared = matches!(connection, Connection::Http2(_));
            let Unanswered { error, reached } = match connection.send(request.clone()).await {
                Ok(answered) => return Ok(answered),
                Err(unanswered) => unanswered,
            };
            if is_shared && reached != Reached::Server {
                self.pool.forget_http2(origin);
            }
            tracing::debug!(%error, ?reached, "a connection was gone that had been used before");
            match (reached, repeat) {
                (Reached::Nobody, _) => {}
                (Reached::Perhaps, Repeat::Harmless) => break,
                (Reached::Perhaps, Repeat::Never) | (Reached::Server, _) => return Err(error),
            }
        }
        let connection = Connection::open(&mut self.connector.clone(), request.uri()).await?;
        if let Connection::Http2(sender) = &connection {
            self.pool.share(origin.clone(), sender.clone());
        }
        connection.send(request).await.map_err(|failed| failed.error)
    }
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

/// Reads a body frame by frame; a single frame is passed on without a copy. `announced` is how long
/// the server says it is.
async fn collect(
    connection: &mut Connection,
    mut body: Incoming,
    announced: Option<u64>,
    max_bytes: usize,
) -> Result<Bytes, NetError> {
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = connection.frame(&mut body).await {
        let Ok(data) = frame?.into_data() else { continue };
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use http::Method;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    const ANSWER_FOR_A_SECOND: &[u8] = b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok";

    /// What a server does with one request.
    #[derive(Clone, Copy, PartialEq)]
    enum Manner {
        Keep,
        /// Answers, and closes the connection without having said so.
        Leave,
        /// Closes it without an answer.
        Hang,
        /// Resets it without an answer.
        Reset,
        /// Answers the half, and resets it.
        Half,
        /// Begins a head, and resets it.
        Begin,
        /// Answers that it waits a second for more.
        Second,
        /// Says nothing until the client has gone.
        Wait,
    }

    /// A server, how many connections and requests it got, and how many of the connections are open.
    struct Server {
        url: String,
        connections: Arc<AtomicUsize>,
        requests: Arc<AtomicUsize>,
        open: Arc<AtomicUsize>,
    }

    impl Server {
        /// `manners`: what becomes of the first request of a connection, of the second, …
        async fn start(manners: &'static [Manner]) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/a?b=c", listener.local_addr().unwrap());
            let server = Self { url, connections: Arc::default(), requests: Arc::default(), open: Arc::default() };
            let (connections, requests) = (server.connections.clone(), server.requests.clone());
            let open = server.open.clone();
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    connections.fetch_add(1, Ordering::SeqCst);
                    open.fetch_add(1, Ordering::SeqCst);
                    let (requests, open) = (requests.clone(), open.clone());
                    tokio::spawn(async move {
                        serve(stream, manners, &requests).await;
                        open.fetch_sub(1, Ordering::SeqCst);
                    });
                }
            });
            server
        }

        fn connections(&self) -> usize {
            self.connections.load(Ordering::SeqCst)
        }

        fn requests(&self) -> usize {
            self.requests.load(Ordering::SeqCst)
        }

        async fn all_closed(&self) {
            while self.open.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }

    async fn serve(mut stream: TcpStream, manners: &[Manner], requests: &AtomicUsize) {
        let mut buffer = [0; 4096];
        for manner in manners {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => return,
                    Ok(read) => head.extend_from_slice(&buffer[..read]),
                }
            }
            requests.fetch_add(1, Ordering::SeqCst);
            let head = String::from_utf8(head).unwrap();
            assert!(head.contains(" /a?b=c HTTP/1.1\r\n"), "{head}");
            assert!(head.contains(&format!("host: {}\r\n", stream.local_addr().unwrap())), "{head}");
            match manner {
                Manner::Keep => stream.write_all(ANSWER).await.unwrap(),
                Manner::Second => stream.write_all(ANSWER_FOR_A_SECOND).await.unwrap(),
                Manner::Leave => return stream.write_all(ANSWER).await.unwrap(),
                Manner::Hang => return,
                Manner::Reset => return stream.set_zero_linger().unwrap(),
                Manner::Half | Manner::Begin => {
                    let cut = if *manner == Manner::Half { 1 } else { 20 };
                    stream.write_all(&ANSWER[..ANSWER.len() - cut]).await.unwrap();
                    // A reset overtakes what was sent before it, unless that was read.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    return stream.set_zero_linger().unwrap();
                }
                Manner::Wait => {
                    let _ = stream.read(&mut buffer).await;
                    return;
                }
            }
        }
        let _ = stream.read(&mut buffer).await;
    }

    fn client() -> HttpClient {
        HttpClient::new(&HttpClientConfig::default())
    }

    async fn get(client: &HttpClient, server: &Server) -> Result<Bytes, NetErrorKind> {
        ask(client, server, Method::GET).await.map_err(|error| error.kind)
    }

    async fn post(client: &HttpClient, server: &Server) -> Result<Bytes, NetErrorKind> {
        ask(client, server, Method::POST).await.map_err(|error| error.kind)
    }

    async fn ask(client: &HttpClient, server: &Server, method: Method) -> Result<Bytes, NetError> {
        let request = Request::builder().method(method).uri(&server.url).body(Bytes::new()).unwrap();
        let response = client.send(request, Deadline::after(Duration::from_secs(10)), 1000).await;
        response.map(Response::into_body)
    }

    #[tokio::test]
    async fn one_connection_serves_one_request_after_the_other() {
        let server = Server::start(&[Manner::Keep; 9]).await;
        let client = client();
        for _ in 0..5 {
            assert_eq!(get(&client, &server).await.unwrap(), "ok");
        }
        assert_eq!(server.connections(), 1);
        let (first, second) = tokio::join!(get(&client, &server), get(&client, &server));
        assert!(first.is_ok() && second.is_ok());
        assert!((2..=3).contains(&server.connections()), "{}", server.connections());
    }

    #[tokio::test]
    async fn a_connection_that_the_server_closed_is_not_used_again() {
        let server = Server::start(&[Manner::Leave]).await;
        let client = client();
        for _ in 0..3 {
            assert_eq!(get(&client, &server).await.unwrap(), "ok");
            server.all_closed().await;
            // The system may tell a little later.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(server.connections(), 3);
    }

    #[tokio::test]
    async fn a_harmless_request_survives_a_connection_that_goes_meanwhile() {
        for manners in [&[Manner::Keep, Manner::Reset], &[Manner::Keep, Manner::Hang]] {
            let server = Server::start(manners).await;
            let client = client();
            for _ in 0..3 {
                assert_eq!(get(&client, &server).await.unwrap(), "ok");
            }
            assert_eq!((server.connections(), server.requests()), (3, 5));
        }
    }

    #[tokio::test]
    async fn what_must_not_be_repeated_is_not_sent_again() {
        for manners in [&[Manner::Keep, Manner::Reset], &[Manner::Keep, Manner::Hang]] {
            let server = Server::start(manners).await;
            let client = client();
            assert_eq!(post(&client, &server).await.unwrap(), "ok");
            assert_eq!(post(&client, &server).await.unwrap_err(), NetErrorKind::Reset);
            assert_eq!((server.connections(), server.requests()), (1, 2));
        }
    }

    #[tokio::test]
    async fn who_calls_may_know_better_than_the_method() {
        let server = Server::start(&[Manner::Keep, Manner::Reset]).await;
        let client = client();
        let send = async |method: Method, repeat| {
            let request = Request::builder().method(method).uri(&server.url).body(Bytes::new()).unwrap();
            let deadline = Deadline::after(Duration::from_secs(10));
            client.send_as(request, repeat, deadline, 1000).await.map_err(|error| error.kind)
        };
        assert!(send(Method::POST, Repeat::Harmless).await.is_ok());
        assert!(send(Method::POST, Repeat::Harmless).await.is_ok());
        assert_eq!(send(Method::GET, Repeat::Never).await.unwrap_err(), NetErrorKind::Reset);
    }

    #[tokio::test]
    async fn what_may_not_be_repeated_finds_a_connection_that_is_open() {
        let server = Server::start(&[Manner::Leave]).await;
        let client = client();
        for _ in 0..20 {
            assert_eq!(post(&client, &server).await.unwrap(), "ok");
            server.all_closed().await;
        }
        assert_eq!((server.connections(), server.requests()), (20, 20));
    }

    #[tokio::test]
    async fn a_new_connection_that_fails_is_the_servers_failure() {
        for manner in [&[Manner::Reset], &[Manner::Hang]] {
            let server = Server::start(manner).await;
            assert_eq!(get(&client(), &server).await.unwrap_err(), NetErrorKind::Reset);
            assert_eq!((server.connections(), server.requests()), (1, 1));
        }
    }

    #[tokio::test]
    async fn an_answer_that_has_begun_is_not_asked_for_again() {
        for manners in [&[Manner::Keep, Manner::Half], &[Manner::Keep, Manner::Begin]] {
            let server = Server::start(manners).await;
            let client = client();
            assert_eq!(get(&client, &server).await.unwrap(), "ok");
            let error = ask(&client, &server, Method::GET).await.unwrap_err();
            assert_eq!(error.kind, NetErrorKind::Reset, "{error}");
            assert_eq!((server.connections(), server.requests()), (1, 2));
        }
    }

    #[tokio::test]
    async fn a_connection_is_given_up_before_its_server_does() {
        let server = Server::start(&[Manner::Second; 9]).await;
        let client = client();
        for _ in 0..3 {
            assert_eq!(get(&client, &server).await.unwrap(), "ok");
        }
        assert_eq!(server.connections(), 1);
        tokio::time::timeout(Duration::from_millis(900), server.all_closed()).await.expect("closed in time");
        assert_eq!(get(&client, &server).await.unwrap(), "ok");
        assert_eq!(server.connections(), 2);
    }

    #[tokio::test]
    async fn a_dropped_exchange_closes_its_connection() {
        let server = Server::start(&[Manner::Wait]).await;
        let client = client();
        let gone = tokio::time::timeout(Duration::from_millis(50), get(&client, &server)).await;
        assert!(gone.is_err());
        tokio::time::timeout(Duration::from_secs(5), server.all_closed()).await.expect("closed");
    }

    #[tokio::test]
    async fn idle_connections_are_closed_in_time() {
        let server = Server::start(&[Manner::Keep; 5]).await;
        let config = HttpClientConfig { idle_timeout: Duration::from_millis(50), ..HttpClientConfig::default() };
        let client = HttpClient::new(&config);
        assert_eq!(get(&client, &server).await.unwrap(), "ok");
        tokio::time::timeout(Duration::from_secs(5), server.all_closed()).await.expect("closed");
        assert_eq!(get(&client, &server).await.unwrap(), "ok");
        assert_eq!(server.connections(), 2);
    }

    #[tokio::test]
    async fn a_body_longer_than_allowed_is_refused() {
        let server = Server::start(&[Manner::Keep]).await;
        let request = Request::get(&server.url).body(Bytes::new()).unwrap();
        let answer = client().send(request, Deadline::after(Duration::from_secs(10)), 1).await;
        assert_eq!(answer.unwrap_err().kind, NetErrorKind::TooLarge);
    }
}
