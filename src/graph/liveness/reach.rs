//! The fixpoint: from how one arrived at an object to everywhere one can get at it.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::graph::federation::field_set::FieldSetNode;
use crate::graph::federation::ids::{EntryId, FieldId, LabelId, ProviderId, SubgraphId, TypeId};
use crate::graph::federation::supergraph::{Entry, EntryKind, Provider, Supergraph};
use crate::platform::base::id::IdVec;

use super::overlay::{OverlayId, Overlays};

crate::id_type!(
    /// An object type together with how one arrived at its objects.
    StateId
);

/// One way to have an object at hand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Arrival {
    /// The subgraph that yielded it.
    pub subgraph: SubgraphId,
    /// Its declared type there.
    pub local: TypeId,
    /// It came from an interface object: its runtime type is not known there.
    pub opaque: bool,
    /// External fields that are open here.
    pub overlay: OverlayId,
}

/// Answers what can be reached, for one outcome of the override labels.
pub struct Reach<'g> {
    graph: &'g Supergraph,
    drawn: Box<dyn Fn(LabelId) -> bool + 'g>,
    overlays: Overlays,
    states: IdVec<StateId, State>,
    ids: HashMap<(TypeId, Vec<Arrival>), StateId>,
    queue: VecDeque<StateId>,
}

#[derive(Debug)]
struct State {
    ty: TypeId,
    /// Everywhere one can be with the object. Only grows.
    reached: BTreeSet<Arrival>,
    /// Entries whose keys can be had. Only grows.
    entered: BTreeSet<EntryId>,
    /// Providers whose requirements can be had. Only grows.
    fed: BTreeSet<ProviderId>,
    /// States whose growth was tried with what this one reached.
    dependents: BTreeSet<StateId>,
    queued: bool,
}

// === impl Reach ===

impl<'g> Reach<'g> {
    /// Nothing asked yet; `drawn` says how an override label was drawn.
    pub fn new(graph: &'g Supergraph, drawn: impl Fn(LabelId) -> bool + 'g) -> Self {
        Self {
            graph,
            drawn: Box::new(drawn),
            overlays: Overlays::new(),
            states: IdVec::new(),
            ids: HashMap::new(),
            queue: VecDeque::new(),
        }
    }

