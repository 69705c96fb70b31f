//! Input objects: the fields all subgraphs know.

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::{Annotated, Input, Type};
use crate::graph::language::ast::{InputValueDefinition, TypeDefinition};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

use super::build;
use super::defaults::Defaults;
use super::merger::{Merger, Source, union_of_names};
use super::types::{Position, Typed, same};

/// Merges fields into `merged`.
pub fn merge(merger: &mut Merger<'_>, sources: &[Source<'_, Type>], merged: &mut TypeDefinition) {
    let name = merged.name.value.clone();
    let mut common = false;
    for field in union_of_names(sources, |ty| &ty.inputs) {
        let known: Vec<Source<'_, Input>> = sources
            .iter()
            .filter_map(|source| {
                let item = source.item.inputs.get(&field)?;
                Some(Source { index: source.index, subgraph: source.subgraph, item })
            })
            .collect();
        let missing: Vec<_> = sources.iter().filter(|source| !source.item.inputs.contains_key(&field)).collect();
        let hidden = known.iter().any(|source| source.item.has(Federation::Inaccessible));
        if !missing.is_empty() && !hidden {
            report_missing(merger, &format!("{name}.{field}"), &known, &missing);
            continue;
        }
        common = true;
        merged.inputs.extend(merge_field(merger, &name, &field, &known, missing.is_empty()));
    }
    if !common {
        let message = format!("no field of input object \"{name}\" is known to all subgraphs that define it");
        let finding = sources.iter().fold(Diagnostic::error("EMPTY_MERGED_INPUT_TYPE", message), |finding, source| {
            finding.label(source.item.name.span, format!("defined in subgraph \"{}\"", source.subgraph.name))
        });
        merger.report(finding);
    }
}

fn report_missing(
    merger: &mut Merger<'_>,
    coordinate: &str,
    known: &[Source<'_, Input>],
    missing: &[&Source<'_, Type>],
) {
    let required = known.iter().any(|source| is_required(source.item));
    let finding = if required {
        let message = format!("input field \"{coordinate}\" is required in some subgraphs but unknown in others");
        Diagnostic::error("REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH", message)
    } else {
        let message = format!("input field \"{coordinate}\" is not in all subgraphs and is left out");
        Diagnostic::warning("INCONSISTENT_INPUT_OBJECT_FIELD", message)
    };
    let finding = known.iter().fold(finding, |finding, source| {
        let what = if is_required(source.item) { "required" } else { "optional" };
        finding.label(source.item.name.span, format!("{what} in subgraph \"{}\"", source.subgraph.name))
    });
    let finding = missing.iter().fold(finding, |finding, source| {
        finding.label(source.item.name.span, format!("not in subgraph \"{}\"", source.subgraph.name))
    });
    merger.report(finding);
}

/// Whether a value must be given.
pub fn is_required(input: &Input) -> bool {
    input.ty.is_non_null() && input.default.is_none()
}

fn merge_field(
    merger: &mut Merger<'_>,
    parent: &Name,
    field: &Name,
    known: &[Source<'_, Input>],
    everywhere: bool,
) -> Option<InputValueDefinition> {
    let first = known.first()?;
    let coordinate = format!("{parent}.{field}");
    let typed: Vec<Typed<'_>> = known.iter().map(typed).collect();
    let (ty, equal) = merger.merge_types(&coordinate, &typed, Position::InputField)?;
    let default = Defaults::INPUT_FIELD.merge(merger, &coordinate, known);
    let mut directives = Vec::new();
    if !equal || !everywhere {
        for source in known {
            let mut arguments = vec![("graph", build::symbol(&source.subgraph.graph))];
            if !equal || !same(&source.item.ty, &ty) {
                arguments.push(("type", build::text(source.item.ty.to_string())));
            }
            directives.push(build::directive("join__field", arguments, source.item.name.span));
        }
    }
    let annotated: Vec<_> = known.iter().map(|source| (source.index, source.item)).collect();
    directives.extend(merger.applied(&annotated));
    let description = merger.description(
        &coordinate,
        known.iter().map(|source| (source.index, source.item.description.as_ref(), source.item.name.span)),
    );
    Some(InputValueDefinition {
        name: first.item.name.clone(),
        description,
        ty,
        default,
        directives,
        span: first.item.name.span,
    })
}

/// The type of an argument or input field with its place.
pub fn typed<'a>(source: &Source<'a, Input>) -> Typed<'a> {
    Typed { index: source.index, ty: &source.item.ty, span: source.item.ty.name().span }
}
