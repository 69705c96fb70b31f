//! The least that an operation can cost, by trying all ways: which subgraphs are called when.
//!
//! Knows nothing of the planner. Time passes in stages: in each, some subgraphs are asked for all that
//! they can give for what is known by then, since to fetch more never hinders. What is left to try is
//! which subgraphs to ask in which stage.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use pleach::gateway::operation::guards::Bits;
use pleach::gateway::operation::model::{FieldSelection, Operation, Selection, SelectionKind};
use pleach::gateway::plan::PlanOptions;
use pleach::graph::federation::supergraph::Supergraph;
use pleach::platform::base::id::Id as _;

use super::world::*;

/// Values that are known, one bit each.
type Known = u128;

/// More values than this are not tried.
const MOST: usize = 120;

/// Objects at one place of the answer.
type Place = usize;

/// A value of the objects at a place, wanted or perhaps needed on the way.
struct Value {
    name: String,
    bit: Known,
    /// Where the objects in it are.
    child: Option<Place>,
}

/// What a subgraph gives for objects that it is entered with.
struct Landing {
    sub: Sub,
    /// Any of these must be known.
    keys: Vec<Known>,
    gives: Known,
    /// What must be known besides for some more.
    requiring: Vec<(Known, Known)>,
}

struct Places<'w> {
    world: &'w World,
    types: Vec<TypeIndex>,
    values: Vec<BTreeMap<String, Value>>,
    count: usize,
}

/// The least cost of latency and calls; `None` where an operation, or what it may need, is not a small
/// one of plain objects.
pub fn cost(world: &World, supergraph: &Supergraph, operation: &Operation, options: &PlanOptions) -> Option<u64> {
    if world.subgraphs.iter().any(|sub| !sub.opaque.is_empty()) {
        return None;
    }
    let mut places = Places { world, types: vec![0], values: vec![BTreeMap::new()], count: 0 };
    let cases = [(false, false), (false, true), (true, false), (true, true)];
    let cases = cases.map(|(yes, no)| operation.guards.evaluate(|name| if name == "yes" { yes } else { no }));
    let wanted = places.wanted(supergraph, 0, &operation.root.items, &cases.iter().collect::<Vec<_>>())?;
    let subs = 0..world.subgraphs.len();
    let roots: Vec<Known> = subs.clone().map(|sub| places.local(0, sub, &Vec::new())).collect();
    let landings: Vec<Landing> = (1..places.types.len())
        .flat_map(|place| subs.clone().map(move |sub| (place, sub)))
        .filter_map(|(place, sub)| places.landing(place, sub))
        .collect();
    least(wanted, &roots, &landings, options)
}

/// The cheapest way to know what is wanted.
fn least(wanted: Known, roots: &[Known], landings: &[Landing], options: &PlanOptions) -> Option<u64> {
    let stage = options.latency_weight * options.call_latency_ms;
    let mut best: HashMap<Known, u64> = HashMap::new();
    let mut open = BinaryHeap::from([Reverse((0, 0, 0))]);
    while let Some(Reverse((cost, known, depth))) = open.pop() {
        if wanted & !known == 0 {
            return Some(cost);
        }
        if best.get(&known).is_some_and(|&other| other < cost) {
            continue;
        }
        // Root fields wait for nothing, so later stages need no root calls.
        let given: Vec<Known> = match depth {
            0 => roots.to_vec(),
            _ => (0..roots.len()).map(|sub| entered(known, landings, sub)).collect(),
        };
        let useful: Vec<Known> = given.into_iter().filter(|given| given & !known != 0).collect();
        for some in 1..1usize << useful.len() {
            let asked = useful.iter().enumerate().filter(|(at, _)| some & (1 << at) != 0);
            let then = asked.fold(known, |known, (_, given)| known | given);
            let cost = cost + stage + options.call_weight * u64::from(some.count_ones());
            if best.get(&then).is_none_or(|&other| cost < other) {
                best.insert(then, cost);
                open.push(Reverse((cost, then, depth + 1)));
            }
        }
    }
    None
}

/// What a subgraph gives for the objects that it can be entered with.
fn entered(known: Known, landings: &[Landing], sub: Sub) -> Known {
    let can_enter = |landing: &&Landing| landing.sub == sub && landing.keys.iter().any(|key| key & !known == 0);
    let mut given = 0;
    for landing in landings.iter().filter(can_enter) {
        let requiring = landing.requiring.iter().filter(|(needs, _)| needs & !known == 0);
        given |= requiring.fold(landing.gives, |given, (_, more)| given | more);
    }
    given
}

// === impl Places ===

