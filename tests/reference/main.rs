//! The reference says what the code does: every error code is documented and every documented one
//! exists, and the pages about the configuration are made from its structs.
//!
//! `PLEACH_BLESS=1 cargo test --test reference` writes the generated pages anew.

mod codes;
mod configuration;
mod literals;
mod schemas;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pleach::app::config::json_schema::json_schema;
use pleach::app::config::load;
use pleach::platform::base::span::SourceMap;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    let path = root().join("docs/reference").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn assert_none(problems: &BTreeSet<String>) {
    assert!(problems.is_empty(), "\n{}\n", problems.iter().cloned().collect::<Vec<_>>().join("\n"));
}

/// Compares a generated page with the one in the repository, or writes it anew.
fn expect(name: &str, text: &str) {
    let path = root().join("docs/reference").join(name);
    if std::env::var_os("PLEACH_BLESS").is_some() {
        fs::write(&path, text).expect("docs/reference can be written");
        return;
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let differing = written.lines().zip(text.lines()).position(|(left, right)| left != right);
    let line = differing.unwrap_or(written.lines().count().min(text.lines().count()));
    assert!(
        written == text,
        "docs/reference/{name} is stale from line {} on: {:?}\nwrite it anew: PLEACH_BLESS=1 cargo test --test reference",
        line + 1,
        text.lines().nth(line).unwrap_or(""),
    );
}

#[test]
fn every_code_is_documented() {
    let documented: BTreeSet<String> = codes::documented(&page("errors.md")).into_keys().collect();
    let problems = codes::used()
        .into_iter()
        .filter(|(code, _)| !documented.contains(code))
        .map(|(code, file)| format!("{code} ({file}) has no row in docs/reference/errors.md"))
        .collect();
    assert_none(&problems);
}

#[test]
fn every_documented_code_is_used() {
    let used = codes::used();
    let problems = codes::documented(&page("errors.md"))
        .into_keys()
        .filter(|code| !used.contains_key(code))
        .map(|code| format!("docs/reference/errors.md documents {code}, which nothing in src/ uses"))
        .collect();
    assert_none(&problems);
}

#[test]
fn every_code_is_documented_once_with_a_sentence() {
    let mut problems = BTreeSet::new();
    for (code, sentences) in codes::documented(&page("errors.md")) {
        if sentences.len() > 1 {
            problems.insert(format!("{code} has {} rows", sentences.len()));
        }
        for sentence in sentences.iter().filter(|sentence| !sentence.ends_with('.')) {
            problems.insert(format!("{code} has no sentence: \"{sentence}\""));
        }
    }
    assert_none(&problems);
}

#[test]
fn words_that_look_like_codes_are_still_there() {
    let literals = codes::literals();
    let problems = codes::NOT_CODES
        .iter()
        .filter(|word| !literals.iter().any(|found| found.text == **word))
        .map(|word| format!("{word} is listed as a word that is no code, but nothing in src/ has it"))
        .collect();
    assert_none(&problems);
}

#[test]
fn the_pages_about_the_configuration_are_those_of_its_structs() {
    let schema = json_schema();
    expect("pleach.schema.json", &format!("{:#}\n", schema));
    expect("configuration.md", &configuration::page(&schema));
}

#[test]
fn configurations_in_the_documentation_are_valid() {
    let environment = BTreeMap::from([
        ("SHOP_JWT_SECRET", "0123456789abcdef0123456789abcdef"),
        ("REVIEWS_URL", "http://reviews.internal/graphql"),
    ]);
    let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut problems = BTreeSet::new();
    for (file, block) in blocks("yaml") {
        let mut sources = SourceMap::new();
        let id = sources.add(&*file, &*block);
        let mistakes = load::load(&sources, Some(id), Path::new(""), &environment).mistakes;
        problems.extend(mistakes.iter().map(|mistake| mistake.render(&sources)));
    }
    assert_none(&problems);
}

#[test]
fn schemas_in_the_documentation_compose() {
    let blocks: Vec<_> = blocks("graphql").into_iter().filter(|(_, block)| block.contains("@link(")).collect();
    assert!(blocks.len() > 5, "the examples are not found");
    let problems = blocks.iter().flat_map(|(file, block)| schemas::mistakes(file, block)).collect();
    assert_none(&problems);
}

#[test]
fn mappings_in_the_guide_yield_what_it_says() {
    let guide = fs::read_to_string(root().join("docs/guides/connectors.md")).expect("the guide");
    assert_none(&schemas::wrong_mappings(&guide));
}

#[test]
fn operations_and_the_plan_of_the_first_guide_are_right() {
    let guide = fs::read_to_string(root().join("docs/guides/getting-started.md")).expect("the guide");
    let graph = schemas::demo().unwrap_or_else(|findings| panic!("schema/ does not compose:\n{findings}"));
    let sent = guide.split(r#"{"query": ""#).skip(1).filter_map(|rest| rest.split(r#""}"#).next());
    let sent: Vec<&str> = sent.collect();
    assert!(sent.len() > 1, "the operations are not found");
    let problems = sent.into_iter().filter_map(|operation| schemas::told(&graph, operation).err()).collect();
    assert_none(&problems);
    let planned = guide.split("plan '").nth(1).and_then(|rest| rest.split('\'').next()).expect("an operation");
    let shown = guide.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a plan");
    assert_eq!(schemas::told(&graph, planned).as_deref().map(str::trim_end), Ok(shown.trim_end()));
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut problems = BTreeSet::new();
    for file in pages() {
        // What stands between fences is no Markdown.
        let text: String = fs::read_to_string(&file).expect("a page").split("```").step_by(2).collect();
        let folder = file.parent().expect("a folder");
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap_or("");
            if path.is_empty() || path.contains("://") || folder.join(path).exists() {
                continue;
            }
            problems.insert(format!("{}: {target} leads nowhere", file.display()));
        }
    }
    assert_none(&problems);
}

/// The fenced blocks of a language in all pages that people write, and where each begins.
fn blocks(language: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in pages() {
        let text = fs::read_to_string(&file).expect("a page");
        for block in text.split(&format!("```{language}\n")).skip(1) {
            let block = block.split("```").next().unwrap_or("").to_owned();
            found.push((file.display().to_string(), block));
        }
    }
    found
}

/// All Markdown pages of the project.
fn pages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned(), root().join("docs"), root().join("migrations")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() && folder.starts_with(root().join("docs")) {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "md") {
                found.push(entry);
            }
        }
    }
    found.sort();
    found
}
