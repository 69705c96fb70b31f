//! Bare JSON documents, read by an [`Extract`] and in the simple case only: whatever calls for an
//! error, for a conversion or for a choice is left to those who build the mapped value.

use std::ops::Range;

use bytes::Bytes;

use crate::sources::rows::extract::{Extract, ExtractObject, KeyUse, MAX_KEYS, Place, Target, Use, UseValue};
use crate::sources::rows::shape::{Leaf, SlotIndex, ValueKind, ValueShape};
use crate::sources::rows::slot::{Rows, Slot};

use super::block::block_at;
use super::cursor::{Cursor, Problem, Scan};
use super::object::Scanner;

/// How deep a document may nest: what decoders of values allow.
const MAX_DOCUMENT_DEPTH: u32 = 127;
/// How many problems one evaluation of a mapping keeps.
const MAX_PROBLEMS: usize = 64;
/// Bodies up to this many bytes are kept although little of them is used.
const SMALL_BODY: usize = 64 << 10;

/// What was read.
#[derive(Debug, Default)]
pub struct Extracted {
    /// The rows, without errors.
    pub rows: Rows,
    /// What was not as the mapping expects, although nothing failed.
    pub problems: Vec<String>,
    /// How many elements there were in the list of rows.
    pub elements: u32,
    /// Elements that belong to no row.
    pub surplus: u32,
}

/// From the parts of a key to the row it is the key of.
pub type FindRow<'m> = dyn FnMut(Option<&[&[u8]]>) -> Option<usize> + 'm;

/// Which row an element of a list of rows is.
pub struct Matching<'m> {
    /// How many rows there are.
    pub rows: usize,
    /// Finds the row by the JSON texts of the element's key, all of them scalars; there are none
    /// when the element has no key.
    pub find: &'m mut FindRow<'m>,
}

/// Reads a document as one row.
///
/// `None` when the document is not valid, or is not what the schema says in every part that is
/// read: then the mapped value itself must be built and looked at.
pub fn extract_row(body: &Bytes, extract: &Extract) -> Option<Extracted> {
    let mut reader = Reader::new(body, extract, None)?;
    let row = reader.row(extract).ok()?;
    reader.out.rows.rows = vec![row];
    reader.finish(body)
}

/// Reads a document that holds a list of rows, each given its place by `matching`; places without
/// an element are null.
///
/// `None` as for [`extract_row`], and when two elements want one place.
pub fn extract_rows(body: &Bytes, extract: &Extract, matching: Matching<'_>) -> Option<Extracted> {
    let rows = vec![Slot::Missing; matching.rows];
    let mut reader = Reader::new(body, extract, Some(matching))?;
    reader.out.rows.rows = rows;
    reader.row(extract).ok().filter(|_| reader.has_list)?;
    for row in &mut reader.out.rows.rows {
        if *row == Slot::Missing {
            *row = Slot::Null;
        }
    }
    reader.finish(body)
}

struct Reader<'a, 'm> {
    scanner: Scanner<'a>,
    /// All but the cells, which the scanner collects.
    out: Extracted,
    row: Slot,
    matching: Option<Matching<'m>>,
    /// Whether the list of rows was met.
    has_list: bool,
    /// Where the key of the current element stands, part by part.
    parts: Vec<Option<Range<usize>>>,
    /// The keys of the object that was met last, by the first key that is read of it.
    met: Vec<Vec<MetKey>>,
    /// What was told of each key during this evaluation.
    told: Vec<u8>,
    /// How many problems there were before this evaluation.
    before: usize,
}

/// A key as it stands in the document, with all that is between the values before and after it, and
/// which key it is.
#[derive(Clone)]
struct MetKey {
    /// The first sixteen bytes of the text, as far as `mask` reaches; the others are zero.
    head: u128,
    mask: u128,
    start: usize,
    len: usize,
    found: Option<usize>,
}

/// How many keys of an object are remembered.
const MAX_MET: usize = 64;

/// Told of a key: it was absent.
const ABSENT: u8 = 1;
/// Told of a key: null stood in place of its object.
const OF_NULL: u8 = 2;

// === impl Reader ===

impl<'a, 'm> Reader<'a, 'm> {
    fn new(body: &'a Bytes, extract: &Extract, matching: Option<Matching<'m>>) -> Option<Self> {
        let mut scanner = Scanner::new(body).ok()?;
        scanner.cursor.max_depth = MAX_DOCUMENT_DEPTH;
        scanner.typed = extract.typed;
        Some(Self {
            scanner,
            out: Extracted::default(),
            row: Slot::Null,
            matching,
            has_list: false,
            parts: vec![None; extract.parts as usize],
            met: vec![Vec::new(); extract.keys as usize],
            told: vec![0; extract.keys as usize],
            before: 0,
        })
    }

