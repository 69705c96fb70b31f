//! The path of one request, stage by stage.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::time::timeout_at;
use tracing::field::Empty;
use tracing::{Instrument, Span, info_span};

use crate::gateway::auth::authorize::{Grants, authorize};
use crate::gateway::auth::config::Unauthorized;
use crate::gateway::exchange::context::RequestContext;
use crate::gateway::exchange::error::GraphqlError;
use crate::gateway::exchange::principal::Principal;
use crate::gateway::exchange::request::GraphqlRequest;
use crate::gateway::exchange::response::{GraphqlResponse, Outcome};
use crate::gateway::execute::{ExecuteContext, execute};
use crate::gateway::limits::cost;
use crate::gateway::plan::explain_json;
use crate::graph::language::ast::OperationKind;
use crate::platform::base::Name;
use crate::platform::telemetry::names;
use crate::sources::contract::{CallContext, OperationMemory, RequestFacts};

use super::compute_pool::NotComputed;
use super::config::{Exposure, Introspection};
use super::prepare::{self, DocumentKey, Prepared};
use super::rescue::{self, Refusal};
use super::snapshot::Snapshot;

/// The header by which clients ask for the plan.
const EXPOSE_PLAN: &str = "pleach-expose-plan";

/// A request, and what accompanies it.
pub(super) struct Asked {
    pub(super) request: GraphqlRequest,
    pub(super) context: RequestContext,
}

/// Answers one request, whatever becomes of it.
pub(super) async fn run(snapshot: &Snapshot, asked: Box<Asked>) -> GraphqlResponse {
    // Field names are those of `platform::telemetry::names`. Spans hold names, never variables.
    let span = info_span!(
        "pleach.request",
        "pleach.request.id" = &*asked.context.request_id,
        "graphql.operation.type" = Empty,
        "graphql.operation.name" = Empty,
        "pleach.upstream.calls" = Empty,
        "error.type" = Empty,
    );
    let answered = match span.is_disabled() {
        true => stages(snapshot, asked, &span).await,
        // In a box, as all futures that are traced here: they are large, and each layer would move them.
        false => Box::pin(stages(snapshot, asked, &span).instrument(span.clone())).await,
    };
    answered.unwrap_or_else(|refusal| {
        span.record(names::ERROR_TYPE, refusal.code());
        refusal.into_response()
    })
}

async fn stages(snapshot: &Snapshot, asked: Box<Asked>, span: &Span) -> Result<GraphqlResponse, Refusal> {
    let permit = snapshot.admission.admit().map_err(|error| Refusal::new(Outcome::Overloaded, error))?;
    let GraphqlRequest { query, operation_name, variables, read_only, .. } = asked.request;
    let context = &asked.context;

    let authenticated = snapshot.authenticator.authenticate(&context.headers, context.deadline);
    let principal = authenticated.instrument(info_span!("pleach.authenticate")).await.map_err(Refusal::credentials)?;

    let text = query.ok_or_else(|| bad(GraphqlError::new("BAD_REQUEST", "The request has no \"query\"")))?;
    let key = DocumentKey { text, operation: operation_name.clone() };
    let preparing = info_span!("pleach.prepare");
    let prepared = match preparing.is_disabled() {
        true => prepare::document(snapshot, key, context.deadline).await,
        false => Box::pin(prepare::document(snapshot, key, context.deadline).instrument(preparing)).await,
    };
    let prepared = prepared
        .map_err(|reason| Refusal::not_computed(reason, &context.request_id))?
        .map_err(|refused| Refusal::bad_request(refused.0.clone()))?;
    prepared.uses.fetch_add(1, Ordering::Relaxed);
    note(&prepared, span);
    may_run(snapshot, &prepared, read_only, &principal)?;

    let name = operation_name.as_deref();
    let raw = prepared.introspects.then(|| variables.clone());
    let variables =
        snapshot.api.coerce_variables(&prepared.document, name, variables).map_err(|problem| bad(problem.into()))?;

    let (operation, denials) = match prepared.is_guarded {
        true => {
            let (supergraph, policies) = (&*snapshot.supergraph, &snapshot.policies);
            let grants = Grants { supergraph, policies, principal: &principal, variables: &variables };
            authorize(&grants, &prepared.operation)
        }
        false => (Cow::Borrowed(&prepared.operation), Vec::new()),
    };
    if !denials.is_empty() && snapshot.unauthorized == Unauthorized::Reject {
        return Err(Refusal::denied(&denials));
    }
    let estimate = || cost::estimate(&snapshot.supergraph, &operation, &variables, snapshot.limits.assumed_list_size);
    let known = prepared.cost.filter(|_| matches!(operation, Cow::Borrowed(_)));
    cost::check(known.unwrap_or_else(estimate), &snapshot.limits).map_err(bad)?;

    let held = snapshot.held_labels(&prepared.labels, &principal);
    let planning = info_span!("pleach.plan");
    let planned = match (&operation, prepared.known_plan()) {
        (Cow::Borrowed(_), Some(known)) => planning.in_scope(|| Ok(known.clone())),
        _ => {
            let planned = async {
                match &operation {
                    Cow::Borrowed(_) => prepare::whole_plan(snapshot, &prepared, &held, context.deadline).await,
                    Cow::Owned(filtered) => prepare::plan(snapshot, filtered, &held, context.deadline).await,
                }
            };
            Box::pin(planned.instrument(planning)).await
        }
    };
    let plan = planned
        .map_err(|reason| Refusal::not_computed(reason, &context.request_id))?
        .map_err(|error| Refusal::unplanned(&error, snapshot.errors.mask))?;

    let introspection = match raw {
        Some(raw) => Box::pin(introspect(snapshot, &prepared, name, raw, context)).await?,
        None => Vec::new(),
    };
    let shown = exposes_plan(snapshot, context, &principal).then(|| plan.clone());
    let request_id = context.request_id.clone();
    let execution = execution(snapshot, asked.context, &principal, introspection);
    let executing = info_span!("pleach.execute");
    let response = match prepared.operation.kind {
        // What has begun to write goes on, even if nobody waits for the answer any more.
        OperationKind::Mutation => {
            let run = async move {
                // Given back when the work is over, be it that its client has gone long before.
                let _permit = permit;
                execute(&execution, &plan, &variables).await
            };
            let done = snapshot.mutations.spawn(Box::pin(run).instrument(executing)).await;
            done.map_err(|_| Refusal::new(Outcome::Internal, rescue::fault(&request_id)))?
        }
        _ => Box::pin(execute(&execution, &plan, &variables)).instrument(executing).await,
    };
    span.record("pleach.upstream.calls", response.upstream_calls);
    let outcome = if response.data_is_null { Outcome::NoData } else { Outcome::Executed };
    let body = match shown {
        Some(plan) => with_plan(&response.body, &explain_json(&snapshot.supergraph, &plan)),
        None => response.body,
    };
    Ok(GraphqlResponse { outcome, body })
}

