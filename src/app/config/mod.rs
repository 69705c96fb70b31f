//! The assembled configuration: each section is defined beside its feature and only put together
//! here, so that no feature can see another's settings.

mod decode;
mod expand;
pub mod graph;
pub mod json_schema;
pub mod listen;
pub mod load;
pub mod places;
pub mod tree;
mod yaml;
