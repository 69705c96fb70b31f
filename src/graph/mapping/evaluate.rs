//! Running a mapping on a value. Missing values are `None`; nothing here panics or recurses without
//! a bound, whatever the value.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::ast::{Block, Expr, Head, Item, ItemKind, MethodCall, Operator, Path, Root, StepKind};
use super::budget::Budget;
use super::kinds::Kinds;
use super::methods::Call;
use super::problem::{Problem, Problems, Trail};
use super::variables::Variables;
use crate::platform::base::Name;

/// What a mapping yields.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The value, or nothing: missing is not null.
    pub value: Option<Value>,
    /// What went wrong on the way, in the order in which it was met.
    pub problems: Vec<Problem>,
    /// Why the evaluation was stopped before its end, if it was: there is no value then, whatever the
    /// mapping says.
    pub stopped: Option<&'static str>,
}

static INPUT: Trail<'static> = Trail::root("$");

/// Evaluates `root`.
pub(super) fn evaluate(root: &Root, input: Option<&Value>, variables: &Variables<'_>) -> Outcome {
    let mut evaluator = Evaluator::default();
    let scope = Scope { variables, input, input_trail: &INPUT, at: input, at_trail: &INPUT };
    let value = match root {
        Root::Value(value) => evaluator.expr(value, scope).and_then(|value| evaluator.budget.own(value)),
        // Without an input the items still see variables.
        Root::Items(block) => match input {
            Some(input) => evaluator.block(block, input, scope, &INPUT),
            None => evaluator.object(block, scope),
        },
    };
    let value = match evaluator.budget.exceeded() {
        None => value,
        Some(reason) => {
            let range = match root {
                Root::Value(value) => &value.range,
                Root::Items(block) => &block.range,
            };
            evaluator.problems.add(&format!("evaluation was stopped: {reason}"), range, &INPUT);
            None
        }
    };
    Outcome { value, problems: evaluator.problems.into_list(), stopped: evaluator.budget.exceeded() }
}

/// What heads refer to at one place of a mapping.
#[derive(Clone, Copy)]
pub(super) struct Scope<'v, 't> {
    pub variables: &'v Variables<'v>,
    /// `$`.
    pub input: Option<&'v Value>,
    pub input_trail: &'t Trail<'t>,
    /// `@`.
    pub at: Option<&'v Value>,
    pub at_trail: &'t Trail<'t>,
}

/// The state of one evaluation.
#[derive(Default)]
pub(super) struct Evaluator {
    pub problems: Problems,
    pub budget: Budget,
    /// What `->as` bound, innermost last.
    locals: Vec<(Name, Option<Rc<Value>>)>,
}

// === impl Evaluator: expressions ===

