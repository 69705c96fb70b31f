//! One HTTP request for one call.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request, Response};
use serde_json::Value;

use crate::graph::connect::model::{HttpRequest, HttpVerb};
use crate::graph::mapping::{Mapping, Template, TemplatePiece, Variables};
use crate::platform::net::{HttpClient, Repeat};
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
    source: HttpSourceParts,
    request: HttpRequest,
    headers: HeaderPlan,
    /// What every request says unless a header rule says something else.
    standing: HeaderMap,
    max_bytes: usize,
}

// === impl HttpProtocol ===

impl HttpProtocol {
    /// Builds the protocol of one connector; answers of more than `max_bytes` are refused.
    pub fn new(
        client: HttpClient,
        source: HttpSourceParts,
        request: HttpRequest,
        headers: HeaderPlan,
        max_bytes: usize,
    ) -> Self {
        let standing = HeaderMap::from_iter([(ACCEPT, ACCEPTED), (ACCEPT_ENCODING, HttpClient::ACCEPT_ENCODING)]);
        Self { client, source, request, headers, standing, max_bytes }
    }

    async fn exchange(&self, inputs: &Inputs<'_>) -> Result<Answer, SourceError> {
        let variables = &inputs.variables;
        let url = self.url(variables).map_err(|error| SourceError::new(BAD_INPUT, error.to_string()))?;
        let mut headers = self.standing.clone();
        self.headers.write(variables, &inputs.context.facts, &mut headers)?;
        let body = self.body(variables, &mut headers)?;
        // Where a body is expected, that there is none is said.
        if body.is_empty() && matches!(self.request.verb, HttpVerb::Post | HttpVerb::Put | HttpVerb::Patch) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let mut request = Request::new(body);
        *request.method_mut() = method(self.request.verb);
        *request.uri_mut() =
            url.into_text().try_into().map_err(|_| SourceError::new(BAD_INPUT, "the URL is not valid"))?;
        *request.headers_mut() = headers;
        let response = self
            .client
            .send_as(request, self.repeat(inputs.mutation), inputs.context.deadline, self.max_bytes)
            .await
            .map_err(|error| net_error(error, TRANSPORT, DESERIALIZE))?;
        Ok(answer(response))
    }

    /// Whether a call may reach the server twice: what only reads may, whatever its method, and
    /// otherwise the method tells.
    fn repeat(&self, mutation: bool) -> Repeat {
        if mutation { Repeat::of(&method(self.request.verb)) } else { Repeat::Harmless }
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

/// A template's text, and the values of its holes.
fn pieces<'t>(template: &'t Template, variables: &Variables<'_>) -> Result<Vec<Piece<'t>>, UrlError> {
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

fn answer(response: Response<Bytes>) -> Answer {
    let (parts, body) = response.into_parts();
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let body = if body.is_empty() { Body::Empty } else { Body::Bytes(media_kind(content_type), body) };
    Answer {
        success: parts.status.is_success(),
        status: Some(i64::from(parts.status.as_u16())),
        headers: parts.headers,
        body,
        fact: Some(Fact { protocol: "http", name: "status", value: parts.status.as_u16().into() }),
        ..Answer::default()
    }
}
