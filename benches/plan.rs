//! From operation to plan.
//!
//! `cargo bench --bench plan`

mod shop;

use divan::Bencher;
use pleach::gateway::plan::{PlanOptions, explain, plan};
use shop::{LARGE, SMALL, Shop};

fn main() {
    divan::main();
}

#[divan::bench(args = [("small", SMALL), ("large", LARGE)])]
fn make(bencher: Bencher, (_, text): (&str, &str)) {
    let shop = Shop::read();
    let (operation, options) = (shop.operation(text), PlanOptions::default());
    bencher.bench(|| plan(&shop.supergraph, &operation, &options).is_ok());
}

#[divan::bench]
fn tell(bencher: Bencher) {
    let shop = Shop::read();
    let plan = plan(&shop.supergraph, &shop.operation(LARGE), &PlanOptions::default()).expect("a plan");
    bencher.bench(|| explain(&shop.supergraph, &plan));
}
