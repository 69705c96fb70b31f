//! One system fails; the rest is answered, in time, and clients learn no more than they should.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use pleach::app::config::tree::Config;
use pleach::cli::demo::System;
use pleach::gateway::pipeline::config::{Mask, SourceErrorsConfig};
use pleach::platform::base::quantity::TimeSpan;
use pleach::sources::config::SourceConfig;

use crate::harness::{Demo, Reply};

/// Over all five systems, with a nullable field at each border.
const QUERY: &str = "{
  me { name }
  order(id: \"0d3e0000-0000-4000-8000-000000000180\") { status lines { quantity product { stock { available } } } }
  product(id: \"7a1c0000-0000-4000-8000-000000000001\") { sku stock { available } averageRating }
}";

/// How long databases are waited for, instead of the seconds that the schema gives them.
const TIMEOUT: Duration = Duration::from_secs(1);
/// One timeout, and the time of a busy computer.
const IN_TIME: Duration = Duration::from_millis(2_500);

fn impatient(config: &mut Config) {
    for source in ["catalogue.catalogue_db", "orders.orders_db"] {
        let timeout = SourceConfig { timeout: Some(TimeSpan(TIMEOUT)), ..SourceConfig::default() };
        config.sources.insert(source.into(), timeout);
    }
}

fn whole() -> Value {
    json!({
        "me": { "name": "Ada Birkholt" },
        "order": { "status": "PLACED", "lines": [{ "quantity": 1, "product": { "stock": { "available": 0 } } }] },
        "product": { "sku": "KIT-KETTLE", "stock": { "available": 36 }, "averageRating": 4.0 },
    })
}

/// What is answered when `system` has stopped, after everything has been asked once before.
async fn without(demo: &Demo, system: System) -> Reply {
    let token = demo.token();
    assert_eq!(demo.ask_as(&token, QUERY).await.data(), whole());
    demo.systems.stop(system).await.expect("stopped");
    let begin = Instant::now();
    let reply = demo.ask_as(&token, QUERY).await;
    assert!(begin.elapsed() < IN_TIME, "{:?}", begin.elapsed());
    assert_eq!(reply.status, 200);
    reply
}

/// Stops `system` and compares: `lost` are JSON pointers that are null now, `errors` their codes and
/// paths.
async fn check(system: System, lost: &[&str], errors: &[(&str, Value)]) {
    let demo = Demo::with(impatient).await;
    let reply = without(&demo, system).await;
    let mut expected = whole();
    for place in lost {
        *expected.pointer_mut(place).expect("a place") = Value::Null;
    }
    let errors: Vec<Value> = errors
        .iter()
        .map(|(code, path)| {
            json!({ "message": "Request to a subgraph failed", "path": path, "extensions": { "code": code } })
        })
        .collect();
    assert_eq!(reply.json(), json!({ "data": expected, "errors": errors }), "{:#}", reply.json());
}

#[tokio::test]
async fn without_users_only_their_fields_are_null() {
    check(System::Users, &["/me"], &[("HTTP_CLIENT_ERROR", json!(["me", "name"]))]).await;
}

#[tokio::test]
async fn without_the_catalogue_what_needs_its_keys_is_null() {
    let stock = json!(["order", "lines", 0, "product", "stock"]);
    let errors = [("GATEWAY_TIMEOUT", stock), ("GATEWAY_TIMEOUT", json!(["product"]))];
    check(System::Catalogue, &["/order/lines/0/product/stock", "/product"], &errors).await;
}

#[tokio::test]
async fn without_orders_the_order_is_null() {
    check(System::Orders, &["/order"], &[("GATEWAY_TIMEOUT", json!(["order"]))]).await;
}

#[tokio::test]
async fn without_the_inventory_stock_is_null_at_both_places() {
    let first = json!(["order", "lines", 0, "product", "stock"]);
    let errors = [("HTTP_CLIENT_ERROR", first), ("HTTP_CLIENT_ERROR", json!(["product", "stock"]))];
    check(System::Inventory, &["/order/lines/0/product/stock", "/product/stock"], &errors).await;
}

#[tokio::test]
async fn without_reviews_the_rating_is_null() {
    let errors = [("SUBREQUEST_HTTP_ERROR", json!(["product", "averageRating"]))];
    check(System::Reviews, &["/product/averageRating"], &errors).await;
}

#[tokio::test]
async fn a_list_has_one_error_for_each_of_its_items() {
    let demo = Demo::start().await;
    demo.systems.stop(System::Inventory).await.expect("stopped");
    let reply = demo.ask("{ products(first: 3) { edges { node { name stock { available } } } } }").await;
    let json = reply.json();
    let edges = json["data"]["products"]["edges"].as_array().expect("a list");
    assert!(edges.len() == 3 && edges.iter().all(|edge| edge["node"]["name"].is_string()));
    let paths: Vec<Value> = reply.errors().iter().map(|error| error["path"].clone()).collect();
    let expected: Vec<Value> = (0..3).map(|position| json!(["products", "edges", position, "node", "stock"])).collect();
    assert_eq!(paths, expected);
}

#[tokio::test]
async fn a_field_that_must_not_be_null_takes_its_parents_with_it() {
    let demo = Demo::start().await;
    demo.systems.stop(System::Users).await.expect("stopped");
    let reply = demo.ask("{ latestReviews(first: 2) { rating author { name } } }").await;
    assert_eq!(reply.status, 200);
    assert_eq!((&reply.json()["data"], reply.codes()), (&Value::Null, vec!["HTTP_CLIENT_ERROR".to_owned()]));
}

#[tokio::test]
async fn nothing_of_the_upstream_is_told_while_errors_are_masked() {
    for system in [System::Users, System::Orders, System::Inventory, System::Reviews] {
        let demo = Demo::with(impatient).await;
        let address = demo.systems.describe(system).1;
        let port = address.rsplit(['/', ':']).next().expect("an address").to_owned();
        let text = without(&demo, system).await.text();
        for leak in ["refused", "connect", "127.0.0.1", "database", "locked", &*address, &*port] {
            assert!(!text.contains(leak), "{leak} in {text}");
        }
    }
}

#[tokio::test]
async fn with_masking_off_clients_read_what_happened_and_where() {
    let demo = Demo::with(|config| config.errors.mask = Mask::Off).await;
    let error = &without(&demo, System::Inventory).await.errors()[0];
    assert!(error["message"].as_str().expect("a sentence").contains("refused"), "{error}");
    assert_eq!(error["extensions"], json!({ "code": "HTTP_CLIENT_ERROR", "service": "inventory" }));
}

#[tokio::test]
async fn one_subgraph_may_show_its_messages_while_others_stay_masked() {
    let demo = Demo::with(|config| {
        config.errors.sources.insert("reviews".into(), SourceErrorsConfig { allow_messages: true });
    })
    .await;
    demo.systems.stop(System::Inventory).await.expect("stopped");
    let errors = without_check(&demo, System::Reviews).await;
    let message = |service: &str| {
        let with = |error: &&Value| error["path"].as_array().expect("a path").contains(&json!(service));
        errors.iter().find(with).expect("an error there")["message"].as_str().expect("a sentence").to_owned()
    };
    assert!(message("averageRating").contains("refused"));
    assert_eq!(message("stock"), "Request to a subgraph failed");
}

async fn without_check(demo: &Demo, system: System) -> Vec<Value> {
    demo.systems.stop(system).await.expect("stopped");
    demo.ask_as(&demo.token(), QUERY).await.errors()
}

#[tokio::test]
async fn what_a_connector_says_of_errors_is_for_clients() {
    let demo = Demo::start().await;
    let reserve =
        "mutation { reserveStock(input: { reference: \"r\", lines: [{ sku: \"KIT-SCALE\", quantity: 1 }] }) { id } }";
    let reply = demo.ask_as(&demo.token(), reserve).await;
    assert_eq!(reply.codes(), ["OUT_OF_STOCK"]);
    assert_eq!(reply.errors()[0]["message"], "not enough of KIT-SCALE");
}
