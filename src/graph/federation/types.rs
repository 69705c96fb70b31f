//! Reading step: types and fields, with what is merged into them.

use std::collections::HashMap;

use crate::graph::language::ast::{Directive, FieldDefinition, InputValueDefinition, TypeKind, Value, ValueKind};
use crate::graph::link::spec;
use crate::platform::base::Name;

use super::build::Build;
use super::ids::{TypeId, TypeSet};
use super::join::JoinedType;
use super::supergraph::{EnumValue, FieldDef, InputDef, ListSize, TypeDef};

const BUILT_IN_SCALARS: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];

// === impl Build ===

impl Build<'_> {
    /// All named types and their fields: the built-in scalars first, then in document order.
    pub(super) fn types(&mut self) {
        let joined = self.joined;
        for name in BUILT_IN_SCALARS {
            self.declare(name.into(), TypeKind::Scalar);
        }
        for ty in &joined.types {
            let definition = ty.definition;
            if !BUILT_IN_SCALARS.contains(&&*definition.name.value) {
                self.declare(definition.name.value.clone(), definition.kind);
            }
        }
        for ty in &joined.types {
            if let Some(id) = self.graph.type_id(&ty.definition.name.value) {
                self.fill(id, ty);
            }
        }
        self.possible_types();
    }

    fn declare(&mut self, name: Name, kind: TypeKind) {
        let id = self.graph.types.push(TypeDef {
            name: name.clone(),
            kind,
            fields: HashMap::new(),
            field_order: Vec::new(),
            possible: TypeSet::new(),
            interfaces: Vec::new(),
            values: Vec::new(),
            inputs: Vec::new(),
            inaccessible: false,
            auth: None,
            entries: Vec::new(),
            local: Vec::new(),
            cost: None,
        });
        self.graph.type_ids.insert(name, id);
    }

    fn fill(&mut self, id: TypeId, ty: &JoinedType<'_>) {
        let definition = ty.definition;
        self.graph.types[id].inaccessible = self.is_inaccessible(&definition.directives);
        self.graph.types[id].cost = self.cost(&definition.directives);
        for interface in &definition.interfaces {
            match self.graph.type_id(&interface.value) {
                Some(known) if self.graph.types[known].kind == TypeKind::Interface => {
                    self.graph.types[id].interfaces.push(known);
                }
                _ => self.error(interface.span, format!("`{}` is not an interface of this graph", interface.value)),
            }
        }
        for value in &definition.values {
            let inaccessible = self.is_inaccessible(&value.directives);
            self.graph.types[id].values.push(EnumValue { name: value.name.value.clone(), inaccessible });
        }
        let inputs = self.inputs(&definition.inputs);
        self.graph.types[id].inputs = inputs;
        for field in &ty.fields {
            self.field(id, field.definition);
        }
    }

    fn field(&mut self, parent: TypeId, definition: &FieldDefinition) {
        let Some(ty) = self.type_ref(&definition.ty) else { return };
        let arguments = self.inputs(&definition.arguments);
        let name = definition.name.value.clone();
        let field = self.graph.fields.push(FieldDef {
            parent,
            name: name.clone(),
            ty,
            arguments,
            providers: Vec::new(),
            inaccessible: self.is_inaccessible(&definition.directives),
            auth: None,
            cost: self.cost(&definition.directives),
            list_size: self.list_size(&definition.directives),
        });
        let def = &mut self.graph.types[parent];
        def.fields.insert(name, field);
        def.field_order.push(field);
    }

    fn inputs(&mut self, definitions: &[InputValueDefinition]) -> Vec<InputDef> {
        let mut inputs = Vec::with_capacity(definitions.len());
        for definition in definitions {
            let Some(ty) = self.type_ref(&definition.ty) else { continue };
            inputs.push(InputDef {
                name: definition.name.value.clone(),
                ty,
                default: definition.default.as_ref().map(Value::to_input),
                inaccessible: self.is_inaccessible(&definition.directives),
                cost: self.cost(&definition.directives),
            });
        }
        inputs
    }

    fn possible_types(&mut self) {
        let joined = self.joined;
        for id in self.graph.types.ids() {
            let def = &self.graph.types[id];
            if def.kind == TypeKind::Object {
                let interfaces = def.interfaces.clone();
                self.graph.types[id].possible.insert(id);
                for interface in interfaces {
                    self.graph.types[interface].possible.insert(id);
                }
            }
        }
        for ty in joined.types.iter().filter(|ty| ty.definition.kind == TypeKind::Union) {
            let Some(id) = self.graph.type_id(&ty.definition.name.value) else { continue };
            for member in &ty.definition.members {
                match self.graph.type_id(&member.value) {
                    Some(object) if self.graph.types[object].kind == TypeKind::Object => {
                        self.graph.types[id].possible.insert(object);
                    }
                    _ => self.error(member.span, format!("`{}` is not an object type of this graph", member.value)),
                }
            }
        }
    }

    fn is_inaccessible(&self, directives: &[Directive]) -> bool {
        let name = self.specs.directive(spec::INACCESSIBLE, "inaccessible");
        directives.iter().any(|directive| directive.name == name)
    }

    fn cost(&self, directives: &[Directive]) -> Option<i32> {
        let name = self.specs.directive(spec::COST, "cost");
        integer(directives.iter().find(|directive| directive.name == name)?.argument("weight")?)
    }

    fn list_size(&self, directives: &[Directive]) -> Option<ListSize> {
        let name = self.specs.directive(spec::COST, "listSize");
        let directive = directives.iter().find(|directive| directive.name == name)?;
        Some(ListSize {
            assumed: directive.argument("assumedSize").and_then(integer),
            slicing_arguments: names(directive.argument("slicingArguments")),
            sized_fields: names(directive.argument("sizedFields")),
            require_one_slicing_argument: !matches!(
                directive.argument("requireOneSlicingArgument").map(|value| &value.kind),
                Some(ValueKind::Boolean(false))
            ),
        })
    }
}

fn integer<T: std::str::FromStr>(value: &Value) -> Option<T> {
    match &value.kind {
        ValueKind::Int(text) => text.parse().ok(),
        _ => None,
    }
}

fn names(value: Option<&Value>) -> Vec<Name> {
    match value.map(|value| &value.kind) {
        Some(ValueKind::List(items)) => items.iter().filter_map(Value::as_str).map(Name::from).collect(),
        Some(ValueKind::String(name)) => vec![name.clone()],
        _ => Vec::new(),
    }
}
