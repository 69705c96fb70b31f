//! Answers as slots: the layout a plan compiles, and the cells an answer fills.
//!
//! Every protocol turns its answer into [`slot::Rows`] by a [`shape::RowShape`]; nobody hands a
//! tree of values upwards. Leaves stay slices of the upstream body; what connectors are asked about
//! stays text, too. Pure: no async, I/O or clock.

pub mod errors;
pub mod extract;
pub mod layout;
mod lead;
mod program;
pub mod representations;
pub mod scan;
pub mod shape;
pub mod slot;
mod template;
pub mod visit;
