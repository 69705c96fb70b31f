//! `VARIABLE_NOT_ALLOWED`: which variables a mapping may read where it stands.

use std::ops::Range;

use crate::graph::connect::model::{PageStyle, Place, RequestSpec, SqlStatements};
use crate::graph::connect::parts::{self, Expression, Part};
use crate::graph::connect::read::ConnectorDraft;
use crate::graph::connect::text::{did_you_mean, key_inside};
use crate::graph::mapping::{Reference, Variable};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

use super::Context;

/// Each mapping reads only what there is at its place.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for source in context.sources.iter().filter_map(|source| source.spec.as_ref()) {
        for expression in parts::of_source(source) {
            check_one(context, &expression, &|variable| refused_on_source(expression.part, variable), findings);
        }
    }
    for connector in context.connectors {
        for expression in parts::of_connector(&connector.spec) {
            let refused = |variable| refused_on_connector(connector, expression.part, variable);
            check_one(context, &expression, &refused, findings);
        }
    }
}

fn check_one(
    context: &Context<'_>,
    expression: &Expression<'_>,
    refused: &dyn Fn(Option<Variable>) -> Option<String>,
    findings: &mut Vec<Diagnostic>,
) {
    let references = expression.mapping.references();
    let place = |range| key_inside(context.files, expression.literal, range);
    if let Some((input, message)) = references.input.as_ref().zip(refused(None)) {
        let (key, first) = input.keys.first().map_or(("name", input), |(key, below)| (&**key, below));
        let help = format!("there is no answer to read; an argument is $args.{key}");
        let code = code_without_input(expression.part);
        findings.push(Diagnostic::error(code, message).at(place(first.range())).help(help));
    }
    for (variable, reference) in &references.variables {
        match refused(Some(*variable)) {
            Some(message) => {
                findings.push(Diagnostic::error("VARIABLE_NOT_ALLOWED", message).at(place(reference.range())));
            }
            None => findings.extend(unknown_keys(*variable, reference, &place)),
        }
    }
}

/// The code for reading `$` where there is no input.
fn code_without_input(part: Part) -> &'static str {
    match part {
        Part::Body => "INVALID_BODY",
        Part::Url | Part::SourceUrl => "INVALID_URL",
        Part::Path | Part::QueryParams => "INVALID_URL_PROPERTY",
        Part::Header => "INVALID_HEADER",
        Part::Selection => "INVALID_SELECTION",
        _ => "INVALID_MAPPING",
    }
}

fn refused_on_source(part: Part, variable: Option<Variable>) -> Option<String> {
    use Variable::{Auth, Config, Env, Now, Request, Response, Status};
    let allowed = match (part, variable) {
        (_, Some(Env | Config)) => true,
        (Part::SourceUrl, _) => false,
        (_, Some(Request | Auth | Now)) => true,
        (_, None | Some(Status | Response)) => !part.is_request(),
        _ => false,
    };
    (!allowed).then(|| not_available(part, variable))
}

fn refused_on_connector(connector: &ConnectorDraft<'_>, part: Part, variable: Option<Variable>) -> Option<String> {
    use Variable::{Args, Auth, Batch, Config, Env, Now, Page, Request, Response, Results, Status, This};
    let spec = &connector.spec;
    let is_root = matches!(spec.place, Place::Root { .. });
    let computed = connector.request_known && matches!(spec.request, RequestSpec::Computed);
    let executes =
        matches!(&spec.request, RequestSpec::Sql(sql) if matches!(sql.statements, SqlStatements::Execute(_)));
    match variable {
        Some(Env | Config | Auth | Request | Now) => None,
        Some(Args) => match connector.field {
            None => Some(format!("$args is not available on a type; {} has no arguments", spec.place)),
            Some(field) if field.arguments.is_empty() => {
                Some(format!("$args is not available: {} has no arguments", spec.place))
            }
            Some(_) => None,
        },
        Some(This) if is_root => Some(format!("$this is not available on a root field: {} has no parent", spec.place)),
        Some(This) => None,
        Some(Batch) if is_root => {
            Some(format!("$batch is not available on a root field: {} has no parent", spec.place))
        }
        Some(Batch) => None,
        Some(Page) if spec.paginate.is_none() => Some("$page is available with paginate only".to_owned()),
        Some(Page) => None,
        Some(Results) if executes => None,
        Some(Results) => Some("$results is available with execute only".to_owned()),
        None | Some(Status | Response) if part.is_request() => Some(not_available(part, variable)),
        None | Some(Status | Response) if computed => {
            let name = variable.map_or("$", Variable::as_str);
            Some(format!("{name} is not available: without a protocol nothing is asked"))
        }
        None | Some(Status | Response) => None,
        Some(_) => Some(not_available(part, variable)),
    }
}

fn not_available(part: Part, variable: Option<Variable>) -> String {
    let name = variable.map_or("$", Variable::as_str);
    format!("{name} is not available in {}", part.name())
}

/// Variables whose keys are fixed.
fn unknown_keys(variable: Variable, reference: &Reference, place: &dyn Fn(Range<usize>) -> Span) -> Vec<Diagnostic> {
    let known: &[&str] = match variable {
        Variable::Auth => &["claims", "scopes"],
        Variable::Request => &["headers"],
        Variable::Response => &["headers", "trailers", "error", "errors"],
        Variable::Page => &["limit", "offset", "number", "cursor", "after"],
        _ => return Vec::new(),
    };
    let unknown = reference.keys.iter().filter(|(key, _)| !known.contains(&&***key));
    let findings = unknown.map(|(key, below)| {
        let message = format!("{} has no \"{key}\"{}", variable.as_str(), did_you_mean(key, known.iter().copied()));
        let help = format!("it has {}", known.join(", "));
        Diagnostic::error("UNDEFINED_FIELD", message).at(place(below.range())).help(help)
    });
    findings.collect()
}

/// The key of `$page` each style fills, beside `limit`.
pub(super) fn page_key(style: PageStyle) -> &'static str {
    match style {
        PageStyle::Offset => "offset",
        PageStyle::Page => "number",
        PageStyle::Cursor => "cursor",
        PageStyle::Seek => "after",
    }
}
