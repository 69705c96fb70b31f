//! What lookups cost beside `_entities`: the calls of one fetch written, their answers scanned and put
//! in order, by a source that answers at once.
//!
//! `cargo bench --bench lookup`

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use divan::Bencher;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use pleach::graph::compose::{ComposeOptions, SubgraphInput, compose};
use pleach::graph::federation::ids::{SubgraphId, TypeId};
use pleach::platform::base::deadline::Deadline;
use pleach::platform::base::span::SourceMap;
use pleach::sources::contract::{Call, CallContext, FetchRequest, OperationMemory, RequestFacts, Source, SourceError};
use pleach::sources::lookup::{LookupSource, Lookups, MAX_ALIASES};
use pleach::sources::rows::scan::scan_graphql;
use pleach::sources::rows::shape::{
    FieldShape, Leaf, ListShape, ObjectShape, RowShape, SiteId, SlotIndex, Typing, ValueKind, ValueShape,
};
use pleach::sources::rows::slot::Rows;
use serde_json::{Value, json};

const SDL: &str = r#"
extend schema @link(url: "https://specs.graphql.org/composite-schemas/v1.0", import: ["@lookup"])
type Query {
  product(id: ID!): Product @lookup
}
type Product {
  id: ID!
  name: String
  price: Float
  inStock: Boolean
  size: Int
}
"#;

const DOCUMENT: &str = "query($representations:[_Any!]!){_entities(representations:$representations)\
    {...on Product{name price inStock size}}}";
const FIELDS: [&str; 4] = ["name", "price", "inStock", "size"];

fn main() {
    divan::main();
}

/// Each object an alias.
#[divan::bench(args = [1, 10, 50, 1000])]
fn lookups(bencher: Bencher, rows: usize) {
    let mut files = SourceMap::new();
    let file = files.add("products.graphql", SDL);
    let input = SubgraphInput { name: "products".into(), url: "".into(), file };
    let composed = compose(&files, &[input], &ComposeOptions::default()).supergraph.expect("a supergraph");
    let found = Lookups::of(&composed.supergraph, SubgraphId(0)).expect("lookups");
    let data: Value = (0..rows.min(MAX_ALIASES)).map(|index| (format!("e{index}"), product(index))).collect();
    measure(bencher, &LookupSource::new(canned(data), found, MAX_ALIASES), rows);
}

/// The same objects as one list of entities.
#[divan::bench(args = [1, 10, 50, 1000])]
fn entities(bencher: Bencher, rows: usize) {
    let data = json!({ "_entities": (0..rows).map(product).collect::<Value>() });
    measure(bencher, &*canned(data), rows);
}

fn product(index: usize) -> Value {
    json!({ "name": format!("product {index}"), "price": 12.5, "inStock": true, "size": index })
}

fn measure(bencher: Bencher, source: &dyn Source, rows: usize) {
    let representations: Vec<Value> =
        (0..rows).map(|id| json!({ "__typename": "Product", "id": id.to_string() })).collect();
    let request = FetchRequest {
        call: Call::Graphql {
            document: DOCUMENT.into(),
            operation_name: None,
            variables: json!({ "representations": representations }).to_string().into(),
            mutation: false,
        },
        shape: Arc::new(shape()),
        expected: vec![rows as u32],
        first: Default::default(),
    };
    let context = CallContext {
        deadline: Deadline::after(Duration::from_secs(3600)),
        facts: Arc::new(RequestFacts::default()),
        memory: OperationMemory::default(),
    };
    let run = || source.fetch(&request, &context).now_or_never().expect("an answer at once").expect("rows");
    bencher.bench(run);
}

fn shape() -> RowShape {
    let field = |(slot, key): (usize, &&str)| FieldShape {
        key: (*key).into(),
        slot: SlotIndex(slot as u32),
        value: ValueShape { lists: 0, kind: ValueKind::Leaf(Leaf::Custom) },
    };
    let object = ObjectShape {
        site: SiteId(0),
        slots: FIELDS.len() as u32,
        typing: Typing::Fixed(TypeId(0)),
        fields: FIELDS.iter().enumerate().map(field).collect(),
        record: false,
        interned: false,
    };
    RowShape::Lists(vec![ListShape { key: "_entities".into(), object, types: [TypeId(0)].into_iter().collect() }])
}

/// A source that always answers the same.
struct Canned(Bytes);

fn canned(data: Value) -> Arc<Canned> {
    Arc::new(Canned(Bytes::from(json!({ "data": data }).to_string())))
}

// === impl Canned ===

impl Source for Canned {
    fn name(&self) -> &str {
        "canned"
    }

    fn fetch<'a>(&'a self, request: &'a FetchRequest, _: &'a CallContext) -> BoxFuture<'a, Result<Rows, SourceError>> {
        let rows = scan_graphql(&self.0, &request.shape, &request.expected).map_err(SourceError::from);
        std::future::ready(rows).boxed()
    }
}
