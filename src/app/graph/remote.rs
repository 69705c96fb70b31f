//! A subgraph's SDL, asked of the subgraph itself (`_service { sdl }` of the federation
//! specification).

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Request};
use indexmap::IndexMap;
use serde_json::Value;

use crate::platform::base::deadline::Deadline;
use crate::platform::net::HttpClient;

const WITHIN: Duration = Duration::from_secs(10);
const MAX_BYTES: usize = 16 << 20;
const QUERY: &str = r#"{"query":"{ _service { sdl } }"}"#;

/// Asks the subgraph at `url` for its SDL.
///
/// # Errors
/// A sentence about what went wrong.
pub(super) async fn sdl(client: &HttpClient, url: &str, headers: &IndexMap<String, String>) -> Result<String, String> {
    let mut request = Request::post(url)
        .header(CONTENT_TYPE, "application/json")
        .body(Bytes::from_static(QUERY.as_bytes()))
        .map_err(|error| error.to_string())?;
    for (name, value) in headers {
        let header = name.parse::<HeaderName>().map_err(|_| format!("\"{name}\" is no header name"))?;
        let value = HeaderValue::from_str(value).map_err(|_| format!("the value of header {name} is not allowed"))?;
        request.headers_mut().insert(header, value);
    }
    let response = client.send(request, Deadline::after(WITHIN), MAX_BYTES).await.map_err(|error| error.to_string())?;
    let status = response.status();
    let answer: Value =
        serde_json::from_slice(response.body()).map_err(|_| format!("it answered with status {status} and no JSON"))?;
    match answer.pointer("/data/_service/sdl").and_then(Value::as_str) {
        Some(sdl) => Ok(sdl.to_owned()),
        None => {
            let said = answer.pointer("/errors/0/message").and_then(Value::as_str).unwrap_or("no SDL in its answer");
            Err(format!("it answered with status {status}: {said}"))
        }
    }
}
