//! How an upstream writes its documents: learned from those that were read, and good for the next one.
//!
//! A layout holds keys and the space around them, never values. It only says what may come next; a
//! document that stands otherwise is read all the same.

use std::sync::{Arc, Mutex, PoisonError};

use super::lead::{Gap, Lead};

/// How many layouts are kept: those of objects that are read, which are there from the start, and of
/// objects that are not.
pub(super) const MAX_LAYOUTS: usize = 96;
/// How many keys of a layout are kept.
const MAX_LEADS: usize = 64;
/// How often what was learned is kept: upstreams that write otherwise each time are not worth it.
const MAX_LESSONS: u32 = 64;

/// How the objects of one kind stand in documents.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Layout {
    /// Their keys, in the order in which they came.
    pub(super) leads: Vec<Lead>,
    /// What is between the last value and behind the object.
    pub(super) close: Option<Gap>,
    /// What is between two of them in a list: from behind one to behind the other's bracket.
    pub(super) between: Option<Gap>,
}

/// What was learned from documents that were read.
#[derive(Debug, Default)]
pub struct Layouts(Mutex<Learned>);

#[derive(Clone, Debug, Default)]
struct Learned {
    layouts: Arc<Vec<Layout>>,
    lessons: u32,
}

// === impl Layout ===

impl Layout {
    /// A key may come at this place.
    pub(super) fn insert(&mut self, place: usize, lead: Lead) {
        if self.leads.len() < MAX_LEADS {
            self.leads.insert(place.min(self.leads.len()), lead);
        }
    }
}

// === impl Layouts ===

impl Layouts {
    /// What is known: a layout for objects of which nothing is read, then one for each of so many keys,
    /// for the objects of which that key is read first, then others.
    pub(super) fn known(&self, keys: u32) -> Arc<Vec<Layout>> {
        let mut learned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if learned.layouts.is_empty() {
            learned.layouts = Arc::new(vec![Layout::default(); 1 + keys as usize]);
        }
        learned.layouts.clone()
    }

    /// Keeps what a document taught.
    pub(super) fn learn(&self, layouts: Arc<Vec<Layout>>) {
        let mut learned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&learned.layouts, &layouts) && learned.lessons < MAX_LESSONS {
            *learned = Learned { layouts, lessons: learned.lessons + 1 };
        }
    }
}

/// A copy learns for itself.
impl Clone for Layouts {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// It says nothing about what is read.
impl PartialEq for Layouts {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
