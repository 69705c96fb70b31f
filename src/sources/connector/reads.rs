//! Equal reads of one operation are sent once (connect language §5.1), whichever places of the
//! operation ask for them.
//!
//! Nobody waits for keys that may still come: what is known to be needed is asked for at once, and
//! who needs it later takes the answer, or waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::OnceCell;

use crate::sources::contract::SourceError;
use crate::sources::rows::representations::Representations;

use super::page::Page;
use super::protocol::Answer;

/// A call that somebody makes and others wait for. Should who makes it be cancelled, the next one
/// makes it.
pub(super) type Pending = Arc<OnceCell<Result<Answer, SourceError>>>;

/// The reads of one operation. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads(Arc<Mutex<Tables>>);

#[derive(Debug, Default)]
struct Tables {
    calls: HashMap<String, Pending>,
    /// By fetches that ask alike: where each key is asked for.
    keys: HashMap<String, AskedFor>,
}

/// In which call each key is asked for, and at which position.
type AskedFor = HashMap<Vec<u8>, (Arc<SharedBatch>, usize)>;

/// The reads of fetches that ask alike.
#[derive(Debug)]
pub(super) struct AlikeReads {
    reads: Reads,
    /// Equal for fetches that would send the same request for the same row.
    alike: String,
}

/// Keys in one call, which several fetches may need.
#[derive(Debug)]
pub(super) struct SharedBatch {
    pub(super) keys: Representations,
    pub(super) pending: Pending,
}

/// Where the keys of a fetch are asked for.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) batches: Vec<Arc<SharedBatch>>,
    /// For each key its batch and its position in that; none if the batches are these keys in order.
    pub(super) places: Option<Vec<(usize, usize)>>,
}

// === impl Reads ===

impl Reads {
    pub(super) fn alike(self, alike: String) -> AlikeReads {
        AlikeReads { reads: self, alike }
    }
}

// === impl AlikeReads ===

impl AlikeReads {
    /// The call for one row and page.
    pub(super) fn call(&self, row: &Value, page: Option<&Page>) -> Pending {
        let page = page.map(Page::to_value).unwrap_or_default();
        let key = format!("{} {row} {page}", self.alike);
        let mut tables = self.reads.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.calls.entry(key).or_default().clone()
    }

    /// Finds the keys that are asked for already; the others, `max_size` at most together, are from
    /// now on.
    pub(super) fn claim(&self, keys: &Representations, max_size: usize) -> Claim {
        let mut tables = self.reads.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tables.keys.entry(self.alike.clone()).or_default();
        let texts: Vec<&[u8]> = keys.iter().collect();
        let fresh: Vec<usize> = (0..keys.len()).filter(|&index| !known.contains_key(texts[index])).collect();
        let mut batches = Vec::new();
        for chunk in fresh.chunks(max_size.max(1)) {
            let keys = chunk.iter().map(|&index| texts[index]).collect();
            let batch = Arc::new(SharedBatch { keys, pending: Pending::default() });
            for (position, &index) in chunk.iter().enumerate() {
                known.insert(texts[index].to_vec(), (batch.clone(), position));
            }
            batches.push(batch);
        }
        if fresh.len() == keys.len() {
            return Claim { batches, places: None };
        }
        let mut number: HashMap<*const SharedBatch, usize> = HashMap::new();
        batches.clear();
        let places = texts.iter().map(|text| {
            let (batch, position) = &known[*text];
            let index = *number.entry(Arc::as_ptr(batch)).or_insert_with(|| {
                batches.push(batch.clone());
                batches.len() - 1
            });
            (index, *position)
        });
        let places = Some(places.collect());
        Claim { batches, places }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(ids: std::ops::RangeInclusive<u32>) -> Representations {
        ids.map(|id| json!({ "id": id })).collect()
    }

    fn sizes(claim: &Claim) -> Vec<usize> {
        claim.batches.iter().map(|batch| batch.keys.len()).collect()
    }

    #[test]
    fn only_keys_that_nobody_has_asked_for_are_asked_for() {
        let reads = Reads::default();
        let first = reads.clone().alike("a".into()).claim(&keys(1..=5), 2);
        assert_eq!((sizes(&first), &first.places), (vec![2, 2, 1], &None));

        let second = reads.clone().alike("a".into()).claim(&keys(4..=7), 2);
        assert!(Arc::ptr_eq(&second.batches[0], &first.batches[1]));
        assert!(Arc::ptr_eq(&second.batches[1], &first.batches[2]));
        assert_eq!(second.batches[2].keys, keys(6..=7));
        assert_eq!(second.places, Some(vec![(0, 1), (1, 0), (2, 0), (2, 1)]));

        let other = reads.alike("b".into()).claim(&keys(4..=4), 2);
        assert_eq!((sizes(&other), &other.places), (vec![1], &None));
    }

    #[tokio::test]
    async fn a_call_that_is_given_up_is_made_by_the_next() {
        let reads = Reads::default().alike("a".into());
        let row = json!({ "id": 1 });
        let given_up = reads.call(&row, None);
        let never = given_up.get_or_init(std::future::pending);
        assert!(tokio::time::timeout(std::time::Duration::from_millis(1), never).await.is_err());
        let answer = reads.call(&row, None);
        assert!(answer.get_or_init(async || Ok(Answer::default())).await.is_ok());
        assert!(given_up.get().is_some() && reads.call(&json!({ "id": 2 }), None).get().is_none());
    }
}
