//! Calls sources as their inputs become ready.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::gateway::operation::arguments::{self, NullArgument};
use crate::gateway::operation::guards::{Bits, GuardId};
use crate::gateway::plan::model::{Fetch, FetchId, Plan, Request};
use crate::graph::federation::ids::TypeId;
use crate::platform::base::id::{Id, IdVec};
use crate::sources::contract::{Call, FetchRequest, Source, SourceError};
use crate::sources::rows::representations::Representations;
use crate::sources::rows::shape::RowShape;
use crate::sources::rows::slot::{Rows, UNKNOWN_TYPE, UpstreamError};

use super::calls::Calls;
use super::context::{ExecuteContext, Response};
use super::errors::{own_error, too_large};
use super::inputs::{self, RowSet};
use super::parts::{self, Part};
use super::scatter::Scatter;
use super::store::{self, ROOT, Store, Target};
use super::writer;

/// One request's execution.
struct Run<'a> {
    context: &'a ExecuteContext,
    plan: &'a Plan,
    variables: &'a Map<String, Value>,
    /// One bit per guard of the plan.
    bits: Bits,
    store: Store,
    fetches: IdVec<FetchId, State>,
    /// Fetches that may start, each once, in their order.
    ready: SmallVec<[FetchId; 8]>,
    /// How many of them have started.
    started: usize,
    calls: Calls<'a, Answered>,
    upstream_calls: u32,
}

/// A fetch, which of its calls, and the answer.
type Answered = (FetchId, usize, Result<Rows, SourceError>);

/// What is known of a fetch.
struct State {
    /// For how many fetches it still waits.
    waiting: usize,
    /// Which fetches wait for it.
    dependents: Vec<FetchId>,
    /// What it was asked for, if it has started.
    asked: Progress,
}

/// How far a fetch is.
enum Progress {
    Waiting,
    Called(Vec<Sent>),
    Done,
}

/// One call of a fetch; only contexts make several of one.
struct Sent {
    /// What its answer looks like.
    shape: Arc<RowShape>,
    /// What was sent, parallel to the shape's lists.
    sets: Vec<RowSet>,
    /// The answer: answers are used when all are there, so that their order does not show.
    answer: Option<Result<Rows, SourceError>>,
}

/// Runs a plan to its response. `variables` are coerced already.
///
/// Never fails as a whole: what could not be fetched is null, with an error. Dropping the future
/// cancels all calls.
pub async fn execute(context: &ExecuteContext, plan: &Arc<Plan>, variables: &Map<String, Value>) -> Response {
    let root = context.supergraph.root(plan.kind).unwrap_or(UNKNOWN_TYPE);
    let mut run = Run::new(context, plan, variables, root);
    run.fetch_all().await;
    writer::write(context, plan, &run.store, &run.bits, root, run.upstream_calls)
}

// === impl Run ===

impl<'a> Run<'a> {
    fn new(context: &'a ExecuteContext, plan: &'a Plan, variables: &'a Map<String, Value>, root: TypeId) -> Self {
        let waits =
            |fetch: &Fetch| State { waiting: fetch.after.len(), dependents: Vec::new(), asked: Progress::Waiting };
        let mut fetches: IdVec<FetchId, State> = plan.fetches.iter().map(waits).collect();
        for (id, fetch) in plan.fetches.iter_enumerated() {
            for &before in &fetch.after {
                fetches[before].dependents.push(id);
            }
        }
        Self {
            context,
            plan,
            variables,
            bits: plan.guards.evaluate(|name| variables.get(name) == Some(&Value::Bool(true))),
            store: Store::new(plan, root, context.budgets.request_bytes),
            fetches,
            ready: plan.fetches.iter_enumerated().filter(|(_, f)| f.after.is_empty()).map(|(id, _)| id).collect(),
            started: 0,
            calls: Calls::None,
            upstream_calls: 0,
        }
    }

    async fn fetch_all(&mut self) {
        self.start_ready();
        // Calls end by the request's deadline, so nobody else has to wait for that.
        while let Some((id, nth, answer)) = self.calls.next().await {
            self.arrive(id, nth, answer);
            let is_any_ready = self.started < self.ready.len();
            if is_any_ready && !self.context.call.deadline.is_over() {
                self.start_ready();
            }
        }
        if self.started < self.ready.len() {
            self.expire();
        }
    }

    fn start_ready(&mut self) {
        while let Some(&id) = self.ready.get(self.started) {
            self.started += 1;
            self.start(id);
        }
    }

