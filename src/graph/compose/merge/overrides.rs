//! `@override`: which subgraph no longer resolves which field, or only while a label says so.

use std::collections::HashMap;

use crate::graph::compose::subgraph::directives::{Applied, Federation};
use crate::graph::compose::subgraph::facts::Coordinate;
use crate::graph::compose::subgraph::model::{Annotated, Field, Subgraph, Type};
use crate::graph::language::ast::TypeKind;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

use super::relations::Relations;

/// What an override does to a field of one subgraph.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Overridden {
    /// Another subgraph resolves it; nothing here needs it.
    Entirely,
    /// Another subgraph resolves it, but a key, requires, provides or interface here names it.
    ButUsed,
    /// A label decides who resolves it: this subgraph or the other one.
    Labelled(Name),
}

const COLLISION: &str = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE";

/// All overrides of one composition.
#[derive(Debug, Default)]
pub struct Overrides {
    states: HashMap<(usize, Coordinate), Overridden>,
    sources: HashMap<(usize, Coordinate), ()>,
}

// === impl Overrides ===

impl Overrides {
    /// Reads and checks all overrides.
    pub fn of(subgraphs: &[Subgraph], relations: &Relations, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut overrides = Self::default();
        for (index, subgraph) in subgraphs.iter().enumerate() {
            for ty in subgraph.types.values() {
                for field in ty.fields.values() {
                    if let Some(applied) = field.one(Federation::Override) {
                        let this = Override { index, subgraph, ty, field, applied };
                        if ty.kind == TypeKind::Interface {
                            let message =
                                format!("{} cannot override: it is a field of an interface", this.coordinate());
                            diagnostics
                                .push(Diagnostic::error("OVERRIDE_ON_INTERFACE", message).at(applied.directive.span));
                            continue;
                        }
                        overrides.add(&this, subgraphs, relations, diagnostics);
                    }
                }
            }
        }
        overrides
    }

    /// What happens to a subgraph's field, if anything.
    pub fn state(&self, subgraph: usize, ty: &Name, field: &Name) -> Option<&Overridden> {
        self.states.get(&(subgraph, (ty.clone(), field.clone())))
    }

    /// Whether another subgraph overrides this one's field, at least sometimes.
    pub fn is_source(&self, subgraph: usize, ty: &Name, field: &Name) -> bool {
        self.sources.contains_key(&(subgraph, (ty.clone(), field.clone())))
    }

    fn add(
        &mut self,
        this: &Override<'_>,
        subgraphs: &[Subgraph],
        relations: &Relations,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let Some(from) = this.applied.text("from") else { return };
        let coordinate = (this.ty.name.value.clone(), this.field.name.value.clone());
        let label = this.applied.text("label");
        let wrong_label = label.as_ref().filter(|label| !is_label(label));
        if let Some(label) = wrong_label {
            let message = format!("\"{label}\" is no label: it must be a name or `percent(0.0 … 100.0)`");
            diagnostics.push(Diagnostic::error("OVERRIDE_LABEL_INVALID", message).at(this.place("label")));
        }
        if from == this.subgraph.name {
            let message = format!("{} is overridden from its own subgraph", this.coordinate());
            diagnostics.push(Diagnostic::error("OVERRIDE_FROM_SELF_ERROR", message).at(this.place("from")));
            return;
        }
        let Some((source_index, source)) = subgraphs.iter().enumerate().find(|(_, subgraph)| subgraph.name == from)
        else {
            let message = format!("there is no subgraph \"{from}\" to override {} from", this.coordinate());
            diagnostics.push(Diagnostic::warning("FROM_SUBGRAPH_DOES_NOT_EXIST", message).at(this.place("from")));
            return;
        };
        if !source.types.contains_key(&coordinate.0)
            && let Some(object) = abstracting(source, relations, &coordinate)
        {
            let message = format!(
                "{} cannot be overridden: in subgraph \"{from}\" it is a field of interface object \"{}\"",
                this.coordinate(),
                object.name.value
            );
            let finding = Diagnostic::error(COLLISION, message).at(this.applied.directive.span);
            diagnostics.push(finding.label(object.name.span, "the interface object"));
            return;
        }
        let Some(field) = source.types.get(&coordinate.0).and_then(|ty| ty.fields.get(&coordinate.1)) else {
            let message = format!("{} no longer exists in subgraph \"{from}\"", this.coordinate());
            let hint = Diagnostic::hint("OVERRIDE_DIRECTIVE_CAN_BE_REMOVED", message).at(this.applied.directive.span);
            diagnostics.push(hint.help("remove `@override`"));
            return;
        };
        if source.facts.is_external(&coordinate.0, &coordinate.1) {
            let message =
                format!("{} is external in subgraph \"{from}\": there is nothing to override", this.coordinate());
            let hint = Diagnostic::hint("OVERRIDE_DIRECTIVE_CAN_BE_REMOVED", message).at(this.applied.directive.span);
            diagnostics.push(hint.label(field.name.span, "external here").help("remove `@override`"));
            return;
        }
        if let Some(finding) = conflict(this, source, field) {
            diagnostics.push(finding);
            return;
        }
        self.sources.insert((source_index, coordinate.clone()), ());
        if wrong_label.is_some() {
            return;
        }
        let used = source.facts.is_used(&coordinate.0, &coordinate.1);
        match label {
            Some(label) => {
                let message = format!("{} is migrating from subgraph \"{from}\"", this.coordinate());
                let hint = Diagnostic::hint("OVERRIDE_MIGRATION_IN_PROGRESS", message);
                diagnostics.push(hint.at(this.applied.directive.span).label(field.name.span, "the former owner"));
                self.states.insert((this.index, coordinate.clone()), Overridden::Labelled(label.clone()));
                self.states.insert((source_index, coordinate), Overridden::Labelled(label));
            }
            None => {
                let state = if used { Overridden::ButUsed } else { Overridden::Entirely };
                self.states.insert((source_index, coordinate), state);
                let message = format!("{} is overridden by subgraph \"{}\"", this.coordinate(), this.subgraph.name);
                let hint = Diagnostic::hint("OVERRIDDEN_FIELD_CAN_BE_REMOVED", message);
                let next = if used {
                    "it is still named by federation directives here: mark it `@external`, or remove it with them"
                } else {
                    "remove it"
                };
                diagnostics.push(
                    hint.label(field.name.span, format!("in subgraph \"{from}\""))
                        .label(this.applied.directive.span, "overridden here")
                        .help(next),
                );
            }
        }
    }
}

