//! One GraphQL request over HTTP.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};

use crate::platform::base::deadline::Deadline;
use crate::platform::net::{HttpClient, NetError, Repeat};

/// What we accept: the standard's own media type first, the older one as well.
const ACCEPTED: HeaderValue = HeaderValue::from_static("application/graphql-response+json, application/json;q=0.9");

/// A server's address and how to reach it.
#[derive(Clone, Debug)]
pub struct GraphqlEndpoint {
    client: HttpClient,
    uri: Uri,
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
                Ok(Self { client, uri, max_bytes })
            }
            _ => Err(wrong()),
        }
    }

    /// Posts a document. `variables` is a JSON object's text; `headers` may not name the content;
    /// `repeat` says whether the document may run twice.
    ///
    /// # Errors
    /// When no response arrived.
    pub async fn post(
        &self,
        document: &str,
        operation_name: Option<&str>,
        variables: &[u8],
        headers: HeaderMap,
        repeat: Repeat,
        deadline: Deadline,
    ) -> Result<Response<Bytes>, NetError> {
        let mut request = Request::new(body(document, operation_name, variables));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = headers;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.headers_mut().insert(ACCEPT, ACCEPTED);
        self.client.send_as(request, repeat, deadline, self.max_bytes).await
    }
}

/// Whether a document may run twice: what only reads may.
pub(super) fn repeat(mutation: bool) -> Repeat {
    if mutation { Repeat::Never } else { Repeat::Harmless }
}

fn body(document: &str, operation_name: Option<&str>, variables: &[u8]) -> Bytes {
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
    body.into()
}

fn push_string(body: &mut Vec<u8>, text: &str) {
    // Writing a string to a vector cannot fail.
    let _ = serde_json::to_writer(body, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_only_what_there_is() {
        assert_eq!(body("{ a }", None, b"{}"), r#"{"query":"{ a }"}"#);
        assert_eq!(
            body("query Q($a: Int) { b(a: $a) }", Some("Q"), br#"{"a":"x"}"#),
            r#"{"query":"query Q($a: Int) { b(a: $a) }","operationName":"Q","variables":{"a":"x"}}"#
        );
    }
}
