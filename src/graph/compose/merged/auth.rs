//! Authorization over the whole graph: interfaces take the requirements of what implements them,
//! and whoever may see a field may see what it requires.

use std::collections::BTreeMap;

use crate::graph::compose::merge::Merged;
use crate::graph::compose::merge::applied::{read_dnf, write_dnf};
use crate::graph::compose::merge::dnf::{Dnf, and, implies};
use crate::graph::compose::subgraph::context::{FromContext, setters};
use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::field_set;
use crate::graph::compose::subgraph::model::{Annotated, Field, Subgraph, Type};
use crate::graph::language::ast::{Directive, Selection, TypeDefinition, TypeKind};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{SourceMap, Span};

use super::required;

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

/// What an interface object's field asks for, each implementation's asks for; and whoever asks an
/// interface must be allowed to see whatever comes back.
pub fn spread(merged: &mut Merged, subgraphs: &[Subgraph], diagnostics: &mut Vec<Diagnostic>) {
    let implementations = implementations(merged);
    for (interface, objects) in &implementations {
        for (field, directives) in of_interface_objects(subgraphs, interface) {
            for object in objects {
                add(merged, object, Some(&field), &[&directives], diagnostics);
            }
        }
    }
    for (interface, objects) in &implementations {
        let objects: Vec<TypeDefinition> = objects.iter().filter_map(|name| merged.types.get(name).cloned()).collect();
        let of_types: Vec<&[Directive]> = objects.iter().map(|object| &*object.directives).collect();
        add(merged, interface, None, &of_types, diagnostics);
        let fields = merged.types.get(interface).map(|ty| &ty.fields[..]).unwrap_or_default();
        let names: Vec<Name> = fields.iter().map(|field| field.name.value.clone()).collect();
        for name in names {
            let of_fields: Vec<&[Directive]> = objects
                .iter()
                .filter_map(|object| object.fields.iter().find(|own| own.name.value == name))
                .map(|field| &*field.directives)
                .collect();
            add(merged, interface, Some(&name), &of_fields, diagnostics);
        }
    }
}

/// The objects that implement each interface.
fn implementations(merged: &Merged) -> BTreeMap<Name, Vec<Name>> {
    let mut all: BTreeMap<Name, Vec<Name>> = BTreeMap::new();
    for ty in merged.types.values() {
        match ty.kind {
            TypeKind::Interface => drop(all.entry(ty.name.value.clone()).or_default()),
            TypeKind::Object => {
                for interface in &ty.interfaces {
                    all.entry(interface.value.clone()).or_default().push(ty.name.value.clone());
                }
            }
            _ => {}
        }
    }
    all
}

/// Requirements of the fields of a type's interface objects, under the names of the supergraph.
fn of_interface_objects(subgraphs: &[Subgraph], interface: &Name) -> Vec<(Name, Vec<Directive>)> {
    let mut found = Vec::new();
    for subgraph in subgraphs {
        let Some(object) = subgraph.types.get(interface).filter(|ty| ty.is_interface_object()) else { continue };
        for (name, field) in &object.fields {
            if subgraph.facts.is_external(interface, name) {
                continue;
            }
            let asked = REQUIREMENTS.iter().filter_map(|(federation, _)| Some((federation, field.one(*federation)?)));
            let directives: Vec<Directive> = asked
                .map(|(federation, applied)| Directive { name: federation.name().into(), ..applied.directive.clone() })
                .collect();
            if !directives.is_empty() {
                found.push((name.clone(), directives));
            }
        }
    }
    found
}

/// Adds requirements to those a type or a field of it has already.
fn add(merged: &mut Merged, ty: &Name, field: Option<&Name>, more: &[&[Directive]], diagnostics: &mut Vec<Diagnostic>) {
    let Some(ty) = merged.types.get_mut(ty) else { return };
    let directives = match field {
        None => &mut ty.directives,
        Some(name) => match ty.fields.iter_mut().find(|field| field.name.value == *name) {
            Some(field) => &mut field.directives,
            None => return,
        },
    };
    let mut all: Vec<&[Directive]> = vec![directives];
    all.extend(more);
    let whole = conjunction(&all, diagnostics);
    directives.retain(|directive| REQUIREMENTS.iter().all(|(federation, _)| *directive.name != *federation.name()));
    directives.extend(whole);
}

