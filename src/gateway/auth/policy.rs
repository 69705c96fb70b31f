//! Named policies: CEL expressions over claims, scopes and a field's arguments.

use std::collections::BTreeMap;

use cel::{Context, Program, Value as Cel};
use serde_json::{Map, Value};

use crate::gateway::exchange::principal::Principal;
use crate::platform::base::setting::Mistake;

/// Longer expressions are refused: a policy is a rule, not a program.
const MAX_LENGTH: usize = 4_096;
/// What an expression may name.
const VARIABLES: [&str; 3] = ["claims", "scopes", "args"];

/// All policies, compiled.
#[derive(Debug, Default)]
pub struct Policies {
    by_name: BTreeMap<String, Policy>,
}

#[derive(Debug)]
struct Policy {
    program: Program,
    needs_arguments: bool,
}

// === impl Policies ===

impl Policies {
    /// Compiles the `auth.policies` section.
    ///
    /// # Errors
    /// All policies that cannot be used.
    pub fn compile(expressions: &BTreeMap<String, String>) -> Result<Self, Vec<Mistake>> {
        let (mut by_name, mut mistakes) = (BTreeMap::new(), Vec::new());
        for (name, expression) in expressions {
            match Policy::compile(expression) {
                Ok(policy) => {
                    by_name.insert(name.clone(), policy);
                }
                Err(reason) => mistakes.push(Mistake::at(["auth", "policies", name], reason)),
            }
        }
        if mistakes.is_empty() { Ok(Self { by_name }) } else { Err(mistakes) }
    }

    /// Whether there is a policy of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Whether the policy's outcome depends on a field's arguments.
    pub fn needs_arguments(&self, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|policy| policy.needs_arguments)
    }

    /// Whether the policy says yes. One that is unknown, fails or yields no Boolean says no.
    pub fn allows(&self, name: &str, principal: &Principal, arguments: &Map<String, Value>) -> bool {
        let Some(policy) = self.by_name.get(name) else { return false };
        match policy.evaluate(principal, arguments) {
            Ok(Cel::Bool(allowed)) => allowed,
            Ok(_) => {
                tracing::warn!(policy = name, "the policy yields no Boolean and denies");
                false
            }
            Err(reason) => {
                // Typically a claim that a caller does not have: no fault of ours.
                tracing::debug!(policy = name, reason, "the policy cannot be evaluated and denies");
                false
            }
        }
    }
}

// === impl Policy ===

impl Policy {
    fn compile(expression: &str) -> Result<Self, String> {
        if expression.len() > MAX_LENGTH {
            return Err(format!("it has {} bytes; the limit is {MAX_LENGTH}", expression.len()));
        }
        let program = Program::compile(expression).map_err(|error| error.to_string())?;
        let references = program.references();
        let unknown =
            references.variables().into_iter().find(|name| !VARIABLES.contains(name) && !is_bound(expression, name));
        if let Some(unknown) = unknown {
            return Err(format!("unknown variable \"{unknown}\"; known are {}", VARIABLES.join(", ")));
        }
        let needs_arguments = references.has_variable("args");
        Ok(Self { program, needs_arguments })
    }

    fn evaluate(&self, principal: &Principal, arguments: &Map<String, Value>) -> Result<Cel, String> {
        let caller = principal.caller();
        let empty = (Map::new(), Vec::new());
        let (claims, scopes) = caller.map_or((&empty.0, &empty.1), |caller| (&caller.claims, &caller.scopes));
        let mut context = Context::default();
        context.add_variable("claims", claims).map_err(|error| error.to_string())?;
        context.add_variable("scopes", scopes).map_err(|error| error.to_string())?;
        context.add_variable("args", arguments).map_err(|error| error.to_string())?;
        self.program.execute(&context).map_err(|error| error.to_string())
    }
}

/// Whether the expression binds `name` itself, as in `scopes.exists(s, s == "x")`.
fn is_bound(expression: &str, name: &str) -> bool {
    ["all", "exists", "exists_one", "filter", "map"].iter().any(|method| {
        expression
            .match_indices(&format!(".{method}("))
            .any(|(at, call)| expression[at + call.len()..].split(',').next().is_some_and(|first| first.trim() == name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::exchange::principal::Caller;
    use serde_json::json;
    use std::sync::Arc;

    fn policies(expression: &str) -> Result<Policies, Vec<Mistake>> {
        Policies::compile(&BTreeMap::from([("p".to_owned(), expression.to_owned())]))
    }

    fn object(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).expect("an object")
    }

    fn somebody() -> Principal {
        Principal::Known(Arc::new(Caller {
            claims: object(json!({"sub": "u1", "level": 3})),
            scopes: vec!["a".into()],
        }))
    }

    #[test]
    fn decides_by_claims_scopes_and_arguments() {
        let owner = policies("claims.sub == args.id").expect("compiles");
        assert!(owner.needs_arguments("p"));
        assert!(owner.allows("p", &somebody(), &object(json!({"id": "u1"}))));
        assert!(!owner.allows("p", &somebody(), &object(json!({"id": "u2"}))));
        assert!(!owner.allows("p", &somebody(), &Map::new()), "a missing argument denies");
        assert!(!owner.allows("p", &Principal::Anonymous, &object(json!({"id": "u1"}))));
        let level = policies("claims.level >= 3 && scopes.exists(s, s == 'a')").expect("compiles");
        assert!(!level.needs_arguments("p") && level.allows("p", &somebody(), &Map::new()));
    }

    #[test]
    fn what_is_no_clear_yes_is_a_no() {
        assert!(!policies("1 + 1").expect("compiles").allows("p", &somebody(), &Map::new()));
        assert!(!Policies::default().allows("p", &somebody(), &Map::new()));
    }

    #[test]
    fn mistakes_are_found_when_loading() {
        assert!(policies("claims.sub ==").expect_err("syntax")[0].to_string().starts_with("auth.policies.p: "));
        assert!(policies("user.id == 1").expect_err("unknown")[0].to_string().contains("unknown variable \"user\""));
        assert!(policies(&"true && ".repeat(1_000)).is_err());
    }
}
