//! One request's lookups, collected: fields that resolve at the same time share one lookup.

use std::collections::HashMap;
use std::sync::Arc;

use ::dataloader::BatchFn;
use ::dataloader::cached::Loader;
use async_graphql::Error;

use super::store::{By, ReviewStore, StoredReview};

type Reviews = Arc<[Arc<StoredReview>]>;

/// The loaders of one request. They live no longer than it, so they never serve stale reviews.
pub(super) struct Loaders {
    by_id: Loader<String, Reviews, Lookup>,
    by_product: Loader<String, Reviews, Lookup>,
    by_author: Loader<String, Reviews, Lookup>,
}

struct Lookup {
    store: Arc<ReviewStore>,
    by: By,
}

// === impl Loaders ===

impl Loaders {
    pub(super) fn new(store: &Arc<ReviewStore>) -> Self {
        let loader = |by| Loader::new(Lookup { store: store.clone(), by });
        Self { by_id: loader(By::Id), by_product: loader(By::Product), by_author: loader(By::Author) }
    }

    /// The reviews of a key, newest first.
    ///
    /// Every key has an answer, be it an empty one. A loader misses a key only when the request
    /// that drove its batch was dropped, and then nobody waits for this error either.
    pub(super) async fn find(&self, by: By, key: &str) -> Result<Reviews, Error> {
        let loader = match by {
            By::Id => &self.by_id,
            By::Product => &self.by_product,
            By::Author => &self.by_author,
        };
        loader.try_load(key.to_owned()).await.map_err(|_| Error::new("the lookup was given up"))
    }
}

// === impl Lookup ===

impl BatchFn<String, Reviews> for Lookup {
    async fn load(&mut self, keys: &[String]) -> HashMap<String, Reviews> {
        self.store.find(self.by, keys).into_iter().map(|(key, reviews)| (key, reviews.into())).collect()
    }
}
