//! The tree as text again, in the grammar of its dialect and on one line.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter, Write as _};

use serde_json::Value;

use super::ast::{Block, Expr, Head, ItemKind, MethodCall, Operator, Path, Root, StepKind};
use super::dialect::Dialect;
use super::lexer::is_name;

/// A key as written: bare when it is a name, quoted otherwise.
pub(super) fn key(key: &str) -> Cow<'_, str> {
    if is_name(key) { Cow::Borrowed(key) } else { Cow::Owned(quoted(key)) }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Writes a mapping.
pub(super) struct Unparse<'m> {
    pub root: &'m Root,
    pub dialect: Dialect,
}

// === impl Unparse ===

impl Display for Unparse<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.root {
            Root::Value(value) => self.expr(f, value, Place::Start),
            Root::Items(block) => self.items(f, block),
        }
    }
}

/// Where an expression stands, as in the parser.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Named,
    Item,
    Inner,
}

impl Unparse<'_> {
    fn expr(&self, f: &mut Formatter<'_>, expr: &Expr, place: Place) -> fmt::Result {
        self.path(f, &expr.first, place)?;
        for operand in &expr.rest {
            f.write_str(match expr.operator {
                Operator::Coalesce => " ?? ",
                Operator::CoalesceMissing => " ?! ",
            })?;
            self.path(f, operand, if place == Place::Start { Place::Named } else { place })?;
        }
        Ok(())
    }

    fn path(&self, f: &mut Formatter<'_>, path: &Path, place: Place) -> fmt::Result {
        self.head(f, &path.head, place, path.steps.is_empty())?;
        for step in &path.steps {
            match &step.kind {
                StepKind::Key(name) => write!(f, ".{}", key(name))?,
                StepKind::Optional => f.write_char('?')?,
                StepKind::Method(call) => self.method(f, call)?,
            }
        }
        match &path.block {
            Some(block) => {
                f.write_char(' ')?;
                self.block(f, block)
            }
            None => Ok(()),
        }
    }

    fn head(&self, f: &mut Formatter<'_>, head: &Head, place: Place, alone: bool) -> fmt::Result {
        match head {
            Head::Input => f.write_char('$'),
            Head::At => f.write_char('@'),
            Head::Key(name) => {
                // Where literals stand, a key that looks like one is reached through `$`, and up to
                // v0.2 a lone key inside brackets is written so as well.
                let literals = place == Place::Inner || (place == Place::Named && self.dialect >= Dialect::V0_4);
                let like_literal = !is_name(name) || matches!(name.as_ref(), "true" | "false" | "null");
                let lone = place == Place::Inner && alone && self.dialect < Dialect::V0_3;
                let prefix = if (literals && like_literal) || lone { "$." } else { "" };
                write!(f, "{prefix}{}", key(name))
            }
            Head::Variable(variable) => f.write_str(variable.as_str()),
            Head::Local(name) => write!(f, "${name}"),
            Head::Expr(inner) => {
                f.write_str("$(")?;
                self.expr(f, inner, Place::Inner)?;
                f.write_char(')')
            }
            Head::Literal(Value::String(text)) => f.write_str(&quoted(text)),
            Head::Literal(Value::Number(number)) => f.write_str(&plain_number(number)),
            Head::Literal(value) => write!(f, "{value}"),
            Head::Array(items) => {
                f.write_char('[')?;
                self.list(f, items)?;
                f.write_char(']')
            }
            Head::Object(block) if self.dialect >= Dialect::V0_4 || place == Place::Named => self.block(f, block),
            Head::Object(block) => self.properties(f, block),
        }
    }

    fn method(&self, f: &mut Formatter<'_>, call: &MethodCall) -> fmt::Result {
        write!(f, "->{}", call.name)?;
        if call.args.is_empty() && call.binds.is_none() {
            return Ok(());
        }
        f.write_char('(')?;
        if let Some(name) = &call.binds {
            write!(f, "${name}{}", if call.args.is_empty() { "" } else { ", " })?;
        }
        self.list(f, &call.args)?;
        f.write_char(')')
    }

    fn list(&self, f: &mut Formatter<'_>, items: &[Expr]) -> fmt::Result {
        for (index, item) in items.iter().enumerate() {
            f.write_str(if index > 0 { ", " } else { "" })?;
            self.expr(f, item, Place::Inner)?;
        }
        Ok(())
    }

    fn block(&self, f: &mut Formatter<'_>, block: &Block) -> fmt::Result {
        if block.items.is_empty() {
            return f.write_str("{}");
        }
        f.write_str("{ ")?;
        self.items(f, block)?;
        f.write_str(" }")
    }

    fn items(&self, f: &mut Formatter<'_>, block: &Block) -> fmt::Result {
        for (index, item) in block.items.iter().enumerate() {
            f.write_str(if index > 0 { " " } else { "" })?;
            match &item.kind {
                ItemKind::Named { key: name, value, .. } => {
                    write!(f, "{}: ", key(name))?;
                    self.expr(f, value, Place::Named)?;
                }
                ItemKind::Field(_, path) | ItemKind::Merge(path) => self.path(f, path, Place::Item)?,
                ItemKind::Spread(path) => {
                    f.write_str("... ")?;
                    self.path(f, path, Place::Item)?;
                }
            }
        }
        Ok(())
    }

    /// An object literal of the old grammars.
    fn properties(&self, f: &mut Formatter<'_>, block: &Block) -> fmt::Result {
        f.write_char('{')?;
        for (index, item) in block.items.iter().enumerate() {
            // The old grammars have no other kind of property.
            if let ItemKind::Named { key: name, value, .. } = &item.kind {
                write!(f, "{}{}: ", if index > 0 { ", " } else { " " }, key(name))?;
                self.expr(f, value, Place::Inner)?;
            }
        }
        f.write_str(" }")
    }
}

/// A number without an exponent, which the grammar does not have.
fn plain_number(number: &serde_json::Number) -> String {
    let text = number.to_string();
    match number.as_f64() {
        Some(float) if text.contains(['e', 'E']) => {
            let plain = format!("{float}");
            if plain.contains('.') { plain } else { format!("{plain}.0") }
        }
        _ => text,
    }
}
