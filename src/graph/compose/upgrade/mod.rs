//! Subgraphs written for federation 1 are read as if they were written for federation 2: what then
//! was a habit (external key fields on extensions, externals that nothing uses, value types that
//! anyone may resolve) is said in the words of federation 2, so that one set of rules judges all.
//!
//! Nothing here looks at the text again; places stay those of what was written.

mod extensions;
mod externals;
mod field_sets;
mod interfaces;
mod shareables;
mod steps;
mod tags;

pub use steps::upgrade;
