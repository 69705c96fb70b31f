//! The federated GraphQL service that `schema/reviews.graphql` describes: an async-graphql schema
//! over HTTP, as its own team would write it.

mod loaders;
mod schema;
mod service;
mod store;

pub use service::router;
pub use store::ReviewStore;

#[cfg(test)]
mod tests;
