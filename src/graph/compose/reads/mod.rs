//! Rules for whatever reads fields of objects: field sets and selection maps.
//!
//! `constants` compares the values of arguments with their types, and `merging` finds fields that are
//! read twice and not alike, of which a representation could hold only one.

pub mod constants;
pub mod merging;