/// Whether the caller asks for the plan and may see it.
fn exposes_plan(snapshot: &Snapshot, context: &RequestContext, principal: &Principal) -> bool {
    let open = match snapshot.expose_plan {
        Exposure::Off => false,
        Exposure::On => true,
        Exposure::Authenticated => principal.is_known(),
    };
    open && context.headers.get(EXPOSE_PLAN).is_some_and(|value| value.as_bytes() == b"true")
}

/// A response with the plan among its extensions; responses have no others.
fn with_plan(body: &Bytes, plan: &Value) -> Bytes {
    let Some(open) = body.strip_suffix(b"}") else { return body.clone() };
    let extensions = format!(",\"extensions\":{{\"plan\":{plan}}}}}");
    [open, extensions.as_bytes()].concat().into()
}

fn bad(error: GraphqlError) -> Refusal {
    Refusal::bad_request(vec![error])
}

fn note(prepared: &Prepared, span: &Span) {
    span.record(names::GRAPHQL_OPERATION_TYPE, prepared.operation.kind.as_str());
    if let Some(name) = &prepared.operation.name {
        span.record(names::GRAPHQL_OPERATION_NAME, &**name);
    }
}

/// Whether this kind of operation may run at all, for this caller and by this way.
fn may_run(snapshot: &Snapshot, prepared: &Prepared, read_only: bool, principal: &Principal) -> Result<(), Refusal> {
    let kind = prepared.operation.kind;
    if read_only && kind != OperationKind::Query {
        let message = format!("A {} cannot be sent by GET; use POST", kind.as_str());
        let error = GraphqlError::new("OPERATION_NOT_SUPPORTED", message);
        return Err(Refusal::new(Outcome::MethodNotAllowed, error));
    }
    let open = match snapshot.introspection {
        Introspection::On => true,
        Introspection::Off => false,
        Introspection::Authenticated => principal.is_known(),
    };
    if prepared.introspects && !open {
        let message = "Introspection is not open here";
        return Err(bad(GraphqlError::new("INTROSPECTION_DISABLED", message)));
    }
    Ok(())
}

/// Answers `__schema` and `__type`. Without variables the answer is always the same, and kept.
async fn introspect(
    snapshot: &Snapshot,
    prepared: &Arc<Prepared>,
    name: Option<&str>,
    variables: Map<String, Value>,
    context: &RequestContext,
) -> Result<Vec<(Name, Bytes)>, Refusal> {
    let constant = prepared.operation.variables.is_empty();
    if let Some(known) = prepared.introspection.get().filter(|_| constant) {
        return Ok(known.clone());
    }
    let (api, document, name) = (snapshot.api.clone(), prepared.clone(), name.map(str::to_owned));
    let job = move || api.introspect(&document.document, name.as_deref(), variables);
    let answers = timeout_at(context.deadline.instant().into(), snapshot.pool.run(job)).await;
    let answers = answers
        .unwrap_or(Err(NotComputed::Late))
        .map_err(|reason| Refusal::not_computed(reason, &context.request_id))?;
    let answers = answers.map_err(|problem| bad(problem.into()))?;
    let answers: Vec<(Name, Bytes)> =
        answers.into_iter().map(|(key, answer)| (key.into(), answer.to_string().into())).collect();
    if constant {
        return Ok(prepared.introspection.get_or_init(|| answers).clone());
    }
    Ok(answers)
}

/// Turns the request's context into what calls may know: sources never see a principal.
fn execution(
    snapshot: &Snapshot,
    context: RequestContext,
    principal: &Principal,
    introspection: Vec<(Name, Bytes)>,
) -> ExecuteContext {
    let caller = principal.caller();
    let facts = RequestFacts {
        headers: context.headers,
        claims: caller.map(|caller| Value::Object(caller.claims.clone())),
        scopes: caller.map(|caller| caller.scopes.clone()).unwrap_or_default(),
        now: context.now,
        request_id: context.request_id,
    };
    ExecuteContext {
        supergraph: snapshot.supergraph.clone(),
        sources: snapshot.sources.clone(),
        call: CallContext { deadline: context.deadline, facts: Arc::new(facts), memory: OperationMemory::default() },
        errors: snapshot.errors.clone(),
        budgets: snapshot.budgets,
        introspection,
    }
}
