//! One HTTP request for one call.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use smallvec::SmallVec;

use crate::graph::connect::model::{HttpRequest, HttpVerb};
use crate::graph::mapping::{Mapping, Template, TemplatePiece, Variables};
use crate::platform::net::{HttpClient, Outgoing, Repeat, Reply, Server, is_path};
use crate::sources::connector::{
    Answer, Body, DESERIALIZE, Fact, HeaderPlan, Inputs, Protocol, TRANSPORT, request_part,
};
use crate::sources::contract::{BAD_INPUT, SourceError};
use crate::sources::format::{encode_form, media_kind};
use crate::sources::transport::net_error;

use super::url::{Piece, Url, UrlError};

/// JSON first, anything else if there is none.
const ACCEPTED: HeaderValue = HeaderValue::from_static("application/json, */*;q=0.1");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: &str = "application/x-www-form-urlencoded";

/// What a `@source` says about its requests.
#[derive(Clone, Debug, Default)]
pub struct HttpSourceParts {
    /// Where its URLs start; none for connectors with absolute URLs.
    pub base: Option<Url>,
    /// Appended path segments.
    pub path: Option<Mapping>,
    /// Query parameters.
    pub query_params: Option<Mapping>,
}

/// An HTTP connector.
pub struct HttpProtocol {
    client: HttpClient,
    /// Whom to ask, if all requests go to the same server.
    server: Option<Server>,
    source: HttpSourceParts,
    request: HttpRequest,
    method: Method,
    headers: HeaderPlan,
    /// What every request says unless a header rule says something else.
    standing: [(HeaderName, HeaderValue); 2],
    answers: AnswerParts,
}

/// What is wanted of answers.
#[derive(Clone, Copy, Debug)]
pub struct AnswerParts {
    /// The largest body; what exceeds it is refused.
    pub max_bytes: usize,
    /// Whether mappings read the headers.
    pub headers: bool,
}

// === impl HttpProtocol ===

impl HttpProtocol {
    /// Builds the protocol of one connector.
    pub fn new(
        client: HttpClient,
        source: HttpSourceParts,
        request: HttpRequest,
        headers: HeaderPlan,
        answers: AnswerParts,
    ) -> Self {
        let server = source.base.as_ref().and_then(|base| client.server(&base.origin().parse().ok()?).ok());
        let method = method(request.verb);
        let standing = [(ACCEPT, ACCEPTED), HttpClient::ACCEPT_ENCODING];
        Self { client, server, source, request, method, headers, standing, answers }
    }

    async fn exchange(&self, inputs: &Inputs<'_>) -> Result<Answer, SourceError> {
        let variables = &inputs.variables;
        let url = self.url(variables).map_err(|error| SourceError::new(BAD_INPUT, error.to_string()))?;
        let mut headers = HeaderMap::new();
        self.headers.write(variables, &inputs.context.facts, &mut headers)?;
        let body = self.body(variables, &mut headers)?;
        let invalid = || SourceError::new(BAD_INPUT, "the URL is not valid");
        let named;
        let server = match &self.server {
            Some(server) => server,
            None => {
                let origin = url.origin().parse().map_err(|_| invalid())?;
                named = self.client.server(&origin).map_err(|_| invalid())?;
                &named
            }
        };
        let path = url.into_path();
        if !is_path(&path) {
            return Err(invalid());
        }
        let outgoing = Outgoing {
            method: &self.method,
            path: &path,
            standing: &self.standing,
            headers: &headers,
            body: &body,
            repeat: self.repeat(inputs.mutation),
        };
        let reply = self.client.ask(server, &outgoing, self.answers.max_bytes).await;
        Ok(self.answer(reply.map_err(|error| net_error(error, TRANSPORT, DESERIALIZE))?))
    }

    fn answer(&self, reply: Reply) -> Answer {
        let kind = media_kind(reply.content_type());
        Answer {
            success: reply.status.is_success(),
            status: Some(i64::from(reply.status.as_u16())),
            headers: if self.answers.headers { reply.headers() } else { HeaderMap::new() },
            fact: Some(Fact { protocol: "http", name: "status", value: reply.status.as_u16().into() }),
            body: if reply.body.is_empty() { Body::Empty } else { Body::Bytes(kind, reply.body) },
            ..Answer::default()
        }
    }

