//! Lists of objects that stand alike, read by a template taken from one of them.

use std::sync::Arc;

use fearless_simd::{Simd, dispatch};

use crate::sources::rows::extract::ExtractObject;
use crate::sources::rows::layout::Layout;
use crate::sources::rows::lead::Wants;
use crate::sources::rows::scan::cursor::Scan;
use crate::sources::rows::scan::expected::{Window, end_of_boolean, end_of_few_digits, end_of_short_number};
use crate::sources::rows::slot::Slot;
use crate::sources::rows::template::{Step, Template};

use super::{Reader, layout_of};

/// How many templates are taken of one layout.
const MAX_TAKES: u8 = 8;
/// After so many objects that are not as the template says another one is taken, and after so many more
/// of one document none is tried.
const MISSED_BEFORE_TAKEN: u32 = 2;
const MAX_MISSED: u32 = 16;

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
        dispatch!(self.level, simd => self.alike_by(simd, &template, object, are_rows, is_first))
    }

    /// The same, by the vectors that this processor has.
    #[inline(always)]
    fn alike_by<S: Simd>(
        &mut self,
        simd: S,
        template: &Template,
        object: &ExtractObject,
        are_rows: bool,
        is_first: bool,
    ) -> Scan<usize> {
        let text = self.scanner.cursor.bytes;
        let mut window = Window::new();
        let mut count = 0;
        let entry = if is_first { &template.first } else { &template.next };
        let mut value = entry.end(simd, text, self.scanner.cursor.at);
        while let Some(first) = value {
            let (at, written) = (self.scanner.cursor.at, self.scanner.rows.text.len());
            let mark = are_rows.then(|| self.begin_element());
            let start = self.allocate(object)?;
            let behind = self.values(simd, template, &mut window, first, start);
            value = behind.and_then(|behind| template.joint.end(simd, text, behind));
            // What leads to the next object begins with what closes this one.
            let end = match value {
                Some(_) => behind.map(|behind| behind + template.close.len()),
                None => behind.and_then(|behind| template.close.end(simd, text, behind)),
            };
            let Some(end) = end else {
                self.scanner.cursor.at = at;
                self.scanner.rows.slots.truncate(start as usize);
                self.scanner.rows.text.truncate(written);
                break;
            };
            self.scanner.cursor.at = end;
            let slot = self.finish_object(object, start);
            match mark {
                Some(mark) => self.end_element(&mark, slot)?,
                // The cells of the object are not too many with this one.
                None => self.scanner.items.push(slot),
            }
            count += 1;
        }
        Ok(count)
    }

    /// Reads the values of one object, the first of them here, into the cells from `start` on; answers where
    /// the last one ends, if the object stands as the template says.
    #[inline(always)]
    fn values<S: Simd>(
        &mut self,
        simd: S,
        template: &Template,
        window: &mut Window,
        first: usize,
        start: u32,
    ) -> Option<usize> {
        let text = self.scanner.cursor.bytes;
        let mut begin = first;
        let mut steps = template.steps.iter();
        let mut step = steps.next()?;
        loop {
            let first = *text.get(begin)?;
            let end = match first {
                b'"' if step.takes_text => window.end_of_text(simd, text, begin),
                // What follows is known, and is no part of a number.
                b'0'..=b'9' if step.takes_digits => end_of_few_digits(text, begin),
                _ => None,
            };
            let end = match end {
                Some(end) => {
                    self.put_text(step, start, begin, end);
                    end
                }
                None => self.value_of(step, begin, start)?,
            };
            if let Some(part) = step.part
                && first != b'n'
                && let Some(place) = self.parts.get_mut(part as usize)
            {
                *place = Some(begin..end);
            }
            let Some(next) = steps.next() else { return Some(end) };
            step = next;
            begin = step.before.end(simd, text, end)?;
        }
    }

    /// Reads a value that takes more than a look; answers where it ends, if it is what it should be.
    #[inline(never)]
    fn value_of(&mut self, step: &Step, begin: usize, start: u32) -> Option<usize> {
        let text = self.scanner.cursor.bytes;
        let end = match step.wants {
            Wants::Number => end_of_short_number(text, begin),
            Wants::Boolean => end_of_boolean(text, begin),
            _ => None,
        };
        if let Some(end) = end {
            self.put_text(step, start, begin, end);
            return Some(end);
        }
        let first = *text.get(begin)?;
        self.scanner.cursor.at = begin;
        match (&step.leaf, first) {
            (None, b'{' | b'[') => return None,
            (None, _) => self.scanner.cursor.scalar().ok()?,
            (Some(_), b'n') => {
                self.scanner.cursor.word(b"null").ok()?;
                if !step.optional {
                    self.put(step, start, Slot::Null);
                }
            }
            // What is part of a key is no object or list.
            (Some(_), b'{' | b'[') if step.part.is_some() => return None,
            (Some(leaf), _) => match self.scanner.leaf(leaf, first).ok()? {
                Slot::Failed(_) => return None,
                slot => self.put(step, start, slot),
            },
        }
        Some(self.scanner.cursor.at)
    }

    /// Puts a leaf as it stands where a step says.
    #[inline(always)]
    fn put_text(&mut self, step: &Step, start: u32, begin: usize, end: usize) {
        let part = self.scanner.body();
        self.put(step, start, Slot::Raw { part, start: begin as u32, len: (end - begin) as u32 });
    }

    /// Puts a value where a step says.
    #[inline(always)]
    fn put(&mut self, step: &Step, start: u32, slot: Slot) {
        for cell in step.cells() {
            if let Some(place) = self.scanner.rows.slots.get_mut((start + cell) as usize) {
                *place = slot;
            }
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
