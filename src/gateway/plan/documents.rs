//! Selections as GraphQL text, minified; and as what is wanted of a connector.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::gateway::operation::guards::{GuardId, Guards};
use crate::gateway::operation::model::Operation;
use crate::graph::federation::ids::{TypeId, TypeSet};
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;
use crate::sources::contract::Wanted;

use super::conditions::Conditions;
use super::graph::{Graph, InstanceId};
use super::model::DocumentTemplate;
use super::selection::{Selected, SelectedField};

/// Writes the documents of one plan.
pub struct Writer<'w, 'a> {
    /// What is planned.
    pub graph: &'w Graph<'a>,
    /// When each part is wanted.
    pub conditions: &'w Conditions,
    /// The guards.
    pub guards: &'w mut Guards,
    /// Variables of the client that the document uses.
    pub variables: BTreeSet<Name>,
    /// Guards the document uses.
    pub used: BTreeSet<GuardId>,
}

/// Names begin apart from those of the client's variables, so that numbers may follow.
pub fn free_prefix(operation: &Operation, mut name: String) -> Name {
    while operation.variables.iter().any(|variable| variable.name.starts_with(&*name)) {
        name.insert(0, '_');
    }
    name.into()
}

// === impl Writer ===

impl Writer<'_, '_> {
    /// A selection set, braces included. `guard` is what already holds around it; `serving` limits
    /// it to what is below some of the parent's instances.
    pub fn selection_set(
        &mut self,
        selected: &Selected,
        guard: GuardId,
        serving: Option<&BTreeSet<InstanceId>>,
    ) -> String {
        let mut text = String::from("{");
        if selected.needs_typename() {
            text.push_str("__typename ");
        }
        // Whether something is selected of every object, whatever the conditions.
        let mut always = selected.needs_typename();
        let mut of_types: BTreeMap<TypeId, String> = BTreeMap::new();
        for field in &selected.fields {
            let mut by_class = self.by_class(field, serving);
            // Where types cannot be told apart, a field is there for all who want it.
            let everyone = selected.opaque || self.is_declared_object(selected);
            if everyone && by_class.len() > 1 {
                let mut all = (TypeSet::new(), BTreeSet::new());
                for (types, instances) in by_class {
                    all.0.extend_from(&types);
                    all.1.extend(instances);
                }
                by_class = vec![all];
            }
            let mut texts: Vec<(TypeSet, (String, bool))> = Vec::new();
            for (types, instances) in by_class {
                let shown = self.field(field, &instances, guard);
                texts.push((types, shown));
            }
            let Some((_, (first, unconditional))) = texts.first().cloned() else { continue };
            let mut types = TypeSet::new();
            texts.iter().for_each(|(of_class, _)| types.extend_from(of_class));
            let alike = texts.iter().all(|(_, (text, _))| *text == first);
            let everywhere = everyone
                || (alike && selected.possible.is_subset(&types) && selected.has_field(self.graph.supergraph, field));
            if everywhere {
                let _ = write!(text, "{first} ");
                always |= unconditional;
                continue;
            }
            for (of_class, (shown, _)) in texts {
                for ty in of_class.iter().filter(|&ty| selected.possible.contains(ty)) {
                    let _ = write!(of_types.entry(ty).or_default(), "{shown} ");
                }
            }
        }
        for (ty, fields) in of_types {
            let name = &self.graph.supergraph.types[ty].name;
            let _ = write!(text, "...on {name}{{{}}} ", fields.trim_end());
        }
        // An object of which nothing is selected is `{}` by the specification, but not to every server.
        if !always && serving.is_some() || text == "{" {
            text.insert_str(1, "__typename ");
        }
        let mut text = text.trim_end().to_owned();
        text.push('}');
        text
    }

    fn is_declared_object(&self, selected: &Selected) -> bool {
        selected.declared.is_some_and(|ty| !self.graph.supergraph.types[ty].is_abstract())
    }

