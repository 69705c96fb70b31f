//! Input values without places, as operations and field sets use them.

use std::fmt;

use crate::platform::base::Name;

/// An input value; numbers keep the text they were written with.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum InputValue {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// An integer literal's text.
    Int(Name),
    /// A float literal's text.
    Float(Name),
    /// A string's meaning, escapes resolved.
    String(Name),
    /// An enum value's name.
    Enum(Name),
    /// `[a, b]`
    List(Vec<InputValue>),
    /// `{ a: 1 }`, in the order written.
    Object(Vec<(Name, InputValue)>),
    /// `$name`
    Variable(Name),
}

// === impl InputValue ===

impl InputValue {
    /// Calls `visit` with each variable's name, in order of appearance.
    pub fn for_each_variable<'a>(&'a self, visit: &mut dyn FnMut(&'a Name)) {
        match self {
            Self::Variable(name) => visit(name),
            Self::List(items) => items.iter().for_each(|item| item.for_each_variable(visit)),
            Self::Object(fields) => fields.iter().for_each(|(_, value)| value.for_each_variable(visit)),
            _ => {}
        }
    }

    /// The value as JSON; variables are looked up, and an unset one yields `None`: the place it
    /// stands in is left out.
    pub fn to_json(&self, variables: &serde_json::Map<String, serde_json::Value>) -> Option<serde_json::Value> {
        use serde_json::Value;
        Some(match self {
            Self::Null => Value::Null,
            Self::Boolean(value) => Value::Bool(*value),
            Self::Int(text) | Self::Float(text) => {
                serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_string()))
            }
            Self::String(text) | Self::Enum(text) => Value::String(text.to_string()),
            Self::List(items) => {
                Value::Array(items.iter().map(|item| item.to_json(variables).unwrap_or(Value::Null)).collect())
            }
            Self::Object(fields) => Value::Object(
                fields.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_json(variables)?))).collect(),
            ),
            Self::Variable(name) => variables.get(&**name)?.clone(),
        })
    }
}

impl fmt::Display for InputValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Int(text) | Self::Float(text) | Self::Enum(text) => f.write_str(text),
            Self::String(text) => write_string(f, text),
            Self::Variable(name) => write!(f, "${name}"),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Object(fields) => {
                f.write_str("{")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {value}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Writes `text` as a GraphQL string literal on one line.
pub fn write_string(f: &mut impl fmt::Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c.is_control() => write!(f, "\\u{:04X}", c as u32)?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