impl Evaluator {
    /// The value of an expression.
    pub fn expr<'v>(&mut self, expr: &'v Expr, scope: Scope<'v, '_>) -> Option<Cow<'v, Value>> {
        if expr.rest.is_empty() {
            return self.path(&expr.first, scope);
        }
        let before = std::mem::take(&mut self.problems);
        let mut skipped = Problems::default();
        let mut outcome = None;
        for operand in expr.operands() {
            outcome = self.path(operand, scope);
            let own = std::mem::take(&mut self.problems);
            let settles = match expr.operator {
                Operator::Coalesce => outcome.as_ref().is_some_and(|value| !value.is_null()),
                Operator::CoalesceMissing => outcome.is_some(),
            };
            // Problems of skipped operands matter only when no operand gives a value.
            if settles {
                skipped = own;
                break;
            }
            skipped.append(own);
        }
        self.problems = before;
        self.problems.append(skipped);
        outcome
    }

    fn path<'v>(&mut self, path: &'v Path, scope: Scope<'v, '_>) -> Option<Cow<'v, Value>> {
        if !self.budget.enter() {
            return None;
        }
        let locals = self.locals.len();
        let value = if self.budget.visit(1) { self.walk(path, scope) } else { None };
        self.locals.truncate(locals);
        self.budget.leave();
        value
    }

    fn walk<'v>(&mut self, path: &'v Path, scope: Scope<'v, '_>) -> Option<Cow<'v, Value>> {
        let root;
        let base = match &path.head {
            Head::At => scope.at_trail,
            Head::Variable(variable) => {
                root = Trail::root(variable.as_str());
                &root
            }
            Head::Local(name) => {
                root = Trail::local(name);
                &root
            }
            _ => scope.input_trail,
        };
        let mut current = self.head(path, scope)?;
        for (index, step) in path.steps.iter().enumerate() {
            let here = Trail::steps(base, path, index);
            current = match &step.kind {
                StepKind::Key(key) => self.property(current, key, path.is_optional(index + 1), &step.range, &here)?,
                StepKind::Optional if current.is_null() => return None,
                StepKind::Optional => current,
                StepKind::Method(call) => match current {
                    Cow::Borrowed(value) => self.method(call, value, &step.range, scope, &here)?,
                    Cow::Owned(value) => match Self::returns_input(call) {
                        true => {
                            self.method(call, &value, &step.range, scope, &here)?;
                            Cow::Owned(value)
                        }
                        false => {
                            let result = self.method(call, &value, &step.range, scope, &here)?;
                            Cow::Owned(self.budget.own(result)?)
                        }
                    },
                },
            };
        }
        match &path.block {
            None => Some(current),
            Some(block) => {
                let here = Trail::steps(base, path, path.steps.len());
                self.block(block, &current, scope, &here).map(Cow::Owned)
            }
        }
    }

    /// `->as` gives its input back: no need to copy it.
    fn returns_input(call: &MethodCall) -> bool {
        call.binds.is_some()
    }

    fn head<'v>(&mut self, path: &'v Path, scope: Scope<'v, '_>) -> Option<Cow<'v, Value>> {
        let range = &path.head_range;
        match &path.head {
            Head::Input => self.present(scope.input, "there is no input here", range, scope.input_trail),
            Head::At => self.present(scope.at, "there is no value here", range, scope.at_trail),
            Head::Key(key) => {
                let input = self.present(scope.input, "there is no input here", range, scope.input_trail)?;
                self.property(input, key, path.is_optional(0), range, scope.input_trail)
            }
            Head::Variable(variable) => {
                let name = variable.as_str();
                match scope.variables.value(*variable) {
                    Some(value) => Some(Cow::Borrowed(value)),
                    None => self.fail(&format!("{name} has no value here"), range, &Trail::root(name)),
                }
            }
            Head::Local(name) => {
                let bound = self.locals.iter().rev().find(|(local, _)| local == name);
                match bound.and_then(|(_, value)| value.clone()) {
                    Some(value) => self.budget.own(Cow::Borrowed(&value)).map(Cow::Owned),
                    None => self.fail(&format!("${name} has no value"), range, &Trail::local(name)),
                }
            }
            Head::Expr(inner) => self.expr(inner, scope),
            Head::Literal(value) => Some(Cow::Borrowed(value)),
            Head::Array(items) => self.array(items, scope).map(Cow::Owned),
            Head::Object(block) => self.object(block, scope).map(Cow::Owned),
        }
    }

    fn present<'v>(
        &mut self,
        value: Option<&'v Value>,
        message: &str,
        range: &Range<usize>,
        trail: &Trail<'_>,
    ) -> Option<Cow<'v, Value>> {
        match value {
            Some(value) => Some(Cow::Borrowed(value)),
            None => self.fail(message, range, trail),
        }
    }

    /// Reports a problem, which makes the value missing.
    pub fn fail<T>(&mut self, message: &str, range: &Range<usize>, trail: &Trail<'_>) -> Option<T> {
        self.problems.add(message, range, trail);
        None
    }

    fn array(&mut self, items: &[Expr], scope: Scope<'_, '_>) -> Option<Value> {
        let mut array = Vec::with_capacity(items.len());
        for item in items {
            let value = self.expr(item, scope).and_then(|value| self.budget.own(value));
            array.push(value.unwrap_or(Value::Null));
        }
        self.budget.exceeded().is_none().then_some(Value::Array(array))
    }

    fn method<'v>(
        &mut self,
        call: &'v MethodCall,
        input: &'v Value,
        range: &Range<usize>,
        scope: Scope<'v, '_>,
        here: &Trail<'_>,
    ) -> Option<Cow<'v, Value>> {
        let Some(method) = call.method else {
            return self.fail(&format!("there is no method \"{}\"", call.name), range, here);
        };
        if let Some(wanted) = method.arity.mistake(call.args.len() + usize::from(call.binds.is_some())) {
            return self.fail(&format!("->{} takes {wanted}", call.name), range, here);
        }
        if !method.input.contains(Kinds::of(input)) {
            let message = format!("->{} needs {}, not {}", call.name, method.input, Kinds::of(input));
            return self.fail(&message, range, here);
        }
        let scope = Scope { at: Some(input), at_trail: here, ..scope };
        if let Some(name) = &call.binds {
            let bound = match call.args.first() {
                Some(arg) => self.expr(arg, scope),
                None => Some(Cow::Borrowed(input)),
            };
            let bound = bound.and_then(|value| self.budget.own(value)).map(Rc::new);
            self.locals.push((name.clone(), bound));
            return Some(Cow::Borrowed(input));
        }
        (method.run)(&mut Call { evaluator: self, name: method.name, input, args: &call.args, scope, range })
    }
}