    /// A field's instances by the types they serve, those alike together.
    fn by_class(
        &self,
        field: &SelectedField,
        serving: Option<&BTreeSet<InstanceId>>,
    ) -> Vec<(TypeSet, BTreeSet<InstanceId>)> {
        let mut found: Vec<(TypeSet, BTreeSet<InstanceId>)> = Vec::new();
        for &id in &field.instances {
            let node = &self.graph.instances[id];
            if let (Some(serving), super::graph::Arrival::Origin(origin)) = (serving, node.arrival)
                && !serving.contains(&origin)
            {
                continue;
            }
            let types = &self.graph.class_of(node.demand).types;
            match found.iter_mut().find(|(known, _)| known == types) {
                Some((_, instances)) => {
                    instances.insert(id);
                }
                None => found.push((types.clone(), BTreeSet::from([id]))),
            }
        }
        found
    }

    /// A field, and whether it is there whatever the conditions.
    fn field(&mut self, field: &SelectedField, instances: &BTreeSet<InstanceId>, guard: GuardId) -> (String, bool) {
        let mut text = String::new();
        if field.key != field.name {
            let _ = write!(text, "{}:", field.key);
        }
        text.push_str(&field.name);
        self.arguments(&mut text, &field.arguments, &field.contexts);
        let all: Vec<InstanceId> = instances.iter().copied().collect();
        let own = self.conditions.any(self.graph, self.guards, &all);
        if own != guard {
            self.include(&mut text, own);
        }
        if let Some(child) = &field.child {
            text.push_str(&self.selection_set(child, own, Some(instances)));
        }
        (text, own == guard)
    }

    /// ` @include` under a guard.
    pub fn include(&mut self, text: &mut String, guard: GuardId) {
        self.used.insert(guard);
        let _ = write!(text, "@include(if:${})", condition_name(self.graph.operation, guard));
    }

    /// Arguments as the client wrote them, then those filled from contexts.
    fn arguments(&mut self, text: &mut String, arguments: &[(Name, InputValue)], contexts: &[(Name, Name)]) {
        for (at, (name, value)) in arguments.iter().enumerate() {
            value.for_each_variable(&mut |name| {
                self.variables.insert(name.clone());
            });
            let _ = write!(text, "{}{name}:{value}", if at == 0 { "(" } else { "," });
        }
        for (at, (name, variable)) in contexts.iter().enumerate() {
            let before = if at == 0 && arguments.is_empty() { "(" } else { "," };
            let _ = write!(text, "{before}{name}:${variable}{}", DocumentTemplate::MARK);
        }
        if !arguments.is_empty() || !contexts.is_empty() {
            text.push(')');
        }
    }

    /// What is wanted of a connector: the fields of its answer.
    pub fn wanted(&self, selected: &Selected) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        if selected.needs_typename() {
            wanted.push(Wanted { name: "__typename".into(), on: None, fields: Vec::new() });
        }
        for field in &selected.fields {
            let fields = field.child.as_ref().map(|child| self.wanted(child)).unwrap_or_default();
            let mut types = TypeSet::new();
            for &id in &field.instances {
                types.extend_from(&self.graph.class_of(self.graph.instances[id].demand).types);
            }
            if selected.opaque || selected.possible.is_subset(&types) {
                wanted.push(Wanted { name: field.name.clone(), on: None, fields });
                continue;
            }
            for ty in types.iter() {
                let on = Some(self.graph.supergraph.types[ty].name.clone());
                wanted.push(Wanted { name: field.name.clone(), on, fields: fields.clone() });
            }
        }
        wanted
    }
}

/// The variable that carries a guard: a name the client does not use.
pub fn condition_name(operation: &Operation, guard: GuardId) -> Name {
    free_name(operation, format!("_g{}", guard.0))
}

/// `name`, with underscores before it until no client variable is called so.
pub fn free_name(operation: &Operation, mut name: String) -> Name {
    while operation.variables.iter().any(|variable| *variable.name == *name) {
        name.insert(0, '_');
    }
    name.into()
}
