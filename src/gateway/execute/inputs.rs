//! What is sent for objects: representations, written straight from their cells, each once.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use smallvec::SmallVec;

use crate::gateway::operation::guards::GuardId;
use crate::gateway::plan::model::{
    EntityInput, Fetch, FetchId, Plan, RepresentationField, RepresentationType, RepresentationValue,
};
use crate::graph::federation::ids::{TypeId, TypeSet};
use crate::graph::federation::supergraph::{EntryKind, Supergraph};
use crate::sources::rows::shape::{ObjectShape, RowShape, SlotIndex, Typing};
use crate::sources::rows::slot::{Slot, UNKNOWN_TYPE};

use super::contexts;
use super::store::{Store, Target};

/// The rows sent for one input, and the objects each of them completes. Where the fetch reads
/// contexts, those that have the same values of them.
#[derive(Debug, Default)]
pub(super) struct RowSet {
    /// The input's number.
    pub(super) input: usize,
    /// The values of its contexts, as JSON.
    pub(super) contexts: Vec<Vec<u8>>,
    /// All representations, separated by commas.
    text: Vec<u8>,
    rows: Vec<Range<usize>>,
    /// Where the targets of each row begin; one more than rows.
    offsets: Vec<u32>,
    targets: Vec<Target>,
    /// What failed of objects, by first cell, that are asked for without some requirement: the slots
    /// that required it.
    pub(super) requirement_failures: HashMap<u32, Vec<(SlotIndex, Failure)>>,
}

/// All rows of one input.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// One set, or one for each value of the contexts, in the order of the objects.
    pub(super) sets: Vec<RowSet>,
    /// Objects that are not asked for, since a key or a context of theirs is not there.
    pub(super) failures: Vec<(Target, Failure)>,
    /// Slots of objects that are not asked for, since all that is wanted of them requires something
    /// that is not there.
    pub(super) lacking: Vec<(Target, SlotIndex, Failure)>,
}

/// Rows on their way to become a set.
struct Draft<'a> {
    set: RowSet,
    known: HashTable<usize>,
    /// Rows that are made of leaves alone.
    plain: HashTable<Plain<'a>>,
    /// The one that was asked for last: objects of one list often lead to the same thing.
    last: Option<Plain<'a>>,
    pairs: Vec<(usize, Target)>,
    /// How many objects there are, whether or not they are asked for; zero if that is not known.
    objects: usize,
}

/// A row that is made of leaves alone: the first leaf, the row, and the first object it is for.
#[derive(Clone, Copy)]
struct Plain<'a> {
    leaf: Word<'a>,
    row: usize,
    target: Target,
}

/// A leaf's text, told apart from others by its last bytes at once.
#[derive(Clone, Copy)]
struct Word<'a> {
    last: u128,
    text: &'a [u8],
}

/// Why a requirement is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    /// It failed with this error.
    Error(u32),
    /// It is null and must not be.
    Null,
}

/// Room for objects that is made at once, at most.
const MAX_ROOM: usize = 1 << 12;
/// How many rows many objects lead to, and how long a row is: room for that is made at once.
const TYPICAL_ROWS: usize = 14;
const TYPICAL_TEXT: usize = 32;
/// Room for rows that is made at once, at most, in bytes.
const MAX_TEXT_ROOM: usize = 64 << 10;

/// Builds the rows of one input.
struct Builder<'a> {
    store: &'a Store,
    supergraph: &'a Supergraph,
    bits: &'a [bool],
    /// The fetches whose answers are all here.
    after: &'a [FetchId],
    /// What is wanted of the objects.
    shape: Option<&'a ObjectShape>,
    /// Whether a row does not say its object's own type.
    is_fixed: bool,
    text: Vec<u8>,
    /// The frame of the last row that is made of leaves alone.
    frame: Option<Frame>,
    /// The requirements of the current row that failed, by the slots that required them.
    failed: Vec<(SlotIndex, Failure)>,
}

/// The text of rows that are made of leaves alone, without these and without the last bracket.
struct Frame {
    /// The type of the objects, if rows say it.
    ty: TypeId,
    text: Vec<u8>,
    /// Where leaves stand in it, and the cells they are in.
    leaves: SmallVec<[(usize, SlotIndex); 4]>,
}

/// Why an object is not asked for.
enum Skip {
    /// A key is null or missing.
    NoKey,
    /// A key failed.
    Failed(u32),
    /// All that is wanted of it requires something that is not there; see `Builder::failed`.
    Lacking,
}

