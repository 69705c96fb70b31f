//! Reading step: what a caller must show, folded into coordinates.

use std::collections::BTreeSet;

use crate::graph::language::ast::{Directive, Value, ValueKind};
use crate::graph::link::spec;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

use super::build::Build;
use super::ids::AuthRuleId;
use super::specs::INVALID;
use super::supergraph::{AuthAtom, AuthRule};

/// More alternatives than this are a mistake, not a policy.
const MAX_ALTERNATIVES: usize = 1_024;

// === impl Build ===

impl Build<'_> {
    /// Rules of types first, then those of fields: a field needs its own rule, its parent's and
    /// that of the type it yields.
    pub(super) fn protect(&mut self) {
        let joined = self.joined;
        for ty in &joined.types {
            let Some(id) = self.graph.type_id(&ty.definition.name.value) else { continue };
            let rule = self.rule(&ty.definition.directives);
            self.graph.types[id].auth = self.rule_id(rule);
        }
        for ty in &joined.types {
            let Some(id) = self.graph.type_id(&ty.definition.name.value) else { continue };
            for field in &ty.fields {
                let Some(coordinate) = self.graph.field(id, &field.definition.name.value) else { continue };
                let mut rule = self.rule(&field.definition.directives);
                let yielded = self.graph.fields[coordinate].ty.inner;
                for also in [self.graph.types[id].auth, self.graph.types[yielded].auth].into_iter().flatten() {
                    let also = self.graph.auth_rules[also].clone();
                    rule = self.both(rule, also, field.definition.span);
                }
                self.graph.fields[coordinate].auth = self.rule_id(rule);
            }
        }
    }

    fn rule(&mut self, directives: &[Directive]) -> AuthRule {
        let authenticated = self.specs.directive(spec::AUTHENTICATED, "authenticated");
        let scopes = self.specs.directive(spec::REQUIRES_SCOPES, "requiresScopes");
        let policy = self.specs.directive(spec::POLICY, "policy");
        let mut rule = AuthRule::always();
        for directive in directives {
            let also = if directive.name == authenticated {
                AuthRule { alternatives: vec![vec![AuthAtom::Authenticated]] }
            } else if directive.name == scopes {
                self.alternatives(directive, "scopes", AuthAtom::Scope)
            } else if directive.name == policy {
                self.alternatives(directive, "policies", AuthAtom::Policy)
            } else {
                continue;
            };
            rule = self.both(rule, also, directive.span);
        }
        rule
    }

    /// `[["a", "b"], ["c"]]`: (a and b) or c.
    fn alternatives(&mut self, directive: &Directive, argument: &str, atom: fn(Name) -> AuthAtom) -> AuthRule {
        let Some(Value { kind: ValueKind::List(alternatives), .. }) = directive.argument(argument) else {
            self.error(directive.span, format!("`{argument}` is not a list of lists"));
            return AuthRule::always();
        };
        let mut rule = AuthRule { alternatives: Vec::new() };
        for alternative in alternatives {
            match &alternative.kind {
                ValueKind::List(atoms) => {
                    rule.alternatives
                        .push(atoms.iter().filter_map(Value::as_str).map(|name| atom(name.into())).collect());
                }
                // A single value stands for a list of one.
                ValueKind::String(name) => rule.alternatives.push(vec![atom(name.clone())]),
                _ => self.error(alternative.span, format!("`{argument}` is not a list of lists")),
            }
        }
        rule.simplified()
    }

    fn both(&mut self, a: AuthRule, b: AuthRule, span: Span) -> AuthRule {
        if a.alternatives.len().saturating_mul(b.alternatives.len()) > MAX_ALTERNATIVES {
            let message = format!("these access rules combine to more than {MAX_ALTERNATIVES} alternatives");
            self.diagnostics.push(Diagnostic::error(INVALID, message).at(span));
            return a;
        }
        let pairs =
            a.alternatives.iter().flat_map(|x| b.alternatives.iter().map(move |y| [x.clone(), y.clone()].concat()));
        AuthRule { alternatives: pairs.collect() }.simplified()
    }

    /// The id of a rule; none for the one that always holds.
    fn rule_id(&mut self, rule: AuthRule) -> Option<AuthRuleId> {
        if rule == AuthRule::always() {
            return None;
        }
        if let Some(&id) = self.rule_ids.get(&rule) {
            return Some(id);
        }
        let id = self.graph.auth_rules.push(rule.clone());
        self.rule_ids.insert(rule, id);
        Some(id)
    }
}

// === impl AuthRule ===

impl AuthRule {
    /// The rule that holds for everybody.
    pub fn always() -> Self {
        Self { alternatives: vec![Vec::new()] }
    }

    /// Sorted, without repetitions and without alternatives that a weaker one makes superfluous.
    fn simplified(self) -> Self {
        let sets: BTreeSet<BTreeSet<AuthAtom>> =
            self.alternatives.into_iter().map(|alternative| alternative.into_iter().collect()).collect();
        let needed = sets.iter().filter(|set| !sets.iter().any(|other| other != *set && other.is_subset(set)));
        Self { alternatives: needed.map(|set| set.iter().cloned().collect()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weaker_alternative_makes_a_stronger_one_superfluous() {
        let scope = |name: &str| AuthAtom::Scope(name.into());
        let rule = AuthRule { alternatives: vec![vec![scope("b"), scope("a")], vec![scope("a"), scope("a")]] };
        assert_eq!(rule.simplified().alternatives, [[scope("a")]]);
    }
}
