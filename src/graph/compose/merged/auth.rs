//! Authorization over the whole graph: interfaces take the requirements of what implements them,
//! and whoever may see a field may see what it requires.

use std::collections::BTreeMap;

use crate::graph::compose::merge::Merged;
use crate::graph::compose::merge::applied::{read_dnf, write_dnf};
use crate::graph::compose::merge::dnf::{Dnf, and, implies};
use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::field_set;
use crate::graph::compose::subgraph::model::{Annotated, Field, Subgraph, Type};
use crate::graph::language::ast::{Directive, TypeDefinition, TypeKind};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{SourceMap, Span};

const REQUIREMENTS: [(Federation, &str); 3] =
    [(Federation::Authenticated, ""), (Federation::RequiresScopes, "scopes"), (Federation::Policy, "policies")];

/// What the directives of one element ask for; absent: nothing.
fn requirement(directives: &[Directive], federation: Federation, argument: &str) -> Option<(Dnf, Span)> {
    let directive = directives.iter().find(|directive| &*directive.name == federation.name())?;
    let dnf = match federation {
        Federation::Authenticated => Dnf::from([["@authenticated".to_owned()].into()]),
        _ => read_dnf(directive.argument(argument)?),
    };
    Some((dnf, directive.span))
}

/// Whoever asks an interface must be allowed to see whatever comes back.
pub fn spread_to_interfaces(merged: &mut Merged) {
    let mut additions: Vec<(Name, Option<Name>, Vec<Directive>)> = Vec::new();
    for interface in merged.types.values().filter(|ty| ty.kind == TypeKind::Interface) {
        let objects: Vec<&TypeDefinition> = merged
            .types
            .values()
            .filter(|ty| ty.kind == TypeKind::Object)
            .filter(|ty| ty.interfaces.iter().any(|known| known.value == interface.name.value))
            .collect();
        let of_types: Vec<&[Directive]> = objects.iter().map(|object| &*object.directives).collect();
        additions.push((interface.name.value.clone(), None, conjunction(&of_types)));
        for field in &interface.fields {
            let of_fields: Vec<&[Directive]> = objects
                .iter()
                .filter_map(|object| object.fields.iter().find(|own| own.name.value == field.name.value))
                .map(|field| &*field.directives)
                .collect();
            additions.push((interface.name.value.clone(), Some(field.name.value.clone()), conjunction(&of_fields)));
        }
    }
    for (ty, field, directives) in additions {
        let Some(ty) = merged.types.get_mut(&ty) else { continue };
        match field {
            None => ty.directives.extend(directives),
            Some(name) => {
                if let Some(field) = ty.fields.iter_mut().find(|field| field.name.value == name) {
                    field.directives.extend(directives);
                }
            }
        }
    }
}

fn conjunction(all: &[&[Directive]]) -> Vec<Directive> {
    let mut directives = Vec::new();
    for (federation, argument) in REQUIREMENTS {
        let mut each = all.iter().filter_map(|directives| requirement(directives, federation, argument));
        let Some((first, span)) = each.next() else { continue };
        let whole = each.fold(first, |whole, (one, _)| and(&whole, &one));
        directives.push(match federation {
            Federation::Authenticated => Directive { name: federation.name().into(), arguments: Vec::new(), span },
            _ => write_dnf(federation, argument, &whole, span),
        });
    }
    directives
}

/// A field that requires others must ask for what they ask for.
pub fn check_required(merged: &Merged, subgraphs: &[Subgraph], sources: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    for subgraph in subgraphs {
        for ty in subgraph.types.values() {
            for field in ty.fields.values() {
                for requires in field.all(Federation::Requires) {
                    let Some(value) = requires.argument("fields") else { continue };
                    let Ok(selections) = field_set::read(sources, value) else { continue };
                    field_set::fields(subgraph, &ty.name.value, &selections, &mut |parent, required, selection| {
                        let at = selection.name.span;
                        check_one(&merged.types, ty, field, parent, required, at, diagnostics);
                    });
                }
            }
        }
    }
}

fn check_one(
    types: &BTreeMap<Name, TypeDefinition>,
    ty: &Type,
    field: &Field,
    parent: &Type,
    required: &Field,
    at: Span,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let of_type = |name: &Name| types.get(name).map_or(&[][..], |ty| &ty.directives);
    let of_field = |ty: &Name, field: &Name| {
        let found = types.get(ty).and_then(|ty| ty.fields.iter().find(|known| known.name.value == *field));
        found.map_or(&[][..], |field| &field.directives)
    };
    let returned = &required.ty.name().value;
    let needs = [of_field(&parent.name.value, &required.name.value), of_type(returned)];
    let has = [of_field(&ty.name.value, &field.name.value), of_type(&ty.name.value)];
    for (federation, argument) in REQUIREMENTS {
        let all = |sets: &[&[Directive]]| {
            let each = sets.iter().filter_map(|directives| requirement(directives, federation, argument));
            each.map(|(dnf, _)| dnf).reduce(|left, right| and(&left, &right))
        };
        let Some(need) = all(&needs) else { continue };
        if all(&has).is_some_and(|has| implies(&has, &need)) {
            continue;
        }
        let message = format!(
            "\"{}.{}\" requires \"{}.{}\", whose \"@{}\" it does not ask for",
            ty.name.value,
            field.name.value,
            parent.name.value,
            required.name.value,
            federation.name()
        );
        let finding = Diagnostic::error("MISSING_TRANSITIVE_AUTH_REQUIREMENTS", message);
        diagnostics.push(finding.label(field.name.span, "not protected alike").label(at, "required here"));
    }
}
