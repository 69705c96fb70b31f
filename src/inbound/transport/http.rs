//! GraphQL requests by POST and GET.

use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use http::header::{ALLOW, CONTENT_TYPE, Entry, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::time::timeout_at;
use uuid::{Builder, Uuid};

use crate::gateway::exchange::context::RequestContext;
use crate::gateway::exchange::error::GraphqlError;
use crate::gateway::exchange::request::GraphqlRequest;
use crate::gateway::exchange::response::{GraphqlResponse, Outcome};
use crate::gateway::pipeline::{Gateway, Snapshot};
use crate::platform::base::deadline::Deadline;

use super::negotiate::{Announced, MediaType, accepted};
use super::{params, status};

/// Names a request in its answer, in logs and towards sources.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Only a token that came and was not accepted is unauthenticated (RFC 6750 §3.1).
const CHALLENGE: &str = "Bearer error=\"invalid_token\"";
/// The longest id that a client may give its request.
const MAX_REQUEST_ID: usize = 128;

/// Answers `POST` with a JSON body. Any other body is refused: a browser can send those across
/// sites without asking.
pub async fn post<B>(gateway: &Gateway, request: Request<B>) -> Response<Bytes>
where
    B: http_body::Body<Data = Bytes>,
{
    let snapshot = gateway.snapshot();
    let now = Utc::now();
    let (mut parts, body) = request.into_parts();
    let request_id = name(&mut parts.headers, now);
    let announced = Announced::of(&parts.headers);
    let Some(media) = announced.media else { return named(not_acceptable(), &request_id) };
    let context = context(&snapshot, parts.headers, &request_id, now);
    let response = match read(&snapshot, &context, &announced, body).await {
        Ok(asked) => told(snapshot.execute(asked, context).await, media),
        Err((status, error)) => refuse(status, media, &error),
    };
    named(response, &request_id)
}

/// Answers `GET` with parameters in the URL; only queries run.
pub async fn get(State(gateway): State<Gateway>, RawQuery(query): RawQuery, mut headers: HeaderMap) -> Response<Body> {
    let snapshot = gateway.snapshot();
    let now = Utc::now();
    let request_id = name(&mut headers, now);
    let Some(media) = accepted(&headers) else { return named(not_acceptable(), &request_id).map(Body::from) };
    let context = context(&snapshot, headers, &request_id, now);
    let response = match params::from_query_string(query.as_deref().unwrap_or("")) {
        Ok(asked) => told(snapshot.execute(asked, context).await, media),
        Err(error) => refuse(status_of(&error), media, &error),
    };
    named(response, &request_id).map(Body::from)
}

/// Answers every other method.
pub async fn other(mut headers: HeaderMap) -> Response<Body> {
    let request_id = name(&mut headers, Utc::now());
    let error = GraphqlError::new("METHOD_NOT_ALLOWED", "Send GraphQL by POST, or a query by GET");
    let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, accepted(&headers).unwrap_or(MediaType::Json), &error);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST"));
    named(response, &request_id).map(Body::from)
}

/// The request's id: the client's own if it can stand in a log as it is, or else a new one. From
/// here on it is one of the request's headers, so that it travels to whom the schema says.
fn name(headers: &mut HeaderMap, now: DateTime<Utc>) -> HeaderValue {
    let harmless = |id: &[u8]| {
        (1..=MAX_REQUEST_ID).contains(&id.len())
            && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~:/+=".contains(byte))
    };
    let new = || new_id(now);
    match headers.entry(REQUEST_ID) {
        Entry::Vacant(entry) => entry.insert(new()).clone(),
        Entry::Occupied(mut entry) => {
            let own = entry.get().clone();
            let id = if harmless(own.as_bytes()) { own } else { new() };
            // Others of the same name go.
            entry.insert(id.clone());
            id
        }
    }
}

/// A UUID of version 7 (RFC 9562 §5.7) in 32 digits: ids sort by time.
fn new_id(now: DateTime<Utc>) -> HeaderValue {
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    // Of the sixteen bytes, two tell the version and are not random.
    let [a, b, c, d, e, f, _, g, _, h, i, j, ..] = Uuid::new_v4().into_bytes();
    let id = Builder::from_unix_timestamp_millis(millis, &[a, b, c, d, e, f, g, h, i, j]).into_uuid();
    HeaderValue::from_str(id.simple().encode_lower(&mut Uuid::encode_buffer())).expect("digits and letters")
}

/// Tells the client how its request is named.
fn named(mut response: Response<Bytes>, request_id: &HeaderValue) -> Response<Bytes> {
    response.headers_mut().insert(REQUEST_ID, request_id.clone());
    response
}

fn context(snapshot: &Snapshot, headers: HeaderMap, request_id: &HeaderValue, now: DateTime<Utc>) -> RequestContext {
    RequestContext {
        deadline: Deadline::after(snapshot.limits().deadline.0),
        request_id: request_id.to_str().unwrap_or_default().into(),
        headers,
        now,
    }
}

