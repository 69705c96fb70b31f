//! Golden cases of execution: each page under `cases/` holds a plan, what upstreams answer, and
//! what the client must read.
//!
//! Blocks of a page: `plan` (see `notation.rs`), `variables`, `policy` (`show` lifts masking,
//! `bytes N` and `errors N` set limits), for each fetch `answer NAME` or `failure NAME` (code and
//! message) or `hang NAME`, optionally `request NAME` (the variables or rows expected), `calls` (the
//! fetches called, in any order) and `response`. A page may instead hold subgraphs: `subgraph NAME`
//! (its SDL), `data NAME` (see `subgraph.rs`; or `failure NAME`) and `operation`; then the graph is
//! composed and the operation planned, and `calls` names subgraphs. Every page runs several times with calls that end
//! in different orders, and must answer the same.
//!
//! `UPDATE_CASES=1 cargo test --test execute` rewrites the `response` blocks; read the difference.

mod notation;
mod properties;
mod subgraph;
#[path = "../support/subgraph_schema.rs"]
mod subgraph_schema;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use indexmap::IndexMap;
use pleach::gateway::execute::{Budgets, ErrorPolicy, ExecuteContext, Response, execute};
use pleach::gateway::operation::normalize::normalize;
use pleach::gateway::plan::model::Plan;
use pleach::gateway::plan::{PlanOptions, plan};
use pleach::graph::compose::{ComposeOptions, SubgraphInput, compose};
use pleach::graph::federation::ids::SubgraphId;
use pleach::graph::federation::supergraph::Supergraph;
use pleach::graph::language::api::ApiSchema;
use pleach::platform::base::deadline::Deadline;
use pleach::platform::base::id::IdVec;
use pleach::platform::base::span::SourceMap;
use pleach::sources::contract::{Call, CallContext, FetchRequest, OperationMemory, RequestFacts, Source, SourceError};
use pleach::sources::lookup::{LookupSource, Lookups, MAX_ALIASES};
use pleach::sources::rows::scan::scan_graphql;
use pleach::sources::rows::shape::RowShape;
use pleach::sources::rows::slot::Rows;
use pleach::sources::rows::visit::RowsBuilder;
use pleach::sources::stack::CallTimeout;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use notation::Written;
use subgraph::Subgraph;
use subgraph_schema::SubgraphSchema;

/// Calls as they came: the name, and the variables or rows sent.
type Calls = Arc<Mutex<Vec<(String, Value)>>>;

/// What one upstream does when it is called.
#[derive(Clone)]
enum Behaviour {
    Answer(String),
    Failure(SourceError),
    Hang,
}

struct Mock {
    name: String,
    behaviour: Behaviour,
    delay: Duration,
    calls: Calls,
}

impl Source for Mock {
    fn name(&self) -> &str {
        &self.name
    }

    fn fetch<'a>(&'a self, request: &'a FetchRequest, _: &'a CallContext) -> BoxFuture<'a, Result<Rows, SourceError>> {
        let sent = match &request.call {
            Call::Graphql { variables, .. } => serde_json::from_slice(variables).expect("variables are JSON"),
            Call::Connector { rows, .. } => rows.values().collect(),
        };
        self.calls.lock().unwrap().push((self.name.clone(), sent));
        Box::pin(async move {
            tokio::time::sleep(self.delay).await;
            match &self.behaviour {
                Behaviour::Hang => std::future::pending().await,
                Behaviour::Failure(error) => Err(error.clone()),
                Behaviour::Answer(text) => match &request.call {
                    Call::Graphql { .. } => {
                        Ok(scan_graphql(&Bytes::from(text.clone()), &request.shape, &request.expected)?)
                    }
                    Call::Connector { .. } => Ok(connector_rows(text, &request.shape)),
                },
            }
        })
    }
}

/// A connector's answer: a list of row objects.
fn connector_rows(text: &str, shape: &RowShape) -> Rows {
    let rows: Vec<Value> = serde_json::from_str(text).expect("a list of rows");
    let mut builder = RowsBuilder::new(true);
    let object = match shape {
        RowShape::Root(object) => object,
        RowShape::Lists(lists) => &lists[0].object,
    };
    rows.iter().for_each(|row| builder.row(row, object));
    builder.finish()
}

struct Page {
    path: PathBuf,
    text: String,
    blocks: BTreeMap<String, String>,
    asked: Asked,
}

/// What a page executes.
struct Asked {
    plan: Arc<Plan>,
    supergraph: Arc<Supergraph>,
    names: Vec<String>,
    /// The schemas of subgraphs, by name; empty for pages that hold a plan.
    schemas: BTreeMap<String, Arc<SubgraphSchema>>,
}

