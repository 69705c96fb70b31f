//! Every example runs: its graph has no findings, and it answers through a server that listens.

#[path = "../../examples/native/main.rs"]
#[allow(dead_code)]
mod native_program;
#[path = "../support/postgres.rs"]
mod postgres_server;
#[path = "../support/server_process.rs"]
mod server_process;
#[path = "../../examples/subgraphs/main.rs"]
#[allow(dead_code)]
mod subgraph_services;

mod harness;
mod load;
mod native;
mod postgres;
mod rest;
mod subgraphs;
