//! The two pure stages, each behind a cache: text becomes an operation, an operation a plan.
//!
//! Of several requests that miss at once, one computes and the others wait for it. What is wrong
//! with a document is remembered like a document; that we were too busy is not.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_json::Map;

use crate::gateway::auth::authorize::has_rules;
use crate::gateway::exchange::error::GraphqlError;
use crate::gateway::limits::config::LimitsConfig;
use crate::gateway::limits::{cost, shape};
use crate::gateway::operation::model::{Operation, SelectionKind};
use crate::gateway::operation::normalize::normalize;
use crate::gateway::operation::signature::signature;
use crate::gateway::plan::model::Plan;
use crate::gateway::plan::{PlanError, labels_of, plan as make_plan, renamed};
use crate::graph::federation::ids::LabelId;
use crate::graph::federation::supergraph::Supergraph;
use crate::graph::language::api::{ApiSchema, RequestProblem, ValidDocument, tokens};
use crate::platform::base::Name;
use crate::platform::base::deadline::Deadline;

use super::compute_pool::NotComputed;
use super::snapshot::Snapshot;

/// Documents up to this many bytes are parsed where the request runs; the way to the pool and back
/// would cost more.
const INLINE_BYTES: usize = 2 << 10;

/// What a parsed document is found by; compared in full, so that no text is ever taken for another.
#[derive(PartialEq, Eq, Hash, Debug)]
pub(super) struct DocumentKey {
    pub(super) text: String,
    pub(super) operation: Option<String>,
}

/// A document, and the one operation of it that is meant.
pub(super) struct Prepared {
    pub(super) document: ValidDocument,
    pub(super) operation: Operation,
    /// The override labels that its plan may depend on.
    pub(super) labels: Vec<LabelId>,
    /// Whether what a caller may see of it depends on the caller.
    pub(super) is_guarded: bool,
    /// What it costs, if no variable can change that.
    pub(super) cost: Option<u64>,
    /// The plan for callers who may see all of it, once there was one; only if no label counts.
    pub(super) plan: OnceLock<Planned>,
    /// How often it was asked for.
    pub(super) uses: AtomicU64,
    /// Whether it asks for `__schema` or `__type`.
    pub(super) introspects: bool,
    /// The answers to that, by response key; only if no variable can change them.
    pub(super) introspection: OnceLock<Vec<(Name, Bytes)>>,
}

/// What is wrong with a document.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Vec<GraphqlError>);

/// A plan, or why there is none.
pub(super) type Planned = Result<Arc<Plan>, Arc<PlanError>>;

// === impl Prepared ===

impl Prepared {
    /// The plan for callers who may see all of it, if there was one and no label counts.
    pub(super) fn known_plan(&self) -> Option<&Planned> {
        self.plan.get().filter(|_| self.labels.is_empty())
    }
}

/// Parses, validates, bounds and normalises a document, or finds it done.
pub(super) async fn document(
    snapshot: &Snapshot,
    key: DocumentKey,
    deadline: Deadline,
) -> Result<Result<Arc<Prepared>, Arc<Refused>>, NotComputed> {
    match snapshot.documents.get(&key).await {
        Some(known) => Ok(known),
        // In a box, since it is rare and large, and requests are moved about as futures.
        None => Box::pin(new_document(snapshot, key, deadline)).await,
    }
}

async fn new_document(
    snapshot: &Snapshot,
    key: DocumentKey,
    deadline: Deadline,
) -> Result<Result<Arc<Prepared>, Arc<Refused>>, NotComputed> {
    let job = {
        let (text, operation) = (key.text.clone(), key.operation.clone());
        let (api, supergraph) = (snapshot.api.clone(), snapshot.supergraph.clone());
        let limits = snapshot.limits.clone();
        move || {
            prepare(&api, &supergraph, &limits, &text, operation.as_deref())
                .map(Arc::new)
                .map_err(|errors| Arc::new(Refused(errors)))
        }
    };
    let inline = key.text.len() <= INLINE_BYTES;
    let computed = async { if inline { Ok(job()) } else { snapshot.pool.run(job).await } };
    by(deadline, snapshot.documents.try_get_with(key, computed)).await
}

