//! Which keys a lookup stands for: what must be known of an object to call it.

use std::collections::{BTreeMap, VecDeque};

use crate::graph::federation::selection_map::{ObjectField, Selected, SelectedFields, SelectionMap};
use crate::graph::language::ast::InputValueDefinition;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

use super::read::{LookupField, Read};
use super::shapes::Shapes;

/// One way to look an object up.
pub(super) struct Lookup<'a> {
    /// The object type.
    pub(super) ty: &'a Name,
    /// What must be known of the object.
    pub(super) key: SelectedFields,
    /// The field, from the query root on, joined by dots.
    pub(super) path: String,
    /// Its arguments and their values.
    pub(super) arguments: Vec<(&'a InputValueDefinition, SelectionMap)>,
    /// Where it is said.
    pub(super) span: Span,
}

/// How many keys one lookup may stand for: alternatives of its arguments multiply.
const MAX_KEYS: usize = 32;

/// The lookups of a document, one for each object type and each key.
pub(super) fn of<'a>(read: &Read<'a>, findings: &mut Vec<Diagnostic>) -> Vec<Lookup<'a>> {
    let paths = paths(read);
    let mut lookups = Vec::new();
    for field in &read.lookups {
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
        for ty in read.types.possible(&field.field.ty.name().value) {
            lookups.extend(keys(read, field, ty, &path, findings));
        }
    }
    lookups
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
        span: field.span,
    }];
    for (argument, map) in &field.arguments {
        let map = for_type(map, ty);
        check(read, field, ty, (argument, &map), findings);
        let mut next = Vec::new();
        for (selected, fields) in map.alternatives.iter().zip(map.alternatives()) {
            let Some(fields) = fields.of(ty) else { continue };
            for known in &lookups {
                let mut key = known.key.clone();
                key.extend(fields.clone());
                let mut arguments = known.arguments.clone();
                arguments.push((*argument, SelectionMap { alternatives: vec![selected.clone()] }));
                next.push(Lookup { ty, key, path: known.path.clone(), arguments, span: known.span });
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

/// The alternatives that objects of type `ty` can have.
fn for_type(map: &SelectionMap, ty: &Name) -> SelectionMap {
    let fits = |selected: &Selected| match selected {
        Selected::Path { path, .. } => path.on.as_ref().is_none_or(|on| on.value == *ty),
        Selected::Object(fields) => fields.iter().all(|field| !for_type(&field.value, ty).alternatives.is_empty()),
    };
    let narrowed = |selected: &Selected| match selected {
        Selected::Object(fields) => {
            let fields =
                fields.iter().map(|field| ObjectField { name: field.name.clone(), value: for_type(&field.value, ty) });
            Selected::Object(fields.collect())
        }
        path @ Selected::Path { .. } => path.clone(),
    };
    SelectionMap { alternatives: map.alternatives.iter().filter(|selected| fits(selected)).map(narrowed).collect() }
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
