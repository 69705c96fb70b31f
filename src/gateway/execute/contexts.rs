//! What objects further up give to the arguments of a fetch: for each object that is to be asked
//! for, the values of the nearest objects above it, or of itself, that set a context.

use hashbrown::HashMap;

use crate::gateway::plan::model::{
    ContextVariable, EntityInput, FetchId, Plan, RepresentationField, RepresentationValue,
};
use crate::sources::rows::shape::SiteId;
use crate::sources::rows::slot::{Slot, UNKNOWN_TYPE};

use super::inputs::Failure;
use super::store::{ROOT, Store, Target, way_to};

/// The values of an input's contexts as JSON, in order; or why the object cannot be asked for.
pub(super) type Values = Result<Vec<Vec<u8>>, Failure>;

/// Reads contexts on the way from the root to the objects of one site.
struct Reader<'a> {
    store: &'a Store,
    contexts: &'a [ContextVariable],
    /// The fetches whose answers are all here.
    after: &'a [FetchId],
}

/// An object, what explains what is missing beneath it, and the value of each context so far.
#[derive(Clone)]
struct Place {
    object: Target,
    lost: Option<u32>,
    values: Vec<Option<Result<Vec<u8>, Failure>>>,
}

/// What the contexts of an input come to, by the first cell of the objects it completes.
pub(super) fn read(store: &Store, plan: &Plan, input: &EntityInput, after: &[FetchId]) -> HashMap<u32, Values> {
    let reader = Reader { store, contexts: &input.contexts, after };
    let root = Target { start: ROOT, ty: store.root_type() };
    let mut places = vec![Place { object: root, lost: None, values: vec![None; input.contexts.len()] }];
    reader.set(&mut places, SiteId(0));
    for (slot, site) in way_to(plan, input.site) {
        let mut below = Vec::new();
        for place in places {
            reader.objects_in(place.object.start + slot.0, &place, &mut below);
        }
        places = below;
        reader.set(&mut places, site);
    }
    places.into_iter().map(|place| (place.object.start, reader.settled(place))).collect()
}

// === impl Reader ===

