//! A connector as a source: the rows of one fetch, each from its call or its chunk.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::{Map, Value};

use crate::graph::connect::model::{BatchSpec, ConnectSpec, ConnectedSubgraph, Place, SourceSpec};
use crate::graph::mapping::{Mapping, Variable, Variables};
use crate::platform::base::Name;
use crate::sources::contract::{Call, CallContext, FetchRequest, Source, SourceError, Wanted};
use crate::sources::rows::errors::{LocatedError, place_errors};
use crate::sources::rows::representations::Representations;
use crate::sources::rows::shape::{FieldShape, ObjectShape, RowShape, ValueKind, ValueShape};
use crate::sources::rows::slot::{Numbers, PathSegment, Rows, UpstreamError};
use crate::sources::rows::visit::RowsBuilder;

use super::batch::{self, Chunk, Elements};
use super::by_shape::ByShape;
use super::direct::{Direct, Directs, Yield};
use super::failure::DESERIALIZE;
use super::filled;
use super::page::CursorKey;
use super::protocol::Protocol;
use super::reads::{AlikeReads, Claim, Pending, Reads, SharedBatch};
use super::reported::Mapped;
use super::row;
use super::scope::{AnswerNeeds, Scope, ScopeReads};

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
    /// How long one call may take.
    pub timeout: Duration,
}

/// One `@connect`.
pub struct Connector {
    pub(super) name: Name,
    pub(super) service: Name,
    pub(super) spec: ConnectSpec,
    pub(super) protocol: Option<Arc<dyn Protocol>>,
    pub(super) cursors: CursorKey,
    pub(super) needs: AnswerNeeds,
    pub(super) timeout: Duration,
    reads: ScopeReads,
    /// How answers become rows without values, if the mappings allow it at all.
    directs: Option<Directs>,
    /// What it yields, if that is the same every time.
    constants: Option<ByShape<Arc<Rows>>>,
    subgraph: Arc<ConnectedSubgraph>,
    elements: Elements,
    /// The keys of `$batch` that mappings read, if they read nothing else of it.
    pub(super) columns: Option<Vec<Name>>,
    env: Arc<Value>,
    config: Arc<Value>,
}

/// One fetch while it runs.
pub(super) struct Fetch<'f> {
    pub(super) connector: &'f Connector,
    pub(super) context: &'f CallContext,
    pub(super) scope: Scope,
    /// What is wanted of each value that the selection yields; none for everything.
    pub(super) wanted: Option<Vec<Wanted>>,
    pub(super) mutation: bool,
    /// One value a row, not a list.
    pub(super) single: bool,
    /// What a row is for the mappings of a call that is not batched.
    pub(super) given: Option<Variable>,
    /// How answers become rows without values in between.
    pub(super) direct: Option<Arc<Direct>>,
    /// Where the numbers of cells begin in each answer; those that are put together are numbered anew.
    pub(super) first: Numbers,
    /// The operation's reads, if others may be equal to these.
    pub(super) reads: Option<AlikeReads>,
    pub(super) tally: &'f Tally,
}

/// What a fetch counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    calls: AtomicU32,
    problems: AtomicU32,
    /// A mapping was stopped, and nobody has been told yet.
    stopped: AtomicBool,
    /// Errors that were reported beside data and have no place in it.
    unplaced: Mutex<Vec<UpstreamError>>,
}

/// What a row got.
type RowResult = Result<RowValue, SourceError>;

/// A row's value, not yet fitted to the field.
pub(super) enum RowValue {
    /// The value; nothing when it is missing.
    One(Option<Mapped>),
    /// The elements of a batch's answer that belong to the row.
    Group(Vec<Mapped>),
    /// The row itself.
    Read(Rows),
}

/// The arguments for a row.
pub(super) enum Filled {
    /// Those of the fetch, or the row itself.
    AsGiven,
    /// These.
    Arguments(Box<Value>),
    /// There is no object to ask for.
    NoObject,
}

/// What some consecutive rows got.
enum Answered {
    /// A result each.
    Results(Vec<RowResult>),
    /// Rows, one each.
    Rows(Rows),
}

// === impl Connector ===

