//! Which leaves of a plan's rows are fetched by more than one call.

use std::collections::BTreeMap;

use pleach::gateway::plan::model::{FetchId, Plan};
use pleach::graph::federation::ids::{SubgraphId, TypeSet};
use pleach::graph::language::ast::Selection;
use pleach::platform::base::id::Id as _;
use pleach::sources::rows::shape::{Leaf, ObjectShape, RowShape, SiteId, Typing, ValueKind};

use super::run::Gateway;

/// The types of the objects on the way to some objects and of these themselves, as far as known.
type Way = Vec<(SiteId, TypeSet)>;

/// Who writes a cell: the objects, the call, and the field's upstream name.
struct Writer {
    ways: Vec<Way>,
    fetch: usize,
    name: String,
}

/// Cells, and who writes them.
type Written = BTreeMap<(u32, u32), Vec<Writer>>;

/// Upstream names of fields that two calls fetch for one row. Keys do not count: they are read again
/// where objects of two answers are joined by position.
pub fn fetched(gateway: &Gateway, plan: &Plan) -> Vec<String> {
    let mut written = Written::new();
    let mut yielded: Vec<(SiteId, FetchId, Vec<Way>)> = Vec::new();
    for (id, fetch) in plan.fetches.iter_enumerated() {
        let document = gateway.document(fetch);
        let selected = [&*document.tree.operations[0].selections];
        let known = known_before(plan, id, &yielded);
        let mut reader =
            Reader { gateway, subgraph: fetch.subgraph, fetch: id, written: &mut written, yielded: &mut yielded };
        match &*fetch.shape {
            RowShape::Root(object) => reader.note(object, None, &[Vec::new()], &selected),
            RowShape::Lists(lists) => {
                for (list, input) in lists.iter().zip(&fetch.inputs) {
                    let ways = match &input.within[..] {
                        [] => known.get(&input.site).cloned().unwrap_or_else(|| vec![Vec::new()]),
                        within => within.to_vec(),
                    };
                    let below = reader.selected(&selected, &list.key).into_iter().flat_map(|(_, below)| below);
                    reader.note(&list.object, Some(&input.types), &ways, &below.collect::<Vec<_>>());
                }
            }
        }
    }
    let mut twice = Vec::new();
    for writers in written.values() {
        for (at, writer) in writers.iter().enumerate() {
            let again = |other: &Writer| other.fetch != writer.fetch && meet(&other.ways, &writer.ways);
            if writers[..at].iter().any(again) {
                twice.push(format!("`{}` by step {}", writer.name, writer.fetch + 1));
            }
        }
    }
    twice
}

/// Where the objects that a fetch may start from can stand, by site: those of fetches that do not wait
/// for it. Fetches stand after those that they wait for.
fn known_before(plan: &Plan, id: FetchId, yielded: &[(SiteId, FetchId, Vec<Way>)]) -> BTreeMap<SiteId, Vec<Way>> {
    let mut later = vec![id];
    for (other, fetch) in plan.fetches.iter_enumerated() {
        if fetch.after.iter().any(|before| later.contains(before)) {
            later.push(other);
        }
    }
    let mut known: BTreeMap<SiteId, Vec<Way>> = BTreeMap::new();
    for (site, _, ways) in yielded.iter().filter(|(_, from, _)| !later.contains(from)) {
        known.entry(*site).or_default().extend(ways.iter().cloned());
    }
    known
}

/// Whether some object may stand on both sides.
fn meet(a: &[Way], b: &[Way]) -> bool {
    let agree = |a: &Way, b: &Way| {
        let apart = |(site, types): &(SiteId, TypeSet)| {
            b.iter().any(|(other, of)| other == site && of.intersection(types).is_empty())
        };
        !a.iter().any(apart)
    };
    a.iter().any(|a| b.iter().any(|b| agree(a, b)))
}

