//! Operations in use are planned on a reloaded graph before it takes traffic, so that the first
//! requests after a reload take no longer than those before it.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::platform::base::deadline::Deadline;

use super::prepare::{self, DocumentKey};
use super::snapshot::Snapshot;

/// How long traffic stays with the graph before, at most.
const PATIENCE: Duration = Duration::from_secs(10);

/// Prepares and plans on `next` what `previous` was asked for more than once, the most used first;
/// tells how many operations. One at a time, so that requests in service keep the other processors.
pub(super) async fn warm(next: &Snapshot, previous: &Snapshot) -> usize {
    let deadline = Deadline::after(PATIENCE);
    let mut planned = 0;
    for (uses, known) in most_used(previous, next.warm_up) {
        if deadline.is_over() {
            break;
        }
        let key = DocumentKey { text: known.text.clone(), operation: known.operation.clone() };
        let Ok(Ok(prepared)) = prepare::document(next, key, deadline).await else { continue };
        // What was used long ago counts for less with each reload.
        prepared.uses.store(uses / 2, Ordering::Relaxed);
        // Who may see less of it, or takes part in a progressive override, has a plan of its own later.
        planned += usize::from(matches!(prepare::whole_plan(next, &prepared, &[], deadline).await, Ok(Ok(_))));
    }
    planned
}

fn most_used(snapshot: &Snapshot, most: usize) -> Vec<(u64, Arc<DocumentKey>)> {
    let mut used: Vec<_> = snapshot
        .documents
        .iter()
        .filter_map(|(key, known)| Some((known.ok()?.uses.load(Ordering::Relaxed), key)))
        .filter(|(uses, _)| *uses > 1)
        .collect();
    used.sort_unstable_by(|(uses, key), (other, than)| (Reverse(uses), &key.text).cmp(&(Reverse(other), &than.text)));
    used.truncate(most);
    used
}
