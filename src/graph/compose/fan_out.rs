//! `N_PLUS_ONE` over the whole graph: a list in one subgraph leads to a connector of another that is
//! called once an object. Lists of the connector's own subgraph are judged where connectors are.

use std::collections::BTreeSet;

use crate::graph::connect::{ConnectSpec, RequestSpec};
use crate::graph::federation::ids::{ConnectorId, FieldId, SubgraphId, TypeId};
use crate::graph::federation::supergraph::{BatchCaps, EntryKind, SubgraphKind, Supergraph};
use crate::graph::language::ast::OperationKind;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

/// Calls that are accepted without a word.
const ACCEPTED: u32 = 20;
/// The size of a list that nothing is said about.
const ASSUMED: u32 = 10;

/// Warns of connectors that long lists lead to; `told` are the places of those warned of already.
pub fn check(graph: &Supergraph, told: &BTreeSet<Span>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (connector, def) in graph.connectors.iter_enumerated() {
        let Some((_, spec)) = graph.connector_spec(connector) else { continue };
        let one_by_one = matches!(def.batch, BatchCaps::One { .. }) && !matches!(spec.request, RequestSpec::Computed);
        if !one_by_one || told.contains(&spec.span) {
            continue;
        }
        let lists = landings(graph, connector).into_iter().flat_map(|ty| lists_to(graph, ty, def.subgraph));
        let Some((calls, field)) = lists.max_by_key(|&(size, field)| (size, std::cmp::Reverse(field))) else {
            continue;
        };
        if calls > ACCEPTED {
            findings.push(finding(graph, spec, calls, field));
        }
    }
    findings
}

fn finding(graph: &Supergraph, spec: &ConnectSpec, calls: u32, list: FieldId) -> Diagnostic {
    let message = format!("up to {calls} calls per {}; add a batched form", graph.coordinate(list));
    let help = match spec.place.is_root(OperationKind::Query) {
        true => "add a `@connect` on the type that reads $batch, if the source can answer many keys at once",
        false => "read $batch instead of $this, if the source can answer many keys at once",
    };
    Diagnostic::warning("N_PLUS_ONE", message).at(spec.span).help(help)
}

/// The types whose objects the connector is called for.
fn landings(graph: &Supergraph, connector: ConnectorId) -> BTreeSet<TypeId> {
    let own = |kind: EntryKind| kind == EntryKind::Connector(connector);
    graph.entries.iter().filter(|entry| own(entry.kind)).map(|entry| entry.ty).collect()
}

/// The visible lists of `ty` whose objects lack something that `subgraph` has, and their sizes.
fn lists_to(graph: &Supergraph, ty: TypeId, subgraph: SubgraphId) -> Vec<(u32, FieldId)> {
    let mut lists = Vec::new();
    for (id, field) in graph.fields.iter_enumerated() {
        let leads = graph.types[field.ty.inner].possible.contains(ty) && !field.ty.lists.is_empty();
        if leads
            && !field.inaccessible
            && field.providers.iter().any(|&from| lacks(graph, ty, subgraph, graph.providers[from].subgraph))
        {
            lists.push(size(graph, id));
        }
    }
    lists
}

/// Whether no other entry than those of `subgraph` gives some field of `ty` to objects from `list`.
fn lacks(graph: &Supergraph, ty: TypeId, subgraph: SubgraphId, list: SubgraphId) -> bool {
    let provides = |field: FieldId, by: SubgraphId| {
        graph.provider(field, by).is_some_and(|provider| !graph.providers[provider].external)
    };
    // Where entities come many at a time, they need not come one by one.
    let batched = |field: FieldId| {
        graph.types[ty]
            .entries
            .iter()
            .map(|&entry| &graph.entries[entry])
            .any(|entry| matches!(entry.batch, BatchCaps::Batch { .. }) && provides(field, entry.subgraph))
    };
    let mut fields = graph.types[ty].field_order.iter().filter(|&&field| !graph.fields[field].inaccessible);
    fields.any(|&field| provides(field, subgraph) && !provides(field, list) && !batched(field))
}

/// How long a list may be, and the field that says so: the list's own, or that of its connection.
fn size(graph: &Supergraph, list: FieldId) -> (u32, FieldId) {
    let own = own_size(graph, list, None);
    let parent = graph.fields[list].parent;
    let name = &graph.fields[list].name;
    let above = graph.fields.iter_enumerated().filter(|(_, field)| field.ty.inner == parent);
    let above = above.filter_map(|(id, _)| Some((own_size(graph, id, Some(name))?, id))).max();
    own.map(|size| (size, list)).or(above).unwrap_or((ASSUMED, list))
}

/// What `field` says about its list, or about the list `below` it.
fn own_size(graph: &Supergraph, field: FieldId, below: Option<&str>) -> Option<u32> {
    let known = graph.fields[field].list_size.as_ref()?;
    let meant = match below {
        None => known.sized_fields.is_empty(),
        Some(below) => known.sized_fields.iter().any(|sized| &**sized == below),
    };
    let pages = graph.fields[field].providers.iter().filter_map(|&id| {
        match graph.subgraphs[graph.providers[id].subgraph].kind {
            SubgraphKind::Connector(connector) => graph.connector_spec(connector)?.1.paginate.as_ref(),
            _ => None,
        }
    });
    let largest = pages.map(|paginate| paginate.max_size).max();
    meant.then(|| largest.or(known.assumed)).flatten()
}
