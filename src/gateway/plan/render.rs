//! From joined calls to the fetches of a plan: documents, shapes, representations, guards.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use crate::gateway::operation::guards::{GuardId, Guards};
use crate::graph::federation::ids::{ConnectorId, FieldId, TypeSet};
use crate::graph::federation::supergraph::{ConnectorPlace, EntryKind, SubgraphKind};
use crate::graph::language::ast::OperationKind;
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;
use crate::platform::base::id::{Id, IdVec};
use crate::sources::rows::shape::{ListShape, RowShape, SiteId, SlotIndex};

use super::choice::Choice;
use super::conditions::Conditions;
use super::documents::{Writer, condition_name, free_name, free_prefix};
use super::emit_fetches::{Call, CallId, List};
use super::graph::{Arrival, Class, Demand, Graph, InstanceId, PositionId};
use super::layout::{LayoutId, Layouts, Numbering};
use super::model::{DocumentTemplate, EntityInput, Fetch, FetchEstimate, FetchId, ListTemplate, Request};
use super::representations::Compiler;
use super::search::Solution;
use super::selection::{Selected, list_types, of_list, of_root};
use super::shapes::Shaper;
use super::{cost, why};

/// One planned part of an operation: all of a query, or some fields of a mutation.
pub struct Part<'a> {
    /// Its graph.
    pub graph: Graph<'a>,
    /// What was chosen.
    pub solution: Solution,
}

/// What all parts of one plan have in common.
pub struct Renderer<'r> {
    /// The layouts.
    pub layouts: &'r Layouts,
    /// Their final numbers.
    pub numbering: &'r mut Numbering,
    /// The guards.
    pub guards: &'r mut Guards,
    /// Layouts whose objects some call starts from.
    pub recorded: BTreeSet<LayoutId>,
    /// For each call, or list of a call: the layouts it writes to, and all above them.
    pub writers: Vec<((usize, CallId, usize), BTreeSet<LayoutId>)>,
    /// The fetches so far.
    pub fetches: IdVec<FetchId, Fetch>,
}

// === impl Renderer ===

