//! The AND/OR provider graph of one operation.
//!
//! A *demand* is a value that somebody needs; it is an OR over *instances*, each producing it in one
//! subgraph. An instance is an AND over its arrival — the parent's instance in the same subgraph, a
//! root call, or an *enter* by key — and what its requirements read. An enter is an AND over its key.

use std::collections::{BTreeSet, HashMap};

use crate::gateway::operation::guards::GuardId;
use crate::gateway::operation::model::Operation;
use crate::graph::federation::field_set::FieldSetNode;
use crate::graph::federation::ids::{EntryId, FieldId, ProviderId, SubgraphId, TypeId, TypeSet};
use crate::graph::federation::supergraph::{Supergraph, TypeRef};
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;
use crate::platform::base::id::IdVec;

use super::classes::Classes;
use super::error::PlanOptions;
use super::layout::{CellId, LayoutId};

crate::id_type!(
    /// A selection-set position reached through one parent demand.
    PositionId,
    /// A value somebody needs.
    DemandId,
    /// A demand produced in one subgraph.
    InstanceId,
    /// A landing on a position by key.
    EnterId,
);

/// A selection-set position under one parent demand.
#[derive(Debug)]
pub struct Position {
    /// The layout of its objects.
    pub layout: LayoutId,
    /// The demand whose objects these are; none at the root.
    pub parent: Option<DemandId>,
    /// The merged type of the objects.
    pub declared: TypeId,
    /// Runtime types some subgraph may answer with.
    pub types: TypeSet,
    /// Types planned alike, and perhaps the nameless class.
    pub classes: Vec<Class>,
    /// Objects expected here.
    pub rows: u64,
    /// Selection sets above it.
    pub depth: usize,
    /// Demands by class and cell.
    pub demands: HashMap<(usize, CellId), DemandId>,
}

/// Runtime types that are planned alike.
#[derive(Clone, Debug)]
pub struct Class {
    /// The types.
    pub types: TypeSet,
    /// The type whose coordinates stand for all: its first, or the interface of a nameless class.
    pub representative: TypeId,
    /// Objects whose runtime type is not known: fields are the interface's own.
    pub nameless: bool,
}

/// A value somebody needs of the objects of one class.
#[derive(Debug)]
pub struct Demand {
    /// Where.
    pub position: PositionId,
    /// Of which objects.
    pub class: usize,
    /// The coordinate on the class's representative; `None` for `__typename`.
    pub field: Option<FieldId>,
    /// Arguments as written, sorted by name.
    pub arguments: Vec<(Name, InputValue)>,
    /// Its cell.
    pub cell: CellId,
    /// Whether its value is an object.
    pub composite: bool,
    /// The position of the objects it holds, once somebody selects something there.
    pub child: Option<PositionId>,
    /// When the client wants it, if it does.
    pub client: Option<GuardId>,
    /// Ways to produce it.
    pub options: Vec<InstanceId>,
}

/// A demand produced in one subgraph.
#[derive(Debug)]
pub struct Instance<'a> {
    /// What is produced.
    pub demand: DemandId,
    /// Where.
    pub subgraph: SubgraphId,
    /// How the object was reached.
    pub arrival: Arrival,
    /// What produces it; `None` for `__typename`.
    pub provider: Option<ProviderId>,
    /// What its requirements read.
    pub needs: Needs,
    /// What else is available below it.
    pub overlay: Vec<&'a FieldSetNode>,
}

/// How an object was reached in a subgraph.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// A root call.
    Root,
    /// By the parent's instance in the same call.
    Origin(InstanceId),
    /// By key.
    Enter(EnterId),
}

/// A landing on objects of one class by key.
#[derive(Debug)]
pub struct Enter {
    /// Where.
    pub position: PositionId,
    /// Which objects.
    pub class: usize,
    /// By which entry.
    pub entry: EntryId,
    /// The key's values.
    pub needs: Needs,
}

/// Values that must be known first.
#[derive(Clone, Default, Debug)]
pub struct Needs {
    /// All of these.
    pub all: Vec<DemandId>,
    /// Of these, those of types that may occur: values under several runtime types of a nested
    /// object, some of which no subgraph may yield.
    pub possible: Vec<DemandId>,
    /// A value cannot be named at all here.
    pub impossible: bool,
}

