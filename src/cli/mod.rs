//! The commands of `pleach`, and how they print: what was asked for on standard output, findings
//! and logs on standard error.

mod arguments;
mod check;
mod command;
mod compose;
mod config;
pub mod demo;
mod health;
mod plan;
mod report;
mod serve;

use command::Outcome;
pub use command::run;