/// Reads the body, by the deadline and within the limit.
async fn read<B>(
    snapshot: &Snapshot,
    context: &RequestContext,
    announced: &Announced,
    body: B,
) -> Result<GraphqlRequest, (StatusCode, GraphqlError)>
where
    B: http_body::Body<Data = Bytes>,
{
    let unsupported = |what: &str| {
        let message = format!("{what}; send JSON in UTF-8 with content-type application/json");
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, GraphqlError::new("UNSUPPORTED_MEDIA_TYPE", message))
    };
    if !announced.is_json {
        return Err(unsupported("The body's media type is not understood"));
    }
    if announced.is_encoded {
        return Err(unsupported("Compressed requests are not understood"));
    }
    let limit = snapshot.limits().body.0;
    let too_large = |announced: Option<u64>| {
        let error = match announced {
            Some(length) => {
                let message = format!("The request has {length} bytes; the limit is {limit}");
                GraphqlError::new("REQUEST_BODY_TOO_LARGE", message).with("number", length)
            }
            // How long it would have become is not waited for.
            None => {
                let message = format!("The request is larger than {limit} bytes, the limit");
                GraphqlError::new("REQUEST_BODY_TOO_LARGE", message)
            }
        };
        (StatusCode::PAYLOAD_TOO_LARGE, error.with("limit", limit))
    };
    if let Some(length) = announced.length.filter(|length| *length > limit) {
        return Err(too_large(Some(length)));
    }
    let body = collect(body, usize::try_from(limit).unwrap_or(usize::MAX));
    let body: Bytes = match timeout_at(context.deadline.instant().into(), body).await {
        Ok(Ok(body)) => body,
        Ok(Err(Unread::TooLarge)) => return Err(too_large(None)),
        Ok(Err(Unread::Broken)) => {
            let error = GraphqlError::new("BAD_REQUEST", "The request's body broke off");
            return Err((StatusCode::BAD_REQUEST, error));
        }
        Err(_) => {
            let error = GraphqlError::new("REQUEST_TIMEOUT", "The request's body did not arrive in time");
            return Err((StatusCode::REQUEST_TIMEOUT, error));
        }
    };
    params::from_json(&body).map_err(|error| (status_of(&error), error))
}

/// Why a body was not read.
enum Unread {
    TooLarge,
    Broken,
}

/// Reads a body of at most `limit` bytes. Most come in one piece, which is not copied.
async fn collect<B>(body: B, limit: usize) -> Result<Bytes, Unread>
where
    B: http_body::Body<Data = Bytes>,
{
    let mut body = std::pin::pin!(body);
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        if first.len() + more.len() + data.len() > limit {
            return Err(Unread::TooLarge);
        }
        if first.is_empty() { first = data } else { more.extend_from_slice(&data) }
    }
    Ok(if more.is_empty() { first } else { [first, more.freeze()].concat().into() })
}

/// The status of parameters that cannot be used. A client that tries whether documents may be named
/// by their hash does nothing wrong.
fn status_of(error: &GraphqlError) -> StatusCode {
    match error.code {
        params::PERSISTED_QUERY_NOT_SUPPORTED => StatusCode::OK,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn told(GraphqlResponse { outcome, body }: GraphqlResponse, media: MediaType) -> Response<Bytes> {
    let mut response = respond(status::of(outcome, media), media, body);
    let headers = response.headers_mut();
    match outcome {
        Outcome::Unauthenticated => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
        }
        Outcome::MethodNotAllowed => {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        Outcome::Overloaded => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        _ => {}
    }
    response
}

fn not_acceptable() -> Response<Bytes> {
    let message = "Answers are application/graphql-response+json or application/json";
    refuse(StatusCode::NOT_ACCEPTABLE, MediaType::Json, &GraphqlError::new("NOT_ACCEPTABLE", message))
}

/// A request that never became a GraphQL request.
fn refuse(status: StatusCode, media: MediaType, error: &GraphqlError) -> Response<Bytes> {
    let body = GraphqlResponse::refused(Outcome::BadRequest, std::slice::from_ref(error)).body;
    respond(status, media, body)
}

fn respond(status: StatusCode, media: MediaType, body: Bytes) -> Response<Bytes> {
    static HEADERS: LazyLock<[HeaderMap; 2]> = LazyLock::new(|| {
        [MediaType::GraphqlResponse, MediaType::Json].map(|media| {
            let headers = [
                (CONTENT_TYPE, media.content_type()),
                // The media type, and with it the status, depend on what the client accepts.
                (VARY, "accept"),
                // In its place comes the request's.
                (REQUEST_ID, ""),
            ];
            // Whoever changes one of them finds room, so that the map does not grow in every response.
            let mut map = HeaderMap::with_capacity(2 * headers.len());
            map.extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
            map
        })
    });
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = HEADERS[media as usize].clone();
    response
}
