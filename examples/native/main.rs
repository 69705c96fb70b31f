//! A schema written in Rust, mounted beside SDL files, in one process.
//!
//! The pricing below is an ordinary async-graphql schema, built with federation enabled. Pleach
//! composes it with the files of `schema/`, plans across both, and calls it without HTTP or JSON
//! text in between. README.md says how to run it.

use std::path::Path;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};
use axum::Router;
use pleach::Gateway;
use pleach::app::build::BuildError;
use pleach::app::config::tree::Config;
use pleach::app::health::Health;
use pleach::app::routes::routes;
use pleach::sources::contract::RequestFacts;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:4000").await?;
    println!("http://{}/graphql", listener.local_addr()?);
    axum::serve(listener, router(gateway().await?)?).await?;
    Ok(())
}

/// The graph: the files of `schema/`, and the pricing of this program.
pub async fn gateway() -> Result<Gateway, BuildError> {
    let schema = Schema::build(Pricing, EmptyMutation, EmptySubscription).enable_federation().finish();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/native/schema");
    Gateway::builder().schema_dir(folder).native("pricing", schema).build().await
}

/// Serves a gateway as `pleach serve` does. A program with routes of its own merges them here.
pub fn router(gateway: Gateway) -> Result<Router, String> {
    routes(gateway, &Config::default(), &Health::default())
        .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

/// What the pricing adds to the root.
struct Pricing;

/// A product of the catalogue; the pricing adds its price.
#[derive(SimpleObject)]
#[graphql(complex)]
struct Product {
    sku: ID,
}

#[derive(SimpleObject)]
struct Price {
    cents: usize,
    currency: &'static str,
}

#[Object]
impl Pricing {
    /// What prices can be told in.
    async fn currencies(&self) -> [&'static str; 2] {
        ["EUR", "CHF"]
    }

    /// How the planner comes here from a product of the catalogue.
    #[graphql(entity)]
    async fn find_product_by_sku(&self, sku: ID) -> Product {
        Product { sku }
    }
}

#[ComplexObject]
impl Product {
    /// The price of so many pieces, in the currency of the caller's country.
    async fn price(&self, context: &Context<'_>, #[graphql(default = 1)] pieces: usize) -> Price {
        // What came with the request: headers, verified claims, the operation's instant.
        let facts = context.data_opt::<Arc<RequestFacts>>();
        let swiss = facts.and_then(|facts| facts.headers.get("x-country")).is_some_and(|country| country == "CH");
        Price { cents: pieces * self.sku.len() * 250, currency: if swiss { "CHF" } else { "EUR" } }
    }
}