/// Writes the representations of all objects that the input of this number completes.
pub(super) fn build(
    store: &Store,
    supergraph: &Supergraph,
    bits: &[bool],
    plan: &Plan,
    fetch: &Fetch,
    number: usize,
) -> Rows {
    let Some(input) = fetch.inputs.get(number) else { return Rows::default() };
    let after = &*match store.has_losses() {
        true => all_before(plan, fetch),
        false => Vec::new(),
    };
    let losses = store.losses(plan, input.site, after);
    let within = store.within(plan, input);
    let contexts = (!input.contexts.is_empty()).then(|| contexts::read(store, plan, input, after));
    let shape = match &*fetch.shape {
        RowShape::Lists(lists) => lists.get(number).map(|list| &list.object),
        RowShape::Root(_) => None,
    };
    let is_fixed = !matches!(input.representation.typename, RepresentationType::Runtime);
    let (text, frame, failed) = (Vec::new(), None, Vec::new());
    let mut builder = Builder { store, supergraph, bits, after, shape, is_fixed, text, frame, failed };
    let leaf_cells = builder.leaf_cells(input);
    let leaf_cells = leaf_cells.as_deref().and_then(|cells| cells.split_first());
    let objects = store.objects(input.site);
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    let mut draft_of: HashMap<Vec<Vec<u8>>, usize> = HashMap::new();
    let (mut failures, mut lacking) = (Vec::new(), Vec::new());
    let of_objects = supergraph.entries.get(input.entry).is_some_and(|entry| entry.kind == EntryKind::Entity);
    // What was never revealed must not be asked for as if it were of the entry's type.
    let wanted = |target: &Target| match target.ty {
        UNKNOWN_TYPE => !of_objects,
        ty => input.types.contains(ty),
    };
    // Where nothing but leaves tells objects apart, those that are asked for already are known at once.
    let explained = contexts.is_some() || !losses.is_empty() || store.has_unrevealed();
    let plain_cells = leaf_cells.filter(|_| !explained && within.is_none());
    let mut rest = objects;
    while let Some((object, others)) = rest.split_first() {
        let target = Target { ty: store.type_of(object.start, object.ty), ..*object };
        rest = others;
        if !wanted(&target) || within.as_ref().is_some_and(|all| !all.contains(&target.start)) {
            continue;
        }
        // Whether it is known that nobody was asked for by the same leaves.
        let mut is_new = false;
        if let (Some(cells), Some(draft)) = (plain_cells, drafts.first_mut()) {
            if draft.repeats(&builder, cells, target) {
                rest = others.get(draft.repeated(&builder, cells, &input.types, others)..).unwrap_or_default();
                continue;
            }
            is_new = true;
        }
        let at = match contexts.as_ref().map(|all| all.get(&target.start)) {
            None => {
                if drafts.is_empty() {
                    drafts.push(Draft::new(number, Vec::new(), objects.len()));
                }
                0
            }
            // Nobody sees it: it hangs on nothing.
            Some(None) => continue,
            Some(Some(Ok(values))) => *draft_of.entry(values.clone()).or_insert_with_key(|values| {
                drafts.push(Draft::new(number, values.clone(), 0));
                drafts.len() - 1
            }),
            Some(Some(Err(failure))) => {
                failures.push((target, *failure));
                continue;
            }
        };
        // What nobody was asked for since the object's type is not known is explained by that.
        let lost = losses.get(&target.start).copied().or_else(|| store.unrevealed(target.start));
        match drafts[at].add(&mut builder, input, leaf_cells, target, is_new, lost) {
            Ok(()) | Err(Skip::NoKey) => {}
            Err(Skip::Failed(error)) => failures.push((target, Failure::Error(error))),
            Err(Skip::Lacking) => {
                lacking.extend(builder.failed.drain(..).map(|(slot, failure)| (target, slot, failure)));
            }
        }
    }
    Rows { sets: drafts.into_iter().map(Draft::finish).collect(), failures, lacking }
}

/// The fetches whose answers are here when a fetch begins, whatever the order of answers.
fn all_before(plan: &Plan, fetch: &Fetch) -> Vec<FetchId> {
    let mut before = fetch.after.clone();
    let mut next = 0;
    while let Some(earlier) = before.get(next).and_then(|&id| plan.fetches.get(id)) {
        next += 1;
        let more: Vec<FetchId> = earlier.after.iter().copied().filter(|id| !before.contains(id)).collect();
        before.extend(more);
    }
    before
}

