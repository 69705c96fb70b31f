//! Pleach joins external systems (REST, gRPC, SQL, GraphQL, in-process schemas) into one
//! GraphQL schema.
//!
//! `pleach serve` is the usual way to run it. A program that has a schema of its own mounts that
//! schema beside others, and serves the whole from its own process:
//!
//! ```
//! use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
//! use pleach::Gateway;
//!
//! struct Pricing;
//!
//! #[Object]
//! impl Pricing {
//!     async fn discount(&self) -> i32 {
//!         15
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), pleach::app::build::BuildError> {
//! let pricing = Schema::build(Pricing, EmptyMutation, EmptySubscription).enable_federation().finish();
//! let greetings = r#"
//!   extend schema
//!     @link(url: "https://specs.apollo.dev/federation/v2.11")
//!     @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@connect"])
//!   type Query { greeting: String! @connect(selection: "$('Hello')") }
//! "#;
//! let gateway = Gateway::builder().subgraph("greetings", "", greetings).native("pricing", pricing).build().await?;
//! let schema = gateway.snapshot().supergraph().api_sdl.clone();
//! assert!(schema.contains("greeting: String!") && schema.contains("discount: Int!"));
//! # Ok(())
//! # }
//! ```
//!
//! Modules in reading order, from the request downwards. `docs/architecture.md` has the picture
//! and the table of which module may import which.

pub mod app;
pub mod cli;
pub mod gateway;
pub mod graph;
pub mod inbound;
pub mod platform;
pub mod sources;

pub use gateway::pipeline::Gateway;
