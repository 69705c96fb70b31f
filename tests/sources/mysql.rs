//! The sql protocol on MariaDB, which speaks as MySQL does; but its JSON columns are text.

use serde_json::{Value, json};
use sqlx::{Connection as _, MySqlConnection};

use crate::harness::{Ask, Subgraph};
use crate::mariadb_server::MariaDbServer;
use crate::seek::{self, Key};

const TABLES: &str = "
  CREATE DATABASE shop;
  USE shop;
  CREATE TABLE thing (
    id int unsigned PRIMARY KEY AUTO_INCREMENT, small tinyint, big bigint, huge bigint unsigned, price decimal(20, 4),
    ratio double, name varchar(20) UNIQUE, data json, made datetime(3), day date, at time, mood enum ('fine', 'sad'),
    raw varbinary(10), yes boolean
  );
  INSERT INTO thing VALUES (
    1, -7, 9007199254740993, 18446744073709551615, 12345678901234.5000, 0.1, 'one', '{\"k\": [1]}',
    '2026-01-02 03:04:05.500', '2026-01-02', '03:04:05', 'fine', x'00ff', true
  );
  INSERT INTO thing (id, name) VALUES (2, 'two');
  CREATE TABLE part (thing int unsigned NOT NULL, n int NOT NULL);
";

const SDL: &str = r#"
  scalar JSON
  extend schema @source(name: "db", sql: { url: "{$env.DB}" })
  type Query {
    one(id: ID!): JSON @connect(source: "db", id: "one", selection: "$",
      sql: { query: "SELECT * FROM thing WHERE id = {$args.id}" })
    many(ids: [ID!]): [JSON] @connect(source: "db", id: "many", selection: "$.name",
      sql: { query: "SELECT name FROM thing WHERE id IN ({%list $args.ids}) ORDER BY name" })
    echo(v: JSON): JSON @connect(source: "db", id: "echo", selection: "$", sql: { query:
      "SELECT {$args.v.i} AS i, {$args.v.f} AS f, {$args.v.t} AS t, json_extract({$args.v.j}, '$.a') AS j, {$args.v.missing} AS missing" })
    sneaky: JSON @connect(source: "db", id: "sneaky", selection: "$", errors: { extensions: "state: $response.error.sqlstate" },
      sql: { query: "SELECT nextval(counter) AS n" })
    slow: JSON @connect(source: "db", id: "slow", selection: "$", policy: { timeout: "300ms" },
      sql: { query: "SELECT sleep(60) AS s" })
  }
  type Mutation {
    add(name: String!): JSON @connect(
      source: "db" id: "add" selection: "$"
      sql: { execute: [
        "INSERT INTO thing (name) VALUES ({$args.name})"
        "INSERT INTO part (thing, n) VALUES ({$results->get(0).lastInsertId}, 1)"
        "SELECT t.name, p.n FROM thing t JOIN part p ON p.thing = t.id WHERE t.id = {$results->get(0).lastInsertId}"
      ] }
      errors: { message: "$('taken')", extensions: "code: 'TAKEN' number: $response.error.code" }
    )
  }
"#;

/// One server for all facts, since it takes seconds to start.
#[tokio::test]
async fn mariadb_answers_as_typed_values() {
    let Some(server) = MariaDbServer::start() else { return };
    let mut connection = connect(&server.url("mysql")).await;
    let text = format!("{TABLES} CREATE SEQUENCE counter");
    sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
    let subgraph = Subgraph::new(SDL, &[("DB", &server.url("shop"))]);
    columns_keep_their_types(&subgraph).await;
    values_are_bound_by_their_json_type(&subgraph).await;
    reading_connections_cannot_write(&subgraph).await;
    a_list_of_statements_is_one_transaction(&subgraph).await;
    the_server_gives_up_what_nobody_waits_for(&subgraph).await;
    sqlx::raw_sql(ITEMS).execute(&mut connection).await.unwrap();
    seek::covers(&server.url("shop"), KEYS).await;
    zero_dates_are_no_keys(&server.url("shop"), &mut connection).await;
}

const ITEMS: &str = "
  CREATE TABLE item (
    id int PRIMARY KEY, at datetime(6), stamp timestamp(6) NULL, day date, n bigint, big bigint unsigned, price decimal(40, 20),
    score double, short float, raw varbinary(10), nm varchar(20), yes boolean, t time(6)
  );
  INSERT INTO item VALUES
    (1, '2026-01-02 03:04:05.123456', '2026-01-02 03:04:05.123456', '2026-01-02', 9007199254740993, 18446744073709551615,
     1.50000000000000000001, 0.1, 0.1, x'00ff', 'b', true, '01:02:03.000004'),
    (2, '2026-01-02 03:04:05.123457', '2026-01-02 03:04:05.123457', '2026-01-03', 9007199254740992, 18446744073709551614,
     1.5, 0.30000000000000004, 0.3, x'00', 'A', false, '-100:00:00'),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, '2026-01-02 03:04:05', NULL, '1000-01-01', 1, 1, 12345678901234567890.00000000000000000001, 0.3, 0.1, x'', '', true, '838:59:59'),
    (5, '9999-12-31 23:59:59.999999', '2037-01-01', NULL, 1, NULL, 12345678901234567890.00000000000000000002, 1e300, NULL, x'ff', 'ä', false, NULL),
    (8, '1000-01-01 00:00:00', NULL, '1000-01-01', NULL, 5, 0, 0, 0, x'01', 'z', true, '-00:00:01'),
    (6, NULL, '2026-01-02 03:04:05', '2026-01-02', -1, 0, -1, -0.1, 3.4e38, NULL, 'B', NULL, '00:00:00'),
    (7, '2026-01-02 03:04:05.123456', '2026-01-02 03:04:05.123456', '2026-01-02', 9007199254740993, 18446744073709551615,
     1.50000000000000000001, 0.1, 0.1, x'00ff', 'b', true, '01:02:03.000004');
