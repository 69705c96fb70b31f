//! `UNDEFINED_ARGUMENT`, `UNDEFINED_FIELD`, `UNSUPPORTED_VARIABLE_TYPE`: paths of `$args`, `$this`
//! and `$batch` exist.

use std::ops::Range;

use crate::graph::connect::parts;
use crate::graph::connect::read::ConnectorDraft;
use crate::graph::connect::text::{did_you_mean, key_inside};
use crate::graph::connect::types::Type;
use crate::graph::language::ast::TypeKind;
use crate::graph::mapping::{Reference, Variable};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

use super::Context;

/// Every path of a variable follows the schema.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for connector in context.connectors {
        for expression in parts::of_connector(&connector.spec) {
            let place = |range| key_inside(context.files, expression.literal, range);
            let mut walk = Walk { context, place: &place, findings };
            for (variable, reference) in &expression.mapping.references().variables {
                match variable {
                    Variable::Args => walk.arguments(connector, reference),
                    // Root types have no parent: see `variables`.
                    Variable::This | Variable::Batch if context.types.operation(connector.ty.name()).is_none() => {
                        walk.fields(variable.as_str(), connector.ty.name(), reference);
                    }
                    _ => {}
                }
            }
        }
    }
}

struct Walk<'w, 'a> {
    context: &'w Context<'a>,
    place: &'w dyn Fn(Range<usize>) -> Span,
    findings: &'w mut Vec<Diagnostic>,
}

// === impl Walk ===

impl Walk<'_, '_> {
    fn arguments(&mut self, connector: &ConnectorDraft<'_>, reference: &Reference) {
        let Some(field) = connector.field.filter(|field| !field.arguments.is_empty()) else { return };
        for (key, below) in &reference.keys {
            match field.arguments.iter().find(|argument| argument.name.value == *key) {
                Some(argument) => self.fields(&format!("$args.{key}"), &argument.ty.name().value, below),
                None => {
                    let known = field.arguments.iter().map(|argument| &*argument.name.value);
                    let hint = did_you_mean(key, known);
                    let message = format!("$args.{key}: {} has no argument \"{key}\"{hint}", connector.spec.place);
                    self.report("UNDEFINED_ARGUMENT", message, below);
                }
            }
        }
    }

    /// Checks what is read below `path`, which has type `name`.
    fn fields(&mut self, path: &str, name: &str, reference: &Reference) {
        let ty = self.context.types.get(name);
        if ty.is_some_and(|ty| ty.kind == TypeKind::Scalar) {
            return;
        }
        for (key, below) in reference.keys.iter().filter(|(key, _)| &***key != "__typename") {
            if let Some(kind) = ty.and_then(abstract_kind) {
                let message = format!("{path} is {kind}; only fields of a concrete type can be read");
                self.report("UNSUPPORTED_VARIABLE_TYPE", message, below);
                continue;
            }
            let internal = ty.and_then(|ty| Some((ty, ty.field(key)?)));
            if internal.is_some_and(|(ty, field)| self.context.names.is_internal(ty, field)) {
                let message = format!("{path}.{key}: {name}.{key} is internal, so no connector is given it");
                self.report("UNDEFINED_FIELD", message, below);
                continue;
            }
            match ty.and_then(|ty| type_of(ty, key)) {
                Some(next) => self.fields(&format!("{path}.{key}"), next, below),
                None => {
                    let hint = ty.map(|ty| did_you_mean(key, names_of(ty))).unwrap_or_default();
                    let message = format!("{path}.{key}: {name} has no field \"{key}\"{hint}");
                    self.report("UNDEFINED_FIELD", message, below);
                }
            }
        }
    }

    fn report(&mut self, code: &'static str, message: String, at: &Reference) {
        self.findings.push(Diagnostic::error(code, message).at((self.place)(at.range())));
    }
}

fn abstract_kind(ty: &Type<'_>) -> Option<&'static str> {
    match ty.kind {
        TypeKind::Union => Some("a union"),
        TypeKind::Interface => Some("an interface"),
        _ => None,
    }
}

fn type_of<'t>(ty: &'t Type<'_>, key: &Name) -> Option<&'t str> {
    let input = ty.input(key).map(|input| &*input.ty.name().value);
    input.or_else(|| ty.field(key).map(|field| &*field.ty.name().value))
}

fn names_of<'t>(ty: &'t Type<'_>) -> Vec<&'t str> {
    let inputs = ty.inputs.iter().map(|input| &*input.name.value);
    inputs.chain(ty.fields.iter().map(|field| &*field.name.value)).collect()
}
