//! From the answers of lookups to rows in the order of the representations.

use crate::platform::base::Name;
use crate::sources::contract::SourceError;
use crate::sources::rows::shape::{
    FieldShape, ListShape, ObjectShape, RowShape, SiteId, SlotIndex, Typing, ValueKind, ValueShape,
};
use crate::sources::rows::slot::{Rows, Slot, UpstreamError};

use super::ask::{Alias, Answer};

/// The rows of all calls that one fetch took.
pub(super) struct Collected<'s> {
    lists: &'s [ListShape],
    rows: Rows,
}

/// How the cells of one answer move when it is added to others.
struct Shift {
    slots: u32,
    text: u32,
    parts: u32,
    errors: u32,
}

/// What an answer with an object under each key looks like; around the row's own object stand those
/// of the path after its first field.
pub(super) fn shape<'a>(rows: impl Iterator<Item = (String, (&'a [Name], &'a ObjectShape))>) -> RowShape {
    let fields = rows.enumerate().map(|(slot, (key, (path, object)))| {
        let inner = path.iter().skip(1).rev().fold(ObjectShape { record: false, ..object.clone() }, |inner, step| {
            around(vec![field(step.clone(), 0, inner)])
        });
        field(key.into(), slot as u32, inner)
    });
    RowShape::Root(around(fields.collect()))
}

/// An object that only leads to others.
fn around(fields: Vec<FieldShape>) -> ObjectShape {
    ObjectShape { site: SiteId(0), slots: fields.len() as u32, typing: Typing::Opaque, fields, record: false }
}

fn field(key: Name, slot: u32, object: ObjectShape) -> FieldShape {
    let value = ValueShape { lists: 0, kind: ValueKind::Object(Box::new(object)) };
    FieldShape { key, slot: SlotIndex(slot), value }
}

// === impl Collected ===

impl<'s> Collected<'s> {
    /// Nothing yet of `count` rows.
    pub(super) fn new(lists: &'s [ListShape], count: usize) -> Self {
        let rows = Rows { rows: vec![Slot::Null; count], calls: Some(0), ..Rows::default() };
        Self { lists, rows }
    }

    /// Adds the answer to one call.
    pub(super) fn add(&mut self, answer: &Answer, mut part: Rows) {
        match answer {
            Answer::Entities(rows) => {
                let slots = std::mem::take(&mut part.rows);
                let shift = self.append(part);
                rows.iter().zip(slots).for_each(|(&row, slot)| self.rows.rows[row] = shift.slot(slot));
            }
            Answer::Aliases(aliases) => {
                let slots = objects(&mut part, aliases);
                for (alias, &slot) in aliases.iter().zip(&slots) {
                    refuse(&mut part, alias, &self.lists[alias.list].object, slot);
                }
                let shift = self.append(part);
                aliases.iter().zip(slots).for_each(|(alias, slot)| self.rows.rows[alias.row] = shift.slot(slot));
            }
        }
    }

    /// Every row of a call that failed has its error.
    pub(super) fn fail(&mut self, answer: &Answer, error: SourceError) {
        let SourceError { code, message, extensions, authored } = error;
        let slot = Slot::Failed(self.rows.errors.len() as u32);
        self.rows.errors.push(UpstreamError { code, message, extensions, suffix: Vec::new(), authored });
        match answer {
            Answer::Entities(rows) => rows.iter().for_each(|&row| self.rows.rows[row] = slot),
            Answer::Aliases(aliases) => aliases.iter().for_each(|alias| self.rows.rows[alias.row] = slot),
        }
        self.count(1);
    }

    /// All rows.
    pub(super) fn finish(self) -> Rows {
        self.rows
    }

    fn count(&mut self, calls: u32) {
        self.rows.calls = self.rows.calls.map(|known| known.saturating_add(calls));
    }

    /// Adds everything but the rows themselves.
    fn append(&mut self, part: Rows) -> Shift {
        let rows = &mut self.rows;
        let shift = Shift {
            slots: rows.slots.len() as u32,
            text: rows.text.len() as u32,
            parts: rows.parts.len() as u32,
            errors: rows.errors.len() as u32,
        };
        rows.slots.extend(part.slots.into_iter().map(|slot| shift.slot(slot)));
        rows.text.extend(part.text);
        rows.parts.extend(part.parts);
        rows.errors.extend(part.errors);
        rows.objects.extend(part.objects.into_iter().map(|(site, start, ty)| (site, start + shift.slots, ty)));
        rows.beside.extend(part.beside.into_iter().map(|(cell, error)| (cell + shift.slots, error)));
        rows.general.extend(part.general);
        self.count(part.calls.unwrap_or(1));
        shift
    }
}

