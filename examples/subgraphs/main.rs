//! Two federated services to join: products on port 4101, reviews on port 4102.
//!
//! They stand for services that exist already, in whatever language; all that Pleach knows of them
//! is their SDL and their addresses, in `supergraph.yaml`. README.md says how to run it.

use async_graphql::{ComplexObject, EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};
use async_graphql_axum::GraphQL;
use axum::Router;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (first, second) = (TcpListener::bind("127.0.0.1:4101").await?, TcpListener::bind("127.0.0.1:4102").await?);
    println!(
        "export PRODUCTS_URL=http://{}/\nexport REVIEWS_URL=http://{}/",
        first.local_addr()?,
        second.local_addr()?
    );
    tokio::try_join!(axum::serve(first, products()), axum::serve(second, reviews()))?;
    Ok(())
}

/// The service of products.
pub fn products() -> Router {
    let schema = Schema::build(products::Query, EmptyMutation, EmptySubscription).enable_federation().finish();
    Router::new().route_service("/", GraphQL::new(schema))
}

/// The service of reviews.
pub fn reviews() -> Router {
    let schema = Schema::build(reviews::Query, EmptyMutation, EmptySubscription).enable_federation().finish();
    Router::new().route_service("/", GraphQL::new(schema))
}

/// Names and weights.
mod products {
    use super::*;

    const PRODUCTS: [(&str, &str, i32); 3] =
        [("t1", "Trowel", 240), ("s1", "Spade", 1900), ("w1", "Watering can", 850)];

    pub struct Query;

    #[derive(SimpleObject)]
    struct Product {
        upc: ID,
        name: &'static str,
        weight_grams: i32,
    }

    #[Object]
    impl Query {
        async fn products(&self) -> Vec<Product> {
            PRODUCTS.map(Product::from).into()
        }

        #[graphql(entity)]
        async fn find_product_by_upc(&self, upc: ID) -> Option<Product> {
            PRODUCTS.into_iter().find(|(own, ..)| upc == *own).map(Product::from)
        }
    }

    impl From<(&'static str, &'static str, i32)> for Product {
        fn from((upc, name, weight_grams): (&'static str, &'static str, i32)) -> Self {
            Self { upc: upc.into(), name, weight_grams }
        }
    }
}

/// Reviews of products that another service owns.
mod reviews {
    use super::*;

    const REVIEWS: [(&str, i32, &str); 3] =
        [("t1", 5, "Never bends"), ("s1", 3, "Sturdy, but the handle is short"), ("t1", 4, "Good in clay")];

    pub struct Query;

    #[derive(SimpleObject)]
    #[graphql(complex)]
    struct Product {
        upc: ID,
        #[graphql(external)]
        weight_grams: Option<i32>,
    }

    #[derive(SimpleObject)]
    struct Review {
        stars: i32,
        text: &'static str,
        product: Product,
    }

    #[Object]
    impl Query {
        async fn latest_review(&self) -> Option<Review> {
            REVIEWS.last().copied().map(Review::from)
        }

        #[graphql(entity)]
        async fn find_product_by_upc(&self, #[graphql(key)] upc: ID, weight_grams: Option<i32>) -> Product {
            Product { upc, weight_grams }
        }
    }

    #[ComplexObject]
    impl Product {
        async fn reviews(&self) -> Vec<Review> {
            REVIEWS.into_iter().filter(|(upc, ..)| self.upc == *upc).map(Review::from).collect()
        }

        #[graphql(requires = "weightGrams")]
        async fn verdict(&self) -> &'static str {
            match self.weight_grams {
                Some(grams) if grams > 1000 => "heavy",
                Some(_) => "light",
                None => "unknown",
            }
        }
    }

    impl From<(&'static str, i32, &'static str)> for Review {
        fn from((upc, stars, text): (&'static str, i32, &'static str)) -> Self {
            Self { stars, text, product: Product { upc: upc.into(), weight_grams: None } }
        }
    }
}
