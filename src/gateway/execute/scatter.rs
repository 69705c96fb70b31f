//! Answers go to the objects they complete.
//!
//! Copies of one thing merge by a rule that does not depend on their order: conflict, value,
//! failure, null, missing; the former wins. Objects merge cell by cell, lists by position.

use smallvec::SmallVec;

use crate::gateway::plan::model::{EntityInput, FetchId};
use crate::graph::federation::ids::TypeId;
use crate::sources::rows::shape::{ListShape, ObjectShape, SlotIndex, Typing, ValueKind, ValueShape};
use crate::sources::rows::slot::{Below, Slot, UNKNOWN_TYPE};

use super::errors::too_large;
use super::inputs::RowSet;
use super::store::{Attached, Fate, ROOT, Store, Target};

/// Puts one answer into the store.
pub(super) struct Scatter<'a> {
    store: &'a mut Store,
    fetch: FetchId,
    fate: Fate,
    /// Whether what arrives may go to several places.
    shared: bool,
}

/// How a row goes into an object.
struct WayIn<'s> {
    /// Further errors of a row that failed.
    more: &'s [u32],
    /// Slots that must be copied.
    copies: &'s dyn Fn(SlotIndex) -> bool,
    /// Slots that fail whatever the answer says: a requirement of theirs did.
    blamed: &'s [(SlotIndex, u32)],
}

/// How a source cell goes into a target cell.
#[derive(Clone, Copy)]
struct Way<'s> {
    shape: &'s ValueShape,
    level: u8,
    /// Copy what is taken over instead of sharing it.
    copy: bool,
}

// === impl Scatter ===

impl<'a> Scatter<'a> {
    pub(super) fn new(store: &'a mut Store, fetch: FetchId) -> Self {
        Self { store, fetch, fate: Fate::default(), shared: false }
    }

    /// A root answer goes into the root object.
    pub(super) fn root(mut self, attached: Attached, shape: &ObjectShape) {
        if let Some(&row) = attached.rows.first() {
            let more = attached.row_errors.get(&0).map(Vec::as_slice).unwrap_or_default();
            let way_in = WayIn { more, copies: &|_| false, blamed: &[] };
            self.row(Target { start: ROOT, ty: UNKNOWN_TYPE }, row, shape, &way_in);
        }
        self.store.register(attached, &self.fate);
    }

    /// Entities go to the objects their representations were made of; `lists` and `sets` are parallel.
    pub(super) fn lists(mut self, attached: Attached, lists: &[ListShape], inputs: &[EntityInput], sets: &[RowSet]) {
        let mut rows = (0u32..).zip(attached.rows.iter().copied());
        for (list, set) in lists.iter().zip(sets) {
            let Some(input) = inputs.get(set.input) else { continue };
            let slots: SmallVec<[SlotIndex; 8]> = list.object.written().collect();
            for index in 0..set.len() {
                let Some((nth_row, row)) = rows.next() else { break };
                let more = attached.row_errors.get(&nth_row).map(Vec::as_slice).unwrap_or_default();
                let targets = set.targets(index);
                self.shared = targets.len() > 1;
                let is_plain = set.requirement_failures.is_empty() && !self.store.has_beside();
                for (nth, &target) in targets.iter().enumerate() {
                    if is_plain && self.take_leaves(target, row, &slots) {
                        continue;
                    }
                    let copies = |slot| nth > 0 && input.copy.contains(&slot);
                    let blamed = self.blamed(set, target);
                    self.row(target, row, &list.object, &WayIn { more, copies: &copies, blamed: &blamed });
                }
            }
        }
        self.store.register(attached, &self.fate);
    }

