//! Entities asked for through lookups: what is sent, and what becomes of the answers.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use serde_json::{Value, json};

use pleach::graph::compose::{ComposeOptions, SubgraphInput, compose};
use pleach::graph::federation::ids::{SubgraphId, TypeId};
use pleach::platform::base::span::SourceMap;
use pleach::sources::contract::{Call, CallContext, FetchRequest, Source, SourceError};
use pleach::sources::lookup::{LookupSource, Lookups, MAX_ALIASES};
use pleach::sources::rows::scan::scan_graphql;
use pleach::sources::rows::shape::{ListShape, RowShape};
use pleach::sources::rows::slot::Rows;

use crate::harness::{context, list_rows, object, root_row, root_shape};

const SUBGRAPH: &str = r#"
extend schema
  @link(url: "https://specs.graphql.org/composite-schemas/v1.0", import: ["@lookup", "@is", "@internal", "@require"])
type Query {
  product(id: ID!): Product @lookup
  by: By @internal
}
type By @internal {
  code: Codes
}
type Codes @internal {
  product(code: String! @is(field: "sku")): Product @lookup
}
type Product {
  id: ID!
  sku: String!
  name: String
  cost(size: Int @require(field: "size"), in: String): String
  box(of: Box @require(field: "sides.{ w, h }")): String
  labels(tags: [[String!]!] @require(field: "tags")): String
  sized(size: Int! = 3 @require(field: "size")): String
}
input Box {
  w: Int!
  h: Int!
}
"#;

const OTHER: &str = r#"
extend schema @link(url: "https://specs.graphql.org/composite-schemas/v1.0", import: ["@lookup"])
type Query {
  sized(id: ID!): Product @lookup
}
type Product {
  id: ID!
  size: Int
  sides: Sides
  tags: [[String]]
}
type Sides {
  w: Int
  h: Int
}
"#;

const NAMES: &str =
    "query($representations:[_Any!]!){_entities(representations:$representations){...on Product{name}}}";

/// A source that gives an answer a call, in order, and keeps what it was asked.
struct Scripted {
    answers: Mutex<Vec<Result<String, SourceError>>>,
    asked: Mutex<Vec<(String, Value)>>,
}

// === impl Scripted ===

impl Source for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn fetch<'a>(&'a self, request: &'a FetchRequest, _: &'a CallContext) -> BoxFuture<'a, Result<Rows, SourceError>> {
        let Call::Graphql { document, variables, .. } = &request.call else { panic!("a document") };
        let variables = serde_json::from_slice(variables).expect("variables are JSON");
        self.asked.lock().unwrap().push((document.to_string(), variables));
        let answer = self.answers.lock().unwrap().remove(0);
        Box::pin(async move { Ok(scan_graphql(&Bytes::from(answer?), &request.shape, &request.expected)?) })
    }
}

fn source(answers: Vec<Result<String, SourceError>>) -> (LookupSource, Arc<Scripted>) {
    let mut files = SourceMap::new();
    let inputs = [("a", SUBGRAPH), ("b", OTHER)].map(|(name, sdl)| SubgraphInput {
        name: name.into(),
        url: "".into(),
        file: files.add(format!("{name}.graphql"), sdl),
    });
    let composition = compose(&files, &inputs, &ComposeOptions::default());
    let Some(composed) = composition.supergraph else { panic!("{:?}", composition.diagnostics) };
    let lookups = Lookups::of(&composed.supergraph, SubgraphId(0)).expect("lookups");
    let scripted = Arc::new(Scripted { answers: Mutex::new(answers), asked: Mutex::default() });
    (LookupSource::new(scripted.clone(), lookups, MAX_ALIASES), scripted)
}

/// Fetches one field of each representation.
async fn fetch(
    source: &LookupSource,
    document: &str,
    variables: Value,
    field: &str,
) -> Result<(Vec<Value>, Rows), SourceError> {
    let count = variables["representations"].as_array().expect("a list").len();
    let shape = object(&[(field, 0)]);
    let list = ListShape { key: "_entities".into(), object: shape.clone(), types: [TypeId(0)].into_iter().collect() };
    let request = FetchRequest {
        call: Call::Graphql {
            document: document.into(),
            operation_name: None,
            variables: variables.to_string().into(),
            mutation: false,
        },
        shape: Arc::new(RowShape::Lists(vec![list])),
        expected: vec![count as u32],
        first: Default::default(),
    };
    let rows = source.fetch(&request, &context(HeaderMap::new())).await?;
    Ok((list_rows(&rows, &shape), rows))
}

