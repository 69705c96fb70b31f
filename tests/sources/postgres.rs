//! The sql protocol on PostgreSQL.

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::harness::{Ask, Subgraph};
use crate::postgres_server::PostgresServer;
use crate::seek::{self, Key};

const TABLES: &str = "
  CREATE TYPE mood AS ENUM ('fine', 'sad');
  CREATE DOMAIN cents AS int CHECK (VALUE >= 0);
  CREATE TABLE thing (
    id uuid PRIMARY KEY, small int2, big int8, price numeric(20, 4), ratio float8, name varchar(20) UNIQUE, tags text[],
    grid int[][], data jsonb, made timestamptz, day date, mood mood, cost cents, raw bytea, yes bool
  );
  INSERT INTO thing VALUES (
    '00000000-0000-0000-0000-000000000001', 7, 9007199254740993, 12345678901234.5000, 0.1, 'one', '{a,NULL}',
    '{{1,2},{3,4}}', '{\"k\": [1]}', '2026-01-02T03:04:05.5+01:00', '2026-01-02', 'fine', 5, '\\x00ff', true
  );
  INSERT INTO thing (id, name) VALUES ('00000000-0000-0000-0000-000000000002', 'two');
";

const SDL: &str = r#"
  scalar JSON
  extend schema
    @source(name: "db", sql: { url: "{$env.DB}" })
    @source(name: "hasty", sql: { url: "{$env.DB}" }, policy: { timeout: "100ms" })
  type Query {
    patient: JSON @connect(source: "hasty", id: "patient", selection: "$", policy: { timeout: "20s" }, sql: { query: "SELECT pg_sleep(0.4)::text AS s" })
    one(id: ID!): JSON @connect(source: "db", id: "one", selection: "$",
      sql: { query: "SELECT * FROM thing WHERE id = {$args.id}::uuid" })
    many(ids: [ID!]): [JSON] @connect(source: "db", id: "many", selection: "$.name",
      sql: { query: "SELECT name FROM thing WHERE id = ANY({$args.ids}::uuid[]) ORDER BY name" })
    typed(v: JSON): JSON @connect(source: "db", id: "typed", selection: "$", sql: { query: """
      SELECT {$args.v.i}::int AS i, {$args.v.n}::numeric AS n, {$args.v.t}::timestamptz AS t, {$args.v.j}::jsonb AS j,
             {$args.v.m}::mood AS m, {$args.v.a}::varchar[] AS a, {$args.v.missing}::text AS missing
    """ })
    sneaky: JSON @connect(source: "db", id: "sneaky", selection: "$", errors: { extensions: "state: $response.error.sqlstate" },
      sql: { query: "WITH gone AS (SELECT nextval('counter')) SELECT * FROM gone" })
    slow: JSON @connect(source: "db", id: "slow", selection: "$", policy: { timeout: "200ms" }, sql: { query: "SELECT pg_sleep(60)::text AS s" })
  }
  type Mutation {
    rename(id: ID!, name: String!): JSON @connect(
      source: "db" id: "rename" selection: "name"
      sql: { execute: "UPDATE thing SET name = {$args.name} WHERE id = {$args.id}::uuid RETURNING name" }
      errors: { message: "$response.error.constraint", extensions: "code: 'TAKEN' table: $response.error.table" }
    )
  }
"#;

const ONE: &str = "00000000-0000-0000-0000-000000000001";
const TWO: &str = "00000000-0000-0000-0000-000000000002";

/// One server for all facts, since it takes a second to start.
#[tokio::test]
async fn postgres_answers_as_typed_values() {
    let Some(server) = PostgresServer::start() else { return };
    let mut connection = connect(&server.url()).await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("{TABLES} CREATE SEQUENCE counter")))
        .execute(&mut connection)
        .await
        .unwrap();
    let subgraph = Subgraph::new(SDL, &[("DB", &server.url())]);
    columns_keep_their_types(&subgraph).await;
    values_take_the_type_the_server_reports(&subgraph).await;
    values_that_do_not_fit_are_refused(&subgraph).await;
    reading_connections_cannot_write(&subgraph).await;
    a_refused_write_is_told_by_its_constraint(&subgraph).await;
    the_server_gives_up_what_nobody_waits_for(&subgraph).await;
    let patient = subgraph.field("patient", 0, Ask::default()).await.unwrap().value();
    assert_eq!(patient, json!({ "s": "" }));
    tables_may_change(&subgraph, &mut connection).await;
    sqlx::raw_sql(ITEMS).execute(&mut connection).await.unwrap();
    seek::covers(&server.url(), KEYS).await;
}

async fn tables_may_change(subgraph: &Subgraph, connection: &mut PgConnection) {
    let before = subgraph.field("one", 0, arguments(json!({ "id": ONE }))).await.unwrap().value();
    assert!(before.get("added").is_none());
    sqlx::raw_sql("ALTER TABLE thing ADD COLUMN added int DEFAULT 7").execute(connection).await.unwrap();
    let after = subgraph.field("one", 0, arguments(json!({ "id": ONE }))).await.unwrap().value();
    assert_eq!(after["added"], 7);
}

