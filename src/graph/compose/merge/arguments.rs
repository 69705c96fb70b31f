//! Arguments: those all subgraphs know.

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::{Annotated, Field, Input};
use crate::graph::language::ast::InputValueDefinition;
use crate::platform::base::diagnostic::Diagnostic;

use super::defaults::Defaults;
use super::inputs::{is_required, typed};
use super::merger::{Merger, Source, union_of_names};
use super::types::{Position, Typed};

/// Merges the arguments of a field or directive.
pub fn merge(merger: &mut Merger<'_>, coordinate: &str, sources: &[Source<'_, Field>]) -> Vec<InputValueDefinition> {
    let mut merged = Vec::new();
    for name in union_of_names(sources, |field| &field.arguments) {
        let known: Vec<Source<'_, Input>> = sources
            .iter()
            .filter_map(|source| {
                let item = source.item.arguments.get(&name)?;
                Some(Source { index: source.index, subgraph: source.subgraph, item })
            })
            .collect();
        let coordinate = format!("{coordinate}({name}:)");
        // What comes from a context is not an argument to clients.
        if known.iter().any(|source| source.item.has(Federation::FromContext)) {
            check_contextual(merger, &coordinate, &known);
            continue;
        }
        let missing: Vec<_> = sources.iter().filter(|source| !source.item.arguments.contains_key(&name)).collect();
        if !missing.is_empty() {
            report_missing(merger, &coordinate, &known, &missing);
            continue;
        }
        merged.extend(argument(merger, &coordinate, &known));
    }
    merged
}

/// An argument that one subgraph fills from a context gets no value in the others.
fn check_contextual(merger: &mut Merger<'_>, coordinate: &str, known: &[Source<'_, Input>]) {
    const CODE: &str = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS";
    for source in known.iter().filter(|source| !source.item.has(Federation::FromContext)) {
        let name = &source.subgraph.name;
        let finding = if is_required(source.item) {
            let message =
                format!("\"{coordinate}\" is filled from a context in other subgraphs, but required in \"{name}\"");
            Diagnostic::error(CODE, message)
        } else {
            let message =
                format!("\"{coordinate}\" is filled from a context in other subgraphs, and left out in \"{name}\"");
            Diagnostic::warning(CODE, message)
        };
        merger.report(finding.at(source.item.name.span));
    }
}

fn argument(merger: &mut Merger<'_>, coordinate: &str, known: &[Source<'_, Input>]) -> Option<InputValueDefinition> {
    let first = known.first()?;
    let all: Vec<Typed<'_>> = known.iter().map(typed).collect();
    let (ty, _) = merger.merge_types(coordinate, &all, Position::Argument)?;
    let default = Defaults::ARGUMENT.merge(merger, coordinate, known);
    let annotated: Vec<_> = known.iter().map(|source| (source.index, source.item)).collect();
    Some(InputValueDefinition {
        name: first.item.name.clone(),
        description: merger.description(
            coordinate,
            known.iter().map(|source| (source.index, source.item.description.as_ref(), source.item.name.span)),
        ),
        ty,
        default,
        directives: merger.applied(&annotated),
        span: first.item.name.span,
    })
}

fn report_missing(
    merger: &mut Merger<'_>,
    coordinate: &str,
    known: &[Source<'_, Input>],
    missing: &[&Source<'_, Field>],
) {
    let finding = if known.iter().any(|source| is_required(source.item)) {
        let message = format!("argument \"{coordinate}\" is required in some subgraphs but unknown in others");
        Diagnostic::error("REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH", message)
    } else {
        let message = format!("optional argument \"{coordinate}\" is not in all subgraphs and is left out");
        Diagnostic::warning("INCONSISTENT_ARGUMENT_PRESENCE", message)
    };
    let finding = known.iter().fold(finding, |finding, source| {
        let what = if is_required(source.item) { "required" } else { "optional" };
        finding.label(source.item.name.span, format!("{what} in subgraph \"{}\"", source.subgraph.name))
    });
    let finding = missing.iter().fold(finding, |finding, source| {
        finding.label(source.item.name.span, format!("unknown in subgraph \"{}\"", source.subgraph.name))
    });
    merger.report(finding);
}
