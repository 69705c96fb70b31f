//! `INVALID_URL_PROPERTY`, `INVALID_IS_SUCCESS`, `INVALID_ERRORS_MESSAGE`, `TYPE_MISMATCH`: each
//! mapping yields what its place needs. Only definite contradictions are errors.

use crate::graph::connect::copied::type_of;
use crate::graph::connect::parts::{self, Expression, Part};
use crate::graph::connect::read::ConnectorDraft;
use crate::graph::connect::text::inside;
use crate::graph::mapping::{Copied, Kinds, Reference, Shape, Variable};
use crate::platform::base::diagnostic::Diagnostic;

use super::Context;

/// Mappings yield the kind of value that is needed where they stand.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for source in context.sources.iter().filter_map(|source| source.spec.as_ref()) {
        parts::of_source(source).iter().for_each(|expression| check_one(context, expression, findings));
    }
    for connector in context.connectors {
        for expression in &parts::of_connector(&connector.spec) {
            check_one(context, expression, findings);
            check_copied(context, connector, expression, findings);
        }
        let Some(paginate) = &connector.spec.paginate else { continue };
        let parts = [
            ("items", &paginate.items, Kinds::ARRAY),
            ("total", &paginate.total, Kinds::NUMBER),
            ("hasNext", &paginate.has_next, Kinds::BOOLEAN),
            ("next", &paginate.next, Kinds::SCALAR),
        ];
        for (name, mapping, wanted) in parts {
            let Some(mapping) = mapping else { continue };
            let kinds = mapping.value.output().kinds();
            if !wanted.or(Kinds::NULL).intersects(kinds) {
                let message = format!("paginate.{name} needs {wanted}, this yields {kinds}");
                findings.push(Diagnostic::error("TYPE_MISMATCH", message).at(mapping.span));
            }
        }
    }
}

/// The kinds a part may yield, and the code if it does not.
fn wanted(part: Part) -> Option<(Kinds, &'static str)> {
    let object = Kinds::OBJECT.or(Kinds::NULL);
    Some(match part {
        Part::SourceUrl | Part::Url => (Kinds::SCALAR, "INVALID_URL"),
        Part::Header => (Kinds::SCALAR, "INVALID_HEADER"),
        Part::Path => (Kinds::ARRAY.or(Kinds::NULL), "INVALID_URL_PROPERTY"),
        Part::QueryParams => (object, "INVALID_URL_PROPERTY"),
        Part::Variables | Part::Message => (object, "TYPE_MISMATCH"),
        Part::IsSuccess => (Kinds::BOOLEAN, "INVALID_IS_SUCCESS"),
        Part::ErrorsMessage => (Kinds::STRING.or(Kinds::NULL), "INVALID_ERRORS_MESSAGE"),
        Part::ErrorsExtensions => (object, "INVALID_ERRORS_MESSAGE"),
        Part::By => (Kinds::SCALAR.or(Kinds::OBJECT), "INVALID_MAPPING"),
        // `path` and `queryParams` of a source are told apart by what they are; see the runtime.
        Part::Body | Part::Query | Part::Execute | Part::Selection | Part::Pages => return None,
    })
}

fn check_one(context: &Context<'_>, expression: &Expression<'_>, findings: &mut Vec<Diagnostic>) {
    let Some((wanted, code)) = wanted(expression.part) else { return };
    let shape = expression.mapping.output();
    // A list of items yields an object, whatever it is read from.
    let kinds = if expression.mapping.is_items() { Kinds::OBJECT } else { shape.kinds() };
    if !wanted.intersects(kinds) && expression.mapping.is_items() {
        let message = format!("{} must yield {wanted}, this yields an object", expression.part.name());
        let help = "a lone key makes an object of itself; $.key is its value";
        findings.push(Diagnostic::error(code, message).at(expression.literal).help(help));
        return;
    }
    if !wanted.intersects(kinds) {
        let message = format!("{} must yield {wanted}, this yields {kinds}", expression.part.name());
        findings.push(Diagnostic::error(code, message).at(expression.literal));
        return;
    }
    if expression.part != Part::QueryParams {
        return;
    }
    let Some(object) = shape.object() else { return };
    for field in &object.fields {
        let nested = matches!(field.shape, Shape::Selected(_)) || field.shape.kinds() == Kinds::OBJECT;
        if nested {
            let message = format!("query parameter \"{}\" must be a scalar or a list of scalars", field.name);
            let span = inside(context.files, expression.literal, field.value_range.clone());
            findings.push(Diagnostic::error(code, message).at(span));
        }
    }
}

/// Arguments and fields that are copied into a URL or a header are scalars there.
fn check_copied(
    context: &Context<'_>,
    connector: &ConnectorDraft<'_>,
    expression: &Expression<'_>,
    findings: &mut Vec<Diagnostic>,
) {
    let shape = expression.mapping.output();
    let known = |copied: &Copied| type_of(context.types, connector.ty, connector.field, copied);
    match expression.part {
        Part::Url | Part::Header => {
            let Shape::Copied(copied) = shape else { return };
            let Some(ty) = known(copied).filter(|ty| ty.list || is_composite(context, ty.name)) else { return };
            let code = if expression.part == Part::Url { "INVALID_URL" } else { "INVALID_HEADER" };
            let what = if ty.list { "a list" } else { "an object" };
            let message =
                format!("a hole of {} must yield a scalar, {} is {what}", expression.part.name(), written(copied));
            let range =
                expression.mapping.references().of(copied.variable.unwrap_or(Variable::Args)).map(Reference::range);
            let span = inside(context.files, expression.literal, range.unwrap_or(0..0));
            let finding = Diagnostic::error(code, message).at(span);
            findings.push(if ty.list { finding.help("such as ->joinNotNull(',')") } else { finding });
        }
        Part::Path => {
            let Shape::Copied(copied) = shape else { return };
            let Some(ty) = known(copied) else { return };
            if !ty.list || is_composite(context, ty.name) {
                let what = if ty.list { "a list of objects" } else { "no list" };
                let message = format!("path must yield a list of scalars, {} is {what}", written(copied));
                findings.push(Diagnostic::error("INVALID_URL_PROPERTY", message).at(expression.literal));
            }
        }
        Part::QueryParams => {
            for field in shape.object().map(|object| &object.fields[..]).unwrap_or_default() {
                let Shape::Copied(copied) = &field.shape else { continue };
                if let Some(ty) = known(copied).filter(|ty| is_composite(context, ty.name)) {
                    let what = if ty.list { "objects" } else { "an object" };
                    let message =
                        format!("query parameter \"{}\" must be a scalar or a list of scalars, not {what}", field.name);
                    let span = inside(context.files, expression.literal, field.value_range.clone());
                    findings.push(Diagnostic::error("INVALID_URL_PROPERTY", message).at(span));
                }
            }
        }
        _ => {}
    }
}

fn is_composite(context: &Context<'_>, name: &str) -> bool {
    !context.types.is_leaf(name)
}

fn written(copied: &Copied) -> String {
    let variable = copied.variable.map_or("$", Variable::as_str);
    format!("{variable}.{}", parts::names(&copied.path))
}
