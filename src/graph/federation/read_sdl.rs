//! The one way a [`Supergraph`] comes to be: from a document in join-spec form, composed by us
//! or elsewhere.

use crate::graph::language::ast::{Definition, TypeKind};
use crate::graph::language::ast::{Document, OperationKind, SchemaDefinition};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

use super::api_schema;
use super::build::Build;
use super::fingerprint;
use super::join::Joined;
use super::specs::Specs;
use super::supergraph::{SubgraphKind, Supergraph};

impl Supergraph {
    /// Reads a supergraph written with the join specification, v0.2 to v0.5.
    ///
    /// # Errors
    /// `INVALID_FEDERATION_SUPERGRAPH` and kin, with their places; all that were found.
    pub fn from_document(document: &Document, sources: &SourceMap) -> Result<Self, Vec<Diagnostic>> {
        let specs = Specs::read(document)?;
        let joined = Joined::read(document, &specs)?;
        let mut build = Build::new(sources, &specs, &joined);
        build.types();
        let connected = build.subgraphs();
        build.roots(document);
        build.local_types();
        build.provide();
        build.lookups();
        build.connect(&connected);
        build.protect();
        let mut graph = build.finish()?;
        graph.api_sdl = api_schema::sdl(document, &specs).into();
        graph.hash = fingerprint::of(&graph);
        Ok(graph)
    }

    /// Says that the subgraphs of these names are schemas of this process. What is planned for them
    /// may cost less, so the graph becomes another one.
    pub fn mount_natives(&mut self, names: &[Name]) {
        if names.is_empty() {
            return;
        }
        for subgraph in self.subgraphs.iter_mut().filter(|subgraph| names.contains(&subgraph.name)) {
            subgraph.kind = SubgraphKind::Native;
        }
        self.hash = fingerprint::of(self);
    }
}

impl Build<'_> {
    /// The root types, from the schema definition or by their usual names.
    fn roots(&mut self, document: &Document) {
        let mut schemas = document.definitions.iter().filter_map(|definition| match definition {
            Definition::Schema(schema) => Some(schema),
            _ => None,
        });
        let given: Vec<_> = schemas.clone().flat_map(|schema| schema.roots.iter().cloned()).collect();
        if given.is_empty() {
            for (kind, name) in [
                (OperationKind::Query, "Query"),
                (OperationKind::Mutation, "Mutation"),
                (OperationKind::Subscription, "Subscription"),
            ] {
                let root = self.graph.type_id(name);
                self.set_root(kind, root);
            }
        }
        for (kind, name) in given {
            match self.graph.type_id(&name.value) {
                Some(ty) if self.graph.types[ty].kind == TypeKind::Object => self.set_root(kind, Some(ty)),
                _ => self.error(name.span, format!("`{}` is not an object type of this graph", name.value)),
            }
        }
        if self.graph.query.is_none() {
            let place = schemas.next().map(|schema: &SchemaDefinition| schema.span);
            let finding = Diagnostic::error(super::specs::INVALID, "the supergraph has no query root type");
            self.diagnostics.push(match place {
                Some(span) => finding.at(span),
                None => finding,
            });
        }
    }

    fn set_root(&mut self, kind: OperationKind, root: Option<super::ids::TypeId>) {
        match kind {
            OperationKind::Query => self.graph.query = root,
            OperationKind::Mutation => self.graph.mutation = root,
            OperationKind::Subscription => self.graph.subscription = root,
        }
    }
}
