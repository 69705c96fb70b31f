//! Which variables a mapping reads, and which keys of them.

use std::ops::Range;

use indexmap::IndexMap;

use super::ast::{Block, Expr, Head, ItemKind, MethodCall, Path, Root, StepKind};
use super::dialect::Variable;
use super::methods::Flow;
use crate::platform::base::Name;

/// What a mapping reads.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct References {
    /// What is read of the input, if anything is.
    pub input: Option<Reference>,
    /// What is read of each variable, in the order of first use.
    pub variables: IndexMap<Variable, Reference>,
}

/// What is read of a value: itself, or only what stands below some of its keys. Lists on the way
/// are passed through, as by a path.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Reference {
    /// Where it is read, in order.
    pub ranges: Vec<Range<usize>>,
    /// Whether the value itself is read, and not only values below its keys.
    pub whole: bool,
    /// Of a variable: whether something else than a key follows it somewhere, be it a method, a block, or
    /// nothing.
    pub bare: bool,
    /// The keys that are read, in the order of first use.
    pub keys: IndexMap<Name, Reference>,
}

// === impl References ===

impl References {
    /// What is read of `variable`, if anything is.
    pub fn of(&self, variable: Variable) -> Option<&Reference> {
        self.variables.get(&variable)
    }

    /// Adds what another mapping reads.
    pub fn extend(&mut self, other: &Self) {
        if let Some(input) = &other.input {
            self.input.get_or_insert_default().extend(input);
        }
        for (variable, reference) in &other.variables {
            self.variables.entry(*variable).or_default().extend(reference);
        }
    }
}

// === impl Reference ===

impl Reference {
    /// What is read below `key`, if anything is.
    pub fn key(&self, key: &str) -> Option<&Self> {
        self.keys.get(key)
    }

    /// The place of the first use.
    pub fn range(&self) -> Range<usize> {
        self.ranges.first().cloned().unwrap_or(0..0)
    }

    fn extend(&mut self, other: &Self) {
        self.whole |= other.whole;
        self.bare |= other.bare;
        self.ranges
            .extend(other.ranges.iter().filter(|range| !self.ranges.contains(range)).cloned().collect::<Vec<_>>());
        for (key, reference) in &other.keys {
            self.keys.entry(key.clone()).or_default().extend(reference);
        }
    }
}

/// What `root` reads.
pub(super) fn of(root: &Root) -> References {
    let mut tracer = Tracer::default();
    let input = tracer.node(Origin::Input);
    let scope = Scope { input: &[input], at: &[input] };
    match root {
        Root::Value(value) => {
            let places = tracer.expr(value, scope);
            tracer.read(&places);
        }
        Root::Items(block) => tracer.block(block, &[input]),
    }
    tracer.finish()
}

/// A node of the tracer.
type Place = usize;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Origin {
    Input,
    Variable(Variable),
}

/// Follows values from where they come to where they are read, without evaluating anything. The
/// result of an expression is the set of places its value may have been taken from.
#[derive(Default)]
struct Tracer {
    nodes: Vec<Node>,
    roots: IndexMap<Variable, Place>,
    input: Option<Place>,
    locals: Vec<(Name, Vec<Place>)>,
}

#[derive(Default)]
struct Node {
    used: bool,
    whole: bool,
    bare: bool,
    ranges: Vec<Range<usize>>,
    keys: IndexMap<Name, Place>,
}

#[derive(Clone, Copy)]
struct Scope<'s> {
    input: &'s [Place],
    at: &'s [Place],
}

// === impl Tracer ===

impl Tracer {
    fn node(&mut self, origin: Origin) -> Place {
        let known = match origin {
            Origin::Input => self.input,
            Origin::Variable(variable) => self.roots.get(&variable).copied(),
        };
        let place = known.unwrap_or_else(|| self.add());
        match origin {
            Origin::Input => self.input = Some(place),
            Origin::Variable(variable) => {
                self.roots.insert(variable, place);
            }
        }
        place
    }