// === impl Draft ===

impl<'a> Draft<'a> {
    fn new(input: usize, contexts: Vec<Vec<u8>>, objects: usize) -> Self {
        let room = objects.min(MAX_ROOM);
        Self {
            set: RowSet {
                input,
                contexts,
                text: Vec::with_capacity(TYPICAL_TEXT * room.min(TYPICAL_ROWS)),
                rows: Vec::with_capacity(room.min(TYPICAL_ROWS)),
                ..RowSet::default()
            },
            known: HashTable::new(),
            plain: HashTable::with_capacity(room.min(TYPICAL_ROWS)),
            last: None,
            pairs: Vec::with_capacity(room),
            objects,
        }
    }

    /// Adds an object that is asked for by the same leaves as another one; false if there is none.
    #[inline(always)]
    fn repeats(&mut self, builder: &Builder<'a>, cells: (&SlotIndex, &[SlotIndex]), target: Target) -> bool {
        let Some(leaf) = builder.leaf(target, *cells.0) else { return false };
        let found = match self.last {
            Some(last) if last.is(builder, leaf, cells.1, target) => Some(last),
            _ => self.find(builder, leaf, cells.1, target),
        };
        self.last = found;
        self.pairs.extend(found.map(|found| (found.row, target)));
        found.is_some()
    }

    /// Adds the first of some objects as long as they are asked for by the same leaves as the one before,
    /// or not at all; answers how many.
    #[inline(never)]
    fn repeated(
        &mut self,
        builder: &Builder<'a>,
        (&first, cells): (&SlotIndex, &[SlotIndex]),
        types: &TypeSet,
        objects: &[Target],
    ) -> usize {
        let Some(last) = self.last else { return 0 };
        for (count, &object) in objects.iter().enumerate() {
            let is_wanted = object.ty == last.target.ty || object.ty == UNKNOWN_TYPE || types.contains(object.ty);
            if !is_wanted {
                continue;
            }
            let is_same = |leaf| last.is(builder, leaf, cells, object);
            if object.ty == UNKNOWN_TYPE || !builder.leaf(object, first).is_some_and(is_same) {
                return count;
            }
            self.pairs.push((last.row, object));
        }
        objects.len()
    }

    /// The row that is asked for by these leaves.
    #[inline(never)]
    fn find(&self, builder: &Builder<'a>, leaf: Word<'a>, others: &[SlotIndex], target: Target) -> Option<Plain<'a>> {
        self.plain.find(leaf.hash(), |plain| plain.is(builder, leaf, others, target)).copied()
    }

    /// Adds an object's representation, unless it is there already.
    fn add(
        &mut self,
        builder: &mut Builder<'a>,
        input: &EntityInput,
        leaf_cells: Option<(&SlotIndex, &[SlotIndex])>,
        target: Target,
        is_new: bool,
        lost: Option<u32>,
    ) -> Result<(), Skip> {
        let Self { set, known, plain, last, pairs, objects } = self;
        // What is asked for by the same leaves is asked for once; most are known by the first one.
        let leaves = leaf_cells.and_then(|cells| builder.leaves(target, cells));
        if let (Some(first), Some((_, others)), false) = (leaves, leaf_cells, is_new) {
            let same = |other: &Plain<'a>| other.is(builder, first, others, target);
            if let Some(&found) = plain.find(first.hash(), same) {
                *last = Some(found);
                pairs.push((found.row, target));
                return Ok(());
            }
        }
        std::mem::swap(&mut builder.text, &mut set.text);
        let before = builder.text.len();
        if before > 0 {
            builder.text.push(b',');
        }
        let start = builder.text.len();
        builder.failed.clear();
        let written = match leaves {
            Some(_) => builder.representation_of_leaves(input, target),
            None => builder.representation(input, target, lost),
        };
        match written {
            Ok(()) => {
                let row = start..builder.text.len();
                let index = match leaves {
                    Some(first) => {
                        if plain.len() == plain.capacity() {
                            // Of the others as many will be new as of those so far.
                            let expected = plain.len() * (*objects).min(MAX_ROOM) / (1 + pairs.len());
                            let more = expected.saturating_sub(plain.len());
                            plain.reserve(more, |known| known.leaf.hash());
                            set.rows.reserve(more);
                            builder.text.reserve((more * row.len()).min(MAX_TEXT_ROOM));
                        }
                        let new = Plain { leaf: first, row: set.add(row), target };
                        plain.insert_unique(first.hash(), new, |known| known.leaf.hash());
                        *last = Some(new);
                        new.row
                    }
                    None => {
                        let text = &builder.text;
                        let hash = |range: &Range<usize>| FixedState::default().hash_one(&text[range.clone()]);
                        let same = |&other: &usize| text[set.rows[other].clone()] == text[row.clone()];
                        match known.find(hash(&row), same) {
                            Some(&index) => {
                                builder.text.truncate(before);
                                index
                            }
                            None => {
                                known.insert_unique(hash(&row), set.rows.len(), |&other| hash(&set.rows[other]));
                                set.add(row)
                            }
                        }
                    }
                };
                pairs.push((index, target));
                if !builder.failed.is_empty() {
                    set.requirement_failures.insert(target.start, std::mem::take(&mut builder.failed));
                }
            }
            Err(_) => builder.text.truncate(before),
        }
        std::mem::swap(&mut builder.text, &mut set.text);
        written
    }

    fn finish(self) -> RowSet {
        let Self { mut set, pairs, .. } = self;
        set.assign(&pairs);
        set
    }
}

