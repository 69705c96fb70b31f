//! Small constructors for the nodes of a supergraph document.

use crate::graph::language::ast::{Argument, Directive, Value, ValueKind};
use crate::platform::base::Name;
use crate::platform::base::span::{Span, Spanned};

/// `@name(arguments)`, whose place is that of what caused it.
pub fn directive(name: &str, arguments: Vec<(&str, ValueKind)>, span: Span) -> Directive {
    Directive {
        name: name.into(),
        arguments: arguments
            .into_iter()
            .map(|(name, kind)| Argument { name: Spanned { value: name.into(), span }, value: Value { kind, span } })
            .collect(),
        span,
    }
}

/// A string value.
pub fn text(text: impl Into<Name>) -> ValueKind {
    ValueKind::String(text.into())
}

/// An enum value, such as a graph.
pub fn symbol(name: &Name) -> ValueKind {
    ValueKind::Enum(name.clone())
}

/// A list of values.
pub fn list(items: Vec<ValueKind>, span: Span) -> ValueKind {
    ValueKind::List(items.into_iter().map(|kind| Value { kind, span }).collect())
}
