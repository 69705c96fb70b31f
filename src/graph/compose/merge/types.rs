//! One type out of several: fields take the most general, arguments and input fields the most
//! demanding.

use crate::graph::language::ast::TypeExpr;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

use super::merger::Merger;

/// A type reference in a subgraph.
pub struct Typed<'a> {
    /// The subgraph's position.
    pub index: usize,
    /// The type there.
    pub ty: &'a TypeExpr,
    /// Its place.
    pub span: Span,
}

/// Which way types may differ.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// A field's type: every subgraph's values must fit.
    Output,
    /// An argument's type.
    Argument,
    /// An input field's type.
    InputField,
}

/// Whether two types are the same, wherever they are written.
pub fn same(left: &TypeExpr, right: &TypeExpr) -> bool {
    match (left, right) {
        (TypeExpr::Named(left), TypeExpr::Named(right)) => left.value == right.value,
        (TypeExpr::List(left), TypeExpr::List(right)) | (TypeExpr::NonNull(left), TypeExpr::NonNull(right)) => {
            same(left, right)
        }
        _ => false,
    }
}

impl Merger<'_> {
    /// The merged type and whether all are the same; `None`, and an error, when none fits all.
    pub fn merge_types(&mut self, what: &str, all: &[Typed<'_>], position: Position) -> Option<(TypeExpr, bool)> {
        let first = all.first()?;
        if all.iter().all(|typed| same(typed.ty, first.ty)) {
            return Some((first.ty.clone(), true));
        }
        let fits = |candidate: &TypeExpr| {
            all.iter().all(|typed| match position {
                Position::Output => self.relations.is_subtype(candidate, typed.ty),
                Position::Argument | Position::InputField => self.relations.is_subtype(typed.ty, candidate),
            })
        };
        let chosen = all.iter().map(|typed| typed.ty).find(|candidate| fits(candidate)).cloned();
        let (code, hint) = match position {
            Position::Argument => ("FIELD_ARGUMENT_TYPE_MISMATCH", "INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE"),
            Position::Output | Position::InputField => {
                ("FIELD_TYPE_MISMATCH", "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE")
            }
        };
        let finding = match &chosen {
            Some(ty) => {
                Diagnostic::hint(hint, format!("\"{what}\" has different but compatible types; \"{ty}\" is used"))
            }
            None => Diagnostic::error(code, format!("the types of \"{what}\" do not go together")),
        };
        let finding = all.iter().fold(finding, |finding, typed| {
            finding.label(typed.span, format!("\"{}\" in subgraph \"{}\"", typed.ty, self.subgraphs[typed.index].name))
        });
        self.report(finding);
        chosen.map(|ty| (ty, false))
    }
}
