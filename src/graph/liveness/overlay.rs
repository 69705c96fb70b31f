//! What `@provides` opens below a field, followed downwards.

use std::collections::HashMap;

use crate::graph::federation::field_set::FieldSetNode;
use crate::graph::federation::ids::{FieldId, TypeId};
use crate::graph::federation::supergraph::Supergraph;
use crate::platform::base::id::IdVec;

crate::id_type!(
    /// External fields that are open at a place; [`OverlayId::NONE`] opens nothing.
    OverlayId
);

/// All overlays met, each once.
#[derive(Debug)]
pub struct Overlays {
    all: IdVec<OverlayId, Vec<FieldSetNode>>,
    known: HashMap<Vec<FieldSetNode>, OverlayId>,
}

// === impl OverlayId ===

impl OverlayId {
    /// Opens nothing.
    pub const NONE: Self = Self(0);
}

// === impl Overlays ===

impl Overlays {
    /// Only the empty one.
    pub fn new() -> Self {
        let mut overlays = Self { all: IdVec::new(), known: HashMap::new() };
        overlays.intern(Vec::new());
        overlays
    }

    /// The id of what `nodes` open.
    pub fn intern(&mut self, mut nodes: Vec<FieldSetNode>) -> OverlayId {
        nodes.sort();
        nodes.dedup();
        if let Some(&id) = self.known.get(&nodes) {
            return id;
        }
        let id = self.all.push(nodes.clone());
        self.known.insert(nodes, id);
        id
    }

    /// What `overlay` says about field `field` of an object of type `class`: `None` if it does not
    /// open it, else what it opens below.
    pub fn below(
        &self,
        graph: &Supergraph,
        overlay: OverlayId,
        class: TypeId,
        field: FieldId,
    ) -> Option<Vec<FieldSetNode>> {
        let mut found = None;
        gather(graph, &self.all[overlay], class, field, &mut found);
        found
    }
}

impl Default for Overlays {
    fn default() -> Self {
        Self::new()
    }
}

fn gather(
    graph: &Supergraph,
    nodes: &[FieldSetNode],
    class: TypeId,
    field: FieldId,
    found: &mut Option<Vec<FieldSetNode>>,
) {
    for node in nodes {
        match node {
            FieldSetNode::Typename => {}
            FieldSetNode::Fragment { on, selections } => {
                if graph.types[*on].possible.contains(class) {
                    gather(graph, selections, class, field, found);
                }
            }
            FieldSetNode::Field { field: opened, selections, .. } => {
                // The overlay may speak of the interface's field.
                if graph.fields[*opened].name == graph.fields[field].name {
                    found.get_or_insert_default().extend(selections.iter().cloned());
                }
            }
        }
    }
}
