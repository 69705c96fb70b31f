//! `benches/load`: the graphs that are measured answer with the calls that are promised.

use axum::extract::{Path, RawQuery};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::harness::{Played, ask, assert_clean, environment, serve};

const ONE_BY_ONE: &str = "benches/load/one-by-one.yaml";
const BATCHED: &str = "benches/load/batched.yaml";
const POSTS_WITH_USERS: &str = "{ posts { id userId title user { id name email } } }";

fn post(id: u64) -> Value {
    json!({ "userId": (id - 1) / 10 + 1, "id": id, "title": format!("Post {id}"), "body": "…" })
}

fn user(id: u64) -> Value {
    json!({ "id": id, "name": format!("User {id}"), "username": "u", "email": format!("{id}@example.com"), "website": null })
}

/// A hundred posts of ten users.
fn upstream() -> Router {
    let posts = || async { Json((1..=100).map(post).collect::<Vec<_>>()) };
    let users = |RawQuery(query): RawQuery| async move {
        let query = query.unwrap_or_default();
        let ids = query.split('&').filter_map(|pair| pair.strip_prefix("id=")?.parse().ok());
        Json(ids.map(user).collect::<Vec<_>>())
    };
    Router::new()
        .route("/posts", get(posts))
        .route("/posts/{id}", get(|Path(id): Path<u64>| async move { Json(post(id)) }))
        .route("/users", get(users))
        .route("/users/{id}", get(|Path(id): Path<u64>| async move { Json(user(id)) }))
}

#[test]
fn has_no_findings() {
    for config in [ONE_BY_ONE, BATCHED] {
        assert_clean(config, &environment([("UPSTREAM_URL", "http://127.0.0.1:1".to_owned())]));
    }
}

#[tokio::test]
async fn each_user_of_a_hundred_posts_is_asked_for_once() {
    let upstream = Played::start(upstream()).await;
    let server = serve(ONE_BY_ONE, environment([("UPSTREAM_URL", upstream.url())])).await;
    let answer = ask(server.address(), POSTS_WITH_USERS, &[]).await;
    assert_eq!(
        answer["data"]["posts"][34],
        json!({ "id": 35, "userId": 4, "title": "Post 35", "user": { "id": 4, "name": "User 4", "email": "4@example.com" } })
    );
    let mut expected: Vec<_> = (1..=10).map(|id| format!("/users/{id}")).chain(["/posts".to_owned()]).collect();
    expected.sort();
    assert_eq!(upstream.asked(), expected);
}

#[tokio::test]
async fn all_users_of_a_hundred_posts_are_asked_for_at_once() {
    let upstream = Played::start(upstream()).await;
    let environment = || environment([("UPSTREAM_URL", upstream.url())]);
    let batched = serve(BATCHED, environment()).await;
    let answer = ask(batched.address(), POSTS_WITH_USERS, &[]).await;
    assert_eq!(upstream.asked(), ["/posts", "/users?id=1&id=2&id=3&id=4&id=5&id=6&id=7&id=8&id=9&id=10"]);
    let one_by_one = serve(ONE_BY_ONE, environment()).await;
    assert_eq!(answer, ask(one_by_one.address(), POSTS_WITH_USERS, &[]).await);
}

#[tokio::test]
async fn small_operations_take_one_call_or_two_or_none() {
    let upstream = Played::start(upstream()).await;
    let server = serve(ONE_BY_ONE, environment([("UPSTREAM_URL", upstream.url())])).await;
    ask(server.address(), "{ posts { title } }", &[]).await;
    assert_eq!(upstream.asked(), ["/posts"]);
    assert_eq!(ask(server.address(), "{ greet }", &[]).await, json!({ "data": { "greet": "Hello World!" } }));
    assert!(upstream.asked().is_empty());
    let user = json!({ "id": 1, "name": "User 1", "email": "1@example.com" });
    assert_eq!(
        ask(server.address(), "{ other: post(id: 1) { id title userId user { id name email } } }", &[]).await,
        json!({ "data": { "other": { "id": 1, "title": "Post 1", "userId": 1, "user": user } } })
    );
    assert_eq!(upstream.asked(), ["/posts/1", "/users/1"]);
}
