//! The sql protocol on SQLite.

use serde_json::{Value, json};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use pleach::sources::contract::SourceError;

use crate::harness::{Ask, Subgraph};
use crate::seek::{self, Key};

const TABLES: &str = "
  CREATE TABLE product (id INTEGER PRIMARY KEY, sku TEXT UNIQUE, price TEXT, active BOOLEAN, made DATETIME, weight REAL, image BLOB);
  INSERT INTO product VALUES
    (1, 'a', '9.90', 1, '2026-01-02 03:04:05', 1.5, x'00ff'), (2, 'b', '5.00', 0, NULL, 2.0, NULL), (3, 'c', '7.00', 1, NULL, 0.5, NULL);
  CREATE TABLE line (product_id INTEGER, n INTEGER);
  INSERT INTO line VALUES (1, 10), (2, 20), (1, 11);
";

const SDL: &str = r#"
  scalar JSON
  extend schema @source(name: "db", sql: { url: "{$env.DB}" })
  type Query {
    all: [JSON] @connect(source: "db", id: "all", sql: { query: "SELECT * FROM product ORDER BY id" }, selection: "$")
    one(sku: String!): JSON @connect(source: "db", id: "one", sql: { query: "SELECT id FROM product WHERE sku = {$args.sku}" }, selection: "$")
    some(ids: [ID!]): [JSON] @connect(source: "db", id: "some", sql: { query: "SELECT id FROM product WHERE id IN ({%list $args.ids}) ORDER BY id" }, selection: "$.id")
    slow: JSON @connect(
      source: "db" id: "slow" policy: { timeout: "200ms" }
      sql: { query: "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS c FROM n" } selection: "$"
    )
  }
  type Mutation {
    add(sku: String!): JSON @connect(
      source: "db" id: "add"
      sql: { execute: ["INSERT INTO product (sku) VALUES ({$args.sku}) RETURNING id", "INSERT INTO line (product_id, n) VALUES ({$results->get(0)->first.id}, 1)"] }
      selection: "rows: rowsAffected product: $results->get(0)->first.id"
      errors: { message: "$response.error.message", extensions: "code: 'REFUSED'" }
    )
  }
  type Product @key(fields: "id") {
    id: ID!
    lines: [JSON] @connect(
      source: "db" id: "lines" batch: { by: "product_id" }
      sql: { query: "SELECT product_id, n FROM line WHERE product_id IN ({%list $batch.id}) ORDER BY n" } selection: "n"
    )
  }
"#;

/// A database in a file of its own.
pub struct Shop {
    pub subgraph: Subgraph,
    url: String,
    _folder: tempfile::TempDir,
}

pub async fn shop(tables: &str, sdl: &str) -> Shop {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(tables)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let url = format!("sqlite:{}", file.display());
    Shop { subgraph: Subgraph::new(sdl, &[("DB", &url)]), url, _folder: folder }
}

async fn ask(shop: &Shop, id: &str, lists: u8, arguments: Value) -> Result<Value, SourceError> {
    let ask = Ask { arguments, mutation: id == "add", ..Ask::default() };
    shop.subgraph.field(id, lists, ask).await.map(|answer| answer.value())
}

#[tokio::test]
async fn columns_keep_their_types() {
    let shop = shop(TABLES, SDL).await;
    let all = ask(&shop, "all", 1, json!({})).await.unwrap();
    assert_eq!(
        all[0],
        json!({ "id": 1, "sku": "a", "price": "9.90", "active": true, "made": "2026-01-02T03:04:05Z", "weight": 1.5, "image": "AP8=" })
    );
    assert_eq!((&all[1]["active"], &all[1]["made"]), (&json!(false), &Value::Null));
}

#[tokio::test]
async fn a_single_value_is_the_first_row_and_values_are_bound() {
    let shop = shop(TABLES, SDL).await;
    assert_eq!(ask(&shop, "one", 0, json!({ "sku": "b" })).await.unwrap(), json!({ "id": 2 }));
    assert_eq!(ask(&shop, "one", 0, json!({ "sku": "x' OR '1'='1" })).await.unwrap(), Value::Null);
    assert_eq!(ask(&shop, "some", 1, json!({ "ids": [3, "1"] })).await.unwrap(), json!([1, 3]));
    assert_eq!(ask(&shop, "some", 1, json!({ "ids": [] })).await.unwrap(), json!([]));
}

