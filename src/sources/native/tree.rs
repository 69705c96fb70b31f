//! async-graphql's values, seen as a tree.

use async_graphql::Value;

use crate::sources::rows::visit::{Tree, View};

impl Tree for Value {
    fn view(&self) -> View<'_, Self> {
        match self {
            Self::Null => View::Null,
            Self::Boolean(value) => View::Boolean(*value),
            Self::Number(number) => View::Number(number),
            Self::String(text) => View::String(text),
            Self::Enum(name) => View::String(name.as_str()),
            Self::List(items) => View::List(items),
            // Bytes have no kind of their own: only a custom scalar can hold them.
            Self::Object(_) | Self::Binary(_) => View::Object,
        }
    }

    fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.get(key),
            _ => None,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        // Writing to a vector cannot fail, and keys are strings.
        let _ = serde_json::to_writer(out, self);
    }
}
