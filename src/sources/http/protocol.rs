//! One HTTP request for one call.

use std::borrow::Cow;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::graph::connect::model::{HttpRequest, HttpVerb};
use crate::graph::mapping::{Mapping, Template, TemplatePiece, Variables};
use crate::platform::net::{HttpClient, Outgoing, Repeat, Reply, Server, is_path};
use crate::sources::connector::{
    Answer, Body, DESERIALIZE, Fact, HeaderPlan, Inputs, More, Protocol, TRANSPORT, request_part,
};
use crate::sources::contract::{BAD_INPUT, SourceError};
use crate::sources::format::{encode_form, media_kind};
use crate::sources::transport::net_error;

use super::url::{Piece, Url, UrlError, legal};

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
    /// Whom to ask; none if that is no server.
    server: Option<Server>,
    source: HttpSourceParts,
    request: HttpRequest,
    /// Where its URLs start.
    base: Result<Url, UrlError>,
    /// What follows.
    template: Vec<Part>,
    /// Path and query, if they are the same in every request.
    path: Option<String>,
    method: Method,
    headers: HeaderPlan,
    /// What every request says unless a header rule says something else.
    standing: [(HeaderName, HeaderValue); 2],
    answers: AnswerParts,
}

/// A part of a URL's template.
enum Part {
    /// As it stands in the URL.
    Text(String),
    Hole(Mapping),
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
        let (base, template) = start(source.base.as_ref(), &request.url.value);
        let server = base.as_ref().ok().and_then(|base| client.server(&base.origin().parse().ok()?).ok());
        let method = method(request.verb);
        let standing = [(ACCEPT, ACCEPTED), HttpClient::ACCEPT_ENCODING];
        let mut new =
            Self { client, server, source, request, base, template, path: None, method, headers, standing, answers };
        if new.has_fixed_url() {
            new.path = new.url(&Variables::new()).ok().map(Url::into_path);
        }
        new
    }

    /// Whether no mapping has a part in the URL.
    fn has_fixed_url(&self) -> bool {
        let (of_source, own) = (&self.source, &self.request);
        of_source.path.is_none()
            && of_source.query_params.is_none()
            && own.path.is_none()
            && own.query_params.is_none()
            && self.template.iter().all(|part| matches!(part, Part::Text(_)))
    }

    async fn exchange(&self, inputs: &Inputs<'_>) -> Result<Answer, SourceError> {
        let variables = inputs.variables;
        let path = match &self.path {
            Some(path) => Cow::Borrowed(&**path),
            None => {
                let url = self.url(variables).map_err(|error| SourceError::new(BAD_INPUT, error.to_string()))?;
                url.into_path().into()
            }
        };
        let mut headers = HeaderMap::new();
        self.headers.write(variables, inputs.facts, &mut headers)?;
        let body = self.body(variables, &mut headers)?;
        let invalid = || SourceError::new(BAD_INPUT, "the URL is not valid");
        let server = self.server.as_ref().ok_or_else(invalid)?;
        if !is_path(&path) {
            return Err(invalid());
        }
        let outgoing = Outgoing {
            server,
            method: &self.method,
            path: &path,
            standing: &self.standing,
            headers: &headers,
            body: &body,
            repeat: self.repeat(inputs.mutation),
            max_bytes: self.answers.max_bytes,
        };
        let reply = self.client.ask(&outgoing).await;
        Ok(self.answer(reply.map_err(|error| net_error(error, TRANSPORT, DESERIALIZE))?))
    }

    fn answer(&self, reply: Reply) -> Answer {
        let kind = media_kind(reply.content_type());
        Answer {
            success: reply.status.is_success(),
            status: Some(i64::from(reply.status.as_u16())),
            fact: Some(Fact::HttpStatus(reply.status.as_u16())),
            more: self.answers.headers.then(|| More { headers: reply.headers(), ..More::default() }.into()),
            body: if reply.body.is_empty() { Body::Empty } else { Body::Bytes(kind, reply.body) },
        }
    }

    /// Whether a call may reach the server twice: what only reads may, whatever its method, and
    /// otherwise the method tells.
    fn repeat(&self, mutation: bool) -> Repeat {
        if mutation { Repeat::of(&self.method) } else { Repeat::Harmless }
    }

    fn url(&self, variables: &Variables<'_>) -> Result<Url, UrlError> {
        let mut url = self.base.clone()?;
        if let Some(path) = &self.source.path {
            url.push_path(&value(path, variables)?)?;
        }
        if let Some(query) = &self.source.query_params {
            url.push_query(&value(query, variables)?)?;
        }
        url.push_template(self.template.iter().map(|part| part.filled(variables)))?;
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

// === impl Part ===

impl Part {
    fn of(piece: &TemplatePiece) -> Self {
        match piece {
            TemplatePiece::Literal { text, .. } => Self::Text(legal(text)),
            TemplatePiece::Hole(hole) => Self::Hole(hole.mapping.clone()),
        }
    }

    fn filled(&self, variables: &Variables<'_>) -> Result<Piece<'_>, UrlError> {
        match self {
            Self::Text(text) => Ok(Piece::Text(text)),
            Self::Hole(mapping) => value(mapping, variables).map(Piece::Hole),
        }
    }
}

/// Where the URLs of a template start, and the rest of it. A connector without a source names scheme and
/// host itself, as literal text.
fn start(base: Option<&Url>, template: &Template) -> (Result<Url, UrlError>, Vec<Part>) {
    let mut parts: Vec<Part> = template.pieces().iter().map(Part::of).collect();
    if let Some(base) = base {
        return (Ok(base.clone()), parts);
    }
    let Some(TemplatePiece::Literal { text: first, .. }) = template.pieces().first() else {
        return (Err(UrlError::NotAbsolute(String::new())), parts);
    };
    let scheme_end = first.find("://").map_or(0, |at| at + 3);
    let host_end = first.get(scheme_end..).and_then(|rest| rest.find(['/', '?'])).map(|at| at + scheme_end);
    let (origin, path) = first.split_at(host_end.unwrap_or(first.len()));
    parts[0] = Part::Text(legal(path));
    (Url::absolute(origin), parts)
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
