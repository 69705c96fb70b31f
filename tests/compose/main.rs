//! Subgraphs in, a supergraph or diagnostics out: each folder under `cases` holds the subgraphs
//! (`NAME.graphql`) and what is expected, `supergraph.graphql` or `diagnostics.txt`; both when there
//! are hints. With a `contract.json` the supergraph is restricted to it, and `api.graphql` is what
//! clients then see. `UPDATE=1` writes what is expected.

mod contracts;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pleach::graph::compose::{ComposeOptions, Composed, Composition, Contract, SubgraphInput, codes, compose};
use pleach::graph::federation::supergraph::Supergraph;
use pleach::graph::language::{parse, print};
use pleach::platform::base::span::SourceMap;

struct Case {
    name: String,
    folder: PathBuf,
    /// Name and SDL.
    subgraphs: Vec<(String, String)>,
    /// What clients may see of it.
    contract: Contract,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compose/cases");
    let mut folders: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.into_iter().map(case).collect()
}

fn case(folder: PathBuf) -> Case {
    let mut subgraphs = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "graphql") && !["supergraph", "api"].contains(&&*name)
        {
            subgraphs.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    subgraphs.sort();
    let contract = fs::read_to_string(folder.join("contract.json")).map(|text| contract(&text)).unwrap_or_default();
    Case { name: folder.file_name().unwrap().to_string_lossy().into_owned(), folder, subgraphs, contract }
}

fn contract(text: &str) -> Contract {
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    let tags = |key: &str| {
        let tags = json[key].as_array().into_iter().flatten();
        tags.map(|tag| tag.as_str().unwrap().into()).collect()
    };
    Contract {
        include: tags("include"),
        exclude: tags("exclude"),
        hide_unreachable: json["hide_unreachable"].as_bool().unwrap_or_default(),
    }
}

/// The composition, as far as the contract shows it.
fn restrict(composition: Composition, contract: &Contract, sources: &SourceMap) -> Composition {
    let Composition { supergraph, mut diagnostics } = composition;
    let supergraph = supergraph.and_then(|composed| match contract.apply(composed.document) {
        Ok((document, warnings)) => {
            diagnostics.extend(warnings);
            let supergraph = Supergraph::from_document(&document, sources).unwrap();
            Some(Composed {
                sdl: print::document(&document),
                api_sdl: supergraph.api_sdl.to_string(),
                document,
                supergraph,
                connected: composed.connected,
            })
        }
        Err(mistakes) => {
            diagnostics.extend(mistakes);
            None
        }
    });
    Composition { supergraph, diagnostics }
}

fn run(case: &Case) -> (SourceMap, Composition) {
    let mut sources = SourceMap::new();
    let inputs: Vec<SubgraphInput> = case
        .subgraphs
        .iter()
        .map(|(name, sdl)| SubgraphInput {
            name: name.as_str().into(),
            url: format!("http://{name}.test/graphql").into(),
            file: sources.add(format!("{name}.graphql"), sdl.as_str()),
        })
        .collect();
    let composition = compose(&sources, &inputs, &ComposeOptions::default());
    let restricted =
        if case.contract.is_empty() { composition } else { restrict(composition, &case.contract, &sources) };
    (sources, restricted)
}

fn rendered(sources: &SourceMap, composition: &Composition) -> String {
    let all: Vec<String> = composition.diagnostics.iter().map(|diagnostic| diagnostic.render(sources)).collect();
    all.join("\n")
}

/// Compares with a file, or writes it; an empty text means that there is no file.
fn expect(path: &Path, text: &str, failures: &mut Vec<String>) {
    if std::env::var_os("UPDATE").is_some() {
        if text.is_empty() {
            let _ = fs::remove_file(path);
        } else {
            fs::write(path, text).unwrap();
        }
    } else if fs::read_to_string(path).unwrap_or_default() != text {
        failures.push(format!("{} differs; now:\n{text}", path.display()));
    }
}