impl Connector {
    /// Builds the connector; `None` when there is none at that position.
    pub fn new(parts: ConnectorParts) -> Option<Self> {
        let spec = parts.subgraph.connectors.get(parts.position)?.clone();
        let source = parts.subgraph.source_of(&spec);
        let needs = AnswerNeeds::of(&spec, source);
        let is_success = spec.is_success.as_ref().or_else(|| source?.is_success.as_ref());
        let may_be_direct = parts.protocol.as_ref().is_some_and(|protocol| protocol.gives_bytes())
            && is_success.is_none()
            && spec.paginate.is_none()
            && spec.selection.value.projection().is_some();
        let is_constant = parts.protocol.is_none() && is_constant(&spec);
        Some(Self {
            name: parts.name,
            service: parts.subgraph.name.clone(),
            elements: Elements::of(&spec.selection.value),
            protocol: parts.protocol,
            cursors: parts.cursors,
            timeout: parts.timeout,
            needs,
            reads: ScopeReads {
                request: parts.subgraph.reads(&spec, Variable::Request),
                auth: parts.subgraph.reads(&spec, Variable::Auth),
                now: parts.subgraph.reads(&spec, Variable::Now),
            },
            directs: may_be_direct.then(Directs::default),
            constants: is_constant.then(ByShape::default),
            columns: match parts.subgraph.read_of(&spec, Variable::Batch) {
                Some(batch) if !batch.bare => Some(batch.keys.into_keys().collect()),
                _ => None,
            },
            spec,
            subgraph: parts.subgraph,
            env: parts.env,
            config: parts.config,
        })
    }

    pub(super) fn source(&self) -> Option<&SourceSpec> {
        self.subgraph.source_of(&self.spec)
    }

    async fn run(&self, request: &FetchRequest, context: &CallContext) -> Result<Rows, SourceError> {
        let Call::Connector { arguments, rows, wanted, mutation, shared } = &request.call else {
            return Err(SourceError::new(DESERIALIZE, "a connector was called as a subgraph"));
        };
        let tally = Tally::default();
        let (distinct, places) = rows.distinct();
        let single = self.is_single(&request.shape);
        let reads = shared.then(|| context.memory.get::<Reads>().alike(self.alike(arguments, wanted, single)));
        let mut fetch = Fetch {
            connector: self,
            context,
            scope: Scope::new(arguments, &context.facts, self.reads),
            wanted: self.asks_for_wanted().then(|| self.wanted(wanted, &request.shape)).flatten(),
            mutation: *mutation,
            single,
            given: self.given(&request.shape),
            direct: None,
            first: request.first,
            reads,
            tally: &tally,
        };
        let batch = self.spec.batch.as_ref();
        let claim = batch.zip(fetch.reads.as_ref());
        // In a box, since it is rare, and a fetch is moved about as a future.
        let claim = claim.map(|(spec, reads)| Box::new(reads.claim(&distinct, spec.max_size as usize)));
        // Rows that share an answer need copies of it.
        if distinct.len() == rows.len() && claim.as_ref().is_none_or(|claim| claim.places.is_none()) {
            fetch.direct = self.direct(request, rows.len());
        }
        let answered = match claim {
            Some(claim) => Box::pin(self.claimed(&fetch, *claim)).await,
            None => self.answers(&fetch, &distinct).await,
        };
        let mut built = match fetch.direct {
            Some(_) => self.append(request, answered)?,
            None => self.build(request, results(answered), &places, &tally)?,
        };
        let mut unplaced = tally.unplaced.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !unplaced.is_empty() {
            built.reports_mut().general.append(&mut unplaced);
        }
        built.calls = Some(tally.calls.load(Ordering::Relaxed));
        let problems = tally.problems.load(Ordering::Relaxed);
        if problems > 0 {
            tracing::Span::current().record("pleach.mapping.problems", problems);
        } else if let Some(constants) = &self.constants
            && matches!(*request.shape, RowShape::Root(_))
            && built.reports().errors.is_empty()
            && built.reports().general.is_empty()
        {
            constants.insert(&request.shape, Arc::new(built.clone()));
        }
        Ok(built)
    }

    /// What all distinct rows got.
    async fn answers(&self, fetch: &Fetch<'_>, rows: &Representations) -> Vec<Answered> {
        let concurrency = self.spec.concurrency.max(1) as usize;
        if let Some(spec) = &self.spec.batch {
            let size = spec.max_size.max(1) as usize;
            if rows.len() <= size {
                return vec![Box::pin(self.chunk(fetch, spec, rows, None)).await];
            }
            let chunks: Vec<_> = (0..rows.len()).step_by(size).map(|start| rows.range(start..start + size)).collect();
            let calls: Vec<_> = chunks.iter().map(|chunk| self.chunk(fetch, spec, chunk, None).boxed()).collect();
            return stream::iter(calls).buffered(concurrency).collect().await;
        }
        let rows: Vec<Value> = match fetch.given {
            // No mapping can read it.
            None => vec![Value::Null; rows.len()],
            Some(_) => rows.values().collect(),
        };
        if let [row] = &rows[..] {
            return vec![self.one(fetch, row).await];
        }
        let calls: Vec<_> = rows.iter().map(|row| self.one(fetch, row)).collect();
        stream::iter(calls).buffered(concurrency).collect().await
    }

