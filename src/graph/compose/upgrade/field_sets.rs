//! Field sets of federation 1: not always strings, and not always of external fields.

use crate::graph::compose::subgraph::directives::{Applied, Federation};
use crate::graph::compose::subgraph::facts::Facts;
use crate::graph::compose::subgraph::field_set;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph, Type};
use crate::graph::language::ast::{Selection, TypeKind, Value, ValueKind};
use crate::platform::base::Name;

use super::steps::Upgrade;

const FIELD_SETS: [Option<Federation>; 3] =
    [Some(Federation::Key), Some(Federation::Requires), Some(Federation::Provides)];

/// `fields: ["id", "name"]` and `fields: id` become strings.
pub(super) fn coerce(upgrade: &mut Upgrade<'_>) {
    for ty in upgrade.subgraph.types.values_mut() {
        coerce_all(&mut ty.applied);
        ty.fields.values_mut().for_each(|field| coerce_all(&mut field.applied));
    }
}

fn coerce_all(applied: &mut [Applied]) {
    for applied in applied.iter_mut().filter(|applied| FIELD_SETS.contains(&applied.federation)) {
        for argument in applied.directive.arguments.iter_mut().filter(|argument| &*argument.name.value == "fields") {
            if let Some(text) = as_text(&argument.value.kind) {
                argument.value.kind = ValueKind::String(text);
            }
        }
    }
}

fn as_text(kind: &ValueKind) -> Option<Name> {
    match kind {
        ValueKind::Enum(name) => Some(name.clone()),
        ValueKind::List(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            Some(texts?.join(" ").into())
        }
        _ => None,
    }
}

/// What is required or provided but not external is resolved here anyway: it goes, and so does a
/// directive of which nothing is left.
pub(super) fn drop_inactive(upgrade: &mut Upgrade<'_>) {
    let facts = upgrade.facts();
    let mut changes: Vec<(Name, Name, usize, Option<Name>)> = Vec::new();
    for ty in upgrade.subgraph.types.values().filter(|ty| ty.kind == TypeKind::Object) {
        for field in ty.fields.values() {
            for (index, applied) in field.applied.iter().enumerate() {
                let parent = match applied.federation {
                    Some(Federation::Requires) => &ty.name.value,
                    Some(Federation::Provides) => &field.ty.name().value,
                    _ => continue,
                };
                let Some(value) = applied.argument("fields") else { continue };
                let Ok(selections) = field_set::read(upgrade.sources, value) else { continue };
                let active = active(upgrade.subgraph, &facts, parent, &selections);
                if active != selections {
                    let text = (!active.is_empty()).then(|| Name::from(field_set::write(&active)));
                    changes.push((ty.name.value.clone(), field.name.value.clone(), index, text));
                }
            }
        }
    }
    // From the last to the first, so that positions stay right.
    for (ty, field, index, text) in changes.into_iter().rev() {
        let Some(field) = upgrade.subgraph.types.get_mut(&ty).and_then(|ty| ty.fields.get_mut(&field)) else {
            continue;
        };
        let Some(text) = text else {
            field.applied.remove(index);
            continue;
        };
        let Some(applied) = field.applied.get_mut(index) else { continue };
        let arguments = applied.directive.arguments.iter_mut();
        for argument in arguments.filter(|argument| &*argument.name.value == "fields") {
            argument.value.kind = ValueKind::String(text.clone());
        }
    }
}

/// The selections without leaves that are not external. What does not exist stays, to be reported.
fn active(subgraph: &Subgraph, facts: &Facts, parent: &Name, selections: &[Selection]) -> Vec<Selection> {
    let mut kept = Vec::new();
    for selection in selections {
        match selection {
            Selection::Field(field) => {
                let definition = subgraph.types.get(parent).and_then(|ty| ty.fields.get(&field.name.value));
                let Some(definition) = definition else {
                    kept.push(selection.clone());
                    continue;
                };
                if is_external(subgraph, facts, parent, &field.name.value) {
                    kept.push(selection.clone());
                    continue;
                }
                let Some(inner) = &field.selections else {
                    if subgraph.types.get(&definition.ty.name().value).is_some_and(Type::is_composite) {
                        kept.push(selection.clone());
                    }
                    continue;
                };
                let inner = active(subgraph, facts, &definition.ty.name().value, inner);
                if !inner.is_empty() {
                    let mut field = field.clone();
                    field.selections = Some(inner);
                    kept.push(Selection::Field(field));
                }
            }
            Selection::InlineFragment { on, directives, selections, span } => {
                let target = on.as_ref().map_or(parent, |on| &on.value);
                let selections = active(subgraph, facts, target, selections);
                if !selections.is_empty() {
                    let (on, directives, span) = (on.clone(), directives.clone(), *span);
                    kept.push(Selection::InlineFragment { on, directives, selections, span });
                }
            }
            Selection::FragmentSpread { .. } => kept.push(selection.clone()),
        }
    }
    kept
}

/// External itself, or in an object behind the interface.
fn is_external(subgraph: &Subgraph, facts: &Facts, parent: &str, field: &str) -> bool {
    let interface = subgraph.types.get(parent).is_some_and(|ty| ty.kind == TypeKind::Interface);
    facts.is_external(parent, field)
        || (interface && subgraph.possible(parent).iter().any(|object| facts.is_external(object, field)))
}

/// A scalar provides nothing.
pub(super) fn drop_provides_of_leaves(upgrade: &mut Upgrade<'_>) {
    let composite: Vec<Name> = {
        let types = upgrade.subgraph.types.values();
        types.filter(|ty| Type::is_composite(ty)).map(|ty| ty.name.value.clone()).collect()
    };
    for ty in upgrade.subgraph.types.values_mut().filter(|ty| ty.kind == TypeKind::Object) {
        for field in ty.fields.values_mut() {
            if field.has(Federation::Provides) && !composite.contains(&field.ty.name().value) {
                field.applied.retain(|applied| applied.federation != Some(Federation::Provides));
            }
        }
    }
}
