//! How an object is read whose text is known but for the leaves.
//!
//! Servers write answers in the order of the selection and without spaces. So an object becomes a list
//! of steps, with the objects in it, which need no lists, among them: their cells stand behind its own.
//! Whatever is not as the steps say is read again, key by key.

use std::sync::OnceLock;

use crate::graph::federation::ids::TypeId;

use super::lead::{Gap, Wants};
use super::shape::{FieldShape, ObjectShape, SiteId, SlotIndex, Typing, ValueKind, ValueShape};

/// How deep objects stand in one program.
const MAX_DEPTH: usize = 16;

/// The steps of an object.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    /// How many cells it fills: its own, and those of the objects in it.
    pub(super) cells: u32,
    /// The object's type, if it does not say it.
    pub(super) ty: TypeId,
    /// The types it may say, by their names in quotes.
    types: Vec<(Box<str>, TypeId)>,
}

/// A piece of known text, and what stands behind it.
#[derive(Debug)]
pub(super) struct Op {
    pub(super) gap: Gap,
    pub(super) step: Step,
    /// The cell that is filled, counted from the first one.
    pub(super) cell: u32,
    /// How many objects are open.
    pub(super) depth: u32,
    /// The way to the field, by numbers of fields.
    way: Box<[usize]>,
}

/// What stands behind a known text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// A string, or null.
    Text,
    /// An integer, or null.
    Integer,
    /// A number, or null.
    Number,
    /// `true`, `false` or null.
    Boolean,
    /// The name of the object's type.
    Type,
    /// A list, or something else that takes more than a look.
    Other,
    /// An object, whose keys come next, or null.
    Open {
        /// Its first cell, counted from the first one.
        offset: u32,
        ty: TypeId,
        /// Its site, if it is recorded.
        record: Option<SiteId>,
        /// Its site, if it may be one with others that read the same.
        interned: Option<SiteId>,
        /// The step behind it.
        then: usize,
    },
    /// Nothing: an object ends.
    Close {
        /// Its first cell and its site, if it may be one with others that read the same.
        interned: Option<(u32, SiteId)>,
    },
}

/// A program that is compiled when it is first wanted.
#[derive(Default, Debug)]
pub(super) struct Compiled(OnceLock<Option<Box<Program>>>);

/// Collects steps.
struct Compiler {
    ops: Vec<Op>,
    cells: u32,
    way: Vec<usize>,
}

// === impl Op ===

impl Op {
    /// The value behind this text, of the shape that the program was compiled of.
    pub(super) fn value<'s>(&self, mut shape: &'s ObjectShape) -> Option<&'s ValueShape> {
        let (last, objects) = self.way.split_last()?;
        for &index in objects {
            let ValueKind::Object(object) = &shape.fields.get(index)?.value.kind else { return None };
            shape = object;
        }
        shape.fields.get(*last).map(|field| &field.value)
    }
}

// === impl Compiled ===

impl Compiled {
    #[inline]
    pub(super) fn get(&self, shape: &ObjectShape) -> Option<&Program> {
        self.0.get_or_init(|| Program::of(shape).map(Box::new)).as_deref()
    }
}

/// A copy may be changed before it is used.
impl Clone for Compiled {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// It says nothing that the shape does not say.
impl PartialEq for Compiled {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

// === impl Program ===

impl Program {
    fn of(shape: &ObjectShape) -> Option<Self> {
        let mut compiler = Compiler { ops: Vec::new(), cells: shape.slots.max(1), way: Vec::new() };
        let mut types = Vec::new();
        let mut before = '{';
        if let Typing::Key { key, table } = &shape.typing {
            if shape.fields.iter().any(|field| field.key == *key) {
                return None;
            }
            compiler.push(Gap::of_key(before, key)?, Step::Type, 0);
            types = table.iter().map(|(name, ty)| (format!("\"{name}\"").into(), *ty)).collect();
            before = ',';
        }
        compiler.fields(shape, before, 0)?;
        Some(Self { ops: compiler.ops, cells: compiler.cells, ty: shape.typing.fixed(), types })
    }

    /// The type of this name, which has its quotes.
    pub(super) fn type_of(&self, name: &[u8]) -> Option<TypeId> {
        self.types.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, ty)| *ty)
    }
}

// === impl Compiler ===

impl Compiler {
    /// The fields of an object whose cells begin at `start`, the first of them behind `before`.
    fn fields(&mut self, shape: &ObjectShape, mut before: char, start: u32) -> Option<()> {
        if self.way.len() >= MAX_DEPTH || shape.fields.is_empty() || !has_distinct_cells(shape) {
            return None;
        }
        for (index, field) in shape.fields.iter().enumerate() {
            self.way.push(index);
            self.field(field, before, start)?;
            self.way.pop();
            before = ',';
        }
        self.push(Gap::new(b"}")?, Step::Close { interned: None }, 0);
        Some(())
    }

    fn field(&mut self, field: &FieldShape, before: char, start: u32) -> Option<()> {
        let (op, cells, way) = (self.ops.len(), self.cells, self.way.len());
        let step = match field.value.wants() {
            Wants::Text => Step::Text,
            Wants::Integer => Step::Integer,
            Wants::Number => Step::Number,
            Wants::Boolean => Step::Boolean,
            Wants::Nothing | Wants::More => Step::Other,
        };
        self.push(Gap::of_key(before, &field.key)?, step, start + field.slot.0);
        let ValueShape { lists: 0, kind: ValueKind::Object(object) } = &field.value else { return Some(()) };
        self.cells += object.slots.max(1);
        match &object.typing {
            typing @ (Typing::Fixed(_) | Typing::Opaque) if self.fields(object, '{', cells).is_some() => {
                let (record, interned) = (object.record.then_some(object.site), object.interned.then_some(object.site));
                let (ty, then) = (typing.fixed(), self.ops.len());
                self.ops[op].step = Step::Open { offset: cells, ty, record, interned, then };
                if let (Some(site), Some(close)) = (interned, self.ops.last_mut()) {
                    close.step = Step::Close { interned: Some((cells, site)) };
                }
            }
            _ => {
                self.ops.truncate(op + 1);
                self.way.truncate(way);
                self.cells = cells;
            }
        }
        Some(())
    }

    fn push(&mut self, gap: Gap, step: Step, cell: u32) {
        let depth = self.way.len().max(1) as u32;
        self.ops.push(Op { gap, step, cell, depth, way: self.way.as_slice().into() });
    }
}

/// Whether each cell is filled by one key, which fills no other.
fn has_distinct_cells(shape: &ObjectShape) -> bool {
    let (mut cells, mut keys): (Vec<SlotIndex>, Vec<&str>) =
        shape.fields.iter().map(|field| (field.slot, &*field.key)).unzip();
    cells.sort_unstable();
    cells.dedup();
    keys.sort_unstable();
    keys.dedup();
    cells.len() == shape.fields.len() && keys.len() == shape.fields.len()
}
