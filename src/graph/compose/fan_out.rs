//! `N_PLUS_ONE`: a list, of whatever subgraph, leads to a connector that is called once an object: to
//! the list's own, or to single ones further down.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::graph::connect::{ConnectSpec, RequestSpec};
use crate::graph::federation::ids::{FieldId, SubgraphId, TypeId, TypeSet};
use crate::graph::federation::supergraph::{BatchCaps, EntryKind, SubgraphKind, Supergraph};
use crate::graph::language::ast::OperationKind;
use crate::platform::base::diagnostic::Diagnostic;

/// The visible lists of the graph, by the objects that they lead to.
struct Lists {
    by_object: BTreeMap<TypeId, Vec<(FieldId, Length)>>,
}

/// How long a list may be, and the field that says so. The field that an object is found under may be
/// the list itself, or one that the list's objects have a single value of.
type Length = (u32, Reverse<FieldId>);

/// Calls that are accepted without a word.
const ACCEPTED: u32 = 20;
/// The size of a list that nothing is said about.
const ASSUMED: u32 = 10;

/// Warns of connectors that long lists lead to.
pub fn check(graph: &Supergraph) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    if graph.connectors.is_empty() {
        return findings;
    }
    let lists = Lists::of(graph);
    for (connector, def) in graph.connectors.iter_enumerated() {
        let Some((_, spec)) = graph.connector_spec(connector) else { continue };
        if !matches!(def.batch, BatchCaps::One { .. }) || matches!(spec.request, RequestSpec::Computed) {
            continue;
        }
        let own = |kind: EntryKind| kind == EntryKind::Connector(connector);
        let landings: BTreeSet<TypeId> =
            graph.entries.iter().filter(|entry| own(entry.kind)).map(|entry| entry.ty).collect();
        let longest = landings.into_iter().flat_map(|ty| lists.to(graph, ty, def.subgraph));
        let longest = longest.max().filter(|(calls, _)| *calls > ACCEPTED);
        findings.extend(longest.map(|(calls, Reverse(field))| finding(graph, spec, calls, field)));
    }
    findings
}

fn finding(graph: &Supergraph, spec: &ConnectSpec, calls: u32, list: FieldId) -> Diagnostic {
    if spec.paginate.is_some() {
        let message = format!("up to {calls} calls per {}, each for a page", graph.coordinate(list));
        let help =
            "pages cannot be batched: if calls are rare or cheap, say so in a `# pleach-allow: N_PLUS_ONE` above";
        return Diagnostic::warning("N_PLUS_ONE", message).at(spec.span).help(help);
    }
    let message = format!("up to {calls} calls per {}; add a batched form", graph.coordinate(list));
    let help = match spec.place.is_root(OperationKind::Query) {
        true => "add a `@connect` on the type that reads $batch, if the source can answer many keys at once",
        false => "read $batch instead of $this, if the source can answer many keys at once",
    };
    Diagnostic::warning("N_PLUS_ONE", message).at(spec.span).help(help)
}

// === impl Lists ===

impl Lists {
    fn of(graph: &Supergraph) -> Self {
        let mut by_target: BTreeMap<TypeId, Vec<FieldId>> = BTreeMap::new();
        for (id, field) in graph.fields.iter_enumerated() {
            by_target.entry(field.ty.inner).or_default().push(id);
        }
        let mut lists = Self { by_object: BTreeMap::new() };
        let visible = |id: FieldId| !graph.fields[id].inaccessible;
        let is_list = |id: FieldId| !graph.fields[id].ty.lists.is_empty();
        // The longest first, so that what is found once was found under the longest.
        let mut open = BinaryHeap::new();
        for id in graph.fields.ids().filter(|&id| is_list(id) && visible(id)) {
            let (size, said) = size(graph, &by_target, id);
            open.push(((size, Reverse(said)), id));
        }
        let mut found = TypeSet::new();
        while let Some((length, field)) = open.pop() {
            for object in graph.types[graph.fields[field].ty.inner].possible.iter() {
                lists.by_object.entry(object).or_default().push((field, length));
                if found.insert(object) {
                    let below = graph.types[object].field_order.iter().copied();
                    open.extend(below.filter(|&id| !is_list(id) && visible(id)).map(|id| (length, id)));
                }
            }
        }
        lists
    }

    /// Those that lead to objects of `ty` that lack something `subgraph` has.
    fn to(&self, graph: &Supergraph, ty: TypeId, subgraph: SubgraphId) -> Vec<Length> {
        let leads = |field: FieldId| {
            let providers = &graph.fields[field].providers;
            providers.iter().any(|&from| lacks(graph, ty, subgraph, graph.providers[from].subgraph))
        };
        let lists = self.by_object.get(&ty).into_iter().flatten();
        lists.filter(|(field, _)| leads(*field)).map(|(_, length)| *length).collect()
    }
}

/// Whether no other entry than those of `subgraph` gives some field of `ty` to objects from `from`.
fn lacks(graph: &Supergraph, ty: TypeId, subgraph: SubgraphId, from: SubgraphId) -> bool {
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
    fields.any(|&field| provides(field, subgraph) && !provides(field, from) && !batched(field))
}

/// How long a list may be, and the field that says so: the list's own, or that of its connection.
fn size(graph: &Supergraph, by_target: &BTreeMap<TypeId, Vec<FieldId>>, list: FieldId) -> (u32, FieldId) {
    let own = own_size(graph, list, None);
    let name = &graph.fields[list].name;
    let above = by_target.get(&graph.fields[list].parent).into_iter().flatten();
    let above = above.filter_map(|&id| Some((own_size(graph, id, Some(name))?, id))).max();
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
