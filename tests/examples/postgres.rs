//! `examples/postgres`: on PostgreSQL the demo answers what it answers on SQLite.

use pleach::app::server::Server;
use pleach::cli::demo::showcase::SHOWCASES;
use pleach::cli::demo::token::{DemoIssuer, SCOPES, SUBJECT};
use pleach::cli::demo::{DemoSystems, settings};
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};

use crate::harness::{ask, assert_clean, file, serve};
use crate::postgres_server::PostgresServer;

const CONFIG: &str = "examples/postgres/pleach.yaml";
const KETTLE: &str = "7a1c0000-0000-4000-8000-000000000001";

/// The two databases, and a server with the demo's graph on each of them.
struct Both {
    sqlite: Server,
    postgres: Server,
    token: String,
    systems: DemoSystems,
    _database: PostgresServer,
}

/// One server for all facts, since it takes a second to start.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_answers_what_sqlite_answers() {
    let Some(both) = Both::start().await else { return };
    keys_of_every_kind_are_found(&both).await;
    pages_follow_each_other(&both).await;
    for showcase in SHOWCASES {
        both.agree(showcase.query).await;
    }
    orders_are_placed_and_cancelled(&both).await;
    products_are_changed(&both).await;
    drop(both.systems);
}

async fn pages_follow_each_other(both: &Both) {
    let sqlite = both.all_products(&both.sqlite).await;
    assert_eq!(sqlite.len(), 60);
    assert_eq!(both.all_products(&both.postgres).await, sqlite);
}

async fn keys_of_every_kind_are_found(both: &Both) {
    both.agree(
        "{ categories { id name slug parent { name parent { id } } children { name } products(first: 3) { name } } }",
    )
    .await;
    both.agree(&format!("{{ product(id: \"{KETTLE}\") {{ id sku description weightGrams category {{ name }} }} }}"))
        .await;
    both.agree("{ productBySku(sku: \"KIT-KNIFE\") { name shippingQuote(zip: \"24103\") { days price { amount } } } }")
        .await;
    both.agree("{ productBySku(sku: \"none\") { name } }").await;
    both.agree("{ me { orders { edges { node { id placedAt lines { quantity unitPrice { amount } } } } } } }").await;
}

async fn orders_are_placed_and_cancelled(both: &Both) {
    let place = |reference: &str, product: &str| {
        let lines = format!("{{ productId: \"{product}\", quantity: 3 }}, {{ productId: \"{KETTLE}\", quantity: 1 }}");
        format!(
            "mutation {{ placeOrder(input: {{ clientRef: \"{reference}\", currency: \"EUR\", lines: [{lines}] }}) \
             {{ id status total {{ amount }} lines {{ quantity product {{ name }} unitPrice {{ amount }} }} }} }}"
        )
    };
    let knife = KETTLE.replace("01", "02");
    let placed = both.agree(&place("first", &knife)).await;
    for answer in &placed {
        assert_eq!(answer["data"]["placeOrder"]["total"]["amount"], "331.90", "{answer:#}");
    }
    // The same reference again, and a product that nobody sells: nothing is written.
    for refused in [place("first", &knife), place("second", &KETTLE.replace("0001", "9999"))] {
        let [_, answer] = both.agree(&refused).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "ORDER_REFUSED", "{answer:#}");
    }
    both.agree(&place("second", &knife)).await;
    for (server, answer) in [&both.sqlite, &both.postgres].into_iter().zip(placed) {
        let id = &answer["data"]["placeOrder"]["id"];
        let cancel = format!("mutation {{ cancelOrder(id: {id}) {{ status total {{ amount }} }} }}");
        let answer = both.ask_one(server, &cancel).await;
        assert_eq!(answer["data"]["cancelOrder"], json!({ "status": "CANCELLED", "total": { "amount": "331.90" } }));
        let again = both.ask_one(server, &cancel).await;
        assert_eq!(again["errors"][0]["extensions"]["code"], "NOT_CANCELLABLE", "{again:#}");
    }
}