impl Asked {
    fn read(blocks: &BTreeMap<String, String>) -> Self {
        if let Some(text) = blocks.get("plan") {
            let Written { plan, supergraph, names } = notation::read(text);
            return Self { plan: Arc::new(plan), supergraph: Arc::new(supergraph), names, schemas: BTreeMap::new() };
        }
        let mut sources = SourceMap::new();
        let (mut inputs, mut schemas) = (Vec::new(), BTreeMap::new());
        for (info, sdl) in blocks {
            let Some(name) = info.strip_prefix("subgraph ") else { continue };
            let file = sources.add(format!("{name}.graphql"), sdl.as_str());
            inputs.push(SubgraphInput { name: name.into(), url: "".into(), file });
            schemas.insert(name.to_owned(), Arc::new(SubgraphSchema::read(sdl)));
        }
        let composition = compose(&sources, &inputs, &ComposeOptions::default());
        let Some(composed) = composition.supergraph else { panic!("{:?}", composition.diagnostics) };
        let supergraph = composed.supergraph;
        let api = ApiSchema::parse(&supergraph.api_sdl).expect("an API schema");
        let document = api.validate(&blocks["operation"], 10_000).expect("a valid operation");
        let operation = normalize(&supergraph, &document, None).expect("one operation");
        let plan = plan(&supergraph, &operation, &PlanOptions::default()).expect("a plan");
        let names = supergraph.subgraphs.iter().map(|subgraph| subgraph.name.to_string()).collect();
        Self { plan: Arc::new(plan), supergraph: Arc::new(supergraph), names, schemas }
    }
}

