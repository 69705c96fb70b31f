//! A finite tape of random numbers from which a whole case is read.
//!
//! Generators ask the tape for choices. Numbers near zero mean the simplest choice, and so does the
//! end of the tape: when proptest shortens the tape or lowers its numbers, the case gets simpler.

use proptest::collection::vec;
use proptest::prelude::*;

/// Reads choices from random numbers.
pub struct Tape<'n> {
    numbers: std::slice::Iter<'n, u16>,
}

/// The tapes of one case: what the world is, what it holds, and what is asked of it. They are
/// apart so that a simpler world does not change the question.
#[derive(Clone)]
pub struct Tapes {
    /// Types, and how they are split over subgraphs.
    pub world: Vec<u16>,
    /// The data.
    pub data: Vec<u16>,
    /// The operation and its variables.
    pub operation: Vec<u16>,
}

/// Tapes of random numbers.
pub fn tapes() -> impl Strategy<Value = Tapes> {
    let numbers = |length| vec(any::<u16>(), length);
    (numbers(400), numbers(300), numbers(400)).prop_map(|(world, data, operation)| Tapes { world, data, operation })
}

// === impl Tape ===

impl<'n> Tape<'n> {
    /// From the first number on.
    pub fn new(numbers: &'n [u16]) -> Self {
        Self { numbers: numbers.iter() }
    }

    fn next(&mut self) -> usize {
        usize::from(self.numbers.next().copied().unwrap_or(0))
    }

    /// A number below `end`, which is not zero.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() * end) >> 16
    }

    /// A number from `low` up to and including `high`.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True in so many cases of a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        (self.next() * 100) >> 16 >= 100 - percent
    }

    /// One of them.
    pub fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    /// Some of them, at least one unless there are none, in their order.
    pub fn some<T: Clone>(&mut self, of: &[T], percent: usize) -> Vec<T> {
        if of.is_empty() {
            return Vec::new();
        }
        let sure = self.below(of.len());
        of.iter()
            .enumerate()
            .filter(|(at, _)| *at == sure || self.chance(percent))
            .map(|(_, one)| one.clone())
            .collect()
    }
}

impl std::fmt::Debug for Tapes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The message of a failed case shows what was read from the tapes; the numbers say nothing.
        f.write_str("tapes")
    }
}