const ITEMS: &str = "
  CREATE TYPE size AS ENUM ('small', 'large', 'huge');
  CREATE TABLE item (
    id int PRIMARY KEY, at timestamptz, local timestamp, day date, n int8, price numeric, score float8, short float4, uid uuid,
    raw bytea, nm text, code char(5), size size, yes bool, tags int[], t time
  );
  INSERT INTO item VALUES
    (1, '2026-01-02 03:04:05.123456Z', '2026-01-02 03:04:05.123456', '2026-01-02', 9007199254740993, 1.50, 0.1, 0.1,
     '00000000-0000-0000-0000-000000000001', '\\x00ff', 'b', 'a', 'huge', true, '{1,2}', '01:02:03.000004'),
    (2, '2026-01-02 03:04:05.123457Z', '2026-01-02 03:04:05.123457', 'infinity', 9007199254740992, 1.5000000000000000000000000001,
     0.30000000000000004, 0.3, 'ffffffff-0000-0000-0000-000000000001', '\\x00', 'A', 'b', 'small', false, '{}', '01:02:03'),
    (3, 'infinity', '-infinity', '-infinity', NULL, 'NaN', 'NaN', 'NaN', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, '-infinity', 'infinity', NULL, 1, 'Infinity', 'Infinity', '-Infinity', NULL, '\\xff', '', 'ab', 'large', true, '{1}', '24:00:00'),
    (5, NULL, NULL, '2026-01-02', 1, '-Infinity', '-Infinity', 0.1, NULL, '\\x', 'ä', 'b', 'large', false, '{2}', '00:00:00'),
    (6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (7, '0044-03-15 00:00:00Z BC', '12000-01-01', '0044-03-15 BC', -1, 1.5, 0.3, 3.4e38,
     '00000000-0000-0000-0000-000000000000', '\\x00ff', 'b', 'a', 'huge', true, '{1,2}', '01:02:03.000004');
";

const KEYS: &[Key] = &[
    Key::new(&["at desc", "id"]),
    Key::new(&["at", "id"]),
    Key::new(&["local", "id"]),
    Key::new(&["day desc", "n", "id"]),
    Key::new(&["n", "id"]),
    Key::new(&["price", "id"]),
    Key::new(&["price desc", "id desc"]),
    Key::new(&["score", "id"]),
    Key::new(&["short", "id"]),
    Key::new(&["uid desc", "id"]),
    Key::new(&["raw", "id"]),
    Key::new(&["nm", "id"]),
    Key::new(&["code", "id"]),
    Key::new(&["size desc", "id"]),
    Key::new(&["yes", "id"]),
    Key::new(&["tags", "id"]),
    Key::new(&["t", "id"]),
    Key { columns: &["low", "id"], expressions: &["low: lower(i.nm)"] },
];

async fn connect(url: &str) -> PgConnection {
    for _ in 0..100 {
        match PgConnection::connect(url).await {
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
    let one = subgraph.field("one", 0, arguments(json!({ "id": ONE }))).await.unwrap().value();
    assert_eq!(
        one,
        json!({
            "id": ONE, "small": 7, "big": 9007199254740993i64, "price": "12345678901234.5000", "ratio": 0.1, "name": "one",
            "tags": ["a", null], "grid": [[1, 2], [3, 4]], "data": { "k": [1] }, "made": "2026-01-02T02:04:05.500Z",
            "day": "2026-01-02", "mood": "fine", "cost": 5, "raw": "AP8=", "yes": true
        })
    );
    let none = subgraph.field("one", 0, arguments(json!({ "id": TWO.replace('2', "9") }))).await.unwrap();
    assert_eq!(none.value(), Value::Null);
    let many = subgraph.field("many", 1, arguments(json!({ "ids": [TWO, ONE] }))).await.unwrap();
    assert_eq!(many.value(), json!(["one", "two"]));
}

async fn values_take_the_type_the_server_reports(subgraph: &Subgraph) {
    let v =
        json!({ "i": "7", "n": 1.25, "t": "2026-01-02T03:04:05Z", "j": { "a": "b" }, "m": "sad", "a": ["x", null, 3] });
    let typed = subgraph.field("typed", 0, arguments(json!({ "v": v }))).await.unwrap().value();
    assert_eq!(
        typed,
        json!({ "i": 7, "n": "1.25", "t": "2026-01-02T03:04:05Z", "j": { "a": "b" }, "m": "sad", "a": ["x", null, "3"], "missing": null })
    );
}

async fn values_that_do_not_fit_are_refused(subgraph: &Subgraph) {
    let error = subgraph.field("one", 0, arguments(json!({ "id": "no uuid" }))).await.unwrap_err();
    assert_eq!(&*error.code, "CONNECTOR_BAD_INPUT");
    assert!(!error.message.contains("no uuid"), "values are not repeated: {}", error.message);
}

async fn reading_connections_cannot_write(subgraph: &Subgraph) {
    let error = subgraph.field("sneaky", 0, Ask::default()).await.unwrap_err();
    assert_eq!((&*error.code, &error.extensions["state"]), ("CONNECTOR_FETCH", &json!("25006")));
}

async fn a_refused_write_is_told_by_its_constraint(subgraph: &Subgraph) {
    let ask = |name: &str| Ask { arguments: json!({ "id": TWO, "name": name }), mutation: true, ..Ask::default() };
    assert_eq!(subgraph.field("rename", 0, ask("zwei")).await.unwrap().value(), json!({ "name": "zwei" }));
    let error = subgraph.field("rename", 0, ask("one")).await.unwrap_err();
    assert_eq!((&*error.code, error.message.as_str()), ("TAKEN", "thing_name_key"));
    assert_eq!(error.extensions["table"], "thing");
}

async fn the_server_gives_up_what_nobody_waits_for(subgraph: &Subgraph) {
    let error = subgraph.field("slow", 0, Ask::default()).await.unwrap_err();
    assert_eq!(&*error.code, "GATEWAY_TIMEOUT");
}
