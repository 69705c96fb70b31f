//! Names of tags.

use crate::graph::compose::subgraph::directives::{Applied, Federation};
use crate::graph::compose::subgraph::model::Subgraph;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// Longest name of a tag.
const MAX_LENGTH: usize = 128;

/// Checks every `@tag(name:)`.
pub fn check(subgraph: &Subgraph, _: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    let mut check = |applied: &[Applied]| {
        for tag in applied.iter().filter(|applied| applied.federation == Some(Federation::Tag)) {
            let Some(value) = tag.argument("name") else { continue };
            let Some(name) = value.as_str() else { continue };
            let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/');
            if name.is_empty() || name.len() > MAX_LENGTH || !name.chars().all(good) {
                let message = format!("\"{name}\" cannot be a tag");
                let finding = Diagnostic::error("INVALID_TAG_NAME", message).at(value.span);
                diagnostics.push(finding.help("a tag has 1 to 128 letters, digits, and the characters _ - /"));
            }
        }
    };
    check(&subgraph.schema);
    for ty in subgraph.types.values() {
        check(&ty.applied);
        for field in ty.fields.values() {
            check(&field.applied);
            field.arguments.values().for_each(|argument| check(&argument.applied));
        }
        ty.inputs.values().for_each(|input| check(&input.applied));
        ty.values.values().for_each(|value| check(&value.applied));
    }
}
