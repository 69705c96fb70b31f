//! The document that asks a plain GraphQL server for one field. Pure.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::graph::connect::model::{ConnectSpec, ErrorsSpec, SourceSpec, Written, WrittenArguments};
use crate::graph::mapping::{Asked, Asking, Mapping, Want};
use crate::platform::base::span::Spanned;
use crate::sources::contract::Wanted;

/// The arguments of the remote field, and how they are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arguments<'a> {
    pub(super) values: &'a Map<String, Value>,
    pub(super) written: &'a WrittenArguments,
}

/// What is read of the remote field.
#[derive(Clone, Debug)]
pub(super) struct Selected {
    /// To the elements of a page or batch, or to the value itself.
    items: Option<Mapping>,
    /// What is read of each of them.
    selection: Mapping,
    /// The key an element of a batch belongs to.
    by: Option<Mapping>,
    /// What else is read of the answer.
    beside: Vec<Mapping>,
}

// === impl Selected ===

impl Selected {
    pub(super) fn of(spec: &ConnectSpec, source: Option<&SourceSpec>) -> Self {
        let by = spec.batch.as_ref().and_then(|batch| batch.by.as_ref()).map(|by| by.value.clone());
        let pages = spec.paginate.as_ref();
        let is_success = spec.is_success.as_ref().or_else(|| source?.is_success.as_ref());
        let errors = |errors: &ErrorsSpec| [errors.message.clone(), errors.extensions.clone()];
        let beside = pages
            .into_iter()
            .flat_map(|pages| [pages.total.clone(), pages.has_next.clone(), pages.next.clone()])
            .chain([is_success.cloned()])
            .chain(errors(&spec.errors))
            .chain(source.into_iter().flat_map(|source| errors(&source.errors)))
            .flatten()
            .map(|mapping| mapping.value)
            .collect();
        let items = |items: &Option<Spanned<Mapping>>| items.as_ref().map(|items| items.value.clone());
        let (items, selection) = match (pages, spec.selection.value.split_block()) {
            (Some(pages), _) => (items(&pages.items), spec.selection.value.clone()),
            (None, Some((outer, inner))) => (Some(outer), inner),
            (None, None) => (None, spec.selection.value.clone()),
        };
        Self { items, selection, by, beside }
    }

    /// What to ask the server for, so that the mappings yield what is `wanted`.
    fn asked(&self, wanted: Option<&[Wanted]>) -> Asked {
        let mut asking = Asking::default();
        let answer = asking.answer();
        let elements = match &self.items {
            Some(items) => asking.at(items, &answer),
            None => answer.clone(),
        };
        asking.select(&self.selection, &elements, wanted.map(wants).as_deref());
        if let Some(by) = &self.by {
            asking.read(by, &elements);
        }
        self.beside.iter().for_each(|mapping| asking.read(mapping, &answer));
        asking.finish()
    }
}

fn wants(wanted: &[Wanted]) -> Vec<Want> {
    let want = |want: &Wanted| Want { name: want.name.clone(), on: want.on.clone(), fields: wants(&want.fields) };
    wanted.iter().map(want).collect()
}

/// `{ field(arguments) { keys } }`
pub(super) fn document(
    field: &str,
    arguments: Arguments<'_>,
    selected: &Selected,
    wanted: Option<&[Wanted]>,
    mutation: bool,
) -> String {
    let mut text = String::from(if mutation { "mutation { " } else { "{ " });
    text.push_str(field);
    if !arguments.values.is_empty() {
        text.push('(');
        arguments.fields(&mut text, arguments.values, &arguments.written.object);
        text.push(')');
    }
    write_keys(&mut text, &selected.asked(wanted));
    text.push_str(" }");
    text
}

/// A selection set, if there is anything to select. As deep as the mapping or the operation is.
fn write_keys(text: &mut String, asked: &Asked) {
    if asked.keys.is_empty() && asked.on.is_empty() {
        text.push_str(if asked.object { " { __typename }" } else { "" });
        return;
    }
    text.push_str(" {");
    for (key, below) in &asked.keys {
        let _ = write!(text, " {key}");
        write_keys(text, below);
    }
    for (ty, below) in &asked.on {
        let _ = write!(text, " ... on {ty}");
        write_keys(text, below);
    }
    text.push_str(" }");
}

