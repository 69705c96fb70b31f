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
const MAX_VALUES: usize = 128;
/// How long an object is with what stands behind it, at most.
const MAX_TEXT: usize = 64 << 10;
/// So many bytes are compared at once.
pub(super) const WIDTH: usize = 32;
/// The number of no cell.
const NOWHERE: u32 = u32::MAX;

/// How the objects of a list stand.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Template {
    /// The values in the order in which they come. Behind the last one stands what leads to the first one of
    /// the next object.
    pub(super) steps: Vec<Step>,
    /// From the bracket to the first value.
    first: Box<[u8]>,
    /// From behind another object to the first value.
    next: Box<[u8]>,
    /// From behind the last value to behind the object.
    close: Box<[u8]>,
}

/// A value, and what stands behind it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Step {
    pub(super) look: Look,
    /// There is no value: the text goes on.
    pub(super) goes_on: bool,
    /// The cells it goes to; or [`NOWHERE`], beyond the cells of any object.
    pub(super) cells: [u32; 2],
    pub(super) behind: Piece,
    /// How far from the last value to here, if what stands behind this step leads to the next object.
    joined: Option<u32>,
    /// What is read at once.
    pub(super) wants: Wants,
    /// Which part of the object's key it is.
    pub(super) part: Option<u32>,
    /// What it should be; none if nobody asked for it.
    pub(super) leaf: Option<Leaf>,
    /// Whether null is as good as absent.
    pub(super) optional: bool,
    /// How many objects it stands in.
    pub(super) depth: u32,
}

/// How a value is read if it is as it was in the object the template was taken from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look {
    /// A string, kept as it stands.
    Text,
    /// A few digits, kept as they stand.
    Digits,
    /// It takes more.
    More,
}

/// A text of up to 32 bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Piece {
    /// The text, and zeros after it.
    text: [u8; WIDTH],
    /// One bit for each byte that is beyond the text, that of the first byte lowest.
    beyond: u32,
    len: u32,
}

/// Takes a template from an object.
struct Taker<'a> {
    cursor: Cursor<'a>,
    steps: Vec<Step>,
    /// How many values there are.
    values: usize,
    /// Where the last value ends.
    behind: usize,
    /// Where the first one begins.
    opening: usize,
    /// How many objects are open.
    depth: u32,
}

// === impl Template ===

impl Template {
    /// How objects like this one stand, `between` which there is this text, closing bracket and opening
    /// bracket not included; none if there is more to them than simple values, or something is missing.
    pub(super) fn of(item: &[u8], between: &[u8], object: &ExtractObject) -> Option<Self> {
        if item.len() + between.len() > MAX_TEXT {
            return None;
        }
        let cursor = Cursor::new(item).ok()?;
        let mut taker = Taker { cursor, steps: Vec::new(), values: 0, behind: 0, opening: 0, depth: 0 };
        taker.object(&object.keys)?;
        let last = taker.steps.len().checked_sub(1)?;
        let (opening, closing) = (item.get(..taker.opening)?, item.get(taker.behind..taker.cursor.at)?);
        let next = [between, opening].concat();
        taker.known(&[closing, &next].concat());
        for (step, joined) in taker.steps.iter_mut().skip(last).zip((0..).step_by(WIDTH)) {
            step.joined = Some(joined);
        }
        Some(Self {
            steps: Some(taker.steps).filter(|_| taker.cursor.at == item.len())?,
            first: opening.into(),
            next: next.into(),
            close: closing.into(),
        })
    }

    /// Where the first value begins of an object whose bracket stands here, or which stands behind another one.
    pub(super) fn first_value(&self, text: &[u8], at: usize, is_first: bool) -> Option<usize> {
        end_of(text, at, if is_first { &self.first } else { &self.next })
    }

    /// Where an object ends, if the first value of the next one begins here.
    pub(super) fn end_before(&self, value: usize) -> usize {
        value - self.next.len()
    }

    /// Where an object ends that no other one follows: here, where a step ends and what should stand behind it
    /// does not, or before.
    #[cold]
    pub(super) fn end_of_last(&self, text: &[u8], step: &Step, at: usize) -> Option<usize> {
        end_of(text, at - step.joined? as usize, &self.close)
    }
}

fn end_of(text: &[u8], at: usize, known: &[u8]) -> Option<usize> {
    text.get(at..)?.starts_with(known).then_some(at + known.len())
}

// === impl Piece ===

impl Piece {
    fn new(known: &[u8]) -> Self {
        let (len, mut text) = (known.len().min(WIDTH), [0; WIDTH]);
        text[..len].copy_from_slice(&known[..len]);
        Self { text, beyond: u32::MAX.checked_shl(len as u32).unwrap_or_default(), len: len as u32 }
    }

    /// How many bytes it has.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether these bytes begin with it.
    #[inline(always)]
    pub(super) fn begins<S: Simd>(&self, simd: S, here: &[u8; WIDTH]) -> bool {
        let same = u8x32::simd_from(simd, *here).simd_eq(u8x32::simd_from(simd, self.text));
        same.to_bitmask() as u32 | self.beyond == u32::MAX
    }

    /// Whether it stands at a place.
    #[inline(always)]
    pub(super) fn stands<S: Simd>(&self, simd: S, text: &[u8], at: usize) -> bool {
        match text.get(at..).and_then(<[u8]>::first_chunk) {
            Some(here) => self.begins(simd, here),
            None => self.stands_at_end(text, at),
        }
    }

