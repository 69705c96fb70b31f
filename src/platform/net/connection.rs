//! One connection to a server.
//!
//! An HTTP/1.1 connection has no task of its own: whoever exchanges something on it drives it, so
//! that an answer is read where it is waited for. An HTTP/2 connection is shared, and therefore runs
//! by itself.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri};
use http_body::{Body, Frame};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::{Connection as _, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower::Service;

use super::error::NetError;
use super::watched::{Watched, Written};

/// What is sent.
pub(super) type Outgoing = Full<Bytes>;
/// What makes connections.
pub(super) type Connector = HttpsConnector<HttpConnector>;
type Stream = <Connector as Service<Uri>>::Response;

/// A way to send one request.
pub(super) enum Connection {
    /// For this exchange alone, until it is over.
    Http1(Box<Http1>),
    /// One stream of many.
    Http2(http2::SendRequest<Outgoing>),
}

/// An HTTP/1.1 connection.
pub(super) struct Http1 {
    sender: http1::SendRequest<Outgoing>,
    connection: http1::Connection<Watched<Stream>, Outgoing>,
    /// What was written of the request under way.
    written: Written,
    /// The connection has ended: it must not be polled any more.
    has_ended: bool,
    host: HeaderValue,
}

/// A request that got no response.
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
        if stream.connected().is_negotiated_h2() {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            let (sender, connection) = builder.timer(TokioTimer::new()).handshake(stream).await.map_err(of_hyper)?;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection to a server ended early");
                }
            });
            return Ok(Self::Http2(sender));
        }
        let written = Written::default();
        let stream = Watched::new(stream, written.clone());
        let (sender, connection) = http1::Builder::new().handshake(stream).await.map_err(of_hyper)?;
        Ok(Self::Http1(Box::new(Http1 { sender, connection, written, has_ended: false, host: host(uri) })))
    }

    /// Sends a request, whose URI is absolute, and reads the head of its response. A connection on
    /// which that failed is closed.
    pub(super) async fn send(self, request: Request<Outgoing>) -> Result<(Self, Response<Incoming>), Unanswered> {
        match self {
            Self::Http1(http1) => {
                let (http1, response) = http1.send(request).await?;
                Ok((Self::Http1(http1), response))
            }
            Self::Http2(mut sender) => {
                let unready =
                    |error| Unanswered { error: NetError::of_transport(&error, false), reached: Reached::Nobody };
                sender.ready().await.map_err(unready)?;
                match sender.try_send_request(request).await {
                    Ok(response) => Ok((Self::Http2(sender), response)),
                    Err(mut failed) => {
                        let unsent = failed.take_message().is_some();
                        let error = failed.into_error();
                        let reached = if unsent { Reached::Nobody } else { reached_by_http2(&error) };
                        Err(Unanswered { error: NetError::of_transport(&error, false), reached })
                    }
                }
            }
        }
    }

    /// Whether the connection is open as far as the system knows at this moment. Costs a look at all
    /// sockets, so it is for requests that must not fail for a connection's sake.
    pub(super) async fn is_still_open(&mut self) -> bool {
        // The runtime asks the system for news before a task that yields goes on.
        tokio::task::yield_now().await;
        match self {
            Self::Http1(http1) => http1.is_free().await,
            Self::Http2(sender) => !sender.is_closed(),
        }
    }

    /// The next piece of a response's body.
    pub(super) async fn frame(&mut self, body: &mut Incoming) -> Option<Result<Frame<Bytes>, NetError>> {
        let next = poll_fn(|context| {
            let next = Pin::new(&mut *body).poll_frame(context);
            match self {
                Self::Http1(http1) if next.is_pending() => {
                    http1.drive(context);
                    Pin::new(&mut *body).poll_frame(context)
                }
                _ => next,
            }
        });
        Some(next.await?.map_err(|error| NetError::of_transport(&error, false)))
    }
}

// === impl Http1 ===

impl Http1 {
    async fn send(
        mut self: Box<Self>,
        mut request: Request<Outgoing>,
    ) -> Result<(Box<Self>, Response<Incoming>), Unanswered> {
        request.headers_mut().entry(HOST).or_insert_with(|| self.host.clone());
        *request.uri_mut() = Uri::from(path(request.uri()));
        self.written.clear();
        let answered = {
            let mut answer = pin!(self.sender.try_send_request(request));
            let (connection, has_ended) = (&mut self.connection, &mut self.has_ended);
            poll_fn(|context| {
                drive(connection, has_ended, context);
                answer.as_mut().poll(context)
            })
            .await
        };
        let mut failed = match answered {
            Ok(response) => return Ok((self, response)),
            Err(failed) => failed,
        };
        let is_unsent = failed.take_message().is_some() || !self.written.is_any();
        let error = failed.into_error();
        // What was read but is no response yet.
        let is_heard = error.is_parse() || !self.connection.into_parts().read_buf.is_empty();
        let reached = match (is_heard, is_unsent) {
            (true, _) => Reached::Server,
            (false, true) => Reached::Nobody,
            (false, false) => Reached::Perhaps,
        };
        Err(Unanswered { error: NetError::of_transport(&error, false), reached })
    }

    /// Whether another request can be sent: the response was read to its end, and the server has not
    /// closed the connection, as far as is known here.
    pub(super) async fn is_free(&mut self) -> bool {
        poll_fn(|context| {
            self.drive(context);
            Poll::Ready(!self.has_ended && self.sender.is_ready())
        })
        .await
    }

    fn drive(&mut self, context: &mut Context<'_>) {
        drive(&mut self.connection, &mut self.has_ended, context);
    }
}

/// Reads and writes what can be at once. How a connection ended is told to the exchange on it.
fn drive(
    connection: &mut http1::Connection<Watched<Stream>, Outgoing>,
    has_ended: &mut bool,
    context: &mut Context<'_>,
) {
    if !*has_ended {
        *has_ended = Pin::new(connection).poll(context).is_ready();
    }
}

/// How far a request got whose HTTP/2 stream or connection failed.
fn reached_by_http2(error: &hyper::Error) -> Reached {
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

/// What a server on this host is asked for.
fn path(uri: &Uri) -> PathAndQuery {
    uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"))
}

/// The `host` header: without a port that goes without saying, and without a user.
fn host(uri: &Uri) -> HeaderValue {
    let is_tls = uri.scheme_str() == Some("https");
    let name = uri.host().unwrap_or_default();
    let written = match uri.port_u16() {
        Some(port) if port != if is_tls { 443 } else { 80 } => HeaderValue::from_str(&format!("{name}:{port}")),
        _ => HeaderValue::from_str(name),
    };
    written.expect("hosts of URIs have only characters that headers may have")
}
