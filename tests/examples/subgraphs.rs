//! `examples/subgraphs`

use serde_json::json;

use crate::harness::{Played, ask, assert_clean, environment, serve};
use crate::subgraph_services;

const CONFIG: &str = "examples/subgraphs/pleach.yaml";

#[test]
fn has_no_findings() {
    let nowhere = || "http://127.0.0.1:1/".to_owned();
    assert_clean(CONFIG, &environment([("PRODUCTS_URL", nowhere()), ("REVIEWS_URL", nowhere())]));
}

#[tokio::test]
async fn two_services_answer_as_one() {
    let products = Played::start(subgraph_services::products()).await;
    let reviews = Played::start(subgraph_services::reviews()).await;
    let addresses = [("PRODUCTS_URL", products.url() + "/"), ("REVIEWS_URL", reviews.url() + "/")];
    let server = serve(CONFIG, environment(addresses)).await;
    let query = "{ products { name verdict reviews { stars text } } latestReview { product { name } } }";
    let answer = ask(server.address(), query, &[]).await;
    assert_eq!(
        answer,
        json!({ "data": {
            "products": [
                { "name": "Trowel", "verdict": "light", "reviews": [
                    { "stars": 5, "text": "Never bends" }, { "stars": 4, "text": "Good in clay" }
                ] },
                { "name": "Spade", "verdict": "heavy", "reviews": [
                    { "stars": 3, "text": "Sturdy, but the handle is short" }
                ] },
                { "name": "Watering can", "verdict": "light", "reviews": [] }
            ],
            "latestReview": { "product": { "name": "Trowel" } }
        } }),
        "{answer:#}"
    );
    // Two root fields in two services, and a step from each to the other.
    assert_eq!((products.asked().len(), reviews.asked().len()), (2, 2));
}
