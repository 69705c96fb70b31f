//! The words one request is spoken in. No behaviour of a stage lives here.

pub mod context;
pub mod error;
pub mod principal;
pub mod request;
pub mod response;
