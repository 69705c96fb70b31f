//! `CONNECTORS_UNRESOLVED_FIELD`, `MISSING_ENTITY_CONNECTOR`, `CONNECTORS_CANNOT_RESOLVE_KEY`: every
//! field has a connector that yields it, every key one that resolves it.

use std::collections::BTreeSet;

use crate::graph::connect::keys::{KeyField, key_sets, parse_key};
use crate::graph::connect::model::{InputField, OutputField, Place, SourceProtocol};
use crate::graph::connect::names::keys;
use crate::graph::connect::read::ConnectorDraft;
use crate::graph::connect::types::Type;
use crate::graph::language::ast::{FieldDefinition, OperationKind, TypeKind};
use crate::platform::base::diagnostic::Diagnostic;

use super::Context;

/// Nothing is left without a way to get it.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    context.connectors.iter().for_each(|connector| check_reads_key(context, connector, findings));
    // Where something could not be understood, what it yields is not known.
    let understood = context.connectors.iter().all(|connector| connector.selection_known);
    if !understood || context.connectors.is_empty() || is_server(context) {
        return;
    }
    let doubtful = doubtful(context);
    let mut covered = Covered::default();
    for connector in context.connectors {
        let on = connector.spec.place.on();
        match connector.field {
            Some(field) => {
                covered.fields.insert((on.to_string(), field.name.value.to_string()));
                covered.output(context, &field.ty.name().value, &connector.spec.output);
            }
            None => covered.output(context, on, &connector.spec.output),
        }
        if !connector.spec.entity {
            covered.input(context, on, &connector.spec.inputs);
        }
    }
    for ty in context.types.iter().filter(|ty| ty.kind == TypeKind::Object) {
        for key in key_sets(context.names, ty) {
            covered.key(context, ty.name(), &key);
        }
    }
    for ty in context.types.iter().filter(|ty| ty.kind == TypeKind::Object) {
        if !doubtful.contains(ty.name()) {
            check_fields(context, ty, &covered, findings);
        }
        check_keys(context, ty, findings);
    }
}

/// Types that a selection with mistakes might yield more of, and all types below them.
fn doubtful(context: &Context<'_>) -> BTreeSet<String> {
    let of_connectors = context.connectors.iter().flat_map(|connector| &connector.doubtful);
    let mut waiting: Vec<String> = of_connectors.map(|name| name.to_string()).collect();
    let mut found = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if found.insert(name.clone()) {
            let of_type = context.types.get(&name).map(|ty| &ty.fields[..]).unwrap_or_default();
            waiting.extend(of_type.iter().map(|field| field.ty.name().value.to_string()));
            waiting.extend(context.types.possible(&name).iter().map(|ty| ty.name().to_owned()));
        }
    }
    found
}

/// Whether the subgraph is a GraphQL server itself, which resolves what no connector does.
fn is_server(context: &Context<'_>) -> bool {
    let specs = context.sources.iter().filter_map(|source| source.spec.as_ref());
    let mut protocols = specs.map(|spec| &spec.protocol);
    protocols.any(|protocol| matches!(protocol, SourceProtocol::Graphql(graphql) if graphql.subgraph))
}

/// Fields that something yields, as (type, field).
#[derive(Default)]
struct Covered {
    fields: BTreeSet<(String, String)>,
}

// === impl Covered ===

impl Covered {
    fn output(&mut self, context: &Context<'_>, name: &str, fields: &[OutputField]) {
        for field in fields {
            let on = field.on.as_deref().unwrap_or(name);
            for object in context.types.possible(on) {
                self.fields.insert((object.name().into(), field.name.to_string()));
                if let Some(definition) = object.field(&field.name) {
                    self.output(context, &definition.ty.name().value, &field.children);
                }
            }
        }
    }

    fn input(&mut self, context: &Context<'_>, name: &str, fields: &[InputField]) {
        for field in fields {
            self.fields.insert((name.into(), field.name.to_string()));
            if let Some(definition) = context.types.get(name).and_then(|ty| ty.field(&field.name)) {
                self.input(context, &definition.ty.name().value, &field.children);
            }
        }
    }

    fn key(&mut self, context: &Context<'_>, name: &str, fields: &[KeyField]) {
        for field in fields {
            self.fields.insert((name.into(), field.name.to_string()));
            if let Some(definition) = context.types.get(name).and_then(|ty| ty.field(&field.name)) {
                self.key(context, &definition.ty.name().value, &field.children);
            }
        }
    }
}

