//! Sets of ids as bits.

use std::fmt;
use std::marker::PhantomData;

use smallvec::SmallVec;

use super::id::Id;

/// A set of ids of one kind. Two sets with the same members are equal and hash alike,
/// whatever was inserted and removed before.
pub struct IdSet<I> {
    /// Invariant: the last word is never zero.
    words: SmallVec<[u64; 2]>,
    marker: PhantomData<fn(I) -> I>,
}

// === impl IdSet ===

impl<I: Id> IdSet<I> {
    /// The empty set.
    pub fn new() -> Self {
        Self { words: SmallVec::new(), marker: PhantomData }
    }

    /// The set of one member.
    pub fn one(id: I) -> Self {
        let mut set = Self::new();
        set.insert(id);
        set
    }

    /// Adds `id`; true if it was not in the set.
    pub fn insert(&mut self, id: I) -> bool {
        let (word, bit) = (id.index() / 64, id.index() % 64);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        let added = self.words[word] & (1 << bit) == 0;
        self.words[word] |= 1 << bit;
        added
    }

    /// Removes `id`; true if it was in the set.
    pub fn remove(&mut self, id: I) -> bool {
        let (word, bit) = (id.index() / 64, id.index() % 64);
        let Some(bits) = self.words.get_mut(word) else { return false };
        let removed = *bits & (1 << bit) != 0;
        *bits &= !(1 << bit);
        self.trim();
        removed
    }

    /// Whether `id` is in the set.
    pub fn contains(&self, id: I) -> bool {
        self.words.get(id.index() / 64).is_some_and(|bits| bits & (1 << (id.index() % 64)) != 0)
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.words.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    /// The smallest member.
    pub fn first(&self) -> Option<I> {
        self.iter().next()
    }

    /// Members in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = I> + '_ {
        self.words.iter().enumerate().flat_map(|(word, &bits)| {
            std::iter::successors((bits != 0).then_some(bits), |rest| {
                let rest = rest & (rest - 1);
                (rest != 0).then_some(rest)
            })
            .map(move |rest| I::from_index(word * 64 + rest.trailing_zeros() as usize))
        })
    }

    /// Members of either set.
    pub fn union(&self, other: &Self) -> Self {
        let mut result = self.clone();
        result.extend_from(other);
        result
    }

    /// Adds all members of `other`.
    pub fn extend_from(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (bits, more) in self.words.iter_mut().zip(&other.words) {
            *bits |= more;
        }
    }

    /// Members of both sets.
    pub fn intersection(&self, other: &Self) -> Self {
        let mut result =
            Self { words: self.words.iter().zip(&other.words).map(|(a, b)| a & b).collect(), marker: PhantomData };
        result.trim();
        result
    }

    /// Members of this set that are not in `other`.
    pub fn difference(&self, other: &Self) -> Self {
        let mut result = self.clone();
        for (bits, less) in result.words.iter_mut().zip(&other.words) {
            *bits &= !less;
        }
        result.trim();
        result
    }

    /// Whether each member is in `other` as well.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.words.len() <= other.words.len() && self.words.iter().zip(&other.words).all(|(a, b)| a & !b == 0)
    }

    /// Whether the two sets have a member in common.
    pub fn intersects(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(a, b)| a & b != 0)
    }

    fn trim(&mut self) {
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }
}

impl<I: Id> Default for IdSet<I> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I> Clone for IdSet<I> {
    fn clone(&self) -> Self {
        Self { words: self.words.clone(), marker: PhantomData }
    }
}

impl<I> PartialEq for IdSet<I> {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

impl<I> Eq for IdSet<I> {}

impl<I> PartialOrd for IdSet<I> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<I> Ord for IdSet<I> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.words.cmp(&other.words)
    }
}

impl<I> std::hash::Hash for IdSet<I> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.words.hash(state);
    }
}

impl<I: Id> fmt::Debug for IdSet<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<I: Id> FromIterator<I> for IdSet<I> {
    fn from_iter<It: IntoIterator<Item = I>>(ids: It) -> Self {
        let mut set = Self::new();
        for id in ids {
            set.insert(id);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    crate::id_type!(
        /// An id for these tests.
        X
    );

    #[test]
    fn sets_with_the_same_members_are_equal_whatever_came_before() {
        let mut a = IdSet::one(X(3));
        a.insert(X(200));
        a.remove(X(200));
        assert_eq!(a, IdSet::one(X(3)));
        assert_eq!(
            [X(1), X(64), X(130)].into_iter().collect::<IdSet<_>>().iter().map(|x| x.0).collect::<Vec<_>>(),
            [1, 64, 130]
        );
    }

    #[test]
    fn set_algebra_agrees_with_a_tree_set() {
        use std::collections::BTreeSet;
        let a: BTreeSet<u32> = [0, 5, 63, 64, 127, 128].into();
        let b: BTreeSet<u32> = [5, 64, 129, 300].into();
        let of = |set: &BTreeSet<u32>| set.iter().map(|&x| X(x)).collect::<IdSet<X>>();
        let back = |set: IdSet<X>| set.iter().map(|x| x.0).collect::<BTreeSet<_>>();
        assert_eq!(back(of(&a).union(&of(&b))), &a | &b);
        assert_eq!(back(of(&a).intersection(&of(&b))), &a & &b);
        assert_eq!(back(of(&a).difference(&of(&b))), &a - &b);
        assert!(of(&[5, 64].into()).is_subset(&of(&a)) && !of(&b).is_subset(&of(&a)));
    }
}
