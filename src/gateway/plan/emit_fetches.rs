//! From a choice to calls: chosen instances are visited in dependency order and grouped by where
//! they land and what they wait for.
//!
//! Waiting for the same inputs, a group can neither form a cycle nor wait for an input it does not
//! use; one landing whose fields become ready at different times ends as several calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::graph::federation::field_set::FieldSetNode;
use crate::graph::federation::ids::{ConnectorId, SubgraphId, TypeId};
use crate::graph::federation::supergraph::{ConnectorPlace, EntryKind, SubgraphKind, Supergraph};
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;
use crate::platform::base::bitset::IdSet;
use crate::platform::base::id::{Id, IdVec};

use super::choice::Choice;
use super::classes::field_set_text;
use super::contexts::{ContextKey, keys_of};
use super::cost::instance_rows;
use super::graph::{Arrival, EnterId, Graph, InstanceId};
use super::layout::{CellId, LayoutId};

crate::id_type!(
    /// A call while it is being put together.
    CallId
);

/// The calls of a plan and what each waits for.
#[derive(Clone, Debug, Default)]
pub struct Dag {
    /// The calls.
    pub calls: IdVec<CallId, Call>,
    /// Values fetched, each counted once more for each landing that its derivation passes through:
    /// every landing is another source that may fail, and a value that comes later.
    pub value_rows: u64,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Where.
    pub subgraph: SubgraphId,
    /// What it enters; none for a root call.
    pub lists: Vec<List>,
    /// All it produces.
    pub instances: Vec<InstanceId>,
    /// What it waits for.
    pub after: BTreeSet<CallId>,
    /// Its part of [`Dag::value_rows`].
    pub value_rows: u64,
}

/// Objects that are entered alike in one call.
#[derive(Clone, Debug)]
pub struct List {
    /// What makes representations alike.
    pub key: ListKey,
    /// The enters served.
    pub enters: BTreeSet<EnterId>,
    /// What is produced of each object itself (not of those below).
    pub instances: Vec<InstanceId>,
}

/// What makes representations alike: same objects, same key, same way in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ListKey {
    /// The layout of the objects.
    pub layout: LayoutId,
    /// The way in.
    pub way: Way,
    /// The key's text.
    pub key: String,
    /// What its fields' arguments are filled with from further up.
    pub contexts: Vec<ContextKey>,
}

/// How objects are entered.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Way {
    /// By their own type's name.
    Entity,
    /// By an interface's name, into the interface itself.
    Interface(TypeId),
    /// By an interface's name, into an interface object.
    InterfaceObject(TypeId),
    /// By a connector on the objects' type.
    Connector(ConnectorId),
    /// By a connector on one of their fields.
    FieldConnector(ConnectorId, CellId),
}

/// Requirement fields by path, with their arguments: two different ones cannot share a representation.
type Reads = BTreeMap<Vec<Name>, Vec<(Name, InputValue)>>;

#[derive(Clone, PartialEq, Eq, Hash)]
struct GroupKey {
    subgraph: SubgraphId,
    /// The field of a root connector: each is a call of its own.
    root_cell: Option<CellId>,
    list: Option<ListKey>,
    /// The class of objects that are entered as an interface object: its subgraph cannot tell types
    /// apart, so all objects of a list are asked for the same, with the same requirements.
    class: Option<usize>,
    after: BTreeSet<CallId>,
}

struct Grouping<'g, 'a> {
    graph: &'g Graph<'a>,
    choice: &'g Choice,
    dag: Dag,
    groups: HashMap<GroupKey, Vec<(CallId, Reads)>>,
    call_of: HashMap<InstanceId, Option<CallId>>,
    hops: HashMap<InstanceId, u64>,
}

// === impl Dag ===

impl Dag {
    /// Groups a complete choice; `None` if its derivation is cyclic.
    pub fn build(graph: &Graph<'_>, choice: &Choice) -> Option<Self> {
        let (groups, call_of, hops) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut grouping = Grouping { graph, choice, dag: Self::default(), groups, call_of, hops };
        let mut instances = choice.instances.clone();
        instances.sort_unstable();
        for instance in instances {
            let call = grouping.call_of(instance)?;
            let rows = instance_rows(graph, instance).saturating_mul(1 + grouping.hops_of(instance));
            grouping.dag.value_rows = grouping.dag.value_rows.saturating_add(rows);
            let of_call = &mut grouping.dag.calls[call].value_rows;
            *of_call = of_call.saturating_add(rows);
        }
        Some(grouping.dag)
    }

