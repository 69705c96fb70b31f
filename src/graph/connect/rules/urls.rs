//! `INVALID_URL`, `INVALID_URL_SCHEME`, `ABSOLUTE_CONNECT_URL_WITH_SOURCE`,
//! `RELATIVE_CONNECT_URL_WITHOUT_SOURCE`, `LITERAL_SECRET`.

use std::ops::Range;

use crate::graph::connect::model::{Protocol, RequestSpec, SourceProtocol};
use crate::graph::connect::read::ConnectorDraft;
use crate::graph::connect::text::inside;
use crate::graph::mapping::{Template, TemplatePiece};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Spanned;

use super::Context;

/// Addresses of sources are absolute, those of connectors fit their source.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for source in context.sources.iter().filter_map(|source| source.spec.as_ref()) {
        match &source.protocol {
            SourceProtocol::Http(http) => check_source(context, &http.base_url, Protocol::Http, findings),
            SourceProtocol::Grpc(grpc) => check_source(context, &grpc.url, Protocol::Grpc, findings),
            SourceProtocol::Sql(sql) => check_source(context, &sql.url, Protocol::Sql, findings),
            SourceProtocol::Graphql(graphql) => check_source(context, &graphql.url, Protocol::Graphql, findings),
        }
    }
    for connector in context.connectors {
        check_connector(context, connector, findings);
    }
}

/// What addresses of a protocol begin with.
fn schemes(protocol: Protocol) -> &'static [&'static str] {
    match protocol {
        Protocol::Http | Protocol::Graphql => &["http", "https"],
        Protocol::Grpc => &["grpc", "grpcs"],
        Protocol::Sql => &["postgres", "postgresql", "mysql", "sqlite"],
    }
}

fn check_source(context: &Context<'_>, url: &Spanned<Template>, protocol: Protocol, findings: &mut Vec<Diagnostic>) {
    // An address that begins with a hole is checked when it is known.
    let Some(TemplatePiece::Literal { text, range }) = url.value.pieces().first() else {
        if url.value.pieces().is_empty() {
            findings.push(Diagnostic::error("INVALID_URL", "an address must not be empty").at(url.span));
        }
        return;
    };
    check_password(context, text, range.start, url, findings);
    let known = schemes(protocol);
    let place = |length: usize| inside(context.files, url.span, range.start..range.start + length);
    let Some((scheme, rest)) = text.split_once(':') else {
        let message = format!("\"{text}\" is not an absolute address");
        let help = format!("it begins with {}", known.join(": or ") + ":");
        findings.push(Diagnostic::error("INVALID_URL", message).at(place(text.len())).help(help));
        return;
    };
    if !known.contains(&scheme) {
        let message = format!("\"{scheme}:\" must be {}", known.join(" or "));
        findings.push(Diagnostic::error("INVALID_URL_SCHEME", message).at(place(scheme.len())));
    } else if protocol != Protocol::Sql && !rest.starts_with("//") {
        findings.push(
            Diagnostic::error("INVALID_URL", format!("\"{scheme}:\" must be followed by //")).at(place(text.len())),
        );
    }
}

/// `scheme://user:password@host` with the password written out.
fn check_password(
    context: &Context<'_>,
    text: &str,
    start: usize,
    url: &Spanned<Template>,
    findings: &mut Vec<Diagnostic>,
) {
    let Some((scheme, rest)) = text.split_once("://") else { return };
    let authority = rest.split(['/', '?']).next().unwrap_or("");
    let Some((before, _)) = authority.rsplit_once('@') else { return };
    let Some((user, password)) = before.split_once(':').filter(|(_, password)| !password.is_empty()) else { return };
    let at = start + scheme.len() + "://".len() + user.len() + 1;
    let span = inside(context.files, url.span, at..at + password.len());
    let help = "write {$env.NAME} in its place";
    findings.push(Diagnostic::error("LITERAL_SECRET", "a password must come from $env").at(span).help(help));
}

fn check_connector(context: &Context<'_>, connector: &ConnectorDraft<'_>, findings: &mut Vec<Diagnostic>) {
    let RequestSpec::Http(http) = &connector.spec.request else { return };
    let whole = http.url.span;
    let begin = Beginning::of(&http.url.value);
    let source = connector.block.text("source");
    match (begin, source) {
        (Beginning::Absolute { .. }, Some(source)) => {
            let message = format!("an absolute URL, but the connector has source \"{}\"", source.value);
            let help = "keep the path, or leave the source out";
            findings.push(Diagnostic::error("ABSOLUTE_CONNECT_URL_WITH_SOURCE", message).at(whole).help(help));
        }
        (Beginning::Absolute { scheme, hole, host }, None) => {
            if !schemes(Protocol::Http).contains(&scheme) {
                let message = format!("\"{scheme}:\" must be http or https");
                let span = inside(context.files, whole, 0..scheme.len());
                findings.push(Diagnostic::error("INVALID_URL_SCHEME", message).at(span));
            }
            if let Some(hole) = hole {
                let message = "a hole before the path would let a value choose the server";
                let help = "declare a @source, whose baseURL may read $env";
                let span = inside(context.files, whole, hole);
                findings.push(Diagnostic::error("INVALID_URL", message).at(span).help(help));
            } else if !host {
                findings.push(Diagnostic::error("INVALID_URL", "the URL has no host").at(whole));
            }
        }
        (Beginning::Path, None) => {
            let message = "the URL is relative but the connector has no source";
            let help = "name a source, or write an absolute URL";
            findings.push(Diagnostic::error("RELATIVE_CONNECT_URL_WITHOUT_SOURCE", message).at(whole).help(help));
        }
        (Beginning::Other(range), _) => {
            let message = "the URL of a connector begins with / or ?, or is absolute";
            let span = inside(context.files, whole, range);
            findings.push(Diagnostic::error("INVALID_URL", message).at(span));
        }
        (Beginning::Path, Some(_)) => {}
    }
}

/// How a connector's URL begins.
enum Beginning<'t> {
    /// `https://host…`
    Absolute {
        /// What stands before the colon.
        scheme: &'t str,
        /// A hole before the path.
        hole: Option<Range<usize>>,
        /// Whether a host is written.
        host: bool,
    },
    /// `/…` or `?…`
    Path,
    /// Anything else, and where.
    Other(Range<usize>),
}

// === impl Beginning ===

impl<'t> Beginning<'t> {
    fn of(url: &'t Template) -> Self {
        let (text, range) = match url.pieces().first() {
            Some(TemplatePiece::Literal { text, range }) => (&text[..], range.clone()),
            Some(TemplatePiece::Hole(hole)) => return Self::Other(hole.range.clone()),
            None => return Self::Path,
        };
        if text.starts_with(['/', '?']) {
            return Self::Path;
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Self::Other(range.start..range.start + text.find(['/', '?']).unwrap_or(text.len()));
        };
        let end = rest.find(['/', '?']);
        let hole = url.holes().next().filter(|_| end.is_none()).map(|hole| hole.range.clone());
        Self::Absolute { scheme, hole, host: !end.map_or(rest, |end| &rest[..end]).is_empty() }
    }
}
