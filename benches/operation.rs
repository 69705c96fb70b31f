//! From text to operation: what a document costs that was never seen before.
//!
//! `cargo bench --bench operation`

mod shop;

use divan::Bencher;
use pleach::gateway::operation::normalize::normalize;
use pleach::gateway::operation::signature::fingerprint;
use shop::{LARGE, SMALL, Shop, TOKENS};

fn main() {
    divan::main();
}

#[divan::bench(args = [("small", SMALL), ("large", LARGE)])]
fn parse_and_validate(bencher: Bencher, (_, text): (&str, &str)) {
    let shop = Shop::read();
    bencher.bench(|| shop.api.validate(text, TOKENS).is_ok());
}

#[divan::bench(args = [("small", SMALL), ("large", LARGE)])]
fn normalise(bencher: Bencher, (_, text): (&str, &str)) {
    let shop = Shop::read();
    let document = shop.api.validate(text, TOKENS).unwrap_or_else(|problems| panic!("{problems:?}"));
    bencher.bench(|| normalize(&shop.supergraph, &document, None).is_ok());
}

#[divan::bench(args = [("small", SMALL), ("large", LARGE)])]
fn sign(bencher: Bencher, (_, text): (&str, &str)) {
    let operation = Shop::read().operation(text);
    bencher.bench(|| fingerprint(&operation));
}
