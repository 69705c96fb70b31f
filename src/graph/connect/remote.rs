//! How the arguments of a remote GraphQL field are written: enum values are names, not strings.

use indexmap::IndexMap;

use crate::graph::language::ast::{FieldDefinition, InputValueDefinition, TypeKind};
use crate::graph::mapping::{Copied, Shape, Variable};
use crate::platform::base::Name;

use super::copied::type_of;
use super::model::{Written, WrittenArguments};
use super::types::{Type, Types};

/// How what a mapping of this shape yields is written; the mapping stands at `field` of `ty`.
pub fn written<'a>(
    types: &Types<'a>,
    ty: &Type<'a>,
    field: Option<&'a FieldDefinition>,
    shape: &Shape,
) -> WrittenArguments {
    let mut writer = Writer { types, ty, field, inputs: IndexMap::new() };
    let object = writer.shape(shape);
    WrittenArguments { object, inputs: writer.inputs }
}

struct Writer<'w, 'a> {
    types: &'w Types<'a>,
    ty: &'w Type<'a>,
    field: Option<&'a FieldDefinition>,
    inputs: IndexMap<Name, Vec<(Name, Written)>>,
}

// === impl Writer ===

impl Writer<'_, '_> {
    fn shape(&mut self, shape: &Shape) -> Written {
        match shape {
            Shape::Copied(copied) => self.copied(copied),
            Shape::Array(element) => self.shape(element),
            Shape::Tuple(shapes) | Shape::OneOf(shapes) => shapes
                .iter()
                .map(|shape| self.shape(shape))
                .find(|written| *written != Written::Plain)
                .unwrap_or_default(),
            Shape::Object(object) | Shape::Selected(object) => {
                let fields = object.fields.iter().map(|field| (field.name.clone(), self.shape(&field.shape)));
                Written::Object(fields.collect())
            }
            _ => Written::Plain,
        }
    }

    fn copied(&mut self, copied: &Copied) -> Written {
        if copied.variable == Some(Variable::Args) && copied.path.is_empty() {
            let arguments = self.field.map(|field| &field.arguments[..]).unwrap_or_default();
            return Written::Object(arguments.iter().map(|argument| self.value(argument)).collect());
        }
        let ty = type_of(self.types, self.ty, self.field, copied);
        ty.map(|ty| self.named(ty.name)).unwrap_or_default()
    }

    fn value(&mut self, definition: &InputValueDefinition) -> (Name, Written) {
        (definition.name.value.clone(), self.named(&definition.ty.name().value))
    }

    fn named(&mut self, name: &str) -> Written {
        let Some(ty) = self.types.get(name) else { return Written::Plain };
        match ty.kind {
            TypeKind::Enum => Written::Enum,
            TypeKind::InputObject => {
                let name: Name = name.into();
                if !self.inputs.contains_key(&name) {
                    // Known before its fields are looked at: they may be of this type.
                    self.inputs.insert(name.clone(), Vec::new());
                    let fields = ty.inputs.iter().map(|input| self.value(input)).collect();
                    self.inputs.insert(name.clone(), fields);
                }
                Written::Input(name)
            }
            _ => Written::Plain,
        }
    }
}
