//! One GraphQL request over HTTP.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use crate::platform::net::{HttpClient, NetError, Outgoing, Repeat, Reply, Server};
use crate::sources::rows::scan::is_plain;

/// What we accept: the standard's own media type first, the older one as well.
const ACCEPTED: &str = "application/graphql-response+json, application/json;q=0.9";

/// What every request says.
static STANDING: [(HeaderName, HeaderValue); 3] = [
    (CONTENT_TYPE, HeaderValue::from_static("application/json")),
    (ACCEPT, HeaderValue::from_static(ACCEPTED)),
    HttpClient::ACCEPT_ENCODING,
];

/// A server's address and how to reach it.
#[derive(Clone, Debug)]
pub struct GraphqlEndpoint {
    client: HttpClient,
    server: Server,
    /// Path and query.
    path: String,
    max_bytes: usize,
}

// === impl GraphqlEndpoint ===

impl GraphqlEndpoint {
    /// The server at `url`; answers of more than `max_bytes` are refused.
    ///
    /// # Errors
    /// When `url` is not an absolute http or https URL.
    pub fn new(client: HttpClient, url: &str, max_bytes: usize) -> Result<Self, String> {
        let wrong = || format!("\"{url}\" is not an absolute http or https URL");
        let uri: Uri = url.trim().parse().map_err(|_| wrong())?;
        match (uri.scheme_str(), uri.authority()) {
            (Some("http" | "https"), Some(authority)) if !authority.as_str().contains('@') => {
                let server = client.server(&uri).map_err(|_| wrong())?;
                let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
                Ok(Self { client, server, path, max_bytes })
            }
            _ => Err(wrong()),
        }
    }

    /// Posts a document. `variables` is a JSON object's text; `headers` may not name the content;
    /// `repeat` says whether the document may run twice. Waits as long as the caller does.
    ///
    /// # Errors
    /// When no response arrived.
    pub async fn post(
        &self,
        document: &str,
        operation_name: Option<&str>,
        variables: &[u8],
        mut headers: HeaderMap,
        repeat: Repeat,
    ) -> Result<Reply, NetError> {
        if !headers.is_empty() {
            headers.remove(CONTENT_TYPE);
            headers.remove(ACCEPT);
        }
        let outgoing = Outgoing {
            server: &self.server,
            method: &Method::POST,
            path: &self.path,
            standing: &STANDING,
            headers: &headers,
            body: &body(document, operation_name, variables),
            repeat,
            max_bytes: self.max_bytes,
        };
        self.client.ask(&outgoing).await
    }
}

/// Whether a document may run twice: what only reads may.
pub(super) fn repeat(mutation: bool) -> Repeat {
    if mutation { Repeat::Never } else { Repeat::Harmless }
}

fn body(document: &str, operation_name: Option<&str>, variables: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(document.len() + variables.len() + 64);
    body.extend_from_slice(b"{\"query\":");
    push_string(&mut body, document);
    if let Some(name) = operation_name {
        body.extend_from_slice(b",\"operationName\":");
        push_string(&mut body, name);
    }
    if !matches!(variables, b"" | b"{}") {
        body.extend_from_slice(b",\"variables\":");
        body.extend_from_slice(variables);
    }
    body.push(b'}');
    body
}

fn push_string(body: &mut Vec<u8>, text: &str) {
    // Most documents have no strings in them.
    if is_plain(text.as_bytes()) {
        body.push(b'"');
        body.extend_from_slice(text.as_bytes());
        body.push(b'"');
        return;
    }
    // Writing a string to a vector cannot fail.
    let _ = serde_json::to_writer(body, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_only_what_there_is() {
        assert_eq!(body("{ a }", None, b"{}"), br#"{"query":"{ a }"}"#);
        assert_eq!(
            body("query Q($a: Int) { b(a: $a) }", Some("Q"), br#"{"a":"x"}"#),
            br#"{"query":"query Q($a: Int) { b(a: $a) }","operationName":"Q","variables":{"a":"x"}}"#
        );
        let text = "query { a(b: \"\\\"\u{1}\", c: \"äöü\") }";
        let read: serde_json::Value = serde_json::from_slice(&body(text, None, b"")).unwrap();
        assert_eq!(read["query"], text);
    }
}
