//! The ways to produce each demand: locally, or by landing on the object by key; and what keys and
//! requirements demand in turn.

use crate::graph::federation::field_set::FieldSetNode;
use crate::graph::federation::ids::{EntryId, FieldId, ProviderId, TypeId};
use crate::graph::federation::supergraph::{Entry, EntryKind, Provider, Supergraph};
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;

use super::contexts::{self, Setter, Setters};
use super::error::PlanError;
use super::graph::{
    Arrival, Class, Demand, DemandId, Enter, EnterId, Graph, Instance, InstanceId, Needs, PositionId, reach,
};
use super::layout::CellKey;
use super::sites::{Expansion, Task};

// === impl Expansion ===

impl<'a> Expansion<'a, '_> {
    /// The demand of a field of one class, with its options.
    pub(super) fn demand(
        &mut self,
        position: PositionId,
        class: usize,
        field: FieldId,
        arguments: &[(Name, InputValue)],
        run: Option<Name>,
    ) -> DemandId {
        let key = self.cell_key(field, arguments, run);
        let composite = key.composite;
        let layout = self.graph.positions[position].layout;
        let cell = self.layouts.cell(layout, key);
        if let Some(&known) = self.graph.positions[position].demands.get(&(class, cell)) {
            return known;
        }
        let demand = self.graph.demands.push(Demand {
            position,
            class,
            field: Some(field),
            arguments: arguments.to_vec(),
            cell,
            composite,
            child: None,
            client: None,
            options: Vec::new(),
        });
        self.graph.positions[position].demands.insert((class, cell), demand);
        for provider in self.providers(position, class, field) {
            self.add_local_options(demand, provider);
            self.add_entry_options(demand, provider);
        }
        demand
    }

    /// The demand for the runtime type of nameless objects.
    pub(super) fn typename_demand(&mut self, position: PositionId, class: usize) -> DemandId {
        let layout = self.graph.positions[position].layout;
        let key = CellKey { name: "__typename".into(), arguments: Vec::new(), lists: 0, composite: false, run: None };
        let cell = self.layouts.cell(layout, key);
        if let Some(&known) = self.graph.positions[position].demands.get(&(class, cell)) {
            return known;
        }
        let (arguments, options) = (Vec::new(), Vec::new());
        let demand = self.graph.demands.push(Demand {
            position,
            class,
            field: None,
            arguments,
            cell,
            composite: false,
            child: None,
            client: None,
            options,
        });
        self.graph.positions[position].demands.insert((class, cell), demand);
        for origin in self.graph.origins(position) {
            if !self.graph.reach(origin).1 {
                self.add_option(demand, Arrival::Origin(origin), None, Vec::new());
            }
        }
        let supergraph = self.graph.supergraph;
        let declared = self.graph.positions[position].declared;
        for entry in entries(supergraph, declared) {
            // An interface without implementers has no name to tell.
            if supergraph.entries[entry].kind == EntryKind::InterfaceEntity
                && !reach(supergraph, declared, supergraph.entries[entry].subgraph).1
                && let Some(enter) = self.enter(position, class, entry)
            {
                self.add_option(demand, Arrival::Enter(enter), None, Vec::new());
            }
        }
        demand
    }

    /// Usable providers of a class's field, one a subgraph: the type's own, and those of interface
    /// objects for the interfaces it implements.
    fn providers(&self, position: PositionId, class: usize, field: FieldId) -> Vec<ProviderId> {
        let supergraph = self.graph.supergraph;
        let representative = self.graph.positions[position].classes[class].representative;
        let name = &supergraph.fields[field].name;
        let mut found: Vec<ProviderId> = supergraph.fields[field].providers.clone();
        for &interface in &supergraph.types[representative].interfaces {
            let Some(of_interface) = supergraph.field(interface, name) else { continue };
            for &id in &supergraph.fields[of_interface].providers {
                let subgraph = supergraph.providers[id].subgraph;
                let opaque = supergraph.local(interface, subgraph).is_some_and(|local| local.interface_object);
                if opaque && found.iter().all(|&known| supergraph.providers[known].subgraph != subgraph) {
                    found.push(id);
                }
            }
        }
        found.retain(|&id| self.gate_holds(id));
        if self.graph.positions[position].classes[class].nameless {
            found.retain(|&id| self.serves_nameless(representative, name, id));
        }
        found.sort_by_key(|&id| (supergraph.providers[id].subgraph, id));
        found
    }

    fn gate_holds(&self, id: ProviderId) -> bool {
        let supergraph = self.graph.supergraph;
        match supergraph.providers[id].override_gate {
            Some((label, wanted)) => self.graph.options.labels.contains(&supergraph.labels[label]) == wanted,
            None => true,
        }
    }

    /// Whether an interface's field can be asked of objects whose type is not known: behind an
    /// interface that is one in the subgraph, each type must resolve the field there itself.
    fn serves_nameless(&self, interface: TypeId, name: &Name, id: ProviderId) -> bool {
        let supergraph = self.graph.supergraph;
        let subgraph = supergraph.providers[id].subgraph;
        let Some(local) = supergraph.local(interface, subgraph).filter(|local| !local.interface_object) else {
            return true;
        };
        local.possible.iter().all(|ty| {
            let own = supergraph.field(ty, name).map(|field| &supergraph.fields[field].providers[..]);
            own.unwrap_or_default().iter().any(|&id| {
                let own = &supergraph.providers[id];
                own.subgraph == subgraph && !own.external && !own.needs_more() && self.gate_holds(id)
            })
        })
    }

    /// Root calls, and the parent's instances in the same subgraph.
    fn add_local_options(&mut self, demand: DemandId, id: ProviderId) {
        let provider = &self.graph.supergraph.providers[id];
        let position = self.graph.demands[demand].position;
        if position == Graph::ROOT {
            let allowed = self.graph.only_root.is_none_or(|only| only == provider.subgraph);
            if allowed && !provider.needs_more() {
                self.add_option(demand, Arrival::Root, Some(id), Vec::new());
            }
            return;
        }
        let class = self.graph.class_of(demand).clone();
        let name = &self.graph.supergraph.fields[provider.field].name;
        for origin in self.graph.origins(position) {
            if self.graph.instances[origin].subgraph != provider.subgraph || !self.yields(origin, &class) {
                continue;
            }
            let supergraph = self.graph.supergraph;
            let mut below = Vec::new();
            let provided = provided(supergraph, &self.graph.instances[origin].overlay, &class, name, &mut below);
            let provided = provided && provider.context_arguments.is_empty();
            if provided || (!provider.external && !provider.needs_more()) {
                self.add_option(demand, Arrival::Origin(origin), Some(id), below);
            }
        }
    }

    /// Landings in the provider's subgraph.
    fn add_entry_options(&mut self, demand: DemandId, id: ProviderId) {
        let supergraph = self.graph.supergraph;
        let provider = &supergraph.providers[id];
        let position = self.graph.demands[demand].position;
        if position == Graph::ROOT {
            return;
        }
        let name = &supergraph.fields[provider.field].name;
        let (class_index, class) = (self.graph.demands[demand].class, self.graph.class_of(demand).clone());
        for entry_id in entries(supergraph, class.representative) {
            let entry = &supergraph.entries[entry_id];
            if entry.subgraph != provider.subgraph
                || !lands_on(supergraph, entry, provider, &class)
                || self.is_own_key(demand, entry)
            {
                continue;
            }
            // What the landing opens, as `@provides` does below a field.
            let opened = entry.provides.map(|set| supergraph.field_sets[set].selections.iter().collect::<Vec<_>>());
            let mut below = Vec::new();
            let provided = provided(supergraph, &opened.unwrap_or_default(), &class, name, &mut below);
            if provider.external && !provided {
                continue;
            }
            let Some(enter) = self.enter(position, class_index, entry_id) else { continue };
            let instance = self.add_option(demand, Arrival::Enter(enter), Some(id), below);
            if provider.needs_more() {
                self.queue.push_back(Task::Requires(instance));
            }
        }
    }

    /// Whether a leaf is itself part of an entry's key: landing by it would not give it.
    fn is_own_key(&self, demand: DemandId, entry: &Entry) -> bool {
        let demand = &self.graph.demands[demand];
        let key = &self.layouts.get(demand.cell).key;
        !key.composite
            && self.graph.supergraph.field_sets[entry.key].selections.iter().any(|node| match node {
                FieldSetNode::Field { field, .. } => self.graph.supergraph.fields[*field].name == key.name,
                _ => false,
            })
    }

    fn add_option(
        &mut self,
        demand: DemandId,
        arrival: Arrival,
        provider: Option<ProviderId>,
        mut overlay: Vec<&'a FieldSetNode>,
    ) -> InstanceId {
        let supergraph = self.graph.supergraph;
        let subgraph = match (provider, arrival) {
            (Some(provider), _) => supergraph.providers[provider].subgraph,
            (None, Arrival::Origin(origin)) => self.graph.instances[origin].subgraph,
            (None, Arrival::Enter(enter)) => supergraph.entries[self.graph.enters[enter].entry].subgraph,
            (None, Arrival::Root) => unreachable!("the root's type is known"),
        };
        if let Some(provides) = provider.and_then(|provider| supergraph.providers[provider].provides) {
            overlay.extend(&supergraph.field_sets[provides].selections);
        }
        let needs = Needs::default();
        let instance = self.graph.instances.push(Instance { demand, subgraph, arrival, provider, needs, overlay });
        self.graph.demands[demand].options.push(instance);
        instance
    }

    fn enter(&mut self, position: PositionId, class: usize, entry: EntryId) -> Option<EnterId> {
        if let Some(&known) = self.graph.known_enters.get(&(position, class, entry)) {
            return known;
        }
        let enter = self.graph.enters.push(Enter { position, class, entry, needs: Needs::default() });
        self.graph.known_enters.insert((position, class, entry), Some(enter));
        self.queue.push_back(Task::Key(enter));
        Some(enter)
    }

    /// Demands the key of an enter and, for objects that may be nameless, their type.
    pub(super) fn expand_key(&mut self, enter: EnterId) -> Result<(), PlanError> {
        let Enter { position, class, entry, .. } = self.graph.enters[enter];
        let entry = &self.graph.supergraph.entries[entry];
        let mut needs = Needs::default();
        let key = &self.graph.supergraph.field_sets[entry.key].selections;
        self.demand_nodes(position, (position, class), key, &mut needs)?;
        if entry.kind == EntryKind::Entity
            && !self.graph.positions[position].classes[class].nameless
            && let Some(nameless) = self.nameless_class(position)
        {
            needs.all.push(self.typename_demand(position, nameless));
        }
        self.graph.enters[enter].needs = needs;
        Ok(())
    }

    /// Demands what an instance requires, of its object and of those above that set its contexts.
    pub(super) fn expand_requires(&mut self, instance: InstanceId) -> Result<(), PlanError> {
        let supergraph = self.graph.supergraph;
        let Some(provider) = self.graph.instances[instance].provider else { return Ok(()) };
        let provider = &supergraph.providers[provider];
        let demand = &self.graph.demands[self.graph.instances[instance].demand];
        let (position, class) = (demand.position, demand.class);
        let mut needs = Needs::default();
        if let Some(requires) = provider.requires {
            let nodes = &supergraph.field_sets[requires].selections;
            self.demand_nodes(position, (position, class), nodes, &mut needs)?;
        }
        for argument in &provider.context_arguments {
            let setters = contexts::setters(&self.graph, position, class, &argument.selections);
            needs.impossible |= !setters.certain;
            self.demand_contexts(&setters, &mut needs)?;
        }
        self.graph.instances[instance].needs = needs;
        Ok(())
    }

    /// Demands what a context gives and, where it depends on it, the type of the objects that set it.
    fn demand_contexts(&mut self, setters: &Setters, needs: &mut Needs) -> Result<(), PlanError> {
        for &Setter { position, class, set } in &setters.found {
            let nodes = &self.graph.supergraph.field_sets[set].selections;
            self.demand_nodes(position, (position, class), nodes, needs)?;
        }
        for &position in &setters.revealed {
            if let Some(nameless) = self.nameless_class(position) {
                needs.all.push(self.typename_demand(position, nameless));
            }
        }
        Ok(())
    }

    /// Demands what a field set that starts at `start` selects of one class.
    fn demand_nodes(
        &mut self,
        start: PositionId,
        (position, class): (PositionId, usize),
        nodes: &'a [FieldSetNode],
        needs: &mut Needs,
    ) -> Result<(), PlanError> {
        let supergraph = self.graph.supergraph;
        let Class { types, representative, nameless } = self.graph.positions[position].classes[class].clone();
        for node in nodes {
            match node {
                FieldSetNode::Typename => {}
                FieldSetNode::Fragment { on, selections } => {
                    if nameless || types.intersects(&supergraph.types[*on].possible) {
                        self.demand_nodes(start, (position, class), selections, needs)?;
                    }
                }
                FieldSetNode::Field { field, arguments, selections } => {
                    let found = supergraph.field(representative, &supergraph.fields[*field].name);
                    let Some(coordinate) = found.filter(|&found| !self.is_cut(start, found, arguments)) else {
                        needs.impossible = true;
                        return Ok(());
                    };
                    let demand = self.demand(position, class, coordinate, arguments, None);
                    if selections.iter().all(|below| *below == FieldSetNode::Typename) {
                        needs.all.push(demand);
                        continue;
                    }
                    self.demand_below(start, demand, selections, needs)?;
                }
            }
        }
        Ok(())
    }

    /// Demands what a field set selects below a composite demand: of the interface where objects may
    /// be nameless and it has the fields, else of each class that can be had.
    fn demand_below(
        &mut self,
        start: PositionId,
        demand: DemandId,
        nodes: &'a [FieldSetNode],
        needs: &mut Needs,
    ) -> Result<(), PlanError> {
        let child = self.child(demand)?;
        let classes: Vec<usize> = match self.nameless_class(child) {
            Some(nameless) if nodes.iter().all(|node| !matches!(node, FieldSetNode::Fragment { .. })) => vec![nameless],
            _ => (0..self.graph.positions[child].classes.len())
                .filter(|&class| !self.graph.positions[child].classes[class].nameless)
                .collect(),
        };
        needs.impossible |= classes.is_empty();
        if let [class] = classes[..] {
            let known = needs.all.len();
            self.demand_nodes(start, (child, class), nodes, needs)?;
            // Where all conditions are on other types, the objects themselves are what is needed.
            if needs.all.len() == known {
                needs.all.push(demand);
            }
            return Ok(());
        }
        needs.all.push(demand);
        for class in classes {
            let mut of_class = Needs::default();
            self.demand_nodes(start, (child, class), nodes, &mut of_class)?;
            needs.impossible |= of_class.impossible;
            needs.possible.extend(of_class.all);
            needs.possible.extend(of_class.possible);
        }
        Ok(())
    }

    /// Whether the chain of hidden selections above a field set's start already holds this coordinate
    /// as often as it may: keys and requirements can recurse, a field set itself is finite.
    fn is_cut(&mut self, start: PositionId, field: FieldId, arguments: &[(Name, InputValue)]) -> bool {
        let mut seen = 0;
        let mut at = self.graph.positions[start].parent;
        while let Some(parent) = at {
            let demand = &self.graph.demands[parent];
            if demand.client.is_some() {
                break;
            }
            seen += usize::from(demand.field == Some(field) && demand.arguments == arguments);
            at = self.graph.positions[demand.position].parent;
        }
        let cut = seen >= self.graph.allowance;
        self.graph.was_cut |= cut;
        cut
    }

    /// Whether objects of `class` can come from an instance of the parent.
    fn yields(&self, origin: InstanceId, class: &Class) -> bool {
        let (reached, hidden) = self.graph.reach(origin);
        if class.nameless {
            let declared = self.graph.local_type(origin).map(|ty| ty.inner);
            return hidden || declared == Some(class.representative);
        }
        hidden || class.types.is_subset(&reached)
    }
}

