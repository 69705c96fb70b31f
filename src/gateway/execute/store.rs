//! The cells of one request.

use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;

use bytes::Bytes;
use hashbrown::{HashMap, HashSet};
use smallvec::SmallVec;

use crate::gateway::plan::model::{EntityInput, FetchId, Plan};
use crate::graph::federation::ids::{TypeId, TypeSet};
use crate::platform::base::id::IdVec;
use crate::sources::rows::shape::{SiteId, SlotIndex};
use crate::sources::rows::slot::{Below, Numbers, Rows, Slot, UNKNOWN_TYPE, UpstreamError};

use super::errors::own_error;
use super::inputs::Failure;

/// Cells that are rather moved behind than have others copied behind them.
const FEW_CELLS: u32 = 64;
/// The root object's first cell.
pub(super) const ROOT: u32 = 0;

/// All answers of one request so far, joined. Cells only grow; one task writes them.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) slots: Vec<Slot>,
    parts: Vec<Bytes>,
    /// Objects later fetches start from.
    objects: IdVec<SiteId, Targets>,
    rare: Rarely,
    /// Bytes held.
    bytes: u64,
    /// Bytes it may hold.
    limit: u64,
}

/// What errors and types that arrive late add.
#[derive(Debug, Default)]
struct Rare {
    errors: Vec<StoredError>,
    /// Errors that stand beside the value of a cell.
    beside: HashMap<u32, Vec<u32>>,
    /// Errors of copies that lost to a list or object of another copy: whatever stays empty
    /// beneath that cell is explained by them.
    lost: HashMap<u32, Vec<u32>>,
    /// Errors without a place.
    general: Vec<u32>,
    /// Types of objects that were unknown when they arrived.
    revealed: HashMap<u32, TypeId>,
    /// Errors of calls that should have told an object's type.
    unrevealed: HashMap<u32, u32>,
    /// Errors as other cells than their own show them.
    elsewhere: HashMap<u32, u32>,
    /// The error of unequal copies, once there is one.
    conflict: Option<u32>,
    /// The error of requirements that are null and must not be, once there is one.
    null_requirement: Option<u32>,
}

/// Nothing, until something is added.
#[derive(Debug, Default)]
struct Rarely(Option<Box<Rare>>);

/// An object a fetch completes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Target {
    /// Its first cell.
    pub(super) start: u32,
    /// Its type as it arrived.
    pub(super) ty: TypeId,
}

/// The objects of a site; many sites have one, and two take no more room than a list of them.
type Targets = SmallVec<[Target; 2]>;

/// An error and where it came from.
#[derive(Clone, Debug)]
pub(super) struct StoredError {
    pub(super) error: UpstreamError,
    /// The fetch; `None` for conflicts between fetches.
    pub(super) fetch: Option<FetchId>,
    /// Orders the errors of one fetch.
    index: u32,
}

/// Rows whose cells, texts and errors have moved into the store.
pub(super) struct Attached {
    pub(super) rows: SmallVec<[Slot; 1]>,
    /// Further errors of rows that failed.
    pub(super) row_errors: HashMap<u32, Vec<u32>>,
    objects: Vec<(SiteId, Target)>,
}

/// Which arrived objects stay, by first cell; everything that arrived stays unless it was absorbed.
#[derive(Default)]
pub(super) struct Fate {
    pub(super) absorbed: HashSet<u32>,
    pub(super) adopted: HashSet<u32>,
}

// === impl Store ===

impl Store {
    /// Only the empty root object. `limit` bounds the bytes it may hold.
    pub(super) fn new(plan: &Plan, root: TypeId, limit: u64) -> Self {
        let mut objects: IdVec<SiteId, Targets> = plan.sites.iter().map(|_| Targets::new()).collect();
        let cells = plan.sites.get(SiteId(0)).map_or(1, |site| site.slots.max(1));
        if let Some(roots) = objects.iter_mut().next() {
            roots.push(Target { start: ROOT, ty: root });
        }
        Self {
            slots: vec![Slot::Missing; cells as usize],
            parts: Vec::new(),
            objects,
            rare: Rarely::default(),
            bytes: 0,
            limit,
        }
    }

