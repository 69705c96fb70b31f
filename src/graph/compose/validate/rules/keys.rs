//! Keys of interfaces: since federation 2.3, and only with the same keys on every implementation.

use crate::graph::compose::subgraph::directives::{Applied, Federation};
use crate::graph::compose::subgraph::field_set;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph, Type};
use crate::graph::language::ast::{Selection, TypeKind};
use crate::graph::link::Version;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// Checks the keys of interfaces.
pub fn check(subgraph: &Subgraph, sources: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    for ty in subgraph.types.values().filter(|ty| ty.kind == TypeKind::Interface) {
        for key in ty.all(Federation::Key) {
            if subgraph.version < Version::new(2, 3) {
                let message = format!("interface \"{}\" cannot have a key before federation 2.3", ty.name.value);
                let finding = Diagnostic::error("KEY_UNSUPPORTED_ON_INTERFACE", message).at(key.directive.span);
                diagnostics.push(finding.help("link federation 2.3 or newer"));
                continue;
            }
            let resolvable = is_resolvable(key);
            for object in subgraph.possible(&ty.name.value) {
                let Some(object) = subgraph.types.get(object) else { continue };
                let same = object.all(Federation::Key).find(|own| same_fields(own, key, sources));
                let problem = match same {
                    None => format!("\"{}\" lacks the key of its interface \"{}\"", object.name.value, ty.name.value),
                    Some(own) if is_resolvable(own) != resolvable => format!(
                        "the key of \"{}\" is resolvable only on one of interface \"{}\" and object",
                        object.name.value, ty.name.value
                    ),
                    Some(_) => continue,
                };
                diagnostics.push(
                    Diagnostic::error("INTERFACE_KEY_NOT_ON_IMPLEMENTATION", problem)
                        .at(object.name.span)
                        .label(key.directive.span, "the interface's key"),
                );
            }
        }
    }
}

/// Whether a key can be used to fetch.
pub fn is_resolvable(key: &Applied) -> bool {
    !key.argument("resolvable")
        .is_some_and(|value| value.kind == crate::graph::language::ast::ValueKind::Boolean(false))
}

fn same_fields(left: &Applied, right: &Applied, sources: &SourceMap) -> bool {
    let shape =
        |key: &Applied| field_set::read(sources, key.argument("fields")?).ok().map(|selections| shape(&selections));
    shape(left).is_some_and(|left| Some(left) == shape(right))
}

/// The selection as sorted text, so that order and spacing do not matter.
fn shape(selections: &[Selection]) -> Vec<String> {
    let mut parts: Vec<String> = selections
        .iter()
        .map(|selection| match selection {
            Selection::Field(field) => {
                let inner = field.selections.as_deref().map(shape).unwrap_or_default();
                format!("{}{{{}}}", field.name.value, inner.join(" "))
            }
            Selection::InlineFragment { on, selections, .. } => {
                let on = on.as_ref().map_or("", |on| &on.value);
                format!("...{on}{{{}}}", shape(selections).join(" "))
            }
            Selection::FragmentSpread { name, .. } => format!("...{}", name.value),
        })
        .collect();
    parts.sort();
    parts
}

/// Whether a type is an entity here.
pub fn is_entity(ty: &Type) -> bool {
    ty.has(Federation::Key)
}