    /// The whole document.
    fn row(&mut self, extract: &Extract) -> Scan<Slot> {
        let Some(row) = &extract.row else {
            self.place(&extract.document, 0)?;
            self.scanner.cursor.end()?;
            return Ok(self.row);
        };
        let start = self.scanner.allocate(row.cells)?;
        self.place(&extract.document, start)?;
        self.scanner.cursor.end()?;
        for field in &row.field {
            if let Some(cell @ Slot::Missing) = self.scanner.rows.slots.get_mut((start + field.0) as usize) {
                *cell = Slot::Null;
            }
        }
        Ok(Slot::Object { start, ty: row.ty })
    }

    /// What was read, if it can be relied on.
    fn finish(mut self, body: &Bytes) -> Option<Extracted> {
        let Scanner { cursor, mut rows, .. } = self.scanner;
        if !rows.errors.is_empty() || cursor.extreme {
            return None;
        }
        release(&mut rows, body);
        rows.rows = self.out.rows.rows;
        self.out.rows = rows;
        Some(self.out)
    }

    /// Gives up: the value path decides.
    fn leave<T>(&self) -> Scan<T> {
        Err(Problem::Kind)
    }

    /// Reads one value in every way that is asked for, into the cells from `start` on.
    #[inline]
    fn place(&mut self, place: &Place, start: u32) -> Scan<()> {
        let first = self.scanner.cursor.token()?;
        match (place.uses.as_slice(), place.keys.as_slice()) {
            ([only], []) => match only.as_leaf() {
                Some((cell, leaf)) if first != b'n' => self.leaf(leaf, first, start + cell.0),
                _ => self.value(only, first, start),
            },
            _ => self.in_many_ways(place, first, start),
        }
    }

    /// Reads a leaf, which is not null, into a cell.
    #[inline]
    fn leaf(&mut self, leaf: &Leaf, first: u8, cell: u32) -> Scan<()> {
        let slot = self.scanner.leaf(leaf, first)?;
        if let Slot::Failed(_) = slot {
            return self.leave();
        }
        self.scanner.rows.slots[cell as usize] = slot;
        Ok(())
    }

    fn in_many_ways(&mut self, place: &Place, first: u8, start: u32) -> Scan<()> {
        let at = self.scanner.cursor.at;
        for use_ in &place.uses {
            self.scanner.cursor.at = at;
            self.value(use_, first, start)?;
        }
        if place.keys.is_empty() {
            return Ok(());
        }
        self.scanner.cursor.at = at;
        match first {
            b'{' => self.keys(&place.keys, start),
            b'n' => self.null_in_place_of(&place.keys),
            _ => self.leave(),
        }
    }

    #[inline]
    fn value(&mut self, use_: &Use, first: u8, start: u32) -> Scan<()> {
        let at = self.scanner.cursor.at;
        let slot = match &use_.value {
            UseValue::Rows(object) => return self.elements(object),
            _ if first == b'n' && use_.optional => return self.scanner.cursor.word(b"null"),
            UseValue::AsIs(ValueShape { lists: 0, kind: ValueKind::Leaf(leaf) }) if first != b'n' => {
                self.scanner.leaf(leaf, first)?
            }
            UseValue::AsIs(shape) => self.scanner.value(shape, 0)?,
            UseValue::Object(lists, object) => self.objects(*lists, object)?,
        };
        if let Slot::Failed(_) = slot {
            return self.leave();
        }
        if let Some(part) = use_.part
            && !matches!(first, b'n' | b'{' | b'[')
        {
            self.parts[part as usize] = Some(at..self.scanner.cursor.at);
        }
        match use_.target {
            Target::Cell(cell) => self.scanner.rows.slots[(start + cell.0) as usize] = slot,
            Target::Row => self.row = slot,
            Target::Nowhere => {}
        }
        Ok(())
    }

    /// An object, or objects in so many lists.
    fn objects(&mut self, lists: u8, object: &ExtractObject) -> Scan<Slot> {
        match self.scanner.cursor.token()? {
            b'n' => self.null_object(object),
            b'[' if lists > 0 => self.list(lists - 1, object),
            b'{' if lists == 0 => self.object(object),
            _ => self.leave(),
        }
    }

