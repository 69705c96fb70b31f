//! `@cost` and `@listSize` where they can be computed.

use crate::graph::compose::subgraph::directives::{Applied, Federation};
use crate::graph::compose::subgraph::model::{Annotated, Field, Subgraph, Type};
use crate::graph::language::ast::{TypeExpr, TypeKind, Value, ValueKind};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// Checks every `@cost` and `@listSize`.
pub fn check(subgraph: &Subgraph, _: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    for ty in subgraph.types.values() {
        for field in ty.fields.values() {
            if let Some(cost) = field.one(Federation::Cost).filter(|_| ty.kind == TypeKind::Interface) {
                let message = format!(
                    "\"{}.{}\" cannot have a cost: what it costs depends on the object behind the interface",
                    ty.name.value, field.name.value
                );
                diagnostics.push(Diagnostic::error("COST_APPLIED_TO_INTERFACE_FIELD", message).at(cost.directive.span));
            }
            for applied in field.all(Federation::ListSize) {
                list_size(subgraph, ty, field, applied, diagnostics);
            }
        }
    }
}

fn list_size(subgraph: &Subgraph, ty: &Type, field: &Field, applied: &Applied, diagnostics: &mut Vec<Diagnostic>) {
    let coordinate = format!("\"{}.{}\"", ty.name.value, field.name.value);
    let sized = applied.argument("sizedFields").map(texts).unwrap_or_default();
    if sized.is_empty() && !field.ty.is_list() {
        let message = format!("{coordinate} has a list size but is no list");
        diagnostics.push(Diagnostic::error("LIST_SIZE_APPLIED_TO_NON_LIST", message).at(applied.directive.span));
    }
    if let Some(value) = applied.argument("assumedSize")
        && matches!(&value.kind, ValueKind::Int(text) if text.starts_with('-'))
    {
        let message = format!("the assumed size of {coordinate} is negative");
        diagnostics.push(Diagnostic::error("LIST_SIZE_INVALID_ASSUMED_SIZE", message).at(value.span));
    }
    for name in applied.argument("slicingArguments").map(texts).unwrap_or_default() {
        let Some(text) = name.as_str() else { continue };
        let problem = match field.arguments.get(text) {
            None => format!("{coordinate} has no argument \"{text}\" that could tell its size"),
            Some(argument) if !is_int(&argument.ty) => {
                format!("argument \"{text}\" of {coordinate} is no integer")
            }
            Some(_) => continue,
        };
        diagnostics.push(Diagnostic::error("LIST_SIZE_INVALID_SLICING_ARGUMENT", problem).at(name.span));
    }
    let parent = subgraph.types.get(&field.ty.name().value);
    for name in sized {
        let Some(text) = name.as_str() else { continue };
        let (code, problem) = match parent.and_then(|parent| parent.fields.get(text)) {
            None => {
                let problem = format!("what {coordinate} returns has no field \"{text}\"");
                ("LIST_SIZE_INVALID_SIZED_FIELD", problem)
            }
            Some(child) if !child.ty.is_list() => {
                let problem = format!("field \"{text}\" of what {coordinate} returns is no list");
                ("LIST_SIZE_APPLIED_TO_NON_LIST", problem)
            }
            Some(_) => continue,
        };
        diagnostics.push(Diagnostic::error(code, problem).at(name.span));
    }
}

fn texts(value: &Value) -> Vec<&Value> {
    match &value.kind {
        ValueKind::List(items) => items.iter().collect(),
        _ => vec![value],
    }
}

fn is_int(ty: &TypeExpr) -> bool {
    match ty {
        TypeExpr::Named(name) => &*name.value == "Int",
        TypeExpr::NonNull(inner) => is_int(inner),
        TypeExpr::List(_) => false,
    }
}