    /// What the rows got whose keys several fetches may need.
    async fn claimed(&self, fetch: &Fetch<'_>, claim: Claim) -> Vec<Answered> {
        let Some(spec) = &self.spec.batch else { return Vec::new() };
        let call = |batch: &'_ Arc<SharedBatch>| {
            let batch = batch.clone();
            async move { self.chunk(fetch, spec, &batch.keys, Some(&batch.pending)).await }.boxed()
        };
        let calls: Vec<_> = claim.batches.iter().map(call).collect();
        let answered: Vec<Answered> =
            stream::iter(calls).buffered(self.spec.concurrency.max(1) as usize).collect().await;
        let Some(places) = &claim.places else { return answered };
        let mut results: Vec<Vec<Option<RowResult>>> =
            answered.into_iter().map(|answered| results(vec![answered]).into_iter().map(Some).collect()).collect();
        let own = places.iter().map(|&(batch, position)| {
            let result = results.get_mut(batch).and_then(|results| results.get_mut(position)).and_then(Option::take);
            result.unwrap_or(Ok(RowValue::One(None)))
        });
        vec![Answered::Results(own.collect())]
    }

    /// One row.
    async fn one(&self, fetch: &Fetch<'_>, row: &Value) -> Answered {
        match row::value(fetch, row).await {
            Ok(RowValue::Read(rows)) => Answered::Rows(rows),
            result => Answered::Results(vec![result]),
        }
    }

    /// The rows of one chunk; a failure is theirs alone.
    async fn chunk(
        &self,
        fetch: &Fetch<'_>,
        spec: &BatchSpec,
        keys: &Representations,
        pending: Option<&Pending>,
    ) -> Answered {
        match batch::chunk(fetch, spec, &self.elements, keys, pending).await {
            Ok(Chunk::Read(rows)) => Answered::Rows(rows),
            Ok(Chunk::Groups(groups)) => {
                Answered::Results(groups.into_iter().map(|group| Ok(RowValue::Group(group))).collect())
            }
            Err(error) => Answered::Results(keys.iter().map(|_| Err(error.clone())).collect()),
        }
    }

    /// Equal for fetches that send the same for the same row.
    fn alike(&self, arguments: &Map<String, Value>, wanted: &[Wanted], single: bool) -> String {
        let arguments = serde_json::to_string(arguments).unwrap_or_default();
        let mut alike = format!("{} {single} {arguments}", self.name);
        if self.asks_for_wanted() {
            let _ = write!(alike, " {wanted:?}");
        }
        alike
    }

    fn asks_for_wanted(&self) -> bool {
        self.protocol.as_ref().is_some_and(|protocol| protocol.asks_for_wanted())
    }

    /// What is wanted of each value that the selection yields, given what is wanted of a row; none
    /// for everything.
    fn wanted(&self, of_row: &[Wanted], shape: &RowShape) -> Option<Vec<Wanted>> {
        if of_row.is_empty() {
            return None;
        }
        if self.yields_entities(shape) {
            // Answers are found by the key.
            let key = self.spec.batch.iter().filter(|batch| batch.by.is_none()).flat_map(|batch| &batch.key);
            return Some(of_row.iter().cloned().chain(key.filter_map(|path| wanted_path(path))).collect());
        }
        // The row's only field is the connector's own.
        let below: Vec<Wanted> = of_row.iter().flat_map(|field| &field.fields).cloned().collect();
        if !self.spec.paginate.as_ref().is_some_and(|paginate| paginate.connection) {
            return (!below.is_empty()).then_some(below);
        }
        let edges = below.iter().filter(|field| &*field.name == "edges").flat_map(|edge| &edge.fields);
        let nodes = edges.filter(|field| &*field.name == "node");
        let nodes: Vec<_> = nodes.chain(below.iter().filter(|field| &*field.name == "nodes")).collect();
        let of_record: Vec<Wanted> = nodes.iter().flat_map(|node| &node.fields).cloned().collect();
        (nodes.is_empty() || !of_record.is_empty()).then_some(of_record)
    }

    /// How answers of this fetch become rows without values, if they can.
    fn direct(&self, request: &FetchRequest, rows: usize) -> Option<Arc<Direct>> {
        let directs = self.directs.as_ref()?;
        let typed = self.protocol.as_ref()?.is_typed();
        let expected = match &*request.shape {
            RowShape::Root(_) => 1,
            RowShape::Lists(_) => request.expected.iter().map(|&count| count as usize).sum(),
        };
        if rows != expected {
            return None;
        }
        let yields = match (self.yields_entities(&request.shape), &self.spec.batch) {
            (true, Some(batch)) => Yield::Entities(batch),
            (true, None) => Yield::Entity,
            (false, None) => Yield::Field,
            // Several elements may belong to one field.
            (false, Some(_)) => return None,
        };
        directs.of(&self.spec.selection.value, yields, &request.shape, typed)
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
            // A field that nobody sees looks entities up.
            Place::Type { .. } if !self.spec.filled.is_empty() => Some(Variable::Args),
            Place::Field { .. } | Place::Type { .. } => Some(Variable::This),
        }
    }

    /// The arguments of the calls for a row, where some are taken from it: from an object whose field
    /// is asked for, or from a key. A key that lacks some of them is that of no object.
    pub(super) fn filled(&self, fetch: &Fetch<'_>, row: &Value) -> Result<Filled, SourceError> {
        let (Some(given), false) = (fetch.given, self.spec.filled.is_empty()) else { return Ok(Filled::AsGiven) };
        let by_key = given == Variable::Args;
        let known = if by_key { Map::new() } else { fetch.scope.arguments().clone() };
        match filled::fill(known, &self.spec.filled, row) {
            Ok(arguments) => Ok(Filled::Arguments(Value::Object(arguments).into())),
            Err(_) if by_key => Ok(Filled::NoObject),
            Err(name) => {
                let message = format!("the argument \"{name}\" must not be null, but what fills it is");
                Err(SourceError::new("REQUIRED_ARGUMENT_NULL", message))
            }
        }
    }

    /// Whether each row is an entity, not an object with the connector's field.
    fn yields_entities(&self, shape: &RowShape) -> bool {
        let by_lookup = self.spec.entity && matches!(shape, RowShape::Lists(_));
        by_lookup || matches!(self.spec.place, Place::Type { .. })
    }

    /// The rows of a fetch whose answers became rows where they could.
    fn append(&self, request: &FetchRequest, answered: Vec<Answered>) -> Result<Rows, SourceError> {
        let mut builder = self.builder();
        let is_entity = self.yields_entities(&request.shape);
        let Some(object) = object_shapes(&request.shape).next() else { return Ok(builder.finish()) };
        for answered in answered {
            match answered {
                Answered::Rows(rows) => builder.append(rows),
                Answered::Results(results) => {
                    let results = checked(request, results)?;
                    results.iter().for_each(|result| add_result(&mut builder, result, object, is_entity));
                }
            }
        }
        Ok(builder.finish())
    }

    /// The rows of a fetch, whose places say which result each has.
    fn build(
        &self,
        request: &FetchRequest,
        results: Vec<RowResult>,
        places: &[usize],
        tally: &Tally,
    ) -> Result<Rows, SourceError> {
        let results = checked(request, results)?;
        let mut builder = self.builder();
        let is_entity = self.yields_entities(&request.shape);
        let counts: Vec<usize> = match &*request.shape {
            RowShape::Root(_) => vec![1],
            RowShape::Lists(_) => request.expected.iter().map(|&count| count as usize).collect(),
        };
        let mut places = places.iter();
        let mut reported = Vec::new();
        for (list, (object, count)) in object_shapes(&request.shape).zip(counts).enumerate() {
            for nth in 0..count {
                match places.next().and_then(|&place| results.get(place)) {
                    Some(result) => {
                        add_result(&mut builder, result, object, is_entity);
                        let errors = result.as_ref().map(|value| value.errors(object, is_entity)).unwrap_or_default();
                        reported.extend(errors.into_iter().map(|error| in_list(&request.shape, list, nth, error)));
                    }
                    None => builder.null(),
                }
            }
        }
        for _ in 0..builder.untold() {
            tally.problem("an object does not say its __typename");
        }
        let mut rows = builder.finish();
        if !reported.is_empty() {
            place_errors(&mut rows, &request.shape, &request.expected, reported);
        }
        Ok(rows)
    }

    fn builder(&self) -> RowsBuilder {
        RowsBuilder::of_mappings(self.protocol.as_ref().is_some_and(|protocol| protocol.is_typed()))
    }
}