    fn list(&mut self, lists: u8, object: &ExtractObject) -> Scan<Slot> {
        self.scanner.cursor.enter()?;
        let base = self.scanner.items.len();
        let mut more = self.scanner.cursor.any(b']')?;
        while more {
            let item = self.objects(lists, object)?;
            self.scanner.push_item(item)?;
            more = self.scanner.cursor.more(b']')?;
        }
        Ok(self.scanner.finish_list(base))
    }

    fn object(&mut self, object: &ExtractObject) -> Scan<Slot> {
        let start = self.scanner.allocate(object.cells)?;
        for made in &object.made {
            let cells = start + made.start;
            self.scanner.rows.slots[(start + made.cell.0) as usize] = Slot::Object { start: cells, ty: made.ty };
            self.scanner.rows.objects.extend(made.record.map(|site| (site, cells, made.ty)));
        }
        self.keys(&object.keys, start)?;
        self.scanner.rows.objects.extend(object.record.map(|site| (site, start, object.ty)));
        Ok(Slot::Object { start, ty: object.ty })
    }

    fn null_object(&mut self, object: &ExtractObject) -> Scan<Slot> {
        if !object.nullable {
            return self.leave();
        }
        self.null_in_place_of(&object.keys)?;
        Ok(Slot::Null)
    }

    fn null_in_place_of(&mut self, keys: &[KeyUse]) -> Scan<()> {
        self.scanner.cursor.word(b"null")?;
        for key in keys.iter().filter(|key| key.minding_null > 0) {
            self.tell(key, OF_NULL);
        }
        Ok(())
    }

    /// The keys of an object.
    fn keys(&mut self, keys: &[KeyUse], start: u32) -> Scan<()> {
        debug_assert!(keys.len() <= MAX_KEYS);
        if keys.is_empty() {
            return self.scanner.cursor.skip();
        }
        self.scanner.cursor.enter()?;
        let kind = keys.first().map_or(usize::MAX, |first| first.id as usize);
        let mut met = self.met.get_mut(kind).map(std::mem::take).unwrap_or_default();
        let mut seen = 0_u64;
        let mut place = 0;
        loop {
            let found = match met.get(place).and_then(|known| known.leads(&mut self.scanner.cursor)) {
                Some(found) => found,
                None => {
                    let after_value = self.scanner.cursor.at;
                    let more = match place {
                        0 => self.scanner.cursor.any(b'}')?,
                        _ => self.scanner.cursor.more(b'}')?,
                    };
                    if !more {
                        break;
                    }
                    self.new_key(keys, &mut met, place, after_value)?
                }
            };
            place += 1;
            match found {
                Some(index) if seen & (1 << index) != 0 => return self.leave(),
                Some(index) => {
                    seen |= 1 << index;
                    self.place(&keys[index].place, start)?;
                }
                None => self.scanner.cursor.skip()?,
            }
        }
        if let Some(place) = self.met.get_mut(kind) {
            *place = met;
        }
        if seen.count_ones() as usize != keys.len() {
            let absent =
                keys.iter().enumerate().filter(|(index, key)| seen & (1 << index) == 0 && key.minding_absent > 0);
            for (_, key) in absent {
                self.tell(key, ABSENT);
            }
        }
        Ok(())
    }

    /// Reads a key, its colon and the space around them, and remembers the text from `start` on.
    #[inline(never)]
    fn new_key(&mut self, keys: &[KeyUse], met: &mut Vec<MetKey>, place: usize, start: usize) -> Scan<Option<usize>> {
        let cursor = &mut self.scanner.cursor;
        let text = cursor.string()?;
        let key = cursor.meaning(text);
        let found = keys.iter().position(|known| known.key.as_bytes() == &*key);
        cursor.expect(b':')?;
        cursor.token()?;
        if let Some(now) = MetKey::new(cursor, start, found) {
            match place {
                place if place < met.len() => met[place] = now,
                place if place == met.len() && place < MAX_MET => met.push(now),
                _ => {}
            }
        }
        Ok(found)
    }

    /// A list of rows. What an element without a row has filled is taken back.
    fn elements(&mut self, object: &ExtractObject) -> Scan<()> {
        if self.scanner.cursor.token()? != b'[' {
            return self.leave();
        }
        self.has_list = true;
        self.scanner.cursor.enter()?;
        let mut more = self.scanner.cursor.any(b']')?;
        while more {
            self.element(object)?;
            more = self.scanner.cursor.more(b']')?;
        }
        Ok(())
    }

