//! `examples/native`

use serde_json::json;

use crate::harness::{Played, ask};
use crate::native_program;

#[tokio::test]
async fn a_schema_of_the_program_adds_to_the_files() {
    let gateway = native_program::gateway().await.unwrap_or_else(|error| panic!("{error}"));
    let served = Played::start(native_program::router(gateway).unwrap()).await;
    let query = "{ currencies products { name price(pieces: 3) { cents currency } } }";
    assert_eq!(
        ask(served.address, query, &[("x-country", "CH")]).await,
        json!({ "data": {
            "currencies": ["EUR", "CHF"],
            "products": [
                { "name": "Trowel", "price": { "cents": 4500, "currency": "CHF" } },
                { "name": "Spade", "price": { "cents": 3750, "currency": "CHF" } },
                { "name": "Watering can", "price": { "cents": 2250, "currency": "CHF" } }
            ]
        } })
    );
}

#[tokio::test]
async fn a_mistake_is_shown_at_its_place_however_it_is_printed() {
    let broken = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.11\")\ntype Query { a: Missing }";
    let error = pleach::Gateway::builder().subgraph("broken", "", broken).build().await.err().expect("a mistake");
    assert!(format!("{error:?}").starts_with("broken.graphql:2:"), "{error:?}");
}
