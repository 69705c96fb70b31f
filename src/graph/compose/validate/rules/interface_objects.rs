//! An interface object is an entity.

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

use super::keys::is_entity;

/// Checks every `@interfaceObject`.
pub fn check(subgraph: &Subgraph, _: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    for ty in subgraph.types.values() {
        if let Some(applied) = ty.one(Federation::InterfaceObject)
            && !is_entity(ty)
        {
            let message = format!("interface object \"{}\" has no key", ty.name.value);
            diagnostics.push(Diagnostic::error("INTERFACE_OBJECT_USAGE_ERROR", message).at(applied.directive.span));
        }
    }
}
