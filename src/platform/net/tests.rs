//! Servers that answer, leave, hang, reset and lie, and what becomes of requests to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::platform::base::deadline::Deadline;

use super::client::trusting;
use super::{HttpClient, HttpClientConfig, NetError, NetErrorKind, Outgoing, Repeat};

const CERTIFICATE: &[u8] = include_bytes!("../../../tests/support/localhost/certificate.pem");
const KEY: &[u8] = include_bytes!("../../../tests/support/localhost/key.pem");
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
    let asked = client.server(&server.url.parse().unwrap()).unwrap();
    let ask = async |method: Method, repeat| {
        let (server, method, path, standing, headers) = (&asked, &method, "/a?b=c", &[], &HeaderMap::new());
        let outgoing = Outgoing { server, method, path, standing, headers, body: b"", repeat, max_bytes: 1000 };
        client.ask(&outgoing).await.map(|reply| reply.body).map_err(|error| error.kind)
    };
    assert_eq!(ask(Method::POST, Repeat::Harmless).await.unwrap(), "ok");
    assert_eq!(ask(Method::POST, Repeat::Harmless).await.unwrap(), "ok");
    assert_eq!(ask(Method::GET, Repeat::Never).await.unwrap_err(), NetErrorKind::Reset);
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

/// A server that sends each of `pieces` after a pause, and keeps the connection if `stays`.
async fn scripted(pieces: &[&[u8]], stays: bool) -> String {
    let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            while let Ok(1..) = stream.read(&mut buffer).await {
                for piece in &pieces {
                    let _ = stream.write_all(piece).await;
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                if !stays {
                    break;
                }
            }
        }
    });
    url
}

async fn scripted_answer(pieces: &[&[u8]], stays: bool) -> Result<(u16, Bytes), NetError> {
    let url = scripted(pieces, stays).await;
    let client = client();
    let mut last = None;
    for _ in 0..2 {
        let request = Request::get(&url).body(Bytes::new()).unwrap();
        let response = client.send(request, Deadline::after(Duration::from_secs(5)), 1000).await?;
        last = Some((response.status().as_u16(), response.into_body()));
    }
    Ok(last.expect("two answers"))
}

#[tokio::test]
async fn what_comes_before_the_response_does_not_end_the_request() {
    const LENGTH: usize = 16 << 20;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early").await.unwrap();
        let (mut buffer, mut left) = (vec![0; 1 << 20], LENGTH);
        while left > 0 {
            left = left.saturating_sub(stream.read(&mut buffer).await.unwrap());
        }
        stream.write_all(b" Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
    });
    let request = Request::post(&url).body(Bytes::from(vec![b'x'; LENGTH])).unwrap();
    let response = client().send(request, Deadline::after(Duration::from_secs(10)), 1000).await.unwrap();
    assert_eq!(response.into_body(), "ok");
}

#[tokio::test]
async fn responses_of_one_connection_may_differ_in_length() {
    const LENGTHS: [usize; 12] = [2, 40_000, 40_100, 50_000, 3, 3, 400_000, 1_100, 0, 20_000, 9_000, 700_000];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for length in LENGTHS {
            let mut buffer = [0; 4096];
            assert!(stream.read(&mut buffer).await.unwrap() > 0);
            let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{}", "x".repeat(length));
            stream.write_all(text.as_bytes()).await.unwrap();
        }
    });
    let client = client();
    for length in LENGTHS {
        let request = Request::get(&url).body(Bytes::new()).unwrap();
        let response = client.send(request, Deadline::after(Duration::from_secs(5)), 1 << 20).await.unwrap();
        assert_eq!(response.into_body(), "x".repeat(length));
    }
}

