//! Lists page by page: everything once, in order, and bounds that are told.

use serde_json::{Value, json};

use crate::harness::Demo;
use crate::world::World;

/// All nodes' ids of a connection, read `size` at a time; `path` leads to the connection.
async fn walk(demo: &Demo, token: &str, query: impl Fn(&str) -> String, path: &str, size: usize) -> Vec<Value> {
    let (mut ids, mut arguments) = (Vec::new(), format!("first: {size}"));
    loop {
        let data = demo.ask_as(token, &query(&arguments)).await.data();
        let connection = data.pointer(path).expect("a connection");
        let edges = connection["edges"].as_array().expect("edges");
        let page = &connection["pageInfo"];
        assert_eq!(page["hasPreviousPage"], !ids.is_empty(), "{arguments}");
        assert_eq!(page["endCursor"], edges.last().map_or(Value::Null, |edge| edge["cursor"].clone()));
        assert_eq!(page["startCursor"], edges.first().map_or(Value::Null, |edge| edge["cursor"].clone()));
        ids.extend(edges.iter().map(|edge| edge["node"]["id"].clone()));
        if page["hasNextPage"] == false {
            return ids;
        }
        assert_eq!(edges.len(), size, "only the last page is shorter");
        arguments = format!("first: {size}, after: {}", page["endCursor"]);
    }
}

const PAGE: &str = "edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";

fn ids<'a>(records: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    records.map(|record| record["id"].clone()).collect()
}

#[tokio::test]
async fn every_list_yields_everything_once_and_in_order() {
    let (demo, world) = (Demo::start().await, World::read().await);
    let token = demo.token();
    for size in [7, 20] {
        let products = |arguments: &str| format!("{{ products({arguments}) {{ {PAGE} }} }}");
        assert_eq!(walk(&demo, &token, products, "/products", size).await, ids(world.on_sale()));
        let users = |arguments: &str| format!("{{ users({arguments}) {{ {PAGE} }} }}");
        assert_eq!(walk(&demo, &token, users, "/users", size).await, ids(world.users.iter()));
    }
    let own = world.orders.iter().filter(|order| order["customer_id"] == "u1001");
    let orders = |arguments: &str| format!("{{ me {{ orders({arguments}) {{ {PAGE} }} }} }}");
    assert_eq!(walk(&demo, &token, orders, "/me/orders", 3).await, ids(own));
    let product = world.reviews[0]["product"].clone();
    let reviews = |arguments: &str| format!("{{ product(id: {product}) {{ reviews({arguments}) {{ {PAGE} }} }} }}");
    let expected = ids(world.reviews_where("product", &product));
    assert_eq!(walk(&demo, &token, reviews, "/product/reviews", 2).await, expected);
}

#[tokio::test]
async fn a_list_by_offset_is_read_backwards_too() {
    let (demo, world) = (Demo::start().await, World::read().await);
    let token = demo.token();
    let all = ids(world.users.iter());
    let read = async |arguments: &str| {
        let query = format!("{{ users({arguments}) {{ totalCount {PAGE} }} }}");
        demo.ask_as(&token, &query).await.data()["users"].take()
    };
    let nodes = |page: &Value| ids(page["edges"].as_array().expect("edges").iter().map(|edge| &edge["node"]));
    let last = read("last: 5").await;
    assert_eq!((nodes(&last), &last["totalCount"]), (all[all.len() - 5..].to_vec(), &json!(all.len())));
    assert_eq!((&last["pageInfo"]["hasNextPage"], &last["pageInfo"]["hasPreviousPage"]), (&json!(false), &json!(true)));
    let before = read(&format!("last: 5, before: {}", last["pageInfo"]["startCursor"])).await;
    assert_eq!(nodes(&before), all[all.len() - 10..all.len() - 5]);
}

#[tokio::test]
async fn bounds_and_cursors_that_are_wrong_are_told_with_codes() {
    let demo = Demo::start().await;
    let token = demo.token();
    for (arguments, code) in [
        ("first: 101", "PAGE_TOO_LARGE"),
        ("first: 3, after: \"nonsense\"", "BAD_CURSOR"),
        ("first: -1", "CONNECTOR_BAD_INPUT"),
    ] {
        let reply = demo.ask_as(&token, &format!("{{ products({arguments}) {{ edges {{ cursor }} }} }}")).await;
        assert_eq!(reply.codes(), [code], "{arguments}: {}", reply.text());
    }
    let none = demo.ask(&format!("{{ products(first: 0) {{ {PAGE} }} }}")).await.data();
    assert_eq!(none["products"]["edges"], json!([]));
    let cursor = demo.ask_as(&token, "{ users(first: 1) { edges { cursor } } }").await.data();
    let foreign = &cursor["users"]["edges"][0]["cursor"];
    let reply = demo.ask(&format!("{{ products(first: 3, after: {foreign}) {{ edges {{ cursor }} }} }}")).await;
    assert_eq!(reply.codes(), ["BAD_CURSOR"], "a cursor of another list");
}
