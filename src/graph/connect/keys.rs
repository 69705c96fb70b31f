//! The keys of entities, as trees of names.

use crate::graph::language::ast::Selection;
use crate::graph::language::parse;

use super::names::{Names, keys};
use super::types::Type;
use crate::platform::base::Name;

/// A field of a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyField {
    /// The field.
    pub name: Name,
    /// Fields below; empty for leaves.
    pub children: Vec<KeyField>,
}

/// The `@key`s of `ty`, one entry each. Keys that do not parse are left out: whoever validates
/// the subgraph reports them.
pub fn key_sets(names: &Names, ty: &Type<'_>) -> Vec<Vec<KeyField>> {
    let of_type = keys(names, &ty.directives);
    of_type.iter().filter_map(|key| Some(parse_key(key.fields.as_str()?))).filter(|set| !set.is_empty()).collect()
}

/// A field set as a tree.
pub fn parse_key(text: &str) -> Vec<KeyField> {
    fn of(selections: &[Selection]) -> Vec<KeyField> {
        let fields = selections.iter().filter_map(|selection| match selection {
            Selection::Field(field) if &*field.name.value != "__typename" => Some(KeyField {
                name: field.name.value.clone(),
                children: of(field.selections.as_deref().unwrap_or_default()),
            }),
            _ => None,
        });
        fields.collect()
    }
    // Spans of this text are not used, so any file will do.
    let file = crate::platform::base::span::FileId(0);
    parse::field_set(text, file).map(|selections| of(&selections)).unwrap_or_default()
}
