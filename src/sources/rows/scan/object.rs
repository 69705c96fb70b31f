//! Objects and lists: the shape says which keys are kept, and where.

use std::fmt;
use std::io::Write as _;

use bytes::Bytes;
use smallvec::SmallVec;

use crate::graph::federation::ids::TypeId;
use crate::platform::base::Name;
use crate::sources::rows::shape::{FieldShape, ObjectShape, Typing, ValueKind, ValueShape};
use crate::sources::rows::slot::{Rows, Slot, UNKNOWN_TYPE};

use super::cursor::{Cursor, Problem, Scan};
use super::leaf::wrong_value;

/// How many cells one answer may fill: 64 MiB of them. A body of `[{},{},…` grows on its way here.
pub const MAX_CELLS: usize = 4 << 20;

/// Room for cells that is made at once: most bodies have fewer than one for so many bytes.
const BYTES_PER_CELL: usize = 12;
const MAX_ROOM: usize = 64 << 10;

/// Reads one body into rows.
pub(super) struct Scanner<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) rows: Rows,
    /// Whether the answer comes from a typed source, so that numbers may arrive as text.
    pub(super) typed: bool,
    /// Items of the lists being read; a finished list moves into the cells.
    pub(super) items: Vec<Slot>,
    /// Errors of wrong values, one a kind: a body full of them must not multiply.
    wrong: SmallVec<[(&'static str, u32); 2]>,
}

/// Where an object's type name stands, and what it said so far.
struct TypeName<'s> {
    key: &'s str,
    table: &'s [(Name, TypeId)],
    seen: bool,
    found: Option<TypeId>,
}

/// What a key is to a shape.
enum Found {
    Field(usize),
    TypeName,
    Unknown,
}

/// Which fields of one object were met.
#[derive(Default)]
struct Seen {
    first: u64,
    /// Those after the first 64.
    more: Vec<u64>,
}

// === impl Seen ===

impl Seen {
    /// False if the field was met before.
    #[inline]
    fn insert(&mut self, index: usize) -> bool {
        let (word, bit) = (index / 64, 1u64 << (index % 64));
        let bits = match word {
            0 => &mut self.first,
            word => {
                self.more.resize(self.more.len().max(word), 0);
                &mut self.more[word - 1]
            }
        };
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }
}

// === impl Scanner ===

impl<'a> Scanner<'a> {
    pub(super) fn new(body: &'a Bytes) -> Scan<Self> {
        let cursor = Cursor::new(body)?;
        if u32::try_from(body.len()).is_err() {
            return cursor.error(Problem::TooLarge);
        }
        let slots = Vec::with_capacity((body.len() / BYTES_PER_CELL).min(MAX_ROOM));
        let rows = Rows { slots, parts: vec![body.clone()], ..Rows::default() };
        Ok(Self { cursor, rows, typed: false, items: Vec::new(), wrong: SmallVec::new() })
    }

    /// Reads the object of a row, or `null`. It is not recorded.
    pub(super) fn row(&mut self, shape: &ObjectShape) -> Scan<Slot> {
        match self.cursor.token()? {
            b'n' => self.null(),
            b'{' => self.object(shape, false),
            _ => self.skip_wrong("an object"),
        }
    }

    /// Reads a value of `shape`, `level` lists inside it.
    pub(super) fn value(&mut self, shape: &ValueShape, level: u8) -> Scan<Slot> {
        let first = self.cursor.token()?;
        match (&shape.kind, first) {
            (_, b'n') => self.null(),
            (_, b'[') if level < shape.lists => self.list(shape, level),
            _ if level < shape.lists => self.skip_wrong("a list"),
            (ValueKind::Leaf(leaf), _) => self.leaf(leaf, first),
            (ValueKind::Object(object), b'{') => self.object(object, object.record),
            _ => self.skip_wrong("an object"),
        }
    }

    /// A new run of empty cells.
    pub(super) fn allocate(&mut self, cells: u32) -> Scan<u32> {
        let start = self.rows.slots.len();
        // Objects are told apart by their first cell, so each needs one.
        let end = start + cells.max(1) as usize;
        if end + self.items.len() > MAX_CELLS {
            return self.cursor.error(Problem::TooLarge);
        }
        self.rows.slots.resize(end, Slot::Missing);
        Ok(start as u32)
    }

    /// The text from `start` to here, as a leaf.
    #[inline]
    pub(super) fn raw(&self, start: usize) -> Slot {
        Slot::Raw { part: 1, start: start as u32, len: (self.cursor.at - start) as u32 }
    }

    /// A leaf whose text differs from the body's.
    pub(super) fn rewritten(&mut self, text: fmt::Arguments<'_>) -> Slot {
        let start = self.rows.text.len();
        self.rows.text.write_fmt(text).expect("a vector takes all bytes");
        Slot::Raw { part: 0, start: start as u32, len: (self.rows.text.len() - start) as u32 }
    }

    /// A failed cell: another value than the schema says.
    pub(super) fn wrong(&mut self, expected: &'static str) -> Slot {
        if let Some(&(_, error)) = self.wrong.iter().find(|(known, _)| *known == expected) {
            return Slot::Failed(error);
        }
        let error = self.rows.errors.len() as u32;
        self.rows.errors.push(wrong_value(expected));
        self.wrong.push((expected, error));
        Slot::Failed(error)
    }

    fn skip_wrong(&mut self, expected: &'static str) -> Scan<Slot> {
        self.cursor.value()?;
        Ok(self.wrong(expected))
    }

    #[inline]
    fn null(&mut self) -> Scan<Slot> {
        self.cursor.word(b"null")?;
        Ok(Slot::Null)
    }

