//! Cells, and the rows of one answer.

use bytes::Bytes;
use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::graph::federation::ids::TypeId;
use crate::platform::base::Name;

use super::shape::{SiteId, SlotIndex};

/// A type that is not known yet.
pub const UNKNOWN_TYPE: TypeId = TypeId(u32::MAX);

/// One 16-byte cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Slot {
    /// Nobody has written here.
    #[default]
    Missing,
    /// `null`
    Null,
    /// An error stands here: an index into the errors of the store it lies in.
    Failed(u32),
    /// A leaf: JSON text in a part of the store it lies in.
    Raw {
        /// The part; the first is the store's own text.
        part: u32,
        /// The first byte.
        start: u32,
        /// How many bytes.
        len: u32,
    },
    /// A list: `len` cells from `start` on.
    List {
        /// The first cell.
        start: u32,
        /// How many cells.
        len: u32,
    },
    /// An object: the cells of its site's layout from `start` on.
    Object {
        /// The first cell.
        start: u32,
        /// The runtime type, or [`UNKNOWN_TYPE`].
        ty: TypeId,
    },
}

/// Where the numbers of cells and parts begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Numbers {
    /// The number of the first cell.
    pub cells: u32,
    /// The number of the first part.
    pub parts: u32,
}

/// The rows of one answer, self-contained: cells, slices and errors refer to this value only.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Where its numbers begin: mostly where those of the store end that it will go into, so that it goes
    /// there as it is.
    pub first: Numbers,
    /// All cells.
    pub slots: Vec<Slot>,
    /// Bodies that raw slices point into; part `n` of a slot, counted from the first, is `parts[n - 1]`.
    pub parts: SmallVec<[Bytes; 1]>,
    /// Part 0: leaves that had to be rewritten.
    pub text: Vec<u8>,
    /// One cell a row, list by list: for a root answer exactly one (an object, null or failed);
    /// for lists of entities as many as representations were sent.
    pub rows: SmallVec<[Slot; 1]>,
    /// Recorded objects: site, first cell and type. The rows' own objects are not among them: they
    /// complete objects that are known already.
    pub objects: Vec<(SiteId, u32, TypeId)>,
    /// The errors of an answer that has some.
    pub reports: Option<Box<Reports>>,
    /// Calls of the upstream system it took, if not one.
    pub calls: Option<u32>,
}

/// The errors of an answer.
#[derive(Clone, Debug, Default)]
pub struct Reports {
    /// Errors that [`Slot::Failed`] refers to.
    pub errors: Vec<UpstreamError>,
    /// Errors that stand beside a value at a cell: the value stays, the error is reported.
    pub beside: Vec<(u32, UpstreamError)>,
    /// Further errors of rows that failed, by row.
    pub row_errors: Vec<(u32, UpstreamError)>,
    /// Errors without a place.
    pub general: Vec<UpstreamError>,
}

/// How cells move when their rows are added to others.
#[derive(Clone, Copy, Debug)]
pub struct Shift {
    /// Numbers count around.
    slots: u32,
    parts: u32,
    /// The number of the rows' own text, before and after.
    own: (u32, u32),
    text: u32,
    errors: u32,
}

/// An error an upstream reported, or one found in its answer.
#[derive(Clone, PartialEq, Debug)]
pub struct UpstreamError {
    /// A stable code.
    pub code: Name,
    /// The text; hidden from clients while errors are masked, unless `authored`.
    pub message: String,
    /// What else is known; hidden from clients while errors are masked, unless `authored`.
    pub extensions: Map<String, Value>,
    /// The way below the cell the error stands in to where it happened, as far as the shape knows it.
    pub suffix: Vec<Below>,
    /// Written by the schema's author (`errors` of a connector): passes masking.
    pub authored: bool,
    /// The extensions where errors are not masked, if these are more.
    pub unmasked: Option<Box<Map<String, Value>>>,
}

/// One step below a cell. The names clients use are known only where the response is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Below {
    /// Into the cell of an object.
    Field(SlotIndex),
    /// To a list position, from 0.
    Item(u32),
    /// Out of the cell, to the object it belongs to: the error happened in a sibling of this cell, and
    /// took the whole object away. Only the first step can be this one.
    Out,
}

/// One step of an error's path, as an upstream reports it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PathSegment {
    /// A response key.
    Key(Name),
    /// A list position, from 0.
    Index(u32),
}

// === impl Rows ===

impl Rows {
    /// A cell by its number.
    pub fn slot(&self, cell: u32) -> Option<&Slot> {
        self.slots.get(cell.checked_sub(self.first.cells)? as usize)
    }

    /// A cell by its number, to be changed.
    pub fn slot_mut(&mut self, cell: u32) -> Option<&mut Slot> {
        self.slots.get_mut(cell.checked_sub(self.first.cells)? as usize)
    }

