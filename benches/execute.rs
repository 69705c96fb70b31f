//! From plan to answer: calls of sources that answer at once, scanning what they say, joining it,
//! and writing the response.
//!
//! `cargo bench --bench execute`

mod shop;

use divan::Bencher;
use divan::counter::BytesCount;
use shop::execution::{Execution, ONE_LIST, THREE_SYSTEMS};

fn main() {
    divan::main();
}

#[divan::bench(args = [10, 100, 1000])]
fn one_list(bencher: Bencher, length: usize) {
    measure(bencher, ONE_LIST, length);
}

#[divan::bench(args = [10, 100, 1000])]
fn three_systems(bencher: Bencher, length: usize) {
    measure(bencher, THREE_SYSTEMS, length);
}

fn measure(bencher: Bencher, operation: &str, length: usize) {
    let execution = Execution::new(operation, length);
    bencher.counter(BytesCount::new(execution.run().body.len())).bench(|| execution.run());
}
