//! Cells, and the rows of one answer.

use bytes::Bytes;
use serde_json::{Map, Value};

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
        /// The part; 0 is the store's own text.
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

/// The rows of one answer, self-contained: cells, slices and errors refer to this value only.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// All cells.
    pub slots: Vec<Slot>,
    /// Bodies that raw slices point into; part `n` of a slot is `parts[n - 1]`.
    pub parts: Vec<Bytes>,
    /// Part 0: leaves that had to be rewritten.
    pub text: Vec<u8>,
    /// One cell a row, list by list: for a root answer exactly one (an object, null or failed);
    /// for lists of entities as many as representations were sent.
    pub rows: Vec<Slot>,
    /// Recorded objects: site, first cell and type. The rows' own objects are not among them: they
    /// complete objects that are known already.
    pub objects: Vec<(SiteId, u32, TypeId)>,
    /// Errors that [`Slot::Failed`] refers to.
    pub errors: Vec<UpstreamError>,
    /// Errors that stand beside a value at a cell: the value stays, the error is reported.
    pub beside: Vec<(u32, UpstreamError)>,
    /// Further errors of rows that failed, by row.
    pub row_errors: Vec<(u32, UpstreamError)>,
    /// Errors without a place.
    pub general: Vec<UpstreamError>,
    /// Calls of the upstream system it took, if not one.
    pub calls: Option<u32>,
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