    /// Calls so that each comes after what it waits for.
    pub fn order(&self) -> Vec<CallId> {
        let mut waits: Vec<usize> = self.calls.iter().map(|call| call.after.len()).collect();
        let mut followers: Vec<Vec<CallId>> = vec![Vec::new(); self.calls.len()];
        for (id, call) in self.calls.iter_enumerated() {
            call.after.iter().for_each(|before| followers[before.index()].push(id));
        }
        let mut ready: BTreeSet<CallId> = self.calls.ids().filter(|id| waits[id.index()] == 0).collect();
        let mut order = Vec::with_capacity(self.calls.len());
        while let Some(id) = ready.pop_first() {
            order.push(id);
            for &follower in &followers[id.index()] {
                waits[follower.index()] -= 1;
                if waits[follower.index()] == 0 {
                    ready.insert(follower);
                }
            }
        }
        assert!(order.len() == self.calls.len(), "calls wait for each other");
        order
    }

    /// What each call waits for, perhaps through others.
    pub fn waits(&self) -> Vec<IdSet<CallId>> {
        let mut waits: Vec<IdSet<CallId>> = vec![IdSet::new(); self.calls.len()];
        for id in self.order() {
            let mut all = IdSet::new();
            for &before in &self.calls[id].after {
                all.insert(before);
                all.extend_from(&waits[before.index()]);
            }
            waits[id.index()] = all;
        }
        waits
    }
}

// === impl Grouping ===

impl Grouping<'_, '_> {
    fn call_of(&mut self, instance: InstanceId) -> Option<CallId> {
        match self.call_of.get(&instance) {
            Some(Some(call)) => return Some(*call),
            // Being placed: it waits for itself.
            Some(None) => return None,
            None => {}
        }
        self.call_of.insert(instance, None);
        let (call, hops) = match self.graph.instances[instance].arrival {
            Arrival::Origin(origin) => {
                let call = self.call_of(origin)?;
                self.dag.calls[call].instances.push(instance);
                (call, self.hops_of(origin))
            }
            Arrival::Root => (self.place_root(instance), 0),
            Arrival::Enter(enter) => self.place_entry(instance, enter)?,
        };
        self.call_of.insert(instance, Some(call));
        self.hops.insert(instance, hops);
        Some(call)
    }

    /// Landings on the way to a placed instance.
    fn hops_of(&self, instance: InstanceId) -> u64 {
        self.hops.get(&instance).copied().unwrap_or_default()
    }

    fn place_root(&mut self, instance: InstanceId) -> CallId {
        let node = &self.graph.instances[instance];
        let is_connector = matches!(self.graph.supergraph.subgraphs[node.subgraph].kind, SubgraphKind::Connector(_));
        let key = GroupKey {
            subgraph: node.subgraph,
            root_cell: is_connector.then(|| self.graph.demands[node.demand].cell),
            list: None,
            class: None,
            after: BTreeSet::new(),
        };
        self.place(instance, None, key, Reads::new())
    }

    fn place_entry(&mut self, instance: InstanceId, enter: EnterId) -> Option<(CallId, u64)> {
        let graph = self.graph;
        let node = &graph.instances[instance];
        let mut after = BTreeSet::new();
        let mut hops = 0;
        for &need in graph.enters[enter].needs.all.iter().chain(&node.needs.all) {
            let pick = self.choice.pick(need)?;
            after.insert(self.call_of(pick)?);
            hops = hops.max(self.hops_of(pick));
        }
        if after.is_empty() {
            // Without a key the objects themselves must be there.
            let origins = graph.origins(graph.enters[enter].position);
            let origin = origins.into_iter().find(|&origin| self.choice.is_active(origin))?;
            after.insert(self.call_of(origin)?);
            hops = self.hops_of(origin);
        }
        let list = list_key(graph, instance, enter);
        let mut reads = Reads::new();
        if let Some(requires) = node.provider.and_then(|provider| graph.supergraph.providers[provider].requires) {
            let nodes = &graph.supergraph.field_sets[requires].selections;
            collect_reads(graph.supergraph, nodes, &mut Vec::new(), &mut reads);
        }
        let class = matches!(list.way, Way::InterfaceObject(_)).then_some(graph.enters[enter].class);
        let key = GroupKey { subgraph: node.subgraph, root_cell: None, list: Some(list), class, after };
        Some((self.place(instance, Some(enter), key, reads), hops + 1))
    }

    /// Adds an instance to the first call of its group whose representations it agrees with.
    fn place(&mut self, instance: InstanceId, enter: Option<EnterId>, key: GroupKey, reads: Reads) -> CallId {
        let calls = self.groups.entry(key.clone()).or_default();
        let agreeing = calls.iter_mut().find(|(_, other)| agree(other, &reads));
        let call = match agreeing {
            Some((call, other)) => {
                other.extend(reads);
                *call
            }
            None => {
                let list = |key: &ListKey| List { key: key.clone(), enters: BTreeSet::new(), instances: Vec::new() };
                let lists = key.list.iter().map(list).collect();
                let (subgraph, after) = (key.subgraph, key.after);
                let call = Call { subgraph, lists, instances: Vec::new(), after, value_rows: 0 };
                let call = self.dag.calls.push(call);
                calls.push((call, reads));
                call
            }
        };
        let into = &mut self.dag.calls[call];
        into.instances.push(instance);
        if let (Some(list), Some(enter)) = (into.lists.first_mut(), enter) {
            list.enters.insert(enter);
            list.instances.push(instance);
        }
        call
    }
}

