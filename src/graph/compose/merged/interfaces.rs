//! Interfaces as entities: who has the interface's key must know all its implementations, and who
//! has an interface object none of them.

use crate::graph::compose::merge::Merged;
use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph};
use crate::graph::language::ast::TypeKind;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

/// Checks every interface that is an entity somewhere.
pub fn check(merged: &Merged, subgraphs: &[Subgraph], diagnostics: &mut Vec<Diagnostic>) {
    for interface in merged.types.values().filter(|ty| ty.kind == TypeKind::Interface) {
        let name = &interface.name.value;
        let objects: Vec<&Name> = merged
            .types
            .values()
            .filter(|ty| ty.kind == TypeKind::Object)
            .filter(|ty| ty.interfaces.iter().any(|known| known.value == *name))
            .map(|ty| &ty.name.value)
            .collect();
        for subgraph in subgraphs {
            let Some(local) = subgraph.types.get(name) else { continue };
            if local.is_interface_object() {
                check_interface_object(subgraph, name, &objects, diagnostics);
            } else if local.has(Federation::Key) {
                check_key(subgraph, name, &objects, diagnostics);
            }
        }
    }
}

fn check_interface_object(subgraph: &Subgraph, name: &Name, objects: &[&Name], diagnostics: &mut Vec<Diagnostic>) {
    let Some(local) = subgraph.types.get(name) else { return };
    let known: Vec<_> = objects.iter().filter_map(|object| subgraph.types.get(*object)).collect();
    if known.is_empty() {
        return;
    }
    let message = format!(
        "\"{name}\" is an interface object in subgraph \"{}\", which may then not define its implementations",
        subgraph.name
    );
    let finding = Diagnostic::error("INTERFACE_OBJECT_USAGE_ERROR", message).at(local.name.span);
    diagnostics.push(known.iter().fold(finding, |finding, object| {
        finding.label(object.name.span, format!("\"{}\" implements it", object.name.value))
    }));
}

fn check_key(subgraph: &Subgraph, name: &Name, objects: &[&Name], diagnostics: &mut Vec<Diagnostic>) {
    let Some(local) = subgraph.types.get(name) else { return };
    let knows = |object: &&&Name| {
        let object = subgraph.types.get(**object);
        object.is_some_and(|ty| ty.interfaces.iter().any(|interface| interface.value == *name))
    };
    let missing: Vec<&str> = objects.iter().filter(|object| !knows(object)).map(|object| &***object).collect();
    let Some(key) = local.one(Federation::Key).filter(|_| !missing.is_empty()) else { return };
    let message = format!(
        "interface \"{name}\" has a key in subgraph \"{}\", which does not know its implementations {}",
        subgraph.name,
        missing.join(", ")
    );
    let finding = Diagnostic::error("INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE", message);
    diagnostics.push(finding.at(key.directive.span).help("define them there, each implementing the interface"));
}