/// Whether a root field that calls nobody has the same value whoever asks, and whenever.
fn is_constant(spec: &ConnectSpec) -> bool {
    let references = spec.selection.value.references();
    let never_change = [Variable::Env, Variable::Config];
    matches!(spec.place, Place::Root { .. })
        && references.input.is_none()
        && references.variables.keys().all(|variable| never_change.contains(variable))
}

/// The field at the end of a path, wanted through those before it.
fn wanted_path(path: &[Name]) -> Option<Wanted> {
    let (first, rest) = path.split_first()?;
    Some(Wanted { name: first.clone(), on: None, fields: wanted_path(rest).into_iter().collect() })
}

/// The results, unless the only row of a root has failed: then the fetch as a whole has.
fn checked(request: &FetchRequest, mut results: Vec<RowResult>) -> Result<Vec<RowResult>, SourceError> {
    if let (RowShape::Root(_), [Err(_)]) = (&*request.shape, results.as_slice())
        && let Some(Err(error)) = results.pop()
    {
        return Err(error);
    }
    Ok(results)
}

impl Source for Connector {
    fn name(&self) -> &str {
        &self.name
    }

    fn constant(&self, shape: &Arc<RowShape>) -> Option<Rows> {
        self.constants.as_ref()?.get(shape).map(Arc::unwrap_or_clone)
    }

