//! What every tier above stands on: a few shared nouns, the outbound network, telemetry.

pub mod base;
pub mod net;
pub mod telemetry;
