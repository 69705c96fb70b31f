//! Fields a caller may not see: never returned, and not fetched.

use serde_json::{Value, json};

use pleach::app::config::tree::Config;
use pleach::gateway::auth::config::Unauthorized;
use pleach::gateway::pipeline::config::{Exposure, Introspection};

use crate::harness::Reply;

use super::Guarded;
use super::keys::{claims, hs256};

fn policies(config: &mut Config) {
    for (name, expression) in [
        ("owner", "claims.sub == args.id"),
        ("adult", "claims.age >= 18"),
        ("member", "scopes.exists(scope, scope == 'member')"),
        ("admin", "claims.roles.exists(role, role == 'admin')"),
    ] {
        config.auth.policies.insert(name.into(), expression.into());
    }
}

async fn ask(guarded: &Guarded, changes: Value, query: &str) -> Reply {
    guarded.pleach.ask_as(&hs256(&claims(changes)), query).await
}

#[tokio::test]
async fn a_denied_field_is_null_with_its_path_and_its_system_is_not_called() {
    let guarded = Guarded::start(|_| {}).await;
    let reply = guarded.pleach.ask("{ open mine: verified scoped }").await;
    assert_eq!(reply.status, 200);
    let error = |path: &str| {
        json!({
            "message": "Unauthorized field or type",
            "path": [path],
            "extensions": { "code": "UNAUTHORIZED_FIELD_OR_TYPE" },
        })
    };
    let expected = json!({
        "data": { "open": "/open", "mine": null, "scoped": null },
        "errors": [error("mine"), error("scoped")],
    });
    assert_eq!(reply.json(), expected);
    assert_eq!(guarded.paths(), ["/open"]);
}

#[tokio::test]
async fn a_denied_field_that_must_not_be_null_takes_its_parent_with_it() {
    let guarded = Guarded::start(|_| {}).await;
    let reply = guarded.pleach.ask("{ needed }").await;
    assert_eq!((reply.status, &reply.json()["data"]), (200, &Value::Null));
    assert_eq!(reply.codes(), ["UNAUTHORIZED_FIELD_OR_TYPE"]);
    assert_eq!(guarded.paths(), [""; 0]);
}

#[tokio::test]
async fn an_object_of_a_protected_type_is_denied_wherever_it_stands() {
    let guarded = Guarded::start(|_| {}).await;
    let reply = guarded.pleach.ask("{ hidden { word } }").await;
    assert_eq!(reply.json()["data"], json!({ "hidden": null }));
    assert_eq!(guarded.paths(), [""; 0]);
    let seen = ask(&guarded, json!({}), "{ hidden { word } }").await;
    assert_eq!(seen.data(), json!({ "hidden": { "word": "/hidden" } }));
}

#[tokio::test]
async fn scopes_are_alternatives_of_sets() {
    let guarded = Guarded::start(|_| {}).await;
    for (scope, allowed) in
        [("", false), ("a", false), ("b x", false), ("a b", true), ("admin", true), ("adminx", false)]
    {
        let reply = ask(&guarded, json!({ "scope": scope }), "{ scoped }").await;
        assert_eq!(reply.json()["data"]["scoped"] == "/scoped", allowed, "{scope}");
        assert_eq!(guarded.paths().len(), usize::from(allowed));
    }
    let listed = ask(&guarded, json!({ "scope": ["b", "a"] }), "{ scoped }").await;
    assert_eq!(listed.data(), json!({ "scoped": "/scoped" }));
}

#[tokio::test]
async fn a_policy_decides_by_claims_scopes_and_arguments() {
    let guarded = Guarded::start(policies).await;
    let both = "{ a: own(id: \"u1\") b: own(id: \"u2\") c: own }";
    let reply = ask(&guarded, json!({}), both).await;
    assert_eq!(reply.json()["data"], json!({ "a": "/own/u1", "b": null, "c": "/own/u1" }));
    assert_eq!(reply.errors().len(), 1);
    assert_eq!(guarded.paths().iter().filter(|path| *path == "/own/u2").count(), 0);

    let with_variable = json!({ "query": "query ($id: ID!) { own(id: $id) }", "variables": { "id": "u2" } });
    let bearer = format!("Bearer {}", hs256(&claims(json!({}))));
    let reply = guarded.pleach.post(&with_variable, &[("authorization", &bearer)]).await;
    assert_eq!(reply.json()["data"], json!({ "own": null }), "a variable is judged by its value");

    for (changes, allowed) in [
        (json!({ "age": 18, "scope": "member" }), true),
        (json!({ "age": 17, "scope": "member" }), false),
        (json!({ "age": 30 }), false),
        (json!({ "age": "old", "scope": "member" }), false),
        (json!({ "roles": ["admin"] }), true),
        (json!({}), false),
    ] {
        let reply = ask(&guarded, changes.clone(), "{ grown }").await;
        assert_eq!(reply.json()["data"]["grown"] == "/grown", allowed, "{changes}");
    }
}

