//! Bare JSON documents, read by an [`Extract`] and in the simple case only: whatever calls for an
//! error, for a conversion or for a choice is left to those who build the mapped value.

use std::iter::once;
use std::ops::Range;

use bytes::Bytes;
use fearless_simd::Level;

use crate::sources::rows::extract::{
    Extract, ExtractObject, KeyUse, MAX_KEYS, MadeObject, Place, Target, Use, UseValue,
};
use crate::sources::rows::layout::{Layout, Layouts, MAX_LAYOUTS};
use crate::sources::rows::lead::{Gap, Lead, Wants};
use crate::sources::rows::shape::{Leaf, SlotIndex, ValueKind, ValueShape};
use crate::sources::rows::slot::{Numbers, Rows, Slot};

use super::cursor::{Cursor, Problem, Scan};
use super::expected::{Cells, read_expected};
use super::object::{Room, Scanner};

mod alike;

/// How deep a document may nest: what decoders of values allow.
const MAX_DOCUMENT_DEPTH: u32 = 127;
/// How many problems one evaluation of a mapping keeps, and of many evaluations we do.
const MAX_PROBLEMS: usize = 64;
/// Room for cells that is made at once: of most documents less is wanted than stands in them.
const BYTES_PER_CELL: usize = 20;
/// The same for objects, if any are recorded.
const BYTES_PER_OBJECT: usize = 256;
/// Room for items of lists that is made at once: most are longer.
const BYTES_PER_ITEM: usize = 128;
const MAX_ITEMS: usize = 1 << 10;
/// Bodies up to this many bytes are kept although little of them is used.
const SMALL_BODY: usize = 64 << 10;

/// What was read.
#[derive(Debug, Default)]
pub struct Extracted {
    /// The rows, without errors.
    pub rows: Rows,
    /// What was not as the mapping expects, although nothing failed; of many the first ones.
    pub problems: Vec<String>,
    /// How many more there were.
    pub more_problems: usize,
    /// How many elements there were in the list of rows.
    pub elements: u32,
    /// Elements that belong to no row.
    pub surplus: u32,
    /// How documents stand, as far as this one told it.
    pub layouts: Layouts,
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

/// Reads a document as one row, with cells and parts numbered from `first` on.
///
/// `None` when the document is not valid, or is not what the schema says in every part that is
/// read: then the mapped value itself must be built and looked at.
pub fn extract_row(first: Numbers, body: &Bytes, extract: &Extract, layouts: Layouts) -> Option<Extracted> {
    let cursor = Cursor::of_body(body).ok()?;
    let mut reader = Reader::new(cursor, first, body, extract, layouts, None);
    let row = reader.row(extract).ok()?;
    reader.scanner.rows.rows.push(row);
    reader.finish(body)
}

/// Reads a document that holds a list of rows, each given its place by `matching`; places without
/// an element are null.
///
/// `None` as for [`extract_row`], and when two elements want one place.
pub fn extract_rows(
    first: Numbers,
    body: &Bytes,
    extract: &Extract,
    layouts: Layouts,
    matching: Matching<'_>,
) -> Option<Extracted> {
    let cursor = Cursor::of_body(body).ok()?;
    let rows = matching.rows;
    let mut reader = Reader::new(cursor, first, body, extract, layouts, Some(matching));
    reader.scanner.rows.rows.resize(rows, Slot::Missing);
    reader.row(extract).ok().filter(|_| reader.has_list)?;
    for row in &mut reader.scanner.rows.rows {
        if *row == Slot::Missing {
            *row = Slot::Null;
        }
    }
    reader.finish(body)
}

/// What there was before an element was read.
struct Mark {
    cells: usize,
    objects: usize,
    text: usize,
}

struct Reader<'a, 'm> {
    /// The vectors that this processor has.
    level: Level,
    scanner: Scanner<'a>,
    row: Slot,
    matching: Option<Matching<'m>>,
    /// Whether the list of rows was met.
    has_list: bool,
    /// Where the key of the current element stands, part by part.
    parts: Vec<Option<Range<usize>>>,
    /// How objects stood in documents so far.
    layouts: Layouts,
    /// What was told of each key during this evaluation.
    told: Vec<u8>,
    /// What was not as the mapping expects; of many the first ones.
    problems: Vec<String>,
    /// How many problems there are, and how many there were before this evaluation.
    count: usize,
    before: usize,
    /// How many elements there were in the list of rows.
    elements: u32,
    /// How many of them belong to no row.
    surplus: u32,
}

/// Told of a key: it was absent.
const ABSENT: u8 = 1;
/// Told of a key: null stood in place of its object.
const OF_NULL: u8 = 2;

// === impl Reader ===

impl<'a, 'm> Reader<'a, 'm> {
    #[inline]
    fn new(
        cursor: Cursor<'a>,
        first: Numbers,
        body: &'a Bytes,
        extract: &Extract,
        layouts: Layouts,
        matching: Option<Matching<'m>>,
    ) -> Self {
        let bytes_per_object = if extract.records { BYTES_PER_OBJECT } else { usize::MAX };
        let mut scanner = Scanner::new(cursor, body, Room { bytes_per_cell: BYTES_PER_CELL, bytes_per_object });
        scanner.rows.first = first;
        scanner.made.body = scanner.body();
        scanner.cursor.max_depth = MAX_DOCUMENT_DEPTH;
        scanner.items.reserve((body.len() / BYTES_PER_ITEM).min(MAX_ITEMS));
        scanner.typed = extract.typed;
        Self {
            level: Level::new(),
            scanner,
            row: Slot::Null,
            matching,
            has_list: false,
            parts: vec![None; extract.parts as usize],
            layouts,
            told: vec![0; extract.keys as usize],
            problems: Vec::new(),
            count: 0,
            before: 0,
            elements: 0,
            surplus: 0,
        }
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
        Ok(Slot::Object { start: self.scanner.number(start), ty: row.ty })
    }

