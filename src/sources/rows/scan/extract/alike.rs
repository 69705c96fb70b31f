//! Lists of objects that stand alike, read by a template taken from one of them.

use std::mem::take;
use std::sync::Arc;

use fearless_simd::{Simd, dispatch};

use crate::sources::rows::extract::ExtractObject;
use crate::sources::rows::layout::Layout;
use crate::sources::rows::lead::Wants;
use crate::sources::rows::scan::block::{Window, behind, first_special_by};
use crate::sources::rows::scan::cursor::Scan;
use crate::sources::rows::scan::expected::{
    end_of_boolean, end_of_few_digits, end_of_short_number, end_of_text, end_of_text_by, few_digits,
};
use crate::sources::rows::scan::object::MAX_CELLS;
use crate::sources::rows::slot::Slot;
use crate::sources::rows::template::{Look, Step, Template, WIDTH};

use super::{Reader, layout_of};

/// How many templates are taken of one layout.
const MAX_TAKES: u8 = 8;
/// After so many objects of a list in a row that are not as the template says another one is taken, and
/// after so many none is tried.
const MISSED_BEFORE_TAKEN: u32 = 2;
const MAX_MISSED: u32 = 16;
/// So many objects get their cells at once: as many as there were before in the list, within these bounds.
const MIN_RUN: usize = 8;
const MAX_RUN: usize = 32;
/// So many bytes are at hand when a value is looked at: a string that ends in the first window, and what
/// stands behind it.
const AHEAD: usize = 1 + size_of::<Window>();

/// Objects that were read one after the other.
struct Run {
    count: usize,
    /// Where the last one ends.
    end: usize,
    /// Where the first value of the next one begins.
    next: Option<usize>,
}

// === impl Reader ===

impl Reader<'_, '_> {
    /// The objects of a list, of which there is at least one; up to behind its closing bracket.
    pub(super) fn items(&mut self, object: &ExtractObject, are_rows: bool) -> Scan<()> {
        let mut missed = 0;
        let mut is_read = self.alike(object, are_rows, true)? > 0;
        loop {
            if !is_read {
                let begin = self.scanner.cursor.at;
                self.item(are_rows, |reader| reader.objects(0, object))?;
                missed += 1;
                self.learn(object, begin, missed);
                if missed < MAX_MISSED && self.alike(object, are_rows, false)? > 0 {
                    missed = 0;
                }
            }
            if !self.scanner.cursor.more(b']')? {
                return Ok(());
            }
            is_read = false;
        }
    }

    /// Takes a template from the object that began here, if there is none yet or it says little.
    fn learn(&mut self, object: &ExtractObject, begin: usize, missed: u32) {
        let (text, end) = (self.scanner.cursor.bytes, self.scanner.cursor.at);
        let number = layout_of(&object.keys);
        let wanted = |layout: &Layout| {
            layout.takes < MAX_TAKES && (layout.template.is_none() || missed.is_multiple_of(MISSED_BEFORE_TAKEN))
        };
        let (true, Some(item), Some(between)) =
            (self.layouts.get(number).is_some_and(wanted), object_from(text, begin, end), between_objects(text, end))
        else {
            return;
        };
        let template = Template::of(item, between, object).map(Arc::new);
        if let Some(layout) = self.layouts.learn().get_mut(number) {
            layout.takes += 1;
            layout.template = template.or(layout.template.take());
        }
    }

