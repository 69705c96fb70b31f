//! The GraphQL type of what a mapping copies from a variable.

use crate::graph::language::ast::{FieldDefinition, TypeExpr};
use crate::graph::mapping::{Copied, Variable};

use super::types::{Type, Types};

/// The type of a copied value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CopiedType<'a> {
    /// Whether the value is a list, be it that lists stand on the way.
    pub list: bool,
    /// What is inside.
    pub name: &'a str,
}

/// The type of the value at a path of `$args`, `$this` or `$batch`, for a mapping that stands at
/// `field` of `ty`. `None` for variables themselves, and for what the schema does not know.
pub fn type_of<'a>(
    types: &Types<'a>,
    ty: &Type<'a>,
    field: Option<&'a FieldDefinition>,
    copied: &Copied,
) -> Option<CopiedType<'a>> {
    let (first, rest) = copied.path.split_first()?;
    let (mut at, by_keys): (&'a TypeExpr, bool) = match copied.variable? {
        Variable::Args => (&field?.arguments.iter().find(|argument| argument.name.value == *first)?.ty, false),
        Variable::This => (&ty.field(first)?.ty, false),
        Variable::Batch => (&ty.field(first)?.ty, true),
        _ => return None,
    };
    let mut list = by_keys || at.is_list();
    for name in rest {
        let below = types.get(&at.name().value)?;
        at = match below.input(name) {
            Some(input) => &input.ty,
            None => &below.field(name)?.ty,
        };
        list |= at.is_list();
    }
    Some(CopiedType { list, name: &at.name().value })
}