impl Places<'_> {
    /// The values that a selection wants in any of these cases, each what holds of the guards.
    fn wanted(&mut self, supergraph: &Supergraph, place: Place, items: &[Selection], cases: &[&Bits]) -> Option<Known> {
        let mut wanted = 0;
        for item in items {
            let cases: Vec<&Bits> = cases.iter().copied().filter(|holds| holds[item.guard.index()]).collect();
            if cases.is_empty() {
                continue;
            }
            let SelectionKind::Field(FieldSelection { field, arguments, selections, .. }) = &item.kind else {
                continue;
            };
            let arguments: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            let name = &supergraph.fields[*field].name;
            let (bit, child) = self.value(place, name, &arguments.join(", "))?;
            wanted |= bit;
            if let (Some(child), Some(below)) = (child, selections) {
                wanted |= self.wanted(supergraph, child, &below.items, &cases)?;
            }
        }
        Some(wanted)
    }

    /// A value, and all that may be needed to know it.
    fn value(&mut self, place: Place, name: &str, arguments: &str) -> Option<(Known, Option<Place>)> {
        let key = format!("{name}({arguments})");
        if let Some(known) = self.values[place].get(&key) {
            return Some((known.bit, known.child));
        }
        let (world, ty) = (self.world, self.types[place]);
        let field = world.field(ty, name)?;
        if !field.context.is_empty() || self.count == MOST {
            return None;
        }
        let child = match field.ty.named {
            Named::Object(ty) => {
                self.types.push(ty);
                self.values.push(BTreeMap::new());
                Some(self.types.len() - 1)
            }
            Named::Interface(_) | Named::Union(_) => return None,
            _ => None,
        };
        let bit = 1 << self.count;
        self.count += 1;
        self.values[place].insert(key, Value { name: name.into(), bit, child });
        for sub in 0..world.subgraphs.len() {
            if let Some(local) = world.local_field(sub, ty, name) {
                self.all(place, &local.requires)?;
            }
            if let Some(local) = child.and_then(|child| world.local_type(sub, self.types[child])) {
                local.keys.iter().try_for_each(|(key, _)| self.all(child?, key).map(drop))?;
            }
        }
        Some((bit, child))
    }

    /// All values of a field set.
    fn all(&mut self, place: Place, set: &FieldSet) -> Option<Known> {
        let mut all = 0;
        for selected in set {
            let argument = selected.argument.map_or_else(String::new, |n| format!("n: {n}"));
            let (bit, child) = self.value(place, &selected.name, &argument)?;
            all |= bit;
            if let Some(child) = child {
                all |= self.all(child, &selected.below)?;
            }
        }
        Some(all)
    }

    /// What a subgraph gives of objects that it has, and of those in them.
    fn local(&self, place: Place, sub: Sub, provided: &FieldSet) -> Known {
        let mut given = 0;
        for value in self.values[place].values() {
            let Some(local) = self.world.local_field(sub, self.types[place], &value.name) else { continue };
            let provided: Vec<&Selected> = provided.iter().filter(|selected| selected.name == value.name).collect();
            let resolves = !local.external && !local.overridden && local.requires.is_empty();
            if resolves || !provided.is_empty() {
                let below = provided.iter().flat_map(|selected| &selected.below);
                given |= self.with_objects(value, sub, local, below.cloned());
            }
        }
        given
    }

    /// A value, and what the subgraph gives of the objects in it.
    fn with_objects(
        &self,
        value: &Value,
        sub: Sub,
        local: &LocalField,
        provided: impl Iterator<Item = Selected>,
    ) -> Known {
        let provided = local.provides.iter().cloned().chain(provided).collect();
        value.bit | value.child.map_or(0, |child| self.local(child, sub, &provided))
    }

    /// How a subgraph is entered with the objects at a place.
    fn landing(&mut self, place: Place, sub: Sub) -> Option<Landing> {
        let (world, ty) = (self.world, self.types[place]);
        let local = world.local_type(sub, ty)?;
        let resolvable = local.keys.iter().filter(|(_, resolvable)| *resolvable);
        let keys: Vec<Known> = resolvable.filter_map(|(key, _)| self.all(place, key)).collect();
        let names: Vec<String> = self.values[place].values().map(|value| value.name.clone()).collect();
        let mut requiring = Vec::new();
        for (name, field) in local.fields.iter().filter(|(name, _)| names.contains(name)) {
            if !field.requires.is_empty() && !field.overridden {
                requiring.push((self.all(place, &field.requires)?, &**name));
            }
        }
        let gives = |name: &str| {
            let values = self.values[place].values().filter(|value| value.name == name);
            values
                .map(|value| self.with_objects(value, sub, &local.fields[name], [].into_iter()))
                .fold(0, |all, one| all | one)
        };
        let requiring = requiring.into_iter().map(|(needs, name)| (needs, gives(name))).collect();
        (!keys.is_empty()).then(|| Landing { sub, keys, gives: self.local(place, sub, &Vec::new()), requiring })
    }
}