/// All requirements together; a hint tells when they differ.
fn conjunction(all: &[&[Directive]], diagnostics: &mut Vec<Diagnostic>) -> Vec<Directive> {
    let mut directives = Vec::new();
    for (federation, argument) in REQUIREMENTS {
        let each: Vec<(Dnf, Span)> =
            all.iter().filter_map(|directives| requirement(directives, federation, argument)).collect();
        let Some((first, span)) = each.first() else { continue };
        if each.iter().any(|(dnf, _)| dnf != first) {
            let message = format!(
                "\"@{}\" differs between an interface and what implements it, and is combined",
                federation.name()
            );
            let hint = Diagnostic::hint("MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS", message);
            diagnostics.push(each.iter().fold(hint, |hint, (_, span)| hint.label(*span, "")));
        }
        let span = *span;
        let whole = each.iter().skip(1).fold(first.clone(), |whole, (one, _)| and(&whole, one));
        directives.push(match federation {
            Federation::Authenticated => Directive { name: federation.name().into(), arguments: Vec::new(), span },
            _ => write_dnf(federation, argument, &whole, span),
        });
    }
    directives
}

/// A field that reads others, as requirements or from a context, must ask for what they ask for.
pub fn check_read(merged: &Merged, subgraphs: &[Subgraph], sources: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    for subgraph in subgraphs {
        required::each(merged, subgraph, &mut |required, shapes| {
            let Some(ty) = subgraph.types.get(&required.ty) else { return };
            let Some(field) = ty.fields.get(&required.field) else { return };
            let mut reader = Reader { types: &merged.types, ty, field, diagnostics };
            for (parent, read, at) in &shapes.read {
                reader.one(parent, &read.name.value, &read.ty.name().value, *at);
            }
        });
        for ty in subgraph.types.values() {
            for field in ty.fields.values() {
                let mut reader = Reader { types: &merged.types, ty, field, diagnostics };
                for requires in field.all(Federation::Requires) {
                    let Some(value) = requires.argument("fields") else { continue };
                    let Ok(selections) = field_set::read(sources, value) else { continue };
                    reader.fields(subgraph, &ty.name.value, &selections);
                }
                for argument in field.arguments.values() {
                    let from = argument.one(Federation::FromContext).and_then(FromContext::read);
                    let Some(from) = from else { continue };
                    for setter in setters(subgraph, &from.context) {
                        reader.check(
                            &[of_type(&merged.types, &setter.name.value)],
                            &setter.name.value,
                            argument.name.span,
                        );
                        if let Ok(selections) = from.selections(sources) {
                            reader.fields(subgraph, &setter.name.value, &selections);
                        }
                    }
                }
            }
        }
    }
}

type Types = BTreeMap<Name, TypeDefinition>;

fn of_type<'a>(types: &'a Types, name: &Name) -> &'a [Directive] {
    types.get(name).map_or(&[], |ty| &ty.directives)
}

fn of_field<'a>(types: &'a Types, ty: &Name, field: &Name) -> &'a [Directive] {
    let found = types.get(ty).and_then(|ty| ty.fields.iter().find(|known| known.name.value == *field));
    found.map_or(&[], |field| &field.directives)
}

/// A field that reads others.
struct Reader<'a> {
    types: &'a Types,
    ty: &'a Type,
    field: &'a Field,
    diagnostics: &'a mut Vec<Diagnostic>,
}

// === impl Reader ===

impl Reader<'_> {
    fn fields(&mut self, subgraph: &Subgraph, parent: &Name, selections: &[Selection]) {
        field_set::fields(subgraph, parent, selections, &mut |parent, read, selection| {
            self.one(&parent.name.value, &read.name.value, &read.ty.name().value, selection.name.span);
        });
    }

    /// Field `name` of `parent`, of type `ty`, is read.
    fn one(&mut self, parent: &Name, name: &Name, ty: &Name, at: Span) {
        let needs = [of_field(self.types, parent, name), of_type(self.types, ty)];
        self.check(&needs, &format!("{parent}.{name}"), at);
    }

    /// Compares what is asked for `what` with what the reading field asks for.
    fn check(&mut self, needs: &[&[Directive]], what: &str, at: Span) {
        let (ty, field) = (&self.ty.name.value, &self.field.name.value);
        let has = [of_field(self.types, ty, field), of_type(self.types, ty)];
        for (federation, argument) in REQUIREMENTS {
            let all = |sets: &[&[Directive]]| {
                let each = sets.iter().filter_map(|directives| requirement(directives, federation, argument));
                each.map(|(dnf, _)| dnf).reduce(|left, right| and(&left, &right))
            };
            let Some(need) = all(needs) else { continue };
            if all(&has).is_some_and(|has| implies(&has, &need)) {
                continue;
            }
            let message =
                format!("\"{ty}.{field}\" reads \"{what}\", whose \"@{}\" it does not ask for", federation.name());
            let finding = Diagnostic::error("MISSING_TRANSITIVE_AUTH_REQUIREMENTS", message);
            self.diagnostics.push(finding.label(self.field.name.span, "not protected alike").label(at, "read here"));
        }
    }
}
