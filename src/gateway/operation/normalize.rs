//! A valid document becomes an [`Operation`]: fragments inlined, types intersected, conditions
//! turned into guards, equal response keys merged (GraphQL specification, CollectFields).

use std::collections::HashMap;

use indexmap::IndexMap;
use smallvec::SmallVec;

use crate::graph::federation::ids::{FieldId, TypeId, TypeSet};
use crate::graph::federation::supergraph::Supergraph;
use crate::graph::language::api::{RequestProblem, ValidDocument};
use crate::graph::language::ast::{self, OperationKind, TypeKind, ValueKind};
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;

use super::guards::{GuardId, Guards};
use super::model::{FieldSelection, Operation, Place, Selection, SelectionKind, SelectionSet, Variable};
use super::size;

/// Normalises the operation called `name`, or the only one.
///
/// # Errors
/// `OPERATION_RESOLUTION_FAILURE` when there is no such operation; `MAX_SELECTIONS_LIMIT` or
/// `MAX_DEPTH_LIMIT` when inlining fragments would grow it beyond all bounds.
pub fn normalize(
    supergraph: &Supergraph,
    document: &ValidDocument,
    name: Option<&str>,
) -> Result<Operation, RequestProblem> {
    let kind = document.kind(name)?;
    let operation = document
        .tree
        .operations
        .iter()
        .find(|operation| name.is_none_or(|name| operation.name.as_ref().is_some_and(|own| &*own.value == name)))
        .ok_or_else(|| problem("OPERATION_RESOLUTION_FAILURE", "The operation was not found".into()))?;
    size::check(&document.tree, operation)?;
    let parent = supergraph
        .root(kind)
        .ok_or_else(|| problem("OPERATION_RESOLUTION_FAILURE", format!("This graph has no {}s", kind.as_str())))?;
    let mut normalizer = Normalizer {
        supergraph,
        fragments: document.tree.fragments.iter().map(|fragment| (&*fragment.name.value, fragment)).collect(),
        guards: Guards::new(),
        at_query_root: kind == OperationKind::Query,
    };
    let sources = [Source { selections: &operation.selections, parent, guard: GuardId::ALWAYS }];
    let root = normalizer.selection_set(parent, &sources);
    Ok(Operation {
        kind,
        name: operation.name.as_ref().map(|name| name.value.clone()),
        variables: operation.variables.iter().map(variable).collect(),
        root,
        guards: normalizer.guards,
    })
}

fn variable(definition: &ast::VariableDefinition) -> Variable {
    Variable {
        name: definition.name.value.clone(),
        ty: definition.ty.to_string().into(),
        default: definition.default.as_ref().map(ast::Value::to_input),
    }
}

pub(super) fn problem(code: &'static str, message: String) -> RequestProblem {
    RequestProblem { code, message, locations: Vec::new() }
}

struct Normalizer<'a> {
    supergraph: &'a Supergraph,
    fragments: HashMap<&'a str, &'a ast::FragmentDefinition>,
    guards: Guards,
    at_query_root: bool,
}

/// Selections that apply to objects of one declared type under one guard.
#[derive(Clone, Copy)]
struct Source<'a> {
    selections: &'a [ast::Selection],
    parent: TypeId,
    guard: GuardId,
}

/// The objects that selections apply to.
#[derive(Clone)]
struct Scope {
    /// Those of these types …
    types: TypeSet,
    /// … and those whose type is not known.
    nameless: bool,
}

/// A field as written, with everything that stands around it resolved.
struct Entry<'a> {
    on: Scope,
    guard: GuardId,
    kind: EntryKind<'a>,
}

enum EntryKind<'a> {
    Typename,
    Introspection,
    Field { id: FieldId, node: &'a ast::Field },
}

// === impl Scope ===

impl Scope {
    fn is_empty(&self) -> bool {
        self.types.is_empty() && !self.nameless
    }

    /// What a type condition leaves. One that all types of the position meet is none.
    fn narrowed(&self, condition: &TypeSet) -> Self {
        let types = self.types.intersection(condition);
        Self { nameless: self.nameless && types == self.types, types }
    }

    fn intersection(&self, other: &Self) -> Self {
        Self { types: self.types.intersection(&other.types), nameless: self.nameless && other.nameless }
    }

    fn difference(&self, other: &Self) -> Self {
        Self { types: self.types.difference(&other.types), nameless: self.nameless && !other.nameless }
    }
}

// === impl Normalizer ===

