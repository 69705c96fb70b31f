//! `pleach compose --batch`: many graphs in one process, for comparing composers.
//!
//! Each line of standard input is a case, `{"id", "subgraphs": [{"name", "url", "sdl"}]}`; each
//! line of standard output its answer, `{"id", "ok", "codes", "hints", "api", "supergraph"}`, in the same order.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::cli::Outcome;
use crate::graph::compose::{ComposeOptions, Composition, SubgraphInput, compose};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// A case that takes longer has the code `INTERNAL`.
const WITHIN: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Case {
    id: serde_json::Value,
    subgraphs: Vec<Subgraph>,
}

#[derive(Deserialize)]
struct Subgraph {
    name: String,
    #[serde(default)]
    url: String,
    sdl: String,
}

#[derive(Serialize)]
struct Answer {
    id: serde_json::Value,
    ok: bool,
    /// Codes of errors, sorted, each once.
    codes: BTreeSet<String>,
    /// Codes of warnings and hints, sorted, each once.
    hints: BTreeSet<String>,
    /// What is wrong, in words.
    messages: Vec<String>,
    /// The schema clients see, if the graph composes.
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<String>,
    /// The supergraph, if the graph composes.
    #[serde(skip_serializing_if = "Option::is_none")]
    supergraph: Option<String>,
}

/// Answers case after case until standard input ends.
pub(super) fn run() -> Outcome {
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let case: Case = serde_json::from_str(&line).context("a line of standard input is no case")?;
        let answer = serde_json::to_string(&answer(case))?;
        writeln!(std::io::stdout(), "{answer}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A thread a case: its panic, or its never ending, is the case's own.
fn answer(case: Case) -> Answer {
    let (sender, receiver) = mpsc::channel();
    let subgraphs = case.subgraphs;
    std::thread::spawn(move || drop(sender.send(composition(&subgraphs))));
    let (composed, findings) = receiver.recv_timeout(WITHIN).map_or_else(
        |_| (None, vec![Diagnostic::error("INTERNAL", "composing failed or takes too long: a defect in Pleach")]),
        |composition| (composition.supergraph, composition.diagnostics),
    );
    let (errors, hints): (Vec<&Diagnostic>, Vec<&Diagnostic>) = findings.iter().partition(|found| found.is_error());
    let codes = |findings: &[&Diagnostic]| findings.iter().map(|finding| finding.code.to_string()).collect();
    Answer {
        id: case.id,
        ok: composed.is_some(),
        codes: codes(&errors),
        hints: codes(&hints),
        messages: errors.iter().map(|finding| format!("{}: {}", finding.code, finding.message)).collect(),
        api: composed.as_ref().map(|composed| composed.api_sdl.clone()),
        supergraph: composed.map(|composed| composed.sdl),
    }
}

fn composition(subgraphs: &[Subgraph]) -> Composition {
    let mut sources = SourceMap::new();
    let inputs: Vec<SubgraphInput> = subgraphs
        .iter()
        .map(|subgraph| SubgraphInput {
            name: subgraph.name.as_str().into(),
            url: subgraph.url.as_str().into(),
            file: sources.add(format!("{}.graphql", subgraph.name), subgraph.sdl.as_str()),
        })
        .collect();
    compose(&sources, &inputs, &ComposeOptions::default())
}
