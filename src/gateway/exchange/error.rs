//! Errors as a client reads them.

use serde_json::{Map, Value, json};

use crate::graph::language::api::RequestProblem;
use crate::platform::base::span::LineColumn;

/// One entry of a response's `errors`.
#[derive(Clone, PartialEq, Debug)]
pub struct GraphqlError {
    /// The sentence.
    pub message: String,
    /// The stable code, in `extensions.code`.
    pub code: &'static str,
    /// Places in the document.
    pub locations: Vec<LineColumn>,
    /// Further extensions.
    pub extensions: Box<Map<String, Value>>,
}

// === impl GraphqlError ===

impl GraphqlError {
    /// An error without a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { message: message.into(), code, locations: Vec::new(), extensions: Box::default() }
    }

    /// Adds an extension.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.extensions.insert(key.to_owned(), value.into());
        self
    }

    /// The error as the specification writes it (§7.1.2).
    pub fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("message".into(), self.message.clone().into());
        if !self.locations.is_empty() {
            let locations = self.locations.iter().map(|at| json!({ "line": at.line, "column": at.column }));
            error.insert("locations".into(), locations.collect());
        }
        let mut extensions = Map::new();
        extensions.insert("code".into(), self.code.into());
        extensions.extend((*self.extensions).clone());
        error.insert("extensions".into(), extensions.into());
        Value::Object(error)
    }
}

impl From<RequestProblem> for GraphqlError {
    fn from(problem: RequestProblem) -> Self {
        Self { message: problem.message, code: problem.code, locations: problem.locations, extensions: Box::default() }
    }
}