    #[cold]
    fn stands_at_end(&self, text: &[u8], at: usize) -> bool {
        end_of(text, at, &self.text[..self.len()]).is_some()
    }
}

// === impl Taker ===

impl Taker<'_> {
    fn object(&mut self, keys: &[KeyUse]) -> Option<()> {
        if self.cursor.token().ok()? != b'{' {
            return None;
        }
        self.cursor.enter().ok()?;
        self.depth += 1;
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
        self.depth -= 1;
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
        let begin = self.cursor.token().ok().map(|_| self.cursor.at)?;
        let mut step = Step::new();
        uses.iter().try_for_each(|use_| step.add(use_))?;
        self.cursor.value().ok()?;
        step.look = step.look_at(self.cursor.bytes.get(begin..self.cursor.at)?);
        step.depth = self.depth;
        match self.steps.is_empty() {
            true => self.opening = begin,
            false => self.known(self.cursor.bytes.get(self.behind..begin)?),
        }
        self.behind = self.cursor.at;
        self.steps.push(step);
        self.values += 1;
        (self.values <= MAX_VALUES).then_some(())
    }

    /// What stands behind the last value.
    fn known(&mut self, text: &[u8]) {
        let mut pieces = text.chunks(WIDTH).map(Piece::new);
        if let (Some(step), Some(piece)) = (self.steps.last_mut(), pieces.next()) {
            step.behind = piece;
        }
        self.steps.extend(pieces.map(|behind| Step { goes_on: true, behind, ..Step::new() }));
    }
}

// === impl Step ===

impl Step {
    /// Nobody asked for it.
    fn new() -> Self {
        let (look, cells, behind) = (Look::More, [NOWHERE; 2], Piece::new(&[]));
        let (wants, part, leaf) = (Wants::Nothing, None, None);
        Self { look, goes_on: false, cells, behind, joined: None, wants, part, leaf, optional: false, depth: 0 }
    }

    /// How values are read that are like this one.
    fn look_at(&self, value: &[u8]) -> Look {
        match (self.part, self.wants, value) {
            (None, Wants::Text | Wants::Nothing, [b'"', ..]) => Look::Text,
            (None, Wants::Integer | Wants::Nothing, digits) if digits.iter().all(u8::is_ascii_digit) => Look::Digits,
            _ => Look::More,
        }
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

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::super::slot::UNKNOWN_TYPE;
    use super::*;

    #[test]
    fn a_piece_is_recognised_as_it_stands_and_as_nothing_else() {
        let text = b",\n      \"a_name_of_letters\": ....";
        let stands = |piece: &Piece, text: &[u8]| dispatch!(Level::new(), simd => piece.stands(simd, text, 3));
        for len in 0..=WIDTH {
            let piece = Piece::new(&text[..len]);
            assert_eq!(piece.len(), len);
            for room in [0, 1, WIDTH] {
                let text = [&b"xyz"[..], &text[..len], &[b'.'; WIDTH][..room]].concat();
                assert!(stands(&piece, &text));
                for at in 3..3 + len {
                    let mut other = text.clone();
                    other[at] ^= 1;
                    assert!(!stands(&piece, &other), "{at} of {len}");
                    assert!(!stands(&piece, &text[..at]), "{at} of {len}");
                }
            }
        }
    }

    #[test]
    fn numbers_are_read_as_they_are_and_objects_far_apart_are_none_of_a_kind() {
        let object =
            ExtractObject { cells: 1, ty: UNKNOWN_TYPE, record: None, nullable: true, made: vec![], keys: vec![] };
        let template = Template::of(br#"{"a":9.99,"b":12,"c":-1,"d":"x"}"#, b",", &object).unwrap();
        let looks: Vec<_> = template.steps.iter().map(|step| step.look).collect();
        assert_eq!(looks, [Look::More, Look::Digits, Look::More, Look::Text]);
        assert_eq!(Template::of(br#"{"a":1}"#, " ".repeat(MAX_TEXT).as_bytes(), &object), None);
    }

    #[test]
    fn long_texts_between_values_are_many_pieces() {
        let object =
            ExtractObject { cells: 1, ty: UNKNOWN_TYPE, record: None, nullable: true, made: vec![], keys: vec![] };
        let long = " ".repeat(100);
        let item = format!("{{{long}\"a\":{long}1,\"b\":\"\"}}");
        let next = format!("{long},{{{long}\"a\":{long}");
        let template = Template::of(item.as_bytes(), format!("{long},").as_bytes(), &object).unwrap();
        let lens: Vec<_> = template.steps.iter().map(|step| (step.look, step.goes_on, step.behind.len())).collect();
        let (more, joint) = (Look::More, 1 + next.len());
        assert_eq!(lens[..2], [(Look::Digits, false, 5), (Look::Text, false, WIDTH)]);
        assert!(lens[2..].iter().all(|(look, goes_on, _)| (*look, *goes_on) == (more, true)), "{lens:?}");
        assert_eq!(lens[1..].iter().map(|(.., len)| len).sum::<usize>(), joint);
        let text = format!("\"\"}}{long}]");
        // An object ends where the text goes on otherwise than to another one, however late that turns out.
        let mut at = 2;
        for step in &template.steps[1..] {
            assert_eq!(template.end_of_last(text.as_bytes(), step, at), Some(3));
            at += step.behind.len();
        }
    }
}
