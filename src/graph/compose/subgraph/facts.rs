//! What a subgraph's federation directives say about its fields, as sets of coordinates.

use std::collections::HashSet;

use crate::graph::language::ast::{Selection, TypeKind};
use crate::platform::base::Name;
use crate::platform::base::span::SourceMap;

use super::context::{FromContext, setters};
use super::directives::Federation;
use super::field_set;
use super::model::{Annotated, Field, Subgraph, Type};

/// A field's type and name.
pub type Coordinate = (Name, Name);

/// Sets of coordinates of one subgraph.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Marked `@external`, itself or through its type, and not really resolved here.
    pub external: HashSet<Coordinate>,
    /// Marked `@external`, but resolved: key fields of type extensions.
    pub fake_external: HashSet<Coordinate>,
    /// May be resolved by other subgraphs too.
    pub shareable: HashSet<Coordinate>,
    /// Selected by a key, requires or provides, or wanted by an interface.
    pub used: HashSet<Coordinate>,
    /// Selected by a `@provides`.
    pub provided: HashSet<Coordinate>,
}

// === impl Facts ===

impl Facts {
    /// Whether a field is external.
    pub fn is_external(&self, ty: &str, field: &str) -> bool {
        contains(&self.external, ty, field)
    }

    /// Whether a field is external and not provided on any path either.
    pub fn is_fully_external(&self, ty: &str, field: &str) -> bool {
        self.is_external(ty, field) && !contains(&self.provided, ty, field)
    }

    /// Whether a field may be resolved by several subgraphs.
    pub fn is_shareable(&self, ty: &str, field: &str) -> bool {
        contains(&self.shareable, ty, field)
    }

    /// Whether something refers to the field.
    pub fn is_used(&self, ty: &str, field: &str) -> bool {
        contains(&self.used, ty, field)
    }

    /// Gathers the facts of `subgraph`.
    pub fn of(subgraph: &Subgraph, sources: &SourceMap) -> Facts {
        let mut facts = Facts::default();
        for ty in subgraph.types.values() {
            for field in ty.fields.values() {
                facts.of_field(subgraph, sources, ty, field);
            }
            for key in ty.all(Federation::Key) {
                let Some(selections) = selections(key, sources) else { continue };
                for coordinate in selected(subgraph, &ty.name.value, &selections) {
                    facts.shareable.insert(coordinate.clone());
                    facts.used.insert(coordinate);
                }
                if key.of_extension && ty.kind == TypeKind::Object {
                    field_set::fields(subgraph, &ty.name.value, &selections, &mut |parent, field, _| {
                        if field.has(Federation::External) || parent.has(Federation::External) {
                            facts.fake_external.insert((parent.name.value.clone(), field.name.value.clone()));
                        }
                    });
                }
            }
            facts.interface_fields(subgraph, ty);
        }
        let fake = std::mem::take(&mut facts.fake_external);
        facts.external.retain(|coordinate| !fake.contains(coordinate));
        facts.fake_external = fake;
        facts
    }

    fn of_field(&mut self, subgraph: &Subgraph, sources: &SourceMap, ty: &Type, field: &Field) {
        let coordinate = (ty.name.value.clone(), field.name.value.clone());
        if field.has(Federation::External) || ty.has(Federation::External) {
            self.external.insert(coordinate.clone());
        }
        if &*ty.name.value != "Subscription" {
            let shared = field.has(Federation::Shareable) || shareable_type(ty, field);
            if shared {
                self.shareable.insert(coordinate);
            }
        }
        for provides in field.all(Federation::Provides) {
            let Some(selections) = selections(provides, sources) else { continue };
            for coordinate in selected(subgraph, &field.ty.name().value, &selections) {
                self.used.insert(coordinate.clone());
                self.shareable.insert(coordinate.clone());
                self.provided.insert(coordinate);
            }
        }
        for requires in field.all(Federation::Requires) {
            let Some(selections) = selections(requires, sources) else { continue };
            self.used.extend(selected(subgraph, &ty.name.value, &selections));
        }
        for argument in field.arguments.values() {
            let Some(from) = argument.one(Federation::FromContext).and_then(FromContext::read) else { continue };
            let Ok(selections) = from.selections(sources) else { continue };
            for setter in setters(subgraph, &from.context) {
                self.used.extend(selected(subgraph, &setter.name.value, &selections));
            }
        }
    }

    /// A field that an interface wants is used, even if external.
    fn interface_fields(&mut self, subgraph: &Subgraph, ty: &Type) {
        for interface in &ty.interfaces {
            let Some(interface) = subgraph.types.get(&interface.value) else { continue };
            for name in interface.fields.keys().filter(|name| ty.fields.contains_key(*name)) {
                self.used.insert((ty.name.value.clone(), name.clone()));
            }
        }
    }
}

/// `@shareable` on a type covers the fields of the definition or extension it stands on.
fn shareable_type(ty: &Type, field: &Field) -> bool {
    ty.all(Federation::Shareable).any(|applied| {
        let at = applied.directive.span;
        let parts = ty.definition.iter().chain(&ty.extensions);
        let encloses = |outer: &&crate::platform::base::span::Span, inner: crate::platform::base::span::Span| {
            outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
        };
        match parts.clone().find(|part| encloses(part, at)) {
            Some(part) => encloses(&part, field.name.span),
            None => true,
        }
    })
}

fn contains(set: &HashSet<Coordinate>, ty: &str, field: &str) -> bool {
    set.contains(&(Name::from(ty), Name::from(field)))
}

fn selections(applied: &super::directives::Applied, sources: &SourceMap) -> Option<Vec<Selection>> {
    field_set::read(sources, applied.argument("fields")?).ok()
}

/// The coordinates a field set selects; of an interface's fields also those of its objects.
pub fn selected(subgraph: &Subgraph, parent: &str, selections: &[Selection]) -> Vec<Coordinate> {
    let mut found = Vec::new();
    field_set::fields(subgraph, parent, selections, &mut |ty, field, _| {
        found.push((ty.name.value.clone(), field.name.value.clone()));
        if ty.kind == TypeKind::Interface {
            for object in subgraph.possible(&ty.name.value) {
                found.push((object.clone(), field.name.value.clone()));
            }
        }
    });
    found
}
