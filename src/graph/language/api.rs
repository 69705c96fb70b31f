//! The schema clients see: it validates documents, coerces variables and answers introspection.

use std::sync::Arc;

use apollo_compiler::ast::{Definition, Document as ParsedSyntax, VariableDefinition};
use apollo_compiler::diagnostic::ToCliReport as _;
use apollo_compiler::executable::Operation as ParsedOperation;
use apollo_compiler::parser::{Parser, SourceMap as ParsedSources, SourceSpan};
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument as ParsedDocument, Node, Schema, introspection, request};
use apollo_parser::Lexer;
use serde_json::{Map, Value};

use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::LineColumn;

use super::ast::{ExecutableDocument, OperationKind};
use super::{document, parse};

/// How deep selections, lists and objects of a document may nest before parsing gives up.
const RECURSION_LIMIT: usize = 200;

/// An API schema, ready to judge documents.
pub struct ApiSchema {
    schema: Valid<Schema>,
    implementers: apollo_compiler::collections::HashMap<apollo_compiler::Name, apollo_compiler::schema::Implementers>,
}

/// A document that is valid against one API schema.
pub struct ValidDocument {
    /// What the client sent.
    pub text: Arc<str>,
    /// Its tree; spans point into `text`.
    pub tree: ExecutableDocument,
    parsed: Valid<ParsedDocument>,
    /// Whether `parsed` knows where its nodes were written.
    has_places: bool,
}

/// Why a request cannot be executed at all (a request error of the GraphQL specification).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub struct RequestProblem {
    /// A stable code.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// Places in the document, if it is about one.
    pub locations: Vec<LineColumn>,
}

/// How many tokens a document has, as the parser counts: spaces, commas, comments and the end are
/// tokens.
pub fn tokens(document: &str) -> usize {
    Lexer::new(document).count()
}

// === impl ApiSchema ===

impl ApiSchema {
    /// Reads and validates an API schema's SDL.
    ///
    /// # Errors
    /// When the SDL is not a valid schema; messages carry line and column of the SDL.
    pub fn parse(sdl: &str) -> Result<Self, Vec<Diagnostic>> {
        let schema = Schema::parse_and_validate(sdl, "api schema").map_err(|failed| {
            let errors = failed.errors.iter().map(|error| Diagnostic::error("INVALID_GRAPHQL", error.to_string()));
            errors.collect::<Vec<_>>()
        })?;
        let implementers = schema.implementers_map();
        Ok(Self { schema, implementers })
    }

    /// Parses and validates an executable document of at most `max_tokens` tokens.
    ///
    /// # Errors
    /// `MAX_TOKENS_LIMIT`, `GRAPHQL_PARSE_FAILED` or `GRAPHQL_VALIDATION_FAILED`; all problems of
    /// the stage that failed, at most 100.
    pub fn validate(&self, text: &str, max_tokens: usize) -> Result<ValidDocument, Vec<RequestProblem>> {
        match self.validate_plain(text, max_tokens) {
            Some(valid) => Ok(valid),
            None => self.validate_with_places(text, max_tokens),
        }
    }

    /// Most documents are plain and valid. A token has a byte at least.
    fn validate_plain(&self, text: &str, max_tokens: usize) -> Option<ValidDocument> {
        if text.len() > max_tokens {
            return None;
        }
        let tree = document::read(text)?;
        let syntax = document::to_parsed(&tree);
        let parsed = syntax.to_executable_validate(&self.schema).ok()?;
        if without_null_defaults(&syntax).is_some() {
            return None;
        }
        Some(ValidDocument { text: text.into(), tree, parsed, has_places: false })
    }

    fn validate_with_places(&self, text: &str, max_tokens: usize) -> Result<ValidDocument, Vec<RequestProblem>> {
        let mut parser = Parser::new().recursion_limit(RECURSION_LIMIT).token_limit(max_tokens);
        let syntax = parser.parse_ast(text, "document");
        if parser.tokens_reached() > max_tokens {
            let message = format!("The document has {} tokens; the limit is {max_tokens}", tokens(text));
            return Err(vec![RequestProblem { code: "MAX_TOKENS_LIMIT", message, locations: Vec::new() }]);
        }
        let document = syntax.map_err(|failed| problems("GRAPHQL_PARSE_FAILED", &failed.errors))?;
        let parsed = document
            .to_executable_validate(&self.schema)
            .map_err(|failed| problems("GRAPHQL_VALIDATION_FAILED", &failed.errors))?;
        if let Some(stricter) = without_null_defaults(&document) {
            stricter
                .to_executable_validate(&self.schema)
                .map_err(|failed| problems("GRAPHQL_VALIDATION_FAILED", &failed.errors))?;
        }
        let tree = parse::executable(&document, text);
        if tree.operations.is_empty() {
            let message = "The document has no operation".to_owned();
            return Err(vec![RequestProblem { code: "GRAPHQL_VALIDATION_FAILED", message, locations: Vec::new() }]);
        }
        Ok(ValidDocument { text: text.into(), tree, parsed, has_places: true })
    }