    fn add(&mut self) -> Place {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    fn touch(&mut self, places: &[Place], range: &Range<usize>) {
        for &place in places {
            if let Some(node) = self.nodes.get_mut(place) {
                node.used = true;
                if !node.ranges.contains(range) {
                    node.ranges.push(range.clone());
                }
            }
        }
    }

    /// The values at these places are read as a whole.
    fn read(&mut self, places: &[Place]) {
        for &place in places {
            if let Some(node) = self.nodes.get_mut(place) {
                node.whole = true;
            }
        }
    }

    fn key(&mut self, places: &[Place], key: &Name, range: &Range<usize>) -> Vec<Place> {
        let mut below = Vec::new();
        for &place in places {
            let known = self.nodes.get(place).and_then(|node| node.keys.get(key)).copied();
            let child = known.unwrap_or_else(|| self.add());
            if let Some(node) = self.nodes.get_mut(place) {
                node.keys.insert(key.clone(), child);
            }
            if !below.contains(&child) {
                below.push(child);
            }
        }
        self.touch(&below, range);
        below
    }

    fn expr(&mut self, expr: &Expr, scope: Scope<'_>) -> Vec<Place> {
        let mut places = Vec::new();
        for operand in expr.operands() {
            for place in self.path(operand, scope) {
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        places
    }

    fn path(&mut self, path: &Path, scope: Scope<'_>) -> Vec<Place> {
        let locals = self.locals.len();
        let mut places = self.head(path, scope);
        for step in &path.steps {
            places = match &step.kind {
                StepKind::Optional => places,
                StepKind::Key(key) => self.key(&places, key, &step.range),
                StepKind::Method(call) => self.method(call, places, scope),
            };
        }
        if let Some(block) = &path.block {
            self.block(block, &places);
            places = Vec::new();
        }
        self.locals.truncate(locals);
        places
    }

    fn head(&mut self, path: &Path, scope: Scope<'_>) -> Vec<Place> {
        let range = &path.head_range;
        match &path.head {
            Head::Input => self.touched(scope.input.to_vec(), range),
            Head::At => self.touched(scope.at.to_vec(), range),
            Head::Key(key) => {
                self.touch(scope.input, range);
                self.key(scope.input, key, range)
            }
            Head::Variable(variable) => {
                let place = self.node(Origin::Variable(*variable));
                if let Some(node) = self.nodes.get_mut(place) {
                    node.bare |= !matches!(path.steps.first().map(|step| &step.kind), Some(StepKind::Key(_)));
                }
                self.touched(vec![place], range)
            }
            Head::Local(name) => {
                let bound = self.locals.iter().rev().find(|(local, _)| local == name);
                bound.map(|(_, places)| places.clone()).unwrap_or_default()
            }
            Head::Expr(inner) => self.expr(inner, scope),
            Head::Literal(_) => Vec::new(),
            Head::Array(items) => {
                self.read_all(items, scope);
                Vec::new()
            }
            Head::Object(block) => {
                self.object(block, scope);
                Vec::new()
            }
        }
    }

    fn touched(&mut self, places: Vec<Place>, range: &Range<usize>) -> Vec<Place> {
        self.touch(&places, range);
        places
    }

    fn read_all(&mut self, items: &[Expr], scope: Scope<'_>) {
        for item in items {
            let places = self.expr(item, scope);
            self.read(&places);
        }
    }

    fn method(&mut self, call: &MethodCall, input: Vec<Place>, scope: Scope<'_>) -> Vec<Place> {
        let Some(method) = call.method else {
            self.read(&input);
            self.read_all(&call.args, scope);
            return Vec::new();
        };
        let at = Scope { at: &input, ..scope };
        if let Some(name) = &call.binds {
            let bound = match call.args.first() {
                Some(arg) => self.expr(arg, at),
                None => input.clone(),
            };
            self.locals.push((name.clone(), bound));
            return input;
        }
        // An element and its array are one place: paths pass through arrays.
        match method.flow {
            Flow::Gives => call.args.first().map(|arg| self.expr(arg, at)).unwrap_or_default(),
            Flow::Keeps => {
                self.read_all(&call.args, at);
                input
            }
            Flow::Reads => {
                self.read(&input);
                self.read_all(&call.args, at);
                Vec::new()
            }
            Flow::Pairs => {
                self.read(&input);
                let mut places = Vec::new();
                for arg in &call.args {
                    match arg.as_array() {
                        Some([candidate, value]) => {
                            let read = self.expr(candidate, at);
                            self.read(&read);
                            places.extend(self.expr(value, at));
                        }
                        _ => self.read_all(std::slice::from_ref(arg), at),
                    }
                }
                places
            }
        }
    }

    fn block(&mut self, block: &Block, places: &[Place]) {
        self.object(block, Scope { input: places, at: places });
    }

    fn object(&mut self, block: &Block, scope: Scope<'_>) {
        for item in &block.items {
            let places = match &item.kind {
                ItemKind::Named { value, .. } => self.expr(value, scope),
                ItemKind::Field(_, path) | ItemKind::Merge(path) | ItemKind::Spread(path) => self.path(path, scope),
            };
            self.read(&places);
        }
    }

    fn finish(self) -> References {
        let input = self.input.filter(|&place| self.nodes.get(place).is_some_and(|node| node.used));
        References {
            input: input.map(|place| self.reference(place)),
            variables: self.roots.iter().map(|(&variable, &place)| (variable, self.reference(place))).collect(),
        }
    }

    /// Key paths are no longer than the mapping is deep and long; the tree has no loops, since
    /// children are always newer than their parents.
    fn reference(&self, place: Place) -> Reference {
        let Some(node) = self.nodes.get(place) else { return Reference::default() };
        let keys = node.keys.iter().map(|(key, &child)| (key.clone(), self.reference(child)));
        Reference { ranges: node.ranges.clone(), whole: node.whole, bare: node.bare, keys: keys.collect() }
    }
}
