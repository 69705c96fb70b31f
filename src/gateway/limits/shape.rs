//! The shape of a document: depth, aliases, root fields, directives.

use std::collections::HashMap;

use crate::gateway::exchange::error::GraphqlError;
use crate::graph::language::ast::{Directive, ExecutableDocument, OperationDefinition, Selection};

use super::config::LimitsConfig;

/// What one operation amounts to once its fragments are inlined.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shape {
    /// Levels of nested fields.
    pub depth: u32,
    /// Aliased fields.
    pub aliases: u32,
    /// Fields of the root selection set.
    pub root_fields: u32,
    /// Directives applied anywhere in it.
    pub directives: u32,
}

/// Refuses an operation whose shape is beyond the limits; all exceeded limits are reported.
///
/// # Errors
/// `MAX_DEPTH_LIMIT`, `MAX_ALIASES_LIMIT`, `MAX_ROOT_FIELDS_LIMIT`, `MAX_DIRECTIVES_LIMIT`.
pub fn check(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    limits: &LimitsConfig,
) -> Result<Shape, Vec<GraphqlError>> {
    let shape = measure(document, operation);
    let checks = [
        ("MAX_DEPTH_LIMIT", "nests", "levels", shape.depth, limits.depth),
        ("MAX_ALIASES_LIMIT", "has", "aliases", shape.aliases, limits.aliases),
        ("MAX_ROOT_FIELDS_LIMIT", "has", "root fields", shape.root_fields, limits.root_fields),
        ("MAX_DIRECTIVES_LIMIT", "has", "directives", shape.directives, limits.directives),
    ];
    let exceeded: Vec<GraphqlError> = checks
        .into_iter()
        .filter(|(.., number, limit)| number > limit)
        .map(|(code, verb, what, number, limit)| {
            GraphqlError::new(code, format!("The operation {verb} {number} {what}; the limit is {limit}"))
                .with("number", number)
                .with("limit", limit)
        })
        .collect();
    if exceeded.is_empty() { Ok(shape) } else { Err(exceeded) }
}

/// Measures an operation of a valid document (no fragment cycles).
pub fn measure(document: &ExecutableDocument, operation: &OperationDefinition) -> Shape {
    let mut measure = Measure { document, known: HashMap::new() };
    let mut shape = measure.selections(&operation.selections);
    shape.directives = shape.directives.saturating_add(operation.directives.len() as u32);
    shape
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    known: HashMap<&'a str, Shape>,
}

// === impl Measure ===

impl<'a> Measure<'a> {
    /// `root_fields` counts the fields of this selection set itself.
    fn selections(&mut self, selections: &'a [Selection]) -> Shape {
        let mut total = Shape::default();
        let mut add = |directives: &[Directive], part: Shape, is_field: bool| {
            total.directives = total.directives.saturating_add(directives.len() as u32).saturating_add(part.directives);
            total.aliases = total.aliases.saturating_add(part.aliases);
            total.depth = total.depth.max(part.depth + u32::from(is_field));
            total.root_fields = total.root_fields.saturating_add(if is_field { 1 } else { part.root_fields });
        };
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    let mut below = field.selections.as_deref().map(|below| self.selections(below)).unwrap_or_default();
                    below.aliases = below.aliases.saturating_add(u32::from(field.alias.is_some()));
                    add(&field.directives, below, true);
                }
                Selection::InlineFragment { directives, selections, .. } => {
                    let below = self.selections(selections);
                    add(directives, below, false);
                }
                Selection::FragmentSpread { name, directives } => {
                    let below = self.fragment(&name.value);
                    add(directives, below, false);
                }
            }
        }
        total
    }

    fn fragment(&mut self, name: &'a str) -> Shape {
        if let Some(&shape) = self.known.get(name) {
            return shape;
        }
        let Some(fragment) = self.document.fragments.iter().find(|fragment| &*fragment.name.value == name) else {
            return Shape::default();
        };
        let shape = self.selections(&fragment.selections);
        self.known.insert(name, shape);
        shape
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::language::api::ApiSchema;

    fn shape(text: &str) -> Shape {
        let schema = ApiSchema::parse("type Query { a: Query b: Int }").expect("valid");
        let document = schema.validate(text, 1_000).expect("valid").tree;
        measure(&document, &document.operations[0])
    }

    #[test]
    fn counts_through_fragments() {
        let text = "query @skip(if: false) { x: a { ...F } ...F @include(if: true) } fragment F on Query { a { y: b z: b } b }";
        assert!(
            ApiSchema::parse("type Query { a: Query b: Int }").expect("valid").validate(text, 1_000).is_err(),
            "skip is not for operations"
        );
        assert_eq!(
            shape(
                "{ x: a { ...F } ...F @include(if: true) } fragment F on Query { a { y: b z: b @skip(if: false) } b }"
            ),
            Shape { depth: 3, aliases: 5, root_fields: 3, directives: 3 }
        );
    }

    #[test]
    fn a_refusal_names_number_and_limit() {
        let schema = ApiSchema::parse("type Query { a: Query b: Int }").expect("valid");
        let document = schema.validate("{ a { a { b } } x: b }", 1_000).expect("valid").tree;
        let limits = LimitsConfig { depth: 2, aliases: 0, ..LimitsConfig::default() };
        let errors = check(&document, &document.operations[0], &limits).expect_err("too much");
        assert_eq!(errors.iter().map(|e| e.code).collect::<Vec<_>>(), ["MAX_DEPTH_LIMIT", "MAX_ALIASES_LIMIT"]);
        assert_eq!(errors[0].message, "The operation nests 3 levels; the limit is 2");
    }
}
