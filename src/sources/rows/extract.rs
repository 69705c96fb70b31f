//! How the answer of a connector becomes rows when its mapping only selects and renames: where each
//! cell's value stands in a document whose keys are the upstream's own.

use crate::graph::federation::ids::TypeId;
use crate::platform::base::Name;

use super::layout::Layouts;
use super::shape::{SiteId, SlotIndex, ValueShape};

/// A mapping and a shape, put together.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Extract {
    /// What is read of the document.
    pub document: Place,
    /// The cells of the row, when the document holds the value of a field of it; without it the
    /// document holds the row itself, or a list of rows.
    pub row: Option<RowCells>,
    /// Whether documents come from a typed source, so that numbers may arrive as text.
    pub typed: bool,
    /// Whether any object is recorded.
    pub records: bool,
    /// How many [`KeyUse`]s there are.
    pub keys: u32,
    /// How many values of an element say which row it is.
    pub parts: u32,
}

/// The cells of a row around its field.
#[derive(Clone, PartialEq, Debug)]
pub struct RowCells {
    /// How many.
    pub cells: u32,
    /// The row's type.
    pub ty: TypeId,
    /// Those that stand for the field: null when the document has no value for it.
    pub field: Vec<SlotIndex>,
}

/// What is read of one value.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Place {
    /// What the value itself becomes, each time anew.
    pub uses: Vec<Use>,
    /// What is read of the object it is.
    pub keys: Vec<KeyUse>,
}

/// A key that is read of an object.
#[derive(Clone, PartialEq, Debug)]
pub struct KeyUse {
    /// The key.
    pub key: Name,
    /// Numbers the keys of an [`Extract`].
    pub id: u32,
    /// How many paths call it a problem when the key is absent.
    pub minding_absent: u32,
    /// How many paths call it a problem when null stands in place of the object.
    pub minding_null: u32,
    /// What is read of its value.
    pub place: Place,
}

/// What a value becomes.
#[derive(Clone, PartialEq, Debug)]
pub struct Use {
    /// Where it goes.
    pub target: Target,
    /// Null is as good as absent.
    pub optional: bool,
    /// Which part of an element's key it is.
    pub part: Option<u32>,
    /// What it should be.
    pub value: UseValue,
}

/// Where a value goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// To a cell of the surrounding object.
    Cell(SlotIndex),
    /// It is the row.
    Row,
    /// It is only looked at.
    Nowhere,
}

/// What a value should be.
#[derive(Clone, PartialEq, Debug)]
pub enum UseValue {
    /// What the schema says, under the schema's names.
    AsIs(ValueShape),
    /// So many lists around an object with other keys.
    Object(u8, ExtractObject),
    /// A list of rows.
    Rows(ExtractObject),
}

/// An object with keys of the upstream's.
#[derive(Clone, PartialEq, Debug)]
pub struct ExtractObject {
    /// How many cells it fills: those of its layout, then those of the objects made of it.
    pub cells: u32,
    /// Its type.
    pub ty: TypeId,
    /// Its site, if objects of that site are recorded.
    pub record: Option<SiteId>,
    /// Whether null in its place is null too; it is not if the mapping makes objects of nothing.
    pub nullable: bool,
    /// Objects made of parts of this one.
    pub made: Vec<MadeObject>,
    /// What is read of it; at most [`MAX_KEYS`].
    pub keys: Vec<KeyUse>,
}

/// How many keys can be read of one object, be it of an [`ExtractObject`] or at a [`Place`].
pub const MAX_KEYS: usize = 64;

/// An object whose fields stand in the surrounding one.
#[derive(Clone, PartialEq, Debug)]
pub struct MadeObject {
    /// The cell of the surrounding object that holds it.
    pub cell: SlotIndex,
    /// Its first cell, counted from the surrounding object's.
    pub start: u32,
    /// Its type.
    pub ty: TypeId,
    /// Its site, if objects of that site are recorded.
    pub record: Option<SiteId>,
    /// How it is told from others, if it may be one with those that have the same leaves.
    pub interned: Option<MadeOfLeaves>,
}

/// An object that is made of nothing but leaves.
#[derive(Clone, PartialEq, Debug)]
pub struct MadeOfLeaves {
    /// Its site.
    pub site: SiteId,
    /// The cell of the first leaf, counted from its own first one.
    pub first: u32,
    /// The cells of the others.
    pub others: Vec<u32>,
}

// === impl Extract ===

impl Extract {
    /// How documents stand, before any was read.
    pub fn layouts(&self) -> Layouts {
        Layouts::new(self.keys)
    }
}
