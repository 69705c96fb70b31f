//! In-process schemas.

use std::sync::Arc;

use async_graphql::{Context, EmptyMutation, EmptySubscription, Object, Schema};
use serde_json::json;

use pleach::sources::contract::{Call, FetchRequest, RequestFacts, Source};
use pleach::sources::native::NativeSubgraph;

use crate::harness::{context, root_row, root_shape};

struct Query;

#[Object]
impl Query {
    async fn twice(&self, n: i32) -> i32 {
        n * 2
    }

    async fn fails(&self) -> async_graphql::Result<Option<i32>> {
        Err("no".into())
    }

    async fn host(&self, context: &Context<'_>) -> Option<String> {
        let facts = context.data::<Arc<RequestFacts>>().ok()?;
        Some(facts.headers.get("host")?.to_str().ok()?.to_owned())
    }
}

struct Other;

#[Object]
impl Other {
    async fn done(&self) -> bool {
        true
    }
}

fn native() -> NativeSubgraph {
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish();
    NativeSubgraph::new("native", schema)
}

#[tokio::test]
async fn a_schema_answers_without_text_in_between() {
    let fields = ["a", "host", "fails"];
    let request = FetchRequest {
        call: Call::Graphql {
            document: "query($n:Int!){a:twice(n:$n) host fails}".into(),
            operation_name: None,
            variables: br#"{"n":21}"#.as_slice().into(),
            mutation: false,
        },
        shape: root_shape(&fields),
        expected: Vec::new(),
        first: Default::default(),
    };
    let headers = [("host".parse().unwrap(), "h".parse().unwrap())].into_iter().collect();
    let rows = native().fetch(&request, &context(headers)).await.unwrap();
    assert_eq!(
        root_row(&rows, &fields),
        json!({ "a": 42, "host": "h", "fails": { "failed": "DOWNSTREAM_SERVICE_ERROR" } })
    );
}

#[tokio::test]
async fn a_schema_tells_its_sdl() {
    assert!(native().sdl().await.unwrap().contains("twice(n: Int!): Int!"));
    let renamed = Schema::build(Query, Other, EmptySubscription).enable_federation().finish();
    let sdl = NativeSubgraph::new("renamed", renamed).sdl().await.unwrap();
    assert!(sdl.contains("schema { query: Query mutation: Other }"), "{sdl}");
    let plain = Schema::build(Query, EmptyMutation, EmptySubscription).finish();
    let error = NativeSubgraph::new("plain", plain).sdl().await.unwrap_err();
    assert!(error.to_string().contains("enable_federation"), "{error}");
}