    fn fetch<'a>(
        &'a self,
        request: &'a FetchRequest,
        context: &'a CallContext,
    ) -> BoxFuture<'a, Result<Rows, SourceError>> {
        self.run(request, context).boxed()
    }
}

fn add_result(builder: &mut RowsBuilder, result: &RowResult, shape: &ObjectShape, is_entity: bool) {
    match result {
        Ok(value) => add_row(builder, value, shape, is_entity),
        Err(error) => builder.failed(error.clone().into()),
    }
}

/// Adds one row: an entity is the row itself, a field's value stands in its parent's row.
fn add_row(builder: &mut RowsBuilder, value: &RowValue, shape: &ObjectShape, is_entity: bool) {
    match (is_entity, value) {
        (_, RowValue::Read(rows)) => builder.append(rows.clone()),
        (true, RowValue::One(Some(mapped))) => builder.row(&mapped.value, shape),
        // The later of two elements for one key wins.
        (true, RowValue::Group(group)) if !group.is_empty() => {
            builder.row(group.last().map_or(&Value::Null, |mapped| &mapped.value), shape);
        }
        (true, _) => builder.null(),
        (false, RowValue::One(mapped)) => {
            add_field(builder, mapped.as_ref().map_or(&Value::Null, |mapped| &mapped.value), shape);
        }
        (false, RowValue::Group(group)) => {
            let is_list = shape.fields.first().is_some_and(|field| field.value.lists > 0);
            let value = match (is_list, group.first()) {
                (true, _) => group.iter().map(|mapped| mapped.value.clone()).collect(),
                (false, first) => first.map_or(Value::Null, |mapped| mapped.value.clone()),
            };
            add_field(builder, &value, shape);
        }
    }
}
/// A row that holds `value` under every key of the shape: they all stand for one field.
fn add_field(builder: &mut RowsBuilder, value: &Value, shape: &ObjectShape) {
    match &shape.fields[..] {
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

/// A result a row.
fn results(mut answered: Vec<Answered>) -> Vec<RowResult> {
    if let [Answered::Results(results)] = answered.as_mut_slice() {
        return std::mem::take(results);
    }
    let of = |answered| match answered {
        Answered::Results(results) => results,
        Answered::Rows(rows) => vec![Ok(RowValue::Read(rows))],
    };
    answered.into_iter().flat_map(of).collect()
}

/// An error of a row, where rows stand in the answer.
fn in_list(shape: &RowShape, list: usize, nth: usize, mut error: LocatedError) -> LocatedError {
    if let RowShape::Lists(lists) = shape
        && let Some(list) = lists.get(list)
    {
        let row = [PathSegment::Key(list.key.clone()), PathSegment::Index(u32::try_from(nth).unwrap_or(u32::MAX))];
        error.path = Some(row.into_iter().chain(error.path.unwrap_or_default()).collect());
    }
    error
}

// === impl RowValue ===

impl RowValue {
    /// The errors that were reported beside it, from the row's object on.
    fn errors(&self, shape: &ObjectShape, is_entity: bool) -> Vec<LocatedError> {
        let is_list = shape.fields.first().is_some_and(|field| field.value.lists > 0);
        let errors: Vec<LocatedError> = match self {
            Self::One(mapped) => mapped.iter().flat_map(|mapped| &mapped.errors).cloned().collect(),
            Self::Group(group) if is_entity => group.last().map(|mapped| mapped.errors.clone()).unwrap_or_default(),
            Self::Group(group) if is_list => (0u32..)
                .zip(group)
                .flat_map(|(index, mapped)| {
                    mapped.errors.iter().map(move |error| below(PathSegment::Index(index), error))
                })
                .collect(),
            Self::Group(group) => group.first().map(|mapped| mapped.errors.clone()).unwrap_or_default(),
            Self::Read(_) => Vec::new(),
        };
        if is_entity || errors.is_empty() {
            return errors;
        }
        // The fields of the row all stand for the connector's own.
        let mut keys: Vec<&FieldShape> = Vec::new();
        for field in &shape.fields {
            if !keys.iter().any(|known| known.key == field.key) {
                keys.push(field);
            }
        }
        let of_field = |field: &FieldShape| {
            let selected = |error: &LocatedError| is_selected(&field.value, error.path.as_deref().unwrap_or_default());
            // An error that was found in several places belongs to those that are looked at.
            let elsewhere =
                |error: &LocatedError| errors.iter().any(|other| other.error == error.error && selected(other));
            let own = errors.iter().filter(|error| selected(error) || !elsewhere(error));
            own.map(|error| below(PathSegment::Key((*field.key).into()), error)).collect::<Vec<_>>()
        };
        keys.into_iter().flat_map(of_field).collect()
    }
}

/// Whether all keys of a path are in the shape, as far as that has objects.
fn is_selected(shape: &ValueShape, path: &[PathSegment]) -> bool {
    match (&shape.kind, path) {
        (_, [PathSegment::Index(_), rest @ ..]) => is_selected(shape, rest),
        (ValueKind::Object(object), [PathSegment::Key(key), rest @ ..]) => {
            object.fields.iter().any(|field| field.key == *key && is_selected(&field.value, rest))
        }
        _ => true,
    }
}

fn below(step: PathSegment, error: &LocatedError) -> LocatedError {
    let path = std::iter::once(step).chain(error.path.clone().unwrap_or_default()).collect();
    LocatedError { path: Some(path), error: error.error.clone() }
}

// === impl Fetch ===

impl Fetch<'_> {
    pub(super) fn variables(&self) -> Variables<'_> {
        self.scope.variables(&self.connector.env, &self.connector.config)
    }

    /// Evaluates a mapping; its problems are counted, and [`Self::unless_stopped`] knows whether it
    /// came to its end.
    pub(super) fn evaluate(
        &self,
        mapping: &Mapping,
        input: Option<&Value>,
        variables: &Variables<'_>,
    ) -> Option<Value> {
        let outcome = mapping.evaluate(input, variables);
        for problem in &outcome.problems {
            self.tally.problem(&problem.message);
        }
        if outcome.stopped.is_some() {
            self.tally.stopped.store(true, Ordering::Relaxed);
        }
        outcome.value
    }

    /// `value`, unless a mapping that it was made with was stopped: nothing would then mean nothing.
    pub(super) fn unless_stopped<T>(&self, value: T) -> Result<T, SourceError> {
        if self.tally.stopped.swap(false, Ordering::Relaxed) {
            return Err(SourceError::new(DESERIALIZE, "the answer is larger or deeper than a mapping may read"));
        }
        Ok(value)
    }
}

// === impl Tally ===

impl Tally {
    pub(super) fn called(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unplaced(&self, errors: Vec<LocatedError>) {
        let errors = errors.into_iter().map(|located| located.error);
        self.unplaced.lock().unwrap_or_else(PoisonError::into_inner).extend(errors);
    }

    /// Problems that nobody describes.
    pub(super) fn more_problems(&self, count: usize) {
        self.problems.fetch_add(u32::try_from(count).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    pub(super) fn problem(&self, message: &str) {
        self.problems.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(problem = message, "a mapping had a problem");
    }
}
