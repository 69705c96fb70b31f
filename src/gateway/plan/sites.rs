//! Positions, and what the client demands at each.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::gateway::operation::guards::{GuardId, Guards};
use crate::gateway::operation::model::{FieldSelection, Selection, SelectionKind, SelectionSet};
use crate::graph::federation::ids::{FieldId, TypeId, TypeSet};
use crate::graph::federation::supergraph::FieldDef;
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;

use super::error::PlanError;
use super::graph::{Class, DemandId, EnterId, Graph, InstanceId, Position, PositionId};
use super::layout::{CellKey, Layouts};

/// Builds the graph: positions from demands, demands from selections, options from demands.
pub struct Expansion<'a, 'g> {
    /// What is built.
    pub graph: Graph<'a>,
    /// Where the cells are interned.
    pub layouts: &'g mut Layouts,
    /// The operation's conditions.
    pub guards: &'g mut Guards,
    pub(super) queue: VecDeque<Task<'a>>,
}

/// Work that is put off, so that nothing recurses.
pub(super) enum Task<'a> {
    /// A client's selections at a position, wanted under a guard.
    Select(PositionId, &'a SelectionSet, GuardId),
    /// The key of an enter.
    Key(EnterId),
    /// What an instance requires.
    Requires(InstanceId),
}

// === impl Expansion ===

impl<'a, 'g> Expansion<'a, 'g> {
    /// A graph with only its root position.
    pub fn new(graph: Graph<'a>, root: TypeId, layouts: &'g mut Layouts, guards: &'g mut Guards) -> Self {
        let mut expansion = Self { graph, layouts, guards, queue: VecDeque::new() };
        expansion.graph.positions.push(Position {
            layout: Layouts::ROOT,
            parent: None,
            declared: root,
            types: TypeSet::one(root),
            classes: vec![Class { types: TypeSet::one(root), representative: root, nameless: false }],
            rows: 1,
            depth: 0,
            demands: HashMap::new(),
        });
        expansion
    }

