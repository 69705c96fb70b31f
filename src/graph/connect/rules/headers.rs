//! `INVALID_HEADER`, `HTTP_HEADER_NAME_COLLISION`.

use crate::graph::connect::model::{HeaderSpec, HeaderValue, RequestSpec, SourceProtocol};
use crate::graph::connect::text::inside;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Spanned;

use super::Context;

/// Headers that belong to the transport.
const RESERVED: [&str; 11] = [
    "connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "content-encoding",
    "accept-encoding",
    "keep-alive",
];
/// Headers that must not be copied from the client.
const BY_VALUE_ONLY: [&str; 3] = ["content-type", "accept", "host"];

/// Headers are allowed and given once each.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for source in context.sources.iter().filter_map(|source| source.spec.as_ref()) {
        let (headers, propagate) = match &source.protocol {
            SourceProtocol::Http(http) => (&http.headers, &http.propagate),
            SourceProtocol::Grpc(grpc) => (&grpc.metadata, &grpc.propagate),
            SourceProtocol::Graphql(graphql) => (&graphql.headers, &graphql.propagate),
            SourceProtocol::Sql(_) => continue,
        };
        check_headers(context, headers, findings);
        propagate.iter().for_each(|name| check_propagated(context, name, findings));
    }
    for connector in context.connectors {
        match &connector.spec.request {
            RequestSpec::Http(http) => check_headers(context, &http.headers, findings),
            RequestSpec::Grpc(grpc) => check_headers(context, &grpc.metadata, findings),
            _ => {}
        }
    }
}

fn check_headers(context: &Context<'_>, headers: &[HeaderSpec], findings: &mut Vec<Diagnostic>) {
    for (index, header) in headers.iter().enumerate() {
        check_name(context, &header.name, "", findings);
        let lower = header.name.value.to_ascii_lowercase();
        if let HeaderValue::From(from) = &header.value {
            check_name(context, from, "", findings);
            if BY_VALUE_ONLY.contains(&&*lower) {
                let message = format!("header \"{lower}\" can be set by value only");
                findings.push(Diagnostic::error("INVALID_HEADER", message).at(from.span));
            }
        }
        let same = |earlier: &&HeaderSpec| earlier.name.value.eq_ignore_ascii_case(&header.name.value);
        if let Some(first) = headers[..index].iter().find(same) {
            let message = format!("header \"{}\" is given twice", header.name.value);
            findings.push(
                Diagnostic::error("HTTP_HEADER_NAME_COLLISION", message)
                    .at(header.name.span)
                    .label(first.name.span, "given here first"),
            );
        }
    }
}

fn check_propagated(context: &Context<'_>, name: &Spanned<Name>, findings: &mut Vec<Diagnostic>) {
    check_name(context, name, "*", findings);
    let lower = name.value.to_ascii_lowercase();
    if BY_VALUE_ONLY.contains(&&*lower) {
        let message = format!("header \"{lower}\" cannot be propagated");
        findings.push(Diagnostic::error("INVALID_HEADER", message).at(name.span));
    }
}

/// Reports names that are no header names, or reserved. `wildcard` may end the name.
fn check_name(context: &Context<'_>, name: &Spanned<Name>, wildcard: &str, findings: &mut Vec<Diagnostic>) {
    let plain = name.value.strip_suffix('*').filter(|_| wildcard == "*").unwrap_or(&name.value);
    let wrong = |c: char| !c.is_ascii_alphanumeric() && !"!#$%&'*+-.^_`|~".contains(c) || c == '*';
    if let Some(at) = plain.find(wrong) {
        let length = plain[at..].chars().next().map_or(1, char::len_utf8);
        let message = format!("\"{}\" is not a header name", name.value);
        let span = inside(context.files, name.span, at..at + length);
        findings.push(Diagnostic::error("INVALID_HEADER", message).at(span));
    } else if plain.is_empty() {
        findings.push(Diagnostic::error("INVALID_HEADER", "a header needs a name").at(name.span));
    } else if RESERVED.iter().any(|reserved| plain.eq_ignore_ascii_case(reserved)) {
        let message = format!("header \"{}\" cannot be set", name.value);
        let help = "it belongs to the connection";
        findings.push(Diagnostic::error("INVALID_HEADER", message).at(name.span).help(help));
    }
}