#[tokio::test]
async fn statements_of_one_mutation_share_a_transaction() {
    let shop = shop(TABLES, SDL).await;
    assert_eq!(ask(&shop, "add", 0, json!({ "sku": "d" })).await.unwrap(), json!({ "rows": 1, "product": 4 }));
    let error = ask(&shop, "add", 0, json!({ "sku": "d" })).await.unwrap_err();
    assert_eq!((&*error.code, error.authored), ("REFUSED", true));
    assert!(error.message.contains("UNIQUE"), "{}", error.message);
    assert_eq!(ask(&shop, "all", 1, json!({})).await.unwrap().as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn one_flat_answer_serves_a_one_to_many_field() {
    let shop = shop(TABLES, SDL).await;
    let rows = ["1", "3", "2"].map(|id| json!({ "id": id })).to_vec();
    let answer = shop.subgraph.field("lines", 1, Ask { rows: Some(rows), ..Ask::default() }).await.unwrap();
    assert_eq!(answer.values(), [json!([{ "n": 10 }, { "n": 11 }]), json!([]), json!([{ "n": 20 }])]);
    assert_eq!(answer.calls, 1);
}

#[tokio::test]
async fn a_statement_without_end_is_stopped() {
    let shop = shop(TABLES, SDL).await;
    let error = ask(&shop, "slow", 0, json!({})).await.unwrap_err();
    assert_eq!(&*error.code, "GATEWAY_TIMEOUT");
    assert_eq!(ask(&shop, "one", 0, json!({ "sku": "a" })).await.unwrap(), json!({ "id": 1 }));
}

#[tokio::test]
async fn declared_types_decide_how_values_are_told() {
    let tables = "CREATE TABLE item (id INTEGER PRIMARY KEY, price DECIMAL(10, 2), share NUMERIC, doc JSON, bad JSON, made TIMESTAMP);
      INSERT INTO item VALUES (1, 9.9, 5, '{\"k\": [1, null]}', '{no', '2026-01-02 03:04:05'), (2, NULL, '7.50', NULL, NULL, NULL);";
    let sdl = r#"
      scalar JSON
      extend schema @source(name: "db", sql: { url: "{$env.DB}" })
      type Query {
        all: [JSON] @connect(source: "db", id: "all", sql: { query: "SELECT i.*, i.price * 2 AS twice FROM item AS i ORDER BY id" }, selection: "$")
        prices: [Price] @connect(source: "db", id: "prices", sql: { query: "SELECT price FROM item" }, selection: "price number: price")
      }
      type Price { price: String number: Float }
    "#;
    let shop = shop(tables, sdl).await;
    let all = ask(&shop, "all", 1, json!({})).await.unwrap();
    assert_eq!(
        all,
        json!([
            { "id": 1, "price": "9.9", "share": "5", "doc": { "k": [1, null] }, "bad": "{no", "made": "2026-01-02T03:04:05Z", "twice": 19.8 },
            { "id": 2, "price": null, "share": "7.5", "doc": null, "bad": null, "made": null, "twice": null },
        ])
    );
}

#[tokio::test]
async fn pages_cover_the_list_whatever_the_key_holds() {
    let tables = "CREATE TABLE item (id INTEGER PRIMARY KEY, at DATETIME, n INTEGER, score REAL, price DECIMAL(9, 2), raw BLOB, nm TEXT, yes BOOLEAN);
      INSERT INTO item VALUES
        (1, '2026-01-02 03:04:05', 1, 0.1, 1.5, x'00ff', 'b', 1), (2, '2026-01-02 03:04:05', NULL, 0.30000000000000004, 10, x'01', 'A', 0),
        (3, '2026-01-02T03:04:05', 1, NULL, 9, NULL, NULL, 1), (4, NULL, 9007199254740993, 1e300, 9, x'00', 'B', NULL),
        (5, '2026-01-03 00:00:00', 9007199254740992, 0.3, NULL, x'00', 'a', 0), (6, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        (7, '2025-12-31 23:59:59.5', 2, 2.2250738585072011e-308, 0.1, x'', '', 1), (8, 'never', -1, 1.7976931348623157e308, -1, x'ff', 'ä', 1),
        (9, '2026-01-02 03:04:05', 1, 0.1, 1.5, x'00ff', 'b', 1);";
    let shop = shop(tables, "extend schema @source(name: \"db\", sql: { url: \"sqlite::memory:\" }) type Query { a: Int @connect(selection: \"1\") }").await;
    seek::covers(
        &shop.url,
        &[
            Key::new(&["id"]),
            Key::new(&["at desc", "id"]),
            Key::new(&["at", "id"]),
            Key::new(&["n", "id"]),
            Key::new(&["n desc", "at", "id desc"]),
            Key::new(&["score", "id"]),
            Key::new(&["score desc", "id"]),
            Key::new(&["price", "id"]),
            Key::new(&["raw", "id"]),
            Key::new(&["nm desc", "id"]),
            Key::new(&["yes", "id"]),
            Key { columns: &["low", "id"], expressions: &["low: lower(i.nm)"] },
        ],
    )
    .await;
}
