//! Planning and joining change nothing: random operations over all five systems answer the same as a
//! naive execution over the same data.
//!
//! `PLEACH_ORACLE_CASES` says how many operations are tried (200), `PLEACH_ORACLE_SEED` which one is
//! the first.

mod generate;
mod naive;
mod schema;

use serde_json::{Value, json};

use crate::harness::{Demo, Reply};
use crate::world::World;
use generate::{Dice, Generator, Operation, Pool};
use naive::{Asker, Naive};

/// Nobody, and callers who may see more and more.
const ASKERS: [Option<Asker>; 4] = [
    None,
    Some(Asker { subject: "u1002", scopes: "" }),
    Some(Asker { subject: "u1001", scopes: "users:read" }),
    Some(Asker { subject: "u1001", scopes: "users:read users:read:pii" }),
];

struct Oracle {
    demo: Demo,
    world: World,
    pool: Pool,
}

// === impl Oracle ===

impl Oracle {
    async fn start() -> Self {
        let demo = Demo::with(|config| {
            config.limits.complexity = u64::MAX;
            config.limits.aliases = 1_000;
            config.limits.root_fields = 1_000;
        })
        .await;
        let world = World::read().await;
        let token = demo.token_of("u1001", "users:read");
        let cursors = async |field: &str| {
            let query = format!("{{ {field}(first: 30) {{ edges {{ cursor }} }} }}");
            let data = demo.ask_as(&token, &query).await.data();
            let edges = data[field]["edges"].as_array().expect("edges").clone();
            edges.iter().map(|edge| edge["cursor"].as_str().expect("a cursor").to_owned()).collect::<Vec<_>>()
        };
        let column = |records: &[Value], key: &str| -> Vec<String> {
            let texts = records.iter().map(|record| record[key].as_str().expect("text").to_owned());
            texts.chain(["unknown".to_owned()]).collect()
        };
        let pool = Pool {
            users: column(&world.users, "id"),
            products: column(&world.products, "id"),
            skus: column(&world.products, "sku"),
            orders: column(&world.orders, "id"),
            products_after: cursors("products").await,
            users_after: cursors("users").await,
        };
        Self { demo, world, pool }
    }

    async fn ask(&self, asker: Option<&Asker>, operation: &Operation) -> Reply {
        let body = json!({ "query": operation.text(), "variables": operation.variables() });
        match asker {
            None => self.demo.post(&body, &[]).await,
            Some(asker) => {
                let token = self.demo.token_of(asker.subject, asker.scopes);
                self.demo.post(&body, &[("authorization", &format!("Bearer {token}"))]).await
            }
        }
    }

    /// What is different, if anything is.
    async fn difference(&self, asker: Option<&Asker>, operation: &Operation) -> Option<String> {
        let (world, pool) = (&self.world, &self.pool);
        let mut naive = Naive { world, pool, asker, operation, denied: Vec::new() };
        let expected = naive.data();
        let reply = self.ask(asker, operation).await;
        let answer = reply.json();
        if answer.get("data") != Some(&expected) {
            return Some(format!("the answer is\n{answer:#}\nbut should be\n{expected:#}"));
        }
        // Of many errors a response lists a hundred.
        let truncated = naive.denied.len() > 100;
        let unexpected = reply.errors().into_iter().find(|error| match error["extensions"]["code"].as_str() {
            Some("UNAUTHORIZED_FIELD_OR_TYPE") => !naive.denied.contains(&error["path"]),
            Some("ERRORS_TRUNCATED") => !truncated,
            _ => true,
        });
        if let Some(error) = unexpected {
            return Some(format!("no error is expected at this place: {error}\ndenied are {:?}", naive.denied));
        }
        (reply.errors().is_empty() != naive.denied.is_empty())
            .then(|| format!("{:?} are denied, but the errors are {:?}", naive.denied, reply.errors()))
    }

    /// Leaves out whatever can be left out of an operation that fails.
    async fn smallest(&self, asker: Option<&Asker>, mut operation: Operation) -> (Operation, String) {
        let mut told = self.difference(asker, &operation).await.unwrap_or_default();
        'again: loop {
            for smaller in operation.smaller() {
                if let Some(difference) = self.difference(asker, &smaller).await {
                    (operation, told) = (smaller, difference);
                    continue 'again;
                }
            }
            return (operation, told);
        }
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[tokio::test]
async fn random_operations_answer_as_a_naive_execution_does() {
    let oracle = Oracle::start().await;
    let first = setting("PLEACH_ORACLE_SEED", 1);
    let cases = setting("PLEACH_ORACLE_CASES", 200);
    let (mut fields_seen, mut failures) = (0, Vec::new());
    for seed in first..first + cases {
        let operation = Generator::new(seed, &oracle.pool).operation();
        let asker = ASKERS[Dice(!seed).below(ASKERS.len())].as_ref();
        fields_seen += operation.text().lines().count();
        if oracle.difference(asker, &operation).await.is_some() {
            let (smallest, told) = oracle.smallest(asker, operation).await;
            let variables = Value::Object(smallest.variables());
            failures.push(format!("seed {seed}, asked by {asker:?}:\n{}{variables}\n{told}", smallest.text()));
        }
        if failures.len() >= 5 {
            break;
        }
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n\n"));
    assert!(fields_seen as u64 >= cases * 10, "the operations are too small to say anything: {fields_seen}");
}
