//! Which keys a lookup stands for: what must be known of an object to call it.

use std::collections::{BTreeMap, VecDeque};

use crate::graph::language::ast::{FieldDefinition, InputValueDefinition, ValueKind};
use crate::graph::language::selection_map::{ObjectField, Path, Selected, SelectedFields, SelectionMap};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{Span, Spanned};

use super::read::{LookupField, Read};
use super::shapes::Shapes;
use super::types::Types;

/// One way to look an object up.
#[derive(Clone)]
pub(super) struct Lookup<'a> {
    /// The object type.
    pub(super) ty: &'a Name,
    /// What must be known of the object.
    pub(super) key: SelectedFields,
    /// The field, from the query root on, joined by dots.
    pub(super) path: String,
    /// Its arguments and their values.
    pub(super) arguments: Vec<(&'a InputValueDefinition, SelectionMap)>,
    /// The field's definition.
    pub(super) field: &'a FieldDefinition,
    /// Whether a connector looks the object up.
    pub(super) connected: bool,
    /// Where it is said.
    pub(super) span: Span,
}

// === impl Lookup ===

impl<'a> Lookup<'a> {
    /// Its arguments and their values.
    pub(super) fn filled(&self) -> Vec<(&'a InputValueDefinition, &SelectionMap)> {
        self.arguments.iter().map(|(argument, map)| (*argument, map)).collect()
    }
}

/// How many keys one lookup may stand for: alternatives of its arguments multiply.
const MAX_KEYS: usize = 32;

/// The lookups of a document, one for each object type and each key.
pub(super) fn of<'a>(read: &Read<'a>, findings: &mut Vec<Diagnostic>) -> Vec<Lookup<'a>> {
    let paths = paths(read);
    let mut lookups = Vec::new();
    for field in &read.lookups {
        // Where connectors may look up, they say themselves.
        if field.connected && *field.on != read.query {
            continue;
        }
        let Some(path) = paths.get(&**field.on) else {
            let message = format!(
                "the lookup \"{}.{}\" cannot be reached from \"{}\" through fields without arguments",
                field.on, field.field.name.value, read.query
            );
            findings.push(Diagnostic::error("LOOKUP_NOT_USABLE", message).at(field.span));
            continue;
        };
        let mut path = path.clone();
        path.push(&field.field.name.value);
        let path = path.join(".");
        let possible = read.types.possible(&field.field.ty.name().value);
        let before = (lookups.len(), findings.len());
        conditions(read, field, &possible, findings);
        for ty in &possible {
            lookups.extend(keys(read, field, ty, &path, findings));
        }
        if before == (lookups.len(), findings.len()) && !possible.is_empty() {
            let message = format!(
                "the lookup \"{}.{}\" finds nothing: no object has what all of its arguments stand for",
                field.on, field.field.name.value
            );
            findings.push(Diagnostic::error("IS_INVALID_FIELDS", message).at(field.span));
        }
    }
    required(read, &lookups, findings);
    lookups
}

/// Entities that come without a lookup come without required arguments.
fn required(read: &Read<'_>, lookups: &[Lookup<'_>], findings: &mut Vec<Diagnostic>) {
    // Connectors are asked for fields, not for entities.
    for required in read.required.iter().filter(|required| !required.connected) {
        for (key, directive) in read.types.parts(&required.ty).iter().flat_map(|part| read.keys(part)) {
            let resolvable = directive.argument("resolvable").map(|value| &value.kind);
            if resolvable != Some(&ValueKind::Boolean(true)) || is_looked_up(lookups, &required.ty, &key) {
                continue;
            }
            let message = format!(
                "nothing gives \"{}.{}\" its argument \"{}\" when an object is asked for by the key \"{key}\"",
                required.ty, required.field, required.argument.name.value
            );
            let finding = Diagnostic::error("REQUIRE_WITHOUT_LOOKUP", message).at(required.argument.name.span);
            let finding = finding.label(directive.span, "a key without a lookup");
            findings.push(finding.help("add a lookup for the key, or leave `resolvable: true` out"));
        }
    }
}

/// Whether a lookup stands for a key of a type.
pub(super) fn is_looked_up(lookups: &[Lookup<'_>], ty: &str, key: &SelectedFields) -> bool {
    lookups.iter().any(|lookup| **lookup.ty == *ty && lookup.key.is_same(key))
}

/// Conditions on the object that is looked up must name what it can be.
fn conditions(read: &Read<'_>, field: &LookupField<'_>, possible: &[&Name], findings: &mut Vec<Diagnostic>) {
    for (argument, map) in &field.arguments {
        let mut on = Vec::new();
        conditions_of(map, &mut on);
        on.retain(|on| !possible.iter().any(|ty| read.types.possible(&on.value).contains(ty)));
        for on in on {
            let message = format!(
                "the argument \"{}\" of lookup \"{}.{}\" is no key: \"{}\" is never a \"{}\"",
                argument.name.value,
                field.on,
                field.field.name.value,
                field.field.ty.name().value,
                on.value
            );
            findings.push(Diagnostic::error("IS_INVALID_FIELDS", message).at(on.span));
        }
    }
}

/// The type conditions on the object itself.
fn conditions_of<'m>(map: &'m SelectionMap, into: &mut Vec<&'m Spanned<Name>>) {
    for selected in &map.alternatives {
        match selected {
            Selected::Path { path, .. } => into.extend(&path.on),
            Selected::Object(fields) => fields.iter().for_each(|field| conditions_of(&field.value, into)),
        }
    }
}