// === impl Evaluator: properties and blocks ===

impl Evaluator {
    /// `.key`; `quiet` when an absent key is no problem.
    fn property<'v>(
        &mut self,
        value: Cow<'v, Value>,
        key: &str,
        quiet: bool,
        range: &Range<usize>,
        trail: &Trail<'_>,
    ) -> Option<Cow<'v, Value>> {
        match value {
            Cow::Borrowed(Value::Object(map)) => match map.get(key) {
                Some(value) => Some(Cow::Borrowed(value)),
                None => self.absent(key, quiet, range, trail),
            },
            Cow::Owned(Value::Object(mut map)) => match map.swap_remove(key) {
                Some(value) => Some(Cow::Owned(value)),
                None => self.absent(key, quiet, range, trail),
            },
            value => match value.as_ref() {
                Value::Array(items) => self.pluck(items, key, quiet, range, trail).map(Cow::Owned),
                other => self.keyless(other, key, range, trail),
            },
        }
    }

    fn absent<T>(&mut self, key: &str, quiet: bool, range: &Range<usize>, trail: &Trail<'_>) -> Option<T> {
        match quiet {
            true => None,
            false => self.fail(&format!("property \"{key}\" is not in the object"), range, &Trail::key(trail, key)),
        }
    }

    fn keyless<T>(&mut self, value: &Value, key: &str, range: &Range<usize>, trail: &Trail<'_>) -> Option<T> {
        let message = format!("property \"{key}\" cannot be read from {}", Kinds::of(value));
        self.fail(&message, range, &Trail::key(trail, key))
    }

    /// `.key` of each element; missing ones become null.
    fn pluck(
        &mut self,
        items: &[Value],
        key: &str,
        quiet: bool,
        range: &Range<usize>,
        trail: &Trail<'_>,
    ) -> Option<Value> {
        if !self.budget.enter() {
            return None;
        }
        let mut plucked = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if !self.budget.visit(1) {
                break;
            }
            let here = Trail::index(trail, index);
            let value = self.property(Cow::Borrowed(item), key, quiet, range, &here);
            plucked.push(value.and_then(|value| self.budget.own(value)).unwrap_or(Value::Null));
        }
        self.budget.leave();
        self.budget.exceeded().is_none().then_some(Value::Array(plucked))
    }

    /// `value { … }`.
    fn block(&mut self, block: &Block, value: &Value, scope: Scope<'_, '_>, trail: &Trail<'_>) -> Option<Value> {
        if !self.budget.enter() {
            return None;
        }
        let result = match value {
            Value::Array(items) => {
                let mut array = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    if !self.budget.visit(1) {
                        break;
                    }
                    let element = self.block(block, item, scope, &Trail::index(trail, index));
                    array.push(element.unwrap_or(Value::Null));
                }
                Some(Value::Array(array))
            }
            value => {
                let scope = Scope { input: Some(value), input_trail: trail, at: Some(value), at_trail: trail, ..scope };
                match self.object(block, scope) {
                    // A scalar or null that yields no key stays what it is.
                    Some(Value::Object(map)) if map.is_empty() && !value.is_object() => {
                        self.budget.own(Cow::Borrowed(value))
                    }
                    result => result,
                }
            }
        };
        self.budget.leave();
        if self.budget.exceeded().is_some() { None } else { result }
    }

    /// The object that items yield, or null when null is spread into it.
    fn object(&mut self, block: &Block, scope: Scope<'_, '_>) -> Option<Value> {
        let mut map = Map::with_capacity(block.items.len());
        for item in &block.items {
            match &item.kind {
                ItemKind::Named { key, value, .. } => {
                    let value = self.expr(value, scope).and_then(|value| self.budget.own(value));
                    self.insert(&mut map, key, value, item, scope);
                }
                ItemKind::Field(key, path) => {
                    let value = self.path(path, scope).and_then(|value| self.budget.own(value));
                    self.insert(&mut map, key, value, item, scope);
                }
                ItemKind::Merge(path) | ItemKind::Spread(path) => {
                    match self.path(path, scope).and_then(|value| self.budget.own(value)) {
                        Some(Value::Null) => return Some(Value::Null),
                        Some(Value::Object(more)) => {
                            for (key, value) in more {
                                self.insert(&mut map, &key, Some(value), item, scope);
                            }
                        }
                        Some(other) => {
                            let message = format!("{} cannot be merged into an object", Kinds::of(&other));
                            self.problems.add(&message, &path.range, scope.input_trail);
                        }
                        None => {}
                    }
                }
            }
        }
        self.budget.exceeded().is_none().then_some(Value::Object(map))
    }

    fn insert(
        &mut self,
        map: &mut Map<String, Value>,
        key: &str,
        value: Option<Value>,
        item: &Item,
        scope: Scope<'_, '_>,
    ) {
        let Some(value) = value else { return };
        match map.get_mut(key) {
            None => {
                map.insert(key.to_owned(), value);
            }
            Some(known) => {
                let earlier = known.take();
                *known = self.merge(earlier, value, item, &Trail::key(scope.input_trail, key));
            }
        }
    }

    /// Two results for one key. Both were built or copied here, so their depth is bounded.
    fn merge(&mut self, earlier: Value, later: Value, item: &Item, trail: &Trail<'_>) -> Value {
        match (earlier, later) {
            (Value::Object(mut map), Value::Object(more)) => {
                for (key, value) in more {
                    let merged = match map.get_mut(&key) {
                        Some(known) => {
                            let known = known.take();
                            self.merge(known, value, item, &Trail::key(trail, &key))
                        }
                        None => value,
                    };
                    map.insert(key, merged);
                }
                Value::Object(map)
            }
            (Value::Array(items), Value::Array(more)) => {
                let mut more = more.into_iter();
                let mut merged = Vec::with_capacity(items.len());
                for (index, item_value) in items.into_iter().enumerate() {
                    merged.push(match more.next() {
                        Some(value) => self.merge(item_value, value, item, &Trail::index(trail, index)),
                        None => item_value,
                    });
                }
                merged.extend(more);
                Value::Array(merged)
            }
            (Value::Null, _) | (_, Value::Null) => Value::Null,
            (earlier, later) => {
                if Kinds::of(&earlier) != Kinds::of(&later) {
                    let message = format!("{} replaces {}", Kinds::of(&later), Kinds::of(&earlier));
                    self.problems.add(&message, &item.range, trail);
                }
                later
            }
        }
    }
}
