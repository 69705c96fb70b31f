//! The API schema: what of a supergraph clients see.

use crate::graph::language::ast::{
    Definition, Directive, DirectiveDefinition, Document, EnumValueDefinition, FieldDefinition, InputValueDefinition,
    SchemaDefinition, TypeDefinition, TypeKind,
};
use crate::graph::language::print;
use crate::graph::link::spec;

use super::specs::Specs;

/// Directives whose applications clients see.
const KEPT: [&str; 3] = ["deprecated", "specifiedBy", "oneOf"];

/// The locations a client can use a directive at.
const EXECUTABLE: [&str; 8] = [
    "QUERY",
    "MUTATION",
    "SUBSCRIPTION",
    "FIELD",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
];

/// The SDL clients see: without hidden elements, without the specifications that compose the
/// graph; in document order.
pub(super) fn sdl(document: &Document, specs: &Specs) -> String {
    let view = View::new(document, specs);
    let definitions = document.definitions.iter().filter_map(|definition| view.definition(definition)).collect();
    print::document(&Document { definitions })
}

struct View<'a> {
    specs: &'a Specs,
    inaccessible: crate::platform::base::Name,
    hidden_types: std::collections::HashSet<&'a str>,
}

// === impl View ===

impl<'a> View<'a> {
    fn new(document: &'a Document, specs: &'a Specs) -> Self {
        let inaccessible = specs.directive(spec::INACCESSIBLE, "inaccessible");
        let hidden = |definition: &'a Definition| match definition {
            Definition::Type(ty) if ty.directives.iter().any(|directive| directive.name == inaccessible) => {
                Some(&*ty.name.value)
            }
            _ => None,
        };
        let hidden_types = document.definitions.iter().filter_map(hidden).collect();
        Self { specs, inaccessible, hidden_types }
    }

    fn definition(&self, definition: &Definition) -> Option<Definition> {
        match definition {
            Definition::Schema(schema) => self.schema(schema).map(Definition::Schema),
            Definition::Type(ty) => self.ty(ty).map(Definition::Type),
            Definition::Directive(directive) => self.directive(directive).map(Definition::Directive),
        }
    }

    /// Only a schema definition that says something is kept: root types of unusual names or a description.
    fn schema(&self, schema: &SchemaDefinition) -> Option<SchemaDefinition> {
        let roots: Vec<_> =
            schema.roots.iter().filter(|(_, name)| !self.hidden_types.contains(&*name.value)).cloned().collect();
        let usual = roots.iter().all(|(kind, name)| {
            name.value.eq_ignore_ascii_case(kind.as_str()) && name.value.starts_with(char::is_uppercase)
        });
        if roots.is_empty() || (usual && schema.description.is_none()) {
            return None;
        }
        Some(SchemaDefinition { directives: Vec::new(), roots, ..schema.clone() })
    }

    fn directive(&self, directive: &DirectiveDefinition) -> Option<DirectiveDefinition> {
        let executable: Vec<_> =
            directive.locations.iter().filter(|location| EXECUTABLE.contains(&&***location)).cloned().collect();
        if executable.is_empty() || self.is_known_to_all(&directive.name.value) {
            return None;
        }
        Some(DirectiveDefinition {
            arguments: self.inputs(&directive.arguments),
            locations: executable,
            ..directive.clone()
        })
    }

    /// Directives of specifications, and those every server has, are not the graph's own.
    fn is_known_to_all(&self, name: &str) -> bool {
        ["skip", "include"].contains(&name) || KEPT.contains(&name) || self.specs.owns_directive(name)
    }

    fn ty(&self, ty: &TypeDefinition) -> Option<TypeDefinition> {
        let name = &*ty.name.value;
        if self.specs.owns_type(name) || self.hidden_types.contains(name) || is_built_in(ty) {
            return None;
        }
        let visible = |name: &&crate::platform::base::span::Spanned<crate::platform::base::Name>| {
            !self.hidden_types.contains(&*name.value)
        };
        Some(TypeDefinition {
            directives: kept(&ty.directives),
            interfaces: ty.interfaces.iter().filter(visible).cloned().collect(),
            members: ty.members.iter().filter(visible).cloned().collect(),
            fields: ty.fields.iter().filter_map(|field| self.field(field)).collect(),
            values: ty.values.iter().filter_map(|value| self.value(value)).collect(),
            inputs: self.inputs(&ty.inputs),
            ..ty.clone()
        })
    }

    fn field(&self, field: &FieldDefinition) -> Option<FieldDefinition> {
        self.is_visible(&field.directives).then(|| FieldDefinition {
            arguments: self.inputs(&field.arguments),
            directives: kept(&field.directives),
            ..field.clone()
        })
    }

    fn value(&self, value: &EnumValueDefinition) -> Option<EnumValueDefinition> {
        self.is_visible(&value.directives)
            .then(|| EnumValueDefinition { directives: kept(&value.directives), ..value.clone() })
    }

    fn inputs(&self, inputs: &[InputValueDefinition]) -> Vec<InputValueDefinition> {
        let visible = inputs.iter().filter(|input| self.is_visible(&input.directives));
        visible.map(|input| InputValueDefinition { directives: kept(&input.directives), ..input.clone() }).collect()
    }

    fn is_visible(&self, directives: &[Directive]) -> bool {
        !directives.iter().any(|directive| directive.name == self.inaccessible)
    }
}

fn kept(directives: &[Directive]) -> Vec<Directive> {
    directives.iter().filter(|directive| KEPT.contains(&&*directive.name)).cloned().collect()
}

fn is_built_in(ty: &TypeDefinition) -> bool {
    ty.kind == TypeKind::Scalar && ["Int", "Float", "String", "Boolean", "ID"].contains(&&*ty.name.value)
}
