//! Field sets from text to ids.

use crate::graph::language::ast::{self, Value};
use crate::graph::language::value::InputValue;
use crate::graph::language::{parse, string};
use crate::platform::base::Name;
use crate::platform::base::span::Span;

use super::build::Build;
use super::field_set::{FieldSet, FieldSetNode};
use super::ids::{FieldSetId, TypeId};

/// Where a field set's text stands.
struct Place<'a> {
    literal: &'a str,
    span: Span,
    /// Where in the string the field set begins.
    base: usize,
}

// === impl Build ===

impl Build<'_> {
    /// The field set written in the string `value`, over type `on`. Defects are reported at their
    /// place inside the string.
    pub(super) fn field_set(&mut self, on: TypeId, value: &Value) -> Option<FieldSetId> {
        let Some(text) = value.as_str() else {
            self.error(value.span, "a field set is a string");
            return None;
        };
        let sources = self.sources;
        // The braces may be written, too.
        let trimmed = text.trim();
        let text = trimmed.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
        let base = value.as_str().map_or(0, |whole| text.as_ptr() as usize - whole.as_ptr() as usize);
        let place = Place { literal: sources.slice(value.span), span: value.span, base };
        match parse::field_set(text, value.span.file) {
            Ok(selections) => {
                let selections = self.nodes(on, &selections, &place)?;
                Some(self.intern(FieldSet { on, selections }))
            }
            Err(findings) => {
                for finding in findings {
                    let at = finding.labels.first().map_or(value.span, |label| place.of(label.span));
                    self.error(at, format!("this field set cannot be read: {}", finding.message));
                }
                None
            }
        }
    }

    fn nodes(&mut self, on: TypeId, written: &[ast::Selection], place: &Place<'_>) -> Option<Vec<FieldSetNode>> {
        let mut nodes = Vec::with_capacity(written.len());
        let mut complete = true;
        for selection in written {
            match self.node(on, selection, place) {
                Some(found) => nodes.extend(found),
                None => complete = false,
            }
        }
        complete.then(|| canonical(nodes))
    }

    fn node(&mut self, on: TypeId, written: &ast::Selection, place: &Place<'_>) -> Option<Vec<FieldSetNode>> {
        match written {
            ast::Selection::Field(field) if &*field.name.value == "__typename" => Some(vec![FieldSetNode::Typename]),
            ast::Selection::Field(field) => self.field_node(on, field, place).map(|node| vec![node]),
            ast::Selection::FragmentSpread { name, .. } => {
                self.error(place.of(name.span), "a field set has no named fragments");
                None
            }
            ast::Selection::InlineFragment { on: condition, selections, .. } => {
                let narrowed = match condition {
                    None => on,
                    Some(name) => match self.graph.type_id(&name.value) {
                        Some(ty) if self.graph.types[ty].is_composite() => ty,
                        _ => {
                            self.error(place.of(name.span), format!("`{}` is not a type with fields", name.value));
                            return None;
                        }
                    },
                };
                let selections = self.nodes(narrowed, selections, place)?;
                // A condition that always holds says nothing.
                if narrowed == on {
                    Some(selections)
                } else {
                    Some(vec![FieldSetNode::Fragment { on: narrowed, selections }])
                }
            }
        }
    }

    fn field_node(&mut self, on: TypeId, written: &ast::Field, place: &Place<'_>) -> Option<FieldSetNode> {
        let Some(field) = self.graph.field(on, &written.name.value) else {
            let message = format!("`{}` has no field `{}`", self.graph.types[on].name, written.name.value);
            self.error(place.of(written.name.span), message);
            return None;
        };
        let inner = self.graph.fields[field].ty.inner;
        let composite = self.graph.types[inner].is_composite();
        let selections = match &written.selections {
            Some(selections) if composite => self.nodes(inner, selections, place)?,
            None if !composite => Vec::new(),
            _ => {
                let problem = if composite { "needs a selection of fields" } else { "has no fields to select" };
                self.error(place.of(written.name.span), format!("`{}` {problem}", written.name.value));
                return None;
            }
        };
        let mut arguments: Vec<(Name, InputValue)> =
            written.arguments.iter().map(|arg| (arg.name.value.clone(), arg.value.to_input())).collect();
        arguments.sort();
        Some(FieldSetNode::Field { field, arguments, selections })
    }
}

// === impl Place ===

impl Place<'_> {
    /// A span within the string's meaning, as a span within its literal.
    fn of(&self, within: Span) -> Span {
        let start = string::offset(self.literal, self.base + within.start as usize);
        let end = string::offset(self.literal, self.base + within.end as usize);
        self.span.within(start, end.max(start))
    }
}

/// Sorted, equal fields merged, so that what selects the same is the same.
pub(super) fn canonical(nodes: Vec<FieldSetNode>) -> Vec<FieldSetNode> {
    let mut merged: Vec<FieldSetNode> = Vec::with_capacity(nodes.len());
    for node in nodes {
        match merged.iter_mut().find(|known| same_place(known, &node)) {
            Some(known) => absorb(known, node),
            None => merged.push(node),
        }
    }
    merged.sort();
    merged
}

fn same_place(a: &FieldSetNode, b: &FieldSetNode) -> bool {
    use FieldSetNode::{Field, Fragment, Typename};
    match (a, b) {
        (Field { field: a, arguments: x, .. }, Field { field: b, arguments: y, .. }) => a == b && x == y,
        (Fragment { on: a, .. }, Fragment { on: b, .. }) => a == b,
        (Typename, Typename) => true,
        _ => false,
    }
}

fn absorb(into: &mut FieldSetNode, node: FieldSetNode) {
    use FieldSetNode::{Field, Fragment, Typename};
    match (into, node) {
        (
            Field { selections, .. } | Fragment { selections, .. },
            Field { selections: more, .. } | Fragment { selections: more, .. },
        ) => {
            let mut all = std::mem::take(selections);
            all.extend(more);
            *selections = canonical(all);
        }
        (Typename, _) | (_, Typename) => {}
    }
}
