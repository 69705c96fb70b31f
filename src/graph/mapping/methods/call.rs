//! One call of a method, as the method sees it.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use crate::graph::mapping::ast::Expr;
use crate::graph::mapping::budget::Budget;
use crate::graph::mapping::evaluate::{Evaluator, Scope};
use crate::graph::mapping::kinds::Kinds;
use crate::graph::mapping::number::{Num, integer};
use crate::graph::mapping::problem::Trail;

/// A call: the input, the unevaluated arguments, and what evaluating them needs.
pub(in crate::graph::mapping) struct Call<'c, 'v> {
    pub evaluator: &'c mut Evaluator,
    pub name: &'static str,
    pub input: &'v Value,
    pub args: &'v [Expr],
    /// Its `@` is the input.
    pub scope: Scope<'v, 'c>,
    pub range: &'c Range<usize>,
}

// === impl Call ===

impl<'v> Call<'_, 'v> {
    /// Reports a problem; the result is missing.
    pub fn fail<T>(&mut self, message: &str) -> Option<T> {
        self.evaluator.fail(&format!("->{} {message}", self.name), self.range, self.scope.at_trail)
    }

    /// The bounds of this evaluation.
    pub fn budget(&mut self) -> &mut Budget {
        &mut self.evaluator.budget
    }

    /// Any expression, with `@` = the input.
    pub fn value(&mut self, expr: &'v Expr) -> Option<Cow<'v, Value>> {
        self.evaluator.expr(expr, self.scope)
    }

    /// The argument at `index`, with `@` = the input. Absent arguments are missing.
    pub fn argument(&mut self, index: usize) -> Option<Cow<'v, Value>> {
        let arg = self.args.get(index)?;
        self.value(arg)
    }

    /// The first argument, with `@` = an element of the input; without an index, the input itself.
    pub fn for_element<'e>(&mut self, element: &'e Value, index: Option<usize>) -> Option<Cow<'e, Value>>
    where
        'v: 'e,
    {
        let arg: &'e Expr = self.args.first()?;
        if !self.budget().visit(1) {
            return None;
        }
        let trail = match index {
            Some(index) => Trail::index(self.scope.at_trail, index),
            None => *self.scope.at_trail,
        };
        let scope = Scope {
            variables: self.scope.variables,
            input: self.scope.input,
            input_trail: self.scope.input_trail,
            at: Some(element),
            at_trail: &trail,
        };
        self.evaluator.expr(arg, scope)
    }

    /// The value as one of its own.
    pub fn own(&mut self, value: Cow<'_, Value>) -> Option<Value> {
        self.budget().own(value)
    }

    /// New text, paid for.
    pub fn text_result(&mut self, text: String) -> Option<Cow<'v, Value>> {
        self.budget().write(text.len()).then_some(Cow::Owned(Value::String(text)))
    }

    /// The input as text; methods that ask for it accept nothing else.
    pub fn input_text(&self) -> &'v str {
        self.input.as_str().unwrap_or_default()
    }

    /// The elements of the input; none when it is no array.
    pub fn input_items(&self) -> &'v [Value] {
        self.input.as_array().map_or(&[], Vec::as_slice)
    }

    /// An argument that must be text.
    pub fn text(&mut self, index: usize) -> Option<String> {
        let value = self.argument(index)?;
        match value.as_str() {
            Some(text) => Some(text.to_owned()),
            None => self.wrong(Kinds::STRING, &value),
        }
    }

    /// An argument that must be an integer.
    pub fn integer(&mut self, index: usize) -> Option<i64> {
        let value = self.argument(index)?;
        match integer(&value) {
            Some(integer) => Some(integer),
            None if value.is_number() => self.fail("needs an integer as argument"),
            None => self.wrong(Kinds::NUMBER, &value),
        }
    }

    /// An argument that must be a number.
    pub fn number(&mut self, index: usize) -> Option<Num> {
        let value = self.argument(index)?;
        match Num::of(&value) {
            Some(number) => Some(number),
            None => self.wrong(Kinds::NUMBER, &value),
        }
    }

    /// Reports an argument of the wrong kind.
    pub fn wrong<T>(&mut self, wanted: Kinds, found: &Value) -> Option<T> {
        self.fail(&format!("needs {wanted} as argument, not {}", Kinds::of(found)))
    }
}