impl<'r> Renderer<'r> {
    /// Looks through all parts once.
    pub fn new(layouts: &'r Layouts, numbering: &'r mut Numbering, guards: &'r mut Guards, parts: &[Part<'_>]) -> Self {
        let (mut recorded, mut writers) = (BTreeSet::new(), Vec::new());
        for (index, part) in parts.iter().enumerate() {
            for (id, call) in part.solution.dag.calls.iter_enumerated() {
                recorded.extend(call.lists.iter().map(|list| list.key.layout));
                let selections: Vec<Selected> = selections(&part.graph, layouts, call);
                for (list, selected) in selections.iter().enumerate() {
                    let mut written = BTreeSet::new();
                    selected.layouts(&mut written);
                    let all = written.iter().flat_map(|&layout| layouts.chain(layout)).collect();
                    writers.push(((index, id, list), all));
                }
            }
        }
        Self { layouts, numbering, guards, recorded, writers, fetches: IdVec::new() }
    }

    /// Appends the fetches of a part; its first calls wait for `before`. What later parts wait for.
    pub fn part(&mut self, index: usize, part: &Part<'_>, before: &[FetchId]) -> Vec<FetchId> {
        let dag = &part.solution.dag;
        let conditions = Conditions::new(&part.graph, &part.solution.choice, self.guards);
        let mut ids: Vec<(CallId, FetchId)> = Vec::new();
        for id in dag.order() {
            let call = &dag.calls[id];
            let find = |before: &CallId| ids.iter().find(|(call, _)| call == before).map(|(_, fetch)| *fetch);
            let mut after: Vec<FetchId> = call.after.iter().filter_map(find).collect();
            if after.is_empty() {
                after.extend_from_slice(before);
            }
            after.sort_unstable();
            let fetch = self.fetch(index, part, id, &conditions, after);
            ids.push((id, self.fetches.push(fetch)));
        }
        let shares = cost::shares(&part.graph, dag);
        for (call, fetch) in &ids {
            self.fetches[*fetch].estimate = shares.get(call).copied().unwrap_or_default();
            self.fetches[*fetch].serves = why::serves(part, *call, &ids);
        }
        let waited: BTreeSet<FetchId> = ids.iter().flat_map(|(_, id)| self.fetches[*id].after.clone()).collect();
        ids.into_iter().map(|(_, id)| id).filter(|id| !waited.contains(id)).collect()
    }

    fn fetch(
        &mut self,
        index: usize,
        part: &Part<'_>,
        id: CallId,
        conditions: &Conditions,
        after: Vec<FetchId>,
    ) -> Fetch {
        let graph = &part.graph;
        let call = &part.solution.dag.calls[id];
        let guard = conditions.any(graph, self.guards, &call.instances);
        let selections = selections(graph, self.layouts, call);
        let shape = self.shape(graph, call, &selections);
        let mut inputs = Vec::new();
        for (at, list) in call.lists.iter().enumerate() {
            let written = &selections[at];
            inputs.push(self.input(part, conditions, call, (index, id, at), list, written));
        }
        let request = match graph.supergraph.subgraphs[call.subgraph].kind {
            SubgraphKind::Connector(connector) => self.connector(graph, conditions, call, connector, &selections),
            SubgraphKind::Graphql { .. } | SubgraphKind::Native => {
                self.document(graph, conditions, call, guard, &selections, &inputs)
            }
        };
        let reason = why::reason(graph, self.layouts, call).into();
        let (shape, estimate) = (Arc::new(shape), FetchEstimate::default());
        Fetch { subgraph: call.subgraph, after, guard, inputs, request, shape, reason, serves: Vec::new(), estimate }
    }

    fn shape(&mut self, graph: &Graph<'_>, call: &Call, selections: &[Selected]) -> RowShape {
        let mut shaper = Shaper { graph, layouts: self.layouts, numbering: self.numbering, recorded: &self.recorded };
        if let ([], [root]) = (&call.lists[..], selections) {
            return RowShape::Root(shaper.object(root));
        }
        let lists = call.lists.iter().zip(selections).enumerate().map(|(at, (list, selected))| ListShape {
            key: list_alias(call, at).into(),
            object: shaper.object(selected),
            types: list_types(graph, list),
        });
        RowShape::Lists(lists.collect())
    }

    fn input(
        &mut self,
        part: &Part<'_>,
        conditions: &Conditions,
        call: &Call,
        writer: (usize, CallId, usize),
        list: &List,
        written: &Selected,
    ) -> EntityInput {
        let (graph, choice) = (&part.graph, &part.solution.choice);
        let guard = conditions.any(graph, self.guards, &list.instances);
        let site = self.numbering.site(self.layouts, list.key.layout);
        let mut copy: Vec<SlotIndex> = Vec::new();
        for field in &written.fields {
            let Some(child) = self.layouts.get(field.cell).child else { continue };
            let shared = self.writers.iter().any(|(other, layouts)| *other != writer && layouts.contains(&child));
            if shared {
                copy.push(self.numbering.slot(self.layouts, field.cell));
            }
        }
        copy.sort_unstable();
        copy.dedup();
        let within = self.within(graph, choice, list);
        let entry = list.enters.iter().map(|&enter| graph.enters[enter].entry).min();
        let variable = if call.lists.len() == 1 { "representations".to_owned() } else { format!("_r{}", writer.2) };
        let mut compiler = Compiler {
            graph,
            layouts: self.layouts,
            numbering: self.numbering,
            conditions,
            guards: self.guards,
            subgraph: call.subgraph,
        };
        let representation = compiler.representation(list, guard);
        let contexts = compiler.context_variables(list, writer.2);
        EntityInput {
            site,
            types: list_types(graph, list),
            within,
            guard,
            entry: entry.expect("a list serves at least one enter"),
            variable: match contexts.is_empty() {
                true => free_name(graph.operation, variable),
                false => free_prefix(graph.operation, variable),
            },
            representation,
            contexts,
            copy,
        }
    }

    /// Which objects of a list's layout it completes, where others arrive too: those below another
    /// type have their own way to the same fields.
    fn within(&mut self, graph: &Graph<'_>, choice: &Choice, list: &List) -> Vec<Vec<(SiteId, TypeSet)>> {
        let served: BTreeSet<(PositionId, usize)> =
            list.enters.iter().map(|&enter| (graph.enters[enter].position, graph.enters[enter].class)).collect();
        let types = list_types(graph, list);
        let same = graph.positions.iter_enumerated().filter(|(_, position)| position.layout == list.key.layout);
        let arriving = same.filter(|(id, _)| graph.origins(*id).iter().any(|&origin| choice.is_active(origin)));
        let arriving: Vec<_> = arriving.collect();
        let is_left =
            |id, class, of: &Class| !of.nameless && of.types.intersects(&types) && !served.contains(&(id, class));
        let others_arrive = arriving.len() > 1
            && arriving.iter().any(|(id, at)| at.classes.iter().enumerate().any(|(class, of)| is_left(*id, class, of)));
        let mut ways: Vec<Vec<(SiteId, TypeSet)>> = Vec::new();
        if others_arrive || served.iter().any(|(position, _)| is_asked_of_all(graph, choice, *position)) {
            ways = united(served.into_iter().map(|at| self.way_in(graph, at)));
        }
        // Where one way in is open to all, so is the list.
        if ways.iter().any(Vec::is_empty) { Vec::new() } else { ways }
    }

    /// The types on the way to the objects of a class, outermost first, where there is a choice.
    fn way_in(&mut self, graph: &Graph<'_>, served: (PositionId, usize)) -> Vec<(SiteId, TypeSet)> {
        let mut way = Vec::new();
        let mut at = Some(served);
        while let Some((position, class)) = at {
            let position = &graph.positions[position];
            let class = &position.classes[class];
            if !class.nameless && class.types != position.types {
                way.push((self.numbering.site(self.layouts, position.layout), class.types.clone()));
            }
            at = position.parent.map(|parent| (graph.demands[parent].position, graph.demands[parent].class));
        }
        way.reverse();
        way
    }

    fn document(
        &mut self,
        graph: &Graph<'_>,
        conditions: &Conditions,
        call: &Call,
        guard: GuardId,
        selections: &[Selected],
        inputs: &[EntityInput],
    ) -> Request {
        let (variables, used) = (BTreeSet::new(), BTreeSet::new());
        let mut writer = Writer { graph, conditions, guards: self.guards, variables, used };
        let (mut root, mut lists) = (None, Vec::new());
        if let ([], [selected]) = (inputs, selections) {
            root = Some(writer.selection_set(selected, guard, None));
        }
        let (mut variables, mut used) = (writer.variables.clone(), writer.used.clone());
        for (at, (input, selected)) in inputs.iter().zip(selections).enumerate() {
            (writer.variables, writer.used) = (BTreeSet::new(), BTreeSet::new());
            lists.push(list(&mut writer, &list_alias(call, at), input, selected, guard));
            variables.append(&mut writer.variables);
            used.append(&mut writer.used);
        }
        let mutation = inputs.is_empty() && graph.operation.kind == OperationKind::Mutation;
        let conditions: Vec<(Name, GuardId)> =
            used.into_iter().map(|guard| (condition_name(graph.operation, guard), guard)).collect();
        let of_client = graph.operation.variables.iter().filter(|variable| variables.contains(&variable.name));
        let of_client = of_client.map(|variable| {
            let default = variable.default.as_ref().map(|value| format!("={value}")).unwrap_or_default();
            (variable.name.clone(), format!("${}:{}{default}", variable.name, variable.ty))
        });
        let template = DocumentTemplate {
            variables: of_client.collect(),
            conditions: conditions.iter().map(|(name, _)| (name.clone(), format!("${name}:Boolean!"))).collect(),
            lists,
        };
        let (document, template) = match root {
            None => {
                let once: Vec<(usize, usize)> = (0..inputs.len()).map(|at| (at, 0)).collect();
                let repeats = inputs.iter().any(|input| !input.contexts.is_empty());
                (template.write(&once), repeats.then(|| Arc::new(template)))
            }
            Some(body) => {
                let declared: Vec<&str> =
                    template.variables.iter().chain(&template.conditions).map(|(_, declared)| &**declared).collect();
                let declared = if declared.is_empty() { String::new() } else { format!("({})", declared.join(",")) };
                let kind = match (mutation, declared.is_empty()) {
                    (true, _) => "mutation",
                    (false, true) => "",
                    (false, false) => "query",
                };
                (format!("{kind}{declared}{body}"), None)
            }
        };
        let variables = variables.into_iter().collect();
        Request::Graphql { document: document.into(), mutation, variables, conditions, template }
    }

    fn connector(
        &mut self,
        graph: &Graph<'_>,
        conditions: &Conditions,
        call: &Call,
        connector: ConnectorId,
        selections: &[Selected],
    ) -> Request {
        let (variables, used) = (BTreeSet::new(), BTreeSet::new());
        let writer = Writer { graph, conditions, guards: self.guards, variables, used };
        let wanted: Vec<_> = selections.iter().flat_map(|selected| writer.wanted(selected)).collect();
        let place = graph.supergraph.connectors[connector].place;
        let with_arguments = call.lists.is_empty() || matches!(place, ConnectorPlace::Field(_));
        let top = call.instances.first().map(|&id| graph.instances[id].demand).filter(|_| with_arguments);
        let top = top.map(|demand| &graph.demands[demand]);
        let field = top.and_then(|demand| demand.field);
        let arguments = match (top, field) {
            (Some(demand), Some(field)) => filled(graph, field, &demand.arguments),
            _ => Vec::new(),
        };
        let mutation = call.lists.is_empty() && graph.operation.kind == OperationKind::Mutation;
        Request::Connector { connector, field, arguments, wanted: wanted.into(), mutation, shared: false }
    }
}

