//! A plain GraphQL server behind connectors: what it is asked, and what becomes of its answers.

use std::sync::{Arc, Mutex};

use async_graphql::{
    EmptySubscription, Enum, ErrorExtensions, InputObject, Object, Request, Result, Schema, SimpleObject, Union,
};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use pleach::app::config::tree::Config;
use pleach::cli::demo::server::Server;
use pleach::gateway::pipeline::config::Mask;
use pleach::sources::config::SourceConfig;

use crate::harness::{Pleach, Reply, upstream};
use crate::record;

#[derive(Clone, Copy)]
struct User(u32);

#[Object]
impl User {
    async fn id(&self) -> String {
        self.0.to_string()
    }

    async fn nm(&self) -> Option<String> {
        Some(format!("user {}", self.0))
    }

    /// Nobody of an odd number has a name that may be told.
    async fn secret(&self) -> Result<Option<String>> {
        match self.0 % 2 {
            0 => Ok(Some(format!("secret {}", self.0))),
            _ => Err(async_graphql::Error::new(format!("no secret of {}", self.0))
                .extend_with(|_, extensions| extensions.set("code", "HIDDEN"))),
        }
    }

    async fn friends(&self) -> Vec<User> {
        (self.0 + 1..=self.0 + 2).map(User).collect()
    }

    async fn grid(&self) -> Vec<Vec<User>> {
        vec![vec![User(1), User(2)], vec![], vec![User(3)]]
    }

    async fn owner(&self) -> Owner {
        Owner { key: self.0 }
    }
}

#[derive(SimpleObject)]
struct Owner {
    key: u32,
}

#[derive(SimpleObject)]
struct Hund {
    name: String,
    bark: Option<String>,
}

#[derive(SimpleObject)]
struct Katze {
    name: String,
}

#[derive(Union)]
enum Tier {
    Hund(Hund),
    Katze(Katze),
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum Status {
    Active,
    Old,
}

#[derive(InputObject)]
struct Where {
    status: Option<Status>,
    any: Option<Vec<Where>>,
    text: Option<String>,
}

#[derive(SimpleObject)]
struct Page {
    items: Vec<User>,
    next: Option<u32>,
    total: u32,
}

struct Query;

#[Object]
impl Query {
    async fn user(&self, id: String) -> Option<User> {
        id.parse().ok().map(User)
    }

    async fn users(&self, ids: Vec<String>) -> Vec<User> {
        // In another order, and one that nobody asked for.
        ids.iter().rev().filter_map(|id| id.parse().ok()).chain([99]).map(User).collect()
    }

    async fn people(&self, limit: u32, after: Option<u32>) -> Page {
        let first = after.unwrap_or(0);
        let last = (first + limit).min(5);
        Page { items: (first..last).map(User).collect(), next: (last < 5).then_some(last), total: 5 }
    }

    async fn tiere(&self) -> Vec<Tier> {
        let hund = Hund { name: "Rex".into(), bark: Some("wau".into()) };
        vec![Tier::Hund(hund), Tier::Katze(Katze { name: "Mia".into() })]
    }

