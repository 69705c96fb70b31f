//! Directives applied to one element in several subgraphs, combined: tags and flags by union,
//! requirements by "and", costs by maximum.

use std::collections::BTreeSet;

use crate::graph::compose::subgraph::directives::{Applied, Federation};
use crate::graph::compose::subgraph::model::Annotated;
use crate::graph::language::ast::{Directive, Value, ValueKind};
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

use super::build;
use super::dnf::{Dnf, and};
use super::merger::Merger;

impl<T: Annotated> Annotated for &T {
    fn applied(&self) -> &[Applied] {
        (*self).applied()
    }
}

impl Merger<'_> {
    /// Whether a directive's applications are merged into the supergraph.
    pub fn is_merged(&self, subgraph: usize, applied: &Applied) -> bool {
        match applied.federation {
            Some(federation) => is_merged(federation),
            None => {
                let name = &*applied.directive.name;
                matches!(name, "deprecated" | "specifiedBy" | "oneOf") || self.carried.is_composed(subgraph, name)
            }
        }
    }

    /// The merged applications on one element.
    pub fn applied<T: Annotated>(&mut self, sources: &[(usize, T)]) -> Vec<Directive> {
        let mut merged = Vec::new();
        for federation in [Federation::Inaccessible, Federation::Tag, Federation::Authenticated, Federation::CacheTag] {
            merged.extend(distinct(all(sources, federation), federation.name()));
        }
        for federation in [Federation::RequiresScopes, Federation::Policy, Federation::Cost, Federation::ListSize] {
            self.hint_combined(sources, federation);
        }
        merged.extend(requirement(all(sources, Federation::RequiresScopes), Federation::RequiresScopes, "scopes"));
        merged.extend(requirement(all(sources, Federation::Policy), Federation::Policy, "policies"));
        merged.extend(cost(all(sources, Federation::Cost)));
        merged.extend(list_size(all(sources, Federation::ListSize)));
        for name in ["deprecated", "specifiedBy", "oneOf"] {
            if self.carried.has(name) {
                continue;
            }
            merged.extend(self.agreed(sources, name));
        }
        merged.extend(self.composed(sources));
        merged
    }

    /// Tells when different arguments become one.
    fn hint_combined<T: Annotated>(&mut self, sources: &[(usize, T)], federation: Federation) {
        let each = sources.iter().filter_map(|(index, source)| Some((*index, source.one(federation)?)));
        let each: Vec<(usize, &Applied)> = each.collect();
        let Some((_, first)) = each.first() else { return };
        if each.iter().all(|(_, applied)| arguments(&applied.directive) == arguments(&first.directive)) {
            return;
        }
        let message =
            format!("\"@{}\" has different arguments in different subgraphs; they are combined", federation.name());
        let hint = Diagnostic::hint("MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS", message);
        let hint = each.iter().fold(hint, |hint, (index, applied)| {
            hint.label(applied.directive.span, format!("in subgraph \"{}\"", self.subgraphs[*index].name))
        });
        self.report(hint);
    }

    /// A directive that can stand only once: the most common form.
    fn agreed<T: Annotated>(&mut self, sources: &[(usize, T)], name: &str) -> Option<Directive> {
        let given: Vec<(usize, &Directive)> =
            sources.iter().filter_map(|(index, source)| Some((*index, source.plain(name)?))).collect();
        let mut forms: Vec<(Form, usize, &Directive)> = Vec::new();
        for (_, directive) in &given {
            let form = arguments(directive);
            match forms.iter_mut().find(|(known, ..)| *known == form) {
                Some((_, count, _)) => *count += 1,
                None => forms.push((form, 1, directive)),
            }
        }
        let most = forms.iter().map(|(_, count, _)| *count).max()?;
        let chosen = forms.iter().find(|(_, count, _)| *count == most).map(|(.., directive)| (*directive).clone());
        if forms.len() > 1 {
            let message =
                format!("\"@{name}\" has different arguments in different subgraphs; the most common are used");
            let hint = Diagnostic::warning("INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS", message);
            let hint = given.iter().fold(hint, |hint, (index, directive)| {
                hint.label(directive.span, format!("in subgraph \"{}\"", self.subgraphs[*index].name))
            });
            self.report(hint);
        }
        chosen
    }

    /// Applications of directives that `@composeDirective` carries on, each once.
    fn composed<T: Annotated>(&self, sources: &[(usize, T)]) -> Vec<Directive> {
        let mut seen = BTreeSet::new();
        let mut merged = Vec::new();
        for (index, source) in sources {
            for applied in source.applied().iter().filter(|applied| applied.federation.is_none()) {
                let directive = &applied.directive;
                if self.carried.is_composed(*index, &directive.name) {
                    let form = arguments(directive);
                    let once = !self.carried.is_repeatable(&directive.name);
                    let form = if once { Vec::new() } else { form };
                    if seen.insert((directive.name.clone(), form)) {
                        merged.push(directive.clone());
                    }
                }
            }
        }
        merged
    }
}

