//! `INVALID_URL_PROPERTY`, `INVALID_IS_SUCCESS`, `INVALID_ERRORS_MESSAGE`, `TYPE_MISMATCH`: each
//! mapping yields what its place needs. Only definite contradictions are errors.

use crate::graph::connect::model::{GraphqlRequest, RequestSpec};
use crate::graph::connect::parts::{self, Expression, Part};
use crate::graph::connect::text::inside;
use crate::graph::mapping::{Kinds, Shape};
use crate::platform::base::diagnostic::Diagnostic;

use super::Context;

/// Mappings yield the kind of value that is needed where they stand.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for source in context.sources.iter().filter_map(|source| source.spec.as_ref()) {
        parts::of_source(source).iter().for_each(|expression| check_one(context, expression, findings));
    }
    for connector in context.connectors {
        parts::of_connector(&connector.spec).iter().for_each(|expression| check_one(context, expression, findings));
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
        if let RequestSpec::Graphql(GraphqlRequest::Field { field, .. }) = &connector.spec.request
            && !is_name(&field.value)
        {
            let message = format!("\"{}\" is not the name of a field", field.value);
            findings.push(Diagnostic::error("INVALID_MAPPING", message).at(field.span));
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
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