/// Whether a position's objects are asked of some types' objects only, but come for all: a subgraph that
/// has an interface object further up cannot tell its types apart.
fn is_asked_of_all(graph: &Graph<'_>, choice: &Choice, position: PositionId) -> bool {
    let cannot_tell = |&id: &InstanceId| match graph.instances[id].arrival {
        Arrival::Root => false,
        Arrival::Origin(origin) => graph.reach(origin).1,
        Arrival::Enter(enter) => graph.supergraph.entries[graph.enters[enter].entry].kind == EntryKind::InterfaceObject,
    };
    let mut at = graph.positions[position].parent;
    while let Some(demand) = at {
        let Demand { position: above, class, options, .. } = &graph.demands[demand];
        let (class, of) = (&graph.positions[*above].classes[*class], &graph.positions[*above].types);
        let is_of_some = !class.nameless && class.types != *of;
        if is_of_some && options.iter().filter(|&&id| choice.is_active(id)).any(cannot_tell) {
            return true;
        }
        at = graph.positions[*above].parent;
    }
    false
}

/// Ways in that differ in one site's types only are one.
fn united(ways: impl Iterator<Item = Vec<(SiteId, TypeSet)>>) -> Vec<Vec<(SiteId, TypeSet)>> {
    let mut united: Vec<Vec<(SiteId, TypeSet)>> = ways.collect();
    let pair = |ways: &[Vec<(SiteId, TypeSet)>]| {
        let pairs = (0..ways.len()).flat_map(|a| (a + 1..ways.len()).map(move |b| (a, b)));
        pairs.into_iter().find_map(|(a, b)| unite(&ways[a], &ways[b]).map(|one| (a, b, one)))
    };
    while let Some((a, b, one)) = pair(&united) {
        united[a] = one;
        united.remove(b);
    }
    united
}

