//! Selections as the shape of the answer they give.

use std::collections::BTreeSet;

use crate::graph::federation::ids::TypeId;
use crate::graph::federation::supergraph::Supergraph;
use crate::graph::language::ast::TypeKind;
use crate::platform::base::Name;
use crate::sources::rows::shape::{FieldShape, Leaf, ObjectShape, Typing, ValueKind, ValueShape};

use super::graph::Graph;
use super::layout::{LayoutId, Layouts, Numbering};
use super::selection::{Selected, SelectedField};

/// Makes shapes. How many slots a layout has is only known when all are made: see [`seal`].
pub struct Shaper<'s, 'a> {
    /// What is planned.
    pub graph: &'s Graph<'a>,
    /// The layouts.
    pub layouts: &'s Layouts,
    /// Their final numbers.
    pub numbering: &'s mut Numbering,
    /// Layouts whose objects later calls start from.
    pub recorded: &'s BTreeSet<LayoutId>,
}

// === impl Shaper ===

impl Shaper<'_, '_> {
    /// The shape of one object.
    pub fn object(&mut self, selected: &Selected) -> ObjectShape {
        let site = self.numbering.site(self.layouts, selected.layout);
        let fields = selected.fields.iter().map(|field| self.field(field)).collect();
        let supergraph = self.graph.supergraph;
        let typing = match selected.possible.first() {
            Some(only) if !selected.opaque && selected.possible.len() == 1 => Typing::Fixed(only),
            Some(_) if !selected.opaque => Typing::Key {
                key: "__typename".into(),
                table: selected.possible.iter().map(|ty| (supergraph.types[ty].name.clone(), ty)).collect(),
            },
            _ => Typing::Opaque,
        };
        let record = self.recorded.contains(&selected.layout);
        ObjectShape { site, slots: 0, typing, fields, record, interned: false }
    }

    fn field(&mut self, field: &SelectedField) -> FieldShape {
        let kind = match &field.child {
            Some(child) => ValueKind::Object(Box::new(self.object(child))),
            None => {
                let is_client = field.instances.iter().any(|&id| {
                    let demand = self.graph.instances[id].demand;
                    self.graph.demands[demand].client.is_some()
                });
                ValueKind::Leaf(leaf(self.graph.supergraph, field.local_type.inner, is_client))
            }
        };
        let lists = u8::try_from(field.local_type.lists.len()).unwrap_or(u8::MAX);
        let slot = self.numbering.slot(self.layouts, field.cell);
        FieldShape { key: field.key.clone(), slot, value: ValueShape { lists, kind } }
    }
}

/// Which values are right for a leaf; a client never sees inaccessible enum values, requirements may
/// read them.
fn leaf(supergraph: &Supergraph, ty: TypeId, is_client: bool) -> Leaf {
    let def = &supergraph.types[ty];
    if def.kind == TypeKind::Enum {
        let shown = def.values.iter().filter(|value| !(is_client && value.inaccessible));
        return Leaf::Enum(shown.map(|value| value.name.clone()).collect::<Vec<Name>>().into());
    }
    match &*def.name {
        "String" => Leaf::String,
        "Int" => Leaf::Int,
        "Float" => Leaf::Float,
        "Boolean" => Leaf::Boolean,
        "ID" => Leaf::Id,
        _ => Leaf::Custom,
    }
}

/// Writes the final number of slots into a shape and all below it.
pub fn seal(shape: &mut ObjectShape, numbering: &Numbering) {
    shape.slots = numbering.sites[shape.site].slots;
    for (_, object) in shape.fields.objects_mut() {
        seal(object, numbering);
    }
}
