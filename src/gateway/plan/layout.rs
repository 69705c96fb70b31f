//! Layouts: which values objects of one response position hold, before cells are numbered.
//!
//! Planning meets many values that the final plan does not need, so positions and values are
//! interned here first; [`Numbering`] gives the used ones their final sites and slots, in the order
//! in which the response and then the calls use them.

use std::collections::HashMap;

use crate::gateway::plan::model::Site;
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;
use crate::platform::base::id::IdVec;
use crate::sources::rows::shape::{SiteId, SlotIndex};

crate::id_type!(
    /// A response position, client's or hidden.
    LayoutId,
    /// A value of a layout.
    CellId,
);

/// What tells two values of one object apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CellKey {
    /// The field's name.
    pub name: Name,
    /// Its arguments, sorted by name.
    pub arguments: Vec<(Name, InputValue)>,
    /// How many lists surround the value.
    pub lists: u8,
    /// Whether the value is an object.
    pub composite: bool,
    /// The response name, for the fields of a mutation: each runs on its own.
    pub run: Option<Name>,
}

/// A value of a layout.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The layout it belongs to.
    pub layout: LayoutId,
    /// What it is.
    pub key: CellKey,
    /// The layout of the objects in it.
    pub child: Option<LayoutId>,
}

/// All layouts of one operation; layout 0 is the root's.
#[derive(Debug, Default)]
pub struct Layouts {
    paths: IdVec<LayoutId, String>,
    /// The cell each layout's objects stand in; none for the root.
    parents: IdVec<LayoutId, Option<CellId>>,
    cells: IdVec<CellId, Cell>,
    known: HashMap<(LayoutId, CellKey), CellId>,
}

/// The final numbers of the layouts and cells that a plan uses.
#[derive(Debug, Default)]
pub struct Numbering {
    /// The sites so far.
    pub sites: IdVec<SiteId, Site>,
    site_of: HashMap<LayoutId, SiteId>,
    slot_of: HashMap<CellId, SlotIndex>,
}

// === impl Layouts ===

impl Layouts {
    /// The root layout.
    pub const ROOT: LayoutId = LayoutId(0);

    /// Only the root.
    pub fn new() -> Self {
        let mut layouts = Self::default();
        layouts.paths.push(String::new());
        layouts.parents.push(None);
        layouts
    }

    /// The cell of `key` in `layout`.
    pub fn cell(&mut self, layout: LayoutId, key: CellKey) -> CellId {
        if let Some(&cell) = self.known.get(&(layout, key.clone())) {
            return cell;
        }
        let child = key.composite.then(|| {
            let mut path = self.paths[layout].clone();
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&key.name);
            (0..key.lists).for_each(|_| path.push_str(".@"));
            // The cell that is pushed below.
            self.parents.push(Some(CellId(self.cells.len() as u32)));
            self.paths.push(path)
        });
        let cell = self.cells.push(Cell { layout, key: key.clone(), child });
        self.known.insert((layout, key), cell);
        cell
    }

    /// What a cell is.
    pub fn get(&self, cell: CellId) -> &Cell {
        &self.cells[cell]
    }

    /// The cell of `key` in `layout`, if it was ever demanded.
    pub fn find(&self, layout: LayoutId, key: &CellKey) -> Option<CellId> {
        self.known.get(&(layout, key.clone())).copied()
    }

    /// A layout and all above it, innermost first.
    pub fn chain(&self, layout: LayoutId) -> impl Iterator<Item = LayoutId> + '_ {
        std::iter::successors(Some(layout), |&at| Some(self.cells[self.parents[at]?].layout))
    }

    /// A layout's place, for people.
    pub fn path(&self, layout: LayoutId) -> &str {
        &self.paths[layout]
    }
}

// === impl Numbering ===

impl Numbering {
    /// The site of a layout.
    pub fn site(&mut self, layouts: &Layouts, layout: LayoutId) -> SiteId {
        if let Some(&site) = self.site_of.get(&layout) {
            return site;
        }
        let inside = layouts.parents[layout].map(|cell| {
            let outer = self.site(layouts, layouts.get(cell).layout);
            (outer, self.slot(layouts, cell))
        });
        let site = self.sites.push(Site { slots: 0, inside, path: layouts.path(layout).into() });
        self.site_of.insert(layout, site);
        site
    }

    /// The slot of a cell.
    pub fn slot(&mut self, layouts: &Layouts, cell: CellId) -> SlotIndex {
        if let Some(&slot) = self.slot_of.get(&cell) {
            return slot;
        }
        let site = self.site(layouts, layouts.get(cell).layout);
        let slot = SlotIndex(self.sites[site].slots);
        self.sites[site].slots += 1;
        self.slot_of.insert(cell, slot);
        slot
    }
}