fn check_fields(context: &Context<'_>, ty: &Type<'_>, covered: &Covered, findings: &mut Vec<Diagnostic>) {
    for field in &ty.fields {
        let is_known = covered.fields.contains(&(ty.name().into(), field.name.value.to_string()));
        // Nobody asks for what is internal, but for lookups.
        let is_internal = context.names.is_internal(ty, field) && context.names.lookup(&field.directives).is_none();
        if is_known || is_internal || is_external(context, ty, field) || field.name.value.starts_with("__") {
            continue;
        }
        let message = format!("no connector provides {}.{}", ty.name(), field.name.value);
        let help = if context.types.operation(ty.name()).is_some() || !field.arguments.is_empty() {
            "add @connect to the field"
        } else {
            "select it in a connector that yields the type, or add @connect to the field"
        };
        findings.push(Diagnostic::error("CONNECTORS_UNRESOLVED_FIELD", message).at(field.name.span).help(help));
    }
}

fn is_external(context: &Context<'_>, ty: &Type<'_>, field: &FieldDefinition) -> bool {
    let external = &context.names.external;
    field.directives.iter().chain(ty.directives.iter().copied()).any(|directive| directive.name == *external)
}

/// Each resolvable key is read by a connector that looks the entity up; or all other fields have
/// connectors of their own.
fn check_keys(context: &Context<'_>, ty: &Type<'_>, findings: &mut Vec<Diagnostic>) {
    if context.types.operation(ty.name()).is_some() || context.names.is_internal_type(ty) {
        return;
    }
    for key in keys(context.names, &ty.directives).into_iter().filter(|key| key.resolvable) {
        let Some(text) = key.fields.as_str() else { continue };
        let set = parse_key(text);
        let resolves = context.connectors.iter().any(|connector| {
            let looks_up = match &connector.spec.place {
                Place::Type { on } => **on == *ty.name(),
                Place::Root { operation: OperationKind::Query, .. } => {
                    connector.spec.entity && connector.field.is_some_and(|field| *field.ty.name().value == *ty.name())
                }
                _ => false,
            };
            looks_up && reads_only(&connector.spec.inputs, &set)
        });
        let others =
            ty.fields.iter().filter(|field| !context.names.is_internal(ty, field)).filter(|field| {
                !set.iter().any(|key| key.name == field.name.value) && !is_external(context, ty, field)
            });
        let all_by_themselves = others
            .clone()
            .all(|field| field.directives.iter().any(|directive| directive.name == context.names.connect));
        if !set.is_empty() && !resolves && !all_by_themselves {
            let message = format!("nothing resolves @key(fields: \"{text}\") of {}", ty.name());
            let help =
                format!("add a @connect to {} that reads it with $batch, or resolvable: false to the key", ty.name());
            findings.push(Diagnostic::error("MISSING_ENTITY_CONNECTOR", message).at(key.fields.span).help(help));
        }
    }
}

/// A connector on a type with keys reads one of them.
fn check_reads_key(context: &Context<'_>, connector: &ConnectorDraft<'_>, findings: &mut Vec<Diagnostic>) {
    let inputs = &connector.spec.inputs;
    let sets = key_sets(context.names, connector.ty);
    if connector.field.is_some() || sets.is_empty() || inputs.is_empty() {
        return;
    }
    // More than the key may be read: some of it may only feed the request.
    let is_read = |set: &Vec<KeyField>| set.iter().all(|key| inputs.iter().any(|input| input.name == key.name));
    if let Some(first) = inputs.first().filter(|_| !sets.iter().any(is_read)) {
        let read: Vec<_> = inputs.iter().map(|input| &*input.name).collect();
        let message =
            format!("the connector on {} reads {}, which holds no @key of it", connector.ty.name(), read.join(", "));
        findings.push(Diagnostic::error("CONNECTORS_CANNOT_RESOLVE_KEY", message).at(first.span));
    }
}

/// Whether all that is read is in the key.
fn reads_only(inputs: &[InputField], key: &[KeyField]) -> bool {
    !inputs.is_empty()
        && inputs.iter().all(|input| {
            key.iter().any(|field| {
                field.name == input.name && (input.children.is_empty() || reads_only(&input.children, &field.children))
            })
        })
}
