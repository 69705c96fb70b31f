//! Supergraph SDL becomes the model: each case folder holds a `supergraph.graphql` and either
//! `model.txt` and `api.graphql`, or `diagnostics.txt`. Folders under `satisfiability` hold the
//! findings of that check; none for a graph that can answer everything. `UPDATE=1` writes
//! what is expected.

use std::fs;
use std::path::{Path, PathBuf};

use pleach::graph::compose::{ComposeOptions, SubgraphInput, compose, satisfiability};
use pleach::graph::federation::supergraph::Supergraph;
use pleach::graph::language::parse;
use pleach::platform::base::diagnostic::Diagnostic;
use pleach::platform::base::span::SourceMap;

#[test]
fn each_case_reads_as_expected() {
    let mut failures = Vec::new();
    let folders = folders("cases");
    assert!(folders.len() >= 25, "cases are missing");
    for folder in folders {
        let sdl = fs::read_to_string(folder.join("supergraph.graphql")).unwrap();
        match read(&sdl) {
            Ok(graph) => {
                check(&folder.join("model.txt"), &graph.dump().to_string(), &mut failures);
                check(&folder.join("api.graphql"), &graph.api_sdl, &mut failures);
                absent(&folder.join("diagnostics.txt"), &mut failures);
            }
            Err(rendered) => {
                check(&folder.join("diagnostics.txt"), &rendered, &mut failures);
                absent(&folder.join("model.txt"), &mut failures);
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn each_graph_answers_all_or_says_what_it_cannot() {
    let mut failures = Vec::new();
    let folders = folders("satisfiability");
    assert!(folders.len() >= 15, "cases are missing");
    for folder in folders {
        let graph = read(&fs::read_to_string(folder.join("supergraph.graphql")).unwrap()).unwrap();
        let findings = satisfiability::check(&graph, &|_| Vec::new());
        let text: String =
            findings.iter().map(|finding| format!("{}: {}\n\n", finding.code, finding.message)).collect();
        check(&folder.join("findings.txt"), &text, &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_demos_supergraph_is_what_its_files_compose_to() {
    let mut sources = SourceMap::new();
    let mut inputs = Vec::new();
    for name in ["catalogue", "inventory", "orders", "reviews", "users"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schema/{name}.graphql"));
        let file = sources.add(format!("{name}.graphql"), fs::read_to_string(path).unwrap());
        inputs.push(SubgraphInput { name: name.into(), url: "".into(), file });
    }
    let composed = compose(&sources, &inputs, &ComposeOptions::default()).supergraph.expect("it composes");
    let mut failures = Vec::new();
    check(&root().join("cases/demo/supergraph.graphql"), &composed.sdl, &mut failures);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn reading_twice_gives_the_same_hash_and_a_changed_key_another() {
    let sdl = fs::read_to_string(root().join("cases/bench/supergraph.graphql")).unwrap();
    let hash = |sdl: &str| read(sdl).unwrap().hash;
    assert_eq!(hash(&sdl), hash(&sdl));
    assert_eq!(hash(&sdl), hash(&sdl.replace("127.0.0.1", "localhost")), "an address is not part of a plan");
    assert_ne!(hash(&sdl), hash(&sdl.replacen("key: \"upc\"", "key: \"name\"", 1)));
}

fn read(sdl: &str) -> Result<Supergraph, String> {
    let mut sources = SourceMap::new();
    let file = sources.add("supergraph.graphql", sdl);
    let (document, findings) = parse::type_system(&sources, file);
    let render =
        |findings: Vec<Diagnostic>| findings.iter().map(|finding| finding.render(&sources)).collect::<String>();
    if !findings.is_empty() {
        return Err(render(findings));
    }
    Supergraph::from_document(&document, &sources).map_err(render)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/supergraph")
}

fn folders(name: &str) -> Vec<PathBuf> {
    let mut folders: Vec<_> = fs::read_dir(root().join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

fn check(path: &Path, actual: &str, failures: &mut Vec<String>) {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, actual).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected != actual {
        failures.push(format!("=== {}\n{}", path.display(), difference(&expected, actual)));
    }
}

fn absent(path: &Path, failures: &mut Vec<String>) {
    if path.exists() {
        failures.push(format!("=== {} is there, but the other outcome came", path.display()));
    }
}

/// The first lines that differ.
fn difference(expected: &str, actual: &str) -> String {
    let (mut old, mut new) = (expected.lines(), actual.lines());
    for number in 1.. {
        match (old.next(), new.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => return format!("line {number}\n- {}\n+ {}", a.unwrap_or("(end)"), b.unwrap_or("(end)")),
        }
    }
    "only line ends differ".into()
}
