//! Arguments as their fields take them (GraphQL specification §6.4.1, `CoerceArgumentValues`).
//!
//! Subgraphs that are asked in GraphQL do this themselves; whoever else reads arguments, a connector
//! or a policy, gets them from here.

use std::fmt;

use serde_json::{Map, Value};

use crate::graph::federation::ids::FieldId;
use crate::graph::federation::supergraph::{InputDef, Supergraph, TypeRef};
use crate::graph::language::ast::TypeKind;
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;

/// A null where none may stand. A document can only bring it with a variable.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("The argument \"{0}\" must not be null.")]
pub struct NullArgument(pub String);

/// A field's arguments as JSON. Variables are looked up, a variable that is not given counts as not
/// written; defaults of the schema are filled in at any depth; one value where a list is wanted
/// becomes a list of it; an `ID` is a string.
///
/// # Errors
/// When an argument is null and must not be.
pub fn coerce(
    supergraph: &Supergraph,
    field: FieldId,
    given: &[(Name, InputValue)],
    variables: &Map<String, Value>,
) -> Result<Map<String, Value>, NullArgument> {
    let known = &supergraph.fields[field].arguments;
    let mut arguments = Map::with_capacity(known.len());
    for argument in known {
        let written = given.iter().find(|(name, _)| *name == argument.name);
        let value = written.and_then(|(_, value)| value.to_json(variables));
        insert(supergraph, argument, value, &mut arguments, None)?;
    }
    Ok(arguments)
}

/// Where a value stands: below what, and by which name.
#[derive(Clone, Copy)]
struct Place<'p> {
    below: Option<&'p Place<'p>>,
    name: &'p str,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(below) = self.below {
            write!(f, "{below}.")?;
        }
        f.write_str(self.name)
    }
}

/// Puts an argument or an input object's field into `object`, or its default, or nothing.
fn insert(
    supergraph: &Supergraph,
    input: &InputDef,
    value: Option<Value>,
    object: &mut Map<String, Value>,
    below: Option<&Place<'_>>,
) -> Result<(), NullArgument> {
    let value = value.or_else(|| input.default.as_ref()?.to_json(&Map::new()));
    let must_be = input.ty.lists.first().copied().unwrap_or(input.ty.inner_non_null);
    let place = Place { below, name: &input.name };
    match value {
        Some(value) => {
            object.insert(String::from(&*input.name), fitted(supergraph, &input.ty, 0, value, &place)?);
        }
        None if must_be => return Err(NullArgument(place.to_string())),
        None => {}
    }
    Ok(())
}

/// `value` as one of the type inside `depth` lists.
fn fitted(
    supergraph: &Supergraph,
    ty: &TypeRef,
    depth: usize,
    value: Value,
    place: &Place<'_>,
) -> Result<Value, NullArgument> {
    let list = ty.lists.get(depth);
    if value.is_null() {
        let must_be = list.copied().unwrap_or(ty.inner_non_null);
        return if must_be { Err(NullArgument(place.to_string())) } else { Ok(Value::Null) };
    }
    if list.is_some() {
        let items = match value {
            Value::Array(items) => items,
            single => vec![single],
        };
        return items.into_iter().map(|item| fitted(supergraph, ty, depth + 1, item, place)).collect();
    }
    let def = &supergraph.types[ty.inner];
    match (def.kind, value) {
        (TypeKind::InputObject, Value::Object(mut written)) => {
            let mut object = Map::new();
            for input in &def.inputs {
                let value = written.remove(&*input.name);
                insert(supergraph, input, value, &mut object, Some(place))?;
            }
            Ok(Value::Object(object))
        }
        (_, Value::Number(number)) if &*def.name == "ID" => Ok(Value::String(number.to_string())),
        (_, value) => Ok(value),
    }
}