    /// Adds all of `other`, its rows after those that are here; how many calls it took is the
    /// caller's to add. Cells of `other` that were kept elsewhere move by the answer.
    pub fn append(&mut self, other: Self) -> Shift {
        let shift = Shift {
            slots: (self.first.cells + self.slots.len() as u32).wrapping_sub(other.first.cells),
            parts: (self.first.parts + self.parts.len() as u32).wrapping_sub(other.first.parts),
            own: (other.first.parts, self.first.parts),
            text: self.text.len() as u32,
            errors: self.reports().errors.len() as u32,
        };
        let rows = self.rows.len() as u32;
        self.slots.extend(other.slots.into_iter().map(|slot| shift.slot(slot)));
        self.parts.extend(other.parts);
        self.text.extend(other.text);
        self.rows.extend(other.rows.into_iter().map(|slot| shift.slot(slot)));
        self.objects.extend(other.objects.into_iter().map(|(site, start, ty)| (site, shift.cell(start), ty)));
        if let Some(other) = other.reports {
            let own = self.reports_mut();
            own.errors.extend(other.errors);
            own.beside.extend(other.beside.into_iter().map(|(cell, error)| (shift.cell(cell), error)));
            own.row_errors.extend(other.row_errors.into_iter().map(|(row, error)| (row + rows, error)));
            own.general.extend(other.general);
        }
        shift
    }

    /// The errors.
    pub fn reports(&self) -> &Reports {
        static NONE: Reports =
            Reports { errors: Vec::new(), beside: Vec::new(), row_errors: Vec::new(), general: Vec::new() };
        self.reports.as_deref().unwrap_or(&NONE)
    }

    /// Adds an error that a [`Slot::Failed`] may refer to; answers its number.
    pub fn add_error(&mut self, error: UpstreamError) -> u32 {
        let errors = &mut self.reports_mut().errors;
        errors.push(error);
        errors.len() as u32 - 1
    }

    /// The errors, to be added to.
    pub fn reports_mut(&mut self) -> &mut Reports {
        self.reports.get_or_insert_default()
    }
}

// === impl Shift ===

impl Shift {
    /// The number of a cell in its new place.
    fn cell(&self, cell: u32) -> u32 {
        cell.wrapping_add(self.slots)
    }

    /// A cell in its new place.
    pub fn slot(&self, slot: Slot) -> Slot {
        match slot {
            Slot::Missing | Slot::Null => slot,
            Slot::Failed(error) => Slot::Failed(error + self.errors),
            Slot::Raw { part, start, len } if part == self.own.0 => {
                Slot::Raw { part: self.own.1, start: start + self.text, len }
            }
            Slot::Raw { part, start, len } => Slot::Raw { part: part.wrapping_add(self.parts), start, len },
            Slot::List { start, len } => Slot::List { start: self.cell(start), len },
            Slot::Object { start, ty } => Slot::Object { start: self.cell(start), ty },
        }
    }
}

#[cfg(test)]
mod tests {
    use smallvec::smallvec;

    use super::*;

    #[test]
    fn what_is_added_refers_to_its_own_cells_and_rows() {
        let error = |message: &str| UpstreamError {
            code: "NO".into(),
            message: message.to_owned(),
            extensions: Map::new(),
            suffix: Vec::new(),
            authored: false,
            unmasked: None,
        };
        let part = |name: &str| Rows {
            first: Numbers::default(),
            slots: vec![Slot::Raw { part: 1, start: 0, len: 1 }, Slot::Raw { part: 0, start: 0, len: 1 }],
            parts: smallvec![Bytes::from(name.to_owned())],
            text: vec![b'1'],
            rows: smallvec![Slot::Failed(0), Slot::Object { start: 0, ty: UNKNOWN_TYPE }],
            objects: vec![(SiteId(0), 1, UNKNOWN_TYPE)],
            reports: Some(Box::new(Reports {
                errors: vec![error(name)],
                beside: vec![(1, error(name))],
                row_errors: vec![(0, error(name))],
                general: vec![error(name)],
            })),
            calls: None,
        };
        let mut rows = part("a");
        let shift = rows.append(part("b"));
        assert_eq!(shift.slot(Slot::List { start: 1, len: 1 }), Slot::List { start: 3, len: 1 });
        assert_eq!(rows.slots[2..], [Slot::Raw { part: 2, start: 0, len: 1 }, Slot::Raw { part: 0, start: 1, len: 1 }]);
        assert_eq!(rows.rows[2..], [Slot::Failed(1), Slot::Object { start: 2, ty: UNKNOWN_TYPE }]);
        assert_eq!(rows.objects[1].1, 3);
        let reports = rows.reports();
        assert_eq!((reports.beside[1].0, reports.row_errors[1].0), (3, 2));
        assert_eq!((&*reports.row_errors[1].1.message, reports.general.len()), ("b", 2));
    }
}