    /// Coerces the values a client sent for an operation's variables and fills in defaults.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when a value does not fit its type or a required one is missing.
    pub fn coerce_variables(
        &self,
        document: &ValidDocument,
        operation: Option<&str>,
        values: Map<String, Value>,
    ) -> Result<Map<String, Value>, RequestProblem> {
        let declares = document.operation(operation)?;
        if declares.variables.is_empty() {
            return Ok(Map::new());
        }
        let coerced = self.coerce(document, operation, values)?;
        match serde_json::to_value(&*coerced) {
            Ok(Value::Object(map)) => Ok(map),
            _ => Ok(Map::new()),
        }
    }

    /// Answers the `__schema` and `__type` fields of a query: one value a response key.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for variables that do not fit, `GRAPHQL_VALIDATION_FAILED` for a query
    /// that nests the schema's lists too deep.
    pub fn introspect(
        &self,
        document: &ValidDocument,
        operation: Option<&str>,
        values: Map<String, Value>,
    ) -> Result<Map<String, Value>, RequestProblem> {
        if let Some(document) = self.with_places(document) {
            return self.introspect(&document, operation, values);
        }
        let name = operation;
        let operation = document.operation(name)?;
        let failed = |error: request::RequestError| RequestProblem {
            code: "GRAPHQL_VALIDATION_FAILED",
            message: error.message().to_string(),
            locations: locations(error.location(), &document.parsed.sources),
        };
        introspection::check_max_depth(&document.parsed, operation).map_err(failed)?;
        let variables = self.coerce(document, name, values)?;
        let response =
            introspection::partial_execute(&self.schema, &self.implementers, &document.parsed, operation, &variables)
                .map_err(failed)?;
        match serde_json::to_value(&response.data) {
            Ok(Value::Object(map)) => Ok(map),
            _ => Ok(Map::new()),
        }
    }

    fn coerce(
        &self,
        document: &ValidDocument,
        name: Option<&str>,
        values: Map<String, Value>,
    ) -> Result<Valid<JsonMap>, RequestProblem> {
        let operation = document.operation(name)?;
        let bad_input = |message: String, at: Option<SourceSpan>| RequestProblem {
            code: "BAD_USER_INPUT",
            message,
            locations: locations(at, &document.parsed.sources),
        };
        let values: JsonMap =
            serde_json::from_value(Value::Object(values)).map_err(|error| bad_input(error.to_string(), None))?;
        request::coerce_variable_values(&self.schema, operation, &values).map_err(|error| {
            let with_places = self.with_places(document);
            let again = with_places.as_ref().and_then(|document| {
                let operation = document.operation(name).ok()?;
                let error = request::coerce_variable_values(&self.schema, operation, &values).err()?;
                Some(locations(error.location(), &document.parsed.sources))
            });
            let mut problem = bad_input(error.message().to_string(), error.location());
            problem.locations = again.unwrap_or(problem.locations);
            problem
        })
    }

    /// The same document, read again for its places if it has none.
    fn with_places(&self, document: &ValidDocument) -> Option<ValidDocument> {
        match document.has_places {
            true => None,
            false => self.validate_with_places(&document.text, usize::MAX).ok(),
        }
    }
}

impl std::fmt::Debug for ApiSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiSchema").field("types", &self.schema.types.len()).finish_non_exhaustive()
    }
}

// === impl ValidDocument ===

impl ValidDocument {
    /// The kind of the operation a request names, or of the only one.
    ///
    /// # Errors
    /// `OPERATION_RESOLUTION_FAILURE` when there is no such operation, or several and no name.
    pub fn kind(&self, operation: Option<&str>) -> Result<OperationKind, RequestProblem> {
        let operation = self.operation(operation)?;
        Ok(match operation.operation_type {
            apollo_compiler::ast::OperationType::Query => OperationKind::Query,
            apollo_compiler::ast::OperationType::Mutation => OperationKind::Mutation,
            apollo_compiler::ast::OperationType::Subscription => OperationKind::Subscription,
        })
    }

    fn operation(&self, name: Option<&str>) -> Result<&Node<ParsedOperation>, RequestProblem> {
        self.parsed.operations.get(name).map_err(|_| RequestProblem {
            code: "OPERATION_RESOLUTION_FAILURE",
            message: match name {
                Some(name) => format!("The document has no operation \"{name}\""),
                None => "The document has several operations; say which one with operationName".to_owned(),
            },
            locations: Vec::new(),
        })
    }
}

impl std::fmt::Debug for ValidDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ValidDocument").field("text", &self.text).finish_non_exhaustive()
    }
}

