//! Contexts: types that set one (`@context`), and arguments that are filled from one
//! (`@fromContext(field: "$name { selection }")`).

use crate::graph::language::ast::{Selection, Value};
use crate::platform::base::Name;
use crate::platform::base::span::SourceMap;

use super::directives::{Applied, Federation};
use super::field_set::{self, Unreadable};
use super::model::{Annotated, Subgraph, Type};

/// What an argument is filled from.
pub struct FromContext<'a> {
    /// The context's name.
    pub context: Name,
    /// What is selected of the type that set it, as written.
    pub selection: Name,
    value: &'a Value,
    start: usize,
}

// === impl FromContext ===

impl<'a> FromContext<'a> {
    /// Reads an application of `@fromContext`; `None` if it names no context or selects nothing.
    pub fn read(applied: &'a Applied) -> Option<Self> {
        let value = applied.argument("field")?;
        let text = value.as_str()?;
        let name = skip_ignored(skip_ignored(text).strip_prefix('$')?);
        if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return None;
        }
        let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(name.len());
        let (context, selection) = name.split_at(end);
        let start = text.len() - selection.len();
        (!selection.is_empty()).then(|| Self {
            context: context.into(),
            selection: selection.trim().into(),
            value,
            start,
        })
    }

    /// The selection; places lie inside the string.
    ///
    /// # Errors
    /// When it is no selection set.
    pub fn selections(&self, sources: &SourceMap) -> Result<Vec<Selection>, Unreadable> {
        field_set::read_from(sources, self.value, self.start)
    }
}

/// What GraphQL ignores between tokens.
fn skip_ignored(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(['\n', '\r', '\t', ' ', ',']);
        let Some(comment) = text.strip_prefix('#') else { return text };
        text = comment.trim_start_matches(|c| c != '\n' && c != '\r');
    }
}

/// The types of a subgraph that set a context.
pub fn setters<'a>(subgraph: &'a Subgraph, context: &str) -> Vec<&'a Type> {
    let sets = |ty: &&Type| {
        let mut names = ty.all(Federation::Context).filter_map(|applied| applied.text("name"));
        names.any(|name| &*name == context)
    };
    subgraph.types.values().filter(sets).collect()
}