    /// The graph asked about.
    pub fn graph(&self) -> &'g Supergraph {
        self.graph
    }

    /// How many states were looked at.
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether nothing was asked yet.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// Each subgraph that knows the root type `root` is where one starts.
    pub fn root_arrivals(&self, root: TypeId) -> Vec<Arrival> {
        let arrival = |subgraph| Arrival { subgraph, local: root, opaque: false, overlay: OverlayId::NONE };
        self.graph.types[root].local.iter().map(|local| arrival(local.subgraph)).collect()
    }

    /// Objects of type `ty` that were arrived at in these ways; everything that can be reached
    /// from there is worked out.
    pub fn settled(&mut self, ty: TypeId, arrivals: Vec<Arrival>) -> StateId {
        let state = self.state(ty, arrivals);
        self.settle();
        state
    }

    fn settle(&mut self) {
        while let Some(next) = self.queue.pop_front() {
            self.states[next].queued = false;
            if self.grow(next) {
                for dependent in self.states[next].dependents.clone() {
                    self.enqueue(dependent);
                }
            }
        }
    }

    /// Whether the runtime type of these objects can be known.
    pub fn is_revealed(&self, state: StateId) -> bool {
        self.states[state].reached.iter().any(|arrival| !arrival.opaque)
    }

    /// Everywhere one can be with the object.
    pub fn reached(&self, state: StateId) -> impl Iterator<Item = Arrival> + '_ {
        self.states[state].reached.iter().copied()
    }

    /// Where one arrives by selecting `field` of these objects; nowhere if it cannot be had.
    pub fn advance(&mut self, state: StateId, field: FieldId) -> Vec<Arrival> {
        let graph = self.graph;
        let mut arrivals = BTreeSet::new();
        for &id in &graph.fields[field].providers {
            let provider = &graph.providers[id];
            if !self.is_drawn(provider) || (provider.needs_more() && !self.states[state].fed.contains(&id)) {
                continue;
            }
            let (ty, here) = (self.states[state].ty, self.here(state, provider));
            for arrival in here {
                let opened = self.overlays.below(graph, arrival.overlay, ty, field);
                if provider.external && opened.is_none() {
                    continue;
                }
                let mut below = opened.unwrap_or_default();
                if let Some(set) = provider.provides {
                    below.extend(graph.field_sets[set].selections.iter().cloned());
                }
                let overlay = self.overlays.intern(below);
                let local = provider.local_type.inner;
                arrivals.insert(Arrival { subgraph: provider.subgraph, local, opaque: false, overlay });
            }
        }
        arrivals.into_iter().collect()
    }

    /// The runtime types these arrivals can yield at a place of type `declared`, each with the
    /// arrivals that can yield it.
    pub fn classes(&self, declared: TypeId, arrivals: &[Arrival]) -> Vec<(TypeId, Vec<Arrival>)> {
        let mut classes = Vec::new();
        for class in self.graph.types[declared].possible.iter() {
            let yielding = arrivals.iter().filter_map(|arrival| {
                let local = self.graph.local(arrival.local, arrival.subgraph)?;
                let kept = if local.interface_object { arrival.local } else { class };
                local.possible.contains(class).then_some(Arrival {
                    local: kept,
                    opaque: local.interface_object,
                    ..*arrival
                })
            });
            let yielding: Vec<_> = yielding.collect();
            if !yielding.is_empty() {
                classes.push((class, yielding));
            }
        }
        classes
    }

    /// Whether what `nodes` select can be had of these objects, of which everything is worked out.
    pub fn gives(&mut self, state: StateId, nodes: &[FieldSetNode]) -> bool {
        loop {
            // Asking meets objects further down; only what they reach in the end counts.
            if self.holds(state, nodes) || self.queue.is_empty() {
                return self.holds(state, nodes);
            }
            self.settle();
        }
    }

    /// Whether what `nodes` select can be had as far as is known so far.
    pub(super) fn holds(&mut self, state: StateId, nodes: &[FieldSetNode]) -> bool {
        self.holds_for(state, state, nodes)
    }

    pub(super) fn is_entered(&self, state: StateId, entry: EntryId) -> bool {
        self.states[state].entered.contains(&entry)
    }

    pub(super) fn type_of(&self, state: StateId) -> TypeId {
        self.states[state].ty
    }

    /// Entries one may try at an object of type `ty`: its own, and those of its interfaces.
    pub(super) fn entries(&self, ty: TypeId) -> Vec<EntryId> {
        let graph = self.graph;
        let mut entries = graph.types[ty].entries.clone();
        for &interface in &graph.types[ty].interfaces {
            entries.extend(graph.types[interface].entries.iter().copied().filter(|&id| {
                let entry = &graph.entries[id];
                let yields = graph.local(interface, entry.subgraph).is_some_and(|local| local.possible.contains(ty));
                entry.kind == EntryKind::InterfaceEntity && yields
            }));
        }
        entries
    }

    pub(super) fn is_drawn(&self, provider: &Provider) -> bool {
        provider.override_gate.is_none_or(|(label, drawn)| (self.drawn)(label) == drawn)
    }

    fn here(&self, state: StateId, provider: &Provider) -> Vec<Arrival> {
        let at =
            |arrival: &&Arrival| arrival.subgraph == provider.subgraph && arrival.opaque == provider.interface_object;
        self.states[state].reached.iter().filter(at).copied().collect()
    }

    fn state(&mut self, ty: TypeId, arrivals: Vec<Arrival>) -> StateId {
        if let Some(&id) = self.ids.get(&(ty, arrivals.clone())) {
            return id;
        }
        let mut reached: BTreeSet<Arrival> = arrivals.iter().copied().collect();
        if self.graph.query == Some(ty) {
            // The query root can be entered anywhere, without a key.
            reached.extend(self.root_arrivals(ty));
        }
        let (entered, fed, dependents) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let id = self.states.push(State { ty, reached, entered, fed, dependents, queued: false });
        self.ids.insert((ty, arrivals), id);
        self.enqueue(id);
        id
    }

    fn enqueue(&mut self, state: StateId) {
        if !std::mem::replace(&mut self.states[state].queued, true) {
            self.queue.push_back(state);
        }
    }

    /// Takes all steps that are possible now; whether there were any.
    fn grow(&mut self, state: StateId) -> bool {
        let mut grown = false;
        loop {
            let entered = self.enter(state);
            let fed = self.feed(state);
            if !entered && !fed {
                return grown;
            }
            grown = true;
        }
    }

    fn enter(&mut self, state: StateId) -> bool {
        let graph = self.graph;
        let mut any = false;
        for id in self.entries(self.states[state].ty) {
            let entry = &graph.entries[id];
            let needs_type = !matches!(entry.kind, EntryKind::InterfaceEntity | EntryKind::InterfaceObject);
            if self.states[state].entered.contains(&id)
                || (needs_type && !self.is_revealed(state))
                || !self.holds(state, &graph.field_sets[entry.key].selections)
            {
                continue;
            }
            let opaque = entry.kind == EntryKind::InterfaceObject;
            let local = if opaque { entry.ty } else { self.states[state].ty };
            let opened = entry.provides.map(|set| graph.field_sets[set].selections.clone());
            let overlay = self.overlays.intern(opened.unwrap_or_default());
            let arrival = Arrival { subgraph: entry.subgraph, local, opaque, overlay };
            self.states[state].reached.insert(arrival);
            self.states[state].entered.insert(id);
            any = true;
        }
        any
    }

    /// A field with requirements is asked through an entry of its subgraph that carries them, and so is
    /// one with arguments from contexts; who sets those depends on the way to the object, which is not
    /// known here.
    fn feed(&mut self, state: StateId) -> bool {
        let graph = self.graph;
        let mut any = false;
        for &field in &graph.types[self.states[state].ty].field_order {
            for &id in &graph.fields[field].providers {
                let provider = &graph.providers[id];
                if !provider.needs_more() || self.states[state].fed.contains(&id) || !self.is_enterable(state, provider)
                {
                    continue;
                }
                let requires = provider.requires.map(|set| &graph.field_sets[set].selections[..]);
                if self.holds(state, requires.unwrap_or_default()) {
                    self.states[state].fed.insert(id);
                    any = true;
                }
            }
        }
        any
    }

    pub(super) fn is_enterable(&self, state: StateId, provider: &Provider) -> bool {
        let mut entered = self.states[state].entered.iter().map(|&id| &self.graph.entries[id]);
        // A type's requirement is sent with its own name: whoever takes an interface's key knows
        // nothing of it.
        entered.any(|entry| {
            entry.subgraph == provider.subgraph
                && entry.kind != EntryKind::InterfaceEntity
                && self.foreign_key_field(entry).is_none()
        })
    }

    /// A key field that the entry's own subgraph does not resolve. Federation refuses to feed
    /// requirements through such a key: an object already there could not be entered again.
    pub(super) fn foreign_key_field(&self, entry: &Entry) -> Option<FieldId> {
        self.foreign_field(&self.graph.field_sets[entry.key].selections, entry.subgraph)
    }

    fn foreign_field(&self, nodes: &[FieldSetNode], subgraph: SubgraphId) -> Option<FieldId> {
        nodes.iter().find_map(|node| match node {
            FieldSetNode::Typename => None,
            FieldSetNode::Fragment { selections, .. } => self.foreign_field(selections, subgraph),
            FieldSetNode::Field { field, selections, .. } => {
                let own = self.graph.provider(*field, subgraph).map(|id| &self.graph.providers[id]);
                match own {
                    Some(provider) if provider.external => Some(*field),
                    _ => self.foreign_field(selections, subgraph),
                }
            }
        })
    }

    /// Whether it can be had at `state`; `reader` is asked again whenever a state below grows.
    fn holds_for(&mut self, reader: StateId, state: StateId, nodes: &[FieldSetNode]) -> bool {
        nodes.iter().all(|node| self.node_holds(reader, state, node))
    }

    fn node_holds(&mut self, reader: StateId, state: StateId, node: &FieldSetNode) -> bool {
        let graph = self.graph;
        let ty = self.states[state].ty;
        match node {
            FieldSetNode::Typename => self.is_revealed(state),
            FieldSetNode::Fragment { on, selections } => {
                !graph.types[*on].possible.contains(ty) || self.holds_for(reader, state, selections)
            }
            FieldSetNode::Field { field, selections, .. } => {
                let Some(own) = graph.field(ty, &graph.fields[*field].name) else { return false };
                let arrivals = self.advance(state, own);
                if arrivals.is_empty() || selections.is_empty() {
                    return !arrivals.is_empty();
                }
                let classes = self.classes(graph.fields[own].ty.inner, &arrivals);
                let mut all = true;
                for (class, arrivals) in classes {
                    let below = self.state(class, arrivals);
                    self.states[below].dependents.insert(reader);
                    all &= self.holds_for(reader, below, selections);
                }
                all
            }
        }
    }
}
