//! Fields that interface objects add to an interface are fields of every implementation, and every
//! implementation must end with every field of its interfaces.

use std::collections::BTreeMap;

use crate::graph::language::ast::{Directive, FieldDefinition, TypeDefinition, TypeKind};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

use super::merger::Merger;
use super::{build, sharing};

/// Adds what interface objects bring, then checks all implementations.
pub fn complete(merger: &mut Merger<'_>, types: &mut BTreeMap<Name, TypeDefinition>) {
    let mut added: Vec<(Name, FieldDefinition)> = Vec::new();
    let mut given: Vec<(Name, Name)> = Vec::new();
    for ty in types.values() {
        for interface in ty.interfaces.iter().filter_map(|name| types.get(&name.value)) {
            for field in &interface.fields {
                let name = &field.name.value;
                if let Some(known) = ty.fields.iter().find(|known| known.name.value == *name) {
                    if is_given(known) && !given.contains(&(ty.name.value.clone(), name.clone())) {
                        given.push((ty.name.value.clone(), name.clone()));
                        added
                            .push((ty.name.value.clone(), FieldDefinition { directives: own(field), ..known.clone() }));
                    }
                    continue;
                }
                if comes_from_interface_object(merger, &interface.name.value, name) {
                    if added.iter().all(|(to, known)| *to != ty.name.value || known.name.value != *name) {
                        added.push((ty.name.value.clone(), copy(field)));
                    }
                } else if merger.types_named(&ty.name.value).iter().all(|own| !own.item.fields.contains_key(name)) {
                    // What a subgraph has and is not there could not be merged, which was told.
                    report(merger, ty, interface, field);
                }
            }
        }
    }
    for (name, field) in added {
        if let Some(ty) = types.get_mut(&name)
            && let Some(known) = ty.fields.iter_mut().find(|known| known.name.value == field.name.value)
        {
            known.directives.extend(field.directives);
            continue;
        }
        if types.get(&name).is_some_and(|ty| ty.kind == TypeKind::Object) {
            sharing::check(merger, &name, &field.name.value, &[]);
        }
        if let Some(ty) = types.get_mut(&name) {
            ty.fields.push(field);
        }
    }
}

fn comes_from_interface_object(merger: &Merger<'_>, interface: &str, field: &str) -> bool {
    let sources = merger.types_named(interface);
    sources.iter().any(|source| source.item.is_interface_object() && source.item.fields.contains_key(field))
}

/// Whether an interface of `ty` has `field` through an interface object.
pub fn gives(merger: &Merger<'_>, ty: &str, field: &str) -> bool {
    merger.relations.interfaces(ty).any(|interface| comes_from_interface_object(merger, interface, field))
}

/// Whether an object's field is only external in all subgraphs: the interface object gives it.
fn is_given(field: &FieldDefinition) -> bool {
    field.directives.first().is_some_and(|join| &*join.name == "join__field" && join.arguments.is_empty())
}

/// What is merged into a field, without what says where it is.
fn own(field: &FieldDefinition) -> Vec<Directive> {
    field.directives.iter().filter(|directive| !directive.name.starts_with("join__")).cloned().collect()
}

/// The field as it is on the interface; that no graph is named says that an interface object has it.
fn copy(field: &FieldDefinition) -> FieldDefinition {
    let mut directives = vec![build::directive("join__field", Vec::new(), field.span)];
    directives.extend(own(field));
    FieldDefinition { directives, ..field.clone() }
}

fn report(merger: &mut Merger<'_>, ty: &TypeDefinition, interface: &TypeDefinition, field: &FieldDefinition) {
    let (name, field_name) = (&interface.name.value, &field.name.value);
    let message =
        format!("\"{}\" implements \"{name}\" but has no field \"{field_name}\" in any subgraph", ty.name.value);
    let mut finding = Diagnostic::error("INTERFACE_FIELD_NO_IMPLEM", message);
    for source in merger.types_named(&ty.name.value) {
        let Some(implements) = source.item.interfaces.iter().find(|known| known.value == *name) else { continue };
        finding = finding.label(implements.span, format!("implemented in subgraph \"{}\"", source.subgraph.name));
    }
    for source in merger.types_named(name) {
        let Some(field) = source.item.fields.get(field_name) else { continue };
        if source.item.kind == TypeKind::Interface {
            finding = finding.label(field.name.span, format!("declared in subgraph \"{}\"", source.subgraph.name));
        }
    }
    merger.report(finding);
}
