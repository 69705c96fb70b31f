//! `SOURCE_PROTOCOL_COUNT`, `UNKNOWN_KEY`: each source has one protocol; one source at most is the
//! subgraph itself, which has no use for what connectors inherit.

use crate::graph::connect::model::SourceProtocol;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

use super::Context;

/// Exactly one protocol block a source, at most one `subgraph: true` a file.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    let mut remote = None;
    for source in context.sources {
        let name = source.name.as_ref().map_or("", |name| &name.value);
        match source.protocols[..] {
            [_] => {}
            // A key that is not known may be the protocol that is meant.
            [] if has_unknown_key(source.span, findings) => {}
            [] => {
                let message = format!("@source \"{name}\" has no protocol; exactly one is needed");
                let help = "add http, grpc, sql or graphql";
                findings.push(Diagnostic::error("SOURCE_PROTOCOL_COUNT", message).at(source.span).help(help));
            }
            [_, second, ..] => {
                let keys: Vec<_> = source.protocols.iter().map(|protocol| protocol.key()).collect();
                let message = format!("@source \"{name}\" has {}; exactly one protocol is needed", keys.join(" and "));
                let span = source.block.key(second.key()).map_or(source.span, |key| key.span);
                findings.push(Diagnostic::error("SOURCE_PROTOCOL_COUNT", message).at(span));
            }
        }
        let Some(spec) = &source.spec else { continue };
        if matches!(&spec.protocol, SourceProtocol::Graphql(graphql) if graphql.subgraph) {
            // Its answers are a subgraph's: their errors are placed as they are.
            for key in ["errors", "isSuccess"].into_iter().filter_map(|key| source.block.key(key)) {
                let message = format!("\"{}\" does not belong to a source with subgraph: true", key.value);
                let help = "a subgraph's own errors are passed on; connectors may say it themselves";
                findings.push(Diagnostic::error("UNKNOWN_KEY", message).at(key.span).help(help));
            }
            match remote {
                None => remote = Some(spec.name.span),
                Some(first) => {
                    let message = "a file is one subgraph, so only one source may have subgraph: true";
                    findings.push(
                        Diagnostic::error("SOURCE_PROTOCOL_COUNT", message)
                            .at(spec.name.span)
                            .label(first, "this one has it already"),
                    );
                }
            }
        }
    }
}

fn has_unknown_key(source: Span, findings: &[Diagnostic]) -> bool {
    let within = |span: Span| span.file == source.file && source.start <= span.start && span.end <= source.end;
    findings
        .iter()
        .any(|finding| finding.code == "UNKNOWN_KEY" && finding.labels.first().is_some_and(|label| within(label.span)))
}
