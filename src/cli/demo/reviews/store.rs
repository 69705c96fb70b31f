//! Reviews and how they are looked up: always for many keys at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;

/// A review as it is stored.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct StoredReview {
    pub(super) id: String,
    pub(super) product: String,
    pub(super) author: String,
    pub(super) rating: i32,
    pub(super) title: Option<String>,
    pub(super) body: String,
    pub(super) created_at: String,
}

/// By what reviews are looked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum By {
    Id,
    Product,
    Author,
}

/// All reviews, oldest first.
#[derive(Debug, Default)]
pub struct ReviewStore {
    reviews: Mutex<Vec<Arc<StoredReview>>>,
    lookups: AtomicU64,
}

// === impl ReviewStore ===

impl ReviewStore {
    /// The demo's reviews.
    ///
    /// # Errors
    /// When the embedded data is no JSON of this shape.
    pub fn seeded() -> Result<Self, serde_json::Error> {
        let reviews: Vec<StoredReview> = serde_json::from_str(include_str!("../data/reviews.json"))?;
        let reviews = Mutex::new(reviews.into_iter().map(Arc::new).collect());
        Ok(Self { reviews, lookups: AtomicU64::new(0) })
    }

    /// How often anything was looked up.
    pub fn lookups(&self) -> u64 {
        self.lookups.load(Ordering::Relaxed)
    }

    /// The reviews of each key, newest first; every key is in the answer.
    pub(super) fn find(&self, by: By, keys: &[String]) -> HashMap<String, Vec<Arc<StoredReview>>> {
        self.lookups.fetch_add(1, Ordering::Relaxed);
        let mut found: HashMap<String, Vec<_>> = keys.iter().map(|key| (key.clone(), Vec::new())).collect();
        for review in self.lock().iter().rev() {
            let key = match by {
                By::Id => &review.id,
                By::Product => &review.product,
                By::Author => &review.author,
            };
            if let Some(list) = found.get_mut(key) {
                list.push(review.clone());
            }
        }
        found
    }

    /// The newest reviews.
    pub(super) fn latest(&self, count: usize) -> Vec<Arc<StoredReview>> {
        self.lookups.fetch_add(1, Ordering::Relaxed);
        self.lock().iter().rev().take(count).cloned().collect()
    }

    /// Adds a review; its id is given here.
    pub(super) fn add(&self, mut review: StoredReview) -> Arc<StoredReview> {
        let mut reviews = self.lock();
        review.id = format!("r{}", reviews.len() + 1);
        let review = Arc::new(review);
        reviews.push(review.clone());
        review
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<StoredReview>>> {
        self.reviews.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
