//! Responses without errors, which most are: nothing is said about where a value stands, and nothing
//! is taken back. What may need more is left to the general writer, which begins anew.

use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

use crate::gateway::operation::guards::GuardId;
use crate::gateway::plan::model::{
    OutputHead, OutputItem, OutputKind, OutputPlace, OutputSelection, OutputType, OutputTypeKind, Plan,
};
use crate::graph::federation::ids::TypeId;
use crate::sources::rows::slot::{Slot, UNKNOWN_TYPE};

use super::context::ExecuteContext;
use super::output::Output;
use super::store::{ROOT, Store};
use super::writer::is_of;

/// Writes a response as long as there is nothing to explain.
struct Plain<'a> {
    context: &'a ExecuteContext,
    store: &'a Store,
    slots: &'a [Slot],
    /// The store's texts.
    parts: &'a [&'a [u8]],
    bits: &'a [bool],
    out: Output,
    /// Objects that may come again, the last one for each place; none before the first.
    written: Vec<Written<'a>>,
    /// How long the response may become.
    room: usize,
}

/// An object that was written.
#[derive(Clone, Default)]
struct Written<'a> {
    start: u32,
    selection: Option<&'a OutputSelection>,
    text: Range<usize>,
}

/// How many objects that may come again are remembered.
const PLACES: usize = 256;

/// There is more to it.
struct NotPlain;

type Write = Result<(), NotPlain>;

/// Writes the whole response; if there is more to it, gives the room back.
pub(super) fn write(
    context: &ExecuteContext,
    plan: &Plan,
    store: &Store,
    bits: &[bool],
    root: TypeId,
    room: usize,
    out: Output,
) -> Result<Bytes, Output> {
    if !store.is_plain() {
        return Err(out);
    }
    let parts: SmallVec<[&[u8]; 8]> = store.parts().collect();
    let mut plain = Plain { context, store, slots: &store.slots, parts: &parts, bits, out, written: Vec::new(), room };
    plain.out.extend(b"{\"data\":");
    match plain.object(&plan.output, ROOT, root) {
        Ok(()) if plain.out.len() <= room => {
            plain.out.push(b'}');
            Ok(Bytes::from(plain.out.finish()))
        }
        _ => {
            plain.out.truncate(0);
            Err(plain.out)
        }
    }
}

// === impl Written ===

impl Written<'_> {
    #[inline]
    fn is(&self, selection: &OutputSelection, start: u32) -> bool {
        self.start == start && self.selection.is_some_and(|known| std::ptr::eq(known, selection))
    }
}

// === impl Plain ===