    fn list(&mut self, shape: &ValueShape, level: u8) -> Scan<Slot> {
        self.cursor.enter()?;
        let base = self.items.len();
        if self.cursor.token()? == b']' {
            self.cursor.leave();
        } else {
            loop {
                let item = self.value(shape, level + 1)?;
                self.push_item(item)?;
                if !self.cursor.more(b']')? {
                    break;
                }
            }
        }
        Ok(self.finish_list(base))
    }

    /// Keeps an item of the list being read.
    #[inline]
    pub(super) fn push_item(&mut self, item: Slot) -> Scan<()> {
        self.items.push(item);
        if self.items.len() + self.rows.slots.len() > MAX_CELLS {
            return self.cursor.error(Problem::TooLarge);
        }
        Ok(())
    }

    /// The items from `base` on move into the cells.
    pub(super) fn finish_list(&mut self, base: usize) -> Slot {
        let start = self.rows.slots.len() as u32;
        self.rows.slots.extend(self.items.drain(base..));
        Slot::List { start, len: self.rows.slots.len() as u32 - start }
    }

    fn object(&mut self, shape: &ObjectShape, record: bool) -> Scan<Slot> {
        let start = self.allocate(shape.slots)?;
        let known = self.rows.objects.len();
        let ty = match &shape.typing {
            Typing::Fixed(ty) => Some(*ty),
            Typing::Opaque => Some(UNKNOWN_TYPE),
            Typing::Key { .. } => None,
        };
        let mut name = match &shape.typing {
            Typing::Key { key, table } => Some(TypeName { key, table, seen: false, found: None }),
            _ => None,
        };
        self.fields(&shape.fields, start, name.as_mut())?;
        let Some(ty) = ty.or(name.and_then(|name| name.found)) else {
            // What stands below must not feed later fetches.
            self.rows.objects.truncate(known);
            self.rows.slots.truncate(start as usize);
            return Ok(self.wrong("an object of a known type"));
        };
        if record {
            self.rows.objects.push((shape.site, start, ty));
        }
        Ok(Slot::Object { start, ty })
    }

    /// Reads the keys of an object into the cells from `start` on.
    fn fields(&mut self, fields: &[FieldShape], start: u32, mut name: Option<&mut TypeName<'_>>) -> Scan<()> {
        self.cursor.enter()?;
        match self.cursor.token()? {
            b'}' => {
                self.cursor.leave();
                return Ok(());
            }
            b'"' => {}
            _ => return self.cursor.error(Problem::Syntax),
        }
        let mut seen = Seen::default();
        let mut next = 0;
        loop {
            if let Some(field) = fields.get(next)
                && self.cursor.eat_key(&field.key)
            {
                next = self.feed(fields, next, start, &mut seen)?;
            } else {
                match self.find(fields, next, name.as_deref())? {
                    Found::Field(index) => next = self.feed(fields, index, start, &mut seen)?,
                    Found::TypeName => name.as_deref_mut().map_or(Ok(()), |name| self.type_name(name))?,
                    Found::Unknown => {
                        self.cursor.value()?;
                    }
                }
            }
            if !self.cursor.more(b'}')? {
                return Ok(());
            }
            if self.cursor.token()? != b'"' {
                return self.cursor.error(Problem::Syntax);
            }
        }
    }

    /// Which key comes next; steps over it and its colon.
    fn find(&mut self, fields: &[FieldShape], next: usize, name: Option<&TypeName<'_>>) -> Scan<Found> {
        let text = self.cursor.string()?;
        let key = self.cursor.meaning(text);
        self.cursor.expect(b':')?;
        if name.is_some_and(|name| name.key.as_bytes() == &*key) {
            return Ok(Found::TypeName);
        }
        let is_key = |field: &FieldShape| field.key.as_bytes() == &*key;
        let later = fields.iter().skip(next).position(is_key).map(|index| index + next);
        Ok(later.or_else(|| fields.iter().position(is_key)).map_or(Found::Unknown, Found::Field))
    }

    /// Reads one value into all slots that it feeds; answers the next expected key.
    #[inline]
    fn feed(&mut self, fields: &[FieldShape], first: usize, start: u32, seen: &mut Seen) -> Scan<usize> {
        if !seen.insert(first) {
            return self.cursor.error(Problem::Duplicate);
        }
        let at = self.cursor.at;
        self.field(&fields[first], start)?;
        let mut next = first + 1;
        while let Some(field) = fields.get(next)
            && field.key == fields[first].key
        {
            self.cursor.at = at;
            self.field(field, start)?;
            next += 1;
        }
        Ok(next)
    }

    #[inline]
    fn field(&mut self, field: &FieldShape, start: u32) -> Scan<()> {
        let known = self.rows.objects.len();
        let slot = match &field.value {
            ValueShape { lists: 0, kind: ValueKind::Leaf(leaf) } => match self.cursor.token()? {
                b'n' => self.null()?,
                first => self.leaf(leaf, first)?,
            },
            value => self.value(value, 0)?,
        };
        match self.rows.slots.get_mut((start + field.slot.0) as usize) {
            Some(empty @ Slot::Missing) => *empty = slot,
            // Two aliases of one field; each object should answer one of them only.
            _ => self.rows.objects.truncate(known),
        }
        Ok(())
    }

    fn type_name(&mut self, name: &mut TypeName<'_>) -> Scan<()> {
        if name.seen {
            return self.cursor.error(Problem::Duplicate);
        }
        name.seen = true;
        if self.cursor.token()? != b'"' {
            return self.cursor.value().map(drop);
        }
        let text = self.cursor.string()?;
        let said = self.cursor.meaning(text);
        name.found = name.table.iter().find(|(known, _)| known.as_bytes() == &*said).map(|(_, ty)| *ty);
        Ok(())
    }
}
