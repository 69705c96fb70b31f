//! Objects and lists: the shape says which keys are kept, and where.

use std::fmt;
use std::io::Write as _;

use bytes::Bytes;
use smallvec::{SmallVec, smallvec};

use crate::graph::federation::ids::TypeId;
use crate::platform::base::Name;
use crate::sources::rows::program::{Op, Program, Step};
use crate::sources::rows::shape::{FieldShape, Fields, ObjectShape, Typing, ValueKind, ValueShape};
use crate::sources::rows::slot::{Rows, Slot};

use super::cursor::{Cursor, Problem, Scan};
use super::expected::{Cells, end_of_boolean, end_of_short_integer, end_of_short_number, end_of_text, read_expected};
use super::interned::{Interned, Made};
use super::leaf::wrong_value;

/// How many cells one answer may fill: 64 MiB of them. A body of `[{},{},…` grows on its way here.
pub(super) const MAX_CELLS: usize = 4 << 20;

/// Room for so many is made at once, at most.
const MAX_ROOM: usize = 64 << 10;

/// Room that is made at once.
#[derive(Clone, Copy)]
pub(super) struct Room {
    /// For one cell in so many bytes.
    pub(super) bytes_per_cell: usize,
    /// For one recorded object in so many.
    pub(super) bytes_per_object: usize,
}

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
    /// How many objects were not as their programs say, less those that were.
    unexpected: u32,
    /// How many bytes were read of those, in vain.
    in_vain: usize,
    /// Objects that stand for others that read the same.
    pub(super) interned: Interned<'a>,
    /// The same of objects that are made of leaves.
    pub(super) made: Made<'a>,
}

/// After so many objects that were not as expected programs are not tried.
const MAX_UNEXPECTED: u32 = 16;

/// What was there before an object was read.
struct Mark {
    at: usize,
    slots: usize,
    objects: usize,
    text: usize,
    items: usize,
    open: usize,
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
    /// There is none: the object ends.
    End,
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
    /// At the start of a body.
    #[inline]
    pub(super) fn new(cursor: Cursor<'a>, body: &'a Bytes, room: Room) -> Self {
        let slots = Vec::with_capacity((body.len() / room.bytes_per_cell).min(MAX_ROOM));
        let objects = Vec::with_capacity((body.len() / room.bytes_per_object).min(MAX_ROOM));
        let rows = Rows { slots, objects, parts: smallvec![body.clone()], ..Rows::default() };
        let interned = Interned::new(body);
        let (items, wrong, made) = (Vec::new(), SmallVec::new(), Made::new(body));
        Self { cursor, rows, typed: false, items, wrong, unexpected: 0, in_vain: 0, interned, made }
    }