    /// Every cell a shape writes fails, with one error or, where others lead there, with those.
    pub(super) fn fail(&mut self, target: Target, shape: &ObjectShape, error: u32, more: &[u32]) {
        let start = target.start;
        let reveals = !matches!(shape.typing, Typing::Opaque);
        if reveals && start != ROOT && self.store.type_of(start, target.ty) == UNKNOWN_TYPE {
            self.store.fail_to_reveal(start, error);
        }
        let suffix = |store: &Store, error| store.error(error).map(|stored| stored.error.suffix.clone());
        let mut placed: Vec<(SlotIndex, u32)> = Vec::new();
        for error in std::iter::once(error).chain(more.iter().copied()) {
            match suffix(self.store, error).unwrap_or_default().split_first() {
                Some((Below::Field(slot), rest)) => placed.push((*slot, self.store.with_suffix(error, rest.to_vec()))),
                // Told once, wherever the row begins.
                _ => placed.extend(shape.fields.first().map(|field| (field.slot, error))),
            }
        }
        let whole = match suffix(self.store, error).unwrap_or_default() {
            suffix if suffix.is_empty() => error,
            suffix => self.store.with_suffix(error, [&[Below::Out], &suffix[..]].concat()),
        };
        for field in &shape.fields {
            let mut own = placed.iter().filter(|(slot, _)| *slot == field.slot).map(|(_, error)| *error);
            let first = own.next().unwrap_or(whole);
            let cell = start + field.slot.0;
            self.settle(cell, Slot::Failed(first));
            own.for_each(|error| self.store.add_beside(cell, error));
        }
    }

    /// One cell fails.
    pub(super) fn fail_slot(&mut self, target: Target, slot: SlotIndex, error: u32) {
        self.settle(target.start + slot.0, Slot::Failed(error));
    }

    /// What fails of an object that was asked for without some requirement.
    fn blamed(&mut self, set: &RowSet, target: Target) -> Vec<(SlotIndex, u32)> {
        if set.requirement_failures.is_empty() {
            return Vec::new();
        }
        let Some(failures) = set.requirement_failures.get(&target.start) else { return Vec::new() };
        failures.iter().map(|&(slot, failure)| (slot, self.store.failure(failure))).collect()
    }

    fn row(&mut self, target: Target, row: Slot, shape: &ObjectShape, way_in: &WayIn<'_>) {
        for &(slot, error) in way_in.blamed {
            self.settle(target.start + slot.0, Slot::Failed(error));
        }
        let is_blamed = |slot: SlotIndex| way_in.blamed.iter().any(|(blamed, _)| *blamed == slot);
        // What stands beside a leaf must go with it.
        let is_plain = !self.store.has_beside();
        match row {
            Slot::Object { start, ty } if target.start != ROOT && !self.agree(target, ty) => {
                let conflict = self.store.conflict();
                for slot in shape.written() {
                    self.settle(target.start + slot.0, conflict);
                }
                self.fate.absorbed.insert(start);
            }
            Slot::Object { start, .. } => {
                for field in shape.fields.iter().filter(|field| !is_blamed(field.slot)) {
                    if is_plain && self.take_leaf(target.start + field.slot.0, start + field.slot.0) {
                        continue;
                    }
                    let way = Way { shape: &field.value, level: 0, copy: (way_in.copies)(field.slot) };
                    self.merge(target.start + field.slot.0, start + field.slot.0, way);
                }
            }
            Slot::Failed(error) => self.fail(target, shape, error, way_in.more),
            _ => {
                for slot in shape.written().filter(|&slot| !is_blamed(slot)) {
                    self.settle(target.start + slot.0, Slot::Null);
                }
            }
        }
    }

    /// Whether an entity can be the object it was asked for; reveals the object's type if it was
    /// not known.
    fn agree(&mut self, target: Target, ty: TypeId) -> bool {
        let known = self.store.type_of(target.start, target.ty);
        if known == UNKNOWN_TYPE && ty != UNKNOWN_TYPE {
            self.store.reveal(target.start, ty);
        }
        known == ty || known == UNKNOWN_TYPE || ty == UNKNOWN_TYPE
    }

