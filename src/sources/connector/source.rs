//! A connector as a source: the rows of one fetch, each from its call or its chunk.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::Value;

use crate::graph::connect::model::{BatchSpec, ConnectSpec, ConnectedSubgraph, Place, SourceSpec};
use crate::graph::mapping::{Mapping, Variable, Variables};
use crate::platform::base::Name;
use crate::sources::contract::{Call, CallContext, FetchRequest, Source, SourceError, Wanted};
use crate::sources::rows::shape::{FieldShape, ObjectShape, RowShape};
use crate::sources::rows::slot::Rows;
use crate::sources::rows::visit::RowsBuilder;

use super::batch::{self, Elements};
use super::failure::{DESERIALIZE, in_row};
use super::page::CursorKey;
use super::protocol::Protocol;
use super::row;
use super::scope::{AnswerNeeds, Scope};

/// What a connector is built from.
pub struct ConnectorParts {
    /// The virtual subgraph's name: `subgraph.connector_id`.
    pub name: Name,
    /// The subgraph it belongs to.
    pub subgraph: Arc<ConnectedSubgraph>,
    /// Its position among the subgraph's connectors.
    pub position: usize,
    /// How it calls; none for computed fields.
    pub protocol: Option<Arc<dyn Protocol>>,
    /// `$env`
    pub env: Arc<Value>,
    /// `$config`
    pub config: Arc<Value>,
    /// What cursors are made with.
    pub cursors: CursorKey,
}

/// One `@connect`.
pub struct Connector {
    pub(super) name: Name,
    pub(super) service: Name,
    pub(super) spec: ConnectSpec,
    pub(super) protocol: Option<Arc<dyn Protocol>>,
    pub(super) cursors: CursorKey,
    pub(super) needs: AnswerNeeds,
    subgraph: Arc<ConnectedSubgraph>,
    elements: Elements,
    env: Arc<Value>,
    config: Arc<Value>,
}

/// One fetch while it runs.
pub(super) struct Fetch<'f> {
    pub(super) connector: &'f Connector,
    pub(super) context: &'f CallContext,
    pub(super) scope: Scope,
    pub(super) wanted: &'f [Wanted],
    pub(super) mutation: bool,
    /// One value a row, not a list.
    pub(super) single: bool,
    /// What a row is for the mappings of a call that is not batched.
    pub(super) given: Option<Variable>,
    pub(super) tally: &'f Tally,
}

/// What a fetch counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    calls: AtomicU32,
    problems: AtomicU32,
}

/// What a row got.
type RowResult = Result<RowValue, SourceError>;

/// A row's value, not yet fitted to the field.
#[derive(Clone)]
enum RowValue {
    /// The value; nothing when it is missing.
    One(Option<Value>),
    /// The elements of a batch's answer that belong to the row.
    Group(Vec<Value>),
}

// === impl Connector ===

impl Connector {
    /// Builds the connector; `None` when there is none at that position.
    pub fn new(parts: ConnectorParts) -> Option<Self> {
        let spec = parts.subgraph.connectors.get(parts.position)?.clone();
        let needs = AnswerNeeds::of(&spec, parts.subgraph.source_of(&spec));
        Some(Self {
            name: parts.name,
            service: parts.subgraph.name.clone(),
            elements: Elements::of(&spec.selection.value),
            spec,
            protocol: parts.protocol,
            cursors: parts.cursors,
            needs,
            subgraph: parts.subgraph,
            env: parts.env,
            config: parts.config,
        })
    }

    pub(super) fn source(&self) -> Option<&SourceSpec> {
        self.subgraph.source_of(&self.spec)
    }

    async fn run(&self, request: &FetchRequest, context: &CallContext) -> Result<Rows, SourceError> {
        let Call::Connector { arguments, rows, wanted, mutation } = &request.call else {
            return Err(SourceError::new(DESERIALIZE, "a connector was called as a subgraph"));
        };
        let tally = Tally::default();
        let fetch = Fetch {
            connector: self,
            context,
            scope: Scope::new(arguments, &context.facts),
            wanted,
            mutation: *mutation,
            single: self.is_single(&request.shape),
            given: self.given(&request.shape),
            tally: &tally,
        };
        let (distinct, places) = distinct(rows);
        let results = self.results(&fetch, &distinct).await;
        // With one row there is nothing beside the error: the fetch as a whole has failed.
        if let (RowShape::Root(_), [Err(error)]) = (&*request.shape, results.as_slice()) {
            return Err(error.clone());
        }
        let mut built = self.build(request, &results, &places);
        built.calls = Some(tally.calls.load(Ordering::Relaxed));
        let problems = tally.problems.load(Ordering::Relaxed);
        if problems > 0 {
            tracing::Span::current().record("pleach.mapping.problems", problems);
        }
        Ok(built)
    }

    /// One result a distinct row.
    async fn results(&self, fetch: &Fetch<'_>, rows: &[Value]) -> Vec<RowResult> {
        let concurrency = self.spec.concurrency.max(1) as usize;
        if let Some(spec) = &self.spec.batch {
            let chunks = rows.chunks(spec.max_size.max(1) as usize);
            let calls: Vec<_> = chunks.map(|chunk| self.chunk(fetch, spec, chunk).boxed()).collect();
            return stream::iter(calls).buffered(concurrency).concat().await;
        }
        let calls: Vec<_> = rows.iter().map(|row| row::value(fetch, row).boxed()).collect();
        stream::iter(calls).buffered(concurrency).map(|value| value.map(RowValue::One)).collect().await
    }