async fn products_are_changed(both: &Both) {
    let update = |patch: &str| {
        format!(
            "mutation {{ updateProduct(id: \"{KETTLE}\", patch: {{ {patch} }}) {{ name price {{ amount }} weightGrams }} }}"
        )
    };
    both.agree(&update("name: \"Kettle\"")).await;
    both.agree(&update("price: \"70.50\", weightGrams: 1000")).await;
    // The database refuses; its words are not shown, the author's are.
    let [_, answer] = both.agree(&update("price: \"-1\"")).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "PRODUCT_UNCHANGED", "{answer:#}");
    both.agree(&format!("{{ product(id: \"{KETTLE}\") {{ name price {{ amount }} }} }}")).await;
}

// === impl Both ===

impl Both {
    async fn start() -> Option<Self> {
        let database = PostgresServer::start()?;
        let url = database.url();
        let systems = DemoSystems::start().await.unwrap();
        let issuer = DemoIssuer::new();
        let secret = issuer.auth().jwt.unwrap().issuers[0].keys[0].secret.clone().unwrap();
        let mut environment = systems.environment();
        environment.insert("CATALOGUE_DB_URL".into(), fill(&url, "catalogue").await);
        environment.insert("ORDERS_DB_URL".into(), fill(&url, "orders").await);
        environment.insert("TOKEN_SECRET".into(), secret.reveal().to_owned());
        assert_clean(CONFIG, &environment);
        Some(Self {
            sqlite: Server::start(settings(&systems, &issuer, 0), Vec::new()).await.unwrap(),
            postgres: serve(CONFIG, environment).await,
            token: format!("Bearer {}", issuer.token(SUBJECT, SCOPES).unwrap()),
            systems,
            _database: database,
        })
    }

    async fn ask_one(&self, server: &Server, query: &str) -> Value {
        ask(server.address(), query, &[("authorization", &self.token)]).await
    }

    async fn ask(&self, query: &str) -> [Value; 2] {
        [self.ask_one(&self.sqlite, query).await, self.ask_one(&self.postgres, query).await]
    }

    /// Follows the cursors of one server to the end; each server signs its own.
    async fn all_products(&self, server: &Server) -> Vec<Value> {
        let mut products = Vec::new();
        let mut after = Value::Null;
        loop {
            let page = format!(
                "{{ products(first: 25, after: {after}) {{ edges {{ node {{ id createdAt }} }} pageInfo {{ endCursor }} }} }}"
            );
            let answer = self.ask_one(server, &page).await;
            let edges = answer["data"]["products"]["edges"].as_array().unwrap_or_else(|| panic!("{answer:#}"));
            if edges.is_empty() {
                return products;
            }
            products.extend(edges.iter().cloned());
            after = answer["data"]["products"]["pageInfo"]["endCursor"].clone();
        }
    }

    /// Asks both, and compares all but the ids that a database chose itself.
    async fn agree(&self, query: &str) -> [Value; 2] {
        let answers = self.ask(query).await;
        let [sqlite, postgres] = answers.clone().map(without_new_ids);
        assert_eq!(postgres, sqlite, "{query}");
        answers
    }
}

fn without_new_ids(mut answer: Value) -> Value {
    if let Some(order) = answer.pointer_mut("/data/placeOrder/id") {
        assert!(order.as_str().is_some_and(|id| id.len() >= 32), "{order}");
        *order = Value::Null;
    }
    answer
}

/// Makes a database of the repository's migrations, and tells its URL.
async fn fill(server: &str, name: &'static str) -> String {
    execute(server, format!("CREATE DATABASE {name}")).await;
    let url = format!("{}/{name}", server.strip_suffix("/postgres").unwrap());
    for script in ["postgres/0001_tables.sql", "data.sql"] {
        let path = file("migrations/demo").join(name).join(script);
        execute(&url, std::fs::read_to_string(path).unwrap()).await;
    }
    url
}

async fn execute(url: &str, script: String) {
    let mut connection = connect(&url.parse().unwrap()).await;
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut connection).await.unwrap();
}

/// A server that listens may still be starting.
async fn connect(options: &PgConnectOptions) -> PgConnection {
    for _ in 0..100 {
        match options.connect().await {
            Ok(connection) => return connection,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
        }
    }
    panic!("the server accepts no connection");
}
