//! Checks of a finished plan: what must hold whatever was planned.

use std::collections::BTreeSet;

use crate::gateway::operation::guards::GuardId;
use crate::gateway::operation::model::Operation;
use crate::graph::federation::supergraph::Supergraph;
use crate::graph::language::ast::OperationKind;
use crate::platform::base::id::Id;
use crate::sources::rows::shape::{ObjectShape, RowShape, SiteId, SlotIndex, Typing, ValueKind};

use super::model::{
    ContextVariable, Fetch, FetchId, OutputKind, OutputSelection, Plan, RepresentationField, RepresentationValue,
    Request,
};

/// What is wrong with a plan; empty if nothing is.
pub fn verify(supergraph: &Supergraph, operation: &Operation, plan: &Plan) -> Vec<String> {
    let mut check = Check { supergraph, plan, faults: Vec::new() };
    let mut written = BTreeSet::new();
    for (id, fetch) in plan.fetches.iter_enumerated() {
        check.order(id, fetch);
        check.shape(id, fetch, &mut written);
        check.inputs(id, fetch);
        check.request(operation, id, fetch);
    }
    let names: BTreeSet<SiteId> = plan.sites.ids().collect();
    check.output(&plan.output, &written, &names);
    check.faults
}

struct Check<'c> {
    supergraph: &'c Supergraph,
    plan: &'c Plan,
    faults: Vec<String>,
}

// === impl Check ===

