//! Any bytes: what is read of a document as a connector's mapping says is what `serde_json` reads there.
#![no_main]

#[path = "../../tests/support/extract_oracle.rs"]
mod extract_oracle;

libfuzzer_sys::fuzz_target!(|body: &[u8]| extract_oracle::compare(body));
