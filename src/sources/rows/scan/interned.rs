//! Objects that read the same, read once: where a list leads to the same thing again and again, its
//! text is compared with that of the one that was read, and both are one object.

use crate::sources::rows::extract::MadeOfLeaves;
use crate::sources::rows::lead::{Block, Gap, block_at};
use crate::sources::rows::shape::SiteId;
use crate::sources::rows::slot::Slot;

use super::expected::{end_of_short_integer, end_of_text};

/// Bytes of a text for each place in the table.
const BYTES_PER_PLACE: usize = 512;
const MIN_PLACES: usize = 16;
const MAX_PLACES: usize = 1024;
/// So many objects are looked for without finding any; each that is found is worth some more.
const FIRST_CREDIT: u32 = 64;
const WORTH: u32 = 8;
const MAX_CREDIT: u32 = 256;

/// The objects that were read, by their first values.
pub(super) struct Interned<'a> {
    text: &'a [u8],
    /// The last one for each place; made when it is first wanted.
    known: Vec<Known>,
    /// Those that are being read, outermost first: their places, and where they begin.
    open: Vec<(Option<usize>, usize)>,
    /// How often it may still be looked in vain.
    credit: u32,
    /// What was read before it was the turn of this number does not count.
    turn: u32,
    has_found: bool,
}

/// An object that was read.
#[derive(Clone, Copy)]
struct Known {
    turn: u32,
    site: SiteId,
    start: u32,
    len: u32,
    cells: u32,
}

/// Objects that are made of leaves, to be found again by those.
pub(super) struct Made<'a> {
    text: &'a [u8],
    /// The part that the text is.
    pub(super) body: u32,
    /// The last one for each place; made when it is first wanted.
    known: Vec<MadeKnown>,
    /// The one that was met last, if it is of one short leaf; else no leaf is as short as this one.
    last: Short,
    /// How often it may still be looked in vain.
    credit: u32,
    /// What was made before it was the turn of this number does not count.
    turn: u32,
}

/// An object that was made: its first leaf, and that leaf's last bytes.
#[derive(Clone, Copy)]
struct MadeKnown {
    turn: u32,
    site: SiteId,
    start: u32,
    len: u32,
    cells: u32,
    last: u128,
}

/// An object that was made of one leaf of up to eight bytes.
#[derive(Clone, Copy)]
struct Short {
    site: SiteId,
    len: u32,
    leaf: u64,
    cells: u32,
}

/// An object that reads like another one.
pub(super) struct Found {
    /// The cells of the other one.
    pub(super) cells: u32,
    /// Where its text ends.
    pub(super) end: usize,
}

// === impl Interned ===

impl<'a> Interned<'a> {
    /// Nothing was read of a text.
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, known: Vec::new(), open: Vec::new(), credit: FIRST_CREDIT, turn: 1, has_found: false }
    }

    /// Nothing will be found.
    pub(super) fn off() -> Self {
        Self { credit: 0, ..Self::new(&[]) }
    }

    /// Whether any two objects became one.
    pub(super) fn has_found(&self) -> bool {
        self.has_found
    }

    /// How many objects are being read.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// An object begins here, whose first value stands behind `first`: another one that reads the same, or
    /// else it is about to be read.
    #[inline(never)]
    pub(super) fn open(&mut self, at: usize, site: SiteId, first: Option<&Gap>) -> Option<Found> {
        let place = first.and_then(|gap| self.place_behind(at, site, gap));
        let known = place.and_then(|place| self.known.get(place));
        if let Some(known) = known
            && (known.turn, known.site) == (self.turn, site)
            && let Some(other) = self.text.get(known.start as usize..).and_then(|text| text.get(..known.len as usize))
            && self.text.get(at..).is_some_and(|text| text.starts_with(other))
        {
            let found = Found { cells: known.cells, end: at + other.len() };
            self.has_found = true;
            self.credit = (self.credit + WORTH).min(MAX_CREDIT);
            return Some(found);
        }
        self.credit = self.credit.saturating_sub(1);
        self.open.push((place, at));
        None
    }

    /// The object that began last ends here.
    #[inline]
    pub(super) fn close(&mut self, end: usize, site: SiteId, cells: u32) {
        if let Some((Some(place), start)) = self.open.pop()
            && let Some(known) = self.known.get_mut(place)
        {
            *known = Known { turn: self.turn, site, start: start as u32, len: (end - start) as u32, cells };
        }
    }

    /// Only so many objects are being read; cells of others may be gone.
    pub(super) fn go_back(&mut self, depth: usize) {
        self.open.truncate(depth);
        self.forget();
    }

    /// Nothing that was read so far stands for others.
    pub(super) fn forget(&mut self) {
        self.turn += 1;
    }

    /// Where an object is kept whose first value stands behind `first`.
    fn place_behind(&mut self, at: usize, site: SiteId, first: &Gap) -> Option<usize> {
        if self.credit == 0 {
            return None;
        }
        let value = first.end(self.text, at)?;
        let end = match self.text.get(value)? {
            b'"' => end_of_text(self.text, value),
            _ => end_of_short_integer(self.text, value),
        }?;
        self.place(end, site)
    }

    /// Where an object is kept: by the last bytes of its first value.
    fn place(&mut self, end: usize, site: SiteId) -> Option<usize> {
        let last: &Block = block_at(self.text, end.checked_sub(size_of::<Block>())?)?;
        if self.known.is_empty() {
            self.known = vec![Known { turn: 0, site, start: 0, len: 0, cells: 0 }; places(self.text)];
        }
        Some(place(u128::from_le_bytes(*last), site, self.known.len()))
    }
}

