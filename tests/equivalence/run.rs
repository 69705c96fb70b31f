//! The long way round: compose, plan, execute over the subgraphs of a world.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pleach::gateway::execute::{Budgets, ErrorPolicy, ExecuteContext, execute};
use pleach::gateway::operation::model::Operation;
use pleach::gateway::operation::normalize::normalize;
use pleach::gateway::plan::model::{Fetch, Plan, Request};
use pleach::gateway::plan::{PlanError, PlanOptions, plan};
use pleach::graph::compose::{ComposeOptions, Composition, SubgraphInput, compose};
use pleach::graph::federation::supergraph::Supergraph;
use pleach::graph::language::api::{ApiSchema, ValidDocument};
use pleach::platform::base::deadline::Deadline;
use pleach::platform::base::span::SourceMap;
use pleach::sources::contract::{CallContext, OperationMemory, RequestFacts, Source};
use serde_json::{Map, Value as Json};

use super::fake::Fake;
use super::operation::Asked;
use super::sdl;
use super::subgraph_schema::SubgraphSchema;
use super::world::{NAMES, World};

/// A world that composes.
pub struct Gateway {
    pub world: Arc<World>,
    pub supergraph: Arc<Supergraph>,
    /// The supergraph as text.
    pub sdl: String,
    pub api: ApiSchema,
    schemas: Vec<Arc<SubgraphSchema>>,
}

/// A planned operation.
pub struct Planned {
    pub document: ValidDocument,
    pub plan: Arc<Plan>,
}

/// What a client reads.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    pub data: Json,
    /// Paths of errors, and their messages.
    pub errors: Vec<(Vec<Json>, String)>,
    pub body: String,
}

/// Composes a world's subgraphs, in the order given.
pub fn composed(world: &World, order: &[usize]) -> (Composition, SourceMap) {
    let mut sources = SourceMap::new();
    let mut inputs = Vec::new();
    for &sub in order {
        let file = sources.add(format!("{}.graphql", NAMES[sub]), sdl::of(world, sub));
        inputs.push(SubgraphInput { name: NAMES[sub].into(), url: "".into(), file });
    }
    (compose(&sources, &inputs, &ComposeOptions::default()), sources)
}

/// Composes a world's subgraphs, whether or not these can answer every operation.
pub fn composed_unchecked(world: &World) -> Composition {
    let mut sources = SourceMap::new();
    let inputs: Vec<SubgraphInput> = (0..world.subgraphs.len())
        .map(|sub| {
            let file = sources.add(format!("{}.graphql", NAMES[sub]), sdl::of(world, sub));
            SubgraphInput { name: NAMES[sub].into(), url: "".into(), file }
        })
        .collect();
    compose(&sources, &inputs, &ComposeOptions { unsatisfiable: true, ..ComposeOptions::default() })
}

/// Everything a reader of a failure needs.
pub fn told(world: &World) -> String {
    let mut text = String::new();
    for (sub, name) in NAMES.iter().enumerate().take(world.subgraphs.len()) {
        text.push_str(&format!("--- {name}\n{}", sdl::of(world, sub)));
    }
    for (ty, instances) in world.types.iter().zip(&world.data) {
        for (nth, instance) in instances.iter().enumerate() {
            let fields: Vec<String> =
                ty.fields.iter().zip(instance).map(|(field, value)| format!("{}: {value:?}", field.name)).collect();
            text.push_str(&format!("{} {nth}: {}\n", ty.name, fields.join(", ")));
        }
    }
    text.push_str(&format!("unknown: {:?}, failing: {:?}\n", world.unknown, world.failing.map(|sub| NAMES[sub])));
    text
}

// === impl Gateway ===

