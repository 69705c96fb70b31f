//! Which leaves of a plan's rows are fetched by more than one call.

use std::collections::BTreeMap;

use pleach::gateway::plan::model::Plan;
use pleach::graph::federation::ids::{TypeId, TypeSet};
use pleach::platform::base::id::Id as _;
use pleach::sources::rows::shape::{Leaf, ObjectShape, RowShape, Typing, ValueKind};

/// Cells, the types of objects they are written for, and who writes them.
type Written = BTreeMap<(u32, u32), Vec<(TypeSet, usize, String)>>;

/// Upstream names of fields that two calls fetch for one row. Keys do not count: they are read again
/// where objects of two answers are joined by position. Neither do objects whose selection depends
/// on their runtime type.
pub fn fetched(plan: &Plan) -> Vec<String> {
    let mut written = Written::new();
    for (id, fetch) in plan.fetches.iter_enumerated() {
        match &*fetch.shape {
            RowShape::Root(object) => note(object, None, id.index(), &mut written),
            RowShape::Lists(lists) => {
                for (list, input) in lists.iter().zip(&fetch.inputs) {
                    note(&list.object, Some(&input.types), id.index(), &mut written);
                }
            }
        }
    }
    let mut twice = Vec::new();
    for writers in written.values() {
        for (at, (types, fetch, name)) in writers.iter().enumerate() {
            let again =
                |(other, by, _): &(TypeSet, usize, String)| by != fetch && !types.intersection(other).is_empty();
            if writers[..at].iter().any(again) {
                twice.push(format!("`{name}` by step {}", fetch + 1));
            }
        }
    }
    twice
}

fn note(object: &ObjectShape, types: Option<&TypeSet>, fetch: usize, written: &mut Written) {
    let fixed: Option<TypeId> = match (&object.typing, types) {
        (_, Some(types)) if types.len() == 1 => types.iter().next(),
        (Typing::Fixed(ty), None) => Some(*ty),
        _ => None,
    };
    for field in &object.fields {
        match (&field.value.kind, fixed) {
            (ValueKind::Object(below), _) => note(below, None, fetch, written),
            (ValueKind::Leaf(leaf), Some(ty))
                if *leaf != Leaf::Typename && !["id", "k", "m", "part"].contains(&&*field.key) =>
            {
                let key = (object.site.0, field.slot.0);
                written.entry(key).or_default().push((TypeSet::one(ty), fetch, field.key.to_string()));
            }
            _ => {}
        }
    }
}
