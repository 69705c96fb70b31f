//! Arguments that are taken from the object a connector starts from: what lookups and requirements
//! in the spelling of Composite Schemas say.

use serde_json::{Map, Value};

use crate::graph::connect::FilledArgument;
use crate::graph::language::selection_map::{Below, ListItem, ObjectField, Path, Selected, SelectionMap};

/// A value taken from an object.
struct Taken {
    value: Value,
    /// Whether nothing in it is null or missing, but for items of lists of leaves.
    whole: bool,
}

/// `arguments` with those that are taken from `object`.
///
/// # Errors
/// The name of an argument that must not be null and would be.
pub(super) fn fill<'a>(
    mut arguments: Map<String, Value>,
    filled: &'a [FilledArgument],
    object: &Value,
) -> Result<Map<String, Value>, &'a str> {
    for argument in filled {
        let taken = take(&argument.value, object).map(|taken| taken.value);
        // A default stands for what is missing, and for null where that cannot be.
        let value = match taken {
            Some(Value::Null) if argument.non_null => argument.default.clone(),
            None => argument.default.clone(),
            taken => taken,
        };
        match value {
            Some(value) => drop(arguments.insert(argument.name.to_string(), value)),
            None if argument.non_null => return Err(&argument.name),
            None => {}
        }
    }
    Ok(arguments)
}

/// Of several alternatives the first counts that has all it reads, and without one the value is null.
fn take(map: &SelectionMap, object: &Value) -> Option<Taken> {
    if let [only] = &map.alternatives[..] {
        return selected(only, object);
    }
    let mut some = None;
    for alternative in &map.alternatives {
        match selected(alternative, object) {
            Some(taken) if taken.whole => return Some(taken),
            Some(_) => some = Some(null()),
            None => {}
        }
    }
    some
}

fn null() -> Taken {
    Taken { value: Value::Null, whole: false }
}

fn selected(selected: &Selected, object: &Value) -> Option<Taken> {
    match selected {
        Selected::Object(parts) => made(parts, object),
        Selected::Path { path, below } => {
            let end = follow(path, object)?;
            if end.is_null() {
                return Some(null());
            }
            match below {
                None => Some(Taken { value: end.clone(), whole: true }),
                Some(Below::Object(parts)) => made(parts, end),
                Some(Below::List(item)) => list(item, end),
            }
        }
    }
}

/// What stands at the end of a path; null if null stands on it.
fn follow<'v>(path: &Path, object: &'v Value) -> Option<&'v Value> {
    if let Some(on) = &path.on {
        check(object, &on.value)?;
    }
    let mut here = object;
    for step in &path.steps {
        here = here.get(&*step.field.value)?;
        if here.is_null() {
            return Some(here);
        }
        if let Some(on) = &step.on {
            check(here, &on.value)?;
        }
    }
    Some(here)
}

/// Whether an object is of a type, as far as it says.
fn check(object: &Value, on: &str) -> Option<()> {
    object.get("__typename").and_then(Value::as_str).is_none_or(|name| name == on).then_some(())
}

fn made(parts: &[ObjectField], object: &Value) -> Option<Taken> {
    let (mut fields, mut whole) = (Map::new(), true);
    for part in parts {
        match take(&part.value, object) {
            Some(taken) => {
                whole &= taken.whole;
                fields.insert(part.name.value.to_string(), taken.value);
            }
            None => whole = false,
        }
    }
    (!fields.is_empty()).then_some(Taken { value: Value::Object(fields), whole })
}

fn list(item: &ListItem, list: &Value) -> Option<Taken> {
    let (mut items, mut whole) = (Vec::new(), true);
    for value in list.as_array()? {
        let taken = match item {
            _ if value.is_null() => None,
            ListItem::Value(map) => take(map, value),
            ListItem::List(inner) => self::list(inner, value),
        };
        let taken = taken.unwrap_or_else(null);
        whole &= taken.whole;
        items.push(taken.value);
    }
    Some(Taken { value: items.into(), whole })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::platform::base::span::{SourceMap, Span};

    fn filled(map: &str, non_null: bool, default: Option<Value>, object: &Value) -> Option<Value> {
        let file = SourceMap::new().add("map", map);
        let value = SelectionMap::parse(map, &|start, end| Span::new(file, start, end)).unwrap();
        let argument = FilledArgument { name: "a".into(), value, non_null, default };
        let given = Map::from_iter([("b".to_owned(), json!(1))]);
        match fill(given, std::slice::from_ref(&argument), object) {
            Ok(mut all) => {
                assert_eq!(all.remove("b"), Some(json!(1)));
                Some(all.remove("a").unwrap_or_else(|| json!("absent")))
            }
            Err(name) => {
                assert_eq!(name, "a");
                None
            }
        }
    }

    #[test]
    fn values_are_made_of_what_there_is() {
        let object = json!({ "id": 1, "size": { "w": 2, "h": null }, "parts": [{ "id": "x" }, null], "no": null });
        for (map, value) in [
            ("id", json!(1)),
            ("size.w", json!(2)),
            ("size.h", json!(null)),
            ("no.w", json!(null)),
            ("size.{ width: w, h }", json!({ "width": 2, "h": null })),
            ("parts[id]", json!(["x", null])),
            ("parts[{ key: id }]", json!([{ "key": "x" }, null])),
            ("{ h: size.h } | { id }", json!({ "id": 1 })),
            ("{ h: size.h } | { no }", json!(null)),
            ("nothing", json!("absent")),
        ] {
            assert_eq!(filled(map, false, None, &object), Some(value), "{map}");
        }
    }

    #[test]
    fn a_type_condition_holds_for_objects_of_that_type() {
        let map = "media<Book>.{ code: isbn } | media<Film>.{ reel: isbn }";
        let film = json!({ "media": { "__typename": "Film", "isbn": 1 } });
        assert_eq!(filled(map, false, None, &film), Some(json!({ "reel": 1 })));
    }

    #[test]
    fn a_default_stands_for_what_cannot_be_null() {
        let object = json!({ "id": null });
        assert_eq!(filled("id", true, Some(json!(7)), &object), Some(json!(7)));
        assert_eq!(filled("id", false, Some(json!(7)), &object), Some(json!(null)));
        assert_eq!(filled("sku", false, Some(json!(7)), &object), Some(json!(7)));
        assert_eq!(filled("id", true, None, &object), None);
        assert_eq!(filled("sku", true, None, &object), None);
    }
}
