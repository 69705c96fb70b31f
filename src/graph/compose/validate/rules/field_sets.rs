//! The strings of `@key`, `@requires` and `@provides` must be selections of what exists.

use crate::graph::compose::reads::constants;
use crate::graph::compose::reads::merging::Reads;
use crate::graph::compose::subgraph::directives::{Applied, Federation};
use crate::graph::compose::subgraph::field_set::{self, Unreadable};
use crate::graph::compose::subgraph::model::{Annotated, Field, Subgraph, Type};
use crate::graph::language::ast::{self, Selection, TypeKind};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{SourceMap, Span};

/// How deep a field set may nest.
const MAX_DEPTH: usize = 32;

/// Checks every field set of the subgraph.
pub fn check(subgraph: &Subgraph, sources: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    for ty in subgraph.types.values() {
        for key in ty.all(Federation::Key) {
            one(subgraph, sources, diagnostics, Federation::Key, key, &ty.name.value);
        }
        for field in ty.fields.values() {
            // What required arguments read is known once all subgraphs are together.
            let later = subgraph.has_required(&ty.name.value, &field.name.value);
            for requires in field.all(Federation::Requires).filter(|_| !later) {
                on_interface(ty, field, requires, "REQUIRES", diagnostics);
                one(subgraph, sources, diagnostics, Federation::Requires, requires, &ty.name.value);
            }
            for provides in field.all(Federation::Provides) {
                on_interface(ty, field, provides, "PROVIDES", diagnostics);
                let returned = &field.ty.name().value;
                if subgraph.types.get(returned).is_some_and(Type::is_composite) {
                    one(subgraph, sources, diagnostics, Federation::Provides, provides, returned);
                } else {
                    let message = format!(
                        "\"{}.{}\" provides fields of \"{returned}\", which has none",
                        ty.name.value, field.name.value
                    );
                    diagnostics.push(
                        Diagnostic::error("PROVIDES_ON_NON_OBJECT_FIELD", message)
                            .at(provides.directive.span)
                            .label(field.ty.name().span, "not an object, interface or union"),
                    );
                }
            }
        }
    }
}

fn on_interface(ty: &Type, field: &Field, applied: &Applied, prefix: &'static str, diagnostics: &mut Vec<Diagnostic>) {
    if ty.kind != TypeKind::Interface {
        return;
    }
    let message = format!(
        "\"@{}\" cannot be applied to \"{}.{}\": it is a field of an interface",
        applied.directive.name, ty.name.value, field.name.value
    );
    let code = format!("{prefix}_UNSUPPORTED_ON_INTERFACE");
    diagnostics.push(Diagnostic::error(code, message).at(applied.directive.span));
}

fn one(
    subgraph: &Subgraph,
    sources: &SourceMap,
    diagnostics: &mut Vec<Diagnostic>,
    directive: Federation,
    applied: &Applied,
    parent: &str,
) {
    let Some(value) = applied.argument("fields") else { return };
    let mut check = Check { subgraph, diagnostics, directive };
    match field_set::read(sources, value) {
        Ok(selections) if selections.is_empty() => {
            check.fail("INVALID_FIELDS", "the field set is empty".into(), value.span);
        }
        Ok(selections) => {
            check.selections(parent, &selections, false, MAX_DEPTH);
            check.conflicts(&selections);
        }
        Err(Unreadable::NotText) => {
            let message = format!("the fields of \"@{}\" must be a string", directive.name());
            check.fail("INVALID_FIELDS_TYPE", message, value.span);
        }
        Err(Unreadable::Syntax(labels)) => {
            let code = format!("{}_INVALID_FIELDS", check.prefix());
            let message = format!("the fields of \"@{}\" are no selection set", directive.name());
            let mut finding = Diagnostic::error(code, message);
            finding.labels = labels;
            if finding.labels.is_empty() {
                finding = finding.at(value.span);
            }
            check.diagnostics.push(finding);
        }
    }
}

struct Check<'a> {
    subgraph: &'a Subgraph,
    diagnostics: &'a mut Vec<Diagnostic>,
    directive: Federation,
}

