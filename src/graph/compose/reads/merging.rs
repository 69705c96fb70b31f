//! GraphQL's rule that fields in one set can be merged (specification, section 5.3.2), for what a
//! representation holds under one name.

use std::collections::BTreeMap;

use crate::graph::language::ast::{Argument, Selection};
use crate::graph::language::selection_map::{Below, ListItem, ObjectField, Path, Selected, SelectionMap};
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;
use crate::platform::base::span::Span;

/// A field, as it is read.
#[derive(Clone)]
struct Read {
    /// For each step down to the field the object type that is asked for there, if one is.
    objects: Vec<Option<Name>>,
    /// By name.
    arguments: BTreeMap<Name, InputValue>,
    span: Span,
}

/// A field that is read with other arguments than before.
pub struct Conflict {
    /// Its name.
    pub field: Name,
    /// Where it is read so.
    pub span: Span,
    /// Where it was read before.
    pub first: Span,
}

/// Fields that are read of one object.
pub struct Reads<'t> {
    is_object: &'t dyn Fn(&str) -> bool,
    by_path: BTreeMap<Vec<Name>, Vec<Read>>,
    path: Vec<Name>,
    objects: Vec<Option<Name>>,
}

// === impl Reads ===

impl<'t> Reads<'t> {
    /// Nothing yet; `is_object` tells object types from abstract ones.
    pub fn new(is_object: &'t dyn Fn(&str) -> bool) -> Self {
        Self { is_object, by_path: BTreeMap::new(), path: Vec::new(), objects: vec![None] }
    }

    /// Adds what a field set selects.
    pub fn selections(&mut self, selections: &[Selection]) {
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    self.enter(&field.name.value, &field.arguments, field.name.span);
                    self.selections(field.selections.as_deref().unwrap_or_default());
                    self.leave();
                }
                Selection::InlineFragment { on, selections, .. } => {
                    let before = self.narrow(on.as_ref().map(|on| &on.value));
                    self.selections(selections);
                    self.restore(before);
                }
                Selection::FragmentSpread { .. } => {}
            }
        }
    }

    /// Adds what a selection map reads.
    pub fn map(&mut self, map: &SelectionMap) {
        for selected in &map.alternatives {
            match selected {
                Selected::Object(fields) => self.object(fields),
                Selected::Path { path, below } => self.path(path, below.as_ref()),
            }
        }
    }

    /// Fields that are not read alike; of those below such a field nothing is said.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let mut paths: Vec<&[Name]> = Vec::new();
        let mut conflicts = Vec::new();
        for (path, reads) in &self.by_path {
            if paths.iter().any(|known| path.starts_with(known)) {
                continue;
            }
            let before = conflicts.len();
            for (index, read) in reads.iter().enumerate() {
                let other = reads[..index].iter().find(|first| first.is_other(read));
                let field = path.last().cloned().unwrap_or_else(|| "".into());
                conflicts.extend(other.map(|first| Conflict { field, span: read.span, first: first.span }));
            }
            if conflicts.len() > before {
                paths.push(path);
            }
        }
        conflicts
    }

    fn object(&mut self, fields: &[ObjectField]) {
        fields.iter().for_each(|field| self.map(&field.value));
    }

    fn path(&mut self, path: &Path, below: Option<&Below>) {
        let before = self.narrow(path.on.as_ref().map(|on| &on.value));
        for step in &path.steps {
            self.enter(&step.field.value, &step.arguments, step.field.span);
            self.narrow(step.on.as_ref().map(|on| &on.value));
        }
        match below {
            None => {}
            Some(Below::Object(fields)) => self.object(fields),
            Some(Below::List(item)) => self.item(item),
        }
        path.steps.iter().for_each(|_| self.leave());
        self.restore(before);
    }

    fn item(&mut self, item: &ListItem) {
        match item {
            ListItem::Value(map) => self.map(map),
            ListItem::List(item) => self.item(item),
        }
    }

    fn enter(&mut self, name: &Name, arguments: &[Argument], span: Span) {
        self.path.push(name.clone());
        let given = arguments.iter().map(|argument| (argument.name.value.clone(), argument.value.to_input()));
        let read = Read { objects: self.objects.clone(), arguments: given.collect(), span };
        self.by_path.entry(self.path.clone()).or_default().push(read);
        self.objects.push(None);
    }

    fn leave(&mut self) {
        self.path.pop();
        self.objects.pop();
    }

    /// Only objects of type `on` are meant from here on; what was meant before.
    fn narrow(&mut self, on: Option<&Name>) -> Option<Name> {
        let here = self.objects.last_mut();
        let before = here.as_deref().cloned().flatten();
        if let (Some(on), Some(here)) = (on.filter(|on| (self.is_object)(on)), here) {
            *here = Some(on.clone());
        }
        before
    }

    fn restore(&mut self, before: Option<Name>) {
        if let Some(here) = self.objects.last_mut() {
            *here = before;
        }
    }
}

// === impl Read ===

impl Read {
    /// Whether both may be of one object and have other arguments.
    fn is_other(&self, other: &Self) -> bool {
        let apart = self.objects.iter().zip(&other.objects).any(|pair| match pair {
            (Some(one), Some(other)) => one != other,
            _ => false,
        });
        !apart && self.arguments != other.arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::language::parse;
    use crate::platform::base::span::SourceMap;

    fn conflicts(text: &str) -> Vec<(String, u32, u32)> {
        let file = SourceMap::new().add("a", text);
        let told = |reads: Reads<'_>| {
            let told = reads.conflicts().into_iter();
            told.map(|conflict| (conflict.field.to_string(), conflict.span.start, conflict.first.start)).collect()
        };
        let is_object = |name: &str| name != "Media";
        let mut reads = Reads::new(&is_object);
        match SelectionMap::parse(text, &|start, end| Span::new(file, start, end)) {
            Ok(map) => reads.map(&map),
            Err(_) => reads.selections(&parse::field_set(text, file).unwrap()),
        }
        told(reads)
    }

    #[test]
    fn a_field_is_read_with_one_set_of_arguments() {
        assert_eq!(conflicts("w(u: A, v: 1) w(v: 1, u: A) x"), []);
        assert_eq!(conflicts("w(u: A) x w(u: B)"), [("w".to_owned(), 10, 0)]);
        assert_eq!(conflicts("w(u: A) { a } w { a(x: 1) }"), [("w".to_owned(), 14, 0)]);
        assert_eq!(conflicts("s { w(u: A) } s { w }"), [("w".to_owned(), 18, 4)]);
        assert_eq!(conflicts("size.{ a: w(u: K) b: w(u: L) }"), [("w".to_owned(), 21, 10)]);
        assert_eq!(conflicts("{ a: list[{ w(u: 1) }] b: list[[w(u: 2)]] }"), [("w".to_owned(), 32, 12)]);
    }

    #[test]
    fn objects_of_different_types_have_different_fields() {
        assert_eq!(conflicts("m { ... on A { w(u: A) } ... on B { w(u: B) x { w(u: C) } } }"), []);
        assert_eq!(conflicts("m { ... on A { w(u: A) } ... on Media { w(u: B) } }"), [("w".to_owned(), 40, 15)]);
        assert_eq!(conflicts("m<A>.x.w(u: 1) | m<B>.x.w(u: 2)"), []);
        assert_eq!(conflicts("m<A>.x.w(u: 1) | m.x.w(u: 2)"), [("w".to_owned(), 21, 7)]);
        assert_eq!(conflicts("{ a: <A>.w(u: 1) b: <B>.w(u: 2) c: w }"), [("w".to_owned(), 35, 9)]);
    }
}
