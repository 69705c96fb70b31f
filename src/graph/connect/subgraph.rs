//! From a document to a connected subgraph.

use crate::graph::language::ast::{Directive, Document};
use crate::graph::link::Links;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

use super::arguments::{Checker, specification};
use super::model::{ConnectSpec, ConnectedSubgraph, Place, SourceProtocol};
use super::names::Names;
use super::proto::ProtoLoader;
use super::read::{ConnectorDraft, Reader, connectors, sources};
use super::rules::{Context, RULES};
use super::types::Types;

/// Reads the `@source`s and `@connect`s of subgraph `name` and checks them, all rules at once.
///
/// `None` when the document has none of them, or when there are errors. Without `protos`, gRPC calls
/// are not compared with their Protobuf files.
pub fn read(
    document: &Document,
    name: &str,
    links: &Links,
    files: &SourceMap,
    protos: Option<&dyn ProtoLoader>,
) -> (Option<ConnectedSubgraph>, Vec<Diagnostic>) {
    let (names, mut findings) = Names::of(links);
    let Some(names) = names else { return (None, findings) };
    let types = Types::of(document);
    check_arguments(&names, &types, &mut findings);
    findings.extend(names.used_by_prefix(links, &types));
    let mut reader = Reader { sources: files, types: &types, findings };
    let of_schema: Vec<&Directive> =
        types.schema_directives.iter().copied().filter(|directive| directive.name == names.source).collect();
    let sources = sources(&mut reader, &of_schema);
    let connectors = connectors(&mut reader, &names, &sources);
    let mut findings = reader.findings;
    let context = Context { files, types: &types, names: &names, sources: &sources, connectors: &connectors, protos };
    for rule in RULES {
        rule(&context, &mut findings);
    }
    findings.sort_by_key(|finding| finding.labels.first().map(|label| label.span));
    if findings.iter().any(Diagnostic::is_error) || (sources.is_empty() && connectors.is_empty()) {
        return (None, findings);
    }
    let sources: Vec<_> = sources.into_iter().filter_map(|source| source.spec).collect();
    let is_remote =
        |protocol: &SourceProtocol| matches!(protocol, SourceProtocol::Graphql(graphql) if graphql.subgraph);
    let remote = sources.iter().position(|source| is_remote(&source.protocol));
    let connectors = connectors.into_iter().filter_map(|connector| seen(&names, connector)).collect();
    (Some(ConnectedSubgraph { name: name.into(), sources, connectors, remote }), findings)
}

/// The connector, unless it is of what nobody sees. A field that is internal still looks its objects up.
fn seen(names: &Names, connector: ConnectorDraft<'_>) -> Option<ConnectSpec> {
    let ConnectorDraft { ty, field, mut spec, .. } = connector;
    let internal = field.map_or_else(|| names.is_internal_type(ty), |field| names.is_internal(ty, field));
    if !internal {
        return Some(spec);
    }
    let looked_up = field.filter(|_| spec.entity).map(|field| &field.ty.name().value)?;
    spec.place = Place::Type { on: looked_up.clone() };
    Some(spec)
}

fn check_arguments(names: &Names, types: &Types<'_>, findings: &mut Vec<Diagnostic>) {
    let specification = specification();
    let checker = Checker::new(&specification);
    for directive in types.schema_directives.iter().filter(|directive| directive.name == names.source) {
        checker.check("source", directive, findings);
    }
    for ty in types.iter() {
        let of_fields = ty.fields.iter().flat_map(|field| &field.directives);
        for directive in ty.directives.iter().copied().chain(of_fields) {
            if directive.name == names.connect {
                checker.check("connect", directive, findings);
            }
        }
    }
}
