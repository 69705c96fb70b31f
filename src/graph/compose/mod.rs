//! Subgraphs become a supergraph, or diagnostics that say why not.
//!
//! In order: each document is parsed, its links are read, it is validated as GraphQL, brought to
//! federation 2 if it is written for federation 1 (`upgrade`), and validated by federation's rules
//! (`validate/rules`, a rule a file); then the subgraphs, sorted by name, are
//! merged (`merge`, a kind a file), the result is checked (`merged`), and written in the form of
//! the join specification (`supergraph`). What field sets and selection maps read is judged by the
//! rules in `reads`. All errors of a phase are reported together. Imports
//! `federation`, `connect`, `mapping`, `link`, `language` and `platform/base`.
//!
//! Invariants: the order of subgraphs changes nothing; equal inputs give equal bytes; every place
//! in a diagnostic lies in a file of the user's.

mod allowed;
pub mod codes;
pub mod composite;
mod composition;
mod contract;
mod fan_out;
pub mod merge;
pub mod merged;
pub mod reads;
pub mod satisfiability;
pub mod subgraph;
mod supergraph;
mod upgrade;
pub mod validate;

pub use composition::{ComposeOptions, Composed, Composition, SubgraphInput, compose};
pub use contract::Contract;
