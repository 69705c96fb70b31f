//! Executable directives: kept if every subgraph defines them, where all allow them.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use crate::graph::compose::subgraph::model::{Field, Input, Subgraph};
use crate::graph::language::ast::{DirectiveDefinition, TypeExpr};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Spanned;

use super::arguments;
use super::merger::{Merger, Source};

const LOCATIONS: &[&str] = &[
    "QUERY",
    "MUTATION",
    "SUBSCRIPTION",
    "FIELD",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
];

fn executable(definition: &DirectiveDefinition) -> Vec<&Name> {
    definition.locations.iter().filter(|location| LOCATIONS.contains(&&***location)).collect()
}

/// Whether a directive can stand in operations.
pub fn is_executable(definition: &DirectiveDefinition) -> bool {
    !executable(definition).is_empty()
}

/// The definitions all subgraphs share.
pub fn merge(merger: &mut Merger<'_>) -> BTreeMap<Name, DirectiveDefinition> {
    let subgraphs = merger.subgraphs;
    let all = subgraphs
        .iter()
        .enumerate()
        .flat_map(|(index, subgraph)| subgraph.directives.values().map(move |definition| (index, definition)));
    let names: BTreeSet<&Name> = all
        .filter(|(index, definition)| {
            !executable(definition).is_empty() && !merger.carried.is_composed(*index, &definition.name.value)
        })
        .map(|(_, definition)| &definition.name.value)
        .collect();
    let mut merged = BTreeMap::new();
    for name in names {
        if let Some(definition) = merge_one(merger, subgraphs, name) {
            merged.insert(name.clone(), definition);
        }
    }
    merged
}

fn merge_one(merger: &mut Merger<'_>, subgraphs: &[Subgraph], name: &Name) -> Option<DirectiveDefinition> {
    let known: Vec<(usize, &DirectiveDefinition)> = subgraphs
        .iter()
        .enumerate()
        .filter_map(|(index, subgraph)| Some((index, subgraph.directives.get(name)?)))
        .filter(|(_, definition)| !executable(definition).is_empty())
        .collect();
    let (_, first) = *known.first()?;
    let label = |finding: Diagnostic| {
        known.iter().fold(finding, |finding, (index, definition)| {
            finding.label(definition.name.span, format!("in subgraph \"{}\"", subgraphs[*index].name))
        })
    };
    if known.len() < subgraphs.len() {
        let message = format!("executable directive \"@{name}\" is not defined in all subgraphs and is left out");
        merger.report(label(Diagnostic::warning("INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE", message)));
        return None;
    }
    let everywhere = |location: &&Name| known.iter().all(|(_, definition)| definition.locations.contains(location));
    let locations: Vec<Name> = executable(first).into_iter().filter(everywhere).cloned().collect();
    if locations.is_empty() {
        let message = format!("the definitions of \"@{name}\" have no location in common, so it is left out");
        merger.report(label(Diagnostic::warning("NO_EXECUTABLE_DIRECTIVE_LOCATIONS_INTERSECTION", message)));
        return None;
    }
    if known.iter().any(|(_, definition)| executable(definition).len() != locations.len()) {
        let message = format!("\"@{name}\" has different locations; those all subgraphs have are kept");
        merger.report(label(Diagnostic::warning("INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS", message)));
    }
    if known.iter().any(|(_, definition)| definition.repeatable != first.repeatable) {
        let message = format!("\"@{name}\" is repeatable only in some subgraphs, so it is not");
        merger.report(label(Diagnostic::warning("INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE", message)));
    }
    let fields: Vec<(usize, Field)> = known.iter().map(|(index, definition)| (*index, as_field(definition))).collect();
    let sources: Vec<Source<'_, Field>> =
        fields.iter().map(|(index, item)| Source { index: *index, subgraph: &subgraphs[*index], item }).collect();
    let arguments = arguments::merge(merger, &format!("@{name}"), &sources);
    let description = merger.description(
        &format!("@{name}"),
        known.iter().map(|(index, definition)| (*index, definition.description.as_ref(), definition.name.span)),
    );
    Some(DirectiveDefinition {
        name: first.name.clone(),
        description,
        arguments,
        repeatable: known.iter().all(|(_, definition)| definition.repeatable),
        locations,
        span: first.span,
    })
}

/// A directive's arguments follow the rules of a field's.
fn as_field(definition: &DirectiveDefinition) -> Field {
    let arguments: IndexMap<Name, Input> = definition
        .arguments
        .iter()
        .map(|argument| {
            let input = Input {
                name: argument.name.clone(),
                description: argument.description.clone(),
                ty: argument.ty.clone(),
                default: argument.default.clone(),
                applied: Vec::new(),
            };
            (argument.name.value.clone(), input)
        })
        .collect();
    Field {
        name: definition.name.clone(),
        description: None,
        arguments,
        ty: TypeExpr::Named(Spanned { value: "Boolean".into(), span: definition.span }),
        applied: Vec::new(),
    }
}
