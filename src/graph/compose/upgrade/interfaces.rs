//! Federation 1 let directives stand on interfaces, where they meant nothing.

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph, Type};
use crate::graph::language::ast::TypeKind;
use crate::platform::base::diagnostic::Diagnostic;

use super::steps::{Upgrade, is_first};

/// Keys of interfaces, and requirements of their fields, go.
pub(super) fn drop_directives(upgrade: &mut Upgrade<'_>) {
    for ty in upgrade.subgraph.types.values_mut().filter(|ty| ty.kind == TypeKind::Interface) {
        ty.applied.retain(|applied| applied.federation != Some(Federation::Key));
        for field in ty.fields.values_mut() {
            let meaningless = [Some(Federation::Provides), Some(Federation::Requires)];
            field.applied.retain(|applied| !meaningless.contains(&applied.federation));
        }
    }
}

/// An interface object needs the key of a real interface; that of federation 1 cannot serve.
pub(super) fn check_interface_objects(written: &[Subgraph], diagnostics: &mut Vec<Diagnostic>) {
    for subgraph in written.iter().filter(|subgraph| !is_first(subgraph)) {
        for object in subgraph.types.values().filter(|ty| ty.is_interface_object()) {
            let keyed = |other: &&Subgraph| {
                let interface = other.types.get(&object.name.value);
                interface.is_some_and(|ty: &Type| ty.kind == TypeKind::Interface && ty.has(Federation::Key))
            };
            let wrong: Vec<&Subgraph> = written.iter().filter(|other| is_first(other)).filter(keyed).collect();
            if wrong.is_empty() {
                continue;
            }
            let message = format!(
                "interface object \"{}\" needs an interface whose key tells the type, which no key of federation 1 does",
                object.name.value
            );
            let mut finding = Diagnostic::error("INTERFACE_OBJECT_USAGE_ERROR", message).at(object.name.span);
            for other in wrong {
                let Some(interface) = other.types.get(&object.name.value) else { continue };
                finding = finding
                    .label(interface.name.span, format!("subgraph \"{}\" is written for federation 1", other.name));
            }
            diagnostics.push(finding.help("link federation 2.3 there, or remove the interface's key"));
        }
    }
}
