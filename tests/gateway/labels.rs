//! Fields that move from one subgraph to another for some requests only.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use http::HeaderMap;
use serde_json::{Value, json};

use pleach::app::config::tree::Config;
use pleach::cli::demo::server::Server as Upstream;
use pleach::gateway::exchange::context::RequestContext;
use pleach::gateway::exchange::request::GraphqlRequest;
use pleach::gateway::pipeline::Gateway;
use pleach::gateway::pipeline::labels::{LabelSetting, PolicyLabel, Switch};
use pleach::platform::base::deadline::Deadline;

use crate::harness::upstream;

/// A subgraph that answers every entity, and every field, with its own name.
async fn named(name: &'static str) -> Upstream {
    let answer = move |body: Bytes| async move {
        let asked: Value = serde_json::from_slice(&body).expect("JSON");
        let object = json!({"id": "1", "weight": name, "size": name, "name": name});
        let data = match asked["query"].as_str().is_some_and(|query| query.contains("_entities")) {
            true => json!({"_entities": [object]}),
            false => json!({"product": object}),
        };
        axum::Json(json!({"data": data}))
    };
    upstream(Router::new().route("/", post(answer))).await
}

struct Moving {
    gateway: Gateway,
    _systems: [Upstream; 2],
}

impl Moving {
    /// `weight` and `size` move from `old` to `new` under these labels.
    async fn new(weight: &str, size: &str, settings: &[(&str, LabelSetting)]) -> Self {
        let (old, new) = (named("old").await, named("new").await);
        let link =
            "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.7\", import: [\"@key\", \"@override\"])";
        let of_old = format!(
            "{link}\ntype Query {{ product: Product }}\n\
             type Product @key(fields: \"id\") {{ id: ID! name: String weight: String size: String }}"
        );
        let of_new = format!(
            "{link}\ntype Product @key(fields: \"id\") {{ id: ID!\n\
             weight: String @override(from: \"old\", label: \"{weight}\")\n\
             size: String @override(from: \"old\", label: \"{size}\") }}"
        );
        let mut config = Config::default();
        config.auth.policies = BTreeMap::from([("nobody".to_owned(), "\"beta\" in scopes".to_owned())]);
        config.graph.override_labels =
            settings.iter().map(|(label, setting)| ((*label).to_owned(), setting.clone())).collect();
        let url = |system: &Upstream| format!("http://{}/", system.address());
        let built = Gateway::builder()
            .config(config)
            .subgraph("old", url(&old), of_old)
            .subgraph("new", url(&new), of_new)
            .build()
            .await;
        Self { gateway: built.unwrap_or_else(|error| panic!("{error}")), _systems: [old, new] }
    }

    async fn ask(&self, query: &str) -> Value {
        let request = GraphqlRequest { query: Some(query.into()), ..GraphqlRequest::default() };
        let context = RequestContext {
            deadline: Deadline::after(Duration::from_secs(10)),
            request_id: "r1".into(),
            headers: HeaderMap::new(),
            now: "2026-01-01T00:00:00Z".parse().expect("a time"),
        };
        let response = self.gateway.execute(request, context).await;
        let answer: Value = serde_json::from_slice(&response.body).expect("JSON");
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        answer["data"]["product"].clone()
    }

    /// All answers to some requests, and how many plans they took.
    async fn answers(&self, query: &str, requests: usize) -> (BTreeSet<String>, u64) {
        let before = self.gateway.snapshot().plan_count().await;
        let mut answers = BTreeSet::new();
        for _ in 0..requests {
            answers.insert(self.ask(query).await.to_string());
        }
        (answers, self.gateway.snapshot().plan_count().await - before)
    }
}

#[tokio::test]
async fn a_share_of_none_or_all_moves_nothing_or_all() {
    let moving = Moving::new("percent(0)", "percent(100)", &[]).await;
    for _ in 0..20 {
        assert_eq!(moving.ask("{ product { weight size } }").await, json!({"weight": "old", "size": "new"}));
    }
}

#[tokio::test]
async fn a_half_moves_for_some_requests_and_each_outcome_is_planned_once() {
    let moving = Moving::new("percent(50)", "percent(50.0)", &[]).await;
    let (answers, plans) = moving.answers("{ product { weight size } }", 100).await;
    // One draw decides both fields, whatever their labels are called.
    let expected = [json!({"weight": "new", "size": "new"}), json!({"weight": "old", "size": "old"})];
    assert_eq!((answers, plans), (expected.map(|answer| answer.to_string()).into(), 2));
}

#[tokio::test]
async fn an_operation_without_labelled_fields_has_one_plan() {
    let moving = Moving::new("percent(50)", "percent(20)", &[]).await;
    let (answers, plans) = moving.answers("{ product { name id } }", 60).await;
    assert_eq!((answers.len(), plans), (1, 1));
    // Three outcomes of two thresholds; only one threshold counts for one of the fields.
    let (_, plans) = moving.answers("{ product { weight } }", 100).await;
    assert_eq!(plans, 2);
}

#[tokio::test]
async fn configuration_decides_named_labels_and_overrules_shares() {
    let on = LabelSetting::Always(Switch::On);
    let moving =
        Moving::new("canary", "percent(100)", &[("canary", on), ("percent(100)", LabelSetting::Percent(0.0))]).await;
    assert_eq!(moving.ask("{ product { weight size } }").await, json!({"weight": "new", "size": "old"}));
    let policy = LabelSetting::Policy(PolicyLabel { policy: "nobody".into() });
    let moving = Moving::new("canary", "undecided", &[("canary", policy)]).await;
    assert_eq!(moving.ask("{ product { weight size } }").await, json!({"weight": "old", "size": "old"}));
}

#[tokio::test]
async fn settings_that_can_never_be_right_are_mistakes() {
    let mut config = Config::default();
    let policy = LabelSetting::Policy(PolicyLabel { policy: "unknown".into() });
    config.graph.override_labels =
        BTreeMap::from([("a".to_owned(), LabelSetting::Percent(101.0)), ("b".to_owned(), policy)]);
    let built = Gateway::builder().config(config).subgraph("a", "http://127.0.0.1:9", "type Query { a: Int }").build();
    let text = built.await.err().expect("no gateway").to_string();
    assert!(text.contains("override_labels.a") && text.contains("override_labels.b"), "{text}");
}
