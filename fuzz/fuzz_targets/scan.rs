//! Any bytes: the scanner neither panics nor reads anything else than `serde_json` does.
#![no_main]

#[path = "../../tests/support/scan_oracle.rs"]
mod scan_oracle;

libfuzzer_sys::fuzz_target!(|body: &[u8]| scan_oracle::compare(body));