    /// Reads objects as long as they stand as the template says, the first one right here, or else behind
    /// another one; answers how many.
    fn alike(&mut self, object: &ExtractObject, are_rows: bool, is_first: bool) -> Scan<usize> {
        let layout = self.layouts.get(layout_of(&object.keys));
        let Some(template) = layout.and_then(|layout| layout.template.clone()) else { return Ok(0) };
        if is_first {
            self.scanner.cursor.token()?;
        }
        let mut count = 0;
        let mut value = template.first_value(self.scanner.cursor.bytes, self.scanner.cursor.at, is_first);
        while let Some(first) = value {
            let mark = are_rows.then(|| self.begin_element());
            let size = object.cells.max(1) as usize;
            // An element may be taken back, so it comes alone.
            let room = if are_rows { 1 } else { self.room(size, count) };
            let start = self.scanner.allocate((room * size) as u32)? as usize;
            let mut slots = take(&mut self.scanner.rows.slots);
            let cells = &mut slots[start..];
            let run = dispatch!(self.level, simd => self.run(simd, &template, first, (cells, size)));
            slots.truncate(start + run.count * size);
            self.scanner.rows.slots = slots;
            self.scanner.cursor.at = run.end;
            match mark {
                Some(mark) if run.count > 0 => {
                    let slot = self.finish_object(object, start as u32);
                    self.end_element(&mark, slot)?;
                }
                _ => self.finish_items(object, start, run.count),
            }
            count += run.count;
            value = run.next;
        }
        Ok(count)
    }

    /// How many objects are read at once that have so many cells, when so many were: no more than may be, if
    /// it is more than one.
    fn room(&self, size: usize, count: usize) -> usize {
        let left = MAX_CELLS.saturating_sub(self.scanner.rows.slots.len() + self.scanner.items.len());
        count.clamp(MIN_RUN, MAX_RUN).min(left / (size + 1)).max(1)
    }

    /// All values of these objects are in their cells.
    fn finish_items(&mut self, object: &ExtractObject, start: usize, count: usize) {
        let starts = (0..count as u32).map(|nth| start as u32 + nth * object.cells.max(1));
        self.finish_objects(object, starts.clone());
        let first = self.scanner.number(0);
        // The cells of the objects are not too many with these.
        self.scanner.items.extend(starts.map(|start| Slot::Object { start: first + start, ty: object.ty }));
    }

    /// Reads objects into these cells, each into so many, as long as they stand as the template says; the first
    /// value of the first one stands here.
    #[inline(always)]
    fn run<S: Simd>(
        &mut self,
        simd: S,
        template: &Template,
        mut value: usize,
        (mut cells, size): (&mut [Slot], usize),
    ) -> Run {
        let (text, part) = (self.scanner.cursor.bytes, self.scanner.body());
        let (steps, begin, all) = (template.steps.as_slice(), self.scanner.cursor.at, cells.len());
        let count = |left: &[Slot]| (all - left.len()) / size;
        while cells.len() >= size {
            let written = self.scanner.rows.text.len();
            let mut at = value;
            let read = 'object: {
                for step in steps {
                    let (end, stands) = match value_at(simd, text, at as u32, step) {
                        Some((len, behind)) => {
                            put(step, cells, Slot::Raw { part, start: at as u32, len: len as u32 });
                            (at + len, step.behind.begins(simd, behind))
                        }
                        None => match self.value_of(step, at, cells) {
                            Some(end) => (end, step.behind.stands(simd, text, end)),
                            None => break 'object Err(None),
                        },
                    };
                    if !stands {
                        break 'object Err(template.end_of_last(text, step, end));
                    }
                    at = end + step.behind.len();
                }
                Ok(at)
            };
            match read {
                Ok(next) => {
                    value = next;
                    cells = &mut cells[size..];
                }
                Err(Some(end)) => return Run { count: count(cells) + 1, end, next: None },
                Err(None) => {
                    self.scanner.rows.text.truncate(written);
                    let count = count(cells);
                    let end = if count == 0 { begin } else { template.end_before(value) };
                    return Run { count, end, next: None };
                }
            }
        }
        Run { count: count(cells), end: template.end_before(value), next: Some(value) }
    }

    /// Reads a value that takes more than a look, or stands close to the end of the text; answers where it ends,
    /// if it is what it should be.
    #[inline(never)]
    fn value_of(&mut self, step: &Step, begin: usize, cells: &mut [Slot]) -> Option<usize> {
        if step.goes_on {
            return Some(begin);
        }
        let text = self.scanner.cursor.bytes;
        let first = *text.get(begin)?;
        let end = match (step.wants, first) {
            (Wants::Text | Wants::Nothing, b'"') => end_of_text(text, begin),
            // What follows is known, and is no part of a number.
            (Wants::Integer, b'0'..=b'9') => end_of_few_digits(text, begin),
            (Wants::Number | Wants::Nothing, b'0'..=b'9') => end_of_short_number(text, begin),
            (Wants::Boolean, _) => end_of_boolean(text, begin),
            _ => None,
        };
        let slot = match end {
            Some(end) => {
                self.scanner.cursor.at = end;
                Some(self.scanner.raw(begin))
            }
            None => {
                let cursor = &mut self.scanner.cursor;
                let depth = cursor.depth;
                cursor.at = begin;
                cursor.descend(step.depth).ok()?;
                let slot = self.value_token_by_token(step, first);
                self.scanner.cursor.depth = depth;
                slot?
            }
        };
        let end = self.scanner.cursor.at;
        if let Some(slot) = slot {
            put(step, cells, slot);
        }
        if let Some(part) = step.part
            && first != b'n'
            && let Some(place) = self.parts.get_mut(part as usize)
        {
            *place = Some(begin..end);
        }
        Some(end)
    }

    /// Reads a value whatever it is; answers what goes to the cells, if anything does, and if it is what it
    /// should be.
    fn value_token_by_token(&mut self, step: &Step, first: u8) -> Option<Option<Slot>> {
        match (&step.leaf, first) {
            (None, b'{' | b'[') => None,
            (None, _) => self.scanner.cursor.scalar().ok().map(|()| None),
            (Some(_), b'n') => {
                self.scanner.cursor.word(b"null").ok()?;
                Some((!step.optional).then_some(Slot::Null))
            }
            // What is part of a key is no object or list.
            (Some(_), b'{' | b'[') if step.part.is_some() => None,
            (Some(leaf), _) => match self.scanner.leaf(leaf, first).ok()? {
                Slot::Failed(_) => None,
                slot => Some(Some(slot)),
            },
        }
    }
}