    /// What was read, if it can be relied on.
    fn finish(self, body: &Bytes) -> Option<Extracted> {
        let Self { scanner: Scanner { cursor, mut rows, .. }, problems, count, elements, surplus, layouts, .. } = self;
        if !rows.reports().errors.is_empty() || cursor.extreme {
            return None;
        }
        release(&mut rows, body);
        let more_problems = count - problems.len();
        Some(Extracted { rows, problems, more_problems, elements, surplus, layouts })
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
        if lists == 0 && more {
            self.items(object, false)?;
            more = false;
        }
        while more {
            let item = self.objects(lists, object)?;
            self.scanner.push_item(item)?;
            more = self.scanner.cursor.more(b']')?;
        }
        Ok(self.scanner.finish_list(base))
    }

    fn object(&mut self, object: &ExtractObject) -> Scan<Slot> {
        self.scanner.cursor.enter()?;
        self.object_inside(object)
    }

    /// The same behind its bracket.
    fn object_inside(&mut self, object: &ExtractObject) -> Scan<Slot> {
        let start = self.scanner.allocate(object.cells)?;
        self.keys_inside(&object.keys, layout_of(&object.keys), start)?;
        Ok(self.finish_object(object, start))
    }

    /// All values of an object are in its cells.
    #[inline(always)]
    fn finish_object(&mut self, object: &ExtractObject, start: u32) -> Slot {
        self.finish_objects(object, once(start));
        Slot::Object { start: self.scanner.number(start), ty: object.ty }
    }

    /// All values of these objects are in their cells.
    #[inline(always)]
    fn finish_objects(&mut self, object: &ExtractObject, starts: impl Iterator<Item = u32> + Clone) {
        for made in &object.made {
            self.finish_made(made, starts.clone());
        }
        if let Some(site) = object.record {
            let Rows { objects, first, .. } = &mut self.scanner.rows;
            objects.extend(starts.map(|start| (site, first.cells + start, object.ty)));
        }
    }

    /// Objects made of parts of those at `starts` are complete; they may be some that were made before.
    #[inline]
    fn finish_made(&mut self, made: &MadeObject, starts: impl Iterator<Item = u32>) {
        let Scanner { rows, made: known, .. } = &mut self.scanner;
        for start in starts {
            let cells = start + made.start;
            let other = made.interned.as_ref().and_then(|of| known.find(of, cells, &rows.slots));
            let first = rows.first.cells + other.unwrap_or(cells);
            rows.slots[(start + made.cell.0) as usize] = Slot::Object { start: first, ty: made.ty };
            if let (None, Some(site)) = (other, made.record) {
                rows.objects.push((site, first, made.ty));
            }
        }
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
        self.scanner.cursor.enter()?;
        self.keys_inside(keys, layout_of(keys), start)
    }