// === impl Arguments ===

impl Arguments<'_> {
    /// The keys and values of an object.
    fn fields(&self, text: &mut String, fields: &Map<String, Value>, written: &Written) {
        let of_keys = match written {
            Written::Object(keys) => &keys[..],
            Written::Input(name) => self.written.inputs.get(name).map(|keys| &keys[..]).unwrap_or_default(),
            Written::Plain | Written::Enum => &[],
        };
        for (index, (name, value)) in fields.iter().enumerate() {
            let _ = write!(text, "{}{name}: ", if index > 0 { ", " } else { "" });
            let of_key = of_keys.iter().find(|(key, _)| **key == **name).map(|(_, written)| written);
            self.literal(text, value, of_key.unwrap_or(&Written::Plain));
        }
    }

    /// A JSON value as a GraphQL literal.
    fn literal(&self, text: &mut String, value: &Value, written: &Written) {
        match value {
            Value::Array(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index > 0 { ", " } else { "" });
                    self.literal(text, item, written);
                }
                text.push(']');
            }
            Value::Object(fields) => {
                text.push('{');
                self.fields(text, fields, written);
                text.push('}');
            }
            Value::String(name) if *written == Written::Enum && is_name(name) => text.push_str(name),
            Value::String(string) => drop(crate::graph::language::value::write_string(text, string)),
            scalar => drop(write!(text, "{scalar}")),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether every key of an object, at any depth, is a GraphQL name and so may stand in a document.
pub(super) fn has_plain_names(value: &Value) -> bool {
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

    fn selected(items: Option<&str>, selection: &str, by: Option<&str>) -> Selected {
        let mapping = |text: &str| Mapping::parse(text, Dialect::Pleach).unwrap();
        Selected {
            items: items.map(mapping),
            selection: mapping(selection),
            by: by.map(mapping),
            beside: vec![mapping("$.next")],
        }
    }

    fn arguments<'a>(values: &'a Value, written: &'a WrittenArguments) -> Arguments<'a> {
        Arguments { values: values.as_object().unwrap(), written }
    }

    #[test]
    fn all_that_is_read_of_the_answer_is_asked_for() {
        let wanted = [Wanted { name: "name".into(), on: None, fields: Vec::new() }];
        let selected = selected(Some("$.items"), "id name", Some("$.owner.id"));
        assert_eq!(
            document("user", arguments(&json!({}), &Default::default()), &selected, Some(&wanted), false),
            "{ user { items { name owner { id } } next } }"
        );
    }

    #[test]
    fn arguments_are_literals() {
        let values = json!({ "id": "a\"b", "in": [1, null], "by": { "x": true } });
        let selected = Selected { beside: Vec::new(), ..selected(None, "id", None) };
        assert_eq!(
            document("user", arguments(&values, &Default::default()), &selected, None, true),
            r#"mutation { user(id: "a\"b", in: [1, null], by: {x: true}) { id } }"#
        );
        assert!(!has_plain_names(&json!({ "a) { b": 1 })));
    }

    #[test]
    fn enum_values_are_names_where_the_schema_says_so() {
        let filter = vec![("status".into(), Written::Enum), ("any".into(), Written::Input("Filter".into()))];
        let written = WrittenArguments {
            object: Written::Object(vec![("filter".into(), Written::Input("Filter".into()))]),
            inputs: [("Filter".into(), filter)].into_iter().collect(),
        };
        let values = json!({ "filter": { "any": [{ "status": ["OLD", "no name"], "text": "OLD" }], "status": null }, "x": "OLD" });
        let selected = Selected { beside: Vec::new(), ..selected(None, "$", None) };
        assert_eq!(
            document("list", arguments(&values, &written), &selected, None, false),
            r#"{ list(filter: {any: [{status: [OLD, "no name"], text: "OLD"}], status: null}, x: "OLD") }"#
        );
    }
}