fn prepare(
    api: &ApiSchema,
    supergraph: &Supergraph,
    limits: &LimitsConfig,
    text: &str,
    name: Option<&str>,
) -> Result<Prepared, Vec<GraphqlError>> {
    let one = |problem| vec![GraphqlError::from(problem)];
    let refused = |problem: RequestProblem| match problem.code {
        "MAX_TOKENS_LIMIT" => GraphqlError::from(problem).with("number", tokens(text)).with("limit", limits.tokens),
        _ => GraphqlError::from(problem),
    };
    let document =
        api.validate(text, limits.tokens).map_err(|problems| problems.into_iter().map(refused).collect::<Vec<_>>())?;
    document.kind(name).map_err(one)?;
    let written = document
        .tree
        .operations
        .iter()
        .find(|operation| name.is_none_or(|name| operation.name.as_ref().is_some_and(|own| &*own.value == name)));
    if let Some(written) = written {
        shape::check(&document.tree, written, limits)?;
    }
    let operation = normalize(supergraph, &document, name).map_err(one)?;
    let introspects = operation.root.items.iter().any(|item| matches!(item.kind, SelectionKind::Introspection));
    let estimate = || cost::estimate(supergraph, &operation, &Map::new(), limits.assumed_list_size);
    Ok(Prepared {
        is_guarded: has_rules(supergraph, &operation),
        cost: operation.variables.is_empty().then(estimate),
        labels: labels_of(supergraph, &operation),
        plan: OnceLock::new(),
        uses: AtomicU64::new(0),
        document,
        operation,
        introspects,
        introspection: OnceLock::new(),
    })
}

/// The plan of a document's operation for callers who may see all of it, for a request for which some
/// of its labels hold.
pub(super) async fn whole_plan(
    snapshot: &Snapshot,
    prepared: &Prepared,
    held: &[LabelId],
    deadline: Deadline,
) -> Result<Planned, NotComputed> {
    if !prepared.labels.is_empty() {
        return plan(snapshot, &prepared.operation, held, deadline).await;
    }
    if let Some(known) = prepared.known_plan() {
        return Ok(known.clone());
    }
    let planned = plan(snapshot, &prepared.operation, held, deadline).await?;
    Ok(prepared.plan.get_or_init(|| planned).clone())
}

/// Plans an operation for a request for which some of its labels hold, or finds one planned that asks
/// the same.
pub(super) async fn plan(
    snapshot: &Snapshot,
    operation: &Operation,
    held: &[LabelId],
    deadline: Deadline,
) -> Result<Planned, NotComputed> {
    let signature = signature(operation, held);
    let planned = match snapshot.plans.get(&*signature).await {
        Some(known) => known,
        None => {
            let (supergraph, mut options) = (snapshot.supergraph.clone(), snapshot.plan_options.clone());
            if !held.is_empty() {
                let names = held.iter().map(|&label| supergraph.labels[label].clone());
                Arc::make_mut(&mut options).labels = names.collect();
            }
            let asked = operation.clone();
            let job = move || make_plan(&supergraph, &asked, &options).map(Arc::new).map_err(Arc::new);
            by(deadline, snapshot.plans.try_get_with(signature, snapshot.pool.run(job))).await?
        }
    };
    // The plan may have been made for a client that calls things by other names.
    Ok(planned.map(|plan| match renamed(&plan.output, &operation.root) {
        None => plan,
        Some(output) => Plan { output, ..(*plan).clone() }.into(),
    }))
}

/// Waits for what a cache lacks, but not beyond the deadline; who waits for it still goes on.
async fn by<T>(
    deadline: Deadline,
    missing: impl Future<Output = Result<T, Arc<NotComputed>>>,
) -> Result<T, NotComputed> {
    let computed = tokio::time::timeout_at(deadline.instant().into(), missing).await;
    computed.map_err(|_| NotComputed::Late)?.map_err(|failed| *failed)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn nobody_waits_beyond_its_deadline() {
        let never = by(Deadline::after(Duration::from_millis(1)), std::future::pending::<Result<(), _>>());
        assert_eq!(never.await, Err(NotComputed::Late));
        let there = by(Deadline::after(Duration::ZERO), std::future::ready(Ok(7)));
        assert_eq!(there.await, Ok(7));
    }
}
