//! One connection to a server, and how it is made.
//!
//! An HTTP/1.1 connection belongs to one exchange after the other, which drives it. An HTTP/2
//! connection is shared, and therefore runs by itself.

use std::error::Error as StdError;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::{Connection as _, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower::Service;

use super::error::NetError;
use super::http1::{Http1, too_large};
use super::reply::Reply;
use super::request::Outgoing;

/// A server that is silent for so long while it is waited for is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// A connection on which it does not say so is gone.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// What makes connections.
pub(super) type Connector = HttpsConnector<HttpConnector>;
/// What they are made of.
pub(super) type Stream = <Connector as Service<Uri>>::Response;

/// A way to send a request.
pub(super) enum Connection {
    /// For this exchange alone, until it is over.
    Http1(Http1),
    /// One stream of many.
    Http2(Http2),
}

/// A shared HTTP/2 connection. Clones share it.
#[derive(Clone)]
pub(super) struct Http2(http2::SendRequest<Full<Bytes>>);

/// A request that got no response.
#[derive(Debug)]
pub(super) struct Unanswered {
    pub(super) error: NetError,
    pub(super) reached: Reached,
}

/// How far a request got that was not answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reached {
    /// The server certainly did nothing with it.
    Nobody,
    /// It may have reached the server, of which nothing was heard.
    Perhaps,
    /// The server has reacted to it.
    Server,
}

// === impl Connection ===

impl Connection {
    /// Connects to the server that `uri` names.
    pub(super) async fn open(connector: &mut Connector, uri: &Uri) -> Result<Self, NetError> {
        let of_hyper = |error: hyper::Error| NetError::of_transport(&error, true);
        let stream = connector.call(uri.clone()).await.map_err(|error| NetError::of_transport(&*error, true))?;
        if !stream.connected().is_negotiated_h2() {
            return Ok(Self::Http1(Http1::new(stream)));
        }
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new()).keep_alive_interval(PING_INTERVAL).keep_alive_timeout(PING_TIMEOUT);
        let (sender, connection) = builder.handshake(stream).await.map_err(of_hyper)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to a server ended early");
            }
        });
        Ok(Self::Http2(Http2(sender)))
    }

    /// Whether the connection is open as far as the system knows at this moment. Costs a look at all
    /// sockets, so it is for requests that must not fail for a connection's sake.
    pub(super) async fn is_still_open(&mut self) -> bool {
        // The runtime asks the system for news before a task that yields goes on.
        tokio::task::yield_now().await;
        match self {
            Self::Http1(http1) => http1.is_open(),
            Self::Http2(http2) => http2.is_open(),
        }
    }
}

// === impl Http2 ===

impl Http2 {
    pub(super) fn is_open(&self) -> bool {
        !self.0.is_closed()
    }

    /// Sends a request and reads the response. The content of the response may be coded.
    pub(super) async fn exchange(mut self, outgoing: &Outgoing<'_>) -> Result<Reply, Unanswered> {
        let max_bytes = outgoing.max_bytes;
        let unanswered =
            |error: &hyper::Error, reached| Unanswered { error: NetError::of_transport(error, false), reached };
        self.0.ready().await.map_err(|error| unanswered(&error, Reached::Nobody))?;
        let response = match self.0.try_send_request(request(outgoing)).await {
            Ok(response) => response,
            Err(mut failed) => {
                let is_unsent = failed.take_message().is_some();
                let error = failed.into_error();
                let reached = if is_unsent { Reached::Nobody } else { reached(&error) };
                return Err(unanswered(&error, reached));
            }
        };
        let (parts, body) = response.into_parts();
        let announced = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let body = match announced.is_some_and(|length| length > max_bytes as u64) {
            true => Err(too_large(max_bytes)),
            false => collect(body, max_bytes).await,
        };
        let body = body.map_err(|error| Unanswered { error, reached: Reached::Server })?;
        Ok(Reply::of_map(parts.status, parts.headers, body))
    }
}

fn request(outgoing: &Outgoing<'_>) -> Request<Full<Bytes>> {
    let origin = outgoing.server.uri();
    let mut uri = origin.clone().into_parts();
    // What is no path is asked for as if nothing was said; it was refused before.
    uri.path_and_query = outgoing.path.parse().ok();
    let mut request = Request::new(Full::new(Bytes::copy_from_slice(outgoing.body)));
    *request.method_mut() = outgoing.method.clone();
    *request.uri_mut() = Uri::from_parts(uri).unwrap_or_else(|_| origin.clone());
    *request.headers_mut() = outgoing.to_map();
    request
}

/// Reads a body frame by frame; a single frame is passed on without a copy.
async fn collect(mut body: Incoming, max_bytes: usize) -> Result<Bytes, NetError> {
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
            whole.extend_from_slice(&first);
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

/// How far a request got whose stream or connection failed.
fn reached(error: &hyper::Error) -> Reached {
    let Some(error) = StdError::source(error).and_then(|error| error.downcast_ref::<h2::Error>()) else {
        return Reached::Perhaps;
    };
    // A server that says it goes away fails those streams alone that it has not looked at
    // (RFC 9113 §6.8), and so does one that refuses a stream (§8.7).
    let is_untouched = error.is_remote() && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM));
    match error {
        _ if is_untouched => Reached::Nobody,
        error if error.is_reset() => Reached::Server,
        _ => Reached::Perhaps,
    }
}
