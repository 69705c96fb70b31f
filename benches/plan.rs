//! From operation to plan.
//!
//! `cargo bench --bench plan`

mod shop;

use divan::Bencher;
use pleach::gateway::plan::{PlanOptions, explain, plan};
use shop::{Asked, Shop};

fn main() {
    divan::main();
}

#[divan::bench(args = [Asked::Little, Asked::Much])]
fn make(bencher: Bencher, asked: Asked) {
    let shop = Shop::read();
    let (operation, options) = (shop.operation(asked.text()), PlanOptions::default());
    bencher.bench(|| plan(&shop.supergraph, &operation, &options).is_ok());
}

#[divan::bench]
fn tell(bencher: Bencher) {
    let shop = Shop::read();
    let plan = plan(&shop.supergraph, &shop.operation(Asked::Much.text()), &PlanOptions::default()).expect("a plan");
    bencher.bench(|| explain(&shop.supergraph, &plan));
}
