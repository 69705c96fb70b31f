//! One stage of a request, so many times: for counting instructions.
//!
//! `benches/instructions/check` runs it and compares the counts with those that were recorded.

#[path = "../shop/mod.rs"]
mod shop;

use std::hint::black_box;

use pleach::gateway::operation::normalize::normalize;
use pleach::gateway::operation::signature::signature;
use pleach::gateway::plan::{PlanOptions, plan};
use shop::execution::{Execution, ONE_LIST, THREE_SYSTEMS};
use shop::{Asked, Shop, TOKENS};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (stage, times) = (arguments.next(), arguments.next().and_then(|times| times.parse::<usize>().ok()));
    // `cargo test --all-targets` and `cargo bench` start this with arguments of their own.
    let (Some(stage), Some(times)) = (stage, times) else { return };
    let (name, asked) = match stage.split_once(':') {
        Some((name, "much")) => (name.to_owned(), Asked::Much),
        Some((name, _)) => (name.to_owned(), Asked::Little),
        None => (stage, Asked::Little),
    };
    let mut run = work(&name, asked);
    for _ in 0..times {
        run();
    }
}

/// The stage called `name`.
fn work(name: &str, asked: Asked) -> Box<dyn FnMut()> {
    let shop = Shop::read();
    let operation = shop.operation(asked.text());
    match name {
        "parse" => Box::new(move || drop(black_box(shop.api.validate(asked.text(), TOKENS)))),
        "normalise" => {
            let document = shop.api.validate(asked.text(), TOKENS).unwrap_or_else(|problems| panic!("{problems:?}"));
            Box::new(move || drop(black_box(normalize(&shop.supergraph, &document, None))))
        }
        "sign" => Box::new(move || drop(black_box(signature(&operation, &[])))),
        "plan" => {
            let options = PlanOptions::default();
            Box::new(move || drop(black_box(plan(&shop.supergraph, &operation, &options))))
        }
        "one-list" => executed(ONE_LIST),
        "three-systems" => executed(THREE_SYSTEMS),
        other => panic!("there is no stage {other}"),
    }
}

fn executed(operation: &str) -> Box<dyn FnMut()> {
    let execution = Execution::new(operation, 100);
    Box::new(move || drop(black_box(execution.run())))
}
