//! What must hold of sources and connectors beyond the form of their arguments. One family of
//! rules a file; [`RULES`] is the order in which they report.

mod batches;
mod connector_ids;
mod connector_sources;
mod coverage;
mod entities;
mod graphql;
mod grpc;
mod headers;
mod operations;
mod pagination;
mod references;
mod source_names;
mod source_protocols;
mod sql;
mod urls;
mod values;
mod variables;

use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

use super::names::Names;
use super::proto::ProtoLoader;
use super::read::{ConnectorDraft, SourceDraft};
use super::types::Types;

/// What a rule sees.
pub(super) struct Context<'a> {
    /// The files the document was read from.
    pub files: &'a SourceMap,
    /// The subgraph's types.
    pub types: &'a Types<'a>,
    /// What directives are called there.
    pub names: &'a Names,
    /// All `@source`s.
    pub sources: &'a [SourceDraft<'a>],
    /// All `@connect`s.
    pub connectors: &'a [ConnectorDraft<'a>],
    /// Compiles Protobuf files; without it calls are not checked.
    pub protos: Option<&'a dyn ProtoLoader>,
}

/// One family of rules.
pub(super) type Rule = fn(&Context<'_>, &mut Vec<Diagnostic>);

/// All rules, in the order they report.
pub(super) const RULES: [Rule; 18] = [
    source_names::check,
    source_protocols::check,
    connector_ids::check,
    connector_sources::check,
    operations::check,
    urls::check,
    headers::check,
    variables::check,
    references::check,
    values::check,
    entities::check,
    entities::check_required,
    batches::check,
    pagination::check,
    graphql::check,
    grpc::check,
    sql::check,
    coverage::check,
];