// === impl Shift ===

impl Shift {
    fn slot(&self, slot: Slot) -> Slot {
        match slot {
            Slot::Missing | Slot::Null => slot,
            Slot::Failed(error) => Slot::Failed(error + self.errors),
            Slot::Raw { part: 0, start, len } => Slot::Raw { part: 0, start: start + self.text, len },
            Slot::Raw { part, start, len } => Slot::Raw { part: part + self.parts, start, len },
            Slot::List { start, len } => Slot::List { start: start + self.slots, len },
            Slot::Object { start, ty } => Slot::Object { start: start + self.slots, ty },
        }
    }
}

/// The object of each alias, or what stands in its place.
fn objects(part: &mut Rows, aliases: &[Alias]) -> Vec<Slot> {
    let root = part.rows.first().copied().unwrap_or(Slot::Null);
    let Slot::Object { start, .. } = root else {
        // Without data whatever is known to be wrong is wrong with all of them.
        if let Slot::Failed(error) = root {
            part.errors[error as usize].suffix.clear();
        }
        return vec![root; aliases.len()];
    };
    // Cells that only lead to rows.
    let mut leading = Vec::new();
    let rows: Vec<Slot> = (start..)
        .zip(aliases)
        .map(|(cell, alias)| {
            leading.push(cell);
            object(part, cell, alias.depth, &mut leading)
        })
        .collect();
    let (general, beside) = std::mem::take(&mut part.beside).into_iter().partition(|(cell, _)| leading.contains(cell));
    part.beside = beside;
    let general: Vec<(u32, UpstreamError)> = general;
    part.general.extend(general.into_iter().map(|(_, error)| UpstreamError { suffix: Vec::new(), ..error }));
    blame_all(part, rows)
}

/// Goes from an alias to its object; null on the way is null at its end.
fn object(part: &mut Rows, cell: u32, depth: usize, leading: &mut Vec<u32>) -> Slot {
    let mut slot = part.slots[cell as usize];
    for level in 0..depth {
        match slot {
            Slot::Object { start, .. } => {
                leading.push(start);
                slot = part.slots[start as usize];
            }
            Slot::Failed(error) => {
                // The rest of the way to the object is no way below it.
                let suffix = &mut part.errors[error as usize].suffix;
                suffix.drain(..suffix.len().min(depth - level));
                return slot;
            }
            _ => return slot,
        }
    }
    slot
}

/// If there is no object at all, an error without a place is the reason.
fn blame_all(part: &mut Rows, mut rows: Vec<Slot>) -> Vec<Slot> {
    let empty = |slot: &Slot| matches!(slot, Slot::Null | Slot::Missing);
    if rows.iter().all(empty) && !part.general.is_empty() {
        let slot = Slot::Failed(part.errors.len() as u32);
        let error = part.general.remove(0);
        part.errors.push(error);
        rows.fill(slot);
    }
    rows.into_iter().map(|slot| if empty(&slot) { Slot::Null } else { slot }).collect()
}

/// Fields of a row that were not asked for fail.
fn refuse(part: &mut Rows, alias: &Alias, shape: &ObjectShape, row: Slot) {
    let Slot::Object { start, .. } = row else { return };
    for (key, argument) in &alias.refused {
        let slot = Slot::Failed(part.errors.len() as u32);
        part.errors.push(UpstreamError {
            code: "REQUIRED_ARGUMENT_NULL".into(),
            message: format!("the argument \"{argument}\" must not be null, but what fills it is"),
            extensions: serde_json::Map::new(),
            suffix: Vec::new(),
            authored: false,
        });
        for field in shape.fields.iter().filter(|field| field.key == *key) {
            if let Some(cell @ Slot::Missing) = part.slots.get_mut((start + field.slot.0) as usize) {
                *cell = slot;
            }
        }
    }
}
