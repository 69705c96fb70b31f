//! How the objects of a list stand in a document: texts that are the same every time, with simple values
//! between them. It is taken from one object and says how the next one is read if it stands alike; one
//! that does not is read key by key.

use fearless_simd::prelude::*;
use fearless_simd::u8x32;

use super::extract::{ExtractObject, KeyUse, Place, Target, Use, UseValue};
use super::lead::Wants;
use super::scan::Cursor;
use super::shape::{Leaf, ValueKind, ValueShape};

/// How many values an object has, at most.
const MAX_STEPS: usize = 128;
/// How long an object is, at most.
const MAX_TEXT: usize = 64 << 10;
/// So many bytes are compared at once.
const WIDTH: usize = 32;
/// The number of no cell.
const NOWHERE: u32 = u32::MAX;

/// How the objects of a list stand.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Template {
    /// The values, in the order in which they come.
    pub(super) steps: Vec<Step>,
    /// From the bracket to the first value.
    pub(super) first: Piece,
    /// From behind another object to the first value.
    pub(super) next: Piece,
    /// From behind the last value to behind the object.
    pub(super) close: Piece,
    /// From behind the last value to the first one of the next object.
    pub(super) joint: Piece,
}

/// A text that stands between two values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Piece {
    /// The first bytes, and zeros after them.
    head: [u8; WIDTH],
    /// One bit for each byte of `head` that is beyond the text, that of the first byte lowest.
    beyond: u32,
    len: u32,
    /// What there is more.
    rest: Box<[u8]>,
}

/// A value, and the text before it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Step {
    /// Not used by the first step.
    pub(super) before: Piece,
    /// What is read at once.
    pub(super) wants: Wants,
    /// Whether that is a string, or digits; what nobody asked for may be both.
    pub(super) takes_text: bool,
    pub(super) takes_digits: bool,
    /// The cell it goes to, and another one; or [`NOWHERE`].
    cells: [u32; 2],
    /// Which part of the object's key it is.
    pub(super) part: Option<u32>,
    /// What it should be; none if nobody asked for it.
    pub(super) leaf: Option<Leaf>,
    /// Whether null is as good as absent.
    pub(super) optional: bool,
}

/// Takes a template from an object.
struct Taker<'a> {
    cursor: Cursor<'a>,
    steps: Vec<Step>,
    /// Where the last value ends.
    behind: usize,
    /// Where the first one begins.
    opening: usize,
}

// === impl Template ===

impl Template {
    /// How objects like this one stand, `between` which there is this text, closing bracket and opening
    /// bracket not included; none if there is more to them than simple values, or something is missing.
    pub(super) fn of(item: &[u8], between: &[u8], object: &ExtractObject) -> Option<Self> {
        let cursor = Cursor::new(item).ok().filter(|_| item.len() <= MAX_TEXT)?;
        let mut taker = Taker { cursor, steps: Vec::new(), behind: 0, opening: 0 };
        taker.object(&object.keys)?;
        let Taker { cursor, steps, behind, opening } = taker;
        let (opening, closing) = (item.get(..opening)?, item.get(behind..cursor.at)?);
        Some(Self {
            first: Piece::new(&[opening]),
            next: Piece::new(&[between, opening]),
            close: Piece::new(&[closing]),
            joint: Piece::new(&[closing, between, opening]),
            steps: Some(steps).filter(|steps| !steps.is_empty() && cursor.at == item.len())?,
        })
    }
}

// === impl Piece ===

impl Piece {
    fn new(parts: &[&[u8]]) -> Self {
        let text = parts.concat();
        let (short, mut head) = (text.len().min(WIDTH), [0; WIDTH]);
        head[..short].copy_from_slice(&text[..short]);
        let beyond = u32::MAX.checked_shl(short as u32).unwrap_or_default();
        Self { head, beyond, len: text.len() as u32, rest: text[short..].into() }
    }

    /// How many bytes it has.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Where it ends, if it stands at a place, and not at the very end.
    #[inline(always)]
    pub(super) fn end<S: Simd>(&self, simd: S, text: &[u8], at: usize) -> Option<usize> {
        let here = u8x32::simd_from(simd, *text.get(at..)?.first_chunk::<WIDTH>()?);
        let same = here.simd_eq(u8x32::simd_from(simd, self.head)).to_bitmask() as u32;
        if same | self.beyond != u32::MAX || self.len() > WIDTH && !self.goes_on(text, at + WIDTH) {
            return None;
        }
        Some(at + self.len())
    }

