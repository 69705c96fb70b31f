//! A request's parameters, from a JSON body or from a URL.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::gateway::exchange::error::GraphqlError;
use crate::gateway::exchange::request::GraphqlRequest;

/// The code of a request that names its document by a hash, as automatic persisted queries do.
pub const PERSISTED_QUERY_NOT_SUPPORTED: &str = "PERSISTED_QUERY_NOT_SUPPORTED";

/// The parameters, if each has its type and stands there once.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Plain {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Map<String, Value>>,
    extensions: Option<Map<String, Value>>,
}

/// Reads a POST body.
///
/// # Errors
/// `BAD_REQUEST` when it is not a JSON object or a parameter has the wrong type;
/// `PERSISTED_QUERY_NOT_SUPPORTED`.
pub fn from_json(body: &[u8]) -> Result<GraphqlRequest, GraphqlError> {
    if body.is_empty() {
        return Err(bad("The request has no body; send a JSON object with \"query\""));
    }
    // What is as it should be is read at once; of everything else, somebody has to be told why.
    if body.first() == Some(&b'{')
        && let Ok(Plain { query: Some(query), operation_name, variables, extensions }) = serde_json::from_slice(body)
    {
        let (variables, extensions) = (variables.unwrap_or_default(), extensions.unwrap_or_default());
        return Ok(GraphqlRequest { query: Some(query), operation_name, variables, extensions, read_only: false });
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => from_object(object),
        Ok(Value::Array(_)) => Err(bad("Batched requests are not enabled; send one JSON object")),
        Ok(_) => Err(bad("The body must be a JSON object with \"query\"")),
        Err(error) => Err(bad(format!("The body is not JSON: {error}"))),
    }
}

/// Reads a GET request's query string; `variables` and `extensions` are JSON texts.
///
/// # Errors
/// `BAD_REQUEST` when a parameter is not what it should be.
pub fn from_query_string(query: &str) -> Result<GraphqlRequest, GraphqlError> {
    let mut object = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = match &*name {
            "query" | "operationName" if value.is_empty() && name == "operationName" => continue,
            "query" | "operationName" => Value::String(value.into_owned()),
            "variables" | "extensions" if value.is_empty() => continue,
            "variables" | "extensions" => {
                serde_json::from_str(&value).map_err(|error| bad(format!("\"{name}\" is not JSON: {error}")))?
            }
            _ => continue,
        };
        object.insert(name.into_owned(), value);
    }
    Ok(GraphqlRequest { read_only: true, ..from_object(object)? })
}

fn from_object(mut object: Map<String, Value>) -> Result<GraphqlRequest, GraphqlError> {
    let query = text(&mut object, "query")?;
    let operation_name = text(&mut object, "operationName")?;
    let variables = map(&mut object, "variables")?;
    let extensions = map(&mut object, "extensions")?;
    if query.is_none() {
        return Err(match extensions.contains_key("persistedQuery") {
            // Clients know this very message, and then send the whole document.
            true => GraphqlError::new(PERSISTED_QUERY_NOT_SUPPORTED, "PersistedQueryNotSupported"),
            false => bad("The request has no \"query\""),
        });
    }
    Ok(GraphqlRequest { query, operation_name, variables, extensions, read_only: false })
}

fn text(object: &mut Map<String, Value>, name: &str) -> Result<Option<String>, GraphqlError> {
    match object.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(bad(format!("\"{name}\" must be a string"))),
    }
}

fn map(object: &mut Map<String, Value>, name: &str) -> Result<Map<String, Value>, GraphqlError> {
    match object.remove(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(bad(format!("\"{name}\" must be an object"))),
    }
}

fn bad(message: impl Into<String>) -> GraphqlError {
    GraphqlError::new("BAD_REQUEST", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_the_same_request_from_body_and_url() {
        let post = from_json(br#"{"query":"{a}","operationName":null,"variables":{"x":1},"more":2}"#).expect("good");
        let get = from_query_string("query=%7Ba%7D&operationName=&variables=%7B%22x%22%3A1%7D&more=2").expect("good");
        assert_eq!(GraphqlRequest { read_only: false, ..get.clone() }, post);
        assert!(get.read_only);
        assert_eq!(json!(post.variables), json!({"x": 1}));
    }

    #[test]
    fn a_body_that_is_not_plain_means_what_it_meant() {
        let named = from_json(br#" { "query": "{b}", "query": "{a}", "variables": null, "operationName": "A" }"#);
        let named = named.expect("good");
        assert_eq!((named.query.as_deref(), named.operation_name.as_deref()), (Some("{a}"), Some("A")));
        assert_eq!(from_json(br#"["{a}"]"#).expect_err("a list").code, "BAD_REQUEST");
        let persisted = br#"{"extensions":{"persistedQuery":{"version":1}}}"#;
        assert_eq!(from_json(persisted).expect_err("no text").code, PERSISTED_QUERY_NOT_SUPPORTED);
    }

    #[test]
    fn wrong_parameters_are_refused() {
        for body in [
            "",
            "[]",
            "1",
            "{",
            "{}",
            r#"{"query":1}"#,
            r#"{"query":"a","variables":[]}"#,
            r#"{"query":"a","extensions":"x"}"#,
        ] {
            assert_eq!(from_json(body.as_bytes()).expect_err(body).code, "BAD_REQUEST");
        }
        for query in ["", "query=a&variables=x", "query=a&variables=1"] {
            assert_eq!(from_query_string(query).expect_err(query).code, "BAD_REQUEST");
        }
        let deep = format!("{{\"query\":\"a\",\"variables\":{}", "[".repeat(100_000));
        assert_eq!(from_json(deep.as_bytes()).expect_err("deep").code, "BAD_REQUEST");
    }
}