/// The document without defaults of `null` for nullable variables, if it has any. A variable may only
/// stand where null may not if its default is something else (GraphQL specification, "All Variable
/// Usages Are Allowed"), which the validator does not tell apart.
fn without_null_defaults(document: &ParsedSyntax) -> Option<ParsedSyntax> {
    let is_null = |variable: &VariableDefinition| {
        !variable.ty.is_non_null() && variable.default_value.as_ref().is_some_and(|value| value.is_null())
    };
    let has_null = |definition: &Definition| match definition {
        Definition::OperationDefinition(operation) => operation.variables.iter().any(|variable| is_null(variable)),
        _ => false,
    };
    if !document.definitions.iter().any(has_null) {
        return None;
    }
    let mut stricter = document.clone();
    for definition in &mut stricter.definitions {
        if let Definition::OperationDefinition(operation) = definition {
            for variable in operation.make_mut().variables.iter_mut().filter(|variable| is_null(variable)) {
                variable.make_mut().default_value = None;
            }
        }
    }
    Some(stricter)
}

/// At most this many problems of one document are reported.
const MAX_PROBLEMS: usize = 100;

fn problems(code: &'static str, errors: &DiagnosticList) -> Vec<RequestProblem> {
    let one = |error: apollo_compiler::diagnostic::Diagnostic<'_, apollo_compiler::validation::DiagnosticData>| {
        RequestProblem {
            code,
            message: error.error.to_string(),
            locations: locations(error.error.location(), error.sources),
        }
    };
    errors.iter().take(MAX_PROBLEMS).map(one).collect()
}

fn locations(span: Option<SourceSpan>, sources: &ParsedSources) -> Vec<LineColumn> {
    span.and_then(|span| span.line_column(sources))
        .map(|at| LineColumn { line: at.line as u32, column: at.column as u32 })
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> ApiSchema {
        ApiSchema::parse("type Query { me(n: Int = 3, in: In): User } type User { id: ID! friend: User } input In @oneOf { a: Int b: Int }")
            .expect("valid")
    }

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            _ => panic!("an object"),
        }
    }

    #[test]
    fn tokens_are_counted_as_they_are_limited() {
        let (schema, text) = (schema(), "{ me { id, name: id } } # the end");
        assert_eq!(tokens(text), 20);
        assert!(schema.validate(text, 20).is_ok());
        assert_eq!(schema.validate(text, 19).expect_err("too many")[0].code, "MAX_TOKENS_LIMIT");
    }

    #[test]
    fn problems_have_codes_and_places() {
        let schema = schema();
        let of = |text: &str| schema.validate(text, 100).expect_err("invalid");
        assert_eq!(of("{ me { id ").first().map(|p| p.code), Some("GRAPHQL_PARSE_FAILED"));
        let problems = of("{\n  me { nme\n other } }");
        assert_eq!(problems.len(), 2);
        assert_eq!(
            (problems[0].code, &problems[0].locations[..]),
            ("GRAPHQL_VALIDATION_FAILED", &[LineColumn { line: 2, column: 8 }][..])
        );
        assert_eq!(of(&format!("{{ {} }}", "me { id } ".repeat(50)))[0].code, "MAX_TOKENS_LIMIT");
        assert_eq!(of("fragment F on User { id }")[0].code, "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(of("{ me(in: {a: 1, b: 2}) { id } }")[0].code, "GRAPHQL_VALIDATION_FAILED");
    }

    #[test]
    fn hostile_documents_are_refused_in_bounded_time() {
        let schema = schema();
        assert!(schema.validate(&"{ me ".repeat(20_000), 1_000_000).is_err());
        let cyclic = "{ me { ...A ...B } } fragment A on User { friend { ...B ...B } } fragment B on User { friend { ...A ...A } }";
        assert!(schema.validate(cyclic, 1_000).is_err());
    }

    #[test]
    fn a_null_default_does_not_make_a_variable_fit_for_a_non_null_place() {
        let schema = ApiSchema::parse("type Query { f(n: Int!, d: Int! = 3, o: Int): Int }").expect("valid");
        let refused = |text: &str| schema.validate(text, 100).err().map(|problems| problems[0].code);
        let failed = Some("GRAPHQL_VALIDATION_FAILED");
        assert_eq!(refused("query ($v: Int = null) { f(n: $v) }"), failed);
        assert_eq!(refused("query ($v: Int! = null) { f(n: $v) }"), failed);
        assert_eq!(refused("query ($v: Int = 1) { f(n: $v) }"), None);
        assert_eq!(refused("query ($v: Int = null) { f(n: 1, d: $v, o: $v) }"), None);
    }

    #[test]
    fn coerces_variables_and_answers_introspection() {
        let schema = schema();
        let document = schema
            .validate(
                "query Q($n: Int = 7) { me(n: $n) { id } t: __type(name: \"User\") { name } } query R { __typename }",
                100,
            )
            .expect("valid");
        assert_eq!(schema.coerce_variables(&document, Some("Q"), Map::new()), Ok(object(json!({"n": 7}))));
        let error = schema.coerce_variables(&document, Some("Q"), object(json!({"n": "x"}))).expect_err("not an Int");
        assert_eq!(error.code, "BAD_USER_INPUT");
        assert_eq!(document.kind(None).expect_err("several").code, "OPERATION_RESOLUTION_FAILURE");
        assert_eq!(schema.introspect(&document, Some("Q"), Map::new()), Ok(object(json!({"t": {"name": "User"}}))));
    }
}