    #[inline(never)]
    fn goes_on(&self, text: &[u8], at: usize) -> bool {
        text.get(at..).is_some_and(|text| text.starts_with(&self.rest))
    }
}

// === impl Taker ===

impl Taker<'_> {
    fn object(&mut self, keys: &[KeyUse]) -> Option<()> {
        if self.cursor.token().ok()? != b'{' {
            return None;
        }
        self.cursor.enter().ok()?;
        let mut met: Vec<u32> = Vec::new();
        let mut more = self.cursor.any(b'}').ok()?;
        while more {
            let name = self.cursor.string().ok()?;
            let name = self.cursor.meaning(name);
            self.cursor.expect(b':').ok()?;
            let key = keys.iter().find(|key| key.key.as_bytes() == &*name);
            if let Some(key) = key {
                if met.contains(&key.id) {
                    return None;
                }
                met.push(key.id);
            }
            self.value(key.map(|key| &key.place))?;
            more = self.cursor.more(b'}').ok()?;
        }
        keys.iter().all(|key| key.minding_absent == 0 || met.contains(&key.id)).then_some(())
    }

    fn value(&mut self, place: Option<&Place>) -> Option<()> {
        match (self.cursor.token().ok()?, place) {
            (b'[', None) => None,
            (b'{', None) => self.object(&[]),
            (_, None) => self.step(&[]),
            (b'{', Some(Place { uses, keys })) if uses.is_empty() => self.object(keys),
            (_, Some(Place { uses, keys })) if keys.is_empty() => self.step(uses),
            _ => None,
        }
    }

    /// A value that goes wherever `uses` say.
    fn step(&mut self, uses: &[Use]) -> Option<()> {
        let begin = self.cursor.at;
        let known = self.cursor.bytes.get(self.behind..begin)?;
        let mut step = Step::new(Piece::new(&[known]));
        uses.iter().try_for_each(|use_| step.add(use_))?;
        self.cursor.value().ok()?;
        if self.steps.is_empty() {
            self.opening = begin;
        }
        self.behind = self.cursor.at;
        self.steps.push(step);
        (self.steps.len() <= MAX_STEPS).then_some(())
    }
}

// === impl Step ===

impl Step {
    /// Nobody asked for it.
    fn new(before: Piece) -> Self {
        let (wants, cells) = (Wants::Nothing, [NOWHERE; 2]);
        let (takes_text, takes_digits) = (true, true);
        Self { before, wants, takes_text, takes_digits, cells, part: None, leaf: None, optional: false }
    }

    /// The cells it goes to.
    #[inline(always)]
    pub(super) fn cells(&self) -> impl Iterator<Item = u32> {
        self.cells.into_iter().take_while(|&cell| cell != NOWHERE)
    }

    /// It goes there, too; none if that is not so simple.
    fn add(&mut self, use_: &Use) -> Option<()> {
        let UseValue::AsIs(shape @ ValueShape { lists: 0, kind: ValueKind::Leaf(leaf) }) = &use_.value else {
            return None;
        };
        match (use_.target, use_.part) {
            (Target::Nowhere, Some(part)) if self.part.is_none() => {
                self.part = Some(part);
                self.leaf.get_or_insert(Leaf::Custom);
                (*leaf == Leaf::Custom && !use_.optional).then_some(())
            }
            (Target::Cell(cell), None) if self.cells[0] == NOWHERE => {
                self.cells[0] = cell.0;
                (self.wants, self.leaf, self.optional) = (shape.wants(), Some(leaf.clone()), use_.optional);
                self.takes_text = self.wants == Wants::Text;
                self.takes_digits = self.wants == Wants::Integer;
                Some(())
            }
            (Target::Cell(cell), None) if self.cells[1] == NOWHERE => {
                self.cells[1] = cell.0;
                (self.leaf.as_ref() == Some(leaf) && self.optional == use_.optional).then_some(())
            }
            _ => None,
        }
    }
}