    /// The type of the root object.
    pub(super) fn root_type(&self) -> TypeId {
        let root = self.objects.iter().next().and_then(|roots| roots.first());
        root.map_or(UNKNOWN_TYPE, |root| root.ty)
    }

    /// Moves rows in. Their recorded objects are known only after [`Store::register`].
    pub(super) fn attach(&mut self, rows: Rows, fetch: FetchId) -> Attached {
        self.bytes += size(&rows);
        let next = self.next();
        let base = Base {
            slot: next.cells.wrapping_sub(rows.first.cells),
            part: next.parts.wrapping_sub(rows.first.parts),
            error: self.rare.errors.len() as u32,
        };
        self.parts.push(rows.text.into());
        self.parts.extend(rows.parts);
        let Numbers { cells, .. } = next;
        match base {
            // The first answer often is the largest: its cells stay where they are.
            Base { slot: 0, part: 0, error: 0 } if cells <= FEW_CELLS && rows.slots.len() > cells as usize => {
                let own = std::mem::replace(&mut self.slots, rows.slots);
                self.slots.splice(..0, own);
            }
            Base { slot: 0, part: 0, error: 0 } => self.slots.extend_from_slice(&rows.slots),
            _ => self.slots.extend(rows.slots.into_iter().map(|slot| base.apply(slot))),
        }
        let mut row_errors: HashMap<u32, Vec<u32>> = HashMap::new();
        if let Some(reports) = rows.reports {
            let reports = *reports;
            for error in reports.errors {
                self.add_error(error, fetch);
            }
            for (cell, error) in reports.beside {
                let error = self.add_error(error, fetch);
                self.rare.beside.entry(base.cell(cell)).or_default().push(error);
            }
            for error in reports.general {
                let error = self.add_error(error, fetch);
                self.rare.general.push(error);
            }
            for (row, error) in reports.row_errors {
                row_errors.entry(row).or_default().push(self.add_error(error, fetch));
            }
        }
        let (mut own, objects) = (rows.rows, rows.objects.into_iter());
        own.iter_mut().for_each(|slot| *slot = base.apply(*slot));
        Attached {
            row_errors,
            rows: own,
            objects: objects.map(|(site, start, ty)| (site, Target { start: base.cell(start), ty })).collect(),
        }
    }

    /// Where the numbers of cells and parts go on.
    pub(super) fn next(&self) -> Numbers {
        Numbers { cells: self.slots.len() as u32, parts: self.parts.len() as u32 }
    }

    /// Makes the recorded objects of an answer known to later fetches, but for those whose cells
    /// went into others.
    pub(super) fn register(&mut self, attached: Attached, fate: &Fate) {
        for (site, target) in attached.objects {
            if !fate.absorbed.contains(&target.start) || fate.adopted.contains(&target.start) {
                self.register_one(site, target);
            }
        }
    }

    /// Makes one object known.
    pub(super) fn register_one(&mut self, site: SiteId, target: Target) {
        if site.0 < self.objects.len() as u32 {
            self.objects[site].push(target);
        }
    }

    /// The known objects of a site, with their types as they arrived.
    pub(super) fn objects(&self, site: SiteId) -> &[Target] {
        self.objects.get(site).map(Targets::as_slice).unwrap_or_default()
    }

    /// An object's type, looking up what was revealed since it arrived.
    #[inline]
    pub(super) fn type_of(&self, start: u32, ty: TypeId) -> TypeId {
        match ty {
            UNKNOWN_TYPE => self.rare.revealed.get(&start).copied().unwrap_or(UNKNOWN_TYPE),
            ty => ty,
        }
    }

    /// Notes the type of an object that arrived without.
    pub(super) fn reveal(&mut self, start: u32, ty: TypeId) {
        self.rare.revealed.insert(start, ty);
    }

    /// Notes that a call which would have told an object's type failed.
    pub(super) fn fail_to_reveal(&mut self, start: u32, error: u32) {
        let first = self.rare.unrevealed.get(&start).map_or(error, |&known| self.first_error(known, error));
        self.rare.unrevealed.insert(start, first);
    }

