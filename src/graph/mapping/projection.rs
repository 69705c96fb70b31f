//! Mappings that only select and rename, as the tree that a scanner can follow.

use super::ast::{Block, Expr, Head, ItemKind, Path, Root, StepKind};
use crate::platform::base::Name;

/// A mapping without methods, literals, variables and alternatives: where each output value stands
/// in the input. Lists on the way of a path, and under fields, are passed through element by element.
///
/// The path of each field has at least one key. So null or a scalar in place of an object yields no
/// key, and stays as it is, unless a field of the object is [`ProjectedValue::Made`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Projection {
    /// The keys that lead from the input to the value.
    pub path: Vec<ProjectionStep>,
    /// The fields of the object there, or of each object of the list there; none for the value as it is.
    pub fields: Option<Vec<ProjectedField>>,
}

/// One key of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProjectionStep {
    /// The key.
    pub key: Name,
    /// `?` follows it: null becomes missing, and that it is absent is no problem.
    pub optional: bool,
}

/// One field of the output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProjectedField {
    /// The output key; no two fields of an object share one.
    pub key: Name,
    /// Where its value comes from.
    pub value: ProjectedValue,
}

/// Where the value of a field comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProjectedValue {
    /// It stands there, seen from the object.
    At(Projection),
    /// It is an object made of parts of the same object, such as `user: { id: userId }`.
    Made(Vec<ProjectedField>),
}

/// The projection that `root` is, if it is one.
pub(super) fn of(root: &Root) -> Option<Projection> {
    match root {
        Root::Value(value) => expr(value),
        Root::Items(block) => Some(Projection { path: Vec::new(), fields: Some(fields(block)?) }),
    }
}

fn expr(expr: &Expr) -> Option<Projection> {
    if expr.rest.is_empty() { path(&expr.first) } else { None }
}

fn path(path: &Path) -> Option<Projection> {
    let mut steps = Vec::new();
    match &path.head {
        Head::Input => {}
        Head::Key(key) => steps.push(ProjectionStep { key: key.clone(), optional: false }),
        _ => return None,
    }
    for step in &path.steps {
        match &step.kind {
            StepKind::Key(key) => steps.push(ProjectionStep { key: key.clone(), optional: false }),
            // `$?` has no key to belong to.
            StepKind::Optional => steps.last_mut()?.optional = true,
            StepKind::Method(_) => return None,
        }
    }
    let fields = match &path.block {
        Some(block) => Some(fields(block)?),
        None => None,
    };
    Some(Projection { path: steps, fields })
}

fn fields(block: &Block) -> Option<Vec<ProjectedField>> {
    let mut fields: Vec<ProjectedField> = Vec::with_capacity(block.items.len());
    for item in &block.items {
        let (key, value) = match &item.kind {
            ItemKind::Named { key, value, .. } => (key, named(value)?),
            ItemKind::Field(key, value) => (key, at(value)?),
            // Merged keys may meet others, and null makes the whole object null.
            ItemKind::Merge(_) | ItemKind::Spread(_) => return None,
        };
        if fields.iter().any(|known| known.key == *key) {
            return None;
        }
        fields.push(ProjectedField { key: key.clone(), value });
    }
    Some(fields)
}

fn named(value: &Expr) -> Option<ProjectedValue> {
    match value {
        Expr { first: Path { head: Head::Object(block), steps, block: None, .. }, rest, .. }
            if steps.is_empty() && rest.is_empty() =>
        {
            Some(ProjectedValue::Made(fields(block)?))
        }
        Expr { first, rest, .. } if rest.is_empty() => at(first),
        _ => None,
    }
}

fn at(value: &Path) -> Option<ProjectedValue> {
    path(value).filter(|projection| !projection.path.is_empty()).map(ProjectedValue::At)
}
