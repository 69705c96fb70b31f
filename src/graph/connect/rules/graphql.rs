//! `GRAPHQL_ERROR`, `VERB_NOT_ALLOWED_HERE`, `INVALID_MAPPING`: what a plain GraphQL server is sent.

use crate::graph::connect::model::{GraphqlRequest, Place, RequestSpec};
use crate::graph::connect::read::ConnectorDraft;
use crate::graph::connect::text::inside;
use crate::graph::language::ast::OperationKind;
use crate::graph::language::parse::executable_text;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Spanned;

use super::Context;

/// A remote field has a name; a document is one operation that may be run where it stands.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for connector in context.connectors {
        match &connector.spec.request {
            RequestSpec::Graphql(GraphqlRequest::Field { field, .. }) if !is_name(&field.value) => {
                let message = format!("\"{}\" is not the name of a field", field.value);
                findings.push(Diagnostic::error("INVALID_MAPPING", message).at(field.span));
            }
            RequestSpec::Graphql(GraphqlRequest::Query { query, .. }) => {
                check_document(context, connector, query, findings);
            }
            _ => {}
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn check_document(
    context: &Context<'_>,
    connector: &ConnectorDraft<'_>,
    query: &Spanned<Name>,
    findings: &mut Vec<Diagnostic>,
) {
    let document = match executable_text(&query.value) {
        Ok(document) => document,
        Err(errors) => {
            findings.extend(errors.into_iter().map(|error| {
                let range =
                    error.labels.first().map_or(0..0, |label| label.span.start as usize..label.span.end as usize);
                let message = format!("query: {}", error.message);
                Diagnostic::error("GRAPHQL_ERROR", message).at(inside(context.files, query.span, range))
            }));
            return;
        }
    };
    let operation = match &document.operations[..] {
        [operation] => operation,
        [] => {
            findings.push(Diagnostic::error("GRAPHQL_ERROR", "query: there is no operation").at(query.span));
            return;
        }
        [_, second, ..] => {
            let range = second.span.start as usize..second.span.end as usize;
            let message = "query: there are several operations; a server would not know which one to run";
            findings.push(Diagnostic::error("GRAPHQL_ERROR", message).at(inside(context.files, query.span, range)));
            return;
        }
    };
    let writes = matches!(connector.spec.place, Place::Root { operation: OperationKind::Mutation, .. });
    let allowed = match operation.kind {
        OperationKind::Query => true,
        OperationKind::Mutation => writes,
        OperationKind::Subscription => false,
    };
    if !allowed {
        let kind = operation.kind.as_str();
        let message = match operation.kind {
            OperationKind::Subscription => "query: a subscription has no answer that ends".to_owned(),
            _ => format!("query: a {kind} belongs on a mutation field; {} is none", connector.spec.place),
        };
        let start = operation.span.start as usize;
        let span = inside(context.files, query.span, start..start + kind.len());
        findings.push(Diagnostic::error("VERB_NOT_ALLOWED_HERE", message).at(span));
    }
}
