//! `@source` and `@connect` as checked data.
//!
//! Owns what the connect specification says: the keys its directives take (as SDL, [`SPEC_SDL`]),
//! their meaning as typed specs ([`ConnectedSubgraph`]), and the rules they must follow, each finding
//! at the smallest responsible place, inside strings too. For the planner it tells of each connector
//! what must be known before ([`ConnectSpec::inputs`]) and what it yields ([`ConnectSpec::output`]).
//!
//! Imports `mapping`, `link`, `language` and `platform/base`. Reads no files and asks no system:
//! Protobuf files are looked up through [`ProtoLoader`]. A key that is not implemented is refused as
//! unknown, never ignored.

mod arguments;
mod copied;
mod filled;
mod inputs;
mod keys;
pub mod model;
mod names;
mod output;
mod pages;
mod parts;
mod proto;
mod read;
mod remote;
mod rules;
mod sql;
mod subgraph;
mod text;
mod types;

pub use arguments::SPEC_SDL;
pub use model::{
    ConnectSpec, ConnectedSubgraph, FilledArgument, InputField, OutputField, Place, RequestSpec, SourceSpec,
};
pub use names::VERSION;
pub use proto::{ProtoError, ProtoField, ProtoKind, ProtoLoader, ProtoLookup, ProtoMethod};
pub use subgraph::read;
