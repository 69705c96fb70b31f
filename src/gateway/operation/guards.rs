//! Conditions of `@skip` and `@include`, hash-consed; one bit each per request.

use std::collections::HashMap;

use smallvec::SmallVec;

use crate::platform::base::Name;
use crate::platform::base::id::IdVec;

crate::id_type!(
    /// A condition; [`GuardId::ALWAYS`] is true for every request.
    GuardId
);

/// What the guards of an operation are for one request, in their order.
pub type Bits = SmallVec<[bool; 16]>;

/// A condition over Boolean variables, in normal form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Guard {
    /// True.
    Always,
    /// False.
    Never,
    /// The variable is true.
    Variable(Name),
    /// The other one is false.
    Not(GuardId),
    /// All are true; sorted, at least two, none of them `And`.
    And(Vec<GuardId>),
    /// One is true; sorted, at least two, none of them `Or`.
    Or(Vec<GuardId>),
}

/// All conditions of one operation and its plan; a guard only refers to earlier ones.
#[derive(Clone, Debug)]
pub struct Guards {
    all: IdVec<GuardId, Guard>,
    known: HashMap<Guard, GuardId>,
}

// === impl GuardId ===

impl GuardId {
    /// True for every request.
    pub const ALWAYS: Self = Self(0);
    /// False for every request.
    pub const NEVER: Self = Self(1);
}

// === impl Guards ===

impl Guards {
    /// Only the two constants.
    pub fn new() -> Self {
        let mut guards = Self { all: IdVec::new(), known: HashMap::new() };
        guards.intern(Guard::Always);
        guards.intern(Guard::Never);
        guards
    }

    /// The guard that `name` is true.
    pub fn variable(&mut self, name: Name) -> GuardId {
        self.intern(Guard::Variable(name))
    }

    /// The opposite of `guard`.
    pub fn not(&mut self, guard: GuardId) -> GuardId {
        match &self.all[guard] {
            Guard::Always => GuardId::NEVER,
            Guard::Never => GuardId::ALWAYS,
            Guard::Not(inner) => *inner,
            _ => self.intern(Guard::Not(guard)),
        }
    }

    /// Both.
    pub fn and(&mut self, a: GuardId, b: GuardId) -> GuardId {
        let mut parts = Vec::new();
        for id in [a, b] {
            match &self.all[id] {
                Guard::And(inner) => parts.extend_from_slice(inner),
                _ => parts.push(id),
            }
        }
        parts.retain(|&id| id != GuardId::ALWAYS);
        parts.sort_unstable();
        parts.dedup();
        if parts.contains(&GuardId::NEVER) || self.has_opposites(&parts) {
            return GuardId::NEVER;
        }
        // Absorption: a ∧ (a ∨ b) = a.
        let absorbed: Vec<GuardId> = parts
            .iter()
            .copied()
            .filter(|&id| !matches!(&self.all[id], Guard::Or(options) if options.iter().any(|option| parts.contains(option))))
            .collect();
        match absorbed[..] {
            [] => GuardId::ALWAYS,
            [one] => one,
            _ => self.intern(Guard::And(absorbed)),
        }
    }

    /// Either.
    pub fn or(&mut self, a: GuardId, b: GuardId) -> GuardId {
        let mut parts = Vec::new();
        for id in [a, b] {
            match &self.all[id] {
                Guard::Or(inner) => parts.extend_from_slice(inner),
                _ => parts.push(id),
            }
        }
        parts.retain(|&id| id != GuardId::NEVER);
        parts.sort_unstable();
        parts.dedup();
        if parts.contains(&GuardId::ALWAYS) || self.has_opposites(&parts) {
            return GuardId::ALWAYS;
        }
        // Absorption: a ∨ (a ∧ b) = a.
        let absorbed: Vec<GuardId> = parts
            .iter()
            .copied()
            .filter(|&id| !matches!(&self.all[id], Guard::And(needs) if needs.iter().any(|need| parts.contains(need))))
            .collect();
        match absorbed[..] {
            [] => GuardId::NEVER,
            [one] => one,
            _ => self.intern(Guard::Or(absorbed)),
        }
    }

    /// The condition behind an id.
    pub fn guard(&self, id: GuardId) -> &Guard {
        &self.all[id]
    }

    /// All conditions, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Guard> {
        self.all.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Never: the two constants are always there.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// One bit per guard, in the order of ids; `is_true` looks a variable up.
    pub fn evaluate(&self, is_true: impl Fn(&str) -> bool) -> Bits {
        let mut bits = Bits::with_capacity(self.all.len());
        for guard in self.all.iter() {
            let bit = |id: &GuardId| bits[id.0 as usize];
            let value = match guard {
                Guard::Always => true,
                Guard::Never => false,
                Guard::Variable(name) => is_true(name),
                Guard::Not(inner) => !bit(inner),
                Guard::And(parts) => parts.iter().all(bit),
                Guard::Or(parts) => parts.iter().any(bit),
            };
            bits.push(value);
        }
        bits
    }

    /// The condition as text, for people.
    pub fn describe(&self, id: GuardId) -> String {
        let join = |parts: &[GuardId], word: &str| {
            format!("({})", parts.iter().map(|&part| self.describe(part)).collect::<Vec<_>>().join(word))
        };
        match &self.all[id] {
            Guard::Always => "always".into(),
            Guard::Never => "never".into(),
            Guard::Variable(name) => format!("${name}"),
            Guard::Not(inner) => format!("not {}", self.describe(*inner)),
            Guard::And(parts) => join(parts, " and "),
            Guard::Or(parts) => join(parts, " or "),
        }
    }

    fn has_opposites(&self, parts: &[GuardId]) -> bool {
        parts.iter().any(|&id| matches!(&self.all[id], Guard::Not(inner) if parts.contains(inner)))
    }

    fn intern(&mut self, guard: Guard) -> GuardId {
        if let Some(&id) = self.known.get(&guard) {
            return id;
        }
        let id = self.all.push(guard.clone());
        self.known.insert(guard, id);
        id
    }
}

impl Default for Guards {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simplifies_without_changing_meaning() {
        let mut guards = Guards::new();
        let (a, b) = (guards.variable("a".into()), guards.variable("b".into()));
        let not_a = guards.not(a);
        let both = guards.and(a, b);
        assert_eq!(guards.not(not_a), a);
        assert_eq!(guards.and(a, not_a), GuardId::NEVER);
        assert_eq!(guards.or(a, not_a), GuardId::ALWAYS);
        assert_eq!(guards.or(a, both), a);
        assert_eq!(guards.and(both, a), both);
        let bits = guards.evaluate(|name| name == "a");
        assert!(bits[a.0 as usize] && !bits[b.0 as usize] && !bits[both.0 as usize] && !bits[not_a.0 as usize]);
    }
}