impl Page {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a readable page");
        let blocks = notation::blocks(&text);
        let asked = Asked::read(&blocks);
        Self { path: path.to_owned(), text, blocks, asked }
    }

    fn behaviour(&self, name: &str) -> Behaviour {
        let block = |what: &str| self.blocks.get(&format!("{what} {name}"));
        if let Some(text) = block("answer") {
            return Behaviour::Answer(text.trim().to_owned());
        }
        if let Some(text) = block("failure") {
            let (code, message) = text.trim().split_once(' ').expect("a code and a message");
            return Behaviour::Failure(SourceError::new(code, message));
        }
        match block("hang") {
            Some(_) => Behaviour::Hang,
            None => Behaviour::Failure(SourceError::new("UNEXPECTED_CALL", "the page does not expect this call")),
        }
    }

    fn subgraph(&self, schema: &Arc<SubgraphSchema>, mock: Mock) -> Subgraph {
        let data = self.blocks.get(&format!("data {}", mock.name));
        Subgraph {
            data: data.map_or(Value::Null, |text| serde_json::from_str(text).expect("data is JSON")),
            failure: match mock.behaviour {
                Behaviour::Failure(error) if data.is_none() => Some(error),
                _ => None,
            },
            name: mock.name,
            delay: mock.delay,
            calls: mock.calls,
            schema: Arc::clone(schema),
        }
    }

    async fn run(&self, round: usize) -> (Response, Vec<(String, Value)>) {
        let calls = Arc::default();
        let sources: IdVec<_, Arc<dyn Source>> = self
            .asked
            .names
            .iter()
            .enumerate()
            .map(|(index, name)| {
                // Another order each round; the first is that of the plan.
                let rank = if round == 0 { index } else { (index + 1) * (round * 7 + 3) % 11 };
                let delay = Duration::from_millis(rank as u64);
                let mock =
                    Mock { name: name.clone(), behaviour: self.behaviour(name), delay, calls: Arc::clone(&calls) };
                let source = match self.asked.schemas.get(name) {
                    Some(schema) => Arc::new(self.subgraph(schema, mock)) as Arc<dyn Source>,
                    None => Arc::new(mock) as Arc<dyn Source>,
                };
                let source = Arc::new(CallTimeout::new(source, Duration::from_secs(60))) as Arc<dyn Source>;
                match Lookups::of(&self.asked.supergraph, SubgraphId(index as u32)) {
                    Some(lookups) => Arc::new(LookupSource::new(source, lookups, MAX_ALIASES)) as Arc<dyn Source>,
                    None => source,
                }
            })
            .collect();
        let context = ExecuteContext {
            supergraph: Arc::clone(&self.asked.supergraph),
            sources: Arc::new(sources),
            call: CallContext {
                deadline: Deadline::after(Duration::from_secs(5)),
                facts: Arc::new(RequestFacts::default()),
                memory: OperationMemory::default(),
            },
            errors: self.policy(),
            budgets: self.budgets(),
            introspection: vec![("__schema".into(), Bytes::from_static(b"{\"queryType\":{\"name\":\"Query\"}}"))],
        };
        let variables: Map<String, Value> =
            self.blocks.get("variables").map_or_else(Map::new, |text| serde_json::from_str(text).expect("variables"));
        let response = execute(&context, &self.asked.plan, &variables).await;
        let mut calls = calls.lock().unwrap().clone();
        calls.sort_by(|a, b| a.0.cmp(&b.0));
        (response, calls)
    }

    fn policy_number(&self, word: &str) -> Option<u64> {
        let policy = self.blocks.get("policy")?;
        policy.lines().find_map(|line| line.trim().strip_prefix(word)?.trim().parse().ok())
    }

    fn policy(&self) -> ErrorPolicy {
        let shows = self.blocks.get("policy").is_some_and(|policy| policy.contains("show"));
        let default = ErrorPolicy::default();
        let limit = self.policy_number("errors").map_or(default.limit, |limit| limit as usize);
        ErrorPolicy { mask: !shows, limit, ..default }
    }

    fn budgets(&self) -> Budgets {
        self.policy_number("bytes").map_or_else(Budgets::default, |request_bytes| Budgets { request_bytes })
    }

    fn check(&self) -> Result<(), String> {
        // A clock of its own for each round: paused time runs ahead of the deadline's.
        let run = |round| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
            runtime.unwrap().block_on(self.run(round))
        };
        let (first, calls) = run(0);
        for round in 1..8 {
            let (again, _) = run(round);
            if again.body != first.body {
                return Err(format!("order {round} answers differently:\n{}", pretty(&again.body)));
            }
        }
        let names: Vec<&str> = calls.iter().map(|(name, _)| name.as_str()).collect();
        let expected = self.blocks.get("calls").ok_or("no block `calls`")?;
        let mut expected: Vec<&str> = expected.split_whitespace().collect();
        expected.sort_unstable();
        if names != expected {
            return Err(format!("called {names:?}, expected {expected:?}"));
        }
        if first.upstream_calls as usize != names.len() && !self.blocks.keys().any(|key| key.starts_with("hang")) {
            return Err(format!("counted {} calls", first.upstream_calls));
        }
        for (name, sent) in &calls {
            if let Some(wanted) = self.blocks.get(&format!("request {name}")) {
                let wanted: Value = serde_json::from_str(wanted).map_err(|error| format!("request {name}: {error}"))?;
                if *sent != wanted {
                    return Err(format!("{name} was sent\n{sent}\nexpected\n{wanted}"));
                }
            }
        }
        let wanted = self.blocks.get("response").map(String::as_str).unwrap_or_default();
        let answer = pretty(&first.body);
        if wanted.trim_end() == answer {
            return Ok(());
        }
        if std::env::var_os("UPDATE_CASES").is_some() {
            self.update(&answer);
            return Ok(());
        }
        Err(format!("answered\n{answer}\nexpected\n{wanted}"))
    }

    fn update(&self, response: &str) {
        let start = self.text.find("```response").unwrap_or(self.text.len());
        let text = format!("{}\n\n```response\n{response}\n```\n", self.text[..start].trim_end());
        std::fs::write(&self.path, text).expect("a writable page");
    }
}

/// The response with one error a line; values stay as they are, byte for byte.
fn pretty(body: &[u8]) -> String {
    let raw: IndexMap<String, &RawValue> = serde_json::from_slice(body).expect("a response is a JSON object");
    let parts: Vec<String> = raw
        .iter()
        .map(|(key, value)| match &**key {
            "errors" => {
                let errors: Vec<&RawValue> = serde_json::from_str(value.get()).expect("errors are a list");
                let lines: Vec<String> = errors.iter().map(|error| format!("    {error}")).collect();
                format!("  \"errors\": [\n{}\n  ]", lines.join(",\n"))
            }
            _ => format!("  \"{key}\": {value}"),
        })
        .collect();
    format!("{{\n{}\n}}", parts.join(",\n"))
}

#[test]
fn every_page_answers_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/execute/cases");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 45, "only {} pages", paths.len());
    let failures: Vec<String> = paths
        .iter()
        .filter_map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Page::read(path).check().err().map(|problem| format!("{name}: {problem}"))
        })
        .collect();
    assert!(failures.is_empty(), "{} pages failed\n\n{}", failures.len(), failures.join("\n\n"));
}
