//! Everything derived from one supergraph and one configuration.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use foldhash::quality::RandomState;
use futures_util::FutureExt;
use moka::future::Cache;
use tokio_util::task::TaskTracker;

use crate::gateway::auth::authenticate::Authenticator;
use crate::gateway::auth::config::Unauthorized;
use crate::gateway::auth::policy::Policies;
use crate::gateway::exchange::context::RequestContext;
use crate::gateway::exchange::principal::Principal;
use crate::gateway::exchange::request::GraphqlRequest;
use crate::gateway::exchange::response::{GraphqlResponse, Outcome};
use crate::gateway::execute::{Budgets, ErrorPolicy};
use crate::gateway::limits::admission::Admission;
use crate::gateway::limits::config::LimitsConfig;
use crate::gateway::plan::PlanOptions;
use crate::graph::federation::ids::{LabelId, SubgraphId, SubgraphSet};
use crate::graph::federation::supergraph::Supergraph;
use crate::graph::language::api::ApiSchema;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::id::IdVec;
use crate::sources::contract::Source;

use super::compute_pool::ComputePool;
use super::config::{ErrorsConfig, Exposure, Introspection, Mask, PlanConfig};
use super::labels::{LabelRules, LabelSetting, draw};
use super::prepare::{DocumentKey, Planned, Prepared, Refused};
use super::run::Asked;
use super::{rescue, run, weight};

/// Memory for parsed documents.
const DOCUMENT_CACHE_BYTES: u64 = 64 << 20;
/// Memory for plans.
const PLAN_CACHE_BYTES: u64 = 256 << 20;
/// What nobody has asked for so long is forgotten.
const IDLE: Duration = Duration::from_secs(3600);

/// What a request meets: a graph, the systems behind it, and the rules for asking. Immutable; a
/// reload makes a new one.
pub struct Snapshot {
    pub(super) supergraph: Arc<Supergraph>,
    pub(super) api: Arc<ApiSchema>,
    pub(super) sources: Arc<IdVec<SubgraphId, Arc<dyn Source>>>,
    pub(super) authenticator: Authenticator,
    pub(super) policies: Policies,
    pub(super) unauthorized: Unauthorized,
    pub(super) limits: Arc<LimitsConfig>,
    pub(super) admission: Admission,
    pub(super) errors: ErrorPolicy,
    pub(super) budgets: Budgets,
    pub(super) introspection: Introspection,
    pub(super) plan_options: Arc<PlanOptions>,
    labels: LabelRules,
    pub(super) expose_plan: Exposure,
    /// How many operations are planned before it takes traffic from another.
    pub(super) warm_up: usize,
    pub(super) documents: Cache<DocumentKey, Result<Arc<Prepared>, Arc<Refused>>, RandomState>,
    /// By what is asked, compared in full.
    pub(super) plans: Cache<Arc<[u8]>, Planned, RandomState>,
    pub(super) pool: ComputePool,
    /// Mutations that run; they outlive requests whose client has gone.
    pub(super) mutations: TaskTracker,
}

/// What a snapshot is made of.
pub struct SnapshotParts {
    /// The graph.
    pub supergraph: Arc<Supergraph>,
    /// The system behind each subgraph of it.
    pub sources: Arc<IdVec<SubgraphId, Arc<dyn Source>>>,
    /// Verifies callers.
    pub authenticator: Authenticator,
    /// Named policies.
    pub policies: Policies,
    /// What happens to fields a caller may not see.
    pub unauthorized: Unauthorized,
    /// Bounds of a request.
    pub limits: LimitsConfig,
    /// What clients read of errors.
    pub errors: ErrorsConfig,
    /// Who may introspect.
    pub introspection: Introspection,
    /// Decides labels of progressive overrides.
    pub labels: BTreeMap<String, LabelSetting>,
    /// Who may see plans.
    pub plan: PlanConfig,
}

// === impl Snapshot ===