impl<'a> Normalizer<'a> {
    fn selection_set(&mut self, parent: TypeId, sources: &[Source<'a>]) -> SelectionSet {
        let visible = self.visible(parent);
        let mut entries: IndexMap<Name, Vec<(usize, Entry<'a>)>> = IndexMap::new();
        let mut position = 0;
        for source in sources {
            let scope = Scope { types: visible.clone(), nameless: true };
            self.collect(source, &scope, &mut position, &mut entries);
        }
        self.at_query_root = false;
        let mut items: Vec<(usize, Selection)> = Vec::new();
        for (response_key, entries) in &entries {
            for (scope, members) in disjoint(entries) {
                let selection = self.merge(response_key, scope, &members);
                items.push((members[0].0, selection));
            }
        }
        // Stable: parts of one key keep the ascending order of their type sets.
        items.sort_by_key(|(position, _)| *position);
        SelectionSet { parent, items: items.into_iter().map(|(_, item)| item).collect() }
    }

    fn collect(
        &mut self,
        source: &Source<'a>,
        on: &Scope,
        position: &mut usize,
        entries: &mut IndexMap<Name, Vec<(usize, Entry<'a>)>>,
    ) {
        for selection in source.selections {
            match selection {
                ast::Selection::Field(node) => {
                    let guard = self.guard(source.guard, &node.directives);
                    let kind = match &*node.name.value {
                        "__typename" => EntryKind::Typename,
                        "__schema" | "__type" if self.at_query_root => EntryKind::Introspection,
                        name => match self.supergraph.field(source.parent, name) {
                            Some(id) => EntryKind::Field { id, node },
                            // Validation has seen the API schema, which is part of the supergraph.
                            None => continue,
                        },
                    };
                    if guard == GuardId::NEVER {
                        continue;
                    }
                    let key = node.alias.clone().unwrap_or_else(|| node.name.value.clone());
                    entries.entry(key).or_default().push((*position, Entry { on: on.clone(), guard, kind }));
                    *position += 1;
                }
                ast::Selection::FragmentSpread { name, directives } => {
                    let Some(fragment) = self.fragments.get(&*name.value).copied() else { continue };
                    self.collect_fragment(
                        source,
                        on,
                        Some(&fragment.on.value),
                        directives,
                        &fragment.selections,
                        position,
                        entries,
                    );
                }
                ast::Selection::InlineFragment { on: condition, directives, selections, .. } => {
                    let condition = condition.as_ref().map(|name| &name.value);
                    self.collect_fragment(source, on, condition, directives, selections, position, entries);
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one recursion split in two; a struct would name nothing")]
    fn collect_fragment(
        &mut self,
        source: &Source<'a>,
        on: &Scope,
        condition: Option<&Name>,
        directives: &'a [ast::Directive],
        selections: &'a [ast::Selection],
        position: &mut usize,
        entries: &mut IndexMap<Name, Vec<(usize, Entry<'a>)>>,
    ) {
        let guard = self.guard(source.guard, directives);
        let parent = match condition {
            None => source.parent,
            Some(name) => match self.supergraph.type_id(name) {
                Some(ty) => ty,
                None => return,
            },
        };
        let narrowed =
            if parent == source.parent { on.clone() } else { on.narrowed(&self.supergraph.types[parent].possible) };
        if guard != GuardId::NEVER && !narrowed.is_empty() {
            self.collect(&Source { selections, parent, guard }, &narrowed, position, entries);
        }
    }

    /// One item out of all entries with one response key that apply to the types `on`.
    fn merge(&mut self, response_key: &Name, scope: Scope, members: &[&(usize, Entry<'a>)]) -> Selection {
        let Scope { types: on, nameless } = scope;
        let guard =
            members[1..].iter().fold(members[0].1.guard, |guard, (_, entry)| self.guards.or(guard, entry.guard));
        let fields: Vec<(FieldId, &'a ast::Field, GuardId)> = members
            .iter()
            .filter_map(|(_, entry)| match entry.kind {
                EntryKind::Field { id, node } => Some((id, node, entry.guard)),
                _ => None,
            })
            .collect();
        let kind = match (&members[0].1.kind, fields.first()) {
            (EntryKind::Typename, _) => SelectionKind::Typename,
            (_, Some(&(first, node, _))) => SelectionKind::Field(self.field(first, node, &on, guard, &fields)),
            _ => SelectionKind::Introspection,
        };
        let unconditional = members.iter().any(|(_, entry)| entry.on.nameless);
        let places = self.places(members);
        Selection { response_key: response_key.clone(), on, nameless, unconditional, guard, places, kind }
    }

    /// Each place is for requests that want none of the earlier ones.
    fn places(&mut self, members: &[&(usize, Entry<'a>)]) -> SmallVec<[Place; 1]> {
        let mut places = SmallVec::new();
        let mut before = GuardId::NEVER;
        for (position, entry) in members {
            let so_far = self.guards.or(before, entry.guard);
            if so_far != before {
                let none_before = self.guards.not(before);
                let guard = self.guards.and(entry.guard, none_before);
                places.push(Place { position: u32::try_from(*position).unwrap_or(u32::MAX), guard });
                before = so_far;
            }
        }
        places
    }

    fn field(
        &mut self,
        first: FieldId,
        node: &'a ast::Field,
        on: &TypeSet,
        guard: GuardId,
        fields: &[(FieldId, &'a ast::Field, GuardId)],
    ) -> FieldSelection {
        let field = self.coordinate(first, on, fields);
        let result = self.supergraph.fields[field].ty.inner;
        let selections = self.supergraph.types[result].is_composite().then(|| {
            // What the parent's guard already says need not be said again below it.
            let below = |own: GuardId| if own == guard { GuardId::ALWAYS } else { own };
            let sources: Vec<Source<'a>> = fields
                .iter()
                .filter_map(|&(id, node, own)| {
                    let selections = node.selections.as_deref()?;
                    Some(Source { selections, parent: self.supergraph.fields[id].ty.inner, guard: below(own) })
                })
                .collect();
            self.selection_set(result, &sources)
        });
        let mut arguments: Vec<(Name, InputValue)> =
            node.arguments.iter().map(|argument| (argument.name.value.clone(), argument.value.to_input())).collect();
        arguments.sort_by(|a, b| a.0.cmp(&b.0));
        FieldSelection { field, arguments, selections, denied: None }
    }

    /// The coordinate of a merged field. Where selections were written on different types and only
    /// one object type remains, its own coordinate is the most exact.
    fn coordinate(&self, first: FieldId, on: &TypeSet, fields: &[(FieldId, &'a ast::Field, GuardId)]) -> FieldId {
        if fields.iter().all(|(id, ..)| *id == first) {
            return first;
        }
        let mut types = on.iter();
        match (types.next(), types.next()) {
            (Some(only), None) => self.supergraph.field(only, &self.supergraph.fields[first].name).unwrap_or(first),
            _ => first,
        }
    }

    /// Runtime types a client may meet where `ty` is declared.
    fn visible(&self, ty: TypeId) -> TypeSet {
        let def = &self.supergraph.types[ty];
        if def.kind == TypeKind::Object {
            return TypeSet::one(ty);
        }
        def.possible.iter().filter(|&object| !self.supergraph.types[object].inaccessible).collect()
    }

    fn guard(&mut self, outer: GuardId, directives: &[ast::Directive]) -> GuardId {
        let mut guard = outer;
        for directive in directives {
            let wanted = match &*directive.name {
                "include" => true,
                "skip" => false,
                _ => continue,
            };
            let condition = match directive.argument("if").map(|value| &value.kind) {
                Some(ValueKind::Boolean(true)) => GuardId::ALWAYS,
                Some(ValueKind::Boolean(false)) => GuardId::NEVER,
                Some(ValueKind::Variable(name)) => self.guards.variable(name.clone()),
                _ => continue,
            };
            let condition = if wanted { condition } else { self.guards.not(condition) };
            guard = self.guards.and(guard, condition);
        }
        guard
    }
}

/// Splits the objects that entries of one response key apply to into parts to which the same
/// entries apply.
fn disjoint<'e, 'a>(entries: &'e [(usize, Entry<'a>)]) -> Vec<(Scope, Vec<&'e (usize, Entry<'a>)>)> {
    let mut parts: Vec<(Scope, Vec<&(usize, Entry)>)> = Vec::new();
    for entry in entries {
        let mut rest = entry.1.on.clone();
        for index in 0..parts.len() {
            let both = parts[index].0.intersection(&rest);
            if both.is_empty() {
                continue;
            }
            rest = rest.difference(&both);
            let outside = parts[index].0.difference(&both);
            if !outside.is_empty() {
                let members = parts[index].1.clone();
                parts.push((outside, members));
            }
            parts[index].0 = both;
            parts[index].1.push(entry);
        }
        if !rest.is_empty() {
            parts.push((rest, vec![entry]));
        }
    }
    parts.sort_by(|a, b| a.0.types.cmp(&b.0.types));
    parts
}
