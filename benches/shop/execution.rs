//! An execution without a network: systems that answer at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use pleach::gateway::execute::{Budgets, ErrorPolicy, ExecuteContext, Response, execute};
use pleach::gateway::plan::model::Plan;
use pleach::gateway::plan::{PlanOptions, plan};
use pleach::platform::base::deadline::Deadline;
use pleach::platform::base::id::IdVec;
use pleach::sources::contract::{Call, CallContext, FetchRequest, OperationMemory, RequestFacts, Source, SourceError};
use pleach::sources::rows::scan::scan_graphql_from;
use pleach::sources::rows::slot::Rows;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use super::Shop;

/// One list: what is scanned is nearly what is written.
pub const ONE_LIST: &str = "{ topProducts { upc name price weight } }";
/// A list from one system, and two fields from each of two others, by the keys of the first.
pub const THREE_SYSTEMS: &str = "{ topProducts { upc name inStock reviews { id body author { username } } } }";

/// An operation, planned, and all that it takes to execute it.
pub struct Execution {
    context: ExecuteContext,
    plan: Arc<Plan>,
    runtime: Runtime,
}

// === impl Execution ===

impl Execution {
    /// Of lists of `length` products.
    ///
    /// # Panics
    /// When the operation cannot be answered.
    pub fn new(operation: &str, length: usize) -> Self {
        let shop = Shop::read();
        let plan = plan(&shop.supergraph, &shop.operation(operation), &PlanOptions::default()).expect("a plan");
        let answers = answers(length);
        let sources: IdVec<_, Arc<dyn Source>> = shop
            .supergraph
            .subgraphs
            .iter()
            .map(|subgraph| {
                let body = answers.get(&*subgraph.name).cloned().unwrap_or_default();
                Arc::new(Canned { name: subgraph.name.to_string(), body }) as Arc<dyn Source>
            })
            .collect();
        let context = ExecuteContext {
            supergraph: shop.supergraph.clone(),
            sources: Arc::new(sources),
            call: CallContext {
                deadline: Deadline::after(Duration::from_secs(3600)),
                facts: Arc::new(RequestFacts::default()),
                memory: OperationMemory::default(),
            },
            errors: ErrorPolicy::default(),
            budgets: Budgets::default(),
            introspection: Vec::new(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let execution = Self { context, plan: Arc::new(plan), runtime };
        let response = execution.run();
        assert_eq!(response.errors, 0, "{}", String::from_utf8_lossy(&response.body));
        execution
    }

    /// Executes it once.
    pub fn run(&self) -> Response {
        self.runtime.block_on(execute(&self.context, &self.plan, &Map::new()))
    }
}

/// What each system answers, whatever it is asked: as many rows as there are products.
fn answers(length: usize) -> BTreeMap<&'static str, Bytes> {
    let rows = |row: &dyn Fn(usize) -> Value| (0..length).map(row).collect::<Vec<_>>();
    let body = |data: Value| Bytes::from(json!({ "data": data }).to_string());
    let products =
        rows(&|n| json!({ "upc": n.to_string(), "name": format!("Product {n}"), "price": 899, "weight": 100 }));
    let stock = rows(&|n| json!({ "inStock": n % 3 == 0 }));
    let reviews = rows(&|n| {
        let review =
            |k: usize| json!({ "id": format!("{n}-{k}"), "body": "Good, all in all", "author": { "username": "ada" } });
        json!({ "reviews": [review(0), review(1)] })
    });
    [
        ("products", body(json!({ "topProducts": products }))),
        ("inventory", body(json!({ "_entities": stock }))),
        ("reviews", body(json!({ "_entities": reviews }))),
    ]
    .into()
}

/// A system that answers at once, always the same.
struct Canned {
    name: String,
    body: Bytes,
}

impl Source for Canned {
    fn name(&self) -> &str {
        &self.name
    }

    fn fetch<'a>(&'a self, request: &'a FetchRequest, _: &'a CallContext) -> BoxFuture<'a, Result<Rows, SourceError>> {
        let rows = match &request.call {
            Call::Graphql { .. } => {
                scan_graphql_from(request.first, &self.body, &request.shape, &request.expected).map_err(Into::into)
            }
            Call::Connector { .. } => Err(SourceError::new("UNEXPECTED_CALL", "no subgraph here has connectors")),
        };
        std::future::ready(rows).boxed()
    }
}
