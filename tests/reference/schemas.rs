//! The examples of the guides: schemas that compose, mappings that yield what is said.

use std::collections::BTreeSet;

use pleach::graph::compose::{ComposeOptions, SubgraphInput, compose};
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
    let composition = compose(&sources, &[input], &ComposeOptions { protos: Some(&protos) });
    composition.diagnostics.iter().map(|diagnostic| diagnostic.render(&sources)).collect()
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
