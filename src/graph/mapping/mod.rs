//! The mapping language: JSON and variables in, one JSON value or nothing out.
//!
//! Owns the grammar of every dialect, its evaluation, and what can be told from the text alone:
//! the references, the output shape, the projection, what must be asked for. Knows nothing of
//! schemas or protocols: which variables a place offers and which shape it needs is checked by
//! `connect`.
//!
//! Invariants: no text makes the parser panic or recurse deeper than its limit, and no value makes
//! the evaluator do so; missing is never null.

mod asked;
mod ast;
mod budget;
mod check;
mod compiled;
mod dialect;
mod error;
mod evaluate;
mod infer;
mod kinds;
mod lexer;
mod methods;
mod number;
mod parser;
mod problem;
mod projection;
mod references;
mod shape;
mod sql_template;
mod template;
mod unparse;
mod variables;

pub use asked::{Asked, Asking, Places, Want};
pub use compiled::Mapping;
pub use dialect::{Dialect, Variable};
pub use error::{MappingError, MappingErrorKind};
pub use evaluate::Outcome;
pub use kinds::Kinds;
pub use methods::method_names;
pub use problem::Problem;
pub use projection::{ProjectedField, ProjectedValue, Projection, ProjectionStep};
pub use references::{Reference, References};
pub use shape::{Copied, FieldShape, ObjectShape, Shape};
pub use sql_template::{Fragment, SqlPiece, SqlTemplate};
pub use template::{Hole, Rendered, Template, TemplateError, TemplateKind, TemplatePiece};
pub use variables::Variables;