    /// The rows of one chunk; a failure is theirs alone.
    async fn chunk(&self, fetch: &Fetch<'_>, spec: &BatchSpec, keys: &[Value]) -> Vec<RowResult> {
        match batch::chunk(fetch, spec, &self.elements, keys).await {
            Ok(groups) => groups.into_iter().map(|group| Ok(RowValue::Group(group))).collect(),
            Err(error) => vec![Err(error); keys.len()],
        }
    }

    /// Whether a row's value is one value, not a list.
    fn is_single(&self, shape: &RowShape) -> bool {
        match &self.spec.batch {
            Some(_) => false,
            None if self.yields_entities(shape) => true,
            None => object_shapes(shape)
                .next()
                .and_then(|object| object.fields.first())
                .is_none_or(|field| field.value.lists == 0),
        }
    }

    /// A lookup by a root field takes a row as the field's arguments, which are named like the key;
    /// a root field as such starts from nothing.
    fn given(&self, shape: &RowShape) -> Option<Variable> {
        match self.spec.place {
            Place::Root { .. } => self.yields_entities(shape).then_some(Variable::Args),
            Place::Field { .. } | Place::Type { .. } => Some(Variable::This),
        }
    }

    /// Whether each row is an entity, not an object with the connector's field.
    fn yields_entities(&self, shape: &RowShape) -> bool {
        let by_lookup = self.spec.entity && matches!(shape, RowShape::Lists(_));
        by_lookup || matches!(self.spec.place, Place::Type { .. })
    }

    fn build(&self, request: &FetchRequest, results: &[RowResult], places: &[usize]) -> Rows {
        let typed = self.protocol.as_ref().is_some_and(|protocol| protocol.is_typed());
        let mut builder = RowsBuilder::new(typed);
        let is_entity = self.yields_entities(&request.shape);
        let counts: Vec<usize> = match &*request.shape {
            RowShape::Root(_) => vec![1],
            RowShape::Lists(_) => request.expected.iter().map(|&count| count as usize).collect(),
        };
        let mut places = places.iter();
        for (object, count) in object_shapes(&request.shape).zip(counts) {
            for _ in 0..count {
                match places.next().and_then(|&place| results.get(place)) {
                    Some(Ok(value)) => add_row(&mut builder, value, object, is_entity),
                    Some(Err(error)) => builder.failed(in_row(error)),
                    None => builder.null(),
                }
            }
        }
        builder.finish()
    }
}

impl Source for Connector {
    fn name(&self) -> &str {
        &self.name
    }

    fn fetch<'a>(
        &'a self,
        request: &'a FetchRequest,
        context: &'a CallContext,
    ) -> BoxFuture<'a, Result<Rows, SourceError>> {
        self.run(request, context).boxed()
    }
}

/// Adds one row: an entity is the row itself, a field's value stands in its parent's row.
fn add_row(builder: &mut RowsBuilder, value: &RowValue, shape: &ObjectShape, is_entity: bool) {
    match (is_entity, value) {
        (true, RowValue::One(Some(value))) => builder.row(value, shape),
        // The later of two elements for one key wins.
        (true, RowValue::Group(group)) if !group.is_empty() => {
            builder.row(group.last().unwrap_or(&Value::Null), shape);
        }
        (true, _) => builder.null(),
        (false, RowValue::One(value)) => add_field(builder, value.as_ref().unwrap_or(&Value::Null), shape),
        (false, RowValue::Group(group)) => {
            let is_list = shape.fields.first().is_some_and(|field| field.value.lists > 0);
            let value = match (is_list, group.first()) {
                (true, _) => Value::Array(group.clone()),
                (false, first) => first.cloned().unwrap_or(Value::Null),
            };
            add_field(builder, &value, shape);
        }
    }
}
/// A row that holds `value` under every key of the shape: they all stand for one field.
fn add_field(builder: &mut RowsBuilder, value: &Value, shape: &ObjectShape) {
    match shape.fields.as_slice() {
        [field] => builder.row_of_field(value, shape, field),
        fields => {
            let object = fields.iter().map(|field: &FieldShape| (field.key.to_string(), value.clone())).collect();
            builder.row(&Value::Object(object), shape);
        }
    }
}

fn object_shapes(shape: &RowShape) -> impl Iterator<Item = &ObjectShape> {
    let (root, lists) = match shape {
        RowShape::Root(object) => (Some(object), [].as_slice()),
        RowShape::Lists(lists) => (None, lists.as_slice()),
    };
    root.into_iter().chain(lists.iter().map(|list| &list.object))
}

/// Equal rows once, and for each row which of them it is.
fn distinct(rows: &[Value]) -> (Vec<Value>, Vec<usize>) {
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(rows.len());
    let mut distinct = Vec::new();
    let places = rows
        .iter()
        .map(|row| {
            *seen.entry(row.to_string()).or_insert_with(|| {
                distinct.push(row.clone());
                distinct.len() - 1
            })
        })
        .collect();
    (distinct, places)
}

// === impl Fetch ===

impl Fetch<'_> {
    pub(super) fn variables(&self) -> Variables<'_> {
        self.scope.variables(&self.connector.env, &self.connector.config)
    }

    /// Evaluates a mapping; its problems are counted.
    pub(super) fn evaluate(
        &self,
        mapping: &Mapping,
        input: Option<&Value>,
        variables: &Variables<'_>,
    ) -> Option<Value> {
        row::counted(mapping.evaluate(input, variables), self.tally)
    }
}

// === impl Tally ===

impl Tally {
    pub(super) fn called(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn problem(&self, message: &str) {
        self.problems.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(problem = message, "a mapping had a problem");
    }
}
