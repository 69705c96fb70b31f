//! A listening Pleach, spoken to over HTTP, before real systems: the demo's own and small ones that
//! each test starts on loopback.

mod arguments;
mod auth;
mod changes;
mod composed;
mod composite;
mod connected_lookups;
mod contract;
mod demo;
mod graphql;
mod harness;
mod http;
mod labels;
mod library;
mod limits;
mod mistakes;
mod oracle;
mod pages;
mod partial;
mod record;
mod reload;
mod world;
