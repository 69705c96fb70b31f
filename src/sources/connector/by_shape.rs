//! What a connector knows of the shapes it is asked for, each of which belongs to a plan.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use foldhash::fast::FixedState;

use crate::sources::rows::shape::RowShape;

/// How many shapes a connector keeps in mind: those of as many plans.
const MAX_SHAPES: usize = 512;

/// A `T` for each shape, found by where the shape lies.
#[derive(Debug)]
pub(super) struct ByShape<T> {
    known: RwLock<HashMap<usize, Known<T>, FixedState>>,
}

/// A shape stays where it is while somebody points at it, weakly or not.
#[derive(Debug)]
struct Known<T> {
    shape: Weak<RowShape>,
    of_shape: T,
}

// === impl ByShape ===

impl<T: Clone> ByShape<T> {
    /// What is known of a shape.
    pub(super) fn get(&self, shape: &Arc<RowShape>) -> Option<T> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&(Arc::as_ptr(shape) as usize)).map(|known| known.of_shape.clone())
    }

    /// Keeps what is known of a shape, if there is room.
    pub(super) fn insert(&self, shape: &Arc<RowShape>, of_shape: T) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_SHAPES {
            known.retain(|_, known| known.shape.strong_count() > 0);
        }
        if known.len() < MAX_SHAPES {
            known.insert(Arc::as_ptr(shape) as usize, Known { shape: Arc::downgrade(shape), of_shape });
        }
    }
}

impl<T> Default for ByShape<T> {
    fn default() -> Self {
        Self { known: RwLock::default() }
    }
}