impl Reader<'_> {
    /// The objects in a cell, through lists.
    fn objects_in(&self, cell: u32, above: &Place, found: &mut Vec<Place>) {
        let lost = self.store.lost_of(cell, self.after).or(above.lost);
        match self.store.slot(cell) {
            Slot::List { start, len } => {
                let above = Place { lost, ..above.clone() };
                (start..start + len).for_each(|at| self.objects_in(at, &above, found));
            }
            Slot::Object { start, ty } => {
                let object = Target { start, ty: self.store.type_of(start, ty) };
                found.push(Place { object, lost, values: above.values.clone() });
            }
            _ => {}
        }
    }

    /// Objects of a site that set a context hide what was set above them.
    fn set(&self, places: &mut [Place], site: SiteId) {
        for (nth, context) in self.contexts.iter().enumerate() {
            for source in context.sources.iter().filter(|source| source.site == site) {
                for place in places.iter_mut() {
                    let object = place.object;
                    if object.ty == UNKNOWN_TYPE && !source.nameless {
                        // It should have been revealed; nobody sees what is in it.
                        let reason = self.store.unrevealed(object.start).map_or(Failure::Null, Failure::Error);
                        place.values[nth] = Some(Err(reason));
                    } else if object.ty == UNKNOWN_TYPE || source.types.contains(object.ty) {
                        place.values[nth] = Some(self.value_of(object, place.lost, &source.value, context));
                    }
                }
            }
        }
    }

    fn settled(&self, place: Place) -> Values {
        let values = place.values.into_iter().zip(self.contexts);
        values.map(|(value, context)| value.unwrap_or_else(|| null(context))).collect()
    }

    fn value_of(
        &self,
        object: Target,
        lost: Option<u32>,
        fields: &[RepresentationField],
        context: &ContextVariable,
    ) -> Result<Vec<u8>, Failure> {
        let mut text = Vec::new();
        let found = self.object(object, lost, fields, &mut text);
        match found {
            Ok(true) => Ok(text),
            Ok(false) => null(context),
            Err(failure) => Err(failure),
        }
        .and_then(|text| allowed(&text, context).then_some(text).ok_or(Failure::Null))
    }

    /// Writes the value of the first field that applies; false if there is none.
    fn object(
        &self,
        object: Target,
        lost: Option<u32>,
        fields: &[RepresentationField],
        text: &mut Vec<u8>,
    ) -> Result<bool, Failure> {
        let applies = |field: &&RepresentationField| {
            field.value != RepresentationValue::Typename
                && (object.ty == UNKNOWN_TYPE || field.on.as_ref().is_none_or(|types| types.contains(object.ty)))
        };
        let Some(field) = fields.iter().find(applies) else { return Ok(false) };
        self.value(object.start + field.slot.0, lost, &field.value, text)?;
        Ok(true)
    }

    fn value(
        &self,
        cell: u32,
        lost: Option<u32>,
        value: &RepresentationValue,
        text: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let lost = self.store.lost_of(cell, self.after).or(lost);
        match (self.store.slot(cell), value) {
            (Slot::Failed(error), _) => return Err(Failure::Error(error)),
            (Slot::Missing, _) if lost.is_some() => return Err(lost.map_or(Failure::Null, Failure::Error)),
            (Slot::Raw { part, start, len }, _) => text.extend_from_slice(self.store.text(part, start, len)),
            (Slot::List { start, len }, _) => {
                text.push(b'[');
                for index in 0..len {
                    if index > 0 {
                        text.push(b',');
                    }
                    self.value(start + index, lost, value, text)?;
                }
                text.push(b']');
            }
            (Slot::Object { start, ty }, RepresentationValue::Object(fields)) => {
                let object = Target { start, ty: self.store.type_of(start, ty) };
                if !self.object(object, lost, fields, text)? {
                    text.extend_from_slice(b"null");
                }
            }
            (Slot::Null | Slot::Missing | Slot::Object { .. }, _) => text.extend_from_slice(b"null"),
        }
        Ok(())
    }
}

fn null(context: &ContextVariable) -> Result<Vec<u8>, Failure> {
    let text = b"null".to_vec();
    if allowed(&text, context) { Ok(text) } else { Err(Failure::Null) }
}

/// Whether the variable takes a value: a null where none may stand would have the whole call refused.
fn allowed(text: &[u8], context: &ContextVariable) -> bool {
    if !context.non_null.contains(&true) {
        return true;
    }
    if context.non_null.len() == 1 {
        return text != b"null";
    }
    let value = serde_json::from_slice::<serde_json::Value>(text).unwrap_or_default();
    has_no_wrong_null(&value, &context.non_null)
}

fn has_no_wrong_null(value: &serde_json::Value, non_null: &[bool]) -> bool {
    let Some((&here, below)) = non_null.split_first() else { return true };
    match value {
        serde_json::Value::Null => !here,
        serde_json::Value::Array(items) => items.iter().all(|item| has_no_wrong_null(item, below)),
        // One value stands for a list of it, at every level of lists.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(non_null: &[bool]) -> ContextVariable {
        let (name, ty, sources) = ("_c0_0".into(), "String".into(), Vec::new());
        ContextVariable { name, ty, non_null: non_null.to_vec(), sources }
    }

    #[test]
    fn null_stands_only_where_the_argument_takes_it() {
        assert!(allowed(b"null", &context(&[false])));
        assert!(!allowed(b"null", &context(&[true])));
        assert!(allowed(b"\"null\"", &context(&[true])));
        assert!(allowed(b"[1,null]", &context(&[true, false])));
        assert!(!allowed(b"[1,null]", &context(&[false, true])));
        assert!(allowed(b"null", &context(&[false, true])));
        assert!(!allowed(b"[[],[null]]", &context(&[false, false, true])));
        assert!(allowed(b"1", &context(&[true, true])));
    }
}