impl Gateway {
    /// Composes a world; the findings if it does not compose.
    pub fn new(world: World) -> Result<Self, Box<(World, Vec<String>)>> {
        let order: Vec<usize> = (0..world.subgraphs.len()).collect();
        let (composition, sources) = composed(&world, &order);
        let Some(composed) = composition.supergraph else {
            let findings = composition.diagnostics.iter().filter(|finding| finding.is_error());
            let findings = findings.map(|finding| finding.render(&sources)).collect();
            return Err(Box::new((world, findings)));
        };
        let api = ApiSchema::parse(&composed.api_sdl).unwrap_or_else(|findings| panic!("{findings:?}"));
        let schemas = order.iter().map(|&sub| Arc::new(SubgraphSchema::read(&sdl::of(&world, sub)))).collect();
        let supergraph = Arc::new(composed.supergraph);
        Ok(Self { world: Arc::new(world), supergraph, sdl: composed.sdl, api, schemas })
    }

    /// Validates and normalises an operation; `None` if it is not valid.
    pub fn ask(&self, asked: &Asked) -> Option<(ValidDocument, Operation)> {
        let document = self.api.validate(&asked.text, 100_000).ok()?;
        let operation = normalize(&self.supergraph, &document, None).expect("a valid document has one operation");
        Some((document, operation))
    }

    /// Plans it. A plan that its own checks refuse is a panic, which tells the world too.
    pub fn plan(&self, asked: &Asked, (document, operation): (ValidDocument, Operation)) -> Result<Planned, PlanError> {
        let planned = catch_unwind(AssertUnwindSafe(|| plan(&self.supergraph, &operation, &PlanOptions::default())));
        let planned = planned.unwrap_or_else(|panic| {
            let what = panic.downcast_ref::<String>().map_or("not a text", |text| text);
            panic!("{what}\n{}\n{}", asked.text, told(&self.world));
        });
        Ok(Planned { document, plan: Arc::new(planned?) })
    }

    /// What a fetch asks, as its subgraph reads it.
    pub fn document(&self, fetch: &Fetch) -> ValidDocument {
        let Request::Graphql { document, .. } = &fetch.request else { panic!("subgraphs speak GraphQL") };
        let name = &self.supergraph.subgraphs[fetch.subgraph].name;
        let sub = NAMES.iter().position(|known| **known == **name).expect("a subgraph of the world");
        self.schemas[sub].api.validate(document, 100_000).expect("a valid document")
    }

    /// Runs a plan with subgraphs that take some time each; what they complain about comes second.
    pub fn run(&self, planned: &Planned, variables: &Map<String, Json>, delays: &[u64]) -> (Answer, Vec<String>) {
        let faults = Arc::new(Mutex::new(Vec::new()));
        let sources = self.supergraph.subgraphs.iter().map(|subgraph| {
            let sub = NAMES.iter().position(|name| **name == *subgraph.name).expect("a subgraph of the world");
            Arc::new(Fake {
                world: Arc::clone(&self.world),
                sub,
                schema: Arc::clone(&self.schemas[sub]),
                delay: Duration::from_millis(delays[sub]),
                faults: Arc::clone(&faults),
            }) as Arc<dyn Source>
        });
        let context = ExecuteContext {
            supergraph: Arc::clone(&self.supergraph),
            sources: Arc::new(sources.collect()),
            call: CallContext {
                deadline: Deadline::after(Duration::from_secs(600)),
                facts: Arc::new(RequestFacts::default()),
                memory: OperationMemory::default(),
            },
            errors: ErrorPolicy { mask: false, limit: 10_000, ..ErrorPolicy::default() },
            budgets: Budgets::default(),
            introspection: Vec::new(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime");
        let response = runtime.block_on(execute(&context, &planned.plan, variables));
        let body = String::from_utf8(response.body.to_vec()).expect("JSON is UTF-8");
        let answer = Answer::read(body);
        let faults = faults.lock().unwrap().clone();
        (answer, faults)
    }
}

// === impl Answer ===

impl Answer {
    fn read(body: String) -> Self {
        let whole: Json = serde_json::from_str(&body).expect("a response is JSON");
        let errors = whole["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| (error["path"].as_array().cloned().unwrap_or_default(), error["message"].to_string()));
        Self { data: whole["data"].clone(), errors: errors.collect(), body: body.clone() }
    }
}
