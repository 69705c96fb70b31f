//! One field of an object or interface, from all subgraphs that have it.

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::field_set;
use crate::graph::compose::subgraph::model::{Annotated, Field, Type};
use crate::graph::language::ast::{Directive, FieldDefinition, TypeDefinition, TypeKind, ValueKind};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

use super::merger::{Merger, Source};
use super::overrides::Overridden;
use super::types::{Position, Typed};
use super::{arguments, build, connectors, contexts, external, interface_objects, sharing};

/// Merges a field; `None` when its types do not go together (which is reported).
pub fn merge(
    merger: &mut Merger<'_>,
    parent: &TypeDefinition,
    parents: &[Source<'_, Type>],
    known: &[Source<'_, Field>],
) -> Option<FieldDefinition> {
    let first = known.first()?;
    let ty = &parent.name.value;
    let name = &first.item.name.value;
    let coordinate = format!("{ty}.{name}");
    let is_external = |source: &&Source<'_, Field>| source.subgraph.facts.is_external(ty, name);
    let real: Vec<Source<'_, Field>> = known.iter().filter(|source| !is_external(source)).copied().collect();
    external::check_directives(merger, ty, known);
    if real.is_empty() && interface_objects::gives(merger, ty, name) {
        sharing::check(merger, ty, name, known);
        // The interface's own field stands for it; what is external stays so.
        let mut directives = vec![build::directive("join__field", Vec::new(), first.item.name.span)];
        directives.extend(join_fields(merger, ty, known, true));
        return Some(FieldDefinition {
            name: first.item.name.clone(),
            description: None,
            arguments: arguments::merge(merger, &coordinate, known),
            ty: first.item.ty.clone(),
            directives,
            span: first.item.name.span,
        });
    }
    if real.is_empty() {
        let message = format!("\"{coordinate}\" is external wherever it is declared: no subgraph resolves it");
        let finding = known.iter().fold(Diagnostic::error("EXTERNAL_MISSING_ON_BASE", message), |finding, source| {
            finding.label(source.item.name.span, format!("external in subgraph \"{}\"", source.subgraph.name))
        });
        merger.report(finding);
        return None;
    }
    let typed: Vec<Typed<'_>> = real
        .iter()
        .map(|source| Typed { index: source.index, ty: &source.item.ty, span: source.item.ty.name().span })
        .collect();
    let arguments = arguments::merge(merger, &coordinate, &real);
    if parent.kind == TypeKind::Object {
        sharing::check(merger, ty, name, known);
    }
    let (merged_type, equal) = merger.merge_types(&coordinate, &typed, Position::Output)?;
    let merged = FieldDefinition {
        name: real.first()?.item.name.clone(),
        description: merger.description(
            &coordinate,
            real.iter().map(|source| (source.index, source.item.description.as_ref(), source.item.name.span)),
        ),
        arguments,
        ty: merged_type,
        directives: Vec::new(),
        span: real.first()?.item.name.span,
    };
    external::check(merger, &coordinate, &merged, known, equal, ty);
    if parent.kind == TypeKind::Object {
        sharing::check_runtime_types(merger, ty, name, known);
    }
    let mut directives = Vec::new();
    if needs_join(merger, parent, parents, known, equal) {
        directives = join_fields(merger, ty, known, equal);
    }
    let annotated: Vec<_> = real.iter().map(|source| (source.index, source.item)).collect();
    directives.extend(merger.applied(&annotated));
    directives.extend(connectors::join_directives(merger.subgraphs, &annotated));
    Some(FieldDefinition { directives, ..merged })
}

/// Whether the field is not simply in every subgraph that has its type, in the same way.
fn needs_join(
    merger: &Merger<'_>,
    parent: &TypeDefinition,
    parents: &[Source<'_, Type>],
    known: &[Source<'_, Field>],
    equal: bool,
) -> bool {
    let ty = &parent.name.value;
    !equal
        || known.len() < parents.len()
        || known.iter().any(|source| {
            let name = &source.item.name.value;
            merger.overrides.state(source.index, ty, name).is_some()
                || source.item.has(Federation::Override)
                || source.item.has(Federation::Requires)
                || source.item.has(Federation::Provides)
                || contexts::is_contextual(source.item)
                || source.subgraph.facts.is_external(ty, name)
        })
}

fn join_fields(merger: &Merger<'_>, ty: &Name, known: &[Source<'_, Field>], equal: bool) -> Vec<Directive> {
    let mut joins = Vec::new();
    for source in known {
        let field = source.item;
        let state = merger.overrides.state(source.index, ty, &field.name.value);
        if state == Some(&Overridden::Entirely) {
            continue;
        }
        let mut arguments = vec![("graph", build::symbol(&source.subgraph.graph))];
        for (name, directive) in [("requires", Federation::Requires), ("provides", Federation::Provides)] {
            if let Some(fields) = field.one(directive).and_then(|applied| applied.text("fields")) {
                arguments.push((name, build::text(field_set::canonical(&fields))));
            }
        }
        if let Some(from) = field.one(Federation::Override).and_then(|applied| applied.text("from")) {
            arguments.push(("override", build::text(from)));
        }
        if !equal {
            arguments.push(("type", build::text(field.ty.to_string())));
        }
        if source.subgraph.facts.is_external(ty, &field.name.value) {
            arguments.push(("external", ValueKind::Boolean(true)));
        }
        match state {
            Some(Overridden::ButUsed) => arguments.push(("usedOverridden", ValueKind::Boolean(true))),
            Some(Overridden::Labelled(label)) => arguments.push(("overrideLabel", build::text(label.clone()))),
            _ => {}
        }
        arguments.extend(contexts::arguments(source).map(|value| ("contextArguments", value)));
        joins.push(build::directive("join__field", arguments, field.name.span));
    }
    joins
}
