//! Cross-origin rules.

use serde_json::json;

use super::{plain, with};

const SHOP: &str = "https://shop.example.com";

fn preflight(origin: &str) -> [(&str, &str); 3] {
    [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,authorization"),
    ]
}

#[tokio::test]
async fn an_allowed_page_passes_its_preflight_and_reads_the_answer() {
    let pleach = with(|config| {
        config.http.cors.origins = vec![SHOP.into()];
        config.http.cors.credentials = true;
        config.http.cors.headers = vec!["x-tenant".into()];
    })
    .await;
    let reply = pleach.call("OPTIONS", "/graphql", &preflight(SHOP)).await;
    assert!(reply.status < 300, "{}", reply.status);
    assert_eq!(reply.header("access-control-allow-origin"), SHOP);
    assert_eq!(reply.header("access-control-allow-credentials"), "true");
    assert_eq!(reply.header("access-control-allow-methods"), "GET,POST");
    assert_eq!(reply.header("access-control-max-age"), "600");
    for header in ["content-type", "authorization", "x-tenant"] {
        assert!(reply.header("access-control-allow-headers").contains(header));
    }
    let answer = pleach.post(&json!({ "query": "{ word }" }), &[("origin", SHOP)]).await;
    assert_eq!(answer.header("access-control-allow-origin"), SHOP);
    assert_eq!(answer.header("access-control-expose-headers"), "x-request-id");
    let vary: Vec<&str> = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(vary.iter().any(|names| names.contains("origin")), "caches keep origins apart: {vary:?}");
}

#[tokio::test]
async fn another_page_is_not_allowed() {
    let pleach = with(|config| config.http.cors.origins = vec![SHOP.into()]).await;
    for origin in ["https://evil.example.com", "http://shop.example.com", "https://shop.example.com.evil.com", "null"] {
        let reply = pleach.call("OPTIONS", "/graphql", &preflight(origin)).await;
        assert_eq!(reply.header("access-control-allow-origin"), "", "{origin}");
        let answer = pleach.post(&json!({ "query": "{ word }" }), &[("origin", origin)]).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
    }
}

#[tokio::test]
async fn by_default_no_other_origin_is_allowed() {
    let pleach = plain().await;
    let reply = pleach.call("OPTIONS", "/graphql", &preflight(SHOP)).await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (405, ""));
}

#[tokio::test]
async fn any_origin_may_be_allowed_without_credentials() {
    let pleach = with(|config| config.http.cors.origins = vec!["*".into()]).await;
    let reply = pleach.call("OPTIONS", "/graphql", &preflight("https://anybody.example")).await;
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert_eq!(reply.header("access-control-allow-credentials"), "");
}
