//! A listening Pleach, spoken to over HTTP, before real systems: the demo's own and small ones that
//! each test starts on loopback.

mod demo;
mod harness;
mod http;
mod limits;
mod oracle;
mod partial;
mod record;
mod world;
