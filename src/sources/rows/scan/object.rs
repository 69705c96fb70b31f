//! Objects and lists: the shape says which keys are kept, and where.

use std::fmt;
use std::io::Write as _;

use bytes::Bytes;
use smallvec::SmallVec;

use crate::graph::federation::ids::TypeId;
use crate::platform::base::Name;
use crate::sources::rows::shape::{FieldShape, Leaf, ObjectShape, Typing, ValueKind, ValueShape};
use crate::sources::rows::slot::{Rows, Slot};

use super::block::end_of_plain;
use super::cursor::{Cursor, MalformedResponse, Problem, Scan};
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
#[derive(Clone, Copy)]
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
        let bit = 1u64 << (index % 64);
        if index >= 64 {
            return self.insert_more(index / 64 - 1, bit);
        }
        let is_new = self.first & bit == 0;
        self.first |= bit;
        is_new
    }

    #[cold]
    fn insert_more(&mut self, word: usize, bit: u64) -> bool {
        self.more.resize(self.more.len().max(word + 1), 0);
        let is_new = self.more[word] & bit == 0;
        self.more[word] |= bit;
        is_new
    }
}

// === impl Scanner ===

impl<'a> Scanner<'a> {
    pub(super) fn new(body: &'a Bytes) -> Result<Self, MalformedResponse> {
        let cursor = Cursor::new(body)?;
        if u32::try_from(body.len()).is_err() {
            return Err(cursor.malformed(Problem::TooLarge));
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
            return Err(Problem::TooLarge);
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
        let mut more = self.cursor.any(b']')?;
        while more {
            let item = self.value(shape, level + 1)?;
            self.push_item(item)?;
            more = self.cursor.more(b']')?;
        }
        Ok(self.finish_list(base))
    }

    /// Keeps an item of the list being read.
    #[inline]
    pub(super) fn push_item(&mut self, item: Slot) -> Scan<()> {
        self.items.push(item);
        if self.items.len() + self.rows.slots.len() > MAX_CELLS {
            return Err(Problem::TooLarge);
        }
        Ok(())
    }

    /// The items from `base` on move into the cells.
    pub(super) fn finish_list(&mut self, base: usize) -> Slot {
        let start = self.rows.slots.len() as u32;
        self.rows.slots.extend_from_slice(&self.items[base..]);
        self.items.truncate(base);
        Slot::List { start, len: self.rows.slots.len() as u32 - start }
    }

    fn object(&mut self, shape: &ObjectShape, record: bool) -> Scan<Slot> {
        let start = self.allocate(shape.slots)?;
        let ty = match &shape.typing {
            Typing::Key { key, table } => return self.named_object(shape, record, start, (key, table)),
            typing => typing.fixed(),
        };
        self.fields(&shape.fields, start, None)?;
        if record {
            self.rows.objects.push((shape.site, start, ty));
        }
        Ok(Slot::Object { start, ty })
    }

    /// An object that says its type under a key.
    fn named_object(
        &mut self,
        shape: &ObjectShape,
        record: bool,
        start: u32,
        (key, table): (&str, &[(Name, TypeId)]),
    ) -> Scan<Slot> {
        let known = self.rows.objects.len();
        let mut name = TypeName { key, table, seen: false, found: None };
        self.fields(&shape.fields, start, Some(&mut name))?;
        let Some(ty) = name.found else {
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

    /// Reads the keys of an object into the cells from `start` on. Most are those that are expected, in
    /// their order, and strings; the place is kept at hand for them.
    fn fields(&mut self, fields: &[FieldShape], start: u32, mut name: Option<&mut TypeName<'_>>) -> Scan<()> {
        self.cursor.enter()?;
        if !self.cursor.any(b'}')? {
            return Ok(());
        }
        let bytes = self.cursor.bytes;
        let mut at = self.cursor.at;
        let mut seen = Seen::default();
        let mut next = 0;
        loop {
            let expected = fields.get(next).filter(|_| at < bytes.len());
            let index = match expected.and_then(|field| field.key.leads(&bytes[at..])) {
                Some(len) => {
                    at += len;
                    next
                }
                None => {
                    self.cursor.at = at;
                    let found = self.find(fields, next, name.as_deref())?;
                    match found {
                        Found::Field(_) => {}
                        Found::TypeName => name.as_deref_mut().map_or(Ok(()), |name| self.type_name(name))?,
                        Found::Unknown => self.cursor.skip()?,
                    }
                    at = self.cursor.at;
                    match found {
                        Found::Field(index) => index,
                        Found::TypeName | Found::Unknown => match self.next_key(at)? {
                            Some(key) => {
                                at = key;
                                continue;
                            }
                            None => return Ok(()),
                        },
                    }
                }
            };
            if !seen.insert(index) {
                self.cursor.at = at;
                return Err(Problem::Duplicate);
            }
            let field = &fields[index];
            let before = at;
            at = match end_of_text_leaf(bytes, at, &field.value) {
                Some(end) => {
                    let leaf = Slot::Raw { part: 1, start: at as u32, len: (end - at) as u32 };
                    self.fill(start + field.slot.0, leaf);
                    end
                }
                None => {
                    self.cursor.at = at;
                    self.field(field, start)?;
                    self.cursor.at
                }
            };
            next = index + 1;
            if fields.get(next).is_some_and(|other| other.key == field.key) {
                next = self.feed_again(fields, index, start, before)?;
                at = self.cursor.at;
            }
            at = match bytes.get(at..) {
                Some([b',', b'"', ..]) => at + 1,
                Some([b'}', ..]) => {
                    self.cursor.at = at;
                    self.cursor.leave();
                    return Ok(());
                }
                _ => match self.next_key(at)? {
                    Some(key) => key,
                    None => return Ok(()),
                },
            };
        }
    }

    /// From behind a value to the next key, or, if there is none, behind the object.
    #[inline(never)]
    fn next_key(&mut self, at: usize) -> Scan<Option<usize>> {
        self.cursor.at = at;
        if !self.cursor.more(b'}')? {
            return Ok(None);
        }
        self.cursor.token()?;
        Ok(Some(self.cursor.at))
    }

    /// Which key comes next; steps over it and its colon.
    #[inline(never)]
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

    /// Reads the value at a place once more, into the slots after the first; answers the next expected
    /// key.
    #[cold]
    fn feed_again(&mut self, fields: &[FieldShape], first: usize, start: u32, at: usize) -> Scan<usize> {
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

    #[inline(never)]
    fn field(&mut self, field: &FieldShape, start: u32) -> Scan<()> {
        let ValueShape { lists: 0, kind: ValueKind::Leaf(leaf) } = &field.value else {
            return self.compound(field, start);
        };
        let slot = match self.cursor.token()? {
            b'n' => self.null()?,
            first => self.leaf(leaf, first)?,
        };
        self.fill(start + field.slot.0, slot);
        Ok(())
    }

    /// Fills a cell, if it is empty.
    #[inline]
    fn fill(&mut self, cell: u32, slot: Slot) {
        if let Some(empty @ Slot::Missing) = self.rows.slots.get_mut(cell as usize) {
            *empty = slot;
        }
    }

    /// Reads a field that is a list or an object.
    #[inline(always)]
    fn compound(&mut self, field: &FieldShape, start: u32) -> Scan<()> {
        let known = self.rows.objects.len();
        let slot = match &field.value {
            ValueShape { lists: 0, kind: ValueKind::Object(object) } if self.cursor.token()? == b'{' => {
                self.object(object, object.record)?
            }
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
            return Err(Problem::Duplicate);
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

/// Where a leaf that is a plain string ends; none if something else stands here, or should.
#[inline(always)]
fn end_of_text_leaf(bytes: &[u8], at: usize, shape: &ValueShape) -> Option<usize> {
    let ValueShape { lists: 0, kind: ValueKind::Leaf(Leaf::String | Leaf::Id | Leaf::Typename) } = shape else {
        return None;
    };
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let end = end_of_plain(bytes, at + 1);
    (bytes.get(end) == Some(&b'"')).then_some(end + 1)
}