/// How long the value of a step is that begins here, and what stands behind it; none if it takes more than a
/// look to tell.
#[inline(always)]
fn value_at<'t, S: Simd>(simd: S, text: &'t [u8], at: u32, step: &Step) -> Option<(usize, &'t [u8; WIDTH])> {
    // Of so small a number it is known that nothing flows over.
    let at = at as usize;
    let ahead: &[u8; AHEAD] = text.get(at..at + AHEAD)?.first_chunk()?;
    if step.look == Look::Text {
        let (b'"', window) = ahead.split_first()? else { return None };
        let window = window.first_chunk()?;
        let first = first_special_by(simd, window);
        if window[first] == b'"' {
            return Some((first + 2, behind(window, first)?));
        }
        let (end, behind) = end_of_text_by(simd, text, at + 1 + first).ok()?;
        Some((end - at, behind))
    } else if step.look == Look::Digits {
        let len = few_digits(ahead.first_chunk()?)?;
        Some((len, ahead[len..].first_chunk()?))
    } else {
        step.goes_on.then_some((0, ahead.first_chunk()?))
    }
}

/// Puts a value where a step says.
#[inline(always)]
fn put(step: &Step, cells: &mut [Slot], slot: Slot) {
    let [cell, also] = step.cells;
    if let Some(place) = cells.get_mut(cell as usize) {
        *place = slot;
        if let Some(place) = cells.get_mut(also as usize) {
            *place = slot;
        }
    }
}

/// The object that stands in a text from `begin` on, behind spaces.
fn object_from(text: &[u8], begin: usize, end: usize) -> Option<&[u8]> {
    let item = text.get(begin..end)?;
    item.get(item.iter().position(|byte| *byte == b'{')?..)
}

/// What stands from here to the bracket of another object.
fn between_objects(text: &[u8], at: usize) -> Option<&[u8]> {
    let rest = text.get(at..)?;
    let mut tokens = rest.iter().enumerate().filter(|(_, byte)| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
    match (tokens.next()?, tokens.next()?) {
        ((_, b','), (bracket, b'{')) => rest.get(..bracket),
        _ => None,
    }
}
