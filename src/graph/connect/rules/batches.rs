//! `CONNECT_BATCH_AND_THIS`, `BATCH_NEEDS_BY`, `CONNECTORS_BATCH_KEY_NOT_IN_SELECTION`,
//! `CONNECTORS_NON_ROOT_BATCH_KEY`: many keys in one call, and how answers find them again.

use crate::graph::connect::model::{BatchMatch, BatchSpec, OutputField, Place};
use crate::graph::connect::parts;
use crate::graph::connect::read::ConnectorDraft;
use crate::graph::connect::text::inside;
use crate::graph::mapping::{Copied, Shape, Variable};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

use super::Context;

/// A batched connector tells which answer belongs to which key.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for connector in context.connectors {
        // Root fields have no keys: see `variables`.
        if matches!(connector.spec.place, Place::Root { .. }) && connector.spec.batch.is_some() {
            continue;
        }
        let Some(batch) = &connector.spec.batch else {
            check_unused(connector, findings);
            continue;
        };
        if let Some((expression, this)) = parts::uses(&connector.spec, Variable::This).into_iter().next() {
            let message = "$batch and $this in one connector: it is called either for many or for one";
            let span = inside(context.files, expression.literal, this.range());
            findings.push(Diagnostic::error("CONNECT_BATCH_AND_THIS", message).at(span));
        }
        if batch.matching == BatchMatch::Position {
            continue;
        }
        match (&batch.by, connector.field) {
            (None, Some(_)) => {
                let message = format!("$batch on field {} needs batch.by", connector.spec.place);
                let help = "say which key an answer belongs to, such as batch: { by: \"parent_id\" }";
                findings.push(Diagnostic::error("BATCH_NEEDS_BY", message).at(connector.spec.span).help(help));
            }
            (None, None) => check_selection(context, connector, batch, findings),
            (Some(by), _) if batch.key.is_empty() && !connector.spec.inputs.is_empty() => {
                let read: Vec<_> = connector.spec.inputs.iter().map(|input| &*input.name).collect();
                let message = format!("by yields one value, but {} are read and none alone is a key", read.join(", "));
                let help = "yield an object with the fields to compare, such as { sku, warehouse }";
                findings.push(Diagnostic::error("BATCH_NEEDS_BY", message).at(by.span).help(help));
            }
            (Some(_), _) => {}
        }
    }
}

/// `by`, `match` and `maxSize` say nothing when no key is read.
fn check_unused(connector: &ConnectorDraft<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(batch) = connector.block.block("batch").filter(|_| connector.request_known) else { return };
    for key in ["maxSize", "by", "match"] {
        if let Some(key) = batch.key(key) {
            let message = format!("batch.{} has no effect: the request does not read $batch", key.value);
            findings.push(Diagnostic::error("INVALID_MAPPING", message).at(key.span));
        }
    }
}

/// On a type without `by`, the selection yields the key.
fn check_selection(
    context: &Context<'_>,
    connector: &ConnectorDraft<'_>,
    batch: &BatchSpec,
    findings: &mut Vec<Diagnostic>,
) {
    if !connector.selection_known {
        return;
    }
    let selection = &connector.spec.selection;
    for path in &batch.key {
        let field = path.first().zip(selection.value.output().object()).and_then(|(name, object)| object.field(name));
        if let Some(field) = field
            && let Shape::Copied(Copied { variable: Some(variable), .. }) = &field.shape
        {
            let message =
                format!("batch key \"{}\" must come from the answer, not from {}", field.name, variable.as_str());
            let span = inside(context.files, selection.span, field.value_range.clone());
            findings.push(Diagnostic::error("CONNECTORS_NON_ROOT_BATCH_KEY", message).at(span));
        }
        if !yields(&connector.spec.output, path) {
            let message = format!("batch key \"{}\" is not in the selection", parts::names(path));
            let help = "select it, or say batch.by";
            let span = connector.block.value("selection").map_or(connector.spec.span, |value| value.span);
            findings.push(Diagnostic::error("CONNECTORS_BATCH_KEY_NOT_IN_SELECTION", message).at(span).help(help));
        }
    }
}

fn yields(output: &[OutputField], path: &[Name]) -> bool {
    match path {
        [] => true,
        [first, rest @ ..] => output.iter().any(|field| field.name == *first && yields(&field.children, rest)),
    }
}
