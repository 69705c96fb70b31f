//! A supergraph's own types, and what of them is hidden.

use std::collections::BTreeMap;

use crate::graph::language::ast::{
    Definition, Directive, DirectiveDefinition, Document, InputValueDefinition, OperationKind, TypeDefinition,
};
use crate::graph::link::Links;
use crate::platform::base::Name;
use crate::platform::base::span::Span;

/// Hidden elements by schema coordinate, each with the place that hides it.
pub(super) type Marks = BTreeMap<String, Span>;

/// The types of a supergraph that are the graph's own, and what the contract hides of them.
pub(super) struct View<'a> {
    /// By name.
    pub(super) types: BTreeMap<&'a str, &'a TypeDefinition>,
    /// The graph's own directives.
    pub(super) directives: Vec<&'a DirectiveDefinition>,
    roots: Vec<(OperationKind, &'a str)>,
    inaccessible: &'a str,
    marks: Marks,
}

// === impl View ===

impl<'a> View<'a> {
    pub(super) fn new(document: &'a Document, links: &Links, inaccessible: &'a Name) -> Self {
        let mut types = BTreeMap::new();
        let mut directives = Vec::new();
        let mut roots = Vec::new();
        for definition in &document.definitions {
            match definition {
                Definition::Type(ty) if links.type_element(&ty.name.value).is_none() => {
                    types.insert(&*ty.name.value, ty);
                }
                Definition::Directive(directive) if links.directive(&directive.name.value).is_none() => {
                    directives.push(directive);
                }
                Definition::Schema(schema) => {
                    roots.extend(schema.roots.iter().map(|(kind, name)| (*kind, &*name.value)));
                }
                _ => {}
            }
        }
        if roots.is_empty() {
            roots = vec![
                (OperationKind::Query, "Query"),
                (OperationKind::Mutation, "Mutation"),
                (OperationKind::Subscription, "Subscription"),
            ];
        }
        Self { types, directives, roots, inaccessible, marks: Marks::new() }
    }

    /// The root types that exist.
    pub(super) fn roots(&self) -> impl Iterator<Item = &'a TypeDefinition> {
        self.roots.iter().filter_map(|(_, name)| self.types.get(name).copied())
    }

    /// The query root type.
    pub(super) fn query(&self) -> Option<&'a TypeDefinition> {
        let (_, name) = self.roots.iter().find(|(kind, _)| *kind == OperationKind::Query)?;
        self.types.get(name).copied()
    }

    /// Whether there is nothing to ask.
    pub(super) fn is_empty(&self) -> bool {
        self.query().is_none_or(|query| {
            let mut fields = query.fields.iter();
            !self.shows_type(query) || !fields.any(|field| self.shows(query, &field.name.value, &field.directives))
        })
    }

    /// Whether clients see a type.
    pub(super) fn shows_type(&self, ty: &TypeDefinition) -> bool {
        self.is_visible(&ty.name.value, &ty.directives)
    }

    /// Whether clients see a type of this name.
    pub(super) fn shows_named(&self, name: &str) -> bool {
        self.types.get(name).is_some_and(|ty| self.shows_type(ty))
    }

    /// Whether clients who see type `ty` see its field, value or input field `name`.
    pub(super) fn shows(&self, ty: &TypeDefinition, name: &str, directives: &[Directive]) -> bool {
        self.is_visible(&member(ty, name), directives)
    }

    /// Whether clients who see the field see its argument.
    pub(super) fn shows_argument(&self, ty: &TypeDefinition, field: &str, argument: &InputValueDefinition) -> bool {
        self.is_visible(&self::argument(ty, field, &argument.name.value), &argument.directives)
    }

    /// The place that hides an element, if the contract does.
    pub(super) fn hidden_at(&self, coordinate: &str) -> Option<Span> {
        self.marks.get(coordinate).copied()
    }

    /// Hides an element. The first reason stays.
    pub(super) fn hide(&mut self, coordinate: String, at: Span) {
        self.marks.entry(coordinate).or_insert(at);
    }

    /// What is hidden, at last.
    pub(super) fn into_marks(self) -> Marks {
        self.marks
    }

    fn is_visible(&self, coordinate: &str, directives: &[Directive]) -> bool {
        !self.marks.contains_key(coordinate)
            && !directives.iter().any(|directive| &*directive.name == self.inaccessible)
    }
}

/// `Type.name`
pub(super) fn member(ty: &TypeDefinition, name: &str) -> String {
    format!("{}.{name}", ty.name.value)
}

/// `Type.field(argument:)`
pub(super) fn argument(ty: &TypeDefinition, field: &str, argument: &str) -> String {
    format!("{}.{field}({argument}:)", ty.name.value)
}

/// Writes the marks into the document, as applications of the directive `inaccessible`.
pub(super) fn mark(document: &mut Document, marks: &Marks, inaccessible: &Name) {
    let put = |directives: &mut Vec<Directive>, coordinate: &str| {
        let already = directives.iter().any(|directive| directive.name == *inaccessible);
        if let Some(&span) = marks.get(coordinate).filter(|_| !already) {
            directives.push(Directive { name: inaccessible.clone(), arguments: Vec::new(), span });
        }
    };
    for definition in &mut document.definitions {
        let Definition::Type(ty) = definition else { continue };
        let name = ty.name.value.clone();
        put(&mut ty.directives, &name);
        for field in &mut ty.fields {
            let field_name = &field.name.value;
            put(&mut field.directives, &format!("{name}.{field_name}"));
            for argument in &mut field.arguments {
                put(&mut argument.directives, &format!("{name}.{field_name}({}:)", argument.name.value));
            }
        }
        for input in &mut ty.inputs {
            put(&mut input.directives, &format!("{name}.{}", input.name.value));
        }
        for value in &mut ty.values {
            put(&mut value.directives, &format!("{name}.{}", value.name.value));
        }
    }
}
