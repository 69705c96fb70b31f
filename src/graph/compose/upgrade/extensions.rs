//! In federation 1 an entity was extended by those who did not own it. Federation 2 has no owners.

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::{Annotated, Type, is_root};
use crate::graph::language::ast::TypeKind;
use crate::platform::base::diagnostic::Diagnostic;

use super::steps::Upgrade;

/// Whether a type is an extension in the sense of federation 1.
pub(super) fn is_extension(ty: &Type) -> bool {
    matches!(ty.kind, TypeKind::Object | TypeKind::Interface) && (ty.has(Federation::Extends) || ty.is_extension_only())
}

/// An extension needs a subgraph that defines the type.
pub(super) fn check_bases(upgrade: &mut Upgrade<'_>) {
    for ty in upgrade.subgraph.types.values().filter(|ty| is_extension(ty) && !is_root(&ty.name.value)) {
        let elsewhere = upgrade.elsewhere(&ty.name.value);
        if elsewhere.iter().any(|(_, other)| other.definition.is_some()) {
            continue;
        }
        let message = format!("type \"{}\" is only extended: no subgraph defines it", ty.name.value);
        let finding = Diagnostic::error("EXTENSION_WITH_NO_BASE", message).at(ty.name.span);
        upgrade.diagnostics.push(finding.help("remove `extend` in one of the subgraphs"));
    }
}

/// Extensions become definitions. What says `@extends` keeps it: it is allowed in federation 2.
pub(super) fn define(upgrade: &mut Upgrade<'_>) {
    for ty in upgrade.subgraph.types.values_mut().filter(|ty| is_extension(ty)) {
        ty.definition = ty.definition.or_else(|| ty.extensions.first().copied());
        ty.extensions.clear();
        let extends = ty.has(Federation::Extends);
        ty.applied.iter_mut().for_each(|applied| applied.of_extension = extends);
    }
}