    /// Whether a call that would have told an object's type failed.
    pub(super) fn has_unrevealed(&self) -> bool {
        !self.rare.unrevealed.is_empty()
    }

    /// Why nobody could tell an object's type, if a call for it failed.
    pub(super) fn unrevealed(&self, start: u32) -> Option<u32> {
        self.rare.unrevealed.get(&start).copied()
    }

    /// The cell; cells outside the store are empty.
    pub(super) fn slot(&self, cell: u32) -> Slot {
        self.slots.get(cell as usize).copied().unwrap_or_default()
    }

    /// A leaf's text.
    pub(super) fn text(&self, part: u32, start: u32, len: u32) -> &[u8] {
        self.part(part).get(start as usize..start as usize + len as usize).unwrap_or_default()
    }

    /// A text that leaves stand in.
    #[inline]
    pub(super) fn part(&self, part: u32) -> &[u8] {
        self.parts.get(part as usize).map(|part| &part[..]).unwrap_or_default()
    }

    /// The texts that leaves stand in.
    pub(super) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.parts.iter().map(|part| &part[..])
    }

    /// A new run of empty cells.
    pub(super) fn allocate(&mut self, cells: u32) -> u32 {
        let start = self.slots.len() as u32;
        self.slots.resize(self.slots.len() + cells as usize, Slot::Missing);
        self.bytes += u64::from(cells) * size_of::<Slot>() as u64;
        start
    }

    /// Keeps an error for cells to refer to.
    pub(super) fn add_error(&mut self, error: UpstreamError, fetch: FetchId) -> u32 {
        let id = self.rare.errors.len() as u32;
        self.rare.errors.push(StoredError { error, fetch: Some(fetch), index: id });
        id
    }

    /// The same error with another way to where it happened.
    pub(super) fn with_suffix(&mut self, error: u32, suffix: Vec<Below>) -> u32 {
        let Some(known) = self.error(error).cloned() else { return error };
        let id = self.rare.errors.len() as u32;
        self.rare.errors.push(StoredError { error: UpstreamError { suffix, ..known.error }, index: id, ..known });
        id
    }

    /// The error of what cannot be asked for since something else is not there.
    pub(super) fn failure(&mut self, failure: Failure) -> u32 {
        match failure {
            Failure::Error(error) => self.elsewhere(error),
            Failure::Null => self.null_requirement(),
        }
    }

    /// An error as seen from cells that are not on the way to where it happened.
    fn elsewhere(&mut self, error: u32) -> u32 {
        if self.error(error).is_none_or(|known| known.error.suffix.is_empty()) {
            return error;
        }
        if let Some(&known) = self.rare.elsewhere.get(&error) {
            return known;
        }
        let plain = self.with_suffix(error, Vec::new());
        self.rare.elsewhere.insert(error, plain);
        plain
    }

    /// The error of requirements that are null and must not be.
    fn null_requirement(&mut self) -> u32 {
        let Rare { errors, null_requirement, .. } = &mut *self.rare;
        *null_requirement.get_or_insert_with(|| {
            let message = "What this field requires is null where it must not be.";
            let (error, index) = (own_error("DOWNSTREAM_SERVICE_ERROR", message), errors.len() as u32);
            errors.push(StoredError { error, fetch: None, index });
            index
        })
    }

    /// The error of unequal copies.
    pub(super) fn conflict(&mut self) -> Slot {
        let Rare { errors, conflict, .. } = &mut *self.rare;
        let id = *conflict.get_or_insert_with(|| {
            let error = UpstreamError {
                code: "SUBREQUEST_MALFORMED_RESPONSE".into(),
                message: "Subgraphs gave different values for one field.".into(),
                extensions: serde_json::Map::new(),
                suffix: Vec::new(),
                authored: true,
                unmasked: None,
            };
            let id = errors.len() as u32;
            errors.push(StoredError { error, fetch: None, index: id });
            id
        });
        Slot::Failed(id)
    }

    /// Whether an error is that of unequal copies.
    pub(super) fn is_conflict(&self, error: u32) -> bool {
        self.rare.conflict == Some(error)
    }

    /// An error by its number.
    pub(super) fn error(&self, id: u32) -> Option<&StoredError> {
        self.rare.errors.get(id as usize)
    }

    /// Which of two errors shows: independent of the order they arrived in.
    pub(super) fn first_error(&self, a: u32, b: u32) -> u32 {
        if self.order(b) < self.order(a) { b } else { a }
    }

    /// Whether the cells tell everything: no error stands beside a value or explains what is missing.
    pub(super) fn is_plain(&self) -> bool {
        self.rare.beside.is_empty() && self.rare.lost.is_empty() && self.rare.general.is_empty()
    }

    /// Whether any error stands beside a value.
    pub(super) fn has_beside(&self) -> bool {
        !self.rare.beside.is_empty()
    }

    /// Errors beside a cell's value.
    pub(super) fn beside(&self, cell: u32) -> Vec<u32> {
        if self.rare.beside.is_empty() {
            return Vec::new();
        }
        let mut errors = self.rare.beside.get(&cell).cloned().unwrap_or_default();
        errors.sort_by_key(|&error| self.order(error));
        errors
    }

    /// An error stands beside a cell.
    pub(super) fn add_beside(&mut self, cell: u32, error: u32) {
        self.rare.beside.entry(cell).or_default().push(error);
    }

    /// Errors beside one cell stand beside another as well.
    pub(super) fn spread_beside(&mut self, from: u32, to: u32) {
        if !self.rare.beside.is_empty()
            && let Some(errors) = self.rare.beside.get(&from).cloned()
        {
            self.rare.beside.entry(to).or_default().extend(errors);
        }
    }

    /// A failed copy lost to a list or object.
    pub(super) fn lose(&mut self, cell: u32, error: u32) {
        self.rare.lost.entry(cell).or_default().push(error);
    }

    /// Whether any copy lost to a list or object.
    pub(super) fn has_losses(&self) -> bool {
        !self.rare.lost.is_empty()
    }

    /// The error of a copy that lost to this cell's value.
    pub(super) fn lost(&self, cell: u32) -> Option<u32> {
        self.lost_to(cell, |_| true)
    }

    /// The same, of copies that came from some fetches only.
    pub(super) fn lost_of(&self, cell: u32, fetches: &[FetchId]) -> Option<u32> {
        self.lost_to(cell, |error| {
            self.error(error).and_then(|stored| stored.fetch).is_some_and(|fetch| fetches.contains(&fetch))
        })
    }

    fn lost_to(&self, cell: u32, counts: impl Fn(u32) -> bool) -> Option<u32> {
        if self.rare.lost.is_empty() {
            return None;
        }
        let errors = self.rare.lost.get(&cell)?.iter().copied();
        errors.filter(|&error| counts(error)).min_by_key(|&error| self.order(error))
    }

    /// What explains empty cells of a site's objects, by their first cell: errors of copies of an
    /// enclosing value, lost by one of `fetches`. Of other fetches it may not be known yet.
    pub(super) fn losses(&self, plan: &Plan, site: SiteId, fetches: &[FetchId]) -> HashMap<u32, u32> {
        let mut losses = HashMap::new();
        if self.rare.lost.is_empty() {
            return losses;
        }
        let mut objects = vec![(ROOT, None)];
        for (slot, _) in way_to(plan, site) {
            let mut below = Vec::new();
            for (start, lost) in objects {
                self.objects_in(start + slot.0, lost, fetches, &mut below);
            }
            objects = below;
        }
        for (start, lost) in objects {
            let Some(lost) = lost else { continue };
            let first = losses.get(&start).map_or(lost, |&known| self.first_error(known, lost));
            losses.insert(start, first);
        }
        losses
    }

    /// The objects in a cell, through lists, and what was lost on the way.
    fn objects_in(&self, cell: u32, lost: Option<u32>, fetches: &[FetchId], found: &mut Vec<(u32, Option<u32>)>) {
        let lost = self.lost_of(cell, fetches).or(lost);
        match self.slot(cell) {
            Slot::List { start, len } => (start..start + len).for_each(|at| self.objects_in(at, lost, fetches, found)),
            Slot::Object { start, .. } => found.push((start, lost)),
            _ => {}
        }
    }

    /// The objects that stand where an input says, by their first cell; `None` if anywhere will do.
    pub(super) fn within(&self, plan: &Plan, input: &EntityInput) -> Option<HashSet<u32>> {
        if input.within.is_empty() {
            return None;
        }
        let way = way_to(plan, input.site);
        let mut found = HashSet::new();
        for types in &input.within {
            let mut objects = vec![ROOT];
            for &(slot, site) in &way {
                let types = types.iter().find(|(at, _)| *at == site).map(|(_, types)| types);
                let mut below = Vec::new();
                for start in objects {
                    self.typed_objects_in(start + slot.0, types, &mut below);
                }
                objects = below;
            }
            found.extend(objects);
        }
        Some(found)
    }

    /// The objects in a cell, through lists, that are or may be of some types.
    fn typed_objects_in(&self, cell: u32, types: Option<&TypeSet>, found: &mut Vec<u32>) {
        match self.slot(cell) {
            Slot::List { start, len } => (start..start + len).for_each(|at| self.typed_objects_in(at, types, found)),
            Slot::Object { start, ty } => {
                let ty = self.type_of(start, ty);
                if ty == UNKNOWN_TYPE || types.is_none_or(|types| types.contains(ty)) {
                    found.push(start);
                }
            }
            _ => {}
        }
    }

    /// Errors without a place, in an order of their own.
    pub(super) fn sorted_general(&self) -> Vec<u32> {
        let mut errors = self.rare.general.clone();
        errors.sort_by_key(|&error| self.order(error));
        errors
    }

    /// Bytes that may still be added.
    pub(super) fn room(&self) -> u64 {
        self.limit.saturating_sub(self.bytes)
    }

    /// Bytes it may hold in all.
    pub(super) fn budget(&self) -> u64 {
        self.limit
    }

    fn order(&self, error: u32) -> (Option<FetchId>, u32) {
        self.error(error).map_or((None, error), |stored| (stored.fetch, stored.index))
    }
}

