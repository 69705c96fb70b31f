//! The naive answer: every resolver of the whole schema, run over the whole data.

use serde_json::{Map, Value as Json, json};

use super::interpret::{Nullability, Resolved, Schema};
use super::world::*;

/// The whole world as one schema.
pub struct Whole<'w>(pub &'w World);

/// An instance of an object type.
pub type Instance = (TypeIndex, usize);

// === impl Whole ===

impl Schema for Whole<'_> {
    type Object = Instance;

    fn type_name(&self, object: &Instance) -> String {
        self.0.types[object.0].name.clone()
    }

    fn fulfils(&self, type_name: &str, condition: &str) -> bool {
        let Some(Named::Object(ty)) = self.0.named(type_name) else { return false };
        self.0.named(condition).is_some_and(|named| self.0.members(named).contains(&ty))
    }

    fn resolve(
        &self,
        object: &Instance,
        field: &str,
        arguments: &Map<String, Json>,
    ) -> (Nullability, Resolved<Instance>) {
        let ty = self.0.api_type(object.0, field);
        let argument = arguments.get("n").and_then(Json::as_i64);
        let value = value(self.0, *object, field, argument);
        (Nullability { lists: ty.lists, non_null: ty.non_null }, resolved(value))
    }
}

fn resolved(value: Data) -> Resolved<Instance> {
    match value {
        Data::Null => Resolved::Null,
        Data::Error => Resolved::Error("a resolver failed".into()),
        Data::Leaf(leaf) => Resolved::Leaf(leaf),
        Data::Object(ty, nth) => Resolved::Object((ty, nth)),
        Data::List(items) => Resolved::List(items.into_iter().map(resolved).collect()),
    }
}

/// What a field is in truth, whoever resolves it.
///
/// # Panics
/// When the type has no such field.
pub fn value(world: &World, (ty, nth): Instance, name: &str, argument: Option<i64>) -> Data {
    let at = world.types[ty].fields.iter().position(|field| field.name == name).expect("a field of the world");
    let field = &world.types[ty].fields[at];
    match &world.data[ty][nth][at] {
        Data::Leaf(_) if !field.requires.is_empty() => match project(world, (ty, nth), &field.requires) {
            Some(required) => Data::Leaf(made_of(&required)),
            None => Data::Error,
        },
        data => with_argument(world, data.clone(), argument),
    }
}

/// What a field that requires others makes of them.
pub fn made_of(required: &Json) -> Json {
    json!(format!("made of {required}"))
}

/// An argument shows in the value.
fn with_argument(world: &World, data: Data, argument: Option<i64>) -> Data {
    match (data, argument) {
        (Data::Leaf(Json::String(text)), Some(n)) => Data::Leaf(json!(format!("{text} with {n}"))),
        (Data::Object(ty, nth), Some(n)) => {
            let count = world.data[ty].len() as i64;
            Data::Object(ty, (nth as i64 + n).rem_euclid(count) as usize)
        }
        (data, _) => data,
    }
}

/// The fields of a set as JSON; nothing if one of them failed.
pub fn project(world: &World, instance: Instance, set: &FieldSet) -> Option<Json> {
    let mut object = Map::new();
    for selected in set.iter().filter(|selected| selected.on.is_none_or(|on| on == instance.0)) {
        let field = world.field(instance.0, &selected.name).expect("a field of the world");
        let value = value(world, instance, &selected.name, selected.argument);
        object.insert(selected.name.clone(), project_value(world, value, &field.ty, 0, &selected.below)?);
    }
    Some(Json::Object(object))
}

fn project_value(world: &World, value: Data, ty: &Ty, level: usize, below: &FieldSet) -> Option<Json> {
    match value {
        Data::Error => None,
        Data::Null if ty.lists.get(level).copied().unwrap_or(ty.non_null) => None,
        Data::Null => Some(Json::Null),
        Data::Leaf(leaf) => Some(leaf),
        Data::Object(ty, nth) => project(world, (ty, nth), below),
        Data::List(items) => items.into_iter().map(|item| project_value(world, item, ty, level + 1, below)).collect(),
    }
}