fn products(ids: impl IntoIterator<Item = usize>) -> Value {
    ids.into_iter().map(|id| json!({ "__typename": "Product", "id": id.to_string() })).collect()
}

fn answer(text: &str) -> Result<String, SourceError> {
    Ok(text.to_owned())
}

#[tokio::test]
async fn each_representation_is_an_alias_of_the_lookup_whose_key_it_has() {
    let (source, scripted) =
        source(vec![answer(r#"{"data":{"e1":{"code":{"product":{"name":"b"}}},"e0":{"name":"a"}}}"#)]);
    let representations =
        json!([{ "__typename": "Product", "id": "1", "sku": null }, { "__typename": "Product", "sku": "s" }]);
    let (rows, all) = fetch(&source, NAMES, json!({ "representations": representations }), "name").await.unwrap();
    assert_eq!((rows, all.calls), (vec![json!({ "name": "a" }), json!({ "name": "b" })], Some(1)));
    let expected = "query($e0_id:ID!,$e1_code:String!){e0:product(id:$e0_id){...on Product{name}} \
        e1:by{code{product(code:$e1_code){...on Product{name}}}}}";
    assert_eq!(scripted.asked.lock().unwrap()[..], [(expected.to_owned(), json!({ "e0_id": "1", "e1_code": "s" }))]);
}

#[tokio::test]
async fn required_arguments_and_variables_of_the_plan_are_declared_as_they_are_used() {
    let (source, scripted) = source(vec![answer(r#"{"data":{"_e0":{"x":"a"},"_e1":{"x":"b"}}}"#)]);
    let document = "query($e:String,$unused:Int=1,$_g1:Boolean!,$representations:[_Any!]!){_entities(representations:\
        $representations){...on Product{x:cost(in:$e)@include(if:$_g1)} ...on Shop{name(of:$unused)}}}";
    let variables = json!({
        "e": "EUR", "unused": 2, "_g1": true,
        "representations": [{ "__typename": "Product", "id": "1", "size": 7 }, { "__typename": "Product", "id": "2" }],
    });
    let (rows, _) = fetch(&source, document, variables, "x").await.unwrap();
    assert_eq!(rows, [json!({ "x": "a" }), json!({ "x": "b" })]);
    let expected = "query($_e0_id:ID!,$_e0_cost_size:Int,$_e1_id:ID!,$e:String,$_g1:Boolean!){\
        _e0:product(id:$_e0_id){...on Product{x:cost(in:$e,size:$_e0_cost_size)@include(if:$_g1)}} \
        _e1:product(id:$_e1_id){...on Product{x:cost(in:$e)@include(if:$_g1)}}}";
    let sent = json!({ "_e0_id": "1", "_e0_cost_size": 7, "_e1_id": "2", "e": "EUR", "_g1": true });
    assert_eq!(scripted.asked.lock().unwrap()[..], [(expected.to_owned(), sent)]);
}

#[tokio::test]
async fn calls_have_so_many_aliases_and_one_that_fails_fails_its_own_rows() {
    let full: Value =
        (0..MAX_ALIASES).map(|index| (format!("e{index}"), json!({ "name": format!("n{index}") }))).collect();
    let full = json!({ "data": full }).to_string();
    let (source, scripted) = source(vec![
        Ok(full.clone()),
        Err(SourceError::new("SUBREQUEST_HTTP_ERROR", "gone")),
        answer(r#"{"data":{"e0":{"name":"last"}}}"#),
    ]);
    let variables = json!({ "representations": products(0..2 * MAX_ALIASES + 1) });
    let (rows, all) = fetch(&source, NAMES, variables, "name").await.unwrap();
    assert_eq!(all.calls, Some(3));
    assert_eq!(rows[MAX_ALIASES - 1], json!({ "name": format!("n{}", MAX_ALIASES - 1) }));
    assert!(rows[MAX_ALIASES..2 * MAX_ALIASES].iter().all(|row| *row == json!({ "failed": "SUBREQUEST_HTTP_ERROR" })));
    assert_eq!(rows[2 * MAX_ALIASES], json!({ "name": "last" }));
    let asked = scripted.asked.lock().unwrap();
    assert_eq!(asked[0].0, asked[1].0, "full calls have one document");
    let variable = format!("e{}_id", MAX_ALIASES - 1);
    assert_eq!(asked[1].1[&variable], json!((2 * MAX_ALIASES - 1).to_string()));
}

#[tokio::test]
async fn objects_with_gaps_in_their_arguments_cannot_fail_others() {
    let refused = r#"{"errors":[{"message":"h is null","extensions":{"code":"BAD"}}]}"#;
    let (source, scripted) = source(vec![answer(r#"{"data":{"e0":{"box":"b"},"e1":{"box":null}}}"#), answer(refused)]);
    let document = "query($representations:[_Any!]!){_entities(representations:$representations){...on Product{box}}}";
    let representations = json!([
        { "__typename": "Product", "id": "1", "sides": { "w": 1, "h": null } },
        { "__typename": "Product", "id": "2", "sides": { "w": 1, "h": 2 } },
        { "__typename": "Product", "id": "3", "sides": null },
    ]);
    let (rows, _) = fetch(&source, document, json!({ "representations": representations }), "box").await.unwrap();
    assert_eq!(rows, [json!({ "failed": "BAD" }), json!({ "box": "b" }), json!({ "box": null })]);
    let asked = scripted.asked.lock().unwrap();
    assert_eq!(asked[0].1, json!({ "e0_id": "2", "e0_box_of": { "w": 1, "h": 2 }, "e1_id": "3", "e1_box_of": null }));
    assert_eq!(asked[1].1, json!({ "e0_id": "1", "e0_box_of": { "w": 1, "h": null } }));
}

#[tokio::test]
async fn null_in_a_list_of_leaves_is_a_gap() {
    let (source, scripted) = source(vec![
        answer(r#"{"data":{"e0":{"labels":"x"},"e1":{"labels":null}}}"#),
        answer(r#"{"errors":[{"message":"null","extensions":{"code":"BAD"}}]}"#),
    ]);
    let document =
        "query($representations:[_Any!]!){_entities(representations:$representations){...on Product{labels}}}";
    let representations = json!([
        { "__typename": "Product", "id": "1", "tags": [["a", null]] },
        { "__typename": "Product", "id": "2", "tags": [["x"]] },
        { "__typename": "Product", "id": "3", "tags": null },
    ]);
    let (rows, _) = fetch(&source, document, json!({ "representations": representations }), "labels").await.unwrap();
    assert_eq!(rows, [json!({ "failed": "BAD" }), json!({ "labels": "x" }), json!({ "labels": null })]);
    assert_eq!(scripted.asked.lock().unwrap()[1].1, json!({ "e0_id": "1", "e0_labels_tags": [["a", null]] }));
}

#[tokio::test]
async fn an_argument_that_has_a_default_is_left_out_when_it_must_not_be_null() {
    let (source, scripted) =
        source(vec![answer(r#"{"data":{"e0":{"sized":"3"},"e1":{"sized":"4"},"e2":{"sized":"3"}}}"#)]);
    let document =
        "query($representations:[_Any!]!){_entities(representations:$representations){...on Product{sized}}}";
    let representations = json!([
        { "__typename": "Product", "id": "1", "size": null },
        { "__typename": "Product", "id": "2", "size": 4 },
        { "__typename": "Product", "id": "3" },
    ]);
    let (rows, _) = fetch(&source, document, json!({ "representations": representations }), "sized").await.unwrap();
    assert_eq!(rows, ["3", "4", "3"].map(|sized| json!({ "sized": sized })));
    let sent = json!({ "e0_id": "1", "e1_id": "2", "e1_sized_size": 4, "e2_id": "3" });
    let asked = scripted.asked.lock().unwrap();
    assert_eq!(asked[0].1, sent);
    let expected = "query($e0_id:ID!,$e1_id:ID!,$e1_sized_size:Int!,$e2_id:ID!){e0:product(id:$e0_id){...on Product{sized}} \
        e1:product(id:$e1_id){...on Product{sized(size:$e1_sized_size)}} e2:product(id:$e2_id){...on Product{sized}}}";
    assert_eq!(asked[0].0, expected);
}

#[tokio::test]
async fn a_fetch_fails_when_no_call_is_answered() {
    let (source, _) = source(vec![Err(SourceError::new("SUBREQUEST_HTTP_ERROR", "gone"))]);
    let error = fetch(&source, NAMES, json!({ "representations": products(0..2) }), "name").await.unwrap_err();
    assert_eq!(&*error.code, "SUBREQUEST_HTTP_ERROR");
}

#[tokio::test]
async fn an_error_without_a_place_is_that_of_all_rows_if_there_are_none() {
    let failed = json!({ "failed": "NO" });
    let placeless = r#"{"data":{"e0":null,"e1":null},"errors":[{"message":"no","extensions":{"code":"NO"}}]}"#;
    let refused = r#"{"errors":[{"message":"no","extensions":{"code":"NO"}}]}"#;
    for text in [placeless, refused] {
        let (source, _) = source(vec![answer(text)]);
        let (rows, all) = fetch(&source, NAMES, json!({ "representations": products(0..2) }), "name").await.unwrap();
        assert_eq!((rows, all.reports().general.len()), (vec![failed.clone(), failed.clone()], 0), "{text}");
        assert!(all.reports().errors[0].suffix.is_empty(), "{text}");
    }
}

/// An answer's errors: each code, where it happened.
fn errors(places: &[(&str, Value)]) -> Value {
    places.iter().map(|(code, path)| json!({ "message": code, "path": path, "extensions": { "code": code } })).collect()
}

#[tokio::test]
async fn each_object_has_its_own_errors_when_there_is_no_data() {
    let located = errors(&[("A", json!(["e1", "code", "product"])), ("B", json!(["e0"])), ("C", json!(["e1"]))]);
    let (source, scripted) = source(vec![Ok(json!({ "data": null, "errors": located }).to_string())]);
    let representations = json!([{ "__typename": "Product", "id": "1" }, { "__typename": "Product", "sku": "s" }]);
    let (rows, all) = fetch(&source, NAMES, json!({ "representations": representations }), "name").await.unwrap();
    assert_eq!(rows, [json!({ "failed": "B" }), json!({ "failed": "A" })]);
    assert!(all.reports().errors.iter().all(|error| error.suffix.is_empty()));
    let more: Vec<_> =
        all.reports().row_errors.iter().map(|(row, error)| (*row, &*error.code, error.suffix.len())).collect();
    assert_eq!((more, all.reports().general.len()), (vec![(1, "C", 0)], 0));
    assert_eq!(scripted.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_error_without_a_place_does_not_hide_an_object_s_own() {
    let located = errors(&[("A", json!(["e0"])), ("B", json!(["elsewhere"])), ("C", Value::Null)]);
    let (source, _) = source(vec![Ok(json!({ "data": null, "errors": located }).to_string())]);
    let (rows, all) = fetch(&source, NAMES, json!({ "representations": products(0..1) }), "name").await.unwrap();
    assert_eq!(rows, [json!({ "failed": "A" })]);
    assert_eq!(all.reports().general.iter().map(|error| &*error.code).collect::<Vec<_>>(), ["C", "B"]);
}

#[tokio::test]
async fn objects_that_another_one_took_away_are_asked_for_alone() {
    let refused = json!({ "data": null, "errors": errors(&[("NO", json!(["e1", "name"]))]) });
    let third = json!({ "data": null, "errors": errors(&[("NEITHER", json!(["e0"]))]) });
    let (source, scripted) =
        source(vec![Ok(refused.to_string()), answer(r#"{"data":{"e0":{"name":"a"}}}"#), Ok(third.to_string())]);
    let variables = json!({ "representations": products(0..3) });
    let (rows, all) = fetch(&source, NAMES, variables, "name").await.unwrap();
    assert_eq!(rows, [json!({ "name": "a" }), json!({ "failed": "NO" }), json!({ "failed": "NEITHER" })]);
    assert_eq!((all.calls, all.reports().errors[0].suffix.len()), (Some(3), 1));
    let asked = scripted.asked.lock().unwrap();
    assert_eq!((&asked[1].1, &asked[2].1), (&json!({ "e0_id": "0" }), &json!({ "e0_id": "2" })));
}

#[tokio::test]
async fn further_errors_of_an_object_stay_with_it() {
    let located = errors(&[("A", json!(["e0"])), ("B", json!(["e0", "name"])), ("C", json!(["e1", "name"]))]);
    let text = json!({ "data": { "e0": null, "e1": { "name": "b" } }, "errors": located }).to_string();
    let (source, _) = source(vec![Ok(text)]);
    let (rows, all) = fetch(&source, NAMES, json!({ "representations": products(0..2) }), "name").await.unwrap();
    assert_eq!(rows, [json!({ "failed": "A" }), json!({ "name": "b" })]);
    let more: Vec<_> =
        all.reports().row_errors.iter().map(|(row, error)| (*row, &*error.code, error.suffix.len())).collect();
    assert_eq!((more, all.reports().general.len(), all.reports().beside.len()), (vec![(0, "B", 1)], 0, 1));
}

#[tokio::test]
async fn further_errors_of_entities_stay_with_their_rows() {
    let located = errors(&[("A", json!(["_entities", 0])), ("B", json!(["_entities", 0, "name"]))]);
    let (source, _) = source(vec![
        answer(r#"{"data":{"e0":{"name":"a"}}}"#),
        Ok(json!({ "data": { "_entities": [null] }, "errors": located }).to_string()),
    ]);
    let representations = json!([{ "__typename": "Product", "id": "1" }, { "__typename": "Product", "x": 1 }]);
    let (rows, all) = fetch(&source, NAMES, json!({ "representations": representations }), "name").await.unwrap();
    assert_eq!(rows, [json!({ "name": "a" }), json!({ "failed": "A" })]);
    assert_eq!(
        all.reports().row_errors.iter().map(|(row, error)| (*row, &*error.code)).collect::<Vec<_>>(),
        [(1, "B")]
    );
}

#[tokio::test]
async fn an_object_that_the_answer_lacks_has_failed() {
    let (source, _) = source(vec![answer(r#"{"data":{"e0":{"name":"a"},"e1":null,"e3":{"code":{}}}}"#)]);
    let mut representations = products(0..3);
    representations.as_array_mut().unwrap().push(json!({ "__typename": "Product", "sku": "s" }));
    let (rows, _) = fetch(&source, NAMES, json!({ "representations": representations }), "name").await.unwrap();
    let failed = json!({ "failed": "SUBREQUEST_MALFORMED_RESPONSE" });
    assert_eq!(rows, [json!({ "name": "a" }), json!(null), failed.clone(), failed]);
}

#[tokio::test]
async fn errors_on_the_way_to_an_object_are_its_own() {
    let text = r#"{"data":{"e0":{"code":null},"e1":{"code":{"product":null}},"e2":{"code":{"product":{"name":"c"}}}},
        "errors":[{"message":"a","path":["e0","code","product","name"]},{"message":"b","path":["e1","code","product"]},
            {"message":"c","path":["e2","code"]},{"message":"d","path":["e2","code","product","name"]}]}"#;
    let (source, _) = source(vec![answer(text)]);
    let skus: Value = ["a", "b", "c"].iter().map(|sku| json!({ "__typename": "Product", "sku": sku })).collect();
    let (rows, all) = fetch(&source, NAMES, json!({ "representations": skus }), "name").await.unwrap();
    let failed = json!({ "failed": "DOWNSTREAM_SERVICE_ERROR" });
    assert_eq!(rows, [failed.clone(), failed, json!({ "name": "c" })]);
    let told = |error: &pleach::sources::rows::slot::UpstreamError| (error.message.clone(), error.suffix.len());
    assert_eq!(all.reports().errors.iter().map(told).collect::<Vec<_>>(), [("a".into(), 1), ("b".into(), 0)]);
    assert_eq!(all.reports().general.iter().map(told).collect::<Vec<_>>(), [("c".into(), 0)]);
    assert_eq!(all.reports().beside.iter().map(|(_, error)| told(error)).collect::<Vec<_>>(), [("d".into(), 0)]);
}

#[tokio::test]
async fn what_is_not_looked_up_is_asked_as_the_plan_says() {
    let (source, scripted) = source(vec![answer(r#"{"data":{"a":1}}"#)]);
    let request = FetchRequest {
        call: Call::Graphql {
            document: "{a}".into(),
            operation_name: None,
            variables: Bytes::from_static(b"{}"),
            mutation: false,
        },
        shape: root_shape(&["a"]),
        expected: Vec::new(),
        first: Default::default(),
    };
    let rows = source.fetch(&request, &context(HeaderMap::new())).await.unwrap();
    assert_eq!(root_row(&rows, &["a"]), json!({ "a": 1 }));
    assert_eq!(scripted.asked.lock().unwrap()[..], [("{a}".to_owned(), json!({}))]);
}
