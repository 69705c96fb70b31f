//! A subgraph may write the definitions of linked directives itself, if they say the same.

use std::collections::HashSet;

use crate::graph::compose::subgraph::definitions;
use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::language::ast::{Definition, DirectiveDefinition, Document, TypeExpr, TypeKind};
use crate::graph::language::parse;
use crate::graph::link::{Links, Version};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

const CODE: &str = "DIRECTIVE_DEFINITION_INVALID";

/// GraphQL's own directives.
const BUILT_IN: &[&str] = &["skip", "include", "deprecated", "specifiedBy", "oneOf"];

const BUILT_IN_DEFINITIONS: &str = "
directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @deprecated(reason: String = \"No longer supported\") on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
directive @specifiedBy(url: String!) on SCALAR
directive @oneOf on INPUT_OBJECT
";

/// Compares each definition of a directive of federation's, or of GraphQL itself, with its specification.
pub fn check(document: &Document, links: &Links, version: Version) -> Vec<Diagnostic> {
    let expected = expected(links, version);
    let scalars = scalars(document);
    let mut found = Vec::new();
    for definition in &document.definitions {
        let Definition::Directive(own) = definition else { continue };
        let built_in = links.directive(&own.name.value).is_none_or(|element| element.name == own.name.value)
            && BUILT_IN.contains(&&*own.name.value);
        if Federation::of(links, &own.name.value).is_none() && !built_in {
            continue;
        }
        let expected = expected.iter().find(|expected| expected.name.value == own.name.value);
        if let Some(expected) = expected.filter(|_| built_in && links.directive(&own.name.value).is_some()) {
            // Composed under its name, it may allow more.
            found.extend(narrower(own, expected));
        } else if let Some(expected) = expected {
            compare(own, expected, &scalars, &mut found);
        }
    }
    found
}

/// The definitions as the specifications give them, under the document's names.
fn expected(links: &Links, version: Version) -> Vec<DirectiveDefinition> {
    let mut own = SourceMap::new();
    let mut text = definitions::prelude(&Document::default(), links, version);
    text.push_str(BUILT_IN_DEFINITIONS);
    if links.federation().is_none() {
        text.push_str(&definitions::upgraded());
    }
    let file = own.add("specification", text);
    let (document, _) = parse::type_system(&own, file);
    let directives = document.definitions.into_iter().filter_map(|definition| match definition {
        Definition::Directive(directive) => Some(directive),
        _ => None,
    });
    directives.collect()
}

/// A definition that does not allow what GraphQL's own does.
fn narrower(own: &DirectiveDefinition, expected: &DirectiveDefinition) -> Option<Diagnostic> {
    let name = &own.name.value;
    let location = expected.locations.iter().find(|location| !own.locations.contains(location));
    let demanded = own.arguments.iter().find(|argument| {
        let known = expected.arguments.iter().any(|known| known.name.value == argument.name.value);
        !known && argument.ty.is_non_null() && argument.default.is_none()
    });
    let message = match (location, demanded) {
        (Some(location), _) => format!("\"@{name}\" can be applied to {location} by its specification"),
        (None, Some(argument)) => {
            format!("\"@{name}\" has no argument \"{}\" by its specification", argument.name.value)
        }
        (None, None) => return None,
    };
    Some(Diagnostic::error(CODE, message).at(own.name.span))
}

/// The document's custom scalars.
fn scalars(document: &Document) -> HashSet<&str> {
    let names = document.definitions.iter().filter_map(|definition| match definition {
        Definition::Type(ty) if ty.kind == TypeKind::Scalar => Some(&*ty.name.value),
        _ => None,
    });
    names.collect()
}

fn compare(
    own: &DirectiveDefinition,
    expected: &DirectiveDefinition,
    scalars: &HashSet<&str>,
    found: &mut Vec<Diagnostic>,
) {
    let name = &own.name.value;
    for location in own.locations.iter().filter(|location| !expected.locations.contains(location)) {
        let message = format!("\"@{name}\" cannot be applied to {location} by its specification");
        found.push(Diagnostic::error(CODE, message).at(own.name.span));
    }
    if own.repeatable && !expected.repeatable {
        let message = format!("\"@{name}\" is not repeatable by its specification");
        found.push(Diagnostic::error(CODE, message).at(own.name.span));
    }
    for argument in &own.arguments {
        match expected.arguments.iter().find(|known| known.name.value == argument.name.value) {
            None => {
                let message = format!("\"@{name}\" has no argument \"{}\" by its specification", argument.name.value);
                found.push(Diagnostic::error(CODE, message).at(argument.name.span));
            }
            Some(known) if !compatible(&argument.ty, &known.ty, scalars) => {
                let message = format!(
                    "argument \"{}\" of \"@{name}\" is \"{}\" by its specification",
                    argument.name.value, known.ty
                );
                found.push(Diagnostic::error(CODE, message).at(argument.ty.name().span));
            }
            Some(_) => {}
        }
    }
    for known in expected.arguments.iter().filter(|known| known.ty.is_non_null() && known.default.is_none()) {
        if own.arguments.iter().all(|argument| argument.name.value != known.name.value) {
            let message = format!("the definition of \"@{name}\" lacks its argument \"{}\"", known.name.value);
            found.push(Diagnostic::error(CODE, message).at(own.name.span));
        }
    }
}

/// The same type, or another for a custom scalar of the specification, but no other custom scalar.
/// What may be null may be demanded.
fn compatible(own: &TypeExpr, known: &TypeExpr, scalars: &HashSet<&str>) -> bool {
    match (own, known) {
        (TypeExpr::NonNull(own), TypeExpr::NonNull(known)) => compatible(own, known, scalars),
        (TypeExpr::NonNull(own), known) => compatible(own, known, scalars),
        // Federation 1 wrote field sets as nullable strings.
        (own, TypeExpr::NonNull(known)) => compatible(own, known, scalars),
        (TypeExpr::List(own), TypeExpr::List(known)) => compatible(own, known, scalars),
        (_, TypeExpr::List(_)) => false,
        (own, TypeExpr::Named(known)) => {
            let same = matches!(own, TypeExpr::Named(own) if own.value == known.value || &*own.value == "_FieldSet");
            let built_in = matches!(&*known.value, "String" | "Int" | "Boolean" | "Float" | "ID");
            same || (!built_in && !scalars.contains(&*own.name().value))
        }
    }
}
