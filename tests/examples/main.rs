//! Every example runs: its graph has no findings, and it answers through a server that listens.

#[path = "../../examples/native/main.rs"]
#[expect(dead_code, reason = "a program, of which the tests call a part")]
mod native_program;
#[path = "../support/postgres.rs"]
mod postgres_server;
#[path = "../support/server_process.rs"]
mod server_process;
#[path = "../../examples/subgraphs/main.rs"]
#[expect(dead_code, reason = "a program, of which the tests call a part")]
mod subgraph_services;

mod harness;
mod load;
mod native;
mod postgres;
mod rest;
mod subgraphs;