// === impl Plain ===

impl<'a> Plain<'a> {
    /// Whether an object is asked for by this row: its first leaf, the others, and its type if that is
    /// written.
    #[inline(always)]
    fn is(&self, builder: &Builder<'a>, leaf: Word<'a>, others: &[SlotIndex], target: Target) -> bool {
        self.leaf == leaf
            && (builder.is_fixed || self.target.ty == target.ty)
            && others.iter().all(|&cell| builder.have_same_leaf(target, self.target, cell))
    }
}

// === impl Word ===

impl<'a> Word<'a> {
    /// The text of so many bytes from `start` on.
    #[inline(always)]
    fn new(part: &'a [u8], start: usize, len: usize) -> Self {
        let rest = part.get(start..).unwrap_or_default();
        let text = rest.get(..len).unwrap_or_default();
        let last = match (text.last_chunk(), rest.first_chunk()) {
            (Some(last), _) => u128::from_le_bytes(*last),
            (None, Some(first)) => u128::from_le_bytes(*first) & !(u128::MAX << (8 * text.len())),
            (None, None) => Self::at_end(text),
        };
        Self { last, text }
    }

    /// The last bytes of a short text that nothing follows.
    #[cold]
    fn at_end(text: &[u8]) -> u128 {
        text.iter().rev().fold(0, |word, &byte| word << 8 | u128::from(byte))
    }

    #[inline]
    fn hash(&self) -> u64 {
        FixedState::default().hash_one(self.last)
    }
}

impl PartialEq for Word<'_> {
    /// Text has no zeros, so that short ones are told apart by their words.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let len = self.text.len();
        self.last == other.last && len == other.text.len() && (len <= size_of::<u128>() || self.text == other.text)
    }
}

// === impl RowSet ===

impl RowSet {
    /// No rows of an input.
    pub(super) fn none(input: usize) -> Self {
        let mut set = Self { input, ..Self::default() };
        set.assign(&[]);
        set
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// All rows, as the inside of a JSON list.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Each row's JSON.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.rows.iter().map(|row| &self.text[row.clone()])
    }

