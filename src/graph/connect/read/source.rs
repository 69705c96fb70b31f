//! `@source`.

use crate::graph::language::ast::Directive;
use crate::platform::base::Name;
use crate::platform::base::span::{Span, Spanned};

use crate::graph::connect::arguments::Block;
use crate::graph::connect::model::{
    GraphqlSource, GrpcSource, HttpSource, Protocol, SourceProtocol, SourceSpec, SqlSource,
};

use super::reader::Reader;

/// A `@source` as far as it could be understood.
#[derive(Debug)]
pub struct SourceDraft<'a> {
    /// Its arguments.
    pub block: Block<'a>,
    /// The name, if there is one.
    pub name: Option<Spanned<Name>>,
    /// The protocols it has blocks for.
    pub protocols: Vec<Protocol>,
    /// The whole of it, if it could be understood.
    pub spec: Option<SourceSpec>,
    /// The directive.
    pub span: Span,
}

/// Reads the `@source`s among the schema's directives.
pub fn sources<'a>(reader: &mut Reader<'a>, directives: &[&'a Directive]) -> Vec<SourceDraft<'a>> {
    directives.iter().map(|directive| source(reader, directive)).collect()
}

fn source<'a>(reader: &mut Reader<'a>, directive: &'a Directive) -> SourceDraft<'a> {
    let block = Block::of(directive);
    let name = block.text("name");
    let protocols: Vec<Protocol> =
        Protocol::ALL.into_iter().filter(|protocol| block.value(protocol.key()).is_some()).collect();
    let protocol = match protocols[..] {
        [protocol] => block.block(protocol.key()).and_then(|block| read_protocol(reader, protocol, &block)),
        _ => None,
    };
    let errors = reader.errors(&block);
    let is_success = reader.mapping(&block, "isSuccess", "INVALID_IS_SUCCESS");
    let timeout = reader.timeout(&block);
    let spec = name.clone().zip(protocol).map(|(name, protocol)| SourceSpec {
        name,
        protocol,
        errors,
        is_success,
        timeout,
        span: directive.span,
    });
    SourceDraft { block, name, protocols, spec, span: directive.span }
}

fn read_protocol(reader: &mut Reader<'_>, protocol: Protocol, block: &Block<'_>) -> Option<SourceProtocol> {
    let propagate = block.texts("propagate");
    Some(match protocol {
        Protocol::Http => {
            let base_url = reader.template(block, "baseURL", "INVALID_URL");
            let headers = reader.headers(block, "headers");
            let path = reader.mapping(block, "path", "INVALID_URL_PROPERTY");
            let query_params = reader.mapping(block, "queryParams", "INVALID_URL_PROPERTY");
            SourceProtocol::Http(HttpSource { base_url: base_url?, headers, path, query_params, propagate })
        }
        Protocol::Grpc => {
            let url = reader.template(block, "url", "INVALID_URL");
            let metadata = reader.headers(block, "metadata");
            SourceProtocol::Grpc(GrpcSource { url: url?, proto: block.texts("proto"), metadata, propagate })
        }
        Protocol::Sql => SourceProtocol::Sql(SqlSource { url: reader.template(block, "url", "INVALID_URL")? }),
        Protocol::Graphql => {
            let url = reader.template(block, "url", "INVALID_URL");
            let headers = reader.headers(block, "headers");
            let subgraph = block.boolean("subgraph").unwrap_or(false);
            SourceProtocol::Graphql(GraphqlSource { url: url?, subgraph, headers, propagate })
        }
    })
}
