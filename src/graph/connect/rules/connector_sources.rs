//! `SOURCE_NAME_MISMATCH`, `NO_SOURCES_DEFINED`, `PROTOCOL_MISMATCH`, `SOURCE_UNUSED`.

use crate::graph::connect::model::{Protocol, SourceProtocol};
use crate::graph::connect::read::ConnectorDraft;
use crate::graph::connect::text::did_you_mean;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Spanned;

use super::Context;

/// A connector names a source of this file that speaks its protocol; every source is named.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for connector in context.connectors {
        check_source(context, connector, findings);
    }
    // A name that was not found may be a source's, misspelt.
    let all_found = context
        .connectors
        .iter()
        .all(|connector| connector.spec.source.is_some() || connector.block.value("source").is_none());
    for (index, source) in context.sources.iter().enumerate().filter(|_| all_found) {
        let used = context.connectors.iter().any(|connector| connector.spec.source == Some(index));
        let Some(spec) = source.spec.as_ref().filter(|_| !used) else { continue };
        // The same name twice is reported as such; the first one is the one that is found.
        let is_same = |name: &Spanned<Name>| name.value == spec.name.value;
        let repeated = context.sources[..index].iter().any(|earlier| earlier.name.as_ref().is_some_and(is_same));
        let is_subgraph = matches!(&spec.protocol, SourceProtocol::Graphql(graphql) if graphql.subgraph);
        if !is_subgraph && !repeated {
            let message = format!("no connector uses source \"{}\"", spec.name.value);
            findings.push(Diagnostic::warning("SOURCE_UNUSED", message).at(spec.name.span));
        }
    }
}

fn check_source(context: &Context<'_>, connector: &ConnectorDraft<'_>, findings: &mut Vec<Diagnostic>) {
    let place = &connector.spec.place;
    let Some(name) = connector.block.text("source") else {
        // HTTP without a source needs an absolute URL: see `urls`.
        let needs_source = connector.protocols.iter().find(|protocol| **protocol != Protocol::Http);
        if let Some(protocol) = needs_source {
            let span = connector.block.key(protocol.key()).map_or(connector.spec.span, |key| key.span);
            let message = format!("`@connect` on `{place}`: {} needs a source", protocol.key());
            findings.push(Diagnostic::error("SOURCE_NAME_MISMATCH", message).at(span).help("add source: \"name\""));
        }
        return;
    };
    let Some(source) = connector.spec.source.and_then(|index| context.sources.get(index)) else {
        if context.sources.is_empty() {
            let message = format!("`@connect(source: \"{}\")` on `{place}`: this file declares no source", name.value);
            let help = "add @source to the schema, in the same file";
            findings.push(Diagnostic::error("NO_SOURCES_DEFINED", message).at(name.span).help(help));
            return;
        }
        // A source without a name may be the one that is meant; that it has none is reported.
        if context.sources.iter().any(|source| source.name.as_ref().is_none_or(|name| name.value.is_empty())) {
            return;
        }
        let known = context.sources.iter().filter_map(|source| source.name.as_ref()).map(|known| &*known.value);
        let hint = did_you_mean(&name.value, known);
        let message = format!("`@connect(source: \"{}\")` on `{place}`: no such source in this file{hint}", name.value);
        findings.push(Diagnostic::error("SOURCE_NAME_MISMATCH", message).at(name.span));
        return;
    };
    if let ([used], [offered]) = (&connector.protocols[..], &source.protocols[..])
        && used != offered
    {
        let span = connector.block.key(used.key()).map_or(connector.spec.span, |key| key.span);
        let message = format!("connector uses {}, source \"{}\" is {}", used.key(), name.value, offered.key());
        findings.push(Diagnostic::error("PROTOCOL_MISMATCH", message).at(span).label(name.span, "the source"));
    }
}
