//! A request's way through Pleach: who asks, what, how to fetch it, and the answer.

pub mod auth;
pub mod exchange;
pub mod execute;
pub mod limits;
pub mod operation;
pub mod pipeline;
pub mod plan;