// === impl Rarely ===

impl Deref for Rarely {
    type Target = Rare;

    fn deref(&self) -> &Rare {
        static NOTHING: LazyLock<Rare> = LazyLock::new(Rare::default);
        self.0.as_deref().unwrap_or_else(|| &NOTHING)
    }
}

impl DerefMut for Rarely {
    fn deref_mut(&mut self) -> &mut Rare {
        self.0.get_or_insert_default()
    }
}

/// The slots that lead from the root to a site's objects, each with the site of what is in it.
pub(super) fn way_to(plan: &Plan, site: SiteId) -> Vec<(SlotIndex, SiteId)> {
    let mut way = Vec::new();
    let mut at = site;
    while let Some((outer, slot)) = plan.sites.get(at).and_then(|site| site.inside) {
        way.push((slot, at));
        at = outer;
    }
    way.reverse();
    way
}

/// What rows take in memory.
pub(super) fn size(rows: &Rows) -> u64 {
    let texts: usize = rows.parts.iter().map(Bytes::len).sum::<usize>() + rows.text.len();
    (texts + (rows.slots.len() + rows.rows.len()) * size_of::<Slot>() + rows.objects.len() * size_of::<Target>()) as u64
}

/// How the numbers of an answer's cells, parts and errors change when it goes into the store; cells and
/// parts count around.
struct Base {
    slot: u32,
    part: u32,
    error: u32,
}

// === impl Base ===

impl Base {
    #[inline]
    fn cell(&self, cell: u32) -> u32 {
        cell.wrapping_add(self.slot)
    }

    #[inline]
    fn apply(&self, slot: Slot) -> Slot {
        match slot {
            Slot::Missing | Slot::Null => slot,
            Slot::Failed(error) => Slot::Failed(error + self.error),
            Slot::Raw { part, start, len } => Slot::Raw { part: part.wrapping_add(self.part), start, len },
            Slot::List { start, len } => Slot::List { start: self.cell(start), len },
            Slot::Object { start, ty } => Slot::Object { start: self.cell(start), ty },
        }
    }
}
