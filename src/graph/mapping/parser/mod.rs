//! Tokens → tree, by the grammar of one dialect. Reports several mistakes: after one inside a list
//! of items it goes on with the next item.

mod cursor;
mod expressions;
mod items;
mod steps;

pub(super) use cursor::parse;
