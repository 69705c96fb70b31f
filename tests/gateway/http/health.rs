//! Whether the process lives and may get requests.

use std::time::Duration;

use serde_json::json;

use pleach::platform::base::quantity::TimeSpan;

use crate::harness::{Client, PATIENCE, Pleach, post, request, until, within};

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
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nothing is accepted any more");
}