    /// Takes an object over that consists of leaves and has the type that was asked for; false if there
    /// is more to it, whatever was taken so far.
    #[inline]
    fn take_leaves(&mut self, target: Target, row: Slot, slots: &[SlotIndex]) -> bool {
        let Slot::Object { start, ty } = row else { return false };
        ty == target.ty
            && ty != UNKNOWN_TYPE
            && slots.iter().all(|slot| self.take_leaf(target.start + slot.0, start + slot.0))
    }

    /// Takes a leaf over to a cell that nobody has written, which is what happens to most; false if
    /// there is more to it.
    #[inline(always)]
    fn take_leaf(&mut self, target: u32, source: u32) -> bool {
        let leaf = self.store.slot(source);
        match self.store.slots.get_mut(target as usize) {
            Some(empty @ Slot::Missing) if matches!(leaf, Slot::Raw { .. }) => {
                *empty = leaf;
                true
            }
            _ => false,
        }
    }

    /// Merges one cell into another. True if the two are leaves that contradict each other.
    fn merge(&mut self, target: u32, source: u32, way: Way<'_>) -> bool {
        let (old, new) = (self.store.slot(target), self.store.slot(source));
        if old == new {
            return false;
        }
        self.store.spread_beside(source, target);
        match (is_value(old), is_value(new)) {
            (true, true) => self.merge_values(target, old, new, way),
            (false, true) if self.rank(old) < self.rank(new) => {
                self.note_adopted(new);
                self.note_lost(target, old, new);
                let taken = if way.copy { self.copy(new, way.shape, way.level) } else { new };
                self.set(target, taken);
                false
            }
            _ => {
                self.settle(target, new);
                false
            }
        }
    }

    fn merge_values(&mut self, target: u32, old: Slot, new: Slot, way: Way<'_>) -> bool {
        let inner = Way { level: way.level + 1, ..way };
        match (old, new) {
            (Slot::List { start: a, len: n }, Slot::List { start: b, len: m }) if n == m => {
                for index in 0..n {
                    if self.merge(a + index, b + index, inner) {
                        let conflict = self.store.conflict();
                        self.set(a + index, conflict);
                    }
                }
                false
            }
            (Slot::Object { start: a, ty: old }, Slot::Object { start: b, ty: new }) => {
                let old = self.store.type_of(a, old);
                let ValueKind::Object(shape) = &way.shape.kind else { return self.contradict(target) };
                if old != new && old != UNKNOWN_TYPE && new != UNKNOWN_TYPE {
                    return self.contradict(target);
                }
                if old == UNKNOWN_TYPE && new != UNKNOWN_TYPE {
                    self.store.reveal(a, new);
                    self.set(target, Slot::Object { start: a, ty: new });
                }
                self.fate.absorbed.insert(b);
                self.merge_objects(a, b, shape, way)
            }
            (Slot::Raw { part: p, start: a, len: n }, Slot::Raw { part: q, start: b, len: m }) => {
                let (old, other) = (self.store.text(p, a, n), self.store.text(q, b, m));
                if old == other {
                    return false;
                }
                if !means_the_same(old, other) {
                    return self.contradict(target);
                }
                if (m, other) < (n, old) {
                    self.set(target, new);
                }
                false
            }
            _ => self.contradict(target),
        }
    }

    /// Merges all cells of two objects. True if they are items of a list and a leaf of them
    /// differs: by position alone, different things would be joined in silence.
    fn merge_objects(&mut self, a: u32, b: u32, shape: &ObjectShape, way: Way<'_>) -> bool {
        let mut contradicted = false;
        for field in &shape.fields {
            let inner = Way { shape: &field.value, level: 0, copy: way.copy };
            contradicted |= self.merge(a + field.slot.0, b + field.slot.0, inner) && is_leaf(&field.value);
        }
        contradicted && way.level > 0
    }

    fn contradict(&mut self, target: u32) -> bool {
        let conflict = self.store.conflict();
        self.set(target, conflict);
        true
    }