impl Snapshot {
    /// Puts a snapshot together.
    ///
    /// # Errors
    /// When the graph's API schema is not valid, which composing should have told.
    pub fn new(parts: SnapshotParts) -> Result<Self, Vec<Diagnostic>> {
        let SnapshotParts { supergraph, sources, limits, errors, .. } = parts;
        let api = ApiSchema::parse(&supergraph.api_sdl)?;
        let errors = error_policy(&supergraph, &errors);
        let plan_options =
            PlanOptions { assumed_list_size: u64::from(limits.assumed_list_size), ..PlanOptions::default() };
        Ok(Self {
            api: Arc::new(api),
            sources,
            authenticator: parts.authenticator,
            policies: parts.policies,
            unauthorized: parts.unauthorized,
            admission: Admission::new(limits.in_flight),
            budgets: Budgets { request_bytes: limits.response.0 },
            limits: Arc::new(limits),
            errors,
            introspection: parts.introspection,
            plan_options: Arc::new(plan_options),
            labels: LabelRules::new(&supergraph, &parts.labels),
            expose_plan: parts.plan.expose,
            warm_up: parts.plan.warm_up,
            documents: Cache::builder()
                .max_capacity(DOCUMENT_CACHE_BYTES)
                .weigher(|key: &DocumentKey, value| weight::document(key, value))
                .time_to_idle(IDLE)
                .build_with_hasher(RandomState::default()),
            plans: Cache::builder()
                .max_capacity(PLAN_CACHE_BYTES)
                .weigher(|key: &Arc<[u8]>, value| weight::plan(key, value))
                .time_to_idle(IDLE)
                .build_with_hasher(RandomState::default()),
            pool: ComputePool::new(),
            mutations: TaskTracker::new(),
            supergraph,
        })
    }

    /// Answers one request. Never fails: whatever happens becomes a response. Dropping the future
    /// cancels the upstream calls.
    pub async fn execute(&self, request: GraphqlRequest, context: RequestContext) -> GraphqlResponse {
        let request_id = context.request_id.clone();
        // In a box, since futures are moved about with what they were given.
        let asked = Box::new(Asked { request, context });
        let answered = AssertUnwindSafe(run::run(self, asked)).catch_unwind().await;
        answered.unwrap_or_else(|_| GraphqlResponse::refused(Outcome::Internal, &[rescue::fault(&request_id)]))
    }

    /// Those of an operation's labels that hold for one request.
    pub(super) fn held_labels(&self, labels: &[LabelId], principal: &Principal) -> Vec<LabelId> {
        match labels {
            [] => Vec::new(),
            labels => self.labels.held(labels, principal, &self.policies, draw),
        }
    }

    /// How many plans are kept.
    pub async fn plan_count(&self) -> u64 {
        self.plans.run_pending_tasks().await;
        self.plans.entry_count()
    }

    /// The graph.
    pub fn supergraph(&self) -> &Arc<Supergraph> {
        &self.supergraph
    }

    /// Bounds of a request.
    pub fn limits(&self) -> &LimitsConfig {
        &self.limits
    }

    /// Takes over from `previous` what counts across a reload: mutations that run, key sets that were
    /// fetched, and requests in flight, unless their limit has changed.
    pub(super) fn follow(&mut self, previous: &Self) {
        self.mutations = previous.mutations.clone();
        self.authenticator.follow(&previous.authenticator);
        if self.limits.in_flight == previous.limits.in_flight {
            self.admission = previous.admission.clone();
        }
    }
}

fn error_policy(supergraph: &Supergraph, config: &ErrorsConfig) -> ErrorPolicy {
    let allows = |service: &str| config.sources.get(service).is_some_and(|source| source.allow_messages);
    let shown: SubgraphSet =
        supergraph.subgraphs.iter_enumerated().filter(|(_, s)| allows(&s.service)).map(|(id, _)| id).collect();
    ErrorPolicy { mask: config.mask == Mask::On, shown, ..ErrorPolicy::default() }
}