    /// Whether a call may reach the server twice: what only reads may, whatever its method, and
    /// otherwise the method tells.
    fn repeat(&self, mutation: bool) -> Repeat {
        if mutation { Repeat::of(&self.method) } else { Repeat::Harmless }
    }

    fn url(&self, variables: &Variables<'_>) -> Result<Url, UrlError> {
        let pieces = pieces(&self.request.url.value, variables)?;
        let mut url = match &self.source.base {
            Some(base) => base.clone(),
            None => return self.finish(absolute(&pieces)?, variables),
        };
        if let Some(path) = &self.source.path {
            url.push_path(&value(path, variables)?)?;
        }
        if let Some(query) = &self.source.query_params {
            url.push_query(&value(query, variables)?)?;
        }
        url.push_template(&pieces)?;
        self.finish(url, variables)
    }

    /// Appends what the connector adds to its template.
    fn finish(&self, mut url: Url, variables: &Variables<'_>) -> Result<Url, UrlError> {
        if let Some(path) = &self.request.path {
            url.push_path(&value(&path.value, variables)?)?;
        }
        if let Some(query) = &self.request.query_params {
            url.push_query(&value(&query.value, variables)?)?;
        }
        Ok(url)
    }

    fn body(&self, variables: &Variables<'_>, headers: &mut HeaderMap) -> Result<Bytes, SourceError> {
        let Some(mapping) = &self.request.body else { return Ok(Bytes::new()) };
        let Some(value) = request_part(&mapping.value, variables)? else { return Ok(Bytes::new()) };
        let content_type = headers.entry(CONTENT_TYPE).or_insert(JSON).to_str().unwrap_or("").to_ascii_lowercase();
        if content_type.split(';').next().is_some_and(|essence| essence.trim() == FORM) {
            return encode_form(&value)
                .map(Bytes::from)
                .map_err(|error| SourceError::new(BAD_INPUT, error.to_string()));
        }
        Ok(match value {
            Value::String(text) if content_type.starts_with("text/") => text.into(),
            other => other.to_string().into(),
        })
    }
}

impl Protocol for HttpProtocol {
    fn call<'a>(&'a self, inputs: &'a Inputs<'a>) -> BoxFuture<'a, Result<Answer, SourceError>> {
        self.exchange(inputs).boxed()
    }
}

/// A template that is filled; most have few holes.
type Pieces<'t> = SmallVec<[Piece<'t>; 3]>;

/// A template's text, and the values of its holes.
fn pieces<'t>(template: &'t Template, variables: &Variables<'_>) -> Result<Pieces<'t>, UrlError> {
    let piece = |piece: &'t TemplatePiece| match piece {
        TemplatePiece::Literal { text, .. } => Ok(Piece::Text(text)),
        TemplatePiece::Hole(hole) => value(&hole.mapping, variables).map(Piece::Hole),
    };
    template.pieces().iter().map(piece).collect()
}

/// A connector without a source names scheme and host itself, as literal text.
fn absolute(pieces: &[Piece<'_>]) -> Result<Url, UrlError> {
    let Some((Piece::Text(first), rest)) = pieces.split_first() else {
        return Err(UrlError::NotAbsolute(String::new()));
    };
    let scheme_end = first.find("://").map_or(0, |at| at + 3);
    let host_end = first.get(scheme_end..).and_then(|rest| rest.find(['/', '?'])).map(|at| at + scheme_end);
    let (origin, path) = first.split_at(host_end.unwrap_or(first.len()));
    let mut url = Url::absolute(origin)?;
    let pieces: Vec<_> = std::iter::once(Piece::Text(path)).chain(rest.iter().cloned()).collect();
    url.push_template(&pieces)?;
    Ok(url)
}

fn value(mapping: &Mapping, variables: &Variables<'_>) -> Result<Value, UrlError> {
    request_part(mapping, variables).map(Option::unwrap_or_default).map_err(|error| UrlError::NoValue(error.message))
}

fn method(verb: HttpVerb) -> Method {
    match verb {
        HttpVerb::Get => Method::GET,
        HttpVerb::Post => Method::POST,
        HttpVerb::Put => Method::PUT,
        HttpVerb::Patch => Method::PATCH,
        HttpVerb::Delete => Method::DELETE,
    }
}
