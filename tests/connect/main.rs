//! Connector directives as data: what mistakes say, and what the planner learns.
//!
//! `cases/<name>/` holds SDL files and `diagnostics.txt`, the rendered findings of all of them; with a
//! `connectors.txt`, also what each connector needs and yields. Where `of.txt` names a folder of the
//! repository, the SDL files are that folder's. `UPDATE=1` writes what is expected anew.

mod protos;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use pleach::graph::connect::{self, ConnectedSubgraph, InputField, OutputField};
use pleach::graph::language::parse;
use pleach::graph::link::Links;
use pleach::platform::base::span::SourceMap;

#[test]
fn cases_say_what_they_should() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/connect/cases");
    let mut wrong = Vec::new();
    for case in sorted(&root).into_iter().filter(|path| path.is_dir()) {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let (diagnostics, connectors) = run(&case);
        if !same(&case.join("diagnostics.txt"), &diagnostics) {
            wrong.push(format!("{name}/diagnostics.txt should be:\n{diagnostics}"));
        }
        if case.join("connectors.txt").exists() && !same(&case.join("connectors.txt"), &connectors) {
            wrong.push(format!("{name}/connectors.txt should be:\n{connectors}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_mistake_has_a_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/connect/cases");
    for case in sorted(&root).into_iter().filter(|path| path.is_dir()) {
        for line in run(&case).0.lines().filter(|line| line.contains("error[") || line.contains("warning[")) {
            assert!(line.contains(".graphql:"), "{}: {line}", case.display());
        }
    }
}

/// The findings of a folder's files, and what their connectors need and yield.
fn run(case: &Path) -> (String, String) {
    let mut sources = SourceMap::new();
    let (mut said, mut yielded) = (String::new(), String::new());
    let elsewhere = fs::read_to_string(case.join("of.txt")).ok();
    let elsewhere = elsewhere.map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder.trim()));
    let case = elsewhere.as_deref().unwrap_or(case);
    for path in sorted(case).into_iter().filter(|path| path.extension().is_some_and(|end| end == "graphql")) {
        let file_name = path.file_name().unwrap().to_string_lossy().into_owned();
        let file = sources.add(&*file_name, fs::read_to_string(&path).unwrap());
        let (document, mut findings) = parse::type_system(&sources, file);
        let (links, of_links) = Links::read(&document);
        findings.extend(of_links);
        let loader = protos::Folder(case.to_owned());
        let name = file_name.trim_end_matches(".graphql");
        let (subgraph, more) = connect::read(&document, name, &links, &sources, Some(&loader));
        findings.extend(more);
        assert!(subgraph.is_none() || !findings.iter().any(|finding| finding.is_error()));
        findings.iter().for_each(|finding| said.push_str(&finding.render(&sources)));
        if let Some(subgraph) = subgraph {
            describe(&mut yielded, &subgraph);
        }
    }
    (said, yielded)
}

fn describe(out: &mut String, subgraph: &ConnectedSubgraph) {
    let remote =
        subgraph.remote_source().map_or(String::new(), |(source, _)| format!(", served by {}", source.name.value));
    let _ = writeln!(out, "# {}{remote}", subgraph.name);
    for connector in &subgraph.connectors {
        let source = subgraph.source_of(connector).map_or("nothing", |source| &source.name.value);
        let _ = writeln!(out, "{} on {} from {source}", connector.id, connector.place);
        if let Some(batch) = &connector.batch {
            let key: Vec<_> = batch.key.iter().map(|path| path.join(".")).collect();
            let by = if batch.by.is_some() { ", by" } else { "" };
            let _ = writeln!(out, "  batch of {}, key {}{by}", batch.max_size, key.join(" "));
        }
        if !connector.inputs.is_empty() {
            let _ = writeln!(out, "  needs {}", inputs(&connector.inputs));
        }
        let _ = writeln!(out, "  yields {}", outputs(&connector.output));
        let _ = writeln!(out, "  within {:?}", subgraph.timeout(connector));
    }
}

fn inputs(fields: &[InputField]) -> String {
    let shown = fields.iter().map(|field| match &field.children[..] {
        [] => field.name.to_string(),
        children => format!("{} {{ {} }}", field.name, inputs(children)),
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn outputs(fields: &[OutputField]) -> String {
    let shown = fields.iter().map(|field| {
        let on = field.on.as_ref().map_or(String::new(), |on| format!("{on}:"));
        match &field.children[..] {
            [] => format!("{on}{}", field.name),
            children => format!("{on}{} {{ {} }}", field.name, outputs(children)),
        }
    });
    if fields.is_empty() { "the value".to_owned() } else { shown.collect::<Vec<_>>().join(" ") }
}

fn same(path: &Path, actual: &str) -> bool {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, actual).unwrap();
    }
    fs::read_to_string(path).unwrap_or_default() == actual
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
