//! A subgraph may write the definitions of linked directives itself, if they say the same.

use crate::graph::compose::subgraph::definitions;
use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::language::ast::{Definition, DirectiveDefinition, Document, TypeExpr};
use crate::graph::language::parse;
use crate::graph::link::{Links, Version};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

const CODE: &str = "DIRECTIVE_DEFINITION_INVALID";

/// Compares each definition of a directive of federation's with its specification.
pub fn check(document: &Document, links: &Links, version: Version) -> Vec<Diagnostic> {
    let expected = expected(links, version);
    let mut found = Vec::new();
    for definition in &document.definitions {
        let Definition::Directive(own) = definition else { continue };
        if Federation::of(links, &own.name.value).is_none() {
            continue;
        }
        if let Some(expected) = expected.iter().find(|expected| expected.name.value == own.name.value) {
            compare(own, expected, &mut found);
        }
    }
    found
}

/// The definitions as the specifications give them, under the document's names.
fn expected(links: &Links, version: Version) -> Vec<DirectiveDefinition> {
    let mut own = SourceMap::new();
    let text = definitions::prelude(&Document::default(), links, version);
    let file = own.add("specification", text);
    let (document, _) = parse::type_system(&own, file);
    let directives = document.definitions.into_iter().filter_map(|definition| match definition {
        Definition::Directive(directive) => Some(directive),
        _ => None,
    });
    directives.collect()
}

fn compare(own: &DirectiveDefinition, expected: &DirectiveDefinition, found: &mut Vec<Diagnostic>) {
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
            Some(known) if !compatible(&argument.ty, &known.ty) => {
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

/// The same shape; custom scalars may have another name or be plain strings, and what may be
/// null may be demanded.
fn compatible(own: &TypeExpr, known: &TypeExpr) -> bool {
    match (own, known) {
        (TypeExpr::NonNull(own), TypeExpr::NonNull(known)) => compatible(own, known),
        (TypeExpr::NonNull(own), known) => compatible(own, known),
        // Federation 1 wrote field sets as nullable strings.
        (own, TypeExpr::NonNull(known)) => compatible(own, known),
        (TypeExpr::List(own), TypeExpr::List(known)) => compatible(own, known),
        (TypeExpr::Named(own), TypeExpr::Named(known)) => {
            own.value == known.value || !matches!(&*known.value, "String" | "Int" | "Boolean" | "Float" | "ID")
        }
        _ => false,
    }
}