";

const KEYS: &[Key] = &[
    Key::new(&["at desc", "id"]),
    Key::new(&["at", "id"]),
    Key::new(&["stamp", "id"]),
    Key::new(&["day desc", "n", "id"]),
    Key::new(&["n", "id"]),
    Key::new(&["big desc", "id"]),
    Key::new(&["price", "id"]),
    Key::new(&["score", "id"]),
    Key::new(&["short desc", "id"]),
    Key::new(&["raw", "id"]),
    Key::new(&["nm", "id"]),
    Key::new(&["yes", "id"]),
    Key::new(&["t", "id"]),
    Key { columns: &["low", "id"], expressions: &["low: lower(i.nm)"] },
];

/// They are NULL to the server in some comparisons and not in others.
async fn zero_dates_are_no_keys(url: &str, connection: &mut MySqlConnection) {
    let zero = "SET sql_mode = ''; INSERT INTO item (id, at, stamp, day) VALUES (9, 0, 0, 0)";
    sqlx::raw_sql(zero).execute(&mut *connection).await.unwrap();
    for column in ["at", "stamp", "day"] {
        let columns: &'static [&'static str] = Vec::leak(vec![column, "id"]);
        let (code, message) = seek::refusal(url, Key::new(columns)).await;
        let expected = format!("column {column} is 0000-00-00, which cannot stand in a key; NULLIF makes it null");
        assert_eq!((&*code, &*message), ("CONNECTOR_DESERIALIZE", &*expected));
    }
    const NULLED: &[Key] = &[
        Key { columns: &["at", "id"], expressions: &["at: NULLIF(i.at, 0)"] },
        Key { columns: &["day desc", "id"], expressions: &["day: NULLIF(i.day, 0)"] },
    ];
    seek::covers(url, NULLED).await;
}

async fn connect(url: &str) -> MySqlConnection {
    for _ in 0..100 {
        match MySqlConnection::connect(url).await {
            Ok(connection) => return connection,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
        }
    }
    panic!("the server accepts no connection");
}

fn arguments(arguments: Value) -> Ask {
    Ask { arguments, ..Ask::default() }
}

async fn columns_keep_their_types(subgraph: &Subgraph) {
    let one = subgraph.field("one", 0, arguments(json!({ "id": "1" }))).await.unwrap().value();
    assert_eq!(
        one,
        json!({
            "id": 1, "small": -7, "big": 9007199254740993i64, "huge": 18446744073709551615u64,
            "price": "12345678901234.5000", "ratio": 0.1, "name": "one", "data": "{\"k\": [1]}",
            "made": "2026-01-02T03:04:05.500Z", "day": "2026-01-02", "at": "03:04:05", "mood": "fine", "raw": "AP8=",
            "yes": true
        })
    );
    let many = subgraph.field("many", 1, arguments(json!({ "ids": ["2", "1", "9"] }))).await.unwrap();
    assert_eq!(many.value(), json!(["one", "two"]));
    let none = subgraph.field("many", 1, arguments(json!({ "ids": [] }))).await.unwrap();
    assert_eq!(none.value(), json!([]));
}

async fn values_are_bound_by_their_json_type(subgraph: &Subgraph) {
    let v = json!({ "i": 7, "f": 1.5, "t": "x' OR '1'='1", "j": { "a": "b" } });
    let echo = subgraph.field("echo", 0, arguments(json!({ "v": v }))).await.unwrap().value();
    assert_eq!(echo, json!({ "i": 7, "f": 1.5, "t": "x' OR '1'='1", "j": "\"b\"", "missing": null }));
}

async fn reading_connections_cannot_write(subgraph: &Subgraph) {
    let error = subgraph.field("sneaky", 0, Ask::default()).await.unwrap_err();
    assert_eq!((&*error.code, &error.extensions["state"]), ("CONNECTOR_FETCH", &json!("25006")));
}

async fn a_list_of_statements_is_one_transaction(subgraph: &Subgraph) {
    let ask = |name: &str| Ask { arguments: json!({ "name": name }), mutation: true, ..Ask::default() };
    assert_eq!(subgraph.field("add", 0, ask("three")).await.unwrap().value(), json!({ "name": "three", "n": 1 }));
    let error = subgraph.field("add", 0, ask("one")).await.unwrap_err();
    assert_eq!((&*error.code, &error.extensions["number"]), ("TAKEN", &json!("1062")));
}

async fn the_server_gives_up_what_nobody_waits_for(subgraph: &Subgraph) {
    let error = subgraph.field("slow", 0, Ask::default()).await.unwrap_err();
    assert_eq!(&*error.code, "GATEWAY_TIMEOUT");
}
