//! Subgraphs in the spelling of the Composite Schemas specification, read as federated ones.
//!
//! `definitions` has what the specification defines, `read` takes a document's own use of it apart
//! and checks it, `keys` tells which keys a lookup stands for, and `translate` writes the document
//! that the rest of composition reads: a lookup becomes a key that can be resolved, a required
//! argument a requirement of its field, and what is internal is gone. `types` and `shapes` compare
//! selection maps with types. How a representation becomes a call of a lookup travels along, in
//! `@lookup` and `@require` on the types and fields concerned. Connectors read the document as it
//! was; what they need of it travels along likewise.

pub mod definitions;
mod keys;
mod read;
pub mod shapes;
mod translate;
pub mod types;

use crate::graph::language::ast::{Document, InputValueDefinition, TypeDefinition};
use crate::graph::language::selection_map::SelectionMap;
use crate::graph::link::Links;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// What a subgraph requires of others through arguments.
#[derive(Clone, Debug, Default)]
pub struct Composite {
    /// Every argument with `@require`.
    pub required: Vec<Required>,
    /// The subgraph's input types, of which their values are made.
    pub inputs: Vec<TypeDefinition>,
}

/// An argument with `@require`.
#[derive(Clone, Debug)]
pub struct Required {
    /// The type whose field has it.
    pub ty: Name,
    /// The field.
    pub field: Name,
    /// The argument.
    pub argument: InputValueDefinition,
    /// What it is filled with.
    pub map: SelectionMap,
    /// Whether a connector gets it.
    pub connected: bool,
}

/// A document as federation spells it.
pub struct Translated {
    /// The document.
    pub document: Document,
    /// What else is to be known of it.
    pub composite: Composite,
}

// === impl Composite ===

impl Composite {
    /// Whether a field has required arguments.
    pub fn requires(&self, ty: &str, field: &str) -> bool {
        self.required.iter().any(|required| &*required.ty == ty && &*required.field == field)
    }
}

/// Reads a document that links the specification, which must be valid GraphQL.
pub fn translate(document: &Document, links: &Links, sources: &SourceMap) -> (Option<Translated>, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let read = read::read(document, links, sources, &mut findings);
    let lookups = keys::of(&read, &mut findings);
    if findings.iter().any(Diagnostic::is_error) {
        return (None, findings);
    }
    (Some(translate::translate(document, links, &read, &lookups)), findings)
}