impl<'a> Plain<'a> {
    fn object(&mut self, selection: &'a OutputSelection, start: u32, ty: TypeId) -> Write {
        let cells = self.slots.get(start as usize..).unwrap_or_default();
        if self.places(selection, &selection.places, cells, ty, b'{')? == b'{' {
            self.out.push(b'{');
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Writes what stands in some of an object's places, the first behind `before`; answers behind what the next
    /// would stand.
    #[inline(always)]
    fn places(
        &mut self,
        selection: &'a OutputSelection,
        mut rest: &[OutputPlace],
        cells: &[Slot],
        ty: TypeId,
        mut before: u8,
    ) -> Result<u8, NotPlain> {
        loop {
            let leaves = self.leaves(rest, cells, before);
            if leaves > 0 {
                before = b',';
            }
            let Some((place, others)) = rest.get(leaves..).and_then(<[_]>::split_first) else { return Ok(before) };
            rest = others;
            if !place.is_always && !self.applies(selection, place, ty)? {
                continue;
            }
            let item = selection.items.get(place.item).ok_or(NotPlain)?;
            self.key(before, place, item);
            self.item(item, cells, ty)?;
            before = b',';
        }
    }

    /// The same behind something, for what is not so common.
    #[inline(never)]
    fn other_places(
        &mut self,
        selection: &'a OutputSelection,
        places: &[OutputPlace],
        cells: &[Slot],
        ty: TypeId,
    ) -> Write {
        self.places(selection, places, cells, ty, b',').map(drop)
    }

    /// Writes keys and leaves as long as they are always written; answers how many.
    #[inline(always)]
    fn leaves(&mut self, places: &[OutputPlace], cells: &[Slot], mut before: u8) -> usize {
        for (count, place) in places.iter().enumerate() {
            if !self.leaf(place.leaf, cells, before, &place.head) {
                return count;
            }
            before = b',';
        }
        places.len()
    }

    /// Writes a leaf behind a text that begins with `before`, if it is there.
    #[inline(always)]
    fn leaf(&mut self, leaf: u32, cells: &[Slot], before: u8, head: &OutputHead) -> bool {
        let Some(&Slot::Raw { part, start, len }) = cells.get(leaf as usize) else { return false };
        let source = self.parts.get(part as usize).copied().unwrap_or_default();
        self.out.entry(before, head, source, start, len)
    }

    /// Whether a place holds for an object of this type.
    #[inline(never)]
    fn applies(&self, selection: &OutputSelection, place: &OutputPlace, ty: TypeId) -> Result<bool, NotPlain> {
        let item = selection.items.get(place.item).ok_or(NotPlain)?;
        Ok(self.holds(place.guard) && is_of(item, ty))
    }

    /// Writes a key, behind a bracket or comma.
    #[inline]
    fn key(&mut self, before: u8, place: &OutputPlace, item: &OutputItem) {
        if !self.out.head(before, &place.head) {
            self.out.push(before);
            self.out.extend(&item.key.text()[1..]);
        }
    }

    #[inline(always)]
    fn item(&mut self, item: &'a OutputItem, cells: &[Slot], ty: TypeId) -> Write {
        match &item.kind {
            OutputKind::Value { slot, ty } => {
                self.value(cells.get(slot.0 as usize).copied().unwrap_or_default(), ty, 0)
            }
            OutputKind::Typename(constant) => self.type_name(constant.unwrap_or(ty)),
            OutputKind::Introspection => {
                let answer = self.context.introspection.iter().find(|(key, _)| **key == *item.key);
                self.out.extend(answer.map_or(b"null", |(_, answer)| answer));
                Ok(())
            }
            OutputKind::Denied { .. } => Err(NotPlain),
        }
    }

    /// Writes a value that stands `level` lists inside its type.
    #[inline(always)]
    fn value(&mut self, value: Slot, ty: &'a OutputType, level: usize) -> Write {
        match (value, &ty.kind) {
            (Slot::Object { start, ty: known }, OutputTypeKind::Object { types, selection })
                if level == ty.lists.len() =>
            {
                // What was written here before may stand here.
                if self.again(selection, start)? {
                    return Ok(());
                }
                let known = self.store.type_of(start, known);
                if known == UNKNOWN_TYPE || !types.contains(known) {
                    return Err(NotPlain);
                }
                self.new_object(selection, start, known)
            }
            (Slot::List { start, len }, _) if level < ty.lists.len() => self.list(start, len, ty, level),
            (Slot::Raw { part, start, len }, OutputTypeKind::Leaf) if level == ty.lists.len() => {
                self.text(part, start, len);
                Ok(())
            }
            (Slot::Missing | Slot::Null, _) if !ty.lists.get(level).copied().unwrap_or(ty.non_null) => {
                self.out.extend(b"null");
                Ok(())
            }
            _ => Err(NotPlain),
        }
    }

    /// Copies what was written of an object that was met before; false if it was not.
    #[inline(always)]
    fn again(&mut self, selection: &'a OutputSelection, start: u32) -> Result<bool, NotPlain> {
        let known = if selection.repeats { self.written.get(self.place(start)) } else { None };
        let Some(known) = known.filter(|known| known.is(selection, start)) else { return Ok(false) };
        if self.out.len() + known.text.len() > self.room {
            return Err(NotPlain);
        }
        self.out.repeat(known.text.clone());
        Ok(true)
    }

    /// Writes an object whose type may stand here, and which was not written before.
    #[inline]
    fn new_object(&mut self, selection: &'a OutputSelection, start: u32, ty: TypeId) -> Write {
        let begin = self.out.len();
        self.object(selection, start, ty)?;
        if selection.repeats {
            self.remember(selection, start, begin);
        }
        Ok(())
    }

    /// An object was written from `begin` on.
    #[inline(never)]
    fn remember(&mut self, selection: &'a OutputSelection, start: u32, begin: usize) {
        if self.written.is_empty() {
            self.written = vec![Written::default(); PLACES];
        }
        let (place, text) = (self.place(start), begin..self.out.len());
        self.written[place] = Written { start, selection: Some(selection), text };
    }

    fn list(&mut self, start: u32, len: u32, ty: &'a OutputType, level: usize) -> Write {
        let items = self.slots.get(start as usize..).and_then(|rest| rest.get(..len as usize));
        let mut items = items.unwrap_or_default();
        if items.is_empty() {
            self.out.push(b'[');
        }
        let mut before = b'[';
        while let Some((&item, rest)) = items.split_first() {
            self.out.push(before);
            before = b',';
            self.value(item, ty, level + 1)?;
            if self.out.len() > self.room {
                return Err(NotPlain);
            }
            // Objects of one list mostly are of one type.
            items = match (item, &ty.kind) {
                (Slot::Object { ty, .. }, OutputTypeKind::Object { selection, .. }) if ty != UNKNOWN_TYPE => {
                    self.alike(rest, selection, ty)?
                }
                _ => rest,
            };
        }
        self.out.push(b']');
        Ok(())
    }

    /// Writes items as long as they are objects of a type that may stand here; answers what is left.
    fn alike<'s>(
        &mut self,
        mut items: &'s [Slot],
        selection: &'a OutputSelection,
        ty: TypeId,
    ) -> Result<&'s [Slot], NotPlain> {
        let joint = selection.joint.filter(|_| !selection.repeats);
        loop {
            if let Some(joint) = &joint {
                items = self.joined(items, selection, ty, joint)?;
            }
            match items.split_first() {
                Some((&Slot::Object { start, ty: known }, rest)) if known == ty => {
                    self.out.push(b',');
                    if !self.again(selection, start)? {
                        self.new_object(selection, start, ty)?;
                    }
                    items = rest;
                }
                _ => return Ok(items),
            }
            if self.out.len() > self.room {
                return Err(NotPlain);
            }
        }
    }

