//! How an upstream writes its documents: learned from those that were read, and good for the next one.
//!
//! A layout holds keys and the space around them, never values. It only says what may come next; a
//! document that stands otherwise is read all the same.

use std::ops::Deref;
use std::sync::Arc;

use super::lead::{Gap, Lead};
use super::template::Template;

/// How many layouts are kept: those of objects that are read, which are there from the start, and of
/// objects that are not.
pub(super) const MAX_LAYOUTS: usize = 96;
/// How many keys of a layout are kept.
const MAX_LEADS: usize = 64;
/// How the objects of one kind stand in documents.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Layout {
    /// Their keys, in the order in which they came.
    pub(super) leads: Vec<Lead>,
    /// What is between the last value and behind the object.
    pub(super) close: Option<Gap>,
    /// How they stand in a list, if they stand alike.
    pub(super) template: Option<Arc<Template>>,
    /// How often a template was taken, or was not to be had.
    pub(super) takes: u8,
}

/// What was learned from documents that were read.
#[derive(Clone, Debug, Default)]
pub struct Layouts(Arc<Vec<Layout>>);

// === impl Layout ===

impl Layout {
    /// Whether more keys can be kept.
    pub(super) fn has_room(&self) -> bool {
        self.leads.len() < MAX_LEADS
    }

    /// A key may come at this place.
    pub(super) fn insert(&mut self, place: usize, lead: Lead) {
        if self.has_room() {
            self.leads.insert(place.min(self.leads.len()), lead);
        }
    }
}

// === impl Layouts ===

impl Layouts {
    /// Nothing is known: a layout for objects of which nothing is read, then one for each of so many keys,
    /// for the objects of which that key is read first.
    pub(super) fn new(keys: u32) -> Self {
        Self(Arc::new(vec![Layout::default(); 1 + keys as usize]))
    }

    /// Whether these are the others, of which nothing new was learned.
    pub fn are(&self, others: &Self) -> bool {
        Arc::ptr_eq(&self.0, &others.0)
    }

    /// The layouts, to be added to.
    pub(super) fn learn(&mut self) -> &mut Vec<Layout> {
        Arc::make_mut(&mut self.0)
    }
}

impl Deref for Layouts {
    type Target = [Layout];

    fn deref(&self) -> &[Layout] {
        &self.0
    }
}
