//! How the response is written: the client's selections over slots.

use crate::gateway::operation::guards::GuardId;
use crate::gateway::operation::model::{FieldSelection, Operation, Selection, SelectionKind, SelectionSet};
use crate::graph::federation::ids::TypeSet;
use crate::graph::federation::supergraph::Supergraph;
use crate::graph::language::ast::OperationKind;

use super::layout::{LayoutId, Layouts, Numbering};
use super::model::{OutputItem, OutputKey, OutputKind, OutputSelection, OutputType, OutputTypeKind};
use super::sites::cell_key;

/// Compiles the client's selections.
pub struct OutputProgram<'o> {
    /// What it is planned against.
    pub supergraph: &'o Supergraph,
    /// The operation.
    pub operation: &'o Operation,
    /// Where the values stand.
    pub layouts: &'o mut Layouts,
    /// Their final numbers.
    pub numbering: &'o mut Numbering,
}

/// The output with the response keys of `set`, which is the selection it was compiled from but for
/// those; `None` if they are the same.
pub fn renamed(output: &OutputSelection, set: &SelectionSet) -> Option<OutputSelection> {
    let mut result = None;
    for (index, (item, selection)) in output.items.iter().zip(&set.items).enumerate() {
        let other = (*item.key != *selection.response_key).then(|| OutputKey::from(&*selection.response_key));
        let below = match (&item.kind, &selection.kind) {
            (
                OutputKind::Value {
                    ty: OutputType { kind: OutputTypeKind::Object { selection: below, .. }, .. }, ..
                },
                SelectionKind::Field(FieldSelection { selections: Some(set), .. }),
            ) => renamed(below, set),
            _ => None,
        };
        if other.is_none() && below.is_none() {
            continue;
        }
        let result = result.get_or_insert_with(|| output.clone());
        if let Some(key) = other {
            result.rename(index, key);
        }
        if let (Some(below), OutputKind::Value { ty, .. }) = (below, &mut result.items[index].kind)
            && let OutputTypeKind::Object { selection, .. } = &mut ty.kind
        {
            *selection = below;
        }
    }
    result
}

// === impl OutputProgram ===

impl OutputProgram<'_> {
    /// The whole response.
    pub fn compile(&mut self) -> OutputSelection {
        self.selection(&self.operation.root, Layouts::ROOT)
    }

    fn selection(&mut self, set: &SelectionSet, layout: LayoutId) -> OutputSelection {
        let site = self.numbering.site(self.layouts, layout);
        let mut places: Vec<(u32, usize, GuardId)> = Vec::new();
        for (index, item) in set.items.iter().enumerate() {
            places.extend(item.places.iter().map(|place| (place.position, index, place.guard)));
        }
        places.sort_by_key(|&(position, ..)| position);
        let items = set.items.iter().map(|item| self.item(set, item, layout)).collect();
        OutputSelection::new(site, items, places.into_iter().map(|(_, item, guard)| (item, guard)))
    }

    fn item(&mut self, set: &SelectionSet, item: &Selection, layout: LayoutId) -> OutputItem {
        let possible = &self.supergraph.types[set.parent].possible;
        let kind = match &item.kind {
            SelectionKind::Typename => {
                let constant =
                    (possible.len() == 1 && !self.supergraph.types[set.parent].is_abstract()).then_some(set.parent);
                OutputKind::Typename(constant)
            }
            SelectionKind::Introspection => OutputKind::Introspection,
            SelectionKind::Field(field) => match field.denied {
                Some(rule) => {
                    OutputKind::Denied { rule, non_null: self.supergraph.fields[field.field].ty.is_non_null() }
                }
                None => self.value(field, item, layout),
            },
        };
        let on = (!possible.is_subset(&item.on)).then(|| item.on.clone());
        OutputItem { key: (&*item.response_key).into(), on, nameless: item.nameless, kind }
    }

    fn value(&mut self, field: &FieldSelection, item: &Selection, layout: LayoutId) -> OutputKind {
        let def = &self.supergraph.fields[field.field];
        let runs = layout == Layouts::ROOT && self.operation.kind == OperationKind::Mutation;
        let key = cell_key(self.supergraph, field.field, &field.arguments, runs.then(|| item.response_key.clone()));
        let cell = self.layouts.cell(layout, key);
        let slot = self.numbering.slot(self.layouts, cell);
        let kind = match (&field.selections, self.layouts.get(cell).child) {
            (Some(below), Some(child)) => {
                let possible = self.supergraph.types[def.ty.inner].possible.iter();
                let types: TypeSet = possible.filter(|&ty| !self.supergraph.types[ty].inaccessible).collect();
                OutputTypeKind::Object { types, selection: self.selection(below, child) }
            }
            _ => OutputTypeKind::Leaf,
        };
        let ty = OutputType {
            coordinate: self.supergraph.coordinate(field.field).into(),
            lists: def.ty.lists.to_vec(),
            non_null: def.ty.inner_non_null,
            kind,
        };
        OutputKind::Value { slot, ty }
    }
}
