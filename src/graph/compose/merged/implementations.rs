//! Types that implemented their interfaces in each subgraph must do so together, too: a field may
//! have become more general, an argument more demanding.

use crate::graph::compose::merge::Merged;
use crate::graph::compose::merge::relations::Relations;
use crate::graph::compose::subgraph::model::Subgraph;
use crate::graph::language::ast::{FieldDefinition, TypeDefinition};
use crate::platform::base::diagnostic::Diagnostic;

/// Checks every implementation's fields. That they exist is checked when they are merged.
pub fn check(merged: &Merged, subgraphs: &[Subgraph], diagnostics: &mut Vec<Diagnostic>) {
    let relations = Relations::of(subgraphs);
    for ty in merged.types.values() {
        for interface in ty.interfaces.iter().filter_map(|name| merged.types.get(&name.value)) {
            for wanted in &interface.fields {
                if let Some(field) = ty.fields.iter().find(|field| field.name.value == wanted.name.value) {
                    let check = Check { ty, interface, field, wanted, relations: &relations };
                    diagnostics.extend(check.problem().map(|problem| check.report(&problem)));
                }
            }
        }
    }
}

struct Check<'a> {
    ty: &'a TypeDefinition,
    interface: &'a TypeDefinition,
    field: &'a FieldDefinition,
    wanted: &'a FieldDefinition,
    relations: &'a Relations,
}

// === impl Check ===

impl Check<'_> {
    /// What keeps the field from implementing the interface's.
    fn problem(&self) -> Option<String> {
        let (field, wanted) = (self.field, self.wanted);
        if !self.relations.is_subtype(&wanted.ty, &field.ty) {
            return Some(format!("its type became \"{}\", which is no \"{}\"", field.ty, wanted.ty));
        }
        for argument in &wanted.arguments {
            match field.arguments.iter().find(|own| own.name.value == argument.name.value) {
                None => return Some(format!("argument \"{}\" is not in all subgraphs", argument.name.value)),
                Some(own) if own.ty.to_string() != argument.ty.to_string() => {
                    return Some(format!(
                        "argument \"{}\" became \"{}\" instead of \"{}\"",
                        argument.name.value, own.ty, argument.ty
                    ));
                }
                Some(_) => {}
            }
        }
        let known = |name: &str| wanted.arguments.iter().any(|argument| &*argument.name.value == name);
        let extra =
            field.arguments.iter().find(|own| own.ty.is_non_null() && own.default.is_none() && !known(&own.name.value));
        extra.map(|own| format!("argument \"{}\" is demanded, but unknown to the interface", own.name.value))
    }

    fn report(&self, problem: &str) -> Diagnostic {
        let message = format!(
            "\"{}.{}\" does not implement \"{}.{}\" once the subgraphs are together: {problem}",
            self.ty.name.value, self.field.name.value, self.interface.name.value, self.wanted.name.value
        );
        let finding = Diagnostic::error("INVALID_GRAPHQL", message).at(self.field.name.span);
        finding.label(self.wanted.name.span, "the interface's field")
    }
}
