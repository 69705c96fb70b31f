//! `ENTITY_NOT_ON_ROOT_QUERY`, `ENTITY_TYPE_INVALID`, `ENTITY_RESOLVER_ARGUMENT_MISMATCH`,
//! `CONNECT_ON_TYPE_MUST_BE_ENTITY`: connectors that look entities up.

use crate::graph::connect::keys::{KeyField, key_sets};
use crate::graph::connect::parts;
use crate::graph::connect::read::ConnectorDraft;
use crate::graph::connect::text::did_you_mean;
use crate::graph::connect::types::{Type, same_type};
use crate::graph::language::ast::{InputValueDefinition, OperationKind, TypeKind};
use crate::graph::mapping::Variable;
use crate::platform::base::diagnostic::Diagnostic;

use super::Context;

/// `entity: true` stands on a nullable root field whose arguments are a key; a type's connector
/// reads its key.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for connector in context.connectors {
        match connector.field {
            None => check_type(context, connector, findings),
            Some(_) if connector.spec.entity => check_field(context, connector, findings),
            Some(_) => {}
        }
    }
}

fn check_type(context: &Context<'_>, connector: &ConnectorDraft<'_>, findings: &mut Vec<Diagnostic>) {
    let name = connector.ty.name();
    if context.types.operation(name).is_some() {
        return;
    }
    if connector.block.boolean("entity") == Some(false) {
        let span = connector.block.key("entity").map_or(connector.spec.span, |key| key.span);
        let message = format!("a connector on a type looks the entity up; entity must not be false on {name}");
        findings.push(Diagnostic::error("CONNECT_ON_TYPE_MUST_BE_ENTITY", message).at(span));
    }
    let reads = |variable| parts::reads(&connector.spec, variable);
    if connector.request_known && !reads(Variable::Batch) && !reads(Variable::This) {
        let message = format!("the connector on {name} reads no key, so it cannot find the {name} that is meant");
        let help = "read the key with $batch (many at once) or $this (one by one), such as $batch.id";
        findings.push(Diagnostic::error("CONNECT_ON_TYPE_MUST_BE_ENTITY", message).at(connector.spec.span).help(help));
    }
}

fn check_field(context: &Context<'_>, connector: &ConnectorDraft<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(field) = connector.field else { return };
    let span = connector.block.key("entity").map_or(connector.spec.span, |key| key.span);
    let place = &connector.spec.place;
    if !place.is_root(OperationKind::Query) {
        let message = format!("{place} is not a field of the query root, so entities cannot be looked up through it");
        let help = "put the connector on the type itself";
        findings.push(Diagnostic::error("ENTITY_NOT_ON_ROOT_QUERY", message).at(span).help(help));
        return;
    }
    let name = &field.ty.name().value;
    let ty = context.types.get(name).filter(|ty| ty.kind == TypeKind::Object);
    if field.ty.is_list() || field.ty.is_non_null() || ty.is_none() {
        let message = format!("{place} has type {}; entity: true needs a nullable object type", field.ty);
        findings.push(Diagnostic::error("ENTITY_TYPE_INVALID", message).at(span));
        return;
    }
    let Some(ty) = ty else { return };
    let sets = key_sets(context.names, ty);
    if field.arguments.is_empty() {
        let message = format!("{place} has no arguments, so it cannot tell one {name} from another");
        findings.push(Diagnostic::error("ENTITY_RESOLVER_ARGUMENT_MISMATCH", message).at(span));
        return;
    }
    let before = findings.len();
    for argument in &field.arguments {
        check_argument(context, argument, ty, findings);
    }
    let is_key = |set: &Vec<KeyField>| {
        set.len() == field.arguments.len()
            && set.iter().all(|key| field.arguments.iter().any(|argument| *argument.name.value == *key.name))
    };
    if findings.len() == before && !sets.is_empty() && !sets.iter().any(is_key) {
        let names: Vec<_> = field.arguments.iter().map(|argument| &*argument.name.value).collect();
        let message = format!("the arguments of {place} ({}) are no @key of {name}", names.join(", "));
        findings.push(Diagnostic::error("ENTITY_RESOLVER_ARGUMENT_MISMATCH", message).at(span));
    }
}

/// An argument has the name and type of a field of the entity.
fn check_argument(
    context: &Context<'_>,
    argument: &InputValueDefinition,
    ty: &Type<'_>,
    findings: &mut Vec<Diagnostic>,
) {
    let name = &argument.name.value;
    let Some(field) = ty.field(name) else {
        let known = ty.fields.iter().map(|field| &*field.name.value);
        let message = format!("argument {name}: {} has no such field{}", ty.name(), did_you_mean(name, known));
        findings.push(Diagnostic::error("ENTITY_RESOLVER_ARGUMENT_MISMATCH", message).at(argument.name.span));
        return;
    };
    // An object key is given as an input object: its fields are compared one by one.
    let input = context.types.get(&argument.ty.name().value).filter(|input| input.kind == TypeKind::InputObject);
    let matches = match input {
        Some(input) => context.types.get(&field.ty.name().value).is_some_and(|nested| {
            input.inputs.iter().all(|inner| {
                nested.field(&inner.name.value).is_some_and(|field| {
                    same_type(&inner.ty, &field.ty) || !context.types.is_leaf(&field.ty.name().value)
                })
            })
        }),
        None => same_type(&argument.ty, &field.ty),
    };
    if !matches {
        let message = format!("argument {name}: {} does not match {}.{name}: {}", argument.ty, ty.name(), field.ty);
        findings.push(
            Diagnostic::error("ENTITY_RESOLVER_ARGUMENT_MISMATCH", message)
                .at(argument.name.span)
                .label(field.name.span, "the field"),
        );
    }
}