    fn element(&mut self, object: &ExtractObject) -> Scan<()> {
        let rows = &self.scanner.rows;
        let (cells, objects, text) = (rows.slots.len(), rows.objects.len(), rows.text.len());
        self.parts.fill(None);
        // Each element is an evaluation of its own.
        if self.out.problems.len() > self.before {
            self.before = self.out.problems.len();
            self.told.fill(0);
        }
        let slot = self.objects(0, object)?;
        self.out.elements += 1;
        match self.matching_row() {
            Some(row) if self.out.rows.rows.get(row) == Some(&Slot::Missing) => self.out.rows.rows[row] = slot,
            Some(_) => return self.leave(),
            None => {
                self.out.surplus += 1;
                let rows = &mut self.scanner.rows;
                rows.slots.truncate(cells);
                rows.objects.truncate(objects);
                rows.text.truncate(text);
            }
        }
        Ok(())
    }

    fn matching_row(&mut self) -> Option<usize> {
        let bytes = self.scanner.cursor.bytes;
        let parts: Option<smallvec::SmallVec<[&[u8]; 4]>> =
            self.parts.iter().map(|part| part.clone().map(|range| &bytes[range])).collect();
        (self.matching.as_mut()?.find)(parts.as_deref())
    }

    /// Tells a problem with a key, once an evaluation.
    fn tell(&mut self, key: &KeyUse, what: u8) {
        let told = &mut self.told[key.id as usize];
        if *told & what != 0 {
            return;
        }
        *told |= what;
        let room = MAX_PROBLEMS.saturating_sub(self.out.problems.len() - self.before);
        let (message, times) = match what {
            ABSENT => (format!("property \"{}\" is not in the object", key.key), key.minding_absent),
            _ => (format!("property \"{}\" cannot be read from null", key.key), key.minding_null),
        };
        self.out.problems.extend(std::iter::repeat_n(message, room.min(times as usize)));
    }
}

// === impl Use ===

impl Use {
    /// Where a leaf goes, and what it should be, if this is no more than that.
    #[inline]
    fn as_leaf(&self) -> Option<(SlotIndex, &Leaf)> {
        match self {
            Self {
                target: Target::Cell(cell),
                part: None,
                value: UseValue::AsIs(ValueShape { lists: 0, kind: ValueKind::Leaf(leaf) }),
                ..
            } => Some((*cell, leaf)),
            _ => None,
        }
    }
}

// === impl MetKey ===

impl MetKey {
    /// What stands from `start` to here; not at the very end of a text.
    fn new(cursor: &Cursor<'_>, start: usize, found: Option<usize>) -> Option<Self> {
        let len = cursor.at - start;
        let mask = if len < size_of::<u128>() { (1 << (8 * len)) - 1 } else { u128::MAX };
        let head = u128::from_le_bytes(*block_at(cursor.bytes, start)?) & mask;
        Some(Self { head, mask, start, len, found })
    }

    /// Which key comes next, if it is this one; steps over it, its colon, the comma before and the space
    /// around them. Objects of one list mostly have their keys in one order: it is enough that the text
    /// is the same as in the object before.
    #[inline]
    fn leads(&self, cursor: &mut Cursor<'_>) -> Option<Option<usize>> {
        let now = u128::from_le_bytes(*block_at(cursor.bytes, cursor.at)?);
        if now & self.mask != self.head {
            return None;
        }
        if self.len > size_of::<u128>() && !self.leads_long(cursor) {
            return None;
        }
        cursor.at += self.len;
        Some(self.found)
    }

    fn leads_long(&self, cursor: &Cursor<'_>) -> bool {
        cursor.bytes[cursor.at..].starts_with(&cursor.bytes[self.start..self.start + self.len])
    }
}

/// Lets go of a large body of which little is used: what is used is copied.
fn release(rows: &mut Rows, body: &Bytes) {
    if body.len() <= SMALL_BODY {
        return;
    }
    let of_body = |slot: &Slot| match slot {
        Slot::Raw { part: 1, len, .. } => *len as usize,
        _ => 0,
    };
    if rows.slots.iter().map(of_body).sum::<usize>() > body.len() / 4 {
        return;
    }
    for slot in &mut rows.slots {
        if let Slot::Raw { part: part @ 1, start, len } = slot {
            let text = &body[*start as usize..(*start + *len) as usize];
            (*part, *start) = (0, rows.text.len() as u32);
            rows.text.extend_from_slice(text);
        }
    }
    rows.parts.clear();
}
