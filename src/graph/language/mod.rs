//! GraphQL's text, tree, types and values; no federation. The only module that names the
//! adopted parser and validator: its document types do not leave here.

pub mod api;
pub mod ast;
mod document;
pub mod minified;
pub mod parse;
pub mod print;
pub mod selection_map;
pub mod string;
pub mod validate;
pub mod value;