    /// The objects a row completes.
    pub(super) fn targets(&self, row: usize) -> &[Target] {
        &self.targets[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// All objects asked for.
    pub(super) fn all_targets(&self) -> &[Target] {
        &self.targets
    }

    /// Adds a row; answers which one it is.
    fn add(&mut self, row: Range<usize>) -> usize {
        self.rows.push(row);
        self.rows.len() - 1
    }

    /// Sorts the pairs by row, counting (the order of targets within a row stays).
    fn assign(&mut self, pairs: &[(usize, Target)]) {
        let mut offsets = vec![0u32; self.rows.len() + 1];
        for &(row, _) in pairs {
            offsets[row + 1] += 1;
        }
        for row in 0..self.rows.len() {
            offsets[row + 1] += offsets[row];
        }
        let mut next = offsets.clone();
        self.targets = vec![Target { start: 0, ty: UNKNOWN_TYPE }; pairs.len()];
        for &(row, target) in pairs {
            self.targets[next[row] as usize] = target;
            next[row] += 1;
        }
        self.offsets = offsets;
    }
}

// === impl Builder ===

impl<'a> Builder<'a> {
    /// The cells of an input's fields, if they all are leaves that are always sent; most are.
    fn leaf_cells(&self, input: &EntityInput) -> Option<SmallVec<[SlotIndex; 4]>> {
        let fields = input.representation.fields.iter();
        let is_plain = |field: &RepresentationField| {
            field.on.is_none() && self.holds(field.guard) && matches!(field.value, RepresentationValue::Leaf)
        };
        fields.map(|field| is_plain(field).then_some(field.slot)).collect()
    }

    /// The first of an object's leaves, if all are there.
    #[inline]
    fn leaves(&self, target: Target, (&first, others): (&SlotIndex, &[SlotIndex])) -> Option<Word<'a>> {
        let is_there = |cell: &SlotIndex| matches!(self.store.slot(target.start + cell.0), Slot::Raw { .. });
        let are_there = others.iter().all(is_there);
        self.leaf(target, first).filter(|_| are_there)
    }

    /// The text of a leaf; none if something else stands there, or nothing.
    #[inline]
    fn leaf(&self, target: Target, cell: SlotIndex) -> Option<Word<'a>> {
        match self.store.slot(target.start + cell.0) {
            Slot::Raw { part, start, len } => Some(Word::new(self.store.part(part), start as usize, len as usize)),
            _ => None,
        }
    }

    /// Whether two objects have the same leaf in a cell.
    #[inline]
    fn have_same_leaf(&self, a: Target, b: Target, cell: SlotIndex) -> bool {
        let (a, b) = (self.store.slot(a.start + cell.0), self.store.slot(b.start + cell.0));
        match (a, b) {
            (Slot::Raw { part: p, start: x, len: n }, Slot::Raw { part: q, start: y, len: m }) => {
                n == m && ((p, x) == (q, y) || self.store.text(p, x, n) == self.store.text(q, y, m))
            }
            _ => false,
        }
    }

    /// The representation of an object whose fields all are leaves that are there.
    fn representation_of_leaves(&mut self, input: &EntityInput, target: Target) -> Result<(), Skip> {
        if !self.frame.as_ref().is_some_and(|frame| self.is_fixed || frame.ty == target.ty) {
            self.frame = Some(self.new_frame(input, target)?);
        }
        let Some(frame) = &self.frame else { return Ok(()) };
        let mut from = 0;
        for &(to, slot) in &frame.leaves {
            self.text.extend_from_slice(&frame.text[from..to]);
            if let Slot::Raw { part, start, len } = self.store.slot(target.start + slot.0) {
                self.text.extend_from_slice(self.store.text(part, start, len));
            }
            from = to;
        }
        self.text.push(b'}');
        Ok(())
    }

    fn new_frame(&mut self, input: &EntityInput, target: Target) -> Result<Frame, Skip> {
        let (begin, mut leaves) = (self.text.len(), SmallVec::new());
        self.text.push(b'{');
        let mut first = self.typename(input, target)?;
        for field in &input.representation.fields {
            self.name(&field.name, &mut first);
            leaves.push((self.text.len() - begin, field.slot));
        }
        Ok(Frame { ty: target.ty, text: self.text.split_off(begin), leaves })
    }

    /// Writes the type's name, if it is sent; answers whether nothing has been written.
    fn typename(&mut self, input: &EntityInput, target: Target) -> Result<bool, Skip> {
        let mut first = true;
        match &input.representation.typename {
            RepresentationType::None => {}
            RepresentationType::Fixed(name) => self.type_name("__typename", name, &mut first),
            RepresentationType::Runtime => self.runtime_type("__typename", target.ty, &mut first)?,
        }
        Ok(first)
    }

    /// `lost` explains what is missing, here and below.
    fn representation(&mut self, input: &EntityInput, target: Target, lost: Option<u32>) -> Result<(), Skip> {
        self.text.push(b'{');
        let mut first = self.typename(input, target)?;
        self.fields(&input.representation.fields, target, lost, false, &mut first)?;
        self.text.push(b'}');
        if self.all_failed(target) { Err(Skip::Lacking) } else { Ok(()) }
    }

    /// Whether nothing that is wanted of an object can be asked for.
    fn all_failed(&self, target: Target) -> bool {
        let Some(shape) = self.shape.filter(|_| !self.failed.is_empty()) else { return false };
        let reveals = target.ty == UNKNOWN_TYPE && !matches!(shape.typing, Typing::Opaque);
        let failed = |slot: SlotIndex| self.failed.iter().any(|(failed, _)| *failed == slot);
        !reveals && shape.written().all(failed)
    }