    /// The keys of an object, behind its bracket.
    fn keys_inside(&mut self, keys: &[KeyUse], layout: usize, start: u32) -> Scan<()> {
        debug_assert!(keys.len() <= MAX_KEYS);
        let opening = self.scanner.cursor.at;
        let (mut seen, mut next) = (0, 0);
        loop {
            let Some(known) = self.layouts.get(layout) else { return self.leave() };
            let part = self.scanner.body();
            let cursor = &mut self.scanner.cursor;
            let cells = self.scanner.rows.slots.get_mut(start as usize..).unwrap_or_default();
            // What leads to the first key begins with the bracket, so that it is told from what leads to others.
            let from = if cursor.at == opening { opening - 1 } else { cursor.at };
            let to = Cells { part, cells };
            let read = read_expected(cursor.bytes, from, opening - 1, &known.leads, next, to, &mut seen);
            cursor.at = read.at.max(opening);
            next = read.next;
            let found = match read.to_value.and_then(|lead| known.leads.get(lead)) {
                Some(lead) => lead.key,
                None => {
                    if let Some(end) = known.close.and_then(|close| close.end(cursor.bytes, cursor.at)) {
                        cursor.at = end;
                        cursor.ascend(1);
                        break;
                    }
                    let Some(found) = self.new_key(keys, layout, next, opening)? else { break };
                    next += 1;
                    found
                }
            };
            match keys.get(found).map(|key| (1 << found, key)) {
                Some((bit, _)) if seen & bit != 0 => return self.leave(),
                Some((bit, key)) => {
                    seen |= bit;
                    self.place(&key.place, start)?;
                }
                None => self.skip(layout, read.to_value)?,
            }
        }
        if seen != u64::MAX >> (MAX_KEYS - keys.len().clamp(1, MAX_KEYS)) {
            let absent =
                keys.iter().enumerate().filter(|(index, key)| seen & (1 << index) == 0 && key.minding_absent > 0);
            for (_, key) in absent {
                self.tell(key, ABSENT);
            }
        }
        Ok(())
    }

    /// Reads a key, its colon and the space around them, and remembers them as what may come at this
    /// place; answers which key it is, if it is asked for. None if the object ends, which is remembered too.
    #[inline(never)]
    fn new_key(&mut self, keys: &[KeyUse], layout: usize, place: usize, opening: usize) -> Scan<Option<usize>> {
        let cursor = &mut self.scanner.cursor;
        let before = cursor.at;
        let more = match before == opening {
            true => cursor.any(b'}')?,
            false => cursor.more(b'}')?,
        };
        if !more {
            let close = Gap::new(&cursor.bytes[before..cursor.at]);
            if close.is_some() && self.layouts.get(layout).is_some_and(|layout| layout.close.is_none()) {
                self.layouts.learn()[layout].close = close;
            }
            return Ok(None);
        }
        let text = cursor.string()?;
        let key = cursor.meaning(text);
        let found = keys.iter().position(|known| known.key.as_bytes() == &*key);
        cursor.expect(b':')?;
        cursor.token()?;
        let begin = if before == opening { opening - 1 } else { before };
        let has_room = self.layouts.get(layout).is_some_and(Layout::has_room);
        if let Some(gap) = Gap::new(&cursor.bytes[begin..cursor.at]).filter(|_| has_room) {
            let lead = found.and_then(|index| Some((index, keys.get(index)?)));
            let lead = lead.map_or(Lead::unknown(gap), |(index, key)| key.place.lead(gap, index));
            self.layouts.learn()[layout].insert(place, lead);
        }
        Ok(Some(found.unwrap_or(usize::MAX)))
    }

    /// Steps over a value that nobody asked for. An object behind a known key has a layout too.
    fn skip(&mut self, layout: usize, lead: Option<usize>) -> Scan<()> {
        let cursor = &self.scanner.cursor;
        let lead = lead.filter(|_| cursor.bytes.get(cursor.at) == Some(&b'{'));
        match lead.and_then(|lead| self.layout_below(layout, lead)) {
            Some(below) => {
                self.scanner.cursor.enter()?;
                self.keys_inside(&[], below, 0)
            }
            None => self.scanner.cursor.skip(),
        }
    }

    /// The layout of objects that nobody asked for.
    fn layout_below(&mut self, layout: usize, lead: usize) -> Option<usize> {
        if let known @ Some(_) = self.layouts.get(layout)?.leads.get(lead)?.below {
            return known;
        }
        let below = self.layouts.len();
        if below >= MAX_LAYOUTS {
            return None;
        }
        let layouts = self.layouts.learn();
        layouts.get_mut(layout)?.leads.get_mut(lead)?.below = Some(below);
        layouts.push(Layout::default());
        Some(below)
    }

    /// A list of rows. What an element without a row has filled is taken back.
    fn elements(&mut self, object: &ExtractObject) -> Scan<()> {
        if self.scanner.cursor.token()? != b'[' {
            return self.leave();
        }
        self.has_list = true;
        self.scanner.cursor.enter()?;
        match self.scanner.cursor.any(b']')? {
            true => self.items(object, true),
            false => Ok(()),
        }
    }

    /// Reads an item of a list.
    fn item(&mut self, is_row: bool, read: impl FnOnce(&mut Self) -> Scan<Slot>) -> Scan<()> {
        let mark = is_row.then(|| self.begin_element());
        let slot = read(self)?;
        match mark {
            Some(mark) => self.end_element(&mark, slot),
            None => self.scanner.push_item(slot),
        }
    }

