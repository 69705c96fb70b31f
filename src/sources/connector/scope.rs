//! The values that mappings of one fetch may read, made only if they are read.

use chrono::SecondsFormat;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::graph::connect::model::{ConnectSpec, SourceSpec};
use crate::graph::mapping::{Mapping, Variable, Variables};
use crate::sources::contract::RequestFacts;

use super::protocol::{Answer, More};

/// Variables that are the same for all calls of one fetch.
#[derive(Debug, Default)]
pub struct Scope {
    arguments: Value,
    rare: Option<Box<Rare>>,
}

/// What few mappings read.
#[derive(Debug, Default)]
struct Rare {
    request: Option<Value>,
    auth: Option<Value>,
    now: Option<Value>,
}

/// Which of the variables before the call are read, of those that cost something to make.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScopeReads {
    /// `$request`
    pub request: bool,
    /// `$auth`
    pub auth: bool,
    /// `$now`
    pub now: bool,
}

/// Which variables after the call a connector's mappings read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AnswerNeeds {
    response: bool,
}

/// Variables of one answer.
#[derive(Debug)]
pub(super) struct AnswerScope {
    status: Option<Value>,
    response: Option<Value>,
    results: Option<Value>,
}

/// Whether a mapping that is evaluated after the call reads `$response`.
pub fn reads_response(spec: &ConnectSpec, source: Option<&SourceSpec>) -> bool {
    AnswerNeeds::of(spec, source).response
}

// === impl Scope ===

impl Scope {
    /// The scope of a call with these arguments, as far as it is read.
    pub fn new(arguments: &Map<String, Value>, facts: &RequestFacts, reads: ScopeReads) -> Self {
        let claims = facts.claims.as_ref().filter(|_| reads.auth);
        let request = reads.request && !facts.headers.is_empty();
        let rare = || Rare {
            request: request.then(|| json!({ "headers": headers(&facts.headers) })),
            auth: claims.map(|claims| json!({ "claims": claims, "scopes": facts.scopes })),
            now: reads.now.then(|| facts.now.to_rfc3339_opts(SecondsFormat::Millis, true).into()),
        };
        let is_any = reads.request || reads.auth || reads.now;
        Self { arguments: Value::Object(arguments.clone()), rare: is_any.then(|| Box::new(rare())) }
    }

    /// The variables with those that never change.
    pub fn variables<'v>(&'v self, env: &'v Value, config: &'v Value) -> Variables<'v> {
        let mut variables = Variables::new()
            .with(Variable::Args, &self.arguments)
            .with(Variable::Env, env)
            .with(Variable::Config, config);
        let Some(Rare { request, auth, now }) = self.rare.as_deref() else { return variables };
        for (variable, value) in [(Variable::Request, request), (Variable::Auth, auth), (Variable::Now, now)] {
            if let Some(value) = value {
                variables.set(variable, value);
            }
        }
        variables
    }

    pub(super) fn arguments(&self) -> &Map<String, Value> {
        static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        self.arguments.as_object().unwrap_or(&NONE)
    }
}

// === impl AnswerNeeds ===

impl AnswerNeeds {
    /// What the mappings after the call read: selection, `isSuccess`, `errors`, those of pages.
    pub(super) fn of(spec: &ConnectSpec, source: Option<&SourceSpec>) -> Self {
        let own = [&spec.errors.message, &spec.errors.extensions, &spec.is_success];
        let of_source = source.map(|source| [&source.errors.message, &source.errors.extensions, &source.is_success]);
        let of_pages = spec.paginate.as_ref().map(|page| [&page.items, &page.total, &page.has_next, &page.next]);
        let mappings = own
            .into_iter()
            .chain(of_source.into_iter().flatten())
            .chain(of_pages.into_iter().flatten())
            .flatten()
            .map(|mapping| &mapping.value)
            .chain([&spec.selection.value]);
        let reads = |mapping: &Mapping| mapping.references().of(Variable::Response).is_some();
        Self { response: { mappings }.any(reads) }
    }
}

// === impl AnswerScope ===

impl AnswerScope {
    pub(super) fn new(answer: &Answer, needs: AnswerNeeds) -> Self {
        let response = needs.response.then(|| {
            let none = More::default();
            let more = answer.more.as_deref().unwrap_or(&none);
            let mut fields = Map::new();
            fields.insert("headers".to_owned(), headers(&more.headers));
            fields.insert("trailers".to_owned(), headers(&more.trailers));
            // What is absent is missing, not null, so that `?` and `??` see it.
            fields.extend(more.error.clone().map(|error| ("error".to_owned(), error)));
            fields.extend(more.errors.clone().map(|errors| ("errors".to_owned(), errors)));
            Value::Object(fields)
        });
        let results = answer.more.as_ref().and_then(|more| more.results.clone());
        Self { status: answer.status.map(Value::from), response, results }
    }

    /// Adds what is known after the call.
    pub(super) fn extend<'v>(&'v self, mut variables: Variables<'v>) -> Variables<'v> {
        let known = [
            (Variable::Status, &self.status),
            (Variable::Response, &self.response),
            (Variable::Results, &self.results),
        ];
        for (variable, value) in known {
            if let Some(value) = value {
                variables.set(variable, value);
            }
        }
        variables
    }
}

/// `name: [values]`, in lower case; values that are no text are left out.
fn headers(headers: &HeaderMap) -> Value {
    let mut fields = Map::new();
    for name in headers.keys() {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(Value::from);
        fields.insert(name.as_str().to_owned(), values.collect());
    }
    Value::Object(fields)
}
