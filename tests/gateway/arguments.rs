//! What connectors and policies get as arguments, however a client writes them.

use serde_json::{Value, json};

use pleach::app::config::tree::Config;

use crate::harness::Pleach;

const SDL: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@cost", "@policy"])
  @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source", "@connect"])

scalar JSON

input Filter {
  id: ID! = "usual"
  tags: [String!] = ["a"]
  inner: Inner
  heavy: Int @cost(weight: 4000)
}
input Inner { n: Float = 0.5 kind: Kind = BIG }
enum Kind { BIG SMALL }
scalar Dear @cost(weight: 4500)

type Query {
  echo(id: ID, f: Filter, ids: [[Int]], first: Int! = 10, l: [Int] = [1], dear: Dear): JSON
    @connect(selection: "$args")
  mine(f: Filter): JSON @policy(policies: [["usual"]]) @connect(selection: "$args")
}
"#;

async fn pleach() -> Pleach {
    let mut config = Config::default();
    config.auth.policies.insert("usual".into(), "args.f.id == 'usual'".into());
    Pleach::of(&[("echo.graphql", SDL)], &[], config).await
}

async fn echoed(pleach: &Pleach, query: &str, variables: Value) -> Value {
    let reply = pleach.post(&json!({ "query": query, "variables": variables }), &[]).await;
    reply.data()["echo"].take()
}

#[tokio::test]
async fn a_literal_and_a_variable_are_the_same_argument() {
    let pleach = pleach().await;
    let with = |more: Value| {
        let mut all = json!({ "first": 10, "l": [1] });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let filled = json!({ "id": "usual", "tags": ["a"] });
    let query = "query($f: Filter) { echo(f: $f) }";
    assert_eq!(echoed(&pleach, "{ echo(f: {}) }", json!({})).await, with(json!({ "f": filled })));
    assert_eq!(echoed(&pleach, query, json!({ "f": {} })).await, with(json!({ "f": filled })));

    let nested = json!({ "id": "7", "tags": ["x"], "inner": { "n": 0.5, "kind": "BIG" } });
    let literal = "{ echo(f: { id: 7, tags: \"x\", inner: {} }) }";
    assert_eq!(echoed(&pleach, literal, json!({})).await, with(json!({ "f": nested })));
    let given = json!({ "f": { "id": 7, "tags": "x", "inner": {} } });
    assert_eq!(echoed(&pleach, query, given).await, with(json!({ "f": nested })));

    let lists = with(json!({ "id": "3", "ids": [[4]] }));
    assert_eq!(echoed(&pleach, "{ echo(id: 3, ids: 4) }", json!({})).await, lists);
    let query = "query($id: ID, $ids: [[Int]]) { echo(id: $id, ids: $ids) }";
    assert_eq!(echoed(&pleach, query, json!({ "id": 3, "ids": 4 })).await, lists);
    let nulls = with(json!({ "id": null, "ids": null, "f": null }));
    assert_eq!(echoed(&pleach, "{ echo(id: null, ids: null, f: null) }", json!({})).await, nulls);
}

#[tokio::test]
async fn a_variable_that_is_not_given_leaves_the_default() {
    let pleach = pleach().await;
    let query = "query($first: Int, $l: [Int], $id: ID, $tags: [String!]) {
      echo(first: $first, l: $l, f: { id: \"1\", tags: $tags }, id: $id)
    }";
    let filled = json!({ "first": 10, "l": [1], "f": { "id": "1", "tags": ["a"] } });
    assert_eq!(echoed(&pleach, query, json!({})).await, filled);
    let given = json!({ "first": 3, "l": null, "id": "9", "tags": null });
    let filled = json!({ "first": 3, "l": null, "f": { "id": "1", "tags": null }, "id": "9" });
    assert_eq!(echoed(&pleach, query, given).await, filled);
}

#[tokio::test]
async fn a_null_that_must_not_be_is_an_error_of_the_field() {
    let pleach = pleach().await;
    let body = json!({ "query": "query($n: Int) { echo(first: $n) other: echo }", "variables": { "n": null } });
    let reply = pleach.post(&body, &[]).await;
    assert_eq!(reply.json()["data"], json!({ "echo": null, "other": { "first": 10, "l": [1] } }));
    let errors = &reply.json()["errors"];
    assert_eq!(errors[0]["path"], json!(["echo"]), "{errors:#}");
    assert_eq!(errors[0]["extensions"]["code"], "BAD_USER_INPUT", "{errors:#}");
    assert_eq!(errors[0]["message"], "The argument \"first\" must not be null.", "{errors:#}");
}

#[tokio::test]
async fn policies_see_the_arguments_that_connectors_get() {
    let pleach = pleach().await;
    for (query, allowed) in [
        ("{ mine(f: {}) }", true),
        ("{ mine(f: { id: \"usual\" }) }", true),
        ("query($id: ID! = \"usual\") { mine(f: { id: $id }) }", true),
        ("{ mine(f: { id: 5 }) }", false),
        ("{ mine }", false),
    ] {
        let reply = pleach.ask(query).await;
        assert_eq!(!reply.json()["data"]["mine"].is_null(), allowed, "{query}: {}", reply.text());
    }
}

#[tokio::test]
async fn inputs_cost_what_their_fields_and_types_cost() {
    let pleach = pleach().await;
    let cost = async |query: &str, variables: Value| {
        let reply = pleach.post(&json!({ "query": query, "variables": variables }), &[]).await.json();
        (reply["errors"][0]["extensions"]["code"].clone(), reply["errors"][0]["extensions"]["number"].clone())
    };
    let too_dear = |number: u64| (json!("COST_ESTIMATED_TOO_EXPENSIVE"), json!(number));
    assert_eq!(cost("{ echo(f: { heavy: 1 }) }", json!({})).await.0, Value::Null);
    assert_eq!(cost("{ echo(f: { heavy: 1 }) a: echo(f: { heavy: 2 }) }", json!({})).await, too_dear(8000));
    assert_eq!(cost("{ echo(f: { heavy: 1 }, dear: 3) }", json!({})).await, too_dear(8500));
    let query = "query($f: Filter, $h: Int) { echo(f: $f) a: echo(f: { heavy: $h }) }";
    assert_eq!(cost(query, json!({ "f": { "heavy": 1 }, "h": 2 })).await, too_dear(8000));
    assert_eq!(cost(query, json!({ "f": { "heavy": 1 } })).await.0, Value::Null);
}
