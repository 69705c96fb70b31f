//! `ENTITY_NOT_ON_ROOT_QUERY`, `ENTITY_TYPE_INVALID`, `ENTITY_RESOLVER_ARGUMENT_MISMATCH`,
//! `CONNECT_ON_TYPE_MUST_BE_ENTITY`: connectors that look entities up.

use crate::graph::connect::filled;
use crate::graph::connect::keys::{KeyField, key_sets};
use crate::graph::connect::model::Place;
use crate::graph::connect::parts;
use crate::graph::connect::read::ConnectorDraft;
use crate::graph::connect::text::{did_you_mean, key_inside};
use crate::graph::connect::types::{Type, same_type};
use crate::graph::language::ast::{Directive, InputValueDefinition, OperationKind, TypeKind};
use crate::graph::mapping::Variable;
use crate::platform::base::diagnostic::Diagnostic;

use super::Context;

/// `entity: true` stands on a nullable root field whose arguments are a key; a type's connector
/// reads its key.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for connector in context.connectors {
        match connector.field {
            None => check_type(context, connector, findings),
            Some(field) if connector.spec.entity => {
                let lookup = context.names.lookup(&field.directives);
                check_field(context, connector, lookup, findings);
            }
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

/// `lookup` is `@lookup` where the field says so, and not `entity: true` alone.
fn check_field(
    context: &Context<'_>,
    connector: &ConnectorDraft<'_>,
    lookup: Option<&Directive>,
    findings: &mut Vec<Diagnostic>,
) {
    let Some(field) = connector.field else { return };
    let said = lookup.map_or(connector.spec.span, |lookup| lookup.span);
    let span = connector.block.key("entity").map_or(said, |key| key.span);
    let place = &connector.spec.place;
    if let Some(lookup) = lookup.filter(|_| connector.block.boolean("entity") == Some(false)) {
        let message = format!("{place} is a lookup, so entity must not be false");
        findings.push(Diagnostic::error("LOOKUP_NOT_USABLE", message).at(span).label(lookup.span, "the lookup"));
    }
    if !place.is_root(OperationKind::Query) {
        let message = format!("{place} is not a field of the query root, so entities cannot be looked up through it");
        let help = "put the connector on the type itself";
        findings.push(Diagnostic::error("ENTITY_NOT_ON_ROOT_QUERY", message).at(span).help(help));
        return;
    }
    let name = &field.ty.name().value;
    let ty = context.types.get(name).filter(|ty| ty.kind == TypeKind::Object);
    if lookup.is_some() && (field.ty.is_list() || context.types.is_leaf(name)) {
        return;
    }
    if field.ty.is_list() || field.ty.is_non_null() || ty.is_none() {
        let what = if lookup.is_some() { "a lookup by a connector" } else { "entity: true" };
        let message = format!("{place} has type {}; {what} needs a nullable object type", field.ty);
        findings.push(Diagnostic::error("ENTITY_TYPE_INVALID", message).at(span));
        return;
    }
    let Some(ty) = ty else { return };
    if lookup.is_some() {
        if filled::inputs(&connector.spec.filled, span).is_none() {
            let message =
                format!("the arguments of {place} stand for several keys, or for a part of some objects only");
            let help = "a connector looks an object up by one key; write a field for each, it may be internal";
            findings.push(Diagnostic::error("LOOKUP_NOT_USABLE", message).at(span).help(help));
        }
        return;
    }
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

/// What a field requires is taken from one object, which its connectors start from.
pub fn check_required(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for connector in context.connectors {
        let Some(field) = connector.field else { continue };
        let place = &connector.spec.place;
        for (name, require) in filled::required(context.names, field) {
            if let Place::Root { .. } = place {
                let message =
                    format!("the argument \"{name}\" of {place} cannot be filled: a root field has no object");
                findings.push(Diagnostic::error("REQUIRE_INVALID_FIELDS", message).at(require.span));
            } else if let Some((expression, reference)) = parts::uses(&connector.spec, Variable::Batch).first() {
                let span = key_inside(context.files, expression.literal, reference.range());
                let message = format!("$batch is not available: each {} has its own $args.{name}", connector.ty.name());
                let finding = Diagnostic::error("VARIABLE_NOT_ALLOWED", message).at(span);
                findings.push(finding.label(require.span, "required here").help("read $this"));
            }
        }
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
