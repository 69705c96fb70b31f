//! The commands of `pleach`, and how they print.

pub mod demo;
