//! Methods, media types and statuses.

use serde_json::{Value, json};

use super::plain;

const RESPONSE: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

#[tokio::test]
async fn the_client_chooses_between_two_media_types() {
    let pleach = plain().await;
    let body = json!({ "query": "{ word }" });
    for (accept, expected) in [
        (RESPONSE, RESPONSE),
        (JSON, JSON),
        ("*/*", JSON),
        ("application/graphql-response+json, application/json;q=0.9", RESPONSE),
        ("application/json;q=0.9, application/graphql-response+json;q=0.5", JSON),
    ] {
        let reply = pleach.post(&body, &[("accept", accept)]).await;
        assert_eq!(reply.header("content-type"), format!("{expected}; charset=utf-8"), "{accept}");
        assert!(reply.header("vary").contains("accept"), "{accept}");
        assert_eq!((reply.status, reply.data()), (200, json!({ "word": "hello" })));
    }
    assert_eq!(pleach.post(&body, &[]).await.header("content-type"), format!("{JSON}; charset=utf-8"));
    let none = pleach.post(&body, &[("accept", "text/html, image/png")]).await;
    assert_eq!((none.status, none.codes()), (406, vec!["NOT_ACCEPTABLE".to_owned()]));
}

#[tokio::test]
async fn the_status_of_a_faulty_request_depends_on_the_media_type() {
    let pleach = plain().await;
    for query in ["{ word", "{ nothing }", "{ __schema { queryType { name } } }"] {
        let body = json!({ "query": query });
        let told = pleach.post(&body, &[("accept", RESPONSE)]).await;
        let old = pleach.post(&body, &[("accept", JSON)]).await;
        assert_eq!((told.status, old.status), (400, 200), "{query}");
        assert_eq!(told.json(), old.json());
        assert!(told.json().get("data").is_none(), "a request that was not executed has no data");
    }
}

#[tokio::test]
async fn get_runs_queries_and_nothing_else() {
    let pleach = plain().await;
    let reply = pleach.call("GET", "/graphql?query=%7B%20word%20%7D", &[]).await;
    assert_eq!((reply.status, reply.data()), (200, json!({ "word": "hello" })));
    let with_variables =
        "/graphql?query=query(%24b%3ABoolean!)%7Bword%40include(if%3A%24b)%7D&variables=%7B%22b%22%3Afalse%7D";
    assert_eq!(pleach.call("GET", with_variables, &[]).await.data(), json!({}));
    let mutation = pleach.call("GET", "/graphql?query=mutation%7Bchange%7D", &[("accept", RESPONSE)]).await;
    assert_eq!((mutation.status, mutation.header("allow")), (405, "POST"));
    assert_eq!(mutation.codes(), ["OPERATION_NOT_SUPPORTED"]);
    assert_eq!(pleach.ask("mutation { change }").await.data(), json!({ "change": "changed" }));
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let pleach = plain().await;
    let path = "/graphql?query=%7Bword%7D";
    let (get, head) = (pleach.call("GET", path, &[]).await, pleach.call("HEAD", path, &[]).await);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-type"), get.header("content-type"));
    assert_eq!(head.header("content-length"), get.body.len().to_string());
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_are_not() {
    let pleach = plain().await;
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let reply = pleach.call(method, "/graphql", &[]).await;
        assert_eq!((reply.status, reply.header("allow")), (405, "GET, POST"), "{method}");
        assert_eq!(reply.codes(), ["METHOD_NOT_ALLOWED"]);
    }
    assert_eq!(pleach.call("GET", "/elsewhere", &[]).await.status, 404);
}

#[tokio::test]
async fn subscriptions_are_refused_as_not_supported() {
    let pleach = plain().await;
    let reply = pleach.ask("subscription { word }").await;
    assert_ne!(reply.json().get("errors"), None);
    assert_eq!(reply.json().get("data"), None::<&Value>);
}
