//! The gRPC service that `schema/inventory.graphql` and `inventory.proto` describe.

mod codec;
mod messages;
mod service;
mod warehouse;

pub use service::router;
pub use warehouse::Warehouse;

#[cfg(test)]
mod tests;
