//! The code keeps to `docs/architecture.md`: its table of modules and arrows, its fences around
//! third-party crates, and the rules on purity and doors. The document is the data of this test,
//! so the two cannot drift apart.

mod document;
mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use document::Document;
use paths::SourceFile;

/// What reads a clock, a lock, a disk, a network or the environment.
const IMPURE: [&str; 10] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::sync::Mutex",
    "std::sync::RwLock",
    "std::io::stdin",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn document() -> Document {
    Document::parse(&fs::read_to_string(root().join("docs/architecture.md")).expect("docs/architecture.md"))
}

/// Every file below `src/` that is not a test, as its path below `src/` and what it names.
fn sources() -> Vec<SourceFile> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    files.sort();
    files
        .iter()
        .map(|file| {
            let name = file.strip_prefix(root().join("src")).expect("below src").to_string_lossy().replace('\\', "/");
            SourceFile::read(&name, &fs::read_to_string(file).expect("a source file"))
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("").to_owned();
        if path.is_dir() && name != "tests" {
            collect(&path, files);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            files.push(path);
        }
    }
}

fn assert_none(problems: &BTreeSet<String>) {
    assert!(problems.is_empty(), "\n{}\n", problems.iter().cloned().collect::<Vec<_>>().join("\n"));
}

/// The arrows of the code: from, to, and a file that has it.
fn arrows(document: &Document, sources: &[SourceFile]) -> BTreeMap<(String, String), String> {
    let mut arrows = BTreeMap::new();
    for file in sources {
        let Some(from) = document.module_of_file(&file.name) else { continue };
        for path in file.inner_paths() {
            let Some(to) = document.module_of_path(&path) else { continue };
            if from != to {
                arrows.entry((from.to_owned(), to.to_owned())).or_insert_with(|| file.name.clone());
            }
        }
    }
    arrows
}

#[test]
fn the_code_has_only_the_arrows_of_the_table() {
    let document = document();
    let problems = arrows(&document, &sources())
        .into_iter()
        .filter(|((from, to), _)| !document.grants(from, to))
        .map(|((from, to), file)| format!("{from} imports {to} (src/{file}), which the table does not grant"))
        .collect();
    assert_none(&problems);
}

#[test]
fn the_table_grants_only_what_the_code_uses() {
    let document = document();
    let used = arrows(&document, &sources());
    let mut problems = BTreeSet::new();
    for (from, to) in document.granted() {
        if !used.contains_key(&(from.clone(), to.clone())) {
            problems.insert(format!("the table grants {from} → {to}, which the code does not use"));
        }
    }
    assert_none(&problems);
}

#[test]
fn the_table_lists_every_module_and_only_those() {
    let document = document();
    let mut problems = BTreeSet::new();
    for module in document.modules() {
        let source = root().join("src").join(module);
        if !source.is_dir() && !source.with_extension("rs").is_file() {
            problems.insert(format!("the table lists {module}, which is not in src/"));
        }
    }
    for file in sources() {
        // The doors of the tiers and of the crate declare modules and name nothing else.
        let is_door = file.name == "lib.rs" || file.name == "main.rs" || file.name.matches('/').count() == 1;
        let belongs = document.module_of_file(&file.name).is_some();
        if !belongs && !(is_door && (file.name.ends_with("mod.rs") || !file.name.contains('/'))) {
            problems.insert(format!("src/{} belongs to no module of the table", file.name));
        }
    }
    assert_none(&problems);
}

#[test]
fn no_arrow_of_the_table_climbs_or_closes_a_loop() {
    let document = document();
    let place: BTreeMap<_, _> = document.modules().enumerate().map(|(place, name)| (name.to_owned(), place)).collect();
    let mut problems = BTreeSet::new();
    for (from, to) in document.granted() {
        match (place.get(&from), place.get(&to)) {
            (Some(here), Some(there)) if there > here => {}
            (_, None) => drop(problems.insert(format!("{from} may import {to}, which has no row"))),
            _ => drop(problems.insert(format!("{from} may import {to}, which does not stand below it"))),
        }
    }
    assert_none(&problems);
}

#[test]
fn third_party_crates_stay_inside_their_fences() {
    let document = document();
    let mut problems = BTreeSet::new();
    for file in sources() {
        for name in file.outer_crates() {
            if let Some(fence) = document.fence(name)
                && !fence.allows(&file.name)
            {
                problems.insert(format!("src/{} names {name}, which is fenced into {}", file.name, fence.places()));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn every_dependency_has_a_fence_or_is_free() {
    let document = document();
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let dependencies: BTreeSet<_> = manifest
        .lines()
        .skip_while(|line| line.trim() != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('=').map(|(name, _)| name.trim().replace('-', "_")))
        .filter(|name| !name.starts_with('#'))
        .collect();
    let listed: BTreeSet<_> = document.fenced().map(str::to_owned).collect();
    let mut problems = BTreeSet::new();
    problems.extend(dependencies.difference(&listed).map(|name| format!("{name} is not in the table of crates")));
    problems.extend(listed.difference(&dependencies).map(|name| format!("{name} is no dependency any more")));
    assert_none(&problems);
}

#[test]
fn pure_modules_name_nothing_that_waits_reads_or_logs() {
    let document = document();
    let mut problems = BTreeSet::new();
    for file in sources() {
        let Some(module) = document.module_of_file(&file.name).filter(|module| document.is_pure(module)) else {
            continue;
        };
        for path in file.outer_paths() {
            let runtime = matches!(path.first().map(String::as_str), Some("tokio" | "tracing" | "futures_util"));
            let path = path.join("::");
            if runtime || IMPURE.iter().any(|impure| path == *impure || path.starts_with(&format!("{impure}::"))) {
                problems.insert(format!("{module} is pure, but src/{} names {path}", file.name));
            }
        }
        if file.is_async() {
            problems.insert(format!("{module} is pure, but src/{} has async code", file.name));
        }
    }
    assert_none(&problems);
}

#[test]
fn doors_of_modules_hold_no_logic() {
    let document = document();
    let problems = sources()
        .iter()
        .filter(|file| {
            file.name.strip_suffix("/mod.rs").is_some_and(|name| document.modules().any(|module| module == name))
        })
        .filter(|file| file.has_functions())
        .map(|file| format!("src/{} is a door, but has functions", file.name))
        .collect();
    assert_none(&problems);
}
