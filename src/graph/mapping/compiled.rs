//! A mapping: parsed once, evaluated often.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::ast::{Root, StepKind};
use super::dialect::Dialect;
use super::error::MappingError;
use super::evaluate::{self, Outcome};
use super::infer;
use super::parser;
use super::projection::{self, Projection};
use super::references::{self, References};
use super::shape::Shape;
use super::unparse::Unparse;
use super::variables::Variables;

/// A checked mapping, cheap to clone. Ranges in all it tells are bytes of the text it was parsed from.
#[derive(Clone, Debug)]
pub struct Mapping {
    root: Arc<Root>,
    dialect: Dialect,
    warnings: Vec<MappingError>,
    shape: Arc<Shape>,
}

// === impl Mapping ===

impl Mapping {
    /// Reads a mapping, by the grammar of `dialect`.
    ///
    /// # Errors
    ///
    /// All mistakes that were found, in the order of their places.
    pub fn parse(text: &str, dialect: Dialect) -> Result<Self, Vec<MappingError>> {
        Self::parse_at(text, 0, dialect)
    }

    /// Reads a mapping that is part of a larger text, in which it begins at byte `base`; its ranges
    /// are those of the larger text.
    ///
    /// # Errors
    ///
    /// As [`Mapping::parse`].
    pub fn parse_at(text: &str, base: usize, dialect: Dialect) -> Result<Self, Vec<MappingError>> {
        let parsed = parser::parse(text, base, dialect);
        let (Some(root), []) = (parsed.root, parsed.errors.as_slice()) else { return Err(parsed.errors) };
        let (shape, contradictions) = infer::shape(&root);
        // Up to v0.3 the shapes of methods are not part of the checks.
        if dialect >= Dialect::V0_4 && !contradictions.is_empty() {
            return Err(contradictions);
        }
        Ok(Self { root: Arc::new(root), dialect, warnings: parsed.warnings, shape: Arc::new(shape) })
    }

    /// Runs the mapping. Without an input, `$` and bare keys are missing.
    pub fn evaluate(&self, input: Option<&Value>, variables: &Variables<'_>) -> Outcome {
        evaluate::evaluate(&self.root, input, variables)
    }

    pub(super) fn root(&self) -> &Root {
        &self.root
    }

    /// Which parts of the input and of variables it reads.
    pub fn references(&self) -> References {
        references::of(&self.root)
    }

    /// What it yields, as far as its text tells.
    pub fn output(&self) -> &Shape {
        &self.shape
    }

    /// The equivalent tree of paths, when the mapping only selects and renames.
    pub fn projection(&self) -> Option<Projection> {
        projection::of(&self.root)
    }

    /// What the dialects up to v0.3 report only at run time: unknown methods and wrong numbers of
    /// arguments.
    pub fn warnings(&self) -> &[MappingError] {
        &self.warnings
    }

    /// The dialect it was read in.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether there is nothing in it; an empty mapping yields an empty object.
    pub fn is_empty(&self) -> bool {
        matches!(&*self.root, Root::Items(block) if block.items.is_empty())
    }

    /// Whether it is a list of items and so yields an object, or a list of objects for a list.
    pub fn is_items(&self) -> bool {
        matches!(*self.root, Root::Items(_))
    }

    /// When the mapping is a path with a block, such as `$.items { id }`: the same path without its
    /// block, and the block as a mapping of one element. Batching finds the raw elements so.
    pub fn split_block(&self) -> Option<(Self, Self)> {
        let Root::Value(value) = &*self.root else { return None };
        let mut outer = value.clone();
        let block = outer.first.block.take().filter(|_| outer.rest.is_empty())?;
        // What the path binds would be unknown to the block alone.
        if outer.first.steps.iter().any(|step| matches!(&step.kind, StepKind::Method(call) if call.binds.is_some())) {
            return None;
        }
        let inner = Root::Items(block);
        let part = |root: Root| {
            let (shape, _) = infer::shape(&root);
            Self { root: Arc::new(root), dialect: self.dialect, warnings: Vec::new(), shape: Arc::new(shape) }
        };
        Some((part(Root::Value(outer)), part(inner)))
    }
}

impl fmt::Display for Mapping {
    /// The mapping on one line, in the grammar of its dialect.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Unparse { root: &self.root, dialect: self.dialect }.fmt(f)
    }
}
