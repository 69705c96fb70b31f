//! `@external` declarations must agree with the definition they stand for.

use crate::graph::compose::subgraph::model::{Annotated, Field};
use crate::graph::language::ast::{FieldDefinition, InputValueDefinition};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

use super::merger::{Merger, Source};
use super::types::same;

/// Checks type and arguments of the external declarations of a field.
pub fn check(
    merger: &mut Merger<'_>,
    coordinate: &str,
    merged: &FieldDefinition,
    known: &[Source<'_, Field>],
    equal: bool,
    ty: &Name,
) {
    let external: Vec<&Source<'_, Field>> =
        known.iter().filter(|source| source.subgraph.facts.is_external(ty, &source.item.name.value)).collect();
    let wrong: Vec<_> = external
        .iter()
        .filter(|source| {
            let local = &source.item.ty;
            !same(&merged.ty, local) && (equal || !merger.relations.is_subtype(&merged.ty, local))
        })
        .collect();
    if !wrong.is_empty() {
        let message = format!("\"{coordinate}\" is declared external with another type than it has, \"{}\"", merged.ty);
        let finding = Diagnostic::error("EXTERNAL_TYPE_MISMATCH", message);
        let finding = wrong.iter().fold(finding, |finding, source| {
            let note = format!("\"{}\" in subgraph \"{}\"", source.item.ty, source.subgraph.name);
            finding.label(source.item.ty.name().span, note)
        });
        merger.report(finding.label(merged.name.span, "defined here"));
    }
    for argument in &merged.arguments {
        check_argument(merger, coordinate, argument, &external);
    }
}

fn check_argument(
    merger: &mut Merger<'_>,
    coordinate: &str,
    argument: &InputValueDefinition,
    external: &[&Source<'_, Field>],
) {
    let name = &argument.name.value;
    let mut missing = Vec::new();
    let mut types = Vec::new();
    let mut defaults = Vec::new();
    for source in external {
        let Some(local) = source.item.arguments.get(name) else {
            missing.push((source, source.item.name.span));
            continue;
        };
        if !same(&argument.ty, &local.ty) && !merger.relations.is_subtype(&local.ty, &argument.ty) {
            types.push((source, local.ty.name().span));
        }
        let value =
            |default: &Option<crate::graph::language::ast::Value>| default.as_ref().map(|value| value.to_input());
        if value(&argument.default) != value(&local.default) {
            defaults.push((source, local.name.span));
        }
    }
    for (code, what, wrong) in [
        ("EXTERNAL_ARGUMENT_MISSING", "lacks", missing),
        ("EXTERNAL_ARGUMENT_TYPE_MISMATCH", "gives another type to", types),
        ("EXTERNAL_ARGUMENT_DEFAULT_MISMATCH", "gives another default to", defaults),
    ] {
        if wrong.is_empty() {
            continue;
        }
        let message = format!("an external declaration of \"{coordinate}\" {what} argument \"{name}\"");
        let finding = wrong.iter().fold(Diagnostic::error(code, message), |finding, (source, span)| {
            finding.label(*span, format!("in subgraph \"{}\"", source.subgraph.name))
        });
        merger.report(finding.label(argument.name.span, "defined here"));
    }
}

/// Directives that would be merged have no place on an external declaration: it is merged nowhere.
pub fn check_directives(merger: &mut Merger<'_>, ty: &Name, known: &[Source<'_, Field>]) {
    for source in known.iter().filter(|source| source.subgraph.facts.is_external(ty, &source.item.name.value)) {
        let arguments = source.item.arguments.values().flat_map(|argument| &argument.applied);
        let all = source.item.applied().iter().chain(arguments);
        let wrong: Vec<_> = all.filter(|applied| merger.is_merged(source.index, applied)).collect();
        for applied in wrong {
            let message = format!(
                "\"@{}\" on \"{ty}.{}\" has no effect: the field is external in subgraph \"{}\"",
                applied.directive.name, source.item.name.value, source.subgraph.name
            );
            merger.report(
                Diagnostic::error("MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL", message)
                    .at(applied.directive.span)
                    .help("apply it where the field is resolved"),
            );
        }
    }
}