/// Both ways as one; `None` if that would let in more.
fn unite(a: &[(SiteId, TypeSet)], b: &[(SiteId, TypeSet)]) -> Option<Vec<(SiteId, TypeSet)>> {
    let same_sites = a.len() == b.len() && a.iter().zip(b).all(|((a, _), (b, _))| a == b);
    let differing = a.iter().zip(b).filter(|((_, a), (_, b))| a != b).count();
    if !same_sites || differing > 1 {
        return None;
    }
    let mut one = a.to_vec();
    one.iter_mut().zip(b).for_each(|((_, types), (_, other))| types.extend_from(other));
    Some(one)
}

/// A field's arguments with the schema's defaults filled in.
fn filled(graph: &Graph<'_>, field: FieldId, written: &[(Name, InputValue)]) -> Vec<(Name, InputValue)> {
    let mut all = written.to_vec();
    for argument in &graph.supergraph.fields[field].arguments {
        if let Some(default) = &argument.default
            && all.iter().all(|(name, _)| *name != argument.name)
        {
            all.push((argument.name.clone(), default.clone()));
        }
    }
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all
}

fn selections(graph: &Graph<'_>, layouts: &Layouts, call: &Call) -> Vec<Selected> {
    if call.lists.is_empty() {
        return vec![of_root(graph, layouts, call)];
    }
    (0..call.lists.len()).map(|at| of_list(graph, layouts, call, at)).collect()
}

