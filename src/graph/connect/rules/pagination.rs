//! `PAGINATION_SHAPE`, `PAGINATION_NO_BACKWARD`: pages of a list.

use crate::graph::connect::arguments::Block;
use crate::graph::connect::model::{PageStyle, PaginateSpec, RequestSpec, SqlStatements};
use crate::graph::connect::pages;
use crate::graph::connect::parts;
use crate::graph::connect::read::ConnectorDraft;
use crate::graph::connect::text::key_inside;
use crate::graph::mapping::{Fragment, SqlPiece, Variable};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

use super::Context;
use super::variables::page_key;

/// A field with `paginate` has the types for it, and the style has what it needs.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for connector in context.connectors {
        let Some(block) = connector.block.block("paginate") else { continue };
        let span = connector.block.key("paginate").map_or(connector.spec.span, |key| key.span);
        let Some(paginate) = &connector.spec.paginate else { continue };
        check_type(context, connector, span, findings);
        check_style(connector, paginate, &block, span, findings);
        check_backward(connector, paginate, findings);
        check_page_keys(context, connector, paginate, findings);
        check_asks(connector, paginate, span, findings);
        if paginate.size > paginate.max_size {
            let message = format!("size {} is more than maxSize {}", paginate.size, paginate.max_size);
            let span = block.value("size").or_else(|| block.value("maxSize")).map_or(span, |value| value.span);
            findings.push(Diagnostic::error("PAGINATION_SHAPE", message).at(span));
        }
    }
}

fn check_type(context: &Context<'_>, connector: &ConnectorDraft<'_>, span: Span, findings: &mut Vec<Diagnostic>) {
    let Some(field) = connector.field else {
        let message = format!("paginate stands on fields; {} is a type", connector.spec.place);
        findings.push(Diagnostic::error("PAGINATION_SHAPE", message).at(span));
        return;
    };
    if field.ty.is_list() {
        return;
    }
    if let Err(lack) = pages::connection(context.types, &field.ty.name().value) {
        let help = "paginate yields a list, or a Relay connection: edges { cursor node } and pageInfo";
        findings.push(
            Diagnostic::error("PAGINATION_SHAPE", lack).at(field.ty.name().span).label(span, "for this").help(help),
        );
    }
}

fn check_style(
    connector: &ConnectorDraft<'_>,
    paginate: &PaginateSpec,
    block: &Block<'_>,
    span: Span,
    findings: &mut Vec<Diagnostic>,
) {
    let style = paginate.style;
    let shape = |message: String, span: Span| Diagnostic::error("PAGINATION_SHAPE", message).at(span);
    if style == PageStyle::Cursor && block.value("next").is_none() {
        findings.push(shape("style CURSOR needs next, the cursor of the next page".into(), span));
    }
    if style == PageStyle::Seek {
        if block.texts("key").is_empty() {
            let finding = shape("style SEEK needs key, the sort columns".into(), span);
            findings.push(finding.help("such as key: [\"createdAt desc\", \"id\"]; the last one is unique"));
        }
        if connector.request_known && !matches!(connector.spec.request, RequestSpec::Sql(_)) {
            findings.push(shape("style SEEK works with sql only".into(), span));
        }
    }
    let foreign = [("next", style == PageStyle::Cursor), ("key", style == PageStyle::Seek)];
    for (key, belongs) in foreign {
        if let Some(key) = block.key(key).filter(|_| !belongs) {
            findings.push(shape(format!("\"{}\" does not belong to style {}", key.value, style.as_str()), key.span));
        }
    }
}

/// `last` and `before` need a way to go backwards.
fn check_backward(connector: &ConnectorDraft<'_>, paginate: &PaginateSpec, findings: &mut Vec<Diagnostic>) {
    let possible = match paginate.style {
        PageStyle::Offset | PageStyle::Page => {
            connector.block.block("paginate").is_some_and(|block| block.value("total").is_some())
        }
        PageStyle::Cursor => false,
        PageStyle::Seek => true,
    };
    let Some(field) = connector.field.filter(|_| !possible) else { return };
    for argument in field.arguments.iter().filter(|argument| matches!(&*argument.name.value, "last" | "before")) {
        let message = format!(
            "argument \"{}\" of {} asks for earlier pages, which style {} cannot give",
            argument.name.value,
            connector.spec.place,
            paginate.style.as_str()
        );
        let mut finding = Diagnostic::error("PAGINATION_NO_BACKWARD", message).at(argument.name.span);
        if paginate.style != PageStyle::Cursor {
            finding = finding.help("say total, or remove the argument");
        }
        findings.push(finding);
    }
}

/// The request asks for the page; one for many keys at once has no pages of each.
fn check_asks(connector: &ConnectorDraft<'_>, paginate: &PaginateSpec, span: Span, findings: &mut Vec<Diagnostic>) {
    let mut report = |message: String, help: String| {
        findings.push(Diagnostic::error("PAGINATION_SHAPE", message).at(span).help(help));
    };
    if connector.spec.batch.is_some() {
        let message = "$batch asks for many keys in one call, whose pages cannot be told apart";
        return report(message.into(), "read $this, and the pages of each object are asked for".into());
    }
    if !connector.request_known {
        return;
    }
    let own = page_key(paginate.style);
    let reads = parts::uses(&connector.spec, Variable::Page)
        .iter()
        .any(|(expression, page)| expression.part.is_request() && (page.whole || page.key(own).is_some()));
    if paginate.style != PageStyle::Seek {
        if !reads {
            let message = format!("the request does not read $page.{own}, so each page would be the first");
            report(message, format!("style {} has $page.{own} and $page.limit", paginate.style.as_str()));
        }
        return;
    }
    let RequestSpec::Sql(sql) = &connector.spec.request else { return };
    let SqlStatements::Query(query) = &sql.statements else { return };
    let has = |wanted: Fragment| {
        query
            .value
            .pieces()
            .iter()
            .any(|piece| matches!(piece, SqlPiece::Fragment { fragment, .. } if *fragment == wanted))
    };
    if !has(Fragment::Seek) && !reads {
        let message = "the query does not have {%seek}, so each page would be the first";
        report(message.into(), "such as WHERE {%seek} ORDER BY {%orderBy} LIMIT {$page.limit}".into());
    } else if has(Fragment::Seek) && !has(Fragment::OrderBy) {
        let message = "the query does not have {%orderBy}, so {%seek} may begin anywhere";
        report(message.into(), "such as WHERE {%seek} ORDER BY {%orderBy} LIMIT {$page.limit}".into());
    }
}

/// `$page` has what the style fills.
fn check_page_keys(
    context: &Context<'_>,
    connector: &ConnectorDraft<'_>,
    paginate: &PaginateSpec,
    findings: &mut Vec<Diagnostic>,
) {
    let own = page_key(paginate.style);
    for (expression, reference) in parts::uses(&connector.spec, Variable::Page) {
        for (key, below) in &reference.keys {
            let filled_by_another = ["offset", "number", "cursor", "after"].contains(&&**key) && &**key != own;
            if filled_by_another {
                let message = format!("$page.{key} is not available with style {}", paginate.style.as_str());
                let span = key_inside(context.files, expression.literal, below.range());
                let help = format!("it has $page.{own} and $page.limit");
                findings.push(Diagnostic::error("VARIABLE_NOT_ALLOWED", message).at(span).help(help));
            }
        }
    }
}