    fn fields(
        &mut self,
        fields: &[RepresentationField],
        object: Target,
        lost: Option<u32>,
        in_key: bool,
        first: &mut bool,
    ) -> Result<(), Skip> {
        for field in fields {
            // What is of an unknown type might be of any.
            let unknown = object.ty == UNKNOWN_TYPE;
            let applies = unknown || field.on.as_ref().is_none_or(|types| types.contains(object.ty));
            if !applies || !self.holds(field.guard) {
                continue;
            }
            if field.value == RepresentationValue::Typename {
                self.runtime_type(&field.name, object.ty, first)?;
                continue;
            }
            let (before, was_first) = (self.text.len(), *first);
            self.name(&field.name, first);
            let cell = object.start + field.slot.0;
            let key = in_key || field.key;
            if self.store.slot(cell) == Slot::Null && key {
                return Err(Skip::NoKey);
            }
            if !self.value(cell, lost, field, 0, key)? {
                self.text.truncate(before);
                *first = was_first;
            }
        }
        Ok(())
    }

    /// Writes a value, `level` lists inside a field; false if it must be left out.
    fn value(
        &mut self,
        cell: u32,
        lost: Option<u32>,
        field: &RepresentationField,
        level: usize,
        key: bool,
    ) -> Result<bool, Skip> {
        let lost = self.store.lost_of(cell, self.after).or(lost);
        let slot = match (self.store.slot(cell), lost) {
            // A key that is lost needs no word here: what its object then lacks is explained where
            // the response is written, in whatever order answers came.
            (Slot::Missing, Some(error)) if !key => Slot::Failed(error),
            (slot, _) => slot,
        };
        let non_null = field.non_null.get(level).copied().unwrap_or_default();
        match (slot, &field.value) {
            (Slot::Null, _) if non_null && !key => {
                self.lacks(field, Failure::Null);
                return Ok(false);
            }
            (Slot::Null, _) => self.text.extend_from_slice(b"null"),
            (Slot::Raw { part, start, len }, _) => self.text.extend_from_slice(self.store.text(part, start, len)),
            (Slot::Failed(error), _) if key => return Err(Skip::Failed(error)),
            (Slot::Failed(error), _) => {
                self.lacks(field, Failure::Error(error));
                return Ok(false);
            }
            (Slot::List { start, len }, _) => {
                self.text.push(b'[');
                for index in 0..len {
                    if index > 0 {
                        self.text.push(b',');
                    }
                    if !self.value(start + index, lost, field, level + 1, key)? {
                        return Ok(false);
                    }
                }
                self.text.push(b']');
            }
            (Slot::Object { start, ty }, RepresentationValue::Object(fields)) => {
                let object = Target { start, ty: self.store.type_of(start, ty) };
                self.text.push(b'{');
                self.fields(fields, object, lost, key, &mut true)?;
                self.text.push(b'}');
            }
            (Slot::Missing | Slot::Object { .. }, _) if key => return Err(Skip::NoKey),
            (Slot::Missing | Slot::Object { .. }, _) => return Ok(false),
        }
        Ok(true)
    }

    /// A requirement is not there: what required it fails, with the first such failure.
    fn lacks(&mut self, field: &RepresentationField, failure: Failure) {
        for &slot in &field.required_by {
            if self.failed.iter().all(|(known, _)| *known != slot) {
                self.failed.push((slot, failure));
            }
        }
    }

    fn runtime_type(&mut self, key: &str, ty: TypeId, first: &mut bool) -> Result<(), Skip> {
        let supergraph = self.supergraph;
        let Some(def) = supergraph.types.get(ty) else { return Err(Skip::NoKey) };
        self.type_name(key, &def.name, first);
        Ok(())
    }

    fn type_name(&mut self, key: &str, name: &str, first: &mut bool) {
        self.name(key, first);
        self.text.push(b'"');
        self.text.extend_from_slice(name.as_bytes());
        self.text.push(b'"');
    }

    /// A field's name; GraphQL names need no escapes.
    fn name(&mut self, name: &str, first: &mut bool) {
        if !std::mem::take(first) {
            self.text.push(b',');
        }
        self.text.push(b'"');
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"\":");
    }

    fn holds(&self, guard: GuardId) -> bool {
        self.bits.get(guard.0 as usize).copied().unwrap_or_default()
    }
}
