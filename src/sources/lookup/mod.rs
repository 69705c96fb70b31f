//! Subgraphs whose entities are looked up by fields, as the Composite Schemas specification has
//! them: what a plan asks of `_entities` is asked of lookups, and their answers are put in the order
//! of the representations. Any source that executes GraphQL documents can stand behind.
//!
//! `known` has a subgraph's lookups by type, `value` takes arguments from representations, `compile`
//! reads a plan's document once, `ask` writes the calls for some representations, `answer` reads what
//! comes back, and `source` puts them together.

mod answer;
mod ask;
mod compile;
mod known;
mod source;
mod value;

pub use known::Lookups;
pub use source::{LookupSource, MAX_ALIASES};