    /// Calls the source, or completes the fetch if nothing is wanted of it.
    fn start(&mut self, id: FetchId) {
        let plan = self.plan;
        let fetch = &plan.fetches[id];
        if !self.holds(fetch.guard) {
            return self.complete(id);
        }
        let source = self.context.sources.get(fetch.subgraph);
        if fetch.inputs.is_empty()
            && fetch.request.has_no_arguments()
            && let Some(rows) = source.and_then(|source| source.constant(&fetch.shape))
        {
            self.take(id, Sent { shape: fetch.shape.clone(), sets: Vec::new(), answer: Some(Ok(rows)) });
            return self.complete(id);
        }
        let sets = self.inputs(id, fetch);
        if !fetch.inputs.is_empty() && sets.iter().all(|set| set.len() == 0) {
            return self.complete(id);
        }
        let parts = parts::split(fetch, sets);
        let Some(source) = source.cloned() else {
            self.fetches[id].asked = Progress::Called(parts.into_iter().map(Sent::of).collect());
            self.fail(id, own_error("INTERNAL", "A subgraph of the plan has no source."));
            return self.complete(id);
        };
        let mut asked = Vec::with_capacity(parts.len());
        let mut refused = None;
        for (nth, part) in parts.into_iter().enumerate() {
            let expected = part.sets.iter().map(|set| set.len() as u32).collect();
            match self.call(fetch, &part) {
                Ok(call) => {
                    let request = FetchRequest { call, shape: part.shape.clone(), expected, first: self.store.next() };
                    self.calls.push(call_source((id, nth), source.clone(), request, self.context));
                }
                // Connectors alone refuse arguments, and each is one call.
                Err(error) => refused = Some(own_error("BAD_USER_INPUT", &error.to_string())),
            }
            asked.push(Sent::of(part));
        }
        self.fetches[id].asked = Progress::Called(asked);
        if let Some(error) = refused {
            self.fail(id, error);
            self.complete(id);
        }
    }

    /// Builds the rows of all inputs; objects whose keys or contexts are not there fail.
    fn inputs(&mut self, id: FetchId, fetch: &Fetch) -> Vec<RowSet> {
        let mut sets = Vec::with_capacity(fetch.inputs.len());
        for (index, input) in fetch.inputs.iter().enumerate() {
            let inputs::Rows { sets: mut built, failures, lacking } = match self.holds(input.guard) {
                true => inputs::build(&self.store, &self.context.supergraph, &self.bits, self.plan, fetch, index),
                false => inputs::Rows::default(),
            };
            if let RowShape::Lists(lists) = &*fetch.shape
                && let Some(list) = lists.get(index)
            {
                for (target, failure) in failures {
                    let error = self.store.failure(failure);
                    Scatter::new(&mut self.store, id).fail(target, &list.object, error, &[]);
                }
            }
            for (target, slot, failure) in lacking {
                let error = self.store.failure(failure);
                Scatter::new(&mut self.store, id).fail_slot(target, slot, error);
            }
            if built.is_empty() {
                built.push(RowSet::none(index));
            }
            sets.extend(built);
        }
        sets
    }

    fn call(&self, fetch: &Fetch, part: &Part) -> Result<Call, NullArgument> {
        match &fetch.request {
            Request::Graphql { document, mutation, variables, conditions, .. } => {
                let mut out = ObjectWriter::new();
                for name in variables {
                    if let Some(value) = self.variables.get(&**name) {
                        out.key(name);
                        out.json(value);
                    }
                }
                for (name, guard) in conditions {
                    out.key(name);
                    out.json(&self.holds(*guard));
                }
                for (set, &suffix) in part.sets.iter().zip(&part.suffixes) {
                    let Some(input) = fetch.inputs.get(set.input) else { continue };
                    out.numbered(&input.variable, suffix);
                    out.text.push(b'[');
                    out.text.extend_from_slice(set.text());
                    out.text.push(b']');
                    for (context, value) in input.contexts.iter().zip(&set.contexts) {
                        out.numbered(&context.name, suffix);
                        out.text.extend_from_slice(value);
                    }
                }
                Ok(Call::Graphql {
                    document: part.document.clone().unwrap_or_else(|| document.clone()),
                    operation_name: None,
                    variables: out.finish(),
                    mutation: *mutation,
                })
            }
            Request::Connector { field, arguments, wanted, mutation, shared, .. } => {
                let supergraph = &self.context.supergraph;
                let arguments = match field {
                    Some(field) => arguments::coerce(supergraph, *field, arguments, self.variables)?,
                    None => Map::new(),
                };
                let rows = match fetch.inputs.is_empty() {
                    true => Representations::nothing(),
                    false => representations(&part.sets),
                };
                Ok(Call::Connector { arguments, rows, wanted: wanted.clone(), mutation: *mutation, shared: *shared })
            }
        }
    }

    fn arrive(&mut self, id: FetchId, nth: usize, answer: Result<Rows, SourceError>) {
        let calls = answer.as_ref().ok().and_then(|rows| rows.calls).unwrap_or(1);
        self.upstream_calls = self.upstream_calls.saturating_add(calls);
        let Progress::Called(sent) = &mut self.fetches[id].asked else { return };
        sent[nth].answer = Some(answer);
        if sent.iter().any(|sent| sent.answer.is_none()) {
            return;
        }
        for sent in std::mem::take(sent) {
            self.take(id, sent);
        }
        self.complete(id);
    }

    fn take(&mut self, id: FetchId, mut sent: Sent) {
        match sent.answer.take() {
            Some(Ok(rows)) => match self.refuse(&sent, &rows) {
                Some(error) => self.fail_sent(id, &[sent], error),
                None => self.accept(id, &sent, rows),
            },
            Some(Err(error)) => self.fail_sent(id, &[sent], error.into()),
            None => {}
        }
    }

