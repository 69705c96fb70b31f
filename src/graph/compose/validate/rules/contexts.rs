//! `@context` names what types set, `@fromContext` fills arguments from it.

use crate::graph::compose::subgraph::context::{FromContext, setters};
use crate::graph::compose::subgraph::directives::{Applied, Federation};
use crate::graph::compose::subgraph::model::{Annotated, Field, Input, Subgraph, Type};
use crate::graph::language::ast::TypeKind;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

use super::context_selections;
use super::keys::is_resolvable;

const NOT_SET: &str = "CONTEXT_NOT_SET";

/// Checks names of contexts and every use of one.
pub fn check(subgraph: &Subgraph, sources: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    for ty in subgraph.types.values() {
        for applied in ty.all(Federation::Context) {
            diagnostics.extend(check_name(applied));
        }
        for field in ty.fields.values() {
            for argument in field.arguments.values() {
                let Some(applied) = argument.one(Federation::FromContext) else { continue };
                let place = Place { subgraph, ty, field, argument, applied };
                place.check(sources, diagnostics);
            }
        }
    }
    for directive in subgraph.directives.values() {
        for argument in &directive.arguments {
            let from = |applied: &&crate::graph::language::ast::Directive| {
                Federation::of(&subgraph.links, &applied.name) == Some(Federation::FromContext)
            };
            if let Some(applied) = argument.directives.iter().find(from) {
                let message = format!("an argument of directive \"@{}\" has no context", directive.name.value);
                diagnostics.push(Diagnostic::error(NOT_SET, message).at(applied.span));
            }
        }
    }
}

fn check_name(applied: &Applied) -> Option<Diagnostic> {
    let value = applied.argument("name")?;
    let name = value.as_str()?;
    let good = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric());
    (!good).then(|| {
        let finding = Diagnostic::error("CONTEXT_NAME_INVALID", format!("\"{name}\" cannot be a context"));
        finding.at(value.span).help("the name of a context has letters and digits and starts with a letter")
    })
}

/// An argument that is filled from a context.
pub(super) struct Place<'a> {
    pub(super) subgraph: &'a Subgraph,
    pub(super) ty: &'a Type,
    pub(super) field: &'a Field,
    pub(super) argument: &'a Input,
    pub(super) applied: &'a Applied,
}

// === impl Place ===

impl Place<'_> {
    pub(super) fn coordinate(&self) -> String {
        format!("{}.{}({}:)", self.ty.name.value, self.field.name.value, self.argument.name.value)
    }

    fn check(&self, sources: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
        let at = self.applied.directive.span;
        let coordinate = self.coordinate();
        let mut refuse = |code: &'static str, message: String| {
            diagnostics.push(Diagnostic::error(code, message).at(at));
        };
        if self.ty.kind != TypeKind::Object {
            let message = format!("\"{coordinate}\" cannot be filled from a context: its type is abstract");
            return refuse(NOT_SET, message);
        }
        for interface in &self.ty.interfaces {
            let interface = self.subgraph.types.get(&interface.value);
            if let Some(interface) = interface.filter(|ty| ty.fields.contains_key(&self.field.name.value)) {
                let message = format!(
                    "\"{coordinate}\" cannot be filled from a context: interface \"{}\" has the field, too",
                    interface.name.value
                );
                refuse(NOT_SET, message);
            }
        }
        if self.argument.default.is_some() {
            refuse(NOT_SET, format!("\"{coordinate}\" is filled from a context, so it cannot have a default"));
        }
        let Some(from) = FromContext::read(self.applied) else {
            let message = format!("\"{coordinate}\" does not say which context it is filled from, and with what");
            return refuse("NO_CONTEXT_IN_SELECTION", message);
        };
        if !self.ty.all(Federation::Key).any(is_resolvable) {
            let message = format!(
                "\"{}\" has an argument that is filled from a context, so it needs a resolvable key",
                self.ty.name.value
            );
            refuse("CONTEXT_NO_RESOLVABLE_KEY", message);
        }
        let setters = setters(self.subgraph, &from.context);
        if setters.is_empty() {
            let message = format!("\"{coordinate}\" uses context \"{}\", which no type sets", from.context);
            return refuse(NOT_SET, message);
        }
        context_selections::check(self, &from, &setters, sources, diagnostics);
    }
}