/// Whether federation itself merges a directive's applications.
pub fn is_merged(federation: Federation) -> bool {
    matches!(
        federation,
        Federation::Tag
            | Federation::Inaccessible
            | Federation::Authenticated
            | Federation::RequiresScopes
            | Federation::Policy
            | Federation::Cost
            | Federation::ListSize
            | Federation::CacheTag
    )
}

fn all<T: Annotated>(sources: &[(usize, T)], federation: Federation) -> Vec<&Applied> {
    sources.iter().flat_map(|(_, source)| source.all(federation)).collect()
}

/// A directive's arguments by name, so that equal applications compare equal.
type Form = Vec<(Name, InputValue)>;

fn arguments(directive: &Directive) -> Form {
    let mut arguments: Vec<_> =
        directive.arguments.iter().map(|argument| (argument.name.value.clone(), argument.value.to_input())).collect();
    arguments.sort_by(|left, right| left.0.cmp(&right.0));
    arguments
}

fn distinct(all: Vec<&Applied>, name: &str) -> Vec<Directive> {
    let mut seen = BTreeSet::new();
    let unseen = all.into_iter().filter(|applied| seen.insert(arguments(&applied.directive)));
    unseen.map(|applied| Directive { name: name.into(), ..applied.directive.clone() }).collect()
}

/// Reads `[["a", "b"], ["c"]]`.
pub fn read_dnf(value: &Value) -> Dnf {
    let items = |value: &Value| match &value.kind {
        ValueKind::List(items) => items.clone(),
        ValueKind::Null => Vec::new(),
        _ => vec![value.clone()],
    };
    items(value).iter().map(|set| items(set).iter().filter_map(Value::as_str).map(str::to_owned).collect()).collect()
}

/// Writes a requirement as a directive.
pub fn write_dnf(federation: Federation, argument: &str, dnf: &Dnf, span: Span) -> Directive {
    let sets =
        dnf.iter().map(|set| build::list(set.iter().map(|name| build::text(name.as_str())).collect(), span)).collect();
    build::directive(federation.name(), vec![(argument, build::list(sets, span))], span)
}

fn requirement(all: Vec<&Applied>, federation: Federation, argument: &str) -> Option<Directive> {
    let first = all.first()?;
    let each: Vec<Dnf> = all.iter().filter_map(|applied| applied.argument(argument)).map(read_dnf).collect();
    let whole = each.iter().skip(1).fold(each.first()?.clone(), |whole, one| and(&whole, one));
    Some(write_dnf(federation, argument, &whole, first.directive.span))
}

fn integer(value: &Value) -> Option<i64> {
    match &value.kind {
        ValueKind::Int(text) => text.parse().ok(),
        _ => None,
    }
}

fn int(value: i64) -> ValueKind {
    ValueKind::Int(value.to_string().into())
}

fn cost(all: Vec<&Applied>) -> Option<Directive> {
    let weight = all.iter().filter_map(|applied| integer(applied.argument("weight")?)).max()?;
    Some(build::directive(Federation::Cost.name(), vec![("weight", int(weight))], all.first()?.directive.span))
}

fn list_size(all: Vec<&Applied>) -> Option<Directive> {
    let span = all.first()?.directive.span;
    let mut merged: Vec<(&str, ValueKind)> = Vec::new();
    if let Some(size) = all.iter().filter_map(|applied| integer(applied.argument("assumedSize")?)).max() {
        merged.push(("assumedSize", int(size)));
    }
    for name in ["slicingArguments", "sizedFields"] {
        let mut names: Vec<Name> = Vec::new();
        let mut given = false;
        for value in all.iter().filter_map(|applied| applied.argument(name)) {
            given = true;
            let items = match &value.kind {
                ValueKind::List(items) => items.as_slice(),
                _ => std::slice::from_ref(value),
            };
            for item in items.iter().filter_map(Value::as_str) {
                if names.iter().all(|known| &**known != item) {
                    names.push(item.into());
                }
            }
        }
        if given {
            merged.push((name, build::list(names.into_iter().map(ValueKind::String).collect(), span)));
        }
    }
    let asked: Vec<bool> = all
        .iter()
        .filter_map(|applied| match applied.argument("requireOneSlicingArgument")?.kind {
            ValueKind::Boolean(value) => Some(value),
            _ => None,
        })
        .collect();
    // True unless said otherwise, so one subgraph that does not say it keeps it true only if none says false.
    if !asked.is_empty() {
        merged.push(("requireOneSlicingArgument", ValueKind::Boolean(asked.iter().all(|value| *value))));
    }
    Some(build::directive(Federation::ListSize.name(), merged, span))
}
