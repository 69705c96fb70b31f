//! Operation × supergraph → the cheapest plan we find, verified. Pure and deterministic.
//!
//! In reading order: `sites` and `expand` build the AND/OR provider graph of an operation (`graph`)
//! over classes of types planned alike; `fixpoint` says what can be had, `constraints` (with
//! `atomicity`) what must be;
//! `reduce` and `search` choose; `emit_fetches` and `merge_fetches` turn a choice into calls, which
//! `cost` scores; `render` writes documents, shapes and representations, `output_program` the
//! response; `verify` checks the whole, `why` says what each call is for and
//! `explain` tells it. `contexts` has arguments that are filled
//! from objects further up.
//!
//! Imports: operation, federation, language, and the models of rows and sources.

pub mod model;

mod atomicity;
mod choice;
mod classes;
mod conditions;
mod constraints;
mod contexts;
mod cost;
mod documents;
mod emit_fetches;
mod error;
mod expand;
mod explain;
mod fixpoint;
mod graph;
mod interned;
mod labels;
mod layout;
mod merge_fetches;
mod mutations;
mod output_program;
mod planner;
mod reasons;
mod reduce;
mod render;
mod representations;
mod search;
mod selection;
mod shapes;
mod sites;
mod split_lists;
mod verify;
mod why;

pub use error::{PlanError, PlanOptions};
pub use explain::{explain, explain_json, explain_mermaid};
pub use labels::labels_of;
pub use output_program::renamed;
pub use planner::plan;
pub use verify::verify;
