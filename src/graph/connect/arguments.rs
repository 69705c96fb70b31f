//! Directive arguments against the specification: unknown keys, missing keys, wrong literals.
//!
//! The specification is SDL ([`SPEC_SDL`]); nothing here knows what a key means.

use crate::graph::language::ast::{
    Definition, Directive, DirectiveDefinition, Document, InputValueDefinition, TypeExpr, TypeKind, Value, ValueKind,
};
use crate::graph::language::parse;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::quantity::parse_duration;
use crate::platform::base::span::{SourceMap, Span, Spanned};

use super::text::did_you_mean;
use super::types::{Type, Types};

/// The definitions of the connect specification, as a subgraph that links it would contain them.
pub const SPEC_SDL: &str = include_str!("specs/v0.1.graphql");

/// The specification's text as a tree.
pub fn specification() -> Document {
    let mut sources = SourceMap::new();
    let file = sources.add("connect/v0.1.graphql", SPEC_SDL);
    parse::type_system(&sources, file).0
}

/// Checks directives against the definitions of one document.
#[derive(Debug)]
pub struct Checker<'s> {
    types: Types<'s>,
    directives: Vec<&'s DirectiveDefinition>,
}

// === impl Checker ===

impl<'s> Checker<'s> {
    /// A checker for the directives `specification` defines.
    pub fn new(specification: &'s Document) -> Self {
        let directives = specification.definitions.iter().filter_map(|definition| match definition {
            Definition::Directive(directive) => Some(directive),
            _ => None,
        });
        Self { types: Types::of(specification), directives: directives.collect() }
    }

    /// Reports what is wrong with the arguments of `directive`, defined as `name`.
    pub fn check(&self, name: &str, directive: &Directive, findings: &mut Vec<Diagnostic>) {
        let Some(definition) = self.directives.iter().find(|known| &*known.name.value == name) else { return };
        let given = directive.arguments.iter().map(|argument| (&argument.name, &argument.value));
        let known: Vec<_> = definition.arguments.iter().collect();
        self.check_keys(&format!("@{name}"), &known, given, directive.span, findings);
    }

    fn check_keys<'v>(
        &self,
        owner: &str,
        known: &[&InputValueDefinition],
        given: impl Iterator<Item = (&'v Spanned<Name>, &'v Value)>,
        whole: Span,
        findings: &mut Vec<Diagnostic>,
    ) {
        let mut seen: Vec<&Spanned<Name>> = Vec::new();
        for (key, value) in given {
            if let Some(first) = seen.iter().find(|earlier| earlier.value == key.value) {
                let message = format!("\"{}\" is given twice in {owner}", key.value);
                findings.push(Diagnostic::error("GRAPHQL_ERROR", message).at(key.span).label(first.span, "first here"));
                continue;
            }
            seen.push(key);
            match known.iter().find(|definition| definition.name.value == key.value) {
                Some(definition) => {
                    self.check_value(&format!("{owner}.{}", key.value), &definition.ty, value, findings);
                }
                None => findings.push(unknown_key(owner, key, known)),
            }
        }
        for definition in known {
            let required = definition.ty.is_non_null() && definition.default.is_none();
            if required && !seen.iter().any(|key| key.value == definition.name.value) {
                let message = format!("{owner} needs \"{}\"", definition.name.value);
                findings.push(Diagnostic::error("GRAPHQL_ERROR", message).at(whole));
            }
        }
    }

    fn check_value(&self, owner: &str, ty: &TypeExpr, value: &Value, findings: &mut Vec<Diagnostic>) {
        match (ty, &value.kind) {
            (TypeExpr::NonNull(_), ValueKind::Null) => findings.push(mismatch(owner, ty, value)),
            (_, ValueKind::Null) => {}
            (TypeExpr::NonNull(inner), _) => self.check_value(owner, inner, value, findings),
            (TypeExpr::List(inner), ValueKind::List(items)) => {
                items.iter().for_each(|item| self.check_value(owner, inner, item, findings));
            }
            (TypeExpr::List(inner), _) => self.check_value(owner, inner, value, findings),
            (TypeExpr::Named(name), kind) => match self.types.get(&name.value) {
                Some(input) if input.kind == TypeKind::InputObject => match kind {
                    ValueKind::Object(fields) => {
                        let given = fields.iter().map(|(key, value)| (key, value));
                        self.check_keys(input.name(), &input.inputs, given, value.span, findings);
                    }
                    _ => findings.push(mismatch(owner, ty, value)),
                },
                Some(known) if known.kind == TypeKind::Enum => check_enum(owner, known, value, findings),
                _ => check_scalar(owner, ty, &name.value, value, findings),
            },
        }
    }
}

fn check_enum(owner: &str, known: &Type<'_>, value: &Value, findings: &mut Vec<Diagnostic>) {
    let ValueKind::Enum(name) = &value.kind else {
        let message = format!("{owner} must be one of {}", known.values.join(", "));
        findings.push(Diagnostic::error("GRAPHQL_ERROR", message).at(value.span));
        return;
    };
    if !known.values.contains(&&**name) {
        let message = format!("{name} is not a {}{}", known.name(), did_you_mean(name, known.values.iter().copied()));
        let help = format!("one of {}", known.values.join(", "));
        findings.push(Diagnostic::error("UNKNOWN_KEY", message).at(value.span).help(help));
    }
}

