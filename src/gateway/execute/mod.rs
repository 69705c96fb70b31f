//! Runs a plan: calls sources as their inputs become ready, joins their answers in cells, and
//! writes the response in one pass.
//!
//! Owns the request's cells ([`store`]), the order of calls ([`run`], [`calls`]), what is sent ([`inputs`]),
//! where answers go ([`scatter`]) and what the client reads ([`writer`], [`output`]). It knows no protocol and
//! decides nothing the plan has decided already.
//!
//! Invariants: the request's task is the only writer of its cells; the order in which calls end
//! never shows in the response; no tree of values stands between upstream bytes and response bytes.

mod calls;
mod context;
mod contexts;
mod errors;
mod inputs;
mod output;
mod parts;
mod plain;
mod run;
mod scatter;
mod store;
mod writer;

pub use context::{Budgets, ErrorPolicy, ExecuteContext, Response};
pub use run::execute;
