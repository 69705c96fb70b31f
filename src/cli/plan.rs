//! `pleach plan`

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};

use crate::app::config::load::Environment;
use crate::app::graph::{self, Graph};
use crate::gateway::operation::normalize::normalize;
use crate::gateway::plan::{PlanOptions, explain, explain_json, explain_mermaid, plan};
use crate::graph::language::api::{ApiSchema, RequestProblem};
use crate::platform::base::span::SourceMap;
use crate::platform::net::{HttpClient, HttpClientConfig};

use super::Outcome;
use super::arguments::GraphArguments;
use super::compose::failed;
use super::report;

/// Show which calls an operation takes
///
/// Plans the operation as the server would, for a caller who may see everything, and tells each
/// call, what it waits for and why it is there. No system is called.
#[derive(Args, Debug)]
pub(super) struct Plan {
    /// The GraphQL document; `@FILE` reads it from a file
    query: String,
    /// Which operation of the document, if it has several
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// An override label that holds, such as `percent(5)`; can be repeated
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,
    /// For people, for programs, or as a picture
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    graph: GraphArguments,
}

/// How a plan is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Format {
    /// Numbered steps, for people
    #[default]
    Text,
    /// For programs
    Json,
    /// A Mermaid flowchart
    Mermaid,
}

// === impl Plan ===

impl Plan {
    pub(super) async fn run(self) -> Outcome {
        let text = match self.query.strip_prefix('@') {
            Some(path) => std::fs::read_to_string(path).with_context(|| path.to_owned())?,
            None => self.query.clone(),
        };
        let settings = self.graph.settings();
        let mut files = SourceMap::new();
        let settled = settings.read(&mut files);
        let (config, origin) = match settled.whole() {
            Ok(whole) => whole,
            Err(mistakes) => return Ok(failed(&files, &mistakes)),
        };
        let environment: &Environment = &settings.environment;
        let contract = graph::contract(&config.graph.contract);
        let client = HttpClient::new(&HttpClientConfig::default());
        let graph = match graph::load(files, origin, &contract, &[], environment, &client).await {
            Ok(graph) => graph,
            Err(unloaded) => return Ok(failed(&unloaded.files, &unloaded.findings)),
        };
        let Graph { supergraph, files, findings, .. } = graph;
        let api = match ApiSchema::parse(&supergraph.api_sdl) {
            Ok(api) => api,
            Err(mistakes) => return Ok(failed(&files, &mistakes)),
        };
        report::print(&files, &findings);
        let document = match api.validate(&text, config.limits.tokens) {
            Ok(document) => document,
            Err(problems) => return Ok(refused(&problems)),
        };
        let operation = match normalize(&supergraph, &document, self.operation.as_deref()) {
            Ok(operation) => operation,
            Err(problem) => return Ok(refused(&[problem])),
        };
        let options = PlanOptions {
            assumed_list_size: u64::from(settled.config.limits.assumed_list_size),
            labels: self.labels.iter().map(|label| label.as_str().into()).collect(),
            ..PlanOptions::default()
        };
        match plan(&supergraph, &operation, &options) {
            Ok(plan) => match self.format {
                Format::Text => print!("{}", explain(&supergraph, &plan)),
                Format::Mermaid => print!("{}", explain_mermaid(&supergraph, &plan)),
                Format::Json => println!("{:#}", explain_json(&supergraph, &plan)),
            },
            Err(error) => {
                eprintln!("error[{}]: {error}", error.code());
                return Ok(ExitCode::FAILURE);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn refused(problems: &[RequestProblem]) -> ExitCode {
    for problem in problems {
        let place = problem.locations.first().map(|at| format!("operation:{}:{}: ", at.line, at.column));
        eprintln!("{}error[{}]: {}", place.unwrap_or_default(), problem.code, problem.message);
    }
    ExitCode::FAILURE
}
