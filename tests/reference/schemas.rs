//! The examples of the guides: schemas that compose, mappings that yield what is said.

use std::collections::BTreeSet;
use std::fs;

use pleach::gateway::operation::normalize::normalize;
use pleach::gateway::plan::{PlanOptions, explain, plan};
use pleach::graph::compose::Composed;
use pleach::graph::compose::{ComposeOptions, SubgraphInput, compose};
use pleach::graph::language::api::ApiSchema;
use pleach::graph::mapping::{Dialect, Mapping, Variables};
use pleach::platform::base::span::SourceMap;
use pleach::sources::grpc::ProtoFiles;
use serde_json::Value;

use super::root;

/// What is wrong with an SDL file that links its specifications, if anything.
pub fn mistakes(place: &str, sdl: &str) -> Vec<String> {
    let mut sources = SourceMap::new();
    let file = sources.add(place, sdl);
    let mut protos = ProtoFiles::new();
    protos.add(file, root().join("schema"));
    let input = SubgraphInput { name: "example".into(), url: "http://example.test/graphql".into(), file };
    let composition =
        compose(&sources, &[input], &ComposeOptions { protos: Some(&protos), ..ComposeOptions::default() });
    composition.diagnostics.iter().map(|diagnostic| diagnostic.render(&sources)).collect()
}

/// The graph of `schema/`.
pub fn demo() -> Result<Composed, String> {
    let (mut sources, mut protos, mut inputs) = (SourceMap::new(), ProtoFiles::new(), Vec::new());
    for entry in fs::read_dir(root().join("schema")).expect("schema/") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "graphql") {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let file = sources.add(&*path.to_string_lossy(), fs::read_to_string(&path).expect("SDL"));
            protos.add(file, root().join("schema"));
            inputs.push(SubgraphInput { name: name.into(), url: "".into(), file });
        }
    }
    let composition =
        compose(&sources, &inputs, &ComposeOptions { protos: Some(&protos), ..ComposeOptions::default() });
    let findings: String = composition.diagnostics.iter().map(|diagnostic| diagnostic.render(&sources)).collect();
    composition.supergraph.ok_or(findings)
}

/// The plan of an operation on a graph, in words.
///
/// # Errors
/// When the operation is not valid or has no plan.
pub fn told(graph: &Composed, operation: &str) -> Result<String, String> {
    let schema = ApiSchema::parse(&graph.api_sdl).map_err(|mistakes| format!("{mistakes:?}"))?;
    let document = schema.validate(operation, 10_000).map_err(|problems| format!("{operation}: {problems:?}"))?;
    let operation = normalize(&graph.supergraph, &document, None).map_err(|problem| problem.message)?;
    let plan = plan(&graph.supergraph, &operation, &PlanOptions::default()).map_err(|error| error.to_string())?;
    Ok(explain(&graph.supergraph, &plan))
}

/// The rows of tables ``| `mapping` | `input` | `output` |`` whose mapping does something else.
pub fn wrong_mappings(page: &str) -> BTreeSet<String> {
    let mut wrong = BTreeSet::new();
    let mut rows = 0;
    for line in page.lines() {
        let cells = line.trim_start_matches("| `").trim_end_matches("` |").split("` | `").collect::<Vec<_>>();
        let [mapping, input, output] = cells[..] else { continue };
        let Ok(input) = serde_json::from_str::<Value>(input) else { continue };
        let expected: Value = serde_json::from_str(output).unwrap_or_else(|error| panic!("{output}: {error}"));
        rows += 1;
        match Mapping::parse(mapping, Dialect::Pleach) {
            Ok(parsed) => {
                let actual = parsed.evaluate(Some(&input), &Variables::new()).value.unwrap_or_default();
                if actual != expected {
                    wrong.insert(format!("{mapping} of {input} yields {actual}, not {expected}"));
                }
            }
            Err(errors) => drop(wrong.insert(format!("{mapping}: {errors:?}"))),
        }
    }
    assert!(rows > 5, "the table of mappings is not found");
    wrong
}