#[tokio::test]
async fn responses_are_read_however_they_are_cut() {
    for (pieces, stays) in [
        (&[&b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"[..]][..], true),
        (&[b"HTTP/1.", b"1 200 OK\r", b"\ncontent-length: 5\r\n\r", b"\nhel", b"lo"], true),
        (&[b"HTTP/1.1 200 OK\r\n\r\nhel", b"lo"], false),
        (&[b"HTTP/1.0 200 OK\r\n\r\nhel", b"lo"], false),
        (&[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"], true),
        (
            &[
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                b"1;a=\"b\"",
                b"\r\nh\r",
                b"\n00",
                b"4\r\nel",
                b"lo\r\n0\r\nx-trailer: 1",
                b"\r\n\r",
                b"\n",
            ],
            true,
        ),
        (&[b"HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\nHTTP/1.1 200 OK\r\ncontent-", b"length: 5\r\n\r\nhello"], true),
    ] {
        let (status, body) = scripted_answer(pieces, stays).await.unwrap_or_else(|error| panic!("{pieces:?}: {error}"));
        assert_eq!((status, &body[..]), (200, &b"hello"[..]), "{pieces:?}");
    }
}

#[tokio::test]
async fn responses_that_make_no_sense_are_errors() {
    for (pieces, stays, kind) in [
        (&[&b"hello\r\n"[..]][..], true, NetErrorKind::Reset),
        (&[b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"], false, NetErrorKind::Reset),
        (&[b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello"], true, NetErrorKind::Reset),
        (&[b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\nhello"], true, NetErrorKind::TooLarge),
        (&[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel"], false, NetErrorKind::Reset),
        (&[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhello\r\n"], true, NetErrorKind::Reset),
        (&[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n"], true, NetErrorKind::Reset),
        (&[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n"], true, NetErrorKind::TooLarge),
        (
            &[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nx"],
            true,
            NetErrorKind::TooLarge,
        ),
        (&[b"HTTP/1.1 101 Switching Protocols\r\n\r\n"], true, NetErrorKind::Reset),
    ] {
        let error = scripted_answer(pieces, stays).await.expect_err(&format!("{pieces:?}"));
        assert_eq!(error.kind, kind, "{pieces:?}: {error}");
    }
}

#[tokio::test]
async fn a_head_and_an_endless_body_have_bounds() {
    static LONG: [u8; 80_000] = [b'x'; 80_000];
    let head: &[&[u8]] = &[b"HTTP/1.1 200 OK\r\nx: ", &LONG];
    assert_eq!(scripted_answer(head, true).await.unwrap_err().kind, NetErrorKind::Reset);
    let body: &[&[u8]] = &[b"HTTP/1.1 200 OK\r\n\r\n", &LONG];
    assert_eq!(scripted_answer(body, true).await.unwrap_err().kind, NetErrorKind::TooLarge);
    let trailers: &[&[u8]] = &[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ", &LONG];
    assert_eq!(scripted_answer(trailers, true).await.unwrap_err().kind, NetErrorKind::Reset);
}

#[tokio::test]
async fn a_server_may_answer_before_it_has_read_everything() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1000]).await;
        stream.write_all(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno").await.unwrap();
        // It reads nothing more, and keeps the connection.
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
    let request = Request::post(&url).body(Bytes::from(vec![b'x'; 64 << 20])).unwrap();
    let response = client().send(request, Deadline::after(Duration::from_secs(5)), 1000).await.unwrap();
    assert_eq!((response.status().as_u16(), &response.body()[..]), (413, &b"no"[..]));
}

#[tokio::test]
async fn a_large_request_arrives_whole() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let read = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut text, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
        while !text.ends_with(b"xy") {
            let read = stream.read(&mut buffer).await.unwrap();
            text.extend_from_slice(&buffer[..read]);
        }
        stream.write_all(ANSWER).await.unwrap();
        text
    });
    let mut body = vec![b'x'; 3 << 20];
    body.push(b'y');
    let request = Request::post(&url).body(Bytes::from(body.clone())).unwrap();
    let response = client().send(request, Deadline::after(Duration::from_secs(5)), 1000).await.unwrap();
    assert_eq!(response.body(), "ok");
    let text = read.await.unwrap();
    let head = text.strip_suffix(&body[..]).expect("the body as it was sent");
    assert!(head.ends_with(b"content-length: 3145729\r\n\r\n"), "{}", String::from_utf8_lossy(head));
}

/// A server behind TLS that says of each request in which version of HTTP it came and how many bytes
/// it brought, again and again until `length` bytes are full; and how many connections it got.
async fn encrypted(protocol: &'static str, length: usize) -> (String, Arc<AtomicUsize>) {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let tls = rustls::ServerConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions();
    let mut tls = tls.unwrap().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    tls.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| async move {
                let version = request.version();
                let read = request.into_body().collect().await?.to_bytes().len();
                let text = format!("{version:?} {read} ");
                let text = text.repeat(length / text.len() + 1);
                Ok::<_, hyper::Error>(Response::new(Full::new(Bytes::from(text))))
            });
            tokio::spawn(
                auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).into_owned(),
            );
        }
    });
    (url, connections)
}

#[tokio::test]
async fn what_is_encrypted_arrives_whole_in_either_version_of_http() {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CERTIFICATE).unwrap()).unwrap();
    let client = HttpClient::with_tls(&HttpClientConfig::default(), trusting(roots));
    for (protocol, version) in [("http/1.1", "HTTP/1.1"), ("h2", "HTTP/2.0")] {
        for length in [10, 1_000_000] {
            let (url, connections) = encrypted(protocol, length).await;
            for _ in 0..3 {
                let body = Bytes::from(vec![b'x'; length]);
                let request = Request::post(&url).body(body).unwrap();
                let deadline = Deadline::after(Duration::from_secs(10));
                let response = client.send(request, deadline, 2_000_000).await.unwrap();
                let expected = format!("{version} {length} ");
                let body = response.into_body();
                assert!(body.len() >= length && body.starts_with(expected.as_bytes()) && body.ends_with(b" "));
            }
            assert_eq!(connections.load(Ordering::SeqCst), 1);
        }
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let (url, _) = encrypted("http/1.1", 10).await;
    let client = HttpClient::with_tls(&HttpClientConfig::default(), trusting(rustls::RootCertStore::empty()));
    let request = Request::get(&url).body(Bytes::new()).unwrap();
    let error = client.send(request, Deadline::after(Duration::from_secs(10)), 1000).await.unwrap_err();
    assert_eq!(error.kind, NetErrorKind::Tls);
}
