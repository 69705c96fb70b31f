//! Whether the process lives and may get requests.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use pleach::app::config::tree::Config;
use pleach::platform::base::quantity::TimeSpan;

use crate::harness::{Client, PATIENCE, Pleach, post, request, until, upstream, within};

use super::{plain, with};

#[tokio::test]
async fn a_serving_process_is_live_and_ready() {
    let pleach = plain().await;
    let (live, ready) = (pleach.call("GET", "/health/live", &[]).await, pleach.call("GET", "/health/ready", &[]).await);
    assert_eq!((live.status, live.json()), (200, json!({ "status": "live" })));
    assert_eq!((ready.status, ready.json()), (200, json!({ "status": "ready" })));
}

#[tokio::test]
async fn a_draining_process_says_so_while_it_still_answers() {
    let Pleach { server, client, .. } =
        with(|config| config.shutdown.delay = TimeSpan(Duration::from_millis(400))).await;
    let (address, url) = (server.address(), format!("http://{}/graphql", server.address()));
    let stopping = tokio::spawn(server.stop());
    let health = async |what: &str| {
        let uri = format!("http://{address}/health/{what}");
        client.send(request("GET", &uri, &[], bytes::Bytes::new())).await
    };
    until("it says that it drains", async || health("ready").await.status == 503).await;
    assert_eq!(health("ready").await.json(), json!({ "status": "draining" }));
    assert_eq!(health("live").await.status, 200);
    let answered = Client::new().send(post(&url, &json!({ "query": "{ word }" }), &[])).await;
    assert_eq!(answered.data(), json!({ "word": "hello" }));
    within(PATIENCE, "it stops", stopping).await.expect("it stops in order");
    assert!(TcpStream::connect(address).await.is_err(), "nothing is accepted any more");
}

#[tokio::test]
async fn stopping_waits_for_requests_that_have_begun_and_not_for_idle_connections() {
    let go = Arc::new(Semaphore::new(0));
    let wait = go.clone();
    let api = upstream(Router::new().fallback(async move || {
        wait.acquire().await.expect("it stays open").forget();
        axum::Json(json!({ "text": "done" }))
    }))
    .await;
    let sdl = "extend schema
      @link(url: \"https://specs.apollo.dev/federation/v2.11\", import: [\"@key\"])
      @link(url: \"https://specs.pleach.dev/connect/v0.1\", import: [\"@source\", \"@connect\"])
      @source(name: \"api\", http: { baseURL: \"{$env.API}\" })
      type Query { slow: String @connect(source: \"api\", http: { GET: \"/\" }, selection: \"$.text\") }";
    let environment = [("API", format!("http://{}", api.address()))];
    let Pleach { server, .. } = Pleach::of(&[("slow.graphql", sdl)], &environment, Config::default()).await;
    let (address, url) = (server.address(), format!("http://{}/graphql", server.address()));
    let idle = TcpStream::connect(address).await.expect("connected");
    let asking =
        tokio::spawn(async move { Client::new().send(post(&url, &json!({ "query": "{ slow }" }), &[])).await });
    until("the request has begun", async || api.calls() == 1).await;
    let stopping = tokio::spawn(server.stop());
    until("nothing is accepted any more", async || TcpStream::connect(address).await.is_err()).await;
    assert!(!stopping.is_finished());
    go.add_permits(1);
    assert_eq!(asking.await.expect("answered").data(), json!({ "slow": "done" }));
    within(Duration::from_secs(5), "it stops", stopping).await.expect("it stops in order");
    drop(idle);
}
