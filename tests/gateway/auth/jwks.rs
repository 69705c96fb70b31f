//! Key sets at an address: fetched, refreshed, rotated, missing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use serde_json::{Value, json};

use pleach::cli::demo::server::Server as Upstream;
use pleach::gateway::auth::config::KeyConfig;
use pleach::platform::base::quantity::TimeSpan;

use crate::harness::{until, upstream};

use super::keys::{EcKey, claims};
use super::{Guarded, believing};

/// An issuer's published keys; none means that it is ill.
#[derive(Clone, Default)]
struct Published(Arc<Mutex<Option<Vec<Value>>>>);

// === impl Published ===

impl Published {
    fn set(&self, keys: &[&EcKey]) {
        *self.0.lock().expect("no panic") = Some(keys.iter().map(|key| key.jwk()).collect());
    }

    fn fail(&self) {
        *self.0.lock().expect("no panic") = None;
    }

    async fn serve(&self) -> Upstream {
        let keys = self.0.clone();
        let answer = move || async move {
            let keys = keys.lock().expect("no panic").clone();
            keys.map(|keys| axum::Json(json!({ "keys": keys }))).ok_or(StatusCode::INTERNAL_SERVER_ERROR)
        };
        upstream(Router::new().route("/keys", get(answer))).await
    }
}

async fn guarded(server: &Upstream, refresh: Duration) -> Guarded {
    let jwks = format!("http://{}/keys", server.address());
    Guarded::start(|config| {
        let mut jwt = believing(KeyConfig::default());
        jwt.issuers[0].keys.clear();
        jwt.issuers[0].jwks = Some(jwks);
        jwt.issuers[0].refresh = TimeSpan(refresh);
        config.auth.jwt = Some(jwt);
        config.graph.watch = TimeSpan(Duration::from_millis(40));
    })
    .await
}

impl Guarded {
    async fn status(&self, token: &str) -> u16 {
        self.pleach.ask_as(token, "{ verified }").await.status
    }
}

#[tokio::test]
async fn a_key_set_is_fetched_once_and_unknown_keys_do_not_flood_the_issuer() {
    let (published, key) = (Published::default(), EcKey::new("one"));
    published.set(&[&key]);
    let server = published.serve().await;
    let guarded = guarded(&server, Duration::from_secs(600)).await;
    assert_eq!(server.calls(), 0, "nothing is fetched before the first token");
    for _ in 0..3 {
        assert_eq!(guarded.status(&key.sign(&claims(json!({})))).await, 200);
    }
    for kid in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        assert_eq!(guarded.status(&EcKey::new(kid).sign(&claims(json!({})))).await, 401);
    }
    assert_eq!(server.calls(), 1);
    let forged = EcKey::new("one").sign(&claims(json!({})));
    assert_eq!(guarded.status(&forged).await, 401, "the id alone does not help");
}

#[tokio::test]
async fn after_a_rotation_the_new_key_is_fetched_and_the_old_one_refused() {
    let (published, old, new) = (Published::default(), EcKey::new("old"), EcKey::new("new"));
    let (old_token, new_token) = (old.sign(&claims(json!({}))), new.sign(&claims(json!({}))));
    published.set(&[&old]);
    let server = published.serve().await;
    let guarded = guarded(&server, Duration::from_millis(100)).await;
    assert_eq!((guarded.status(&old_token).await, guarded.status(&new_token).await), (200, 401));
    published.set(&[&old, &new]);
    until("the new key is believed", async || guarded.status(&new_token).await == 200).await;
    assert_eq!(guarded.status(&old_token).await, 200, "while both are published, both are believed");
    published.set(&[&new]);
    until("the old key is refused", async || guarded.status(&old_token).await == 401).await;
    assert_eq!(guarded.status(&new_token).await, 200);
}

#[tokio::test]
async fn a_key_withdrawn_while_nobody_called_is_refused_at_once() {
    let (published, old, new) = (Published::default(), EcKey::new("old"), EcKey::new("new"));
    published.set(&[&old]);
    let server = published.serve().await;
    let guarded = guarded(&server, Duration::from_millis(50)).await;
    let token = old.sign(&claims(json!({})));
    assert_eq!(guarded.status(&token).await, 200);
    published.set(&[&new]);
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(guarded.status(&token).await, 401);
}

#[tokio::test]
async fn a_reload_keeps_the_keys_that_are_known() {
    let (published, key) = (Published::default(), EcKey::new("one"));
    published.set(&[&key]);
    let server = published.serve().await;
    let guarded = guarded(&server, Duration::from_secs(600)).await;
    assert_eq!(guarded.status(&key.sign(&claims(json!({})))).await, 200);
    published.fail();
    let file = std::fs::read_dir(guarded.pleach.folder()).unwrap().next().expect("a file").unwrap().path();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("type Query {", "type Query { reloaded: Int @connect(selection: \"$(1)\")"))
        .unwrap();
    until("the graph is reloaded", async || guarded.pleach.ask("{ reloaded }").await.json()["data"]["reloaded"] == 1)
        .await;
    assert_eq!(guarded.status(&key.sign(&claims(json!({})))).await, 200);
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn without_any_keys_the_server_says_that_it_cannot_tell() {
    let (published, key) = (Published::default(), EcKey::new("one"));
    let server = published.serve().await;
    let guarded = guarded(&server, Duration::from_millis(50)).await;
    let token = key.sign(&claims(json!({})));
    let reply = guarded.pleach.ask_as(&token, "{ open }").await;
    assert_eq!((reply.status, reply.codes()), (503, vec!["AUTHENTICATION_UNAVAILABLE".to_owned()]));
    assert_eq!(reply.header("retry-after"), "1");
    assert!(!reply.text().contains("127.0.0.1") && !reply.text().contains("500"), "{}", reply.text());
    guarded.pleach.ask("{ open }").await.data();
    published.set(&[&key]);
    until("it recovers", async || guarded.status(&token).await == 200).await;
    published.fail();
    tokio::time::sleep(Duration::from_millis(150)).await;
    for _ in 0..3 {
        assert_eq!(guarded.status(&token).await, 200, "known keys outlive an outage of the issuer");
    }
}

#[tokio::test]
async fn an_issuer_that_cannot_be_reached_is_told_as_503() {
    let server = Published::default().serve().await;
    let guarded = guarded(&server, Duration::from_secs(600)).await;
    server.stop();
    let token = EcKey::new("one").sign(&claims(json!({})));
    until("nobody listens", async || tokio::net::TcpStream::connect(server.address()).await.is_err()).await;
    assert_eq!(guarded.status(&token).await, 503);
    assert_eq!(guarded.status(&token).await, 503, "and again, without another try");
}