// === impl Graph ===

impl Graph<'_> {
    /// The instances of a position's parent: where its objects can come from.
    pub(super) fn origins(&self, position: PositionId) -> Vec<InstanceId> {
        self.positions[position].parent.map(|parent| self.demands[parent].options.clone()).unwrap_or_default()
    }
}

/// Entries of a type: its own and those of its interfaces.
fn entries(supergraph: &Supergraph, ty: TypeId) -> Vec<EntryId> {
    let def = &supergraph.types[ty];
    let mut found = def.entries.clone();
    for &interface in &def.interfaces {
        found.extend(&supergraph.types[interface].entries);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether an entry leads to where a provider works, for objects of a class.
fn lands_on(supergraph: &Supergraph, entry: &Entry, provider: &Provider, class: &Class) -> bool {
    let owner = supergraph.fields[provider.field].parent;
    match entry.kind {
        EntryKind::Entity => !class.nameless && entry.ty == class.representative && owner == entry.ty,
        EntryKind::InterfaceEntity => {
            let local = supergraph.local(entry.ty, entry.subgraph);
            let knows = local.is_some_and(|local| class.types.is_subset(&local.possible));
            // A type's requirement is sent with its own name: whoever takes an interface's key knows
            // nothing of it.
            let asks = provider.requires.is_some();
            if class.nameless {
                entry.ty == class.representative
            } else {
                knows && owner == class.representative && !asks
            }
        }
        EntryKind::InterfaceObject | EntryKind::Connector(_) => true,
    }
}

/// Whether an overlay has a field for a class; `below` takes what it has under the field.
fn provided<'a>(
    supergraph: &Supergraph,
    overlay: &[&'a FieldSetNode],
    class: &Class,
    name: &Name,
    below: &mut Vec<&'a FieldSetNode>,
) -> bool {
    let mut found = false;
    for &node in overlay {
        match node {
            FieldSetNode::Typename => {}
            FieldSetNode::Fragment { on, selections } => {
                if !class.nameless && class.types.is_subset(&supergraph.types[*on].possible) {
                    let inner: Vec<&FieldSetNode> = selections.iter().collect();
                    found |= provided(supergraph, &inner, class, name, below);
                }
            }
            FieldSetNode::Field { field, selections, .. } if supergraph.fields[*field].name == *name => {
                found = true;
                below.extend(selections);
            }
            FieldSetNode::Field { .. } => {}
        }
    }
    found
}
