//! Which objects of an answer may be one object if they read the same.
//!
//! Many reviews lead to one author. If nothing that happens to an author later depends on the review it
//! stands in, then two authors that read the same in one answer stay the same whatever is fetched
//! further, and the answer is read, asked for more and written once for both. It would depend on that if
//! another answer wrote to the same place, since lists are joined by position; or if a call below took
//! something from further up: values of contexts, or the type of an object that it stands in.

use crate::platform::base::id::IdVec;
use crate::sources::rows::shape::{ObjectShape, RowShape, SiteId, Typing, ValueKind};

use super::model::{Fetch, FetchId, OutputSelection, Site};

/// What each site allows.
pub struct Interned {
    /// Whether its objects may be one if they read the same.
    allowed: IdVec<SiteId, bool>,
    /// Where that was made use of.
    marked: IdVec<SiteId, bool>,
}

// === impl Interned ===

impl Interned {
    /// Looks through all fetches.
    pub fn new(sites: &IdVec<SiteId, Site>, fetches: &IdVec<FetchId, Fetch>) -> Self {
        let mut origins: IdVec<SiteId, usize> = sites.iter().map(|_| 0).collect();
        for fetch in fetches.iter() {
            rows(&fetch.shape).for_each(|row| count(row, &mut origins));
        }
        let mut allowed: IdVec<SiteId, bool> = sites.iter().map(|_| true).collect();
        let chain = |site| std::iter::successors(Some(site), |&at| sites.get(at)?.inside.map(|(outer, _)| outer));
        for (site, _) in origins.iter_enumerated().filter(|(_, origins)| **origins > 1) {
            chain(site).for_each(|site| allowed[site] = false);
        }
        for input in fetches.iter().flat_map(|fetch| &fetch.inputs) {
            if !input.contexts.is_empty() {
                chain(input.site).for_each(|site| allowed[site] = false);
            }
            for (outer, _) in input.within.iter().flatten() {
                chain(input.site).take_while(|site| site != outer).for_each(|site| allowed[site] = false);
            }
        }
        Self { allowed, marked: sites.iter().map(|_| false).collect() }
    }

    /// Marks objects that many others may lead to: those that stand in no list of their own, but in
    /// something that does.
    pub fn mark(&mut self, shape: &mut RowShape) {
        match shape {
            RowShape::Root(row) => self.mark_below(row, false),
            RowShape::Lists(lists) => lists.iter_mut().for_each(|list| self.mark_below(&mut list.object, true)),
        }
    }

    /// Marks what is written of such objects.
    pub fn mark_output(&self, output: &mut OutputSelection) {
        for below in output.objects_mut() {
            below.repeats = self.marked[below.site];
            self.mark_output(below);
        }
    }

    fn mark_below(&mut self, shape: &mut ObjectShape, in_list: bool) {
        for (lists, object) in shape.fields.objects_mut() {
            let is_known = matches!(object.typing, Typing::Fixed(_));
            object.interned = in_list && lists == 0 && is_known && self.allowed[object.site];
            self.marked[object.site] |= object.interned;
            self.mark_below(object, in_list || lists > 0);
        }
    }
}

fn rows(shape: &RowShape) -> impl Iterator<Item = &ObjectShape> {
    let (root, lists) = match shape {
        RowShape::Root(row) => (Some(row), &[][..]),
        RowShape::Lists(lists) => (None, &lists[..]),
    };
    root.into_iter().chain(lists.iter().map(|list| &list.object))
}

/// In how many places of answers the objects below come from.
fn count(shape: &ObjectShape, origins: &mut IdVec<SiteId, usize>) {
    for field in &shape.fields {
        if let ValueKind::Object(object) = &field.value.kind {
            origins[object.site] += 1;
            count(object, origins);
        }
    }
}