// === impl Check ===

impl Check<'_> {
    fn prefix(&self) -> &'static str {
        match self.directive {
            Federation::Requires => "REQUIRES",
            Federation::Provides => "PROVIDES",
            _ => "KEY",
        }
    }

    fn fail(&mut self, code: &str, message: String, at: Span) {
        let code = format!("{}_{code}", self.prefix());
        self.diagnostics.push(Diagnostic::error(code, message).at(at));
    }

    fn selections(&mut self, parent: &str, selections: &[Selection], external_above: bool, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else {
            if let Some(Selection::Field(field)) = selections.first() {
                self.fail("INVALID_FIELDS", "the field set nests too deeply".into(), field.span);
            }
            return;
        };
        for selection in selections {
            match selection {
                Selection::Field(field) => self.field(parent, field, external_above, depth),
                Selection::InlineFragment { on, directives, selections, .. } => {
                    self.no_directives(directives);
                    let on = match on {
                        Some(on) if !self.is_composite(&on.value) => {
                            let message = format!("there is no composite type \"{}\" in this subgraph", on.value);
                            self.fail("INVALID_FIELDS", message, on.span);
                            continue;
                        }
                        Some(on) if !self.overlaps(parent, &on.value) => {
                            let message = format!("\"{parent}\" is never a \"{}\"", on.value);
                            self.fail("INVALID_FIELDS", message, on.span);
                            continue;
                        }
                        Some(on) => &on.value,
                        None => parent,
                    };
                    self.selections(on, selections, external_above, depth);
                }
                Selection::FragmentSpread { name, .. } => {
                    let message = "a field set cannot use named fragments".to_owned();
                    self.fail("INVALID_FIELDS", message, name.span);
                }
            }
        }
    }

    fn no_directives(&mut self, directives: &[ast::Directive]) {
        for directive in directives {
            let known = self.subgraph.directives.contains_key(&directive.name)
                || matches!(&*directive.name, "skip" | "include" | "deprecated" | "specifiedBy" | "oneOf")
                || Federation::of(&self.subgraph.links, &directive.name).is_some();
            let (code, message) = match known {
                true => ("DIRECTIVE_IN_FIELDS_ARG", format!("a field set cannot apply \"@{}\"", directive.name)),
                false => ("INVALID_FIELDS", format!("there is no directive \"@{}\"", directive.name)),
            };
            self.fail(code, message, directive.span);
        }
    }

    fn is_composite(&self, name: &str) -> bool {
        self.subgraph.types.get(name).is_some_and(Type::is_composite)
    }

    fn overlaps(&self, parent: &str, on: &str) -> bool {
        let possible = self.subgraph.possible(parent);
        parent == on || self.subgraph.possible(on).iter().any(|name| possible.contains(name))
    }

    fn field(&mut self, parent: &str, field: &ast::Field, external_above: bool, depth: usize) {
        self.no_directives(&field.directives);
        if field.alias.is_some() {
            self.fail("INVALID_FIELDS", "a field set cannot use aliases".into(), field.span);
        }
        if &*field.name.value == "__typename" {
            return;
        }
        let subgraph = self.subgraph;
        let definition = subgraph.types.get(parent).and_then(|ty| Some((ty, ty.fields.get(&field.name.value)?)));
        let Some((ty, definition)) = definition else {
            let message = format!("type \"{parent}\" has no field \"{}\" in this subgraph", field.name.value);
            self.fail("INVALID_FIELDS", message, field.name.span);
            return;
        };
        self.arguments(parent, field, definition);
        let returned = &definition.ty.name().value;
        let composite = self.is_composite(returned);
        if self.directive == Federation::Key && composite {
            let kind = subgraph.types.get(returned).map(|ty| ty.kind);
            if matches!(kind, Some(TypeKind::Interface | TypeKind::Union)) {
                let message = format!("a key cannot select \"{parent}.{}\": it is abstract", field.name.value);
                self.fail("FIELDS_SELECT_INVALID_TYPE", message, field.name.span);
            }
        }
        let external = subgraph.facts.is_external(&ty.name.value, &definition.name.value);
        match (&field.selections, composite) {
            (None, true) => {
                let message = format!("\"{parent}.{}\" needs a selection of its fields", field.name.value);
                self.fail("INVALID_FIELDS", message, field.name.span);
            }
            (Some(_), false) => {
                let message = format!("\"{parent}.{}\" has no fields to select", field.name.value);
                self.fail("INVALID_FIELDS", message, field.name.span);
            }
            (Some(inner), true) => {
                let above = external_above || external || self.external_in_objects(ty, &definition.name.value);
                self.selections(returned, inner, above, depth);
            }
            (None, false) => self.must_be_external(ty, definition, field, external || external_above),
        }
    }

    /// Whether an object behind an interface has the field as external.
    fn external_in_objects(&self, ty: &Type, field: &str) -> bool {
        ty.kind == TypeKind::Interface
            && self
                .subgraph
                .possible(&ty.name.value)
                .iter()
                .any(|object| self.subgraph.facts.is_external(object, field))
    }

    /// What a field requires or provides comes from elsewhere: it must say so.
    fn must_be_external(&mut self, ty: &Type, definition: &Field, field: &ast::Field, external: bool) {
        if external || self.directive == Federation::Key {
            return;
        }
        let message = format!("\"{}.{}\" is not external in this subgraph", ty.name.value, definition.name.value);
        let code = format!("{}_FIELDS_MISSING_EXTERNAL", self.prefix());
        let coordinate = (ty.name.value.clone(), definition.name.value.clone());
        let help = if self.subgraph.facts.fake_external.contains(&coordinate) {
            "the field of a key on an extension counts as resolved here: leave it out"
        } else {
            "mark it `@external`, or leave it out: this subgraph resolves it anyway"
        };
        let finding = Diagnostic::error(code, message).at(field.name.span).label(definition.name.span, "defined here");
        self.diagnostics.push(finding.help(help));
    }

    /// A representation has a field once.
    fn conflicts(&mut self, selections: &[Selection]) {
        let subgraph = self.subgraph;
        let is_object = |name: &str| subgraph.types.get(name).is_some_and(|ty| ty.kind == TypeKind::Object);
        let mut reads = Reads::new(&is_object);
        reads.selections(selections);
        for conflict in reads.conflicts() {
            let code = format!("{}_INVALID_FIELDS", self.prefix());
            let message = format!("\"{}\" is selected with other arguments, too", conflict.field);
            let finding = Diagnostic::error(code, message).at(conflict.span);
            self.diagnostics.push(finding.label(conflict.first, "selected here first"));
        }
    }

    fn arguments(&mut self, parent: &str, field: &ast::Field, definition: &Field) {
        if self.directive != Federation::Requires && !definition.arguments.is_empty() {
            let message = format!("\"{parent}.{}\" takes arguments", field.name.value);
            self.fail("FIELDS_HAS_ARGS", message, field.name.span);
            return;
        }
        if let Some(twice) = constants::repeated(&field.arguments) {
            self.fail("INVALID_FIELDS", format!("the argument \"{}\" is given twice", twice.value), twice.span);
        }
        for argument in &field.arguments {
            let Some(known) = definition.arguments.get(&argument.name.value) else {
                let message = format!("\"{parent}.{}\" has no argument \"{}\"", field.name.value, argument.name.value);
                self.fail("INVALID_FIELDS", message, argument.name.span);
                continue;
            };
            if let Some(problem) = constants::problem(self.subgraph, &known.ty, &argument.value) {
                self.fail("INVALID_FIELDS", problem, argument.value.span);
            }
        }
        for argument in definition.arguments.values() {
            let given = field.arguments.iter().any(|given| given.name.value == argument.name.value);
            if argument.ty.is_non_null() && argument.default.is_none() && !given {
                let message =
                    format!("\"{parent}.{}\" needs its argument \"{}\"", field.name.value, argument.name.value);
                self.fail("INVALID_FIELDS", message, field.name.span);
            }
        }
    }
}
