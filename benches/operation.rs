//! From text to operation: what a document costs that was never seen before.
//!
//! `cargo bench --bench operation`

mod shop;

use divan::Bencher;
use pleach::gateway::operation::normalize::normalize;
use pleach::gateway::operation::signature::signature;
use shop::{Asked, Shop, TOKENS};

fn main() {
    divan::main();
}

#[divan::bench(args = [Asked::Little, Asked::Much])]
fn parse_and_validate(bencher: Bencher, asked: Asked) {
    let shop = Shop::read();
    bencher.bench(|| shop.api.validate(asked.text(), TOKENS).is_ok());
}

#[divan::bench(args = [Asked::Little, Asked::Much])]
fn normalise(bencher: Bencher, asked: Asked) {
    let shop = Shop::read();
    let document = shop.api.validate(asked.text(), TOKENS).unwrap_or_else(|problems| panic!("{problems:?}"));
    bencher.bench(|| normalize(&shop.supergraph, &document, None).is_ok());
}

#[divan::bench(args = [Asked::Little, Asked::Much])]
fn sign(bencher: Bencher, asked: Asked) {
    let operation = Shop::read().operation(asked.text());
    bencher.bench(|| signature(&operation, &[]));
}
