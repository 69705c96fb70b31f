//! Whether a constant is a value of a type.

use crate::graph::compose::composite::types::Types;
use crate::graph::compose::subgraph::model::Subgraph;
use crate::graph::language::ast::{Argument, TypeExpr, TypeKind, Value, ValueKind};
use crate::platform::base::Name;
use crate::platform::base::span::Spanned;

/// What the values of a named type are.
pub enum Input<'a> {
    /// One of these names.
    Enum(Vec<&'a str>),
    /// An object of these fields.
    Object(Vec<InputField<'a>>),
    /// A scalar, or nothing that is known.
    Scalar,
}

/// A field of an input object.
pub struct InputField<'a> {
    name: &'a str,
    ty: &'a TypeExpr,
    has_default: bool,
}

/// Types by name.
pub trait InputTypes {
    /// What the values of a type are.
    fn input(&self, name: &str) -> Input<'_>;
}

/// What keeps `value` from being one of type `ty`.
pub fn problem(types: &impl InputTypes, ty: &TypeExpr, value: &Value) -> Option<String> {
    let wrong = || Some(format!("{} is no value of type \"{ty}\"", value.to_input()));
    match (ty, &value.kind) {
        (_, ValueKind::Variable(_)) => Some(variable(value)),
        (TypeExpr::NonNull(_), ValueKind::Null) => wrong(),
        (_, ValueKind::Null) => None,
        (TypeExpr::NonNull(of), _) => problem(types, of, value),
        (TypeExpr::List(of), ValueKind::List(items)) => items.iter().find_map(|item| problem(types, of, item)),
        // One value is a list of it.
        (TypeExpr::List(of), _) => problem(types, of, value),
        (TypeExpr::Named(name), kind) => match (types.input(&name.value), kind) {
            (Input::Object(known), ValueKind::Object(fields)) => object(types, &name.value, &known, fields),
            (Input::Enum(values), ValueKind::Enum(name)) if values.contains(&&**name) => None,
            (Input::Scalar, _) => scalar(&name.value, value),
            _ => wrong(),
        },
    }
}

/// An argument that is given twice.
pub fn repeated(arguments: &[Argument]) -> Option<&Spanned<Name>> {
    repeated_name(arguments.iter().map(|argument| &argument.name))
}

/// A name that was there before.
pub fn repeated_name<'a>(names: impl Iterator<Item = &'a Spanned<Name>>) -> Option<&'a Spanned<Name>> {
    let mut known: Vec<&Name> = Vec::new();
    for name in names {
        if known.contains(&&name.value) {
            return Some(name);
        }
        known.push(&name.value);
    }
    None
}

fn object(
    types: &impl InputTypes,
    name: &str,
    known: &[InputField<'_>],
    fields: &[(Spanned<Name>, Value)],
) -> Option<String> {
    if let Some(twice) = repeated_name(fields.iter().map(|(name, _)| name)) {
        return Some(format!("\"{}\" is given twice", twice.value));
    }
    for (field, value) in fields {
        let Some(known) = known.iter().find(|known| *known.name == *field.value) else {
            return Some(format!("\"{name}\" has no field \"{}\"", field.value));
        };
        if let Some(problem) = problem(types, known.ty, value) {
            return Some(problem);
        }
    }
    let given = |name: &str| fields.iter().any(|(field, _)| &*field.value == name);
    let missing = known.iter().find(|known| known.ty.is_non_null() && !known.has_default && !given(known.name))?;
    Some(format!("\"{name}\" needs its field \"{}\"", missing.name))
}

fn scalar(name: &str, value: &Value) -> Option<String> {
    let fits = match (name, &value.kind) {
        ("Int", ValueKind::Int(text)) => text.parse::<i32>().is_ok(),
        ("Float", ValueKind::Int(_) | ValueKind::Float(_))
        | ("ID", ValueKind::Int(_) | ValueKind::String(_))
        | ("String", ValueKind::String(_))
        | ("Boolean", ValueKind::Boolean(_)) => true,
        ("Int" | "Float" | "ID" | "String" | "Boolean", _) => false,
        _ => !has_variable(value),
    };
    let message = match has_variable(value) {
        true => variable(value),
        false => format!("{} is no value of type \"{name}\"", value.to_input()),
    };
    (!fits).then_some(message)
}

fn has_variable(value: &Value) -> bool {
    let mut found = false;
    value.to_input().for_each_variable(&mut |_| found = true);
    found
}

fn variable(value: &Value) -> String {
    format!("a variable has no value here: {}", value.to_input())
}

impl InputTypes for Types<'_> {
    fn input(&self, name: &str) -> Input<'_> {
        match self.kind(name) {
            Some(TypeKind::Enum) => {
                let values = self.parts(name).iter().flat_map(|part| &part.values);
                Input::Enum(values.map(|value| &*value.name.value).collect())
            }
            Some(TypeKind::InputObject) => {
                let field = self.inputs(name).map(|input| InputField {
                    name: &input.name.value,
                    ty: &input.ty,
                    has_default: input.default.is_some(),
                });
                Input::Object(field.collect())
            }
            _ => Input::Scalar,
        }
    }
}

impl InputTypes for Subgraph {
    fn input(&self, name: &str) -> Input<'_> {
        let Some(ty) = self.types.get(name) else { return Input::Scalar };
        match ty.kind {
            TypeKind::Enum => Input::Enum(ty.values.keys().map(|name| &**name).collect()),
            TypeKind::InputObject => {
                let field = ty.inputs.values().map(|input| InputField {
                    name: &input.name.value,
                    ty: &input.ty,
                    has_default: input.default.is_some(),
                });
                Input::Object(field.collect())
            }
            _ => Input::Scalar,
        }
    }
}