/// Reads one call.
struct Reader<'r> {
    gateway: &'r Gateway,
    subgraph: SubgraphId,
    fetch: FetchId,
    written: &'r mut Written,
    /// Objects of the answers so far, and where they can stand.
    yielded: &'r mut Vec<(SiteId, FetchId, Vec<Way>)>,
}

// === impl Reader ===

impl Reader<'_> {
    fn note(&mut self, object: &ObjectShape, types: Option<&TypeSet>, ways: &[Way], selected: &[&[Selection]]) {
        let own: Option<TypeSet> = match (types, &object.typing) {
            (Some(types), _) => Some(types.clone()),
            (None, Typing::Fixed(ty)) => Some(TypeSet::one(*ty)),
            (None, Typing::Key { table, .. }) => Some(table.iter().map(|(_, ty)| *ty).collect()),
            (None, Typing::Opaque) => None,
        };
        let occurrences = object.fields.iter().flat_map(|field| {
            let selected = self.selected(selected, &field.key);
            selected.into_iter().map(move |(on, below)| (field, on, below))
        });
        for (field, on, below) in occurrences.collect::<Vec<_>>() {
            let mut ways = ways.to_vec();
            let types = match (&own, on) {
                (Some(own), Some(on)) => Some(own.intersection(&on)),
                (Some(types), None) => Some(types.clone()),
                (None, on) => on,
            };
            if let Some(types) = types {
                ways.iter_mut().for_each(|way| way.push((object.site, types.clone())));
            }
            match &field.value.kind {
                ValueKind::Object(shape) => {
                    self.yielded.push((shape.site, self.fetch, ways.clone()));
                    self.note(shape, None, &ways, &below);
                }
                ValueKind::Leaf(leaf)
                    if *leaf != Leaf::Typename && !["id", "k", "m", "part"].contains(&&*field.key) =>
                {
                    let (name, fetch) = (field.key.to_string(), self.fetch.index());
                    let cell = (object.site.0, field.slot.0);
                    self.written.entry(cell).or_default().push(Writer { ways, fetch, name });
                }
                _ => {}
            }
        }
    }

    /// For which types a response key is selected (`None`: for all), and what below it for these.
    fn selected<'s>(&self, sets: &[&'s [Selection]], key: &str) -> Vec<(Option<TypeSet>, Vec<&'s [Selection]>)> {
        let mut found: Vec<(Option<TypeSet>, Vec<&'s [Selection]>)> = Vec::new();
        let mut open: Vec<(Option<TypeSet>, &'s [Selection])> = sets.iter().map(|set| (None, *set)).collect();
        while let Some((on, set)) = open.pop() {
            for selection in set {
                match selection {
                    Selection::Field(field) if **field.alias.as_ref().unwrap_or(&field.name.value) == *key => {
                        let below = field.selections.as_deref();
                        match found.iter_mut().find(|(types, _)| *types == on) {
                            Some((_, known)) => known.extend(below),
                            None => found.push((on.clone(), below.into_iter().collect())),
                        }
                    }
                    Selection::InlineFragment { on: condition, selections, .. } => {
                        let inner = match condition.as_ref().map(|name| self.possible(&name.value)) {
                            Some(possible) => match &on {
                                Some(on) => Some(on.intersection(&possible)),
                                None => Some(possible),
                            },
                            None => on.clone(),
                        };
                        open.push((inner, selections));
                    }
                    Selection::Field(_) | Selection::FragmentSpread { .. } => {}
                }
            }
        }
        found
    }

    /// The types that fulfil a condition in the call's subgraph.
    fn possible(&self, name: &str) -> TypeSet {
        let supergraph = &self.gateway.supergraph;
        let Some(ty) = supergraph.type_id(name) else { return supergraph.types.ids().collect() };
        match supergraph.local(ty, self.subgraph) {
            Some(local) if !local.possible.is_empty() => local.possible.clone(),
            _ => supergraph.types[ty].possible.clone(),
        }
    }
}
