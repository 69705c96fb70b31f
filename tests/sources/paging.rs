//! Pages: SEEK on SQLite, the counting styles and CURSOR over HTTP.

use axum::Router;
use axum::extract::Query;
use serde_json::{Value, json};

use std::collections::HashMap;

use pleach::sources::contract::SourceError;

use crate::harness::{Ask, Subgraph, serve};
use crate::sqlite::shop;

const CONNECTION: &str = r#"
  type Item { id: ID! }
  type ItemEdge { cursor: String! node: Item! }
  type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  type Items { edges: [ItemEdge!]! nodes: [Item!]! pageInfo: PageInfo! TOTAL }
"#;

async fn page(subgraph: &Subgraph, id: &str, arguments: Value) -> Result<(Vec<u64>, Value), SourceError> {
    let value = subgraph.field(id, 0, Ask { arguments, ..Ask::default() }).await?.value();
    let ids = value["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_u64().unwrap()).collect();
    Ok((ids, value))
}

/// Reads the whole list page by page in both directions, and gives the ids of each page.
async fn walk(subgraph: &Subgraph, id: &str, size: u64, backward: bool) -> Vec<Vec<u64>> {
    let (count, place, edge, more) = match backward {
        false => ("first", "after", "endCursor", "hasNextPage"),
        true => ("last", "before", "startCursor", "hasPreviousPage"),
    };
    let mut pages = Vec::new();
    let mut arguments = json!({ count: size });
    loop {
        let (ids, value) = page(subgraph, id, arguments).await.unwrap();
        pages.push(ids);
        if value["pageInfo"][more] != true {
            return pages;
        }
        assert!(pages.len() < 20, "the list has no end: {pages:?}");
        arguments = json!({ count: size, place: value["pageInfo"][edge] });
    }
}

fn seek_sdl() -> String {
    format!(
        r#"{CONNECTION}
        extend schema @source(name: "db", sql: {{ url: "{{$env.DB}}" }})
        type Query {{
          items(first: Int, after: String, last: Int, before: String): Items @connect(
            source: "db" id: "items" selection: "id"
            paginate: {{ style: SEEK, key: ["rank desc", "id"], size: 2, maxSize: 5 }}
            sql: {{
              query: "SELECT i.id, i.rank FROM item i WHERE {{%seek}} ORDER BY {{%orderBy}} LIMIT {{$page.limit}}"
              columns: ["rank: i.rank", "id: i.id"]
            }}
          )
        }}"#
    )
}

const ITEMS: &str = "CREATE TABLE item (id INTEGER PRIMARY KEY, rank INTEGER);
  INSERT INTO item VALUES (1, 5), (2, 5), (3, 9), (4, 1), (5, 5), (6, 7), (7, 0);";

#[tokio::test]
async fn seek_pages_cover_the_list_once_in_both_directions() {
    let shop = shop(ITEMS, &seek_sdl().replace("TOTAL", "")).await;
    assert_eq!(walk(&shop.subgraph, "items", 3, false).await, [vec![3, 6, 1], vec![2, 5, 4], vec![7]]);
    assert_eq!(walk(&shop.subgraph, "items", 3, true).await, [vec![5, 4, 7], vec![6, 1, 2], vec![3]]);
    let (ids, value) = page(&shop.subgraph, "items", json!({})).await.unwrap();
    assert_eq!((ids, &value["pageInfo"]["hasPreviousPage"]), (vec![3, 6], &json!(false)));
    assert_eq!(value["edges"][1]["cursor"], value["pageInfo"]["endCursor"]);
}

#[tokio::test]
async fn foreign_cursors_and_oversized_pages_are_refused() {
    let shop = shop(ITEMS, &seek_sdl().replace("TOTAL", "")).await;
    for (arguments, code) in [
        (json!({ "first": 6 }), "PAGE_TOO_LARGE"),
        (json!({ "after": "AQAA" }), "BAD_CURSOR"),
        (json!({ "first": -1 }), "CONNECTOR_BAD_INPUT"),
    ] {
        let error = page(&shop.subgraph, "items", arguments).await.unwrap_err();
        assert_eq!((&*error.code, error.authored), (code, true));
    }
}

/// Ten items; asked by `offset` or `page` with `limit`, or by `cursor`, which is the next index.
async fn items() -> String {
    let handler = async |Query(query): Query<HashMap<String, String>>| {
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
        let limit = number("limit").unwrap_or(3);
        let start = number("cursor").or(number("offset")).or(number("page").map(|page| (page - 1) * limit));
        let start = start.unwrap_or(0).min(10);
        let end = (start + limit).min(10);
        let items: Vec<Value> = (start..end).map(|at| json!({ "id": at })).collect();
        let next = (end < 10).then(|| end.to_string());
        axum::Json(json!({ "items": items, "total": 10, "next": next }))
    };
    serve(Router::new().fallback(axum::routing::get(handler))).await
}

async fn http_items(url: &str, paginate: &str) -> Subgraph {
    let sdl = format!(
        r#"{CONNECTION}
        extend schema @source(name: "api", http: {{ baseURL: "{{$env.API}}" }})
        type Query {{
          items(ARGS): Items @connect(
            source: "api" id: "items" selection: "id" paginate: {{ items: "$.items" size: 3 maxSize: 10 {paginate} }}
            http: {{ GET: "/items{url}" }}
          )
        }}"#
    );
    let backwards = paginate.contains("total");
    let arguments =
        if backwards { "first: Int, after: String, last: Int, before: String" } else { "first: Int, after: String" };
    let total = if backwards { "totalCount: Int" } else { "" };
    let sdl = sdl.replace("ARGS", arguments).replace("TOTAL", total);
    Subgraph::new(&sdl, &[("API", &format!("http://{}", items().await))])
}

const OFFSET: &str = "?offset={$page.offset}&limit={$page.limit}";
const PAGE: &str = "?page={$page.number}&limit={$page.limit}";
const CURSOR: &str = "?cursor={$page.cursor}&limit={$page.limit}";

#[tokio::test]
async fn counting_styles_cover_the_list_once() {
    let forward = [vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9]];
    for (url, paginate) in [
        (OFFSET, "style: OFFSET"),
        (OFFSET, "style: OFFSET total: \"$.total\""),
        (PAGE, "style: PAGE"),
        (PAGE, "style: PAGE total: \"$.total\""),
        (CURSOR, "style: CURSOR next: \"$.next\""),
    ] {
        let subgraph = http_items(url, paginate).await;
        assert_eq!(walk(&subgraph, "items", 4, false).await, forward, "{paginate}");
    }
    let backward = [vec![6, 7, 8, 9], vec![2, 3, 4, 5], vec![0, 1]];
    for (url, paginate) in [(OFFSET, "style: OFFSET total: \"$.total\""), (PAGE, "style: PAGE total: \"$.total\"")] {
        let subgraph = http_items(url, paginate).await;
        assert_eq!(walk(&subgraph, "items", 4, true).await, backward, "{paginate}");
    }
}

