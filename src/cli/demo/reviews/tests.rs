use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Request, SDLExportOptions, Variables};
use serde_json::{Value, json};

use super::ReviewStore;
use super::loaders::Loaders;
use super::schema::{Caller, build};
use crate::graph::language::ast::{Definition, InputValueDefinition};
use crate::graph::language::parse;
use crate::platform::base::span::SourceMap;

async fn answer(store: &Arc<ReviewStore>, query: &str, variables: Value, caller: Option<&str>) -> Value {
    let request = Request::new(query)
        .variables(Variables::from_json(variables))
        .data(Loaders::new(store))
        .data(Caller(caller.map(str::to_owned)));
    serde_json::to_value(build(store.clone()).execute(request).await).unwrap()
}

fn store() -> Arc<ReviewStore> {
    Arc::new(ReviewStore::seeded().unwrap())
}

fn product(number: u32) -> String {
    format!("7a1c0000-0000-4000-8000-{number:012}")
}

#[tokio::test]
async fn many_products_cost_one_lookup() {
    let store = store();
    let keys: Vec<_> = (1..=30).map(|n| json!({ "__typename": "Product", "id": product(n) })).collect();
    let query = "query ($keys: [_Any!]!) { _entities(representations: $keys) { ... on Product {
        id averageRating reviewCount reviews(first: 2) { edges { node { rating author { id } } } } } } }";
    let response = answer(&store, query, json!({ "keys": keys }), None).await;
    let products = response["data"]["_entities"].as_array().unwrap();
    assert_eq!(products.len(), 30, "{response}");
    assert_eq!(products[0]["reviewCount"], 7);
    assert_eq!(products[0]["reviews"]["edges"].as_array().unwrap().len(), 2);
    assert_eq!(store.lookups(), 1);
}

#[tokio::test]
async fn pages_follow_each_other() {
    let query = "query ($keys: [_Any!]!, $after: String) { _entities(representations: $keys) { ... on Product {
        reviews(first: 4, after: $after) { edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } } } } }";
    let keys = json!([{ "__typename": "Product", "id": product(1) }]);
    let store = store();
    let first = answer(&store, query, json!({ "keys": keys }), None).await;
    let first = &first["data"]["_entities"][0]["reviews"];
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let after = &first["pageInfo"]["endCursor"];
    let second = answer(&store, query, json!({ "keys": keys, "after": after }), None).await;
    let second = &second["data"]["_entities"][0]["reviews"];
    assert_eq!(second["edges"].as_array().unwrap().len(), 3);
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
    assert_eq!(second["pageInfo"]["hasPreviousPage"], true);
    let bad = answer(&store, query, json!({ "keys": keys, "after": "nothing" }), None).await;
    assert_eq!(bad["errors"][0]["extensions"]["code"], "BAD_CURSOR");
}

#[tokio::test]
async fn users_and_unknown_reviews_are_entities_too() {
    let query = "query ($keys: [_Any!]!) { _entities(representations: $keys) {
        ... on User { reviews(first: 3) { id product { id } } } ... on Review { body } } }";
    let keys = json!([{ "__typename": "User", "id": "u1001" }, { "__typename": "Review", "id": "none" }]);
    let response = answer(&store(), query, json!({ "keys": keys }), None).await;
    assert_eq!(response["data"]["_entities"][0]["reviews"].as_array().unwrap().len(), 3, "{response}");
    assert_eq!(response["data"]["_entities"][1], Value::Null);
}

#[tokio::test]
async fn only_a_known_caller_writes() {
    let store = store();
    let query = "mutation ($input: AddReviewInput!) { addReview(input: $input) { id rating author { id } } }";
    let input = json!({ "input": { "productId": product(1), "rating": 4, "body": "Good." } });
    let refused = answer(&store, query, input.clone(), None).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    let written = answer(&store, query, input, Some("u1007")).await;
    assert_eq!(written["data"]["addReview"]["author"]["id"], "u1007");
    let latest = answer(&store, "{ latestReviews(first: 1) { body } }", json!({}), None).await;
    assert_eq!(latest["data"]["latestReviews"][0]["body"], "Good.");
    let input = json!({ "input": { "productId": product(1), "rating": 6, "body": "Great." } });
    let refused = answer(&store, query, input, Some("u1007")).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

#[test]
fn the_service_has_the_types_that_the_file_says() {
    let service = build(store()).sdl_with_options(SDLExportOptions::new().federation());
    let file = include_str!("../../../../schema/reviews.graphql");
    assert_eq!(fields(&service), fields(file));
}

/// `Type.field(argument: Type): Type` of every object and input that a document defines.
fn fields(text: &str) -> BTreeSet<String> {
    let mut sources = SourceMap::new();
    let file = sources.add("sdl.graphql", text);
    let (document, diagnostics) = parse::type_system(&sources, file);
    assert!(diagnostics.is_empty(), "{}", diagnostics[0].render(&sources));
    let mut lines = BTreeSet::new();
    for definition in &document.definitions {
        let Definition::Type(ty) = definition else { continue };
        let name = &ty.name.value;
        for field in &ty.fields {
            let arguments: Vec<_> = field.arguments.iter().map(input).collect();
            lines.insert(format!("{name}.{}({}): {}", field.name.value, arguments.join(", "), field.ty));
        }
        lines.extend(ty.inputs.iter().map(|field| format!("{name}.{}", input(field))));
    }
    lines
}

fn input(input: &InputValueDefinition) -> String {
    // A default makes an argument optional, whether or not its type says so too.
    let ty = input.ty.to_string();
    let ty = if input.default.is_some() { ty.trim_end_matches('!') } else { &ty };
    format!("{}: {ty}", input.name.value)
}
