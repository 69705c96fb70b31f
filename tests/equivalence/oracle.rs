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
    type Object = Placed;

    fn type_name(&self, object: &Placed) -> String {
        self.0.types[object.instance().0].name.clone()
    }

    fn fulfils(&self, type_name: &str, condition: &str) -> bool {
        let Some(Named::Object(ty)) = self.0.named(type_name) else { return false };
        self.0.named(condition).is_some_and(|named| self.0.members(named).contains(&ty))
    }

    fn resolve(&self, object: &Placed, field: &str, arguments: &Map<String, Json>) -> (Nullability, Resolved<Placed>) {
        let instance = object.instance();
        let ty = self.0.api_type(instance.0, field);
        let argument = arguments.get("n").and_then(Json::as_i64);
        let context = &self.0.field(instance.0, field).expect("a field of the world").context;
        let value = match context.is_empty() {
            false if !self.0.is_null(instance.0, instance.1, field) => object.told(self.0, context),
            _ => value(self.0, instance, field, argument),
        };
        (Nullability { lists: ty.lists, non_null: ty.non_null }, object.resolved(value))
    }
}

/// An object and those above it, the root first.
pub struct Placed(pub Vec<Instance>);

// === impl Placed ===

impl Placed {
    fn instance(&self) -> Instance {
        *self.0.last().expect("at least itself")
    }

    /// What a field makes of its context: of the nearest object that sets it.
    fn told(&self, world: &World, context: &[(TypeIndex, String)]) -> Data {
        let set = |instance: &Instance| {
            let (_, name) = context.iter().find(|(ty, _)| *ty == instance.0)?;
            Some(value(world, *instance, name, None))
        };
        match self.0.iter().rev().find_map(set).expect("the root sets it") {
            Data::Leaf(leaf) => Data::Leaf(told(&leaf)),
            Data::Null => Data::Leaf(told(&Json::Null)),
            other => other,
        }
    }

    fn resolved(&self, value: Data) -> Resolved<Self> {
        match value {
            Data::Null => Resolved::Null,
            Data::Error => Resolved::Error("a resolver failed".into()),
            Data::Leaf(leaf) => Resolved::Leaf(leaf),
            Data::Object(ty, nth) => Resolved::Object(Self([&self.0[..], &[(ty, nth)]].concat())),
            Data::List(items) => Resolved::List(items.into_iter().map(|item| self.resolved(item)).collect()),
        }
    }
}

/// What a field with a filled argument makes of it.
pub fn told(context: &Json) -> Json {
    json!(format!("told {context}"))
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
