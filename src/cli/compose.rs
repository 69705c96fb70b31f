//! `pleach compose`

mod batch;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::app::graph;
use crate::platform::base::span::SourceMap;
use crate::platform::net::{HttpClient, HttpClientConfig};

use super::Outcome;
use super::arguments::GraphArguments;
use super::report;

/// Compose a graph and print it
///
/// Prints the supergraph in the form of the join specification, which other routers read too, or
/// the schema that clients see. Exit code 1 if the graph does not compose.
#[derive(Args, Debug)]
pub(super) struct Compose {
    #[command(flatten)]
    graph: GraphArguments,
    /// Print the schema that clients see
    #[arg(long)]
    api: bool,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Compose many graphs: read cases as lines of JSON from standard input, and answer each with
    /// a line of JSON
    #[arg(long, conflicts_with_all = ["origin", "config", "api", "output"])]
    batch: bool,
}

// === impl Compose ===

impl Compose {
    pub(super) async fn run(self) -> Outcome {
        if self.batch {
            return batch::run();
        }
        let settings = self.graph.settings();
        let mut files = SourceMap::new();
        let settled = settings.read(&mut files);
        let (config, origin) = match settled.whole() {
            Ok(whole) => whole,
            Err(mistakes) => return Ok(failed(&files, &mistakes)),
        };
        let client = HttpClient::new(&HttpClientConfig::default());
        let contract = graph::contract(&config.graph.contract);
        let graph = match graph::load(files, origin, &contract, &[], &settings.environment, &client).await {
            Ok(graph) => graph,
            Err(unloaded) => return Ok(failed(&unloaded.files, &unloaded.findings)),
        };
        report::print(&graph.files, &graph.findings);
        let text = if self.api { &*graph.supergraph.api_sdl } else { &*graph.sdl };
        match &self.output {
            Some(path) => std::fs::write(path, text).with_context(|| path.display().to_string())?,
            None => print!("{text}"),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Prints why there is no graph.
pub(super) fn failed(files: &SourceMap, findings: &[crate::platform::base::diagnostic::Diagnostic]) -> ExitCode {
    report::print(files, findings);
    eprintln!("{}", report::summary(findings));
    ExitCode::FAILURE
}
