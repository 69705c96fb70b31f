//! How a failed answer becomes an error (connect language §4.7).

use serde_json::{Map, Value, json};

use crate::graph::connect::model::{ConnectSpec, SourceSpec};
use crate::graph::mapping::Variables;
use crate::platform::base::Name;
use crate::sources::contract::{BAD_INPUT, SourceError};

use super::page::PageError;
use super::protocol::Fact;

/// The default code of a failed answer.
const FETCH: &str = "CONNECTOR_FETCH";
/// The code of an answer that is not what its content type says.
pub const DESERIALIZE: &str = "CONNECTOR_DESERIALIZE";
/// The code of a call that met no system, or lost it.
pub const TRANSPORT: &str = "HTTP_CLIENT_ERROR";
/// The code of a batch whose answer is no list.
pub(super) const NOT_A_LIST: &str = "BATCH_NOT_A_LIST";
const DEFAULT_MESSAGE: &str = "Request failed";

/// The error of an answer that is no success. What the author maps is shown to clients, the defaults
/// that only we know where errors are not masked.
pub(super) fn failed(
    service: &Name,
    spec: &ConnectSpec,
    source: Option<&SourceSpec>,
    input: &Value,
    variables: &Variables<'_>,
    fact: Option<Fact>,
) -> SourceError {
    let of_source = source.map(|source| &source.errors);
    let message = spec.errors.message.as_ref().or_else(|| of_source?.message.as_ref());
    let message = message.and_then(|mapping| match mapping.value.evaluate(Some(input), variables).value {
        Some(Value::String(message)) => Some(message),
        _ => None,
    });
    let mut authored = Map::new();
    for mapping in [of_source.and_then(|errors| errors.extensions.as_ref()), spec.errors.extensions.as_ref()] {
        let value = mapping.and_then(|mapping| mapping.value.evaluate(Some(input), variables).value);
        if let Some(Value::Object(fields)) = value {
            merge(&mut authored, fields);
        }
    }
    let code = match authored.shift_remove("code") {
        Some(Value::String(code)) => code,
        Some(other) if !other.is_null() => other.to_string(),
        _ => FETCH.to_owned(),
    };
    let is_authored = message.is_some() || !authored.is_empty();
    let mut all = defaults(service, spec, fact);
    merge(&mut all, authored.clone());
    let (extensions, unmasked) = if is_authored { (authored, Some(Box::new(all))) } else { (all, None) };
    SourceError {
        extensions,
        authored: is_authored,
        unmasked,
        ..SourceError::new(&code, message.unwrap_or_else(|| DEFAULT_MESSAGE.to_owned()))
    }
}

fn defaults(service: &Name, spec: &ConnectSpec, fact: Option<Fact>) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("service".to_owned(), json!(service));
    fields.insert("connector".to_owned(), json!({ "coordinate": spec.place.to_string(), "id": spec.id }));
    match fact {
        None => {}
        Some(Fact::HttpStatus(status)) => drop(fields.insert("http".to_owned(), json!({ "status": status }))),
        Some(Fact::GrpcCode(code)) => drop(fields.insert("grpc".to_owned(), json!({ "code": code }))),
        Some(Fact::SqlState(state)) => drop(fields.insert("sql".to_owned(), json!({ "sqlstate": state }))),
    }
    fields
}

/// Merges objects deeply, later values over earlier ones.
fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(known)), Value::Object(more)) => merge(known, more),
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

impl From<PageError> for SourceError {
    /// The client asked for it and may read why.
    fn from(error: PageError) -> Self {
        let code = match error {
            PageError::BadCursor(_) => "BAD_CURSOR",
            PageError::TooLarge { .. } => "PAGE_TOO_LARGE",
            PageError::Negative(_) | PageError::NoBackward => BAD_INPUT,
        };
        Self { authored: true, ..Self::new(code, error.to_string()) }
    }
}