// === impl Made ===

impl<'a> Made<'a> {
    /// Nothing was made of a text.
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, body: 1, known: Vec::new(), last: Short::NONE, credit: FIRST_CREDIT, turn: 1 }
    }

    /// The object whose cells begin at `cells` is complete: the cells of another one that has the same
    /// leaves, if there is one.
    #[inline(always)]
    pub(super) fn find(&mut self, of: &MadeOfLeaves, cells: u32, slots: &[Slot]) -> Option<u32> {
        let Some(&Slot::Raw { part, start, len }) = slots.get((cells + of.first) as usize) else { return None };
        if part != self.body {
            return None;
        }
        // Many in a row are often the same.
        if (self.last.site, self.last.len) == (of.site, len)
            && of.others.is_empty()
            && let Some(bytes) = self.text.get(..(start + len) as usize).and_then(<[u8]>::last_chunk)
            && u64::from_le_bytes(*bytes) >> (u64::BITS - 8 * len) == self.last.leaf
        {
            return Some(self.last.cells);
        }
        self.look_up(of, cells, slots, MadeKnown { turn: self.turn, site: of.site, start, len, cells, last: 0 })
    }

    #[inline(never)]
    fn look_up(&mut self, of: &MadeOfLeaves, cells: u32, slots: &[Slot], new: MadeKnown) -> Option<u32> {
        if self.credit == 0 || new.len == 0 {
            return None;
        }
        let end = new.start as usize + new.len as usize;
        let last: &Block = block_at(self.text, end.checked_sub(size_of::<Block>())?)?;
        // Only so many of these bytes are the leaf's.
        let last = u128::from_le_bytes(*last) >> (u128::BITS - 8 * new.len.min(size_of::<Block>() as u32));
        let new = MadeKnown { last, ..new };
        if self.known.is_empty() {
            self.known = vec![MadeKnown { turn: 0, ..new }; places(self.text)];
        }
        let at = place(last, of.site, self.known.len());
        let known = self.known.get_mut(at)?;
        let is_same = (known.turn, known.site, known.len, known.last) == (new.turn, new.site, new.len, last)
            && (new.len as usize <= size_of::<Block>() || same_text(self.text, known.start, new.start, new.len))
            && of.others.iter().all(|cell| same_leaf((self.body, self.text), slots, known.cells + cell, cells + cell));
        if is_same {
            self.credit = (self.credit + WORTH).min(MAX_CREDIT);
        } else {
            self.credit -= 1;
            *known = new;
        }
        self.last = match new.len as usize <= size_of::<u64>() && of.others.is_empty() {
            true => Short { site: of.site, len: new.len, leaf: last as u64, cells: known.cells },
            false => Short::NONE,
        };
        is_same.then_some(known.cells)
    }

    /// Nothing that was made so far stands for others: cells may be gone.
    pub(super) fn forget(&mut self) {
        self.turn += 1;
        self.last = Short::NONE;
    }
}

// === impl Short ===

impl Short {
    const NONE: Self = Self { site: SiteId(0), len: 0, leaf: 0, cells: 0 };
}

fn same_text(text: &[u8], a: u32, b: u32, len: u32) -> bool {
    let of = |start: u32| text.get(start as usize..).and_then(|rest| rest.get(..len as usize));
    a == b || of(a) == of(b)
}

/// Whether two cells are the same leaf, or empty in the same way.
fn same_leaf(body: (u32, &[u8]), slots: &[Slot], a: u32, b: u32) -> bool {
    match (slots.get(a as usize), slots.get(b as usize)) {
        (Some(&Slot::Raw { part: p, start: a, len: n }), Some(&Slot::Raw { part: q, start: b, len: m }))
            if (p, q) == (body.0, body.0) =>
        {
            n == m && same_text(body.1, a, b, n)
        }
        (a, b) => a == b,
    }
}

/// How many places there are for the objects of a text.
fn places(text: &[u8]) -> usize {
    (text.len() / BYTES_PER_PLACE).clamp(MIN_PLACES, MAX_PLACES).next_power_of_two()
}

/// One of so many places, which are a power of two. The first bits tell most texts apart.
#[inline]
fn place(text: u128, site: SiteId, places: usize) -> usize {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let (low, high) = (text as u64, (text >> u64::BITS) as u64);
    let mixed = (low ^ u64::from(site.0)).wrapping_mul(ODD) ^ high;
    ((mixed ^ mixed >> 32).wrapping_mul(ODD) >> (u64::BITS - places.trailing_zeros())) as usize
}