/// The whole graph.
pub struct Graph<'a> {
    /// What it is planned against.
    pub supergraph: &'a Supergraph,
    /// What is planned.
    pub operation: &'a Operation,
    /// The settings.
    pub options: &'a PlanOptions,
    /// Types planned alike.
    pub classes: &'a Classes<'a>,
    /// Positions; 0 is the root.
    pub positions: IdVec<PositionId, Position>,
    /// OR nodes.
    pub demands: IdVec<DemandId, Demand>,
    /// AND nodes.
    pub instances: IdVec<InstanceId, Instance<'a>>,
    /// Landings.
    pub enters: IdVec<EnterId, Enter>,
    /// Enters by position, class and entry; `None`: impossible.
    pub known_enters: HashMap<(PositionId, usize, EntryId), Option<EnterId>>,
    /// The only subgraph whose root fields may be used, for mutations.
    pub only_root: Option<SubgraphId>,
    /// How often one coordinate may repeat in a chain of hidden selections.
    pub allowance: usize,
    /// Whether a chain was cut.
    pub was_cut: bool,
    /// Fields wanted of all objects of a position with nameless objects: the interface's own value,
    /// or else that of each class.
    pub either: BTreeSet<DemandId>,
    /// When demands are wanted under a type condition of the client's.
    pub conditional: HashMap<DemandId, GuardId>,
    /// Fields selected of all objects of a position, whatever their type: each class's demand. One
    /// origin must be able to serve them all.
    pub atomic: Vec<(PositionId, Vec<DemandId>)>,
}

// === impl Graph ===

impl<'a> Graph<'a> {
    /// The root position.
    pub const ROOT: PositionId = PositionId(0);

    /// An empty graph.
    pub fn new(
        supergraph: &'a Supergraph,
        operation: &'a Operation,
        options: &'a PlanOptions,
        classes: &'a Classes<'a>,
        only_root: Option<SubgraphId>,
        allowance: usize,
    ) -> Self {
        Self {
            supergraph,
            operation,
            options,
            classes,
            positions: IdVec::new(),
            demands: IdVec::new(),
            instances: IdVec::new(),
            enters: IdVec::new(),
            known_enters: HashMap::new(),
            only_root,
            allowance,
            was_cut: false,
            either: BTreeSet::new(),
            conditional: HashMap::new(),
            atomic: Vec::new(),
        }
    }

    /// The class of a demand.
    pub fn class_of(&self, demand: DemandId) -> &Class {
        let demand = &self.demands[demand];
        &self.positions[demand.position].classes[demand.class]
    }

    /// The type of a demand's value in the subgraph of one of its instances.
    pub fn local_type(&self, instance: InstanceId) -> Option<&'a TypeRef> {
        let supergraph = self.supergraph;
        self.instances[instance].provider.map(|provider| &supergraph.providers[provider].local_type)
    }

    /// Which runtime types objects of an instance's value can have, and whether their names are
    /// hidden by an interface object or an interface without implementers.
    pub fn reach(&self, instance: InstanceId) -> (TypeSet, bool) {
        let Some(ty) = self.local_type(instance) else { return (TypeSet::new(), false) };
        reach(self.supergraph, ty.inner, self.instances[instance].subgraph)
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.demands.len() + self.instances.len() + self.enters.len()
    }
}

/// Runtime types of `ty` in `subgraph`, and whether they are nameless there.
pub fn reach(supergraph: &Supergraph, ty: TypeId, subgraph: SubgraphId) -> (TypeSet, bool) {
    let def = &supergraph.types[ty];
    match supergraph.local(ty, subgraph) {
        Some(local) if local.interface_object => (def.possible.clone(), true),
        Some(local) if def.is_abstract() && local.possible.is_empty() => (def.possible.clone(), true),
        Some(local) if !local.possible.is_empty() => (local.possible.clone(), false),
        _ => (def.possible.clone(), false),
    }
}