#[test]
fn each_case_composes_as_expected() {
    let mut failures = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 60, "cases are missing");
    for case in cases {
        let (sources, composition) = run(&case);
        let sdl = composition.supergraph.as_ref().map(|composed| composed.sdl.clone()).unwrap_or_default();
        expect(&case.folder.join("supergraph.graphql"), &sdl, &mut failures);
        let api = composition.supergraph.as_ref().map(|composed| composed.api_sdl.clone()).unwrap_or_default();
        let api = if case.contract.is_empty() { String::new() } else { api };
        expect(&case.folder.join("api.graphql"), &api, &mut failures);
        expect(&case.folder.join("diagnostics.txt"), &rendered(&sources, &composition), &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Everything a composition says, without places: those name files by number.
fn outcome(composition: &Composition) -> (Option<String>, Option<String>, BTreeSet<String>) {
    let composed = composition.supergraph.as_ref();
    let all = composition.diagnostics.iter();
    let findings = all.map(|diagnostic| {
        let notes: BTreeSet<&str> = diagnostic.labels.iter().map(|label| &*label.note).collect();
        format!("{} {} {notes:?}", diagnostic.code, diagnostic.message)
    });
    (
        composed.map(|composed| composed.sdl.clone()),
        composed.map(|composed| composed.api_sdl.clone()),
        findings.collect(),
    )
}

#[test]
fn the_order_of_subgraphs_changes_nothing() {
    for case in cases() {
        let expected = outcome(&run(&case).1);
        let mut turned = Case { subgraphs: case.subgraphs.clone(), ..case };
        turned.subgraphs.reverse();
        for _ in 0..turned.subgraphs.len() {
            turned.subgraphs.rotate_left(1);
            assert_eq!(outcome(&run(&turned).1), expected, "{}", turned.name);
        }
    }
}

#[test]
fn composing_again_gives_the_same_bytes() {
    for case in cases() {
        let (sources, first) = run(&case);
        let (again, second) = run(&case);
        assert_eq!(rendered(&sources, &first), rendered(&again, &second), "{}", case.name);
        assert_eq!(outcome(&first), outcome(&second), "{}", case.name);
    }
}

#[test]
fn a_supergraph_read_back_is_the_same_graph() {
    for case in cases() {
        let (_, composition) = run(&case);
        let Some(composed) = composition.supergraph else { continue };
        let mut sources = SourceMap::new();
        let file = sources.add("supergraph.graphql", composed.sdl.as_str());
        let (document, _) = parse::type_system(&sources, file);
        let read =
            Supergraph::from_document(&document, &sources).unwrap_or_else(|found| panic!("{}: {found:?}", case.name));
        assert_eq!(read.dump().to_string(), composed.supergraph.dump().to_string(), "{}", case.name);
        assert_eq!(read.api_sdl, composed.supergraph.api_sdl, "{}", case.name);
    }
}

#[test]
fn a_supergraph_reads_back_as_it_was_printed() {
    for case in cases() {
        let (_, composition) = run(&case);
        let Some(composed) = composition.supergraph else { continue };
        let mut sources = SourceMap::new();
        let file = sources.add("supergraph.graphql", composed.sdl.as_str());
        let (document, problems) = parse::type_system(&sources, file);
        assert!(problems.is_empty(), "{}: {problems:?}", case.name);
        assert_eq!(print::document(&document), composed.sdl, "{}", case.name);
    }
}

#[test]
fn every_finding_lies_in_its_file() {
    for case in cases() {
        let (sources, composition) = run(&case);
        for diagnostic in &composition.diagnostics {
            for label in &diagnostic.labels {
                let length = sources.file(label.span.file).map(|file| file.text.len()).unwrap_or_default();
                let (start, end) = (label.span.start as usize, label.span.end as usize);
                assert!(start <= end && end <= length, "{}: {diagnostic:?}", case.name);
            }
        }
    }
}

#[test]
fn every_code_of_the_cases_is_listed() {
    for case in cases() {
        let (_, composition) = run(&case);
        for diagnostic in &composition.diagnostics {
            assert!(codes::meaning(&diagnostic.code).is_some(), "{}: {} is not listed", case.name, diagnostic.code);
        }
    }
}

#[test]
fn every_listed_code_has_a_case() {
    let mut seen = BTreeSet::new();
    for case in cases() {
        let (_, composition) = run(&case);
        seen.extend(composition.diagnostics.into_iter().map(|diagnostic| diagnostic.code));
    }
    let missing: Vec<&str> = codes::ALL.iter().map(|code| code.name).filter(|name| !seen.contains(*name)).collect();
    assert!(missing.is_empty(), "without a case: {}", missing.join(", "));
}
