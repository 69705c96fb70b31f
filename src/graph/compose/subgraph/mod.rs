//! A subgraph, read: definitions and extensions folded per type, names of linked directives
//! resolved, field sets parsed, root types under their usual names.

pub mod context;
pub mod definitions;
pub mod directives;
pub mod facts;
pub mod field_set;
pub mod load;
pub mod model;