fn check_scalar(owner: &str, ty: &TypeExpr, scalar: &str, value: &Value, findings: &mut Vec<Diagnostic>) {
    let fits = match (scalar, &value.kind) {
        ("Boolean", ValueKind::Boolean(_)) => true,
        ("Int", ValueKind::Int(text)) => text.parse::<i32>().is_ok(),
        ("Boolean" | "Int", _) => false,
        ("Duration", ValueKind::String(text)) => {
            if let Err(error) = parse_duration(text) {
                findings.push(Diagnostic::error("GRAPHQL_ERROR", format!("{owner}: {error}")).at(value.span));
            }
            true
        }
        (_, ValueKind::String(_)) => true,
        _ => false,
    };
    if !fits {
        findings.push(mismatch(owner, ty, value));
    }
}

fn mismatch(owner: &str, ty: &TypeExpr, value: &Value) -> Diagnostic {
    let found = match &value.kind {
        ValueKind::Null => "null",
        ValueKind::Boolean(_) => "a boolean",
        ValueKind::Int(_) | ValueKind::Float(_) => "a number",
        ValueKind::String(_) => "a string",
        ValueKind::Enum(_) => "a name without quotes",
        ValueKind::List(_) => "a list",
        ValueKind::Object(_) => "an object",
        ValueKind::Variable(_) => "a variable",
    };
    let scalar =
        matches!(&*ty.name().value, "JSONSelection" | "Template" | "URLPathTemplate" | "SQLTemplate" | "Duration");
    let wanted = if scalar && !ty.is_list() { "a string".to_owned() } else { ty.to_string() };
    Diagnostic::error("GRAPHQL_ERROR", format!("{owner} must be {wanted}, this is {found}")).at(value.span)
}

fn unknown_key(owner: &str, key: &Spanned<Name>, known: &[&InputValueDefinition]) -> Diagnostic {
    let names = || known.iter().map(|definition| &*definition.name.value);
    let message = format!("unknown key \"{}\" in {owner}{}", key.value, did_you_mean(&key.value, names()));
    let help = format!("known keys: {}", names().collect::<Vec<_>>().join(", "));
    Diagnostic::error("UNKNOWN_KEY", message).at(key.span).help(help)
}

/// The keys of a directive or of an input object. What does not fit is treated as absent: it
/// has been reported by [`Checker::check`].
#[derive(Clone, Debug)]
pub struct Block<'a> {
    entries: Vec<(&'a Spanned<Name>, &'a Value)>,
    /// The whole of it.
    pub span: Span,
}

// === impl Block ===

impl<'a> Block<'a> {
    /// The arguments of a directive.
    pub fn of(directive: &'a Directive) -> Self {
        let entries = directive.arguments.iter().map(|argument| (&argument.name, &argument.value));
        Self { entries: entries.collect(), span: directive.span }
    }

    /// The fields of an input object.
    pub fn of_value(value: &'a Value) -> Option<Self> {
        match &value.kind {
            ValueKind::Object(fields) => {
                Some(Self { entries: fields.iter().map(|(key, value)| (key, value)).collect(), span: value.span })
            }
            _ => None,
        }
    }

    /// The key itself, where it was written.
    pub fn key(&self, key: &str) -> Option<&'a Spanned<Name>> {
        self.entries
            .iter()
            .find(|(name, value)| &*name.value == key && value.kind != ValueKind::Null)
            .map(|(name, _)| *name)
    }

    /// The value under `key`; `null` is absent.
    pub fn value(&self, key: &str) -> Option<&'a Value> {
        let (_, value) = self.entries.iter().find(|(name, _)| &*name.value == key)?;
        (value.kind != ValueKind::Null).then_some(*value)
    }

    /// The string under `key`, with its literal's place.
    pub fn text(&self, key: &str) -> Option<Spanned<Name>> {
        string(self.value(key)?)
    }

    /// The strings under `key`; one string counts as a list of one.
    pub fn texts(&self, key: &str) -> Vec<Spanned<Name>> {
        self.items(key).into_iter().filter_map(string).collect()
    }

    /// The values under `key`; one value counts as a list of one.
    pub fn items(&self, key: &str) -> Vec<&'a Value> {
        match self.value(key) {
            Some(Value { kind: ValueKind::List(items), .. }) => items.iter().collect(),
            Some(value) => vec![value],
            None => Vec::new(),
        }
    }

    /// The input object under `key`.
    pub fn block(&self, key: &str) -> Option<Self> {
        Self::of_value(self.value(key)?)
    }

    /// The boolean under `key`.
    pub fn boolean(&self, key: &str) -> Option<bool> {
        match self.value(key)?.kind {
            ValueKind::Boolean(value) => Some(value),
            _ => None,
        }
    }

    /// The number under `key`, with its place.
    pub fn int(&self, key: &str) -> Option<Spanned<i32>> {
        let value = self.value(key)?;
        match &value.kind {
            ValueKind::Int(text) => Some(Spanned { value: text.parse().ok()?, span: value.span }),
            _ => None,
        }
    }

    /// The enum value under `key`.
    pub fn name(&self, key: &str) -> Option<&'a str> {
        match &self.value(key)?.kind {
            ValueKind::Enum(name) => Some(name),
            _ => None,
        }
    }
}

/// The text of a string value, with its literal's place.
pub fn string(value: &Value) -> Option<Spanned<Name>> {
    match &value.kind {
        ValueKind::String(text) => Some(Spanned { value: text.clone(), span: value.span }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_parses_and_defines_both_directives() {
        let mut sources = SourceMap::new();
        let file = sources.add("spec", SPEC_SDL);
        assert_eq!(parse::type_system(&sources, file).1, []);
        let document = specification();
        let checker = Checker::new(&document);
        assert_eq!(checker.directives.len(), 2);
    }
}
