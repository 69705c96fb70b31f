//! Sources against real servers of each protocol: what is asked of them, and what becomes of their
//! answers.

mod direct;
mod gone;
mod graphql;
mod grpc;
mod harness;
mod http;
mod lookup;
#[path = "../support/mariadb.rs"]
mod mariadb_server;
mod mysql;
mod native;
mod paging;
mod postgres;
#[path = "../support/postgres.rs"]
mod postgres_server;
mod scan;
mod seek;
#[path = "../support/server_process.rs"]
mod server_process;
mod sqlite;
