//! The gRPC protocol of connectors (connect language §3.2): `.proto` files are compiled here, in
//! process, and messages are dynamic. No code is generated and no `protoc` is needed.

mod client;
mod codec;
mod descriptors;
mod files;
mod json;
mod protocol;
mod status;

pub use client::{GrpcAddress, GrpcClient};
pub use descriptors::{Descriptors, Method, MethodError, ProtoError};
pub use files::ProtoFiles;
pub use protocol::GrpcProtocol;
