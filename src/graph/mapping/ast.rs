//! A parsed mapping as a tree. Ranges are bytes of the text that was parsed.

use std::ops::Range;

use serde_json::Value;

use super::dialect::Variable;
use super::methods::Method;
use crate::platform::base::Name;

/// The whole mapping.
#[derive(Clone, Debug)]
pub(super) enum Root {
    /// One expression: the mapping yields its value.
    Value(Expr),
    /// Items: the mapping yields an object, applied to the input like any block.
    Items(Block),
}

/// Operands joined by `??` or `?!`; a single operand in most cases.
#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub first: Path,
    /// All of one kind, see [`Expr::operator`].
    pub rest: Vec<Path>,
    pub operator: Operator,
    pub range: Range<usize>,
}

/// How operands are joined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operator {
    /// `??`: the first that is neither null nor missing.
    Coalesce,
    /// `?!`: the first that is not missing.
    CoalesceMissing,
}

/// A head, the steps from it, and the block its result is read with.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub head: Head,
    pub head_range: Range<usize>,
    pub steps: Vec<Step>,
    pub block: Option<Block>,
    pub range: Range<usize>,
}

/// Where a path starts.
#[derive(Clone, Debug)]
pub(super) enum Head {
    /// `$`.
    Input,
    /// `@`.
    At,
    /// A bare key: `$.key`.
    Key(Name),
    /// A built-in variable.
    Variable(Variable),
    /// A variable bound by `->as`.
    Local(Name),
    /// `$( … )`.
    Expr(Box<Expr>),
    /// Text, a number, `true`, `false` or `null`.
    Literal(Value),
    /// `[ … ]`.
    Array(Vec<Expr>),
    /// `{ … }` where a value stands.
    Object(Block),
}

/// One step of a path.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub kind: StepKind,
    pub range: Range<usize>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub(super) enum StepKind {
    /// `.key`.
    Key(Name),
    /// `?`.
    Optional,
    /// `->name(…)`.
    Method(MethodCall),
}

/// A method with its arguments.
#[derive(Clone, Debug)]
pub(super) struct MethodCall {
    pub name: Name,
    pub name_range: Range<usize>,
    /// None for a name no dialect knows, which the old dialects report at run time only.
    pub method: Option<&'static Method>,
    /// The name bound by `->as($name)`.
    pub binds: Option<Name>,
    pub args: Vec<Expr>,
}

/// `{ items }`.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub items: Vec<Item>,
    pub range: Range<usize>,
}

/// One item of a block.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub kind: ItemKind,
    pub range: Range<usize>,
}

/// What an item adds to the object.
#[derive(Clone, Debug)]
pub(super) enum ItemKind {
    /// `key: expr`.
    Named {
        /// The output key.
        key: Name,
        /// Its place.
        key_range: Range<usize>,
        /// Its value.
        value: Expr,
    },
    /// A lone key: a path of [`Head::Key`], perhaps `?`, perhaps a block.
    Field(Name, Path),
    /// A path ending in a block, whose keys are merged.
    Merge(Path),
    /// `... path`.
    Spread(Path),
}

// === impl Path ===

impl Path {
    /// Whether this is a lone key, which names itself inside items.
    pub fn lone_key(&self) -> Option<&Name> {
        match (&self.head, self.steps.as_slice()) {
            (Head::Key(key), [] | [Step { kind: StepKind::Optional, .. }]) => Some(key),
            _ => None,
        }
    }

    /// Whether the step at `index` is `?`, which silences an absent key before it.
    pub fn is_optional(&self, index: usize) -> bool {
        matches!(self.steps.get(index), Some(Step { kind: StepKind::Optional, .. }))
    }
}

// === impl Expr ===

impl Expr {
    /// The operands, in order.
    pub fn operands(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// The elements, when this is an array written out.
    pub fn as_array(&self) -> Option<&[Expr]> {
        match &self.first {
            Path { head: Head::Array(items), steps, block: None, .. } if steps.is_empty() && self.rest.is_empty() => {
                Some(items)
            }
            _ => None,
        }
    }
}
