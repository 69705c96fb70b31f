//! One hash over everything planning depends on.

use std::fmt::{self, Write};

use sha2::{Digest, Sha256};

use super::lookup::FilledArgument;
use super::supergraph::{SubgraphKind, Supergraph};

/// SHA-256 of the graph. Addresses are left out: a plan does not depend on them.
pub(super) fn of(graph: &Supergraph) -> [u8; 32] {
    let mut sink = Sink(Sha256::new());
    // Writing to a hash cannot fail.
    let _ = write(&mut sink, graph);
    sink.0.finalize().into()
}

struct Sink(Sha256);

impl Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

fn write(out: &mut Sink, graph: &Supergraph) -> fmt::Result {
    for ty in graph.types.iter() {
        // Maps have no order, and what they hold is in the fields below.
        let merged = (&ty.name, ty.kind, &ty.field_order, &ty.possible, &ty.interfaces, &ty.values, &ty.inputs);
        let rest = (ty.inaccessible, ty.auth, &ty.entries, &ty.local, ty.cost);
        write!(out, "{merged:?}{rest:?}")?;
    }
    for subgraph in graph.subgraphs.iter() {
        let kind = match &subgraph.kind {
            SubgraphKind::Graphql { .. } => "graphql",
            SubgraphKind::Native => "native",
            SubgraphKind::Connector(_) => "connector",
        };
        write!(out, "{:?}", (&subgraph.name, &subgraph.service, kind, &subgraph.roots))?;
    }
    write!(out, "{:?}{:?}{:?}{:?}", graph.fields, graph.field_sets, graph.providers, graph.entries)?;
    write!(out, "{:?}{:?}{:?}", graph.labels, graph.auth_rules, graph.connectors)?;
    for lookup in &graph.lookups {
        write!(out, "{:?}", (lookup.ty, lookup.subgraph, lookup.key, &lookup.path))?;
        lookup.arguments.iter().try_for_each(|argument| filled(out, argument))?;
    }
    for required in &graph.required_arguments {
        write!(out, "{:?}", (required.field, required.subgraph))?;
        required.arguments.iter().try_for_each(|argument| filled(out, argument))?;
    }
    write!(out, "{:?}", (graph.query, graph.mutation, graph.subscription))
}

/// Without places: where an argument is written changes nothing.
fn filled(out: &mut Sink, argument: &FilledArgument) -> fmt::Result {
    write!(out, "{:?}{}", (&argument.name, &argument.ty), argument.value)
}