    /// Reads an object, or `null`.
    pub(super) fn row(&mut self, shape: &ObjectShape, record: bool) -> Scan<Slot> {
        match self.cursor.token()? {
            b'n' => self.null(),
            b'{' => self.object(shape, record),
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
            (ValueKind::Object(object), b'{') => self.row(object, object.record),
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

    /// The part that the body is.
    #[inline(always)]
    pub(super) fn body(&self) -> u32 {
        self.rows.first.parts + 1
    }

    /// A cell's number.
    #[inline(always)]
    pub(super) fn number(&self, cell: u32) -> u32 {
        self.rows.first.cells + cell
    }

    /// The text from `start` to here, as a leaf.
    #[inline]
    pub(super) fn raw(&self, start: usize) -> Slot {
        Slot::Raw { part: self.body(), start: start as u32, len: (self.cursor.at - start) as u32 }
    }

    /// A leaf whose text differs from the body's.
    pub(super) fn rewritten(&mut self, text: fmt::Arguments<'_>) -> Slot {
        let start = self.rows.text.len();
        self.rows.text.write_fmt(text).expect("a vector takes all bytes");
        Slot::Raw { part: self.rows.first.parts, start: start as u32, len: (self.rows.text.len() - start) as u32 }
    }

    /// A failed cell: another value than the schema says.
    pub(super) fn wrong(&mut self, expected: &'static str) -> Slot {
        if let Some(&(_, error)) = self.wrong.iter().find(|(known, _)| *known == expected) {
            return Slot::Failed(error);
        }
        let error = self.rows.add_error(wrong_value(expected));
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

    /// Reads a list of objects; the bracket comes next.
    fn objects(&mut self, shape: &ObjectShape) -> Scan<Slot> {
        self.cursor.enter()?;
        let base = self.items.len();
        let mut more = self.cursor.any(b']')?;
        while more {
            let item = match self.cursor.token()? {
                b'n' => self.null()?,
                b'{' => self.object(shape, shape.record)?,
                _ => self.skip_wrong("an object")?,
            };
            self.push_item(item)?;
            more = self.cursor.more(b']')?;
        }
        Ok(self.finish_list(base))
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
        Slot::List { start: self.number(start), len: self.rows.slots.len() as u32 - start }
    }

    /// Reads an object; the brace comes next.
    #[inline(always)]
    fn object(&mut self, shape: &ObjectShape, record: bool) -> Scan<Slot> {
        if let Some(program) = shape.program()
            && self.unexpected < MAX_UNEXPECTED
            && self.in_vain <= self.cursor.bytes.len()
            && let Some(object) = self.run(program, shape, record)?
        {
            return Ok(object);
        }
        self.any_object(shape, record)
    }

    /// Reads an object as its program says; none, and nothing has changed, if it is not like that.
    #[inline(always)]
    fn run(&mut self, program: &Program, shape: &ObjectShape, record: bool) -> Scan<Option<Slot>> {
        let text = self.cursor.bytes;
        let mark = self.mark();
        // Objects that are not there take cells, too, so that others are read key by key before there are
        // too many.
        if mark.slots > MAX_CELLS / 2 {
            return Ok(None);
        }
        let start = self.allocate(program.cells)?;
        let body = self.body();
        let (mut at, mut ty) = (mark.at, program.ty);
        let mut ops = program.ops.iter();
        while let Some(op) = ops.next() {
            let Some(value) = op.gap.end(text, at).or_else(|| op.gap.end_close_by(text, at)) else {
                return self.go_back(&mark, at);
            };
            let end = match op.step {
                Step::Close { interned } => {
                    at = value;
                    if let Some((offset, site)) = interned {
                        self.interned.close(at, site, self.number(start + offset));
                    }
                    continue;
                }
                Step::Text => end_of_text(text, value),
                Step::Integer => end_of_short_integer(text, value),
                Step::Number => end_of_short_number(text, value),
                Step::Boolean => end_of_boolean(text, value),
                Step::Open { offset, ty, record, interned, then } if text.get(value) == Some(&b'{') => {
                    if let Some(site) = interned
                        && let Some(known) = self.interned.open(value, site, ops.as_slice().first().map(|op| &op.gap))
                    {
                        self.put(start + op.cell, Slot::Object { start: known.cells, ty });
                        at = known.end;
                        ops = program.ops.get(then..).unwrap_or_default().iter();
                        continue;
                    }
                    let cells = self.number(start + offset);
                    self.put(start + op.cell, Slot::Object { start: cells, ty });
                    if let Some(site) = record {
                        self.rows.objects.push((site, cells, ty));
                    }
                    at = value;
                    continue;
                }
                Step::Open { then, .. } => {
                    ops = program.ops.get(then..).unwrap_or_default().iter();
                    None
                }
                Step::Type => {
                    let end = end_of_text(text, value);
                    match end.and_then(|end| Some((end, program.type_of(text.get(value..end)?)?))) {
                        Some((end, said)) => (at, ty) = (end, said),
                        None => return self.go_back(&mark, at),
                    }
                    continue;
                }
                Step::Other => {
                    self.cursor.at = value;
                    self.other(op, shape, start)?;
                    at = self.cursor.at;
                    continue;
                }
            };
            if let Some(end) = end {
                at = end;
                let len = (end - value) as u32;
                self.put(start + op.cell, Slot::Raw { part: body, start: value as u32, len });
            } else if is_null(text, value) {
                at = value + NULL.len();
                self.put(start + op.cell, Slot::Null);
            } else {
                self.cursor.at = value;
                self.other(op, shape, start)?;
                at = self.cursor.at;
            }
        }
        self.cursor.at = at;
        self.unexpected = self.unexpected.saturating_sub(1);
        let start = self.number(start);
        if record {
            self.rows.objects.push((shape.site, start, ty));
        }
        Ok(Some(Slot::Object { start, ty }))
    }

    /// Reads a list, or a value that takes more than a look.
    #[inline(never)]
    fn other(&mut self, op: &Op, shape: &ObjectShape, start: u32) -> Scan<()> {
        let Some(value) = op.value(shape) else { return Err(Problem::Kind) };
        self.cursor.descend(op.depth)?;
        let slot = match value {
            ValueShape { lists: 1, kind: ValueKind::Object(object) } if self.cursor.token()? == b'[' => {
                self.objects(object)?
            }
            value => self.value(value, 0)?,
        };
        self.cursor.ascend(op.depth);
        self.put(start + op.cell, slot);
        Ok(())
    }

    fn mark(&self) -> Mark {
        Mark {
            at: self.cursor.at,
            slots: self.rows.slots.len(),
            objects: self.rows.objects.len(),
            text: self.rows.text.len(),
            items: self.items.len(),
            open: self.interned.depth(),
        }
    }

    /// Takes back what was read since then, up to here. That may be many objects which were read in vain
    /// already, so there is an end to it.
    #[cold]
    fn go_back<T>(&mut self, mark: &Mark, at: usize) -> Scan<Option<T>> {
        self.in_vain += at - mark.at;
        self.cursor.at = mark.at;
        self.rows.slots.truncate(mark.slots);
        self.rows.objects.truncate(mark.objects);
        self.rows.text.truncate(mark.text);
        self.items.truncate(mark.items);
        self.interned.go_back(mark.open);
        self.unexpected += 2;
        Ok(None)
    }

    #[inline(always)]
    fn put(&mut self, cell: u32, slot: Slot) {
        if let Some(place) = self.rows.slots.get_mut(cell as usize) {
            *place = slot;
        }
    }

    /// Reads an object key by key.
    #[inline(never)]
    fn any_object(&mut self, shape: &ObjectShape, record: bool) -> Scan<Slot> {
        let start = self.allocate(shape.slots)?;
        let ty = match &shape.typing {
            Typing::Key { key, table } => return self.named_object(shape, record, start, (key, table)),
            typing => typing.fixed(),
        };
        self.fields(&shape.fields, start, None)?;
        let start = self.number(start);
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
            self.interned.forget();
            self.rows.objects.truncate(known);
            self.rows.slots.truncate(start as usize);
            return Ok(self.wrong("an object of a known type"));
        };
        let start = self.number(start);
        if record {
            self.rows.objects.push((shape.site, start, ty));
        }
        Ok(Slot::Object { start, ty })
    }

    /// Reads the keys of an object into the cells from `start` on.
    fn fields(&mut self, fields: &Fields, start: u32, mut name: Option<&mut TypeName<'_>>) -> Scan<()> {
        let opening = self.cursor.at;
        self.cursor.descend(1)?;
        let mut seen = Seen::default();
        let mut next = Fields::FIRST;
        loop {
            let cells = self.rows.slots.get_mut(start as usize..).unwrap_or_default();
            let leads = fields.leads();
            let part = self.rows.first.parts + 1;
            let to = Cells { part, cells };
            let read = read_expected(self.cursor.bytes, self.cursor.at, opening, leads, next, to, &mut seen.first);
            self.cursor.at = read.at;
            next = read.next;
            let index = match read.to_value.and_then(|lead| leads.get(lead)) {
                Some(lead) => lead.key,
                None => match self.key(fields, read.at == opening, name.as_deref())? {
                    Found::End => return Ok(()),
                    Found::Field(index) => {
                        next = leads.iter().position(|lead| lead.key > index).unwrap_or(leads.len());
                        index
                    }
                    other => {
                        match (other, name.as_deref_mut()) {
                            (Found::TypeName, Some(name)) => self.type_name(name)?,
                            _ => self.cursor.skip()?,
                        }
                        // The first field may still come, behind a comma.
                        next = if read.at == opening { 0 } else { next };
                        continue;
                    }
                },
            };
            if !seen.insert(index) {
                return Err(Problem::Duplicate);
            }
            self.field(fields, index, start)?;
        }
    }

    /// Which key comes next; steps over it and its colon.
    #[inline(never)]
    fn key(&mut self, fields: &[FieldShape], is_first: bool, name: Option<&TypeName<'_>>) -> Scan<Found> {
        let any = match is_first {
            true => {
                self.cursor.at += 1;
                self.cursor.any(b'}')?
            }
            false => self.cursor.more(b'}')?,
        };
        if !any {
            return Ok(Found::End);
        }
        let text = self.cursor.string()?;
        let key = self.cursor.meaning(text);
        self.cursor.expect(b':')?;
        if name.is_some_and(|name| name.key.as_bytes() == &*key) {
            return Ok(Found::TypeName);
        }
        let found = fields.iter().position(|field| field.key.as_bytes() == &*key);
        Ok(found.map_or(Found::Unknown, Found::Field))
    }

    /// Reads the value of a field, and of those beside it that have the same key.
    fn field(&mut self, fields: &[FieldShape], index: usize, start: u32) -> Scan<()> {
        let at = self.cursor.at;
        let key = fields.get(index).map(|field| &field.key);
        for field in fields.iter().skip(index).take_while(|field| Some(&field.key) == key) {
            self.cursor.at = at;
            let recorded = self.rows.objects.len();
            let slot = self.value(&field.value, 0)?;
            match self.rows.slots.get_mut((start + field.slot.0) as usize) {
                Some(empty @ Slot::Missing) => *empty = slot,
                // Two aliases of one field; each object should answer one of them only.
                _ => {
                    self.rows.objects.truncate(recorded);
                    self.interned.forget();
                }
            }
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

const NULL: &[u8] = b"null";

#[inline(never)]
fn is_null(text: &[u8], at: usize) -> bool {
    text.get(at..).is_some_and(|rest| rest.starts_with(NULL))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::rows::shape::{Leaf, SiteId, SlotIndex};

    fn object(fields: Vec<(&str, u8, ValueKind)>) -> ObjectShape {
        let field = |(slot, (key, lists, kind)): (u32, (&str, u8, ValueKind))| FieldShape {
            key: key.into(),
            slot: SlotIndex(slot),
            value: ValueShape { lists, kind },
        };
        let fields: Vec<_> = (0..).zip(fields).map(field).collect();
        ObjectShape {
            site: SiteId(0),
            slots: fields.len() as u32,
            typing: Typing::Fixed(TypeId(0)),
            fields: fields.into(),
            record: true,
            interned: false,
        }
    }

    /// The cells of a document, and whether it was read in one go.
    fn read(text: &str, shape: &ObjectShape) -> (Vec<Slot>, bool) {
        let body = Bytes::from(text.to_owned());
        let room = Room { bytes_per_cell: 1, bytes_per_object: 1 };
        let mut scanner = Scanner::new(Cursor::of_body(&body).unwrap(), &body, room);
        scanner.row(shape, true).unwrap();
        (std::mem::take(&mut scanner.rows.slots), scanner.unexpected == 0)
    }

    #[test]
    fn what_is_read_in_vain_has_an_end_however_deep_lists_stand() {
        let mut shape = object(vec![("id", 0, ValueKind::Leaf(Leaf::Id))]);
        let mut text = r#"{"id":"1"}"#.to_owned();
        for _ in 0..24 {
            shape = object(vec![("of", 1, ValueKind::Object(Box::new(shape)))]);
            // What was read is as it should be but for the space at the end.
            text = format!(r#"{{"of":[{text}] }}"#);
        }
        let body = Bytes::from(text.replace(r#"{"id":"1"}"#, r#"{"id":"1"},{"id":"2"},{"id":"3"}"#));
        let room = Room { bytes_per_cell: 1, bytes_per_object: 1 };
        let mut scanner = Scanner::new(Cursor::of_body(&body).unwrap(), &body, room);
        scanner.row(&shape, true).unwrap();
        assert!(scanner.in_vain > 0 && scanner.in_vain < 25 * body.len(), "{} of {}", scanner.in_vain, body.len());
    }

    #[test]
    fn objects_that_are_not_there_take_no_room_from_others() {
        let cells = |count: usize| (0..count).map(|_| ("x", 0, ValueKind::Leaf(Leaf::Int))).collect::<Vec<_>>();
        let mut wide = object(cells(1));
        wide.slots = 900;
        let item = object(vec![("a", 0, ValueKind::Object(Box::new(wide)))]);
        let shape = object(vec![("items", 1, ValueKind::Object(Box::new(item)))]);
        let items = vec![r#"{"a":null}"#; MAX_CELLS / 900 + 1000];
        let (cells, _) = read(&format!(r#"{{"items":[{}]}}"#, items.join(",")), &shape);
        assert!(cells.len() < MAX_CELLS * 2 / 3, "{}", cells.len());
    }

    #[test]
    fn documents_are_read_in_one_go_up_to_their_last_byte() {
        let leaf = |leaf| (0, ValueKind::Leaf(leaf));
        let with = |key: &'static str, (lists, kind): (u8, ValueKind)| {
            let item = object(vec![("name", 0, ValueKind::Leaf(Leaf::String)), (key, lists, kind.clone())]);
            object(vec![("items", 1, ValueKind::Object(Box::new(item))), (key, lists, kind)])
        };
        let inner = object(vec![("a", 0, ValueKind::Leaf(Leaf::Int))]);
        let cases = [
            (leaf(Leaf::Int), vec!["7", "-7", "1234567890", "null"]),
            (leaf(Leaf::Float), vec!["7", "7.5", "1e3", "-0.12345678901234567", "null"]),
            (leaf(Leaf::Boolean), vec!["true", "false", "null"]),
            (leaf(Leaf::String), vec!["\"\"", "\"short\"", "\"some text that is long enough\\n\"", "null"]),
            (leaf(Leaf::Id), vec!["7", "\"7\""]),
            ((0, ValueKind::Object(Box::new(inner))), vec!["{\"a\":1}", "null"]),
            ((1, ValueKind::Leaf(Leaf::Int)), vec!["[]", "[1,2]", "null"]),
        ];
        for (kind, values) in cases {
            for key in ["n", "a_key_longer_than_a_block"] {
                let shape = with(key, kind.clone());
                for value in &values {
                    let text = format!(r#"{{"items":[{{"name":"x","{key}":{value}}}],"{key}":{value}}}"#);
                    let (cells, at_once) = read(&text, &shape);
                    assert!(at_once, "{text}");
                    assert_eq!(cells, read(&format!("{text}{}", " ".repeat(99)), &shape).0, "{text}");
                    let one_by_one = text.replace(':', " : ");
                    assert!(!read(&one_by_one, &shape).1, "{one_by_one}");
                }
            }
        }
    }
}
