//! Operations become plans: each case folder holds a `supergraph.graphql` and operations; beside each
//! `NAME.graphql` stands `NAME.txt`, its plan in words or the refusal. `UPDATE=1` writes what is
//! expected.

mod adversarial;
mod names;

use std::fs;
use std::path::{Path, PathBuf};

use pleach::gateway::operation::model::Operation;
use pleach::gateway::operation::normalize::normalize;
use pleach::gateway::plan::{PlanError, PlanOptions, explain, explain_json, explain_mermaid, plan, verify};
use pleach::graph::federation::supergraph::Supergraph;
use pleach::graph::language::api::ApiSchema;
use pleach::graph::language::parse;
use pleach::platform::base::span::SourceMap;

struct Case {
    /// The operation's file.
    path: PathBuf,
    supergraph: Supergraph,
    operation: Operation,
}

#[test]
fn each_operation_is_planned_as_expected() {
    let cases = cases();
    let update = std::env::var_os("UPDATE").is_some();
    let mut failures = Vec::new();
    for case in cases {
        let expected = case.path.with_extension("txt");
        let actual = told(&case);
        if update {
            fs::write(&expected, &actual).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != actual {
            failures.push(format!("{}:\n{actual}", expected.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn planning_twice_gives_the_same_plan() {
    for case in cases() {
        let once = || plan(&case.supergraph, &case.operation, &PlanOptions::default()).map(|plan| format!("{plan:?}"));
        // Maps inside the guards print in any order, so they are compared by the told plan.
        let without_maps = |text: String| text.split_once("sites:").map(|(_, rest)| rest.to_owned());
        assert_eq!(once().map(without_maps), once().map(without_maps), "{}", case.path.display());
    }
}

#[test]
fn no_plan_breaks_a_rule() {
    for case in cases() {
        if let Ok(plan) = plan(&case.supergraph, &case.operation, &PlanOptions::default()) {
            let faults = verify(&case.supergraph, &case.operation, &plan);
            assert!(faults.is_empty(), "{}: {faults:?}", case.path.display());
        }
    }
}

#[test]
fn without_search_a_plan_is_found_that_costs_no_less() {
    let hasty = PlanOptions { max_expansions: 0, ..PlanOptions::default() };
    for case in cases() {
        let searched = plan(&case.supergraph, &case.operation, &PlanOptions::default());
        let greedy = plan(&case.supergraph, &case.operation, &hasty);
        match (searched, greedy) {
            (Ok(searched), Ok(greedy)) => {
                assert!(searched.estimate.cost <= greedy.estimate.cost, "{}", case.path.display());
                assert!(greedy.estimate.lower_bound <= searched.estimate.cost, "{}", case.path.display());
            }
            (searched, greedy) => assert_eq!(searched.err(), greedy.err(), "{}", case.path.display()),
        }
    }
}

#[test]
fn the_costs_of_all_steps_are_the_plan_s() {
    for case in cases() {
        if let Ok(plan) = plan(&case.supergraph, &case.operation, &PlanOptions::default()) {
            let sum: u64 = plan.fetches.iter().map(|fetch| fetch.estimate.cost).sum();
            assert_eq!(sum, plan.estimate.cost, "{}", case.path.display());
            let calls: u64 = plan.fetches.iter().map(|fetch| fetch.estimate.calls).sum();
            assert_eq!(calls, plan.estimate.calls, "{}", case.path.display());
        }
    }
}

#[test]
fn every_step_gives_something_to_somebody() {
    for case in cases() {
        if let Ok(plan) = plan(&case.supergraph, &case.operation, &PlanOptions::default()) {
            let idle = plan.fetches.iter().find(|fetch| fetch.serves.is_empty());
            assert!(idle.is_none(), "{}: {idle:?}", case.path.display());
        }
    }
}

#[test]
fn a_flowchart_has_a_box_for_each_step_and_quotes_nothing_raw() {
    for case in cases() {
        if let Ok(plan) = plan(&case.supergraph, &case.operation, &PlanOptions::default()) {
            let chart = explain_mermaid(&case.supergraph, &plan);
            let boxes = chart.lines().filter(|line| line.trim_start().starts_with('s') && line.contains("[\""));
            assert_eq!(boxes.count(), plan.fetches.len(), "{chart}");
            assert!(chart.lines().all(|line| matches!(line.matches('"').count(), 0 | 2)), "{chart}");
        }
    }
}

#[test]
fn json_tells_as_many_steps_as_words() {
    for case in cases() {
        if let Ok(plan) = plan(&case.supergraph, &case.operation, &PlanOptions::default()) {
            let json = explain_json(&case.supergraph, &plan);
            assert_eq!(json["steps"].as_array().unwrap().len(), plan.fetches.len(), "{}", case.path.display());
        }
    }
}

#[test]
fn more_nodes_than_allowed_are_refused() {
    let case = cases().into_iter().find(|case| case.path.ends_with("bench/f1.graphql")).unwrap();
    let options = PlanOptions { max_nodes: 10, ..PlanOptions::default() };
    let error = plan(&case.supergraph, &case.operation, &options).unwrap_err();
    assert_eq!(error.code(), "QUERY_PLAN_COMPLEXITY_EXCEEDED");
}

fn told(case: &Case) -> String {
    match plan(&case.supergraph, &case.operation, &PlanOptions::default()) {
        Ok(plan) => explain(&case.supergraph, &plan),
        Err(error) => refused(&error),
    }
}

fn refused(error: &PlanError) -> String {
    format!("{}: {error}\n", error.code())
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan/cases");
    let only = std::env::var("CASE").ok();
    let mut cases = Vec::new();
    for folder in sorted(&root) {
        if only.as_ref().is_some_and(|only| !folder.ends_with(only)) {
            continue;
        }
        let sdl = fs::read_to_string(folder.join("supergraph.graphql")).unwrap();
        let supergraph = read(&sdl).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let schema = ApiSchema::parse(&supergraph.api_sdl).unwrap();
        for path in sorted(&folder) {
            if path.extension().is_some_and(|ext| ext == "graphql") && !path.ends_with("supergraph.graphql") {
                let text = fs::read_to_string(&path).unwrap();
                let document =
                    schema.validate(&text, 10_000).unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
                let operation = normalize(&supergraph, &document, None).unwrap();
                cases.push(Case { path, supergraph: supergraph.clone(), operation });
            }
        }
    }
    cases
}

fn read(sdl: &str) -> Result<Supergraph, String> {
    let mut sources = SourceMap::new();
    let file = sources.add("supergraph.graphql", sdl);
    let (document, findings) = parse::type_system(&sources, file);
    assert!(findings.is_empty(), "{findings:?}");
    Supergraph::from_document(&document, &sources)
        .map_err(|findings| findings.iter().map(|finding| finding.render(&sources)).collect())
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