    /// Expands the client's root selections, and all that follows from them.
    pub fn run(mut self, items: &'a [Selection]) -> Result<Graph<'a>, PlanError> {
        self.select(Graph::ROOT, items, GuardId::ALWAYS)?;
        while let Some(task) = self.queue.pop_front() {
            match task {
                Task::Select(position, set, guard) => self.select(position, &set.items, guard)?,
                Task::Key(enter) => self.expand_key(enter)?,
                Task::Requires(instance) => self.expand_requires(instance)?,
            }
            if self.graph.len() > self.graph.options.max_nodes {
                return Err(PlanError::TooComplex(format!(
                    "more than {} ways to fetch its fields",
                    self.graph.options.max_nodes
                )));
            }
        }
        Ok(self.graph)
    }

    /// Demands what is selected at a position. Parts of one response key that were written outside
    /// type conditions are one field selected of all objects.
    fn select(&mut self, position: PositionId, items: &'a [Selection], guard: GuardId) -> Result<(), PlanError> {
        let mut of_all: BTreeMap<&Name, Vec<DemandId>> = BTreeMap::new();
        for item in items {
            let demands = self.select_item(position, item, guard)?;
            if item.unconditional {
                of_all.entry(&item.response_key).or_default().extend(demands);
            }
        }
        let split = of_all.into_values().filter(|demands| demands.len() > 1);
        self.graph.atomic.extend(split.map(|demands| (position, demands)));
        Ok(())
    }

    /// Demands one item; the demands of the classes it applies to.
    fn select_item(
        &mut self,
        position: PositionId,
        item: &'a Selection,
        guard: GuardId,
    ) -> Result<Vec<DemandId>, PlanError> {
        let guard = self.guards.and(guard, item.guard);
        if guard == GuardId::NEVER {
            return Ok(Vec::new());
        }
        match &item.kind {
            SelectionKind::Introspection => Ok(Vec::new()),
            SelectionKind::Typename => {
                self.want_typename(position, guard);
                Ok(Vec::new())
            }
            SelectionKind::Field(field) if field.denied.is_some() => Ok(Vec::new()),
            SelectionKind::Field(field) => self.select_field(position, item, field, guard),
        }
    }

    fn select_field(
        &mut self,
        position: PositionId,
        item: &'a Selection,
        field: &'a FieldSelection,
        guard: GuardId,
    ) -> Result<Vec<DemandId>, PlanError> {
        let supergraph = self.graph.supergraph;
        let name = &supergraph.fields[field.field].name;
        let (mut of_interface, mut of_classes) = (None, Vec::new());
        for class in 0..self.graph.positions[position].classes.len() {
            let Class { types, representative, nameless } = self.graph.positions[position].classes[class].clone();
            let applies = if nameless { item.nameless } else { types.intersects(&item.on) };
            let Some(coordinate) = supergraph.field(representative, name).filter(|_| applies) else { continue };
            let run = (position == Graph::ROOT && self.graph.only_root.is_some()).then(|| item.response_key.clone());
            let demand = self.demand(position, class, coordinate, &field.arguments, run);
            self.want(demand, guard);
            if !item.nameless {
                let known = self.graph.conditional.get(&demand).copied().unwrap_or(GuardId::NEVER);
                let conditional = self.guards.or(known, guard);
                self.graph.conditional.insert(demand, conditional);
            }
            if nameless {
                of_interface = Some(demand);
            } else {
                of_classes.push(demand);
            }
            if let Some(below) = &field.selections {
                let child = self.child(demand)?;
                self.queue.push_back(Task::Select(child, below, guard));
            }
        }
        self.graph.either.extend(of_interface);
        if !item.nameless && !of_classes.is_empty() {
            self.want_typename(position, guard);
        }
        Ok(of_classes)
    }

    /// Demands the runtime type of objects that may be nameless: `__typename` shows it, and a type
    /// condition depends on it even where its fields are served without it.
    fn want_typename(&mut self, position: PositionId, guard: GuardId) {
        if let Some(class) = self.nameless_class(position) {
            let demand = self.typename_demand(position, class);
            self.want(demand, guard);
        }
    }

    fn want(&mut self, demand: DemandId, guard: GuardId) {
        let known = self.graph.demands[demand].client.unwrap_or(GuardId::NEVER);
        self.graph.demands[demand].client = Some(self.guards.or(known, guard));
    }

    /// The class of objects without a known type, if a position may have some.
    pub(super) fn nameless_class(&self, position: PositionId) -> Option<usize> {
        self.graph.positions[position].classes.iter().position(|class| class.nameless)
    }

    /// The position of the objects in a composite demand.
    pub(super) fn child(&mut self, demand: DemandId) -> Result<PositionId, PlanError> {
        if let Some(child) = self.graph.demands[demand].child {
            return Ok(child);
        }
        let graph = &self.graph;
        let parent = &graph.positions[graph.demands[demand].position];
        if parent.depth >= graph.options.max_depth {
            return Err(PlanError::TooComplex(format!("selections deeper than {}", graph.options.max_depth)));
        }
        let coordinate = graph.demands[demand].field.expect("only fields have selections below them");
        let field = &graph.supergraph.fields[coordinate];
        let declared = field.ty.inner;
        let mut borders = Vec::new();
        let (mut types, mut nameless) = (TypeSet::new(), false);
        for &option in &graph.demands[demand].options {
            let (reached, hidden) = graph.reach(option);
            types.extend_from(&reached);
            nameless |= hidden;
            if !borders.contains(&reached) {
                borders.push(reached);
            }
        }
        types = types.intersection(&graph.supergraph.types[declared].possible);
        let mut classes: Vec<Class> = Vec::new();
        for types in graph.classes.partition(&types, &borders) {
            let representative = types.first().expect("a class has a type");
            classes.push(Class { types, representative, nameless: false });
        }
        if nameless {
            classes.push(Class { types: types.clone(), representative: declared, nameless: true });
        }
        let rows = parent.rows.saturating_mul(self.list_size(field, &graph.demands[demand].arguments));
        let position = Position {
            layout: self.layouts.get(graph.demands[demand].cell).child.expect("a composite cell has a layout"),
            parent: Some(demand),
            declared,
            types,
            classes,
            rows: rows.min(graph.options.max_rows),
            depth: parent.depth + 1,
            demands: HashMap::new(),
        };
        let classes: usize = graph.positions.iter().map(|position| position.classes.len()).sum();
        if classes + position.classes.len() > graph.options.max_classes {
            return Err(PlanError::TooComplex(format!("more than {} classes of types", graph.options.max_classes)));
        }
        let child = self.graph.positions.push(position);
        self.graph.demands[demand].child = Some(child);
        Ok(child)
    }

    /// How many objects a field yields for each object.
    fn list_size(&self, field: &FieldDef, arguments: &[(Name, InputValue)]) -> u64 {
        if field.ty.lists.is_empty() {
            return 1;
        }
        let given = field.list_size.iter().flat_map(|size| &size.slicing_arguments).find_map(|name| {
            let written = arguments.iter().find(|(other, _)| other == name).map(|(_, value)| value);
            let default = field.arguments.iter().find(|def| def.name == *name).and_then(|def| def.default.as_ref());
            match written.or(default) {
                Some(InputValue::Int(text)) => text.parse::<u64>().ok(),
                _ => None,
            }
        });
        let assumed = field.list_size.as_ref().and_then(|size| size.assumed).map(u64::from);
        let one = given.or(assumed).unwrap_or(self.graph.options.assumed_list_size).max(1);
        // Lists of lists: nothing is known about the inner ones.
        (1..field.ty.lists.len()).fold(one, |size, _| size.saturating_mul(self.graph.options.assumed_list_size))
    }

    /// The key of a field's cell.
    pub(super) fn cell_key(&self, field: FieldId, arguments: &[(Name, InputValue)], run: Option<Name>) -> CellKey {
        cell_key(self.graph.supergraph, field, arguments, run)
    }
}

/// The key of a field's cell.
pub fn cell_key(
    supergraph: &crate::graph::federation::supergraph::Supergraph,
    field: FieldId,
    arguments: &[(Name, InputValue)],
    run: Option<Name>,
) -> CellKey {
    let def = &supergraph.fields[field];
    CellKey {
        name: def.name.clone(),
        arguments: arguments.to_vec(),
        lists: u8::try_from(def.ty.lists.len()).unwrap_or(u8::MAX),
        composite: supergraph.types[def.ty.inner].is_composite(),
        run,
    }
}