#[tokio::test]
async fn a_page_may_start_inside_an_upstream_page() {
    for (url, paginate) in
        [(PAGE, "style: PAGE"), (OFFSET, "style: OFFSET"), (CURSOR, "style: CURSOR next: \"$.next\"")]
    {
        let subgraph = http_items(url, paginate).await;
        let (_, first) = page(&subgraph, "items", json!({ "first": 4 })).await.unwrap();
        let arguments = json!({ "first": 4, "after": first["edges"][1]["cursor"] });
        assert_eq!(page(&subgraph, "items", arguments).await.unwrap().0, [2, 3, 4, 5], "{paginate}");
    }
}

#[tokio::test]
async fn a_total_is_counted_where_it_is_mapped() {
    let subgraph = http_items(OFFSET, "style: OFFSET total: \"$.total\"").await;
    assert_eq!(page(&subgraph, "items", json!({})).await.unwrap().1["totalCount"], 10);
}

#[tokio::test]
async fn records_are_mapped_with_what_their_own_call_answered() {
    let sdl = r#"
        scalar JSON
        extend schema @source(name: "api", http: { baseURL: "{$env.API}" })
        type Query {
          items(first: Int, after: String): [JSON] @connect(
            source: "api" id: "items" paginate: { style: PAGE items: "$.items" size: 3 }
            http: { GET: "/items?page={$page.number}&limit={$page.limit}" }
            selection: "id status: $status page: $page.number type: $response.headers.'content-type'->first"
          )
        }"#;
    let subgraph = Subgraph::new(sdl, &[("API", &format!("http://{}", items().await))]);
    let value = subgraph.field("items", 1, Ask::default()).await.unwrap().value();
    let item = |id: u32| json!({ "id": id, "status": 200, "page": 1, "type": "application/json" });
    assert_eq!(value, json!([item(0), item(1), item(2)]));
}

/// Pages by cursor: each path is a list, `?cursor=` the name of a page of it.
async fn chained() -> String {
    let handler = async |uri: axum::http::Uri, Query(query): Query<HashMap<String, String>>| {
        let ids = |ids: &[u32]| ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>();
        let cursor = query.get("cursor").map_or("", |cursor| &**cursor);
        let (items, next) = match (uri.path(), cursor) {
            ("/gap", "") => (ids(&[1, 2]), json!("b")),
            ("/gap", "b") => (ids(&[]), json!("c")),
            ("/gap", "c") => (ids(&[3]), json!("")),
            ("/stuck", "") => (ids(&[1]), json!("b")),
            ("/stuck", _) => (ids(&[2]), json!("b")),
            ("/desert", cursor) => (ids(&[]), json!(format!("{cursor}x"))),
            other => panic!("{other:?}"),
        };
        axum::Json(json!({ "items": items, "next": next }))
    };
    serve(Router::new().fallback(axum::routing::get(handler))).await
}

#[tokio::test]
async fn a_list_by_cursor_goes_on_after_an_empty_page_and_ends_where_it_does_not() {
    let address = chained().await;
    for (list, expected) in
        [("gap", vec![vec![1, 2], vec![3]]), ("stuck", vec![vec![1], vec![2]]), ("desert", vec![vec![]])]
    {
        let sdl = format!(
            r#"{CONNECTION}
            extend schema @source(name: "api", http: {{ baseURL: "{{$env.API}}" }})
            type Query {{
              items(first: Int, after: String): Items @connect(
                source: "api" id: "items" selection: "id" paginate: {{ style: CURSOR next: "$.next" items: "$.items" }}
                http: {{ GET: "/{list}?cursor={{$page.cursor}}" }}
              )
            }}"#
        );
        let subgraph = Subgraph::new(&sdl.replace("TOTAL", ""), &[("API", &format!("http://{address}"))]);
        assert_eq!(walk(&subgraph, "items", 5, false).await, expected, "{list}");
    }
}
