//! The order of stages, the caches before them, and errors into answers.
//!
//! [`Gateway`] is the door: it holds the [`Snapshot`] in service, which a reload swaps. `run` names
//! the stages in order; `prepare` puts a cache before each of the two pure ones (document and
//! plan) and sends misses to the compute pool; `warmup` fills both before a reloaded snapshot takes
//! traffic; `labels` decides progressive overrides; `rescue` is the only place where errors become
//! responses.
//!
//! Invariants: a request sees one snapshot; what is wrong with one request never ends another.

mod compute_pool;
pub mod config;
mod gateway;
pub mod labels;
mod prepare;
mod rescue;
mod run;
mod snapshot;
mod warmup;
mod weight;

pub use gateway::Gateway;
pub use snapshot::{Snapshot, SnapshotParts};
