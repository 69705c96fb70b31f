//! Enums: the union of values where they are only returned, the intersection where they are only
//! accepted; where both, all subgraphs must agree.

use std::collections::HashMap;

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph, Type};
use crate::graph::language::ast::{DirectiveDefinition, EnumValueDefinition, TypeDefinition};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

use super::carried::Carried;
use super::merger::{EnumUsage, Merger, Source, union_of_names};
use super::{build, executable};

/// Where each type is used as input and as output; only enums are asked for.
pub fn usage(subgraphs: &[Subgraph], carried: &Carried) -> HashMap<Name, EnumUsage> {
    let mut usage: HashMap<Name, EnumUsage> = HashMap::new();
    for (index, subgraph) in subgraphs.iter().enumerate() {
        let merged = |definition: &&DirectiveDefinition| {
            executable::is_executable(definition) || carried.is_composed(index, &definition.name.value)
        };
        for argument in subgraph.directives.values().filter(merged).flat_map(|definition| &definition.arguments) {
            usage.entry(argument.ty.name().value.clone()).or_default().input.get_or_insert(argument.name.span);
        }
    }
    for ty in subgraphs.iter().flat_map(|subgraph| subgraph.types.values()) {
        for field in ty.fields.values() {
            usage.entry(field.ty.name().value.clone()).or_default().output.get_or_insert(field.name.span);
            for argument in field.arguments.values() {
                usage.entry(argument.ty.name().value.clone()).or_default().input.get_or_insert(argument.name.span);
            }
        }
        for input in ty.inputs.values() {
            usage.entry(input.ty.name().value.clone()).or_default().input.get_or_insert(input.name.span);
        }
    }
    usage
}

/// Merges values into `merged`, with `@join__enumValue`.
pub fn merge(merger: &mut Merger<'_>, sources: &[Source<'_, Type>], merged: &mut TypeDefinition) {
    let name = merged.name.value.clone();
    let usage = merger.enum_usage.get(&name).copied().unwrap_or_default();
    if usage.input.is_none() && usage.output.is_none() {
        let message = format!("enum \"{name}\" is used nowhere; all values of all subgraphs are kept");
        merger.report(Diagnostic::hint("UNUSED_ENUM_TYPE", message).at(merged.name.span));
    }
    for value in union_of_names(sources, |ty| &ty.values) {
        let known: Vec<_> =
            sources.iter().filter_map(|source| Some((source, source.item.values.get(&value)?))).collect();
        let missing: Vec<_> = sources.iter().filter(|source| !source.item.values.contains_key(&value)).collect();
        let hidden = known.iter().any(|(_, value)| value.has(Federation::Inaccessible));
        if !missing.is_empty() && !hidden && !check_missing(merger, &name, &value, &known, &missing, usage) {
            continue;
        }
        let Some((_, first)) = known.first() else { continue };
        let mut directives: Vec<_> = known
            .iter()
            .map(|(source, value)| {
                let arguments = vec![("graph", build::symbol(&source.subgraph.graph))];
                build::directive("join__enumValue", arguments, value.name.span)
            })
            .collect();
        let annotated: Vec<_> = known.iter().map(|(source, value)| (source.index, *value)).collect();
        directives.extend(merger.applied(&annotated));
        let coordinate = format!("{name}.{value}");
        let description = merger.description(
            &coordinate,
            known.iter().map(|(source, value)| (source.index, value.description.as_ref(), value.name.span)),
        );
        merged.values.push(EnumValueDefinition {
            name: first.name.clone(),
            description,
            directives,
            span: first.name.span,
        });
    }
    if merged.values.is_empty() {
        let message = format!("no value of enum \"{name}\" is known to all subgraphs that define it");
        let finding = sources.iter().fold(Diagnostic::error("EMPTY_MERGED_ENUM_TYPE", message), |finding, source| {
            finding.label(source.item.name.span, format!("defined in subgraph \"{}\"", source.subgraph.name))
        });
        merger.report(finding);
    }
}

type Known<'s, 'a> = (&'s Source<'a, Type>, &'a crate::graph::compose::subgraph::model::EnumValue);

/// Whether a value that some subgraphs lack may stay.
fn check_missing(
    merger: &mut Merger<'_>,
    name: &Name,
    value: &Name,
    known: &[Known<'_, '_>],
    missing: &[&Source<'_, Type>],
    usage: EnumUsage,
) -> bool {
    let (keep, finding) = match (usage.input, usage.output) {
        (Some(input), Some(output)) => {
            let message =
                format!("enum \"{name}\" is used as input and as output, but \"{value}\" is not in all subgraphs");
            let finding = Diagnostic::error("ENUM_VALUE_MISMATCH", message);
            let finding = label(finding, known, missing);
            (true, finding.label(input, "used as input").label(output, "used as output"))
        }
        (Some(_), None) => {
            let message = format!("\"{value}\" of input enum \"{name}\" is not in all subgraphs and is left out");
            (false, label(Diagnostic::warning("INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM", message), known, missing))
        }
        (None, _) => {
            let message = format!("\"{value}\" of enum \"{name}\" is not in all subgraphs");
            (true, label(Diagnostic::warning("INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM", message), known, missing))
        }
    };
    merger.report(finding);
    keep
}

fn label(finding: Diagnostic, known: &[Known<'_, '_>], missing: &[&Source<'_, Type>]) -> Diagnostic {
    let finding = known.iter().fold(finding, |finding, (source, value)| {
        finding.label(value.name.span, format!("in subgraph \"{}\"", source.subgraph.name))
    });
    missing.iter().fold(finding, |finding, source| {
        finding.label(source.item.name.span, format!("not in subgraph \"{}\"", source.subgraph.name))
    })
}
