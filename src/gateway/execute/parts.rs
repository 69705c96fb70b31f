//! The calls of one fetch: one, unless its objects differ in what their contexts give.
//!
//! Objects with the same values share a list of entities; each further value repeats the list under
//! a name of its own. A document stays of reasonable size: what is more goes into further calls.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use crate::gateway::plan::model::{Fetch, Request};
use crate::sources::rows::shape::{ListShape, RowShape};

use super::inputs::RowSet;

/// Lists with contexts in one call, at most.
const MAX_LISTS: usize = 16;

/// One call.
pub(super) struct Part {
    /// What its answer looks like.
    pub(super) shape: Arc<RowShape>,
    /// What is sent, parallel to the shape's lists.
    pub(super) sets: Vec<RowSet>,
    /// Which repetition of its list each set is.
    pub(super) suffixes: Vec<usize>,
    /// The document, if it is not the plan's.
    pub(super) document: Option<Arc<str>>,
}

/// Divides the rows of a fetch, in the order of its inputs, into calls.
pub(super) fn split(fetch: &Fetch, sets: Vec<RowSet>) -> SmallVec<[Part; 1]> {
    let once = sets.len() == fetch.inputs.len()
        && sets.iter().all(|set| set.contexts.len() == fetch.inputs[set.input].contexts.len());
    let (Request::Graphql { template: Some(template), .. }, RowShape::Lists(lists), false) =
        (&fetch.request, &*fetch.shape, once)
    else {
        let suffixes = vec![0; sets.len()];
        return smallvec![Part { shape: fetch.shape.clone(), sets, suffixes, document: None }];
    };
    // A list that nobody wants has no values for its contexts; without contexts it may be empty.
    let (with, mut without): (Vec<RowSet>, Vec<RowSet>) =
        sets.into_iter().partition(|set| !fetch.inputs[set.input].contexts.is_empty());
    let mut with = with.into_iter().filter(|set| set.len() > 0).peekable();
    let mut parts = SmallVec::new();
    while with.peek().is_some() || !without.is_empty() {
        let mut sets = std::mem::take(&mut without);
        sets.extend(with.by_ref().take(MAX_LISTS));
        let mut used = vec![0; lists.len()];
        let numbered = sets.iter().map(|set| {
            used[set.input] += 1;
            used[set.input] - 1
        });
        let suffixes: Vec<usize> = numbered.collect();
        let written: Vec<(usize, usize)> = sets.iter().map(|set| set.input).zip(suffixes.iter().copied()).collect();
        let shape = written.iter().map(|&(list, nth)| repeated(&lists[list], nth)).collect();
        let document = Some(template.write(&written).into());
        parts.push(Part { shape: Arc::new(RowShape::Lists(shape)), sets, suffixes, document });
    }
    parts
}

fn repeated(list: &ListShape, nth: usize) -> ListShape {
    let mut list = list.clone();
    if nth > 0 {
        list.key = format!("{}_{nth}", list.key).into();
    }
    list
}
