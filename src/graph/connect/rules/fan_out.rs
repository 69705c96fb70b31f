//! `N_PLUS_ONE`: one call an object, below a list.

use crate::graph::connect::model::{ConnectSpec, Place, RequestSpec};
use crate::graph::connect::pages;
use crate::graph::language::ast::{FieldDefinition, ValueKind};
use crate::platform::base::diagnostic::Diagnostic;

use super::Context;

/// Calls that are accepted without a word.
const ACCEPTED: u32 = 20;
/// The size of a list that nothing is said about.
const ASSUMED: u32 = 10;

/// Connectors that are called once an object stand below short lists only.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for connector in context.connectors {
        let spec = &connector.spec;
        let one_by_one = spec.batch.is_none() && !spec.inputs.is_empty() && !matches!(spec.place, Place::Root { .. });
        if !one_by_one || matches!(spec.request, RequestSpec::Computed) {
            continue;
        }
        let lists = lists_of(context, connector.ty.name());
        let Some((calls, place)) = lists.into_iter().max_by_key(|(size, _)| *size).filter(|(size, _)| *size > ACCEPTED)
        else {
            continue;
        };
        let message = format!("up to {calls} calls per {place}; add a batched form");
        let help = "read $batch instead of $this, if the source can answer many keys at once";
        findings.push(Diagnostic::warning("N_PLUS_ONE", message).at(spec.span).help(help));
    }
}

/// The fields that yield lists of a type, and how long these may be.
fn lists_of(context: &Context<'_>, name: &str) -> Vec<(u32, String)> {
    let mut lists = Vec::new();
    for ty in context.types.iter() {
        for field in &ty.fields {
            let spec = context
                .connectors
                .iter()
                .find(|connector| connector.field.is_some_and(|own| std::ptr::eq(own, *field)));
            let paged = spec.map(|connector| &connector.spec).filter(|spec| spec.paginate.is_some());
            let yields = match paged {
                Some(_) => pages::record(context.types, field),
                None if field.ty.is_list() => &*field.ty.name().value,
                None => continue,
            };
            // Edges belong to the field that yields the connection.
            if yields == name && &*field.name.value != "nodes" {
                lists.push((size(field, paged), format!("{}.{}", ty.name(), field.name.value)));
            }
        }
    }
    lists
}

fn size(field: &FieldDefinition, paged: Option<&ConnectSpec>) -> u32 {
    if let Some(paginate) = paged.and_then(|spec| spec.paginate.as_ref()) {
        return paginate.max_size;
    }
    let assumed = field.directives.iter().find_map(|directive| match &directive.argument("assumedSize")?.kind {
        ValueKind::Int(text) => text.parse().ok(),
        _ => None,
    });
    assumed.unwrap_or(ASSUMED)
}