impl Check<'_> {
    fn fault(&mut self, id: FetchId, what: impl Into<String>) {
        self.faults.push(format!("step {}: {}", id.index() + 1, what.into()));
    }

    /// Fetches stand after what they wait for, and a later field of a mutation after all before it.
    fn order(&mut self, id: FetchId, fetch: &Fetch) {
        if fetch.after.iter().any(|&before| before >= id) {
            self.fault(id, "waits for itself or a later step");
        }
        if fetch.guard == GuardId::NEVER {
            self.fault(id, "is never wanted");
        }
        if !fetch.inputs.is_empty() && fetch.after.is_empty() {
            self.fault(id, "completes objects but waits for nothing");
        }
        if self.plan.kind == OperationKind::Mutation && fetch.inputs.is_empty() {
            for earlier in self.plan.fetches.ids().filter(|&earlier| earlier < id) {
                if !self.reachable(id).contains(&earlier) {
                    self.fault(id, format!("a mutation that does not wait for step {}", earlier.index() + 1));
                }
            }
        }
    }

    fn reachable(&self, id: FetchId) -> BTreeSet<FetchId> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<FetchId> = self.plan.fetches[id].after.clone();
        while let Some(at) = open.pop() {
            if seen.insert(at) {
                open.extend(&self.plan.fetches[at].after);
            }
        }
        seen
    }

    fn shape(&mut self, id: FetchId, fetch: &Fetch, written: &mut BTreeSet<(SiteId, SlotIndex)>) {
        match &*fetch.shape {
            RowShape::Root(object) => {
                if !fetch.inputs.is_empty() || object.site != SiteId(0) {
                    self.fault(id, "has a root's shape but is no root call");
                }
                self.object(id, object, written);
            }
            RowShape::Lists(lists) => {
                if lists.len() != fetch.inputs.len() {
                    self.fault(id, "has another number of lists than of inputs");
                }
                for (list, input) in lists.iter().zip(&fetch.inputs) {
                    if list.object.site != input.site {
                        self.fault(id, "a list writes to another site than it starts from");
                    }
                    self.object(id, &list.object, written);
                }
            }
        }
    }

    fn object(&mut self, id: FetchId, object: &ObjectShape, written: &mut BTreeSet<(SiteId, SlotIndex)>) {
        if object.slots != self.plan.sites[object.site].slots {
            self.fault(id, "a shape's slots differ from its site's");
        }
        let is_input = self.plan.fetches.iter().flat_map(|fetch| &fetch.inputs).any(|input| input.site == object.site);
        if is_input && !object.record {
            self.fault(id, "objects that later steps start from are not recorded");
        }
        let mut keys: BTreeSet<&str> = BTreeSet::new();
        if let Typing::Key { key, table } = &object.typing {
            keys.insert(key);
            if table.is_empty() {
                self.fault(id, "no runtime type is possible");
            }
        }
        for field in &object.fields {
            if !keys.insert(&*field.key) {
                self.fault(id, format!("the key `{}` occurs twice", field.key));
            }
            if field.slot.0 >= object.slots {
                self.fault(id, format!("the slot of `{}` is outside its layout", field.key));
            }
            written.insert((object.site, field.slot));
            if let ValueKind::Object(below) = &field.value.kind {
                self.object(id, below, written);
            }
        }
    }

    /// Each value of a representation is written by a fetch this one waits for.
    fn inputs(&mut self, id: FetchId, fetch: &Fetch) {
        let mut before = BTreeSet::new();
        let mut ignored = Check { supergraph: self.supergraph, plan: self.plan, faults: Vec::new() };
        for earlier in self.reachable(id) {
            ignored.shape(earlier, &self.plan.fetches[earlier], &mut before);
        }
        for input in &fetch.inputs {
            self.fields(id, input.site, &input.representation.fields, &before);
            for context in &input.contexts {
                self.context(id, input.site, context, &before);
            }
        }
    }

    /// A context is set on the way to the objects, by values that are there.
    fn context(
        &mut self,
        id: FetchId,
        site: SiteId,
        context: &ContextVariable,
        before: &BTreeSet<(SiteId, SlotIndex)>,
    ) {
        if context.sources.is_empty() {
            self.fault(id, format!("nothing sets the context of `${}`", context.name));
        }
        let outer = |site: &SiteId| self.plan.sites[*site].inside.map(|(outer, _)| outer);
        let way: BTreeSet<SiteId> = std::iter::successors(Some(site), outer).collect();
        for source in &context.sources {
            if !way.contains(&source.site) {
                self.fault(id, format!("the context of `${}` is set beside the way", context.name));
            }
            self.fields(id, source.site, &source.value, before);
        }
    }

    fn fields(
        &mut self,
        id: FetchId,
        site: SiteId,
        fields: &[RepresentationField],
        before: &BTreeSet<(SiteId, SlotIndex)>,
    ) {
        for field in fields {
            match &field.value {
                RepresentationValue::Typename => {}
                RepresentationValue::Leaf => {
                    if !before.contains(&(site, field.slot)) {
                        self.fault(id, format!("sends `{}`, which no earlier step gives", field.name));
                    }
                }
                RepresentationValue::Object(below) => {
                    if !before.contains(&(site, field.slot)) {
                        self.fault(id, format!("sends `{}`, which no earlier step gives", field.name));
                    }
                    if let Some(child) = child_site(self.plan, site, field.slot) {
                        self.fields(id, child, below, before);
                    }
                }
            }
        }
    }

    /// Variables are those of the operation, and conditions are guards of the plan.
    fn request(&mut self, operation: &Operation, id: FetchId, fetch: &Fetch) {
        match &fetch.request {
            Request::Graphql { document, variables, conditions, template, .. } => {
                let contexts = || fetch.inputs.iter().flat_map(|input| &input.contexts);
                if template.is_some() != contexts().next().is_some() {
                    self.fault(id, "has contexts but no template, or a template and no contexts");
                }
                if let Some(unused) = contexts().find(|context| !document.contains(&format!(":${}", context.name))) {
                    self.fault(id, format!("`${}` fills no argument", unused.name));
                }
                if variables.iter().any(|name| operation.variables.iter().all(|variable| variable.name != *name)) {
                    self.fault(id, "uses a variable the client did not declare");
                }
                if conditions.iter().any(|(_, guard)| guard.index() >= self.plan.guards.len()) {
                    self.fault(id, "uses an unknown condition");
                }
                let open = document.matches('{').count();
                if open == 0 || open != document.matches('}').count() {
                    self.fault(id, "its document is not balanced");
                }
            }
            Request::Connector { connector, .. } => {
                if self.supergraph.connectors[*connector].subgraph != fetch.subgraph {
                    self.fault(id, "calls the connector of another subgraph");
                }
                if fetch.inputs.iter().any(|input| !input.contexts.is_empty()) {
                    self.fault(id, "fills arguments of a connector from contexts");
                }
                if fetch.inputs.len() > 1 {
                    self.fault(id, "calls a connector for two kinds of objects at once");
                }
            }
        }
    }

    /// Objects the client sees are written by some fetch. Leaves may be missing: no subgraph may
    /// yield their type. A field may even have no type a client may see: the objects of an interface
    /// without implementers stay nameless.
    fn output(
        &mut self,
        selection: &OutputSelection,
        written: &BTreeSet<(SiteId, SlotIndex)>,
        sites: &BTreeSet<SiteId>,
    ) {
        let Some(root) = sites.first() else { return };
        for item in &selection.items {
            if let OutputKind::Value { slot, ty } = &item.kind
                && item.on.is_none()
                && !written.contains(&(*root, *slot))
            {
                self.faults.push(format!("{} is written by no step", ty.coordinate));
            }
        }
    }
}

/// The site of the objects in a slot, as some fetch writes it.
fn child_site(plan: &Plan, site: SiteId, slot: SlotIndex) -> Option<SiteId> {
    fn find(object: &ObjectShape, site: SiteId, slot: SlotIndex) -> Option<SiteId> {
        object.fields.iter().find_map(|field| match &field.value.kind {
            ValueKind::Object(below) if object.site == site && field.slot == slot => Some(below.site),
            ValueKind::Object(below) => find(below, site, slot),
            ValueKind::Leaf(_) => None,
        })
    }
    plan.fetches.iter().find_map(|fetch| match &*fetch.shape {
        RowShape::Root(object) => find(object, site, slot),
        RowShape::Lists(lists) => lists.iter().find_map(|list| find(&list.object, site, slot)),
    })
}