    /// Why rows cannot be used, if so.
    fn refuse(&self, sent: &Sent, rows: &Rows) -> Option<UpstreamError> {
        let expected = match &sent.sets[..] {
            [] => 1,
            sets => sets.iter().map(RowSet::len).sum(),
        };
        if rows.rows.len() != expected {
            let message = "The answer has another number of rows than were asked for.";
            return Some(own_error("SUBREQUEST_MALFORMED_RESPONSE", message));
        }
        (store::size(rows) > self.store.room()).then(|| too_large(self.context.budgets.request_bytes))
    }

    fn accept(&mut self, id: FetchId, sent: &Sent, rows: Rows) {
        let plan = self.plan;
        let attached = self.store.attach(rows, id);
        let scatter = Scatter::new(&mut self.store, id);
        match &*sent.shape {
            RowShape::Root(shape) => scatter.root(attached, shape),
            RowShape::Lists(lists) => scatter.lists(attached, lists, &plan.fetches[id].inputs, &sent.sets),
        }
    }

    /// Everything a started fetch would have written fails.
    fn fail(&mut self, id: FetchId, error: UpstreamError) {
        if let Progress::Called(sent) = &mut self.fetches[id].asked {
            let sent = std::mem::take(sent);
            self.fail_sent(id, &sent, error);
        }
    }

    fn fail_sent(&mut self, id: FetchId, all: &[Sent], error: UpstreamError) {
        let error = self.store.add_error(error, id);
        let mut scatter = Scatter::new(&mut self.store, id);
        for sent in all {
            match &*sent.shape {
                RowShape::Root(shape) => scatter.fail(Target { start: ROOT, ty: UNKNOWN_TYPE }, shape, error, &[]),
                RowShape::Lists(lists) => {
                    for (list, set) in lists.iter().zip(&sent.sets) {
                        for &target in set.all_targets() {
                            scatter.fail(target, &list.object, error, &[]);
                        }
                    }
                }
            }
        }
    }

    fn complete(&mut self, id: FetchId) {
        self.fetches[id].asked = Progress::Done;
        for dependent in std::mem::take(&mut self.fetches[id].dependents) {
            let waiting = &mut self.fetches[dependent].waiting;
            *waiting = waiting.saturating_sub(1);
            if *waiting == 0 {
                self.ready.push(dependent);
            }
        }
    }

    /// The deadline has passed: whatever has not been asked for fails, as far as its objects are known.
    fn expire(&mut self) {
        let plan = self.plan;
        for (id, fetch) in plan.fetches.iter_enumerated() {
            if matches!(self.fetches[id].asked, Progress::Done) || !self.holds(fetch.guard) {
                continue;
            }
            if matches!(self.fetches[id].asked, Progress::Waiting) {
                let parts = parts::split(fetch, self.inputs(id, fetch));
                self.fetches[id].asked = Progress::Called(parts.into_iter().map(Sent::of).collect());
            }
            self.fail(id, own_error("GATEWAY_TIMEOUT", "The request took longer than this server allows."));
            self.fetches[id].asked = Progress::Done;
        }
    }

    fn holds(&self, guard: GuardId) -> bool {
        self.bits.get(guard.index()).copied().unwrap_or_default()
    }
}

// === impl Sent ===

impl Sent {
    fn of(part: Part) -> Self {
        Self { shape: part.shape, sets: part.sets, answer: None }
    }
}

fn call_source<'a>(
    (id, nth): (FetchId, usize),
    source: Arc<dyn Source>,
    request: FetchRequest,
    context: &'a ExecuteContext,
) -> BoxFuture<'a, Answered> {
    Box::pin(async move { (id, nth, source.fetch(&request, &context.call).await) })
}

fn representations(sets: &[RowSet]) -> Representations {
    let (rows, bytes) = sets.iter().fold((0, 0), |(rows, bytes), set| (rows + set.len(), bytes + set.text().len()));
    let mut all = Representations::with_room(rows, bytes);
    sets.iter().flat_map(RowSet::rows).for_each(|row| all.push(row));
    all
}

/// Writes one JSON object.
struct ObjectWriter {
    text: Vec<u8>,
}

// === impl ObjectWriter ===

impl ObjectWriter {
    fn new() -> Self {
        Self { text: vec![b'{'] }
    }

    fn key(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(b',');
        }
        self.json(&name);
        self.text.push(b':');
    }

    /// The name of a repetition; see `DocumentTemplate`.
    fn numbered(&mut self, name: &str, suffix: usize) {
        if suffix == 0 { self.key(name) } else { self.key(&format!("{name}_{suffix}")) }
    }

    fn json(&mut self, value: &impl serde::Serialize) {
        serde_json::to_writer(&mut self.text, value).expect("a vector takes all bytes, and keys are strings");
    }

    fn finish(mut self) -> Bytes {
        self.text.push(b'}');
        self.text.into()
    }
}