    async fn told(&self, status: Option<Status>, r#where: Option<Where>, note: Option<String>) -> String {
        let name = |status: Status| if status == Status::Active { "active" } else { "old" };
        let inner = |w: &Where| (w.status.map(name), w.text.clone());
        let any = r#where.as_ref().and_then(|w| w.any.as_ref()).map(|any| any.iter().map(inner).collect::<Vec<_>>());
        format!("{:?} {:?} {any:?} {note:?}", status.map(name), r#where.as_ref().map(inner))
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn rename(&self, id: String) -> Option<User> {
        id.parse().ok().map(User)
    }
}

/// The server, and the documents it was sent.
struct Remote {
    server: Server,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Remote {
    async fn start() -> Self {
        let schema = Schema::build(Query, Mutation, EmptySubscription).finish();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = asked.clone();
        let answer = async move |Json(request): Json<Request>| {
            heard.lock().expect("no panic").push(request.query.clone());
            Json(schema.execute(request).await)
        };
        let ids = get(async || Json(json!([{ "id": 3 }, { "id": 4 }, { "id": 6 }])));
        let router = Router::new().route("/graphql", post(answer)).route("/ids", ids);
        Self { server: upstream(router).await, asked }
    }

    /// The documents since the last look.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("no panic"))
    }

    async fn behind(&self, types: &str) -> Pleach {
        self.with(types, Config::default()).await
    }

    async fn with(&self, types: &str, config: Config) -> Pleach {
        let sdl = format!("{HEAD}{types}");
        let environment = [("UP", format!("http://{}", self.server.address()))];
        Pleach::of(&[("s.graphql", &sdl)], &environment, config).await
    }
}

const HEAD: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
  @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source", "@connect"])
  @source(name: "g", graphql: { url: "{$env.UP}/graphql" })
  @source(name: "h", http: { baseURL: "{$env.UP}" })
"#;

const USERS: &str = r#"
type Query {
  user(id: ID!): Person @connect(source: "g", graphql: { field: "user", args: "id: $args.id" },
    selection: "id name: nm friends { id name: nm } grid { id name: nm } ownerKey: owner.key")
  name(id: ID!): String @connect(source: "g", graphql: { field: "user", args: "id: $args.id" }, selection: "$.nm")
  fixed(id: ID!): Friend @connect(source: "g",
    graphql: { query: "query ($id: String!) { user(id: $id) { id nm } }", variables: "id: $args.id" },
    selection: "$.user { id name: nm }")
  keyed(id: ID!): Keyed @connect(source: "g", graphql: { field: "user", args: "id: $args.id" },
    selection: "id name: nm", entity: true)
}
type Mutation {
  rename(id: ID!): Friend @connect(source: "g", graphql: { field: "rename", args: "id: $args.id" }, selection: "id name: nm")
}
type Person { id: ID! name: String friends: [Friend!] grid: [[Friend!]!] ownerKey: Int }
type Friend { id: ID! name: String }
type Keyed @key(fields: "id") { id: ID! name: String }
"#;

#[tokio::test]
async fn a_root_field_asks_for_what_the_client_selects() {
    let remote = Remote::start().await;
    let pleach = remote.behind(USERS).await;
    let data = pleach.ask("{ user(id: \"1\") { name ownerKey } }").await.data();
    assert_eq!(data, json!({ "user": { "name": "user 1", "ownerKey": 1 } }));
    assert_eq!(remote.asked(), [r#"{ user(id: "1") { nm owner { key } } }"#]);

    let data = pleach.ask("{ name(id: \"2\") fixed(id: \"3\") { name } }").await.data();
    assert_eq!(data, json!({ "name": "user 2", "fixed": { "name": "user 3" } }));
    assert!(remote.asked().contains(&r#"{ user(id: "2") { nm } }"#.to_owned()));

    let data = pleach.ask("mutation { rename(id: \"2\") { id } }").await.data();
    assert_eq!(
        (data, remote.asked()),
        (json!({ "rename": { "id": "2" } }), vec![r#"mutation { rename(id: "2") { id } }"#.to_owned()])
    );

    let data = pleach.ask("{ keyed(id: \"2\") { name } }").await.data();
    assert_eq!(data, json!({ "keyed": { "name": "user 2" } }));
    assert_eq!(
        pleach.ask("{ user(id: \"5\") { __typename } }").await.data(),
        json!({ "user": { "__typename": "Person" } })
    );
}

#[tokio::test]
async fn aliases_and_nested_lists_get_what_each_selects() {
    let remote = Remote::start().await;
    let pleach = remote.behind(USERS).await;
    let query = "{ a: user(id: \"1\") { name friends { id } } b: user(id: \"1\") { id friends { name } } \
        c: user(id: \"2\") { grid { name } x: grid { id } } }";
    let data = pleach.ask(query).await.data();
    let names = |ids: &[u32]| ids.iter().map(|id| json!({ "name": format!("user {id}") })).collect::<Vec<_>>();
    let ids = |ids: &[u32]| ids.iter().map(|id| json!({ "id": id.to_string() })).collect::<Vec<_>>();
    assert_eq!(
        data,
        json!({
            "a": { "name": "user 1", "friends": ids(&[2, 3]) },
            "b": { "id": "1", "friends": names(&[2, 3]) },
            "c": { "grid": [names(&[1, 2]), [], names(&[3])], "x": [ids(&[1, 2]), [], ids(&[3])] },
        })
    );
}

#[tokio::test]
async fn types_and_their_fields_ask_for_what_answers_are_matched_by() {
    let remote = Remote::start().await;
    let types = r#"
        type Query { us: [U] @connect(source: "h", http: { GET: "/ids" }, selection: "id") }
        type U @key(fields: "id") @connect(source: "g", graphql: { field: "users", args: "ids: $batch.id->map(@->toString)" },
          selection: "id name: nm") {
          id: ID!
          name: String
          self: Person @connect(source: "g", graphql: { field: "user", args: "id: $this.id" }, selection: "id name: nm")
          label: String @connect(source: "g", graphql: { field: "users", args: "ids: $batch.id->map(@->toString)" },
            batch: { by: "owner.key" }, selection: "$.nm")
        }
        type Person { id: ID! name: String }
    "#;
    let pleach = remote.behind(types).await;
    let expect = |of: fn(u32) -> Value| json!({ "us": Vec::from([3, 4, 6].map(of)) });
    assert_eq!(pleach.ask("{ us { name } }").await.data(), expect(|id| json!({ "name": format!("user {id}") })));
    assert_eq!(remote.asked(), [r#"{ users(ids: ["3", "4", "6"]) { id nm } }"#]);
    let own = pleach.ask("{ us { self { name } } }").await.data();
    assert_eq!(own, expect(|id| json!({ "self": { "name": format!("user {id}") } })));
    assert!(remote.asked().contains(&r#"{ user(id: "4") { nm } }"#.to_owned()));
    assert_eq!(pleach.ask("{ us { label } }").await.data(), expect(|id| json!({ "label": format!("user {id}") })));
    assert_eq!(remote.asked(), [r#"{ users(ids: ["3", "4", "6"]) { nm owner { key } } }"#]);
}

const PAGES: &str = r#"
    type Query {
      people(first: Int, after: String): People @connect(source: "g",
        graphql: { field: "people", args: "limit: $page.limit after: $page.cursor" },
        paginate: { style: CURSOR, items: "$.items", next: "$.next", total: "$.total", size: 2 }, selection: "id name: nm secret")
      list(first: Int): [Person] @connect(source: "g",
        graphql: { field: "people", args: "limit: $page.limit after: $page.cursor" },
        paginate: { style: CURSOR, items: "$.items", next: "$.next", size: 2 }, selection: "id name: nm secret")
    }
    type People { edges: [Edge!]! nodes: [Person!]! pageInfo: PageInfo! totalCount: Int }
    type Edge { cursor: String! node: Person! }
    type PageInfo { hasNextPage: Boolean! endCursor: String }
    type Person { id: ID! name: String secret: String }
"#;

#[tokio::test]
async fn pages_are_asked_for_with_their_places_and_records() {
    let remote = Remote::start().await;
    let pleach = remote.behind(PAGES).await;
    let people = async |arguments: &str| {
        let query = format!(
            "{{ people{arguments} {{ totalCount edges {{ node {{ name }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        pleach.ask(&query).await.data()["people"].take()
    };
    let first = people("").await;
    assert_eq!(first["edges"][1], json!({ "node": { "name": "user 1" } }));
    assert_eq!(first["totalCount"], 5);
    assert_eq!(remote.asked(), ["{ people(limit: 2, after: null) { items { nm } total next } }"]);
    let last = people(&format!("(first: 3, after: {})", first["pageInfo"]["endCursor"])).await;
    assert_eq!(
        (&last["edges"][2]["node"]["name"], &last["pageInfo"]["hasNextPage"]),
        (&json!("user 4"), &json!(false))
    );
    let info = pleach.ask("{ people { pageInfo { hasNextPage } } list { id } }").await.data();
    assert_eq!(
        info,
        json!({ "people": { "pageInfo": { "hasNextPage": true } }, "list": [{ "id": "0" }, { "id": "1" }] })
    );
}

const PETS: &str = r#"
    type Query {
      pets: [Pet] @connect(source: "g", graphql: { field: "tiere" },
        selection: "... __typename->match(['Hund', { __typename: 'Dog', name: $.name, bark: $.bark }], ['Katze', { __typename: 'Cat', name: $.name }])")
      flat: [Pet] @connect(source: "g", graphql: { field: "tiere" },
        selection: "__typename: __typename->match(['Hund', 'Dog'], ['Katze', 'Cat']) name bark")
    }
    union Pet = Dog | Cat
    type Dog { name: String bark: String }
    type Cat { name: String }
"#;

#[tokio::test]
async fn fields_of_a_remote_union_are_asked_for_by_type() {
    let remote = Remote::start().await;
    let pleach = remote.behind(PETS).await;
    for field in ["pets", "flat"] {
        let query = format!("{{ {field} {{ ... on Dog {{ bark }} ... on Cat {{ name }} }} }}");
        assert_eq!(pleach.ask(&query).await.data(), json!({ field: [{ "bark": "wau" }, { "name": "Mia" }] }));
        let asked = remote.asked().pop().expect("a document");
        assert!(asked.contains("... on Hund { bark }") && asked.contains("... on Katze { name }"), "{asked}");
        let query = format!("{{ {field} {{ __typename ... on Dog {{ name }} }} }}");
        let expected = json!({ field: [{ "__typename": "Dog", "name": "Rex" }, { "__typename": "Cat" }] });
        assert_eq!(pleach.ask(&query).await.data(), expected);
    }
}

const TOLD: &str = r#"
    type Query {
      told(status: Status, where: Filter, note: String): String @connect(source: "g",
        graphql: { field: "told", args: "status: $args.status where: $args.where note: $args.note" }, selection: "$")
      all(status: Status, where: Filter): String @connect(source: "g", graphql: { field: "told", args: "$args" }, selection: "$")
      noted(status: Status): String @connect(source: "g",
        graphql: { field: "told", args: "note: $args.status->toString" }, selection: "$")
    }
    enum Status { ACTIVE OLD }
    input Filter { status: Status any: [Filter!] text: String }
"#;

#[tokio::test]
async fn enum_values_go_out_as_enum_values() {
    let remote = Remote::start().await;
    let pleach = remote.behind(TOLD).await;
    let arguments = r#"status: ACTIVE, where: { status: OLD, any: [{ status: ACTIVE, text: "OLD" }] }"#;
    let query = format!("{{ told({arguments}, note: \"ACTIVE\") all({arguments}) noted(status: OLD) }}");
    let data = pleach.ask(&query).await.data();
    let filter = r#"Some((Some("old"), None)) Some([(Some("active"), Some("OLD"))])"#;
    assert_eq!(data["told"], format!("Some(\"active\") {filter} Some(\"ACTIVE\")"));
    assert_eq!(data["all"], format!("Some(\"active\") {filter} None"));
    assert_eq!(data["noted"], r#"None None None Some("OLD")"#);
}

/// The path and code of each error, in order.
fn told(reply: &Reply) -> Vec<(String, String)> {
    let mut told: Vec<_> = reply
        .errors()
        .iter()
        .map(|error| (error["path"].to_string(), error["extensions"]["code"].as_str().unwrap_or_default().to_owned()))
        .collect();
    told.sort();
    told
}

fn hidden(paths: &[&str]) -> Vec<(String, String)> {
    paths.iter().map(|path| ((*path).to_owned(), "HIDDEN".to_owned())).collect()
}

#[tokio::test]
async fn errors_beside_data_stand_where_the_client_asked_for_what_failed() {
    let remote = Remote::start().await;
    let types = r#"
        type Query {
          user(id: ID!): Person @connect(source: "g", graphql: { field: "user", args: "id: $args.id" },
            selection: "id whisper: secret pals: friends { id whisper: secret }")
          fixed(id: ID!): Friend @connect(source: "g", selection: "$.u { id whisper: secret }",
            graphql: { query: "query ($id: String!) { u: user(id: $id) { id secret } }", variables: "id: $args.id" })
          us: [U] @connect(source: "h", http: { GET: "/ids" }, selection: "id")
        }
        type U @key(fields: "id") @connect(source: "g", graphql: { field: "users", args: "ids: $batch.id->map(@->toString)" },
          selection: "id whisper: secret") {
          id: ID!
          whisper: String
          mates: [Friend] @connect(source: "g", graphql: { field: "users", args: "ids: $batch.id->map(@->toString)" },
            batch: { by: "id" }, selection: "id whisper: secret")
        }
        type Person { id: ID! whisper: String pals: [Friend!] }
        type Friend { id: ID! whisper: String }
    "#;
    let pleach = remote.behind(types).await;
    let reply = pleach.ask(r#"{ a: user(id: "1") { id w: whisper pals { id whisper } } }"#).await;
    let pals = json!([{ "id": "2", "whisper": "secret 2" }, { "id": "3", "whisper": null }]);
    assert_eq!(reply.json()["data"], json!({ "a": { "id": "1", "w": null, "pals": pals } }));
    assert_eq!(told(&reply), hidden(&[r#"["a","pals",1,"whisper"]"#, r#"["a","w"]"#]));
    assert!(!reply.text().contains("no secret"), "masked: {}", reply.text());

    let reply = pleach.ask(r#"{ fixed(id: "1") { id whisper } }"#).await;
    assert_eq!(reply.json()["data"], json!({ "fixed": { "id": "1", "whisper": null } }));
    assert_eq!(told(&reply), hidden(&[r#"["fixed","whisper"]"#]));

    let reply = pleach.ask("{ us { id whisper mates { id whisper } } }").await;
    let us = |id: u32| {
        let whisper = id.is_multiple_of(2).then(|| format!("secret {id}"));
        json!({ "id": id.to_string(), "whisper": whisper, "mates": [{ "id": id.to_string(), "whisper": whisper }] })
    };
    assert_eq!(reply.json()["data"], json!({ "us": [us(3), us(4), us(6)] }));
    assert_eq!(told(&reply), hidden(&[r#"["us",0,"mates",0,"whisper"]"#, r#"["us",0,"whisper"]"#]));
}

#[tokio::test]
async fn errors_in_pages_stand_at_the_records() {
    let remote = Remote::start().await;
    let pleach = remote.behind(PAGES).await;
    let reply = pleach.ask("{ people { edges { node { id secret } } } list { id secret } }").await;
    let nodes = json!([{ "node": { "id": "0", "secret": "secret 0" } }, { "node": { "id": "1", "secret": null } }]);
    assert_eq!(reply.json()["data"]["people"]["edges"], nodes);
    assert_eq!(told(&reply), hidden(&[r#"["list",1,"secret"]"#, r#"["people","edges",1,"node","secret"]"#]));
    let reply = pleach.ask("{ people { edges { node { id secret } } nodes { id } } }").await;
    assert_eq!(told(&reply), hidden(&[r#"["people","edges",1,"node","secret"]"#]));
}

#[tokio::test]
async fn a_subgraph_s_address_and_headers_read_its_configuration() {
    let answer = async |headers: HeaderMap| {
        let tenant = headers.get("x-tenant").map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Json(json!({ "data": { "tenant": tenant } }))
    };
    let server = upstream(Router::new().route("/graphql", post(answer))).await;
    let sdl = r#"
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.11")
          @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source"])
          @source(name: "g", graphql: { url: "{$config.url}", subgraph: true, headers: [{ name: "x-tenant", value: "{$config.tenant}" }] })
        type Query { tenant: String }
    "#;
    let settings = json!({ "url": format!("http://{}/graphql", server.address()), "tenant": "acme" });
    let mut config = Config::default();
    let source = SourceConfig { config: settings.as_object().cloned().expect("an object"), ..SourceConfig::default() };
    config.sources.insert("s.g".into(), source);
    let pleach = Pleach::of(&[("s.graphql", sdl)], &[], config).await;
    assert_eq!(pleach.ask("{ tenant }").await.data(), json!({ "tenant": "acme" }));
}

#[tokio::test]
async fn an_object_whose_type_no_pair_says_is_null() {
    let remote = Remote::start().await;
    let types = r#"
        type Query {
          pets: [Pet] @connect(source: "h", http: { GET: "/ids" },
            selection: "... id->match([3, { __typename: 'Dog', name: 'Rex' }], [4, { __typename: 'Cat', name: 'Mia' }])")
        }
        union Pet = Dog | Cat
        type Dog { name: String }
        type Cat { name: String }
    "#;
    let pleach = remote.behind(types).await;
    let pets = json!([{ "__typename": "Dog" }, { "__typename": "Cat" }, null]);
    assert_eq!(pleach.ask("{ pets { __typename } }").await.data(), json!({ "pets": pets }));
}

#[tokio::test]
async fn what_is_mapped_of_a_failure_is_merged_over_what_is_known_of_it() {
    let remote = Remote::start().await;
    let types = r#"
        type Query {
          gone: Int @connect(source: "h", http: { GET: "/nowhere" }, selection: "$",
            errors: { message: "$('gone')", extensions: "code: 'GONE' http: { hint: 'h' }" })
        }
    "#;
    let mut config = Config::default();
    let shown = remote.with(types, config.clone()).await.ask("{ gone }").await.errors().remove(0);
    assert_eq!(
        (&shown["message"], &shown["extensions"]),
        (&json!("gone"), &json!({ "code": "GONE", "http": { "hint": "h" } }))
    );
    assert!(record::logged("GONE").iter().any(|line| line.contains("404")), "{:?}", record::logged("GONE"));
    config.errors.mask = Mask::Off;
    let shown = remote.with(types, config).await.ask("{ gone }").await.errors().remove(0);
    let connector = json!({ "coordinate": "Query.gone", "id": "Query.gone[0]" });
    let known =
        json!({ "code": "GONE", "service": "s", "connector": connector, "http": { "status": 404, "hint": "h" } });
    assert_eq!(shown["extensions"], known);
}
