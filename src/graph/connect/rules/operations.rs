//! `VERB_NOT_ALLOWED_HERE`, `CONNECT_ON_ROOT`: which places a request may be made from.

use crate::graph::connect::model::{RequestSpec, SqlStatements};
use crate::graph::language::ast::OperationKind;
use crate::platform::base::diagnostic::Diagnostic;

use super::Context;

/// Root types are not fetched; subscriptions need a stream.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for connector in context.connectors {
        let spec = &connector.spec;
        if connector.field.is_none() && context.types.operation(connector.ty.name()).is_some() {
            let message = format!("{} is a root type; put @connect on its fields", spec.place);
            findings.push(Diagnostic::error("CONNECT_ON_ROOT", message).at(spec.span));
        }
        if !spec.place.is_root(OperationKind::Subscription) {
            continue;
        }
        let verb = match &spec.request {
            RequestSpec::Http(http) => http.verb.as_str(),
            RequestSpec::Grpc(_) => "call",
            RequestSpec::Sql(sql) if matches!(sql.statements, SqlStatements::Query(_)) => "query",
            RequestSpec::Sql(_) => "execute",
            RequestSpec::Graphql(_) => "graphql",
            RequestSpec::Computed => "selection",
        };
        let message = format!("\"{verb}\" answers once; {} is a Subscription field and needs a stream", spec.place);
        findings.push(Diagnostic::error("VERB_NOT_ALLOWED_HERE", message).at(spec.span));
    }
}