    /// Before an element of a list of rows.
    fn begin_element(&mut self) -> Mark {
        self.parts.fill(None);
        // Each element is an evaluation of its own.
        if self.count > self.before {
            self.before = self.count;
            self.told.fill(0);
        }
        let rows = &self.scanner.rows;
        Mark { cells: rows.slots.len(), objects: rows.objects.len(), text: rows.text.len() }
    }

    /// After an element of a list of rows.
    fn end_element(&mut self, mark: &Mark, slot: Slot) -> Scan<()> {
        self.elements += 1;
        match self.matching_row() {
            Some(row) => match self.scanner.rows.rows.get_mut(row) {
                Some(place @ Slot::Missing) => *place = slot,
                _ => return self.leave(),
            },
            None => {
                self.surplus += 1;
                // Objects in it, and those that were made of it, stand for no others.
                self.scanner.interned.forget();
                self.scanner.made.forget();
                let rows = &mut self.scanner.rows;
                rows.slots.truncate(mark.cells);
                rows.objects.truncate(mark.objects);
                rows.text.truncate(mark.text);
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
        let times = if what == ABSENT { key.minding_absent } else { key.minding_null } as usize;
        let times = times.min(MAX_PROBLEMS.saturating_sub(self.count - self.before));
        self.count += times;
        let room = MAX_PROBLEMS.saturating_sub(self.problems.len());
        if room > 0 {
            let message = match what {
                ABSENT => format!("property \"{}\" is not in the object", key.key),
                _ => format!("property \"{}\" cannot be read from null", key.key),
            };
            self.problems.extend(std::iter::repeat_n(message, room.min(times)));
        }
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

// === impl Place ===

impl Place {
    /// What leads to this place, which is that of the key of this number.
    fn lead(&self, gap: Gap, key: usize) -> Lead {
        let leaf = |use_: &Use| match use_ {
            Use { target: Target::Cell(cell), part: None, value: UseValue::AsIs(shape), .. } => {
                Some((*cell, shape.wants()))
            }
            _ => None,
        };
        match (self.keys.as_slice(), self.uses.as_slice()) {
            ([], [only]) if let Some((cell, wants)) = leaf(only) => Lead::new(gap, wants, key, cell),
            ([], [one, other])
                if let (Some((cell, wants)), Some((also, same))) = (leaf(one), leaf(other))
                    && wants == same =>
            {
                Lead::new(gap, wants, key, cell).and_to(also)
            }
            _ => Lead::new(gap, Wants::More, key, SlotIndex(0)),
        }
    }
}

/// The layout of objects that these keys are read of.
fn layout_of(keys: &[KeyUse]) -> usize {
    keys.first().map_or(0, |first| 1 + first.id as usize)
}

/// Lets go of a large body of which little is used: what is used is copied.
fn release(rows: &mut Rows, body: &Bytes) {
    if body.len() <= SMALL_BODY {
        return;
    }
    let own = rows.first.parts;
    let of_body = |slot: &Slot| match slot {
        Slot::Raw { part, len, .. } if *part != own => *len as usize,
        _ => 0,
    };
    if rows.slots.iter().map(of_body).sum::<usize>() > body.len() / 4 {
        return;
    }
    for slot in &mut rows.slots {
        if let Slot::Raw { part, start, len } = slot
            && *part != own
        {
            let text = &body[*start as usize..(*start + *len) as usize];
            (*part, *start) = (own, rows.text.len() as u32);
            rows.text.extend_from_slice(text);
        }
    }
    rows.parts.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::rows::slot::UNKNOWN_TYPE;

    #[test]
    fn of_many_problems_the_first_ones_are_kept() {
        let key = |id: u32| {
            let value = UseValue::AsIs(ValueShape { lists: 0, kind: ValueKind::Leaf(Leaf::Custom) });
            let to = Use { target: Target::Cell(SlotIndex(id)), optional: false, part: None, value };
            let place = Place { uses: vec![to], keys: Vec::new() };
            KeyUse { key: format!("k{id}").as_str().into(), id, minding_absent: 1, minding_null: 0, place }
        };
        let keys = (0..3).map(key).collect();
        let object = ExtractObject { cells: 3, ty: UNKNOWN_TYPE, record: None, nullable: true, made: vec![], keys };
        let rows = Use { target: Target::Row, optional: false, part: None, value: UseValue::Rows(object) };
        let document = Place { uses: vec![rows], keys: Vec::new() };
        let extract = Extract { document, keys: 3, ..Extract::default() };
        let body = Bytes::from(format!("[{}{{\"k1\":1}}]", "{},".repeat(999)));
        let mut places = 0..1000;
        let matching = Matching { rows: 1000, find: &mut |_| places.next() };
        let read = extract_rows(Numbers::default(), &body, &extract, extract.layouts(), matching).unwrap();
        assert_eq!((read.problems.len(), read.more_problems), (MAX_PROBLEMS, 2999 - MAX_PROBLEMS));
    }
}
