//! Marks what a caller may not see.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::gateway::exchange::principal::Principal;
use crate::gateway::operation::arguments;
use crate::gateway::operation::model::{FieldSelection, Operation, Selection, SelectionKind, SelectionSet};
use crate::graph::federation::ids::{AuthRuleId, FieldId, TypeSet};
use crate::graph::federation::supergraph::{AuthAtom, Supergraph};

use super::policy::Policies;

/// What is known about the caller and the request when fields are judged.
pub struct Grants<'a> {
    /// The graph with its rules.
    pub supergraph: &'a Supergraph,
    /// Named policies.
    pub policies: &'a Policies,
    /// Who asks.
    pub principal: &'a Principal,
    /// The operation's variables, coerced.
    pub variables: &'a Map<String, Value>,
}

/// A field the caller may not see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Denial {
    /// `Type.field`.
    pub coordinate: String,
    /// Response keys from the root.
    pub path: Vec<String>,
}

/// Marks every selection the caller may not see, and lists them. An operation in which nothing is
/// denied is passed on as it is.
pub fn authorize<'o>(grants: &Grants<'_>, operation: &'o Operation) -> (Cow<'o, Operation>, Vec<Denial>) {
    let mut judge = Judge { grants, rules: HashMap::new(), denials: Vec::new(), path: Vec::new() };
    let root = judge.selection_set(&operation.root);
    if judge.denials.is_empty() {
        return (Cow::Borrowed(operation), Vec::new());
    }
    (Cow::Owned(Operation { root, ..operation.clone() }), judge.denials)
}

/// Whether any selected coordinate is protected at all. If none is, there is nothing to mark.
pub fn has_rules(supergraph: &Supergraph, operation: &Operation) -> bool {
    is_protected(supergraph, &operation.root)
}

fn is_protected(supergraph: &Supergraph, set: &SelectionSet) -> bool {
    set.items.iter().any(|item| match &item.kind {
        SelectionKind::Field(field) => {
            coordinates(supergraph, field, &item.on).any(|id| supergraph.fields[id].auth.is_some())
                || field.selections.as_ref().is_some_and(|below| is_protected(supergraph, below))
        }
        _ => false,
    })
}

/// The selected coordinate, and those of the object types it reaches when it stands on an
/// abstract type: each may have a rule of its own.
fn coordinates<'a>(
    supergraph: &'a Supergraph,
    field: &'a FieldSelection,
    on: &'a TypeSet,
) -> impl Iterator<Item = FieldId> + 'a {
    let def = &supergraph.fields[field.field];
    let concrete =
        supergraph.types[def.parent].is_abstract().then(|| on.iter().filter_map(|ty| supergraph.field(ty, &def.name)));
    std::iter::once(field.field).chain(concrete.into_iter().flatten())
}

struct Judge<'a, 'g> {
    grants: &'a Grants<'g>,
    /// Outcomes that do not depend on arguments.
    rules: HashMap<AuthRuleId, bool>,
    denials: Vec<Denial>,
    path: Vec<String>,
}

// === impl Judge ===

impl Judge<'_, '_> {
    fn selection_set(&mut self, set: &SelectionSet) -> SelectionSet {
        let mut items = Vec::with_capacity(set.items.len());
        for item in &set.items {
            match &item.kind {
                SelectionKind::Field(field) => {
                    self.path.push(item.response_key.to_string());
                    self.field(item, field, &mut items);
                    self.path.pop();
                }
                _ => items.push(item.clone()),
            }
        }
        SelectionSet { parent: set.parent, items }
    }

    /// The item as it is, marked, or split where only some runtime types' rules deny it.
    fn field(&mut self, item: &Selection, field: &FieldSelection, items: &mut Vec<Selection>) {
        let supergraph = self.grants.supergraph;
        let def = &supergraph.fields[field.field];
        let mut rule_of: Vec<(TypeSet, AuthRuleId)> = Vec::new();
        let mut allowed = item.on.clone();
        if let Some(rule) = def.auth.filter(|&rule| !self.allows(rule, field)) {
            rule_of.push((std::mem::take(&mut allowed), rule));
        } else if supergraph.types[def.parent].is_abstract() {
            for ty in item.on.iter() {
                let own = supergraph.field(ty, &def.name).and_then(|id| supergraph.fields[id].auth);
                let Some(rule) = own.filter(|&rule| !self.allows(rule, field)) else { continue };
                allowed.remove(ty);
                match rule_of.iter_mut().find(|(_, known)| *known == rule) {
                    Some((types, _)) => {
                        types.insert(ty);
                    }
                    None => rule_of.push((TypeSet::one(ty), rule)),
                }
            }
        }
        // Where only some types are denied, an object of unknown type is.
        let is_split = !allowed.is_empty() && !rule_of.is_empty();
        let is_allowed = rule_of.is_empty() || !allowed.is_empty();
        for (index, (on, rule)) in rule_of.into_iter().enumerate() {
            self.denials.push(Denial { coordinate: supergraph.coordinate(field.field), path: self.path.clone() });
            let kind = SelectionKind::Field(FieldSelection { denied: Some(rule), selections: None, ..field.clone() });
            items.push(Selection { on, nameless: item.nameless && index == 0, kind, ..item.clone() });
        }
        if is_allowed {
            let selections = field.selections.as_ref().map(|below| self.selection_set(below));
            let kind = SelectionKind::Field(FieldSelection { selections, ..field.clone() });
            items.push(Selection { on: allowed, nameless: item.nameless && !is_split, kind, ..item.clone() });
        }
    }

    fn allows(&mut self, rule: AuthRuleId, field: &FieldSelection) -> bool {
        let alternatives = &self.grants.supergraph.auth_rules[rule].alternatives;
        let needs_arguments = alternatives.iter().flatten().any(|atom| match atom {
            AuthAtom::Policy(name) => self.grants.policies.needs_arguments(name),
            _ => false,
        });
        if needs_arguments {
            // Who cannot be told what is asked for cannot allow it.
            let Grants { supergraph, variables, .. } = self.grants;
            let arguments = arguments::coerce(supergraph, field.field, &field.arguments, variables);
            return arguments.is_ok_and(|arguments| self.evaluate(rule, &arguments));
        }
        if let Some(&known) = self.rules.get(&rule) {
            return known;
        }
        let outcome = self.evaluate(rule, &Map::new());
        self.rules.insert(rule, outcome);
        outcome
    }

    fn evaluate(&self, rule: AuthRuleId, arguments: &Map<String, Value>) -> bool {
        let Grants { supergraph, policies, principal, .. } = self.grants;
        supergraph.auth_rules[rule].alternatives.iter().any(|atoms| {
            atoms.iter().all(|atom| match atom {
                AuthAtom::Authenticated => principal.is_known(),
                AuthAtom::Scope(scope) => principal.has_scope(scope),
                AuthAtom::Policy(name) => policies.allows(name, principal, arguments),
            })
        })
    }
}
