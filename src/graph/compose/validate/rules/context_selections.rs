//! What `@fromContext` selects must be one value that fits the argument, on every type that sets
//! the context.

use std::collections::BTreeSet;

use crate::graph::compose::subgraph::context::FromContext;
use crate::graph::compose::subgraph::field_set::Unreadable;
use crate::graph::compose::subgraph::model::{Subgraph, Type};
use crate::graph::language::ast::{Selection, TypeExpr, TypeKind};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{SourceMap, Span};

use super::contexts::Place;

const CODE: &str = "CONTEXT_INVALID_SELECTION";

/// How deep a selection may nest.
const MAX_DEPTH: usize = 32;

/// Checks one selection against the types that set its context.
pub(super) fn check(
    place: &Place<'_>,
    from: &FromContext<'_>,
    setters: &[&Type],
    sources: &SourceMap,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let at = place.applied.argument("field").map_or(place.applied.directive.span, |value| value.span);
    let selections = match from.selections(sources) {
        Ok(selections) => selections,
        Err(unreadable) => {
            let finding = Diagnostic::error(CODE, format!("what \"{}\" selects is no selection", place.coordinate()));
            diagnostics.push(match unreadable {
                Unreadable::Syntax(labels) if !labels.is_empty() => Diagnostic { labels, ..finding },
                _ => finding.at(at),
            });
            return;
        }
    };
    let check = Check { subgraph: place.subgraph, expected: &place.argument.ty };
    let found = match check.form(&selections, at) {
        Ok(()) => check.all(&selections, setters, at),
        Err(problem) => vec![problem],
    };
    for (problem, span) in found {
        let message =
            format!("\"{}\" cannot be filled from context \"{}\": {problem}", place.coordinate(), from.context);
        diagnostics.push(Diagnostic::error(CODE, message).at(span));
    }
}

type Problem = (String, Span);

struct Check<'a> {
    subgraph: &'a Subgraph,
    expected: &'a TypeExpr,
}

// === impl Check ===

impl Check<'_> {
    /// One field, or a fragment for each type.
    fn form(&self, selections: &[Selection], at: Span) -> Result<(), Problem> {
        let mut conditions = BTreeSet::new();
        match selections.first() {
            None => return Err(("nothing is selected".into(), at)),
            Some(Selection::Field(_)) => match selections.get(1) {
                Some(second) => return Err(("more than one value is selected".into(), span(second))),
                None => return Ok(()),
            },
            Some(_) => {}
        }
        for selection in selections {
            let Selection::InlineFragment { on, .. } = selection else {
                return Err(("it must select one field, or only fragments on types".into(), span(selection)));
            };
            let Some(on) = on else {
                return Err(("each fragment needs a type".into(), span(selection)));
            };
            if !conditions.insert(&on.value) {
                return Err((format!("\"{}\" has two fragments", on.value), on.span));
            }
        }
        Ok(())
    }

    fn all(&self, selections: &[Selection], setters: &[&Type], at: Span) -> Vec<Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut used: BTreeSet<&Name> = BTreeSet::new();
        for setter in setters {
            if matches!(selections.first(), Some(Selection::Field(_))) {
                problems.extend(self.value(setter, selections, at).err());
                continue;
            }
            let possible = self.subgraph.possible(&setter.name.value);
            let mut matching = 0;
            for selection in selections {
                let Selection::InlineFragment { on: Some(on), directives, selections, span } = selection else {
                    continue;
                };
                if let Some(directive) = directives.first() {
                    problems.push(("directives are not allowed".into(), directive.span));
                }
                let Some(target) = self.subgraph.types.get(&on.value).filter(|ty| ty.kind == TypeKind::Object) else {
                    problems.push((format!("\"{}\" is no object type of this subgraph", on.value), on.span));
                    continue;
                };
                if possible.contains(&&on.value) {
                    matching += 1;
                    used.insert(&on.value);
                    problems.extend(self.value(target, selections, *span).err());
                }
            }
            if matching == 0 {
                problems.push((format!("no fragment is for \"{}\", which sets it", setter.name.value), at));
            }
        }
        for selection in selections {
            if let Selection::InlineFragment { on: Some(on), .. } = selection
                && !used.contains(&on.value)
                && problems.is_empty()
            {
                problems.push((format!("\"{}\" never sets it", on.value), on.span));
            }
        }
        problems.sort_by_key(|(_, span)| *span);
        problems.dedup();
        problems
    }

    /// Whether the selections are one value of the expected type.
    fn value(&self, ty: &Type, selections: &[Selection], at: Span) -> Result<(), Problem> {
        let found = self.ty(ty, selections, at, MAX_DEPTH)?;
        if fits(&found, self.expected) {
            return Ok(());
        }
        Err((format!("the argument is \"{}\", and what is selected may be \"{found}\"", self.expected), at))
    }

    /// The type of what is selected. It may always be null: what is above it may be.
    fn ty(&self, ty: &Type, selections: &[Selection], at: Span, depth: usize) -> Result<TypeExpr, Problem> {
        if ty.is_interface_object() {
            return Err((format!("\"{}\" is an interface object", ty.name.value), at));
        }
        let (Some(Selection::Field(field)), 1, Some(depth)) =
            (selections.first(), selections.len(), depth.checked_sub(1))
        else {
            return Err(("it must select one value".into(), at));
        };
        if let Some(directive) = field.directives.first() {
            return Err(("directives are not allowed".into(), directive.span));
        }
        if field.alias.is_some() {
            return Err(("aliases are not allowed".into(), field.span));
        }
        let name = &field.name.value;
        let Some(definition) = ty.fields.get(name) else {
            return Err((format!("\"{}\" has no field \"{name}\"", ty.name.value), field.name.span));
        };
        let returned = &definition.ty.name().value;
        let below = self.subgraph.types.get(returned).filter(|ty| ty.is_composite());
        match (below, &field.selections) {
            (Some(below), Some(inner)) => Ok(lists(&definition.ty, self.ty(below, inner, field.span, depth)?)),
            (None, None) => Ok(lists(&definition.ty, TypeExpr::Named(definition.ty.name().clone()))),
            (Some(_), None) => Err((format!("\"{name}\" needs a selection of its fields"), field.span)),
            (None, Some(_)) => Err((format!("\"{name}\" has no fields to select"), field.span)),
        }
    }
}

/// The lists of `around`, with `inner` in them.
fn lists(around: &TypeExpr, inner: TypeExpr) -> TypeExpr {
    match around {
        TypeExpr::Named(_) => inner,
        TypeExpr::NonNull(around) => lists(around, inner),
        TypeExpr::List(around) => TypeExpr::List(Box::new(lists(around, inner))),
    }
}

/// Whether a nullable value fits an argument.
fn fits(value: &TypeExpr, argument: &TypeExpr) -> bool {
    match (value, argument) {
        (TypeExpr::List(value), TypeExpr::List(argument)) => fits(value, argument),
        (TypeExpr::Named(value), TypeExpr::Named(argument)) => value.value == argument.value,
        _ => false,
    }
}

fn span(selection: &Selection) -> Span {
    match selection {
        Selection::Field(field) => field.span,
        Selection::InlineFragment { span, .. } => *span,
        Selection::FragmentSpread { name, .. } => name.span,
    }
}