/// For each object type the shortest way to it from the query root, through fields without
/// arguments that yield one object.
fn paths<'a>(read: &Read<'a>) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut paths: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let Some(query) = read.types.parts(&read.query).first() else { return paths };
    paths.insert(&query.name.value, Vec::new());
    let mut open = VecDeque::from([&*query.name.value]);
    while let Some(name) = open.pop_front() {
        let here = paths.get(name).cloned().unwrap_or_default();
        let fields = read.types.parts(name).iter().flat_map(|part| &part.fields);
        for field in fields.filter(|field| field.arguments.is_empty() && !field.ty.is_list()) {
            let Some(target) = read.types.parts(&field.ty.name().value).first() else { continue };
            let target = &*target.name.value;
            if read.types.is_composite(target) && !paths.contains_key(target) {
                let mut path = here.clone();
                path.push(&field.name.value);
                paths.insert(target, path);
                open.push_back(target);
            }
        }
    }
    paths
}

/// The keys of object type `ty` that a lookup stands for.
fn keys<'a>(
    read: &Read<'a>,
    field: &LookupField<'a>,
    ty: &'a Name,
    path: &str,
    findings: &mut Vec<Diagnostic>,
) -> Vec<Lookup<'a>> {
    let mut lookups = vec![Lookup {
        ty,
        key: SelectedFields::default(),
        path: path.to_owned(),
        arguments: Vec::new(),
        field: field.field,
        connected: field.connected,
        span: field.span,
    }];
    for (argument, map) in &field.arguments {
        let map = for_type(&read.types, map, ty);
        check(read, field, ty, (argument, &map), findings);
        let mut next = Vec::new();
        for (selected, fields) in map.alternatives.iter().zip(map.alternatives()) {
            for known in &lookups {
                let mut key = known.key.clone();
                key.extend(fields.clone());
                let mut arguments = known.arguments.clone();
                arguments.push((*argument, SelectionMap { alternatives: vec![selected.clone()] }));
                next.push(Lookup { key, arguments, ..known.clone() });
            }
        }
        lookups = next;
        if lookups.len() > MAX_KEYS {
            let message = format!("the lookup \"{}.{}\" stands for too many keys", field.on, field.field.name.value);
            findings.push(Diagnostic::error("LOOKUP_NOT_USABLE", message).at(field.span));
            return Vec::new();
        }
    }
    lookups
}

/// The alternatives that objects of type `ty` can have, without conditions on the object itself.
fn for_type(types: &Types<'_>, map: &SelectionMap, ty: &Name) -> SelectionMap {
    let narrowed = |selected: &Selected| match selected {
        Selected::Path { path: Path { on: Some(on), .. }, .. } if !types.possible(&on.value).contains(&ty) => None,
        Selected::Path { path, below } => {
            Some(Selected::Path { path: Path { on: None, ..path.clone() }, below: below.clone() })
        }
        Selected::Object(fields) => {
            let fields = fields.iter().map(|field| {
                let value = for_type(types, &field.value, ty);
                (!value.alternatives.is_empty()).then(|| ObjectField { name: field.name.clone(), value })
            });
            fields.collect::<Option<_>>().map(Selected::Object)
        }
    };
    SelectionMap { alternatives: map.alternatives.iter().filter_map(narrowed).collect() }
}

fn check(
    read: &Read<'_>,
    field: &LookupField<'_>,
    ty: &Name,
    (argument, map): (&InputValueDefinition, &SelectionMap),
    findings: &mut Vec<Diagnostic>,
) {
    let mut shapes = Shapes::new(&read.types, &read.types);
    shapes.compare(ty, map, &argument.ty, argument.name.span);
    let internal =
        shapes.read.iter().filter(|(_, field, _)| field.directives.iter().any(|own| read.is(own, "internal")));
    let mut problems: Vec<(Span, String)> = internal
        .map(|(on, field, span)| {
            (*span, format!("\"{on}.{}\" is internal, so no other subgraph knows it", field.name.value))
        })
        .collect();
    problems.append(&mut shapes.problems);
    if map.fields().has_arguments() {
        problems.push((argument.name.span, "a field with arguments cannot be a part of a key".into()));
    }
    let explicit = argument.directives.iter().any(|own| read.is(own, "is"));
    for (span, problem) in problems {
        let message = format!(
            "the argument \"{}\" of lookup \"{}.{}\" is no key of \"{ty}\": {problem}",
            argument.name.value, field.on, field.field.name.value
        );
        let finding = Diagnostic::error("IS_INVALID_FIELDS", message).at(span);
        findings.push(if explicit { finding } else { finding.help("say with @is which field it stands for") });
    }
}
