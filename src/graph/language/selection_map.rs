//! Selection maps: how the value of an argument is taken from the fields of an object.
//!
//! The language is `FieldSelectionMap` of the Composite Schemas specification, appendix A: paths
//! (`dimension.size`), objects (`{ size: dimension.size }`), lists (`parts[id]`), type conditions
//! (`media<Book>.isbn`) and alternatives (`{ id } | { name }`).

mod field_set;
mod parser;
mod text;

pub use field_set::SelectedFields;
pub use parser::SyntaxError;

use crate::graph::language::ast::Argument;
use crate::platform::base::Name;
use crate::platform::base::span::{Span, Spanned};

/// A value taken from an object: the first alternative that has one.
#[derive(Clone, PartialEq, Debug)]
pub struct SelectionMap {
    /// At least one.
    pub alternatives: Vec<Selected>,
}

/// One way to take a value.
#[derive(Clone, PartialEq, Debug)]
pub enum Selected {
    /// What stands at the end of a path, or is made of it.
    Path {
        /// From the object to a field.
        path: Path,
        /// What is made of the field; nothing for a leaf, which is taken as it is.
        below: Option<Below>,
    },
    /// An input object made of the object's fields.
    Object(Vec<ObjectField>),
}

/// What is made of the object or list at the end of a path.
#[derive(Clone, PartialEq, Debug)]
pub enum Below {
    /// `path.{ … }`
    Object(Vec<ObjectField>),
    /// `path[ … ]`
    List(Box<ListItem>),
}

/// What is made of each item of a list.
#[derive(Clone, PartialEq, Debug)]
pub enum ListItem {
    /// A value.
    Value(SelectionMap),
    /// A list again.
    List(Box<ListItem>),
}

/// `name: value` of an input object; `name` alone is written out.
#[derive(Clone, PartialEq, Debug)]
pub struct ObjectField {
    /// The input object's field.
    pub name: Spanned<Name>,
    /// Its value.
    pub value: SelectionMap,
}

/// From an object to one of the fields below it.
#[derive(Clone, PartialEq, Debug)]
pub struct Path {
    /// `<Type>.`: only for objects of this type.
    pub on: Option<Spanned<Name>>,
    /// At least one.
    pub steps: Vec<Step>,
}

/// A field on a path.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// The field.
    pub field: Spanned<Name>,
    /// Its arguments: constants.
    pub arguments: Vec<Argument>,
    /// `<Type>`: only for values of this type.
    pub on: Option<Spanned<Name>>,
}

// === impl SelectionMap ===

impl SelectionMap {
    /// Reads a selection map; `place` tells where bytes of `text` stand.
    ///
    /// # Errors
    /// The first thing that does not belong.
    pub fn parse(text: &str, place: &dyn Fn(usize, usize) -> Span) -> Result<Self, SyntaxError> {
        parser::parse(text, place)
    }

    /// The field `name` of the object itself.
    pub fn field(name: Spanned<Name>) -> Self {
        let step = Step { field: name, arguments: Vec::new(), on: None };
        let path = Path { on: None, steps: vec![step] };
        Self { alternatives: vec![Selected::Path { path, below: None }] }
    }

    /// Calls `visit` with each map that this one is directly made of.
    pub fn each_below<'m>(&'m self, visit: &mut dyn FnMut(&'m Self)) {
        for selected in &self.alternatives {
            match selected {
                Selected::Path { below: None, .. } => {}
                Selected::Object(fields) | Selected::Path { below: Some(Below::Object(fields)), .. } => {
                    fields.iter().for_each(|field| visit(&field.value));
                }
                Selected::Path { below: Some(Below::List(item)), .. } => visit(item.map()),
            }
        }
    }
}

// === impl ListItem ===

impl ListItem {
    /// What is made of each item, whatever lists are around it.
    fn map(&self) -> &SelectionMap {
        match self {
            Self::Value(map) => map,
            Self::List(item) => item.map(),
        }
    }
}