    /// Writes a cell that holds no list or object, if it outranks what stands there.
    fn settle(&mut self, target: u32, new: Slot) {
        let old = self.store.slot(target);
        self.note_lost(target, new, old);
        let kept = match (old, new) {
            (Slot::Failed(a), Slot::Failed(b)) if self.store.is_conflict(a) == self.store.is_conflict(b) => {
                let first = self.store.first_error(a, b);
                // A list or object that comes later wins against both.
                if a != b {
                    self.store.lose(target, if first == a { b } else { a });
                }
                Slot::Failed(first)
            }
            _ if self.rank(new) > self.rank(old) => new,
            _ => old,
        };
        self.set(target, kept);
    }

    fn rank(&self, slot: Slot) -> u8 {
        match slot {
            Slot::Missing => 0,
            Slot::Null => 1,
            Slot::Failed(error) if self.store.is_conflict(error) => 4,
            Slot::Failed(_) => 2,
            Slot::Raw { .. } | Slot::List { .. } | Slot::Object { .. } => 3,
        }
    }

    fn set(&mut self, cell: u32, slot: Slot) {
        if let Some(place) = self.store.slots.get_mut(cell as usize) {
            *place = slot;
        }
    }

    /// A failure that loses to a list or object still explains what stays empty beneath.
    fn note_lost(&mut self, cell: u32, loser: Slot, winner: Slot) {
        if let (Slot::Failed(error), Slot::List { .. } | Slot::Object { .. }) = (loser, winner)
            && !self.store.is_conflict(error)
        {
            self.store.lose(cell, error);
        }
    }

    fn note_adopted(&mut self, slot: Slot) {
        if let (true, Slot::Object { start, .. }) = (self.shared, slot) {
            self.fate.adopted.insert(start);
        }
    }

    /// A copy of all cells below; texts stay shared. Copies multiply what upstreams sent, so they
    /// count against the request's memory.
    fn copy(&mut self, slot: Slot, shape: &ValueShape, level: u8) -> Slot {
        if self.store.room() == 0 && is_value(slot) {
            return Slot::Failed(self.store.add_error(too_large(self.store.budget()), self.fetch));
        }
        match (slot, &shape.kind) {
            (Slot::List { start, len }, _) => {
                let copy = self.store.allocate(len);
                for index in 0..len {
                    self.copy_cell(start + index, copy + index, shape, level + 1);
                }
                Slot::List { start: copy, len }
            }
            (Slot::Object { start, ty }, ValueKind::Object(object)) => {
                let copy = self.store.allocate(object.slots.max(1));
                for field in &object.fields {
                    self.copy_cell(start + field.slot.0, copy + field.slot.0, &field.value, 0);
                }
                if object.record {
                    self.store.register_one(object.site, Target { start: copy, ty });
                }
                Slot::Object { start: copy, ty }
            }
            _ => slot,
        }
    }

    fn copy_cell(&mut self, from: u32, to: u32, shape: &ValueShape, level: u8) {
        if self.store.slot(to) != Slot::Missing {
            return;
        }
        let slot = self.copy(self.store.slot(from), shape, level);
        self.set(to, slot);
        self.store.spread_beside(from, to);
    }
}

fn is_value(slot: Slot) -> bool {
    matches!(slot, Slot::Raw { .. } | Slot::List { .. } | Slot::Object { .. })
}

fn is_leaf(shape: &ValueShape) -> bool {
    shape.lists == 0 && matches!(shape.kind, ValueKind::Leaf(_))
}

/// Whether two texts are the same value: `1.0` and `1`, or an escaped letter and a plain one.
fn means_the_same(a: &[u8], b: &[u8]) -> bool {
    let read = |text| serde_json::from_slice::<serde_json::Value>(text);
    match (read(a), read(b)) {
        (Ok(serde_json::Value::Number(a)), Ok(serde_json::Value::Number(b))) => a.as_f64() == b.as_f64(),
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}