#[tokio::test]
async fn a_policy_that_nobody_wrote_says_no() {
    let guarded = Guarded::start(policies).await;
    guarded.take();
    let reply = ask(&guarded, json!({ "roles": ["admin"] }), "{ unwritten }").await;
    assert_eq!(reply.json()["data"], json!({ "unwritten": null }));
    assert_eq!(guarded.paths(), [""; 0]);
    assert!(!crate::record::logged("nobody wrote this").is_empty(), "and the operator is warned");
}

#[tokio::test]
async fn a_denied_field_is_fetched_only_where_another_field_needs_it_and_never_returned() {
    let guarded = Guarded::start(|_| {}).await;
    let reply = guarded.pleach.ask("{ thing { id code count } }").await;
    assert_eq!(reply.json()["data"], json!({ "thing": { "id": "t1", "code": null, "count": 7 } }));
    assert_eq!(reply.errors()[0]["path"], json!(["thing", "code"]));
    assert_eq!(guarded.paths(), ["/stock", "/thing"]);
}

#[tokio::test]
async fn in_reject_mode_the_whole_operation_is_refused() {
    let guarded = Guarded::start(|config| config.auth.unauthorized = Unauthorized::Reject).await;
    let reply = guarded.pleach.ask("{ open mine: verified }").await;
    assert_eq!((reply.status, reply.codes()), (403, vec!["UNAUTHORIZED_FIELD_OR_TYPE".to_owned()]));
    let extensions = &reply.errors()[0]["extensions"];
    assert_eq!((&extensions["coordinate"], &extensions["path"]), (&json!("Query.verified"), &json!(["mine"])));
    assert!(reply.json().get("data").is_none());
    assert_eq!(guarded.paths(), [""; 0]);
    assert_eq!(ask(&guarded, json!({}), "{ open verified }").await.data()["verified"], "/verified");
}

#[tokio::test]
async fn introspection_may_be_for_verified_callers_only() {
    let guarded = Guarded::start(|config| config.graph.introspection = Introspection::Authenticated).await;
    let query = "{ __schema { queryType { name } } }";
    assert_eq!(guarded.pleach.ask(query).await.codes(), ["INTROSPECTION_DISABLED"]);
    let seen = ask(&guarded, json!({}), query).await;
    assert_eq!(seen.data(), json!({ "__schema": { "queryType": { "name": "Query" } } }));
}

#[tokio::test]
async fn a_plan_may_be_for_verified_callers_only() {
    let guarded = Guarded::start(|config| config.plan.expose = Exposure::Authenticated).await;
    let (body, asking) = (json!({ "query": "{ open }" }), ("pleach-expose-plan", "true"));
    assert_eq!(guarded.pleach.post(&body, &[asking]).await.json(), json!({ "data": { "open": "/open" } }));
    let bearer = format!("Bearer {}", hs256(&claims(json!({}))));
    let shown = guarded.pleach.post(&body, &[asking, ("authorization", &bearer)]).await.json();
    assert!(shown["extensions"]["plan"]["steps"].is_array(), "{shown}");
}

#[tokio::test]
async fn a_field_left_out_by_a_condition_is_not_denied() {
    let guarded = Guarded::start(|_| {}).await;
    let query = "query ($me: Boolean!) { open verified @include(if: $me) }";
    let body = |me: bool| json!({ "query": query, "variables": { "me": me } });
    assert_eq!(guarded.pleach.post(&body(false), &[]).await.data(), json!({ "open": "/open" }));
    assert_eq!(
        guarded.pleach.post(&body(true), &[]).await.json()["data"],
        json!({ "open": "/open", "verified": null })
    );
}
