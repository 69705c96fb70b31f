//! The document that asks a plain GraphQL server for one field. Pure.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::graph::mapping::{Mapping, ProjectedField, ProjectedValue, Projection, Reference};
use crate::sources::contract::Wanted;

/// What to select at the remote field.
#[derive(Clone, Debug)]
pub(super) enum Selected {
    /// The mapping only selects and renames: what is wanted can be followed through it.
    Followed(Projection),
    /// Everything the mapping reads.
    Read(Reference),
}

/// A selection set being put together: keys in order, each once.
#[derive(Clone, PartialEq, Debug, Default)]
struct Keys(Vec<(String, Keys)>);

// === impl Selected ===

impl Selected {
    pub(super) fn of(selection: &Mapping) -> Self {
        match selection.projection() {
            Some(projection) => Self::Followed(projection),
            None => Self::Read(selection.references().input.unwrap_or_default()),
        }
    }

    fn keys(&self, wanted: &[Wanted]) -> Keys {
        let mut keys = Keys::default();
        match self {
            Self::Followed(projection) => follow(projection, wanted, &mut keys),
            Self::Read(reference) => read(reference, &mut keys),
        }
        keys
    }
}

/// `{ field(arguments) { keys } }`
pub(super) fn document(
    field: &str,
    arguments: &Map<String, Value>,
    selected: &Selected,
    wanted: &[Wanted],
    mutation: bool,
) -> String {
    let mut text = String::from(if mutation { "mutation { " } else { "{ " });
    text.push_str(field);
    if !arguments.is_empty() {
        text.push('(');
        for (index, (name, value)) in arguments.iter().enumerate() {
            text.push_str(if index > 0 { ", " } else { "" });
            let _ = write!(text, "{name}: ");
            literal(&mut text, value);
        }
        text.push(')');
    }
    selected.keys(wanted).write(&mut text);
    text.push_str(" }");
    text
}

/// What is wanted, under the names the remote has for it.
fn follow(projection: &Projection, wanted: &[Wanted], keys: &mut Keys) {
    let mut place = keys;
    for step in &projection.path {
        place = place.enter(&step.key);
    }
    match &projection.fields {
        Some(fields) => follow_fields(fields, wanted, place),
        // The remote's own names are ours.
        None => as_named(wanted, place),
    }
}

fn follow_fields(fields: &[ProjectedField], wanted: &[Wanted], place: &mut Keys) {
    let asked = |field: &&ProjectedField| wanted.is_empty() || wanted.iter().any(|want| want.name == field.key);
    for field in fields.iter().filter(asked) {
        let below: Vec<Wanted> =
            wanted.iter().filter(|want| want.name == field.key).flat_map(|want| want.fields.clone()).collect();
        match &field.value {
            ProjectedValue::At(projection) => follow(projection, &below, place),
            ProjectedValue::Made(fields) => follow_fields(fields, &below, place),
        }
    }
}

fn as_named(wanted: &[Wanted], keys: &mut Keys) {
    for want in wanted {
        as_named(&want.fields, keys.enter(&want.name));
    }
}

fn read(reference: &Reference, keys: &mut Keys) {
    for (key, below) in &reference.keys {
        read(below, keys.enter(key));
    }
}

// === impl Keys ===

impl Keys {
    fn enter(&mut self, key: &str) -> &mut Self {
        let at = self.0.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
            self.0.push((key.to_owned(), Self::default()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    /// As deep as the mapping or the operation is.
    fn write(&self, text: &mut String) {
        if self.0.is_empty() {
            return;
        }
        text.push_str(" {");
        for (key, below) in &self.0 {
            let _ = write!(text, " {key}");
            below.write(text);
        }
        text.push_str(" }");
    }
}

/// A JSON value as a GraphQL literal.
fn literal(text: &mut String, value: &Value) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                literal(text, item);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (index, (name, value)) in fields.iter().enumerate() {
                let _ = write!(text, "{}{name}: ", if index > 0 { ", " } else { "" });
                literal(text, value);
            }
            text.push('}');
        }
        Value::String(string) => drop(crate::graph::language::value::write_string(text, string)),
        scalar => drop(write!(text, "{scalar}")),
    }
}

/// Whether every key of an object, at any depth, is a GraphQL name and so may stand in a document.
pub(super) fn has_plain_names(value: &Value) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    match value {
        Value::Array(items) => items.iter().all(has_plain_names),
        Value::Object(fields) => fields.iter().all(|(name, value)| is_name(name) && has_plain_names(value)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::graph::mapping::Dialect;

    fn wanted(names: &[&str]) -> Vec<Wanted> {
        names.iter().map(|name| Wanted { name: (*name).into(), on: None, fields: Vec::new() }).collect()
    }

    fn ask(selection: &str, wanted: &[Wanted]) -> String {
        let selection = Mapping::parse(selection, Dialect::Pleach).unwrap();
        document("user", &Map::new(), &Selected::of(&selection), wanted, false)
    }

    #[test]
    fn only_what_is_wanted_is_asked_for_under_its_remote_name() {
        let selection = "id name: profile.fullName posts: articles { title body }";
        assert_eq!(ask(selection, &wanted(&["id", "name"])), "{ user { id profile { fullName } } }");
        let posts = vec![Wanted { fields: wanted(&["title"]), ..wanted(&["posts"]).remove(0) }];
        assert_eq!(ask(selection, &posts), "{ user { articles { title } } }");
        let author = vec![Wanted { fields: wanted(&["id"]), ..wanted(&["author"]).remove(0) }];
        assert_eq!(ask("id title author: { id: authorId name: by }", &author), "{ user { authorId } }");
    }

    #[test]
    fn a_mapping_with_methods_asks_for_all_it_reads() {
        assert_eq!(ask("id name: first->joinNotNull(last)", &wanted(&["id"])), "{ user { id first last } }");
    }

    #[test]
    fn arguments_are_literals() {
        let arguments = json!({ "id": "a\"b", "in": [1, null], "by": { "x": true } });
        let selected = Selected::of(&Mapping::parse("id", Dialect::Pleach).unwrap());
        assert_eq!(
            document("user", arguments.as_object().unwrap(), &selected, &[], true),
            r#"mutation { user(id: "a\"b", in: [1, null], by: {x: true}) { id } }"#
        );
        assert!(!has_plain_names(&json!({ "a) { b": 1 })));
    }
}