/// Whether two sets of requirement fields can share a representation.
fn agree(a: &Reads, b: &Reads) -> bool {
    b.iter().all(|(path, arguments)| a.get(path).is_none_or(|other| other == arguments))
}

/// Whether two lists that are entered alike can be one: what they require by one path is the same, and
/// where the subgraph cannot tell the types of objects apart, they require the same.
pub fn can_be_one(graph: &Graph<'_>, a: &List, b: &List) -> bool {
    let reads = |list: &List| {
        let mut reads = Reads::new();
        for &instance in &list.instances {
            let provider = graph.instances[instance].provider;
            if let Some(requires) = provider.and_then(|provider| graph.supergraph.providers[provider].requires) {
                let nodes = &graph.supergraph.field_sets[requires].selections;
                collect_reads(graph.supergraph, nodes, &mut Vec::new(), &mut reads);
            }
        }
        reads
    };
    // Calls of connectors have one list, which is not taken apart later.
    if let Way::Connector(_) = a.key.way {
        let enters = a.enters.iter().chain(&b.enters).copied().collect();
        let instances = a.instances.iter().chain(&b.instances).copied().collect();
        let joined = List { key: a.key.clone(), enters, instances };
        if requires_too_much(graph, &joined) {
            return false;
        }
    }
    let classes = |list: &List| list.enters.iter().map(|&enter| graph.enters[enter].class).collect::<BTreeSet<_>>();
    match a.key.way {
        Way::InterfaceObject(_) if classes(a) != classes(b) => reads(a) == reads(b),
        _ => agree(&reads(a), &reads(b)),
    }
}

/// Whether the list has a field with requirements that is not wanted of all its objects: nobody fetches
/// for the others what it requires.
pub fn requires_too_much(graph: &Graph<'_>, list: &List) -> bool {
    let wanted = |id: InstanceId| &graph.demands[graph.instances[id].demand];
    list.instances.iter().any(|&id| {
        let requires = graph.instances[id].provider.is_some_and(|id| graph.supergraph.providers[id].requires.is_some());
        let types = &graph.class_of(graph.instances[id].demand).types;
        requires
            && list.enters.iter().map(|&enter| &graph.enters[enter]).any(|enter| {
                let has = |&other: &InstanceId| {
                    wanted(other).cell == wanted(id).cell
                        && (wanted(other).position, wanted(other).class) == (enter.position, enter.class)
                };
                let reaches = graph.positions[enter.position].classes[enter.class].types.intersects(types);
                enter.position != wanted(id).position && reaches && !list.instances.iter().any(has)
            })
    })
}

fn collect_reads(supergraph: &Supergraph, nodes: &[FieldSetNode], path: &mut Vec<Name>, reads: &mut Reads) {
    for node in nodes {
        match node {
            FieldSetNode::Typename => {}
            FieldSetNode::Fragment { selections, .. } => collect_reads(supergraph, selections, path, reads),
            FieldSetNode::Field { field, arguments, selections } => {
                path.push(supergraph.fields[*field].name.clone());
                reads.insert(path.clone(), arguments.clone());
                collect_reads(supergraph, selections, path, reads);
                path.pop();
            }
        }
    }
}

fn list_key(graph: &Graph<'_>, instance: InstanceId, enter: EnterId) -> ListKey {
    let supergraph = graph.supergraph;
    let entry = &supergraph.entries[graph.enters[enter].entry];
    let cell = graph.demands[graph.instances[instance].demand].cell;
    let way = match entry.kind {
        EntryKind::Entity => Way::Entity,
        EntryKind::InterfaceEntity => Way::Interface(entry.ty),
        EntryKind::InterfaceObject => Way::InterfaceObject(entry.ty),
        EntryKind::Connector(connector) => match supergraph.connectors[connector].place {
            ConnectorPlace::Field(_) => Way::FieldConnector(connector, cell),
            ConnectorPlace::Root(_) | ConnectorPlace::Type(_) => Way::Connector(connector),
        },
    };
    let layout = graph.positions[graph.enters[enter].position].layout;
    let key = field_set_text(supergraph, &supergraph.field_sets[entry.key].selections);
    ListKey { layout, way, key, contexts: keys_of(supergraph, graph.instances[instance].provider) }
}