/// The interface object that has the field for the object type.
fn abstracting<'a>(source: &'a Subgraph, relations: &Relations, coordinate: &Coordinate) -> Option<&'a Type> {
    let mut objects = relations.interfaces(&coordinate.0).filter_map(|interface| source.types.get(interface));
    objects.find(|ty| ty.is_interface_object() && ty.fields.contains_key(&coordinate.1))
}

struct Override<'a> {
    index: usize,
    subgraph: &'a Subgraph,
    ty: &'a Type,
    field: &'a Field,
    applied: &'a Applied,
}

// === impl Override ===

impl Override<'_> {
    fn coordinate(&self) -> String {
        format!("\"{}.{}\"", self.ty.name.value, self.field.name.value)
    }

    fn place(&self, argument: &str) -> crate::platform::base::span::Span {
        self.applied.argument(argument).map_or(self.applied.directive.span, |value| value.span)
    }
}

fn conflict(this: &Override<'_>, source: &Subgraph, field: &Field) -> Option<Diagnostic> {
    let at = this.applied.directive.span;
    if let Some(other) = field.one(Federation::Override) {
        let message = format!("{} is overridden, and in its source subgraph too", this.coordinate());
        let finding = Diagnostic::error("OVERRIDE_SOURCE_HAS_OVERRIDE", message).at(at);
        return Some(finding.label(other.directive.span, format!("in subgraph \"{}\"", source.name)));
    }
    let interface_object =
        this.ty.is_interface_object() || source.types.get(&this.ty.name.value).is_some_and(Type::is_interface_object);
    if interface_object {
        let message = format!("{} cannot be overridden: its type is an interface object", this.coordinate());
        return Some(Diagnostic::error(COLLISION, message).at(at));
    }
    // What the new owner needs to resolve it is its own affair, but it must resolve it.
    let own = this.field.one(Federation::External);
    let of_source = [Federation::Requires, Federation::Provides].into_iter().find_map(|directive| field.one(directive));
    let other = own.or(of_source)?;
    let message = format!("{} cannot be overridden together with \"@{}\"", this.coordinate(), other.directive.name);
    Some(Diagnostic::error(COLLISION, message).at(at).label(other.directive.span, ""))
}

/// `name`, or `percent(n)` with at most eight digits after the point.
fn is_label(label: &str) -> bool {
    if let Some(number) = label.strip_prefix("percent(").and_then(|rest| rest.strip_suffix(')')) {
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        return digits(whole)
            && whole.len() <= 3
            && digits(fraction)
            && fraction.len() <= 8
            && number.parse::<f64>().is_ok_and(|percent| (0.0..=100.0).contains(&percent));
    }
    let mut bytes = label.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_-:./".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::is_label;

    #[test]
    fn labels_are_names_or_percentages() {
        for good in ["a", "launch-darkly:x/y.z", "percent(0)", "percent(100.0)", "percent(0.12345678)"] {
            assert!(is_label(good), "{good}");
        }
        for bad in ["", "0x", "percent(101)", "percent(-1)", "percent(1.123456789)", "percent()", "a b", "percent(a)"] {
            assert!(!is_label(bad), "{bad}");
        }
    }
}