    /// Writes objects of a type as long as their first leaf is there, behind another object; answers what is
    /// left. The bracket of each is written with what leads to the next.
    fn joined<'s>(
        &mut self,
        mut items: &'s [Slot],
        selection: &'a OutputSelection,
        ty: TypeId,
        joint: &OutputHead,
    ) -> Result<&'s [Slot], NotPlain> {
        let Some((first, others)) = selection.places.split_first() else { return Ok(items) };
        self.out.truncate(self.out.len() - 1);
        while let Some((&Slot::Object { start, ty: known }, rest)) = items.split_first()
            && known == ty
        {
            let Some(cells) = self.slots.get(start as usize..) else { break };
            if !self.leaf(first.leaf, cells, b'}', joint) {
                break;
            }
            let mut places = others.get(self.leaves(others, cells, b',')..).unwrap_or_default();
            if let Some((place, behind)) = places.split_first()
                && self.object_again(selection, place, cells)?
            {
                places = behind;
            }
            if !places.is_empty() {
                self.other_places(selection, places, cells, ty)?;
            }
            if self.out.len() >= self.room {
                return Err(NotPlain);
            }
            items = rest;
        }
        self.out.push(b'}');
        Ok(items)
    }

    /// Writes the object of a place, if it was written before.
    #[inline(always)]
    fn object_again(
        &mut self,
        selection: &'a OutputSelection,
        place: &OutputPlace,
        cells: &[Slot],
    ) -> Result<bool, NotPlain> {
        let Some(&Slot::Object { start, .. }) = cells.get(place.object as usize) else { return Ok(false) };
        let item = selection.items.get(place.item).ok_or(NotPlain)?;
        let OutputKind::Value { ty: OutputType { kind: OutputTypeKind::Object { selection, .. }, .. }, .. } =
            &item.kind
        else {
            return Ok(false);
        };
        let begin = self.out.len();
        if self.out.head(b',', &place.head) && self.again(selection, start)? {
            return Ok(true);
        }
        self.out.truncate(begin);
        Ok(false)
    }

    fn type_name(&mut self, ty: TypeId) -> Write {
        let def = self.context.supergraph.types.get(ty).ok_or(NotPlain)?;
        self.out.push(b'"');
        self.out.extend(def.name.as_bytes());
        self.out.push(b'"');
        Ok(())
    }

    /// Where an object is remembered. Most have few cells, and stand apart by as many.
    #[inline]
    fn place(&self, start: u32) -> usize {
        start.wrapping_mul(0x9E37_79B1) as usize >> (u32::BITS - PLACES.trailing_zeros())
    }

    /// Writes a leaf's text.
    #[inline]
    fn text(&mut self, part: u32, start: u32, len: u32) {
        let source = self.parts.get(part as usize).copied().unwrap_or_default();
        self.out.part(source, start as usize, len as usize);
    }

    #[inline]
    fn holds(&self, guard: GuardId) -> bool {
        guard == GuardId::ALWAYS || self.bits.get(guard.0 as usize).copied().unwrap_or_default()
    }
}