/// What a list declares and selects; its own variables are left in `writer`.
fn list(
    writer: &mut Writer<'_, '_>,
    alias: &str,
    input: &EntityInput,
    selected: &Selected,
    guard: GuardId,
) -> ListTemplate {
    let mark = if input.contexts.is_empty() { String::new() } else { DocumentTemplate::MARK.to_string() };
    let mut declared = format!("${}{mark}:[_Any!]!", input.variable);
    for context in &input.contexts {
        let _ = write!(declared, ",${}{mark}:{}", context.name, context.ty);
    }
    let mut body = String::new();
    if alias != "_entities" {
        let _ = write!(body, "{alias}{mark}:");
    }
    let _ = write!(body, "_entities(representations:${}{mark})", input.variable);
    if input.guard != guard {
        writer.include(&mut body, input.guard);
    }
    let set = writer.selection_set(selected, input.guard, None);
    match selected.declared {
        _ if selected.fields.is_empty() => body.push_str(&set),
        // An interface's fields stand under its own type condition.
        Some(ty) => {
            let name = &writer.graph.supergraph.types[ty].name;
            let _ = match set.strip_prefix("{__typename ") {
                Some(rest) => write!(body, "{{__typename ...on {name}{{{rest}}}"),
                None => write!(body, "{{...on {name}{set}}}"),
            };
        }
        None => body.push_str(&set),
    }
    let conditions = writer.used.iter().map(|&guard| condition_name(writer.graph.operation, guard));
    let used = writer.variables.iter().cloned().chain(conditions).collect();
    ListTemplate { declared, selected: body, used }
}

fn list_alias(call: &Call, at: usize) -> String {
    let plain = call.lists.len() == 1 && call.lists[0].key.contexts.is_empty();
    if plain { "_entities".to_owned() } else { format!("_e{at}") }
}

/// The runtime types of an input, as names.
pub fn type_names(graph: &crate::graph::federation::supergraph::Supergraph, types: &TypeSet) -> Vec<Name> {
    types.iter().map(|ty| graph.types[ty].name.clone()).collect()
}

/// The position of a fetch, for people: steps count from 1.
pub fn step(id: FetchId) -> usize {
    id.index() + 1
}
