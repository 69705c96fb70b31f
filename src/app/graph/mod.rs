//! Where the graph comes from: files and schemas, read and composed.

mod load;
mod origin;
mod remote;
mod rover;

pub use load::{Graph, Unloaded, load};
pub use origin::{Origin, SubgraphText, contract};
