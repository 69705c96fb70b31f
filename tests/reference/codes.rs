//! The stable codes: those that `src/` uses and those that the reference lists.
//!
//! A code is a string literal in capitals with at least one underscore, or any word in capitals that
//! is handed to something that takes a code. Codes about field sets are put together from a
//! directive's name; composition's own list has those.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pleach::graph::compose::codes::ALL;

use super::literals::{self, Literal};
use super::root;

/// Words in the shape of a code that are none: places of executable directives, and the ends of
/// codes that begin with a directive's name.
pub const NOT_CODES: [&str; 9] = [
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
    "DIRECTIVE_IN_FIELDS_ARG",
    "FIELDS_HAS_ARGS",
    "FIELDS_SELECT_INVALID_TYPE",
    "INVALID_FIELDS",
    "INVALID_FIELDS_TYPE",
];

/// What takes a code as its first argument.
const TAKES_CODE: [&str; 8] = [
    "GraphqlError::new(",
    "SourceError::new(",
    "Diagnostic::error(",
    "Diagnostic::warning(",
    "Diagnostic::hint(",
    "own_error(",
    "errors.own(",
    "code:",
];

/// Every code of `src/`, with a file that uses it. The demo's systems speak for themselves.
pub fn used() -> BTreeMap<String, String> {
    let mut used = BTreeMap::new();
    for literal in literals() {
        if is_code(&literal.literal) {
            used.entry(literal.text).or_insert(literal.file);
        }
    }
    for code in ALL {
        used.entry(code.name.to_owned()).or_insert_with(|| "src/graph/compose/codes.rs".to_owned());
    }
    used
}

/// A literal and where it stands.
pub struct Found {
    /// What is between the quotes.
    pub text: String,
    literal: Literal,
    file: String,
}

/// All string literals of `src/`, without tests and the demo's systems.
pub fn literals() -> Vec<Found> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let name = file.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&file).expect("a source file");
        let literals = literals::of(&text);
        found.extend(literals.into_iter().map(|literal| Found {
            text: literal.text.clone(),
            literal,
            file: name.clone(),
        }));
    }
    found
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("").to_owned();
        if path.is_dir() && name != "tests" && name != "demo" {
            collect(&path, files);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            files.push(path);
        }
    }
}

fn is_code(literal: &Literal) -> bool {
    let word = &*literal.text;
    let words = word.split('_');
    let in_capitals = words
        .clone()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()))
        && word.starts_with(|c: char| c.is_ascii_uppercase());
    let handed_over = TAKES_CODE.iter().any(|taker| literal.before.ends_with(taker));
    in_capitals && !NOT_CODES.contains(&word) && (words.count() > 1 || handed_over)
}

/// The codes of the reference, each with the sentences of its rows: ``| `CODE` | … | sentence |``.
pub fn documented(page: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in page.lines() {
        let Some((code, rest)) = line.strip_prefix("| `").and_then(|rest| rest.split_once("` |")) else { continue };
        let last = rest.trim_end().trim_end_matches('|').rsplit(" | ").next().unwrap_or("");
        found.entry(code.to_owned()).or_default().push(last.trim().to_owned());
    }
    found
}
