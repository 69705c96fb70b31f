//! When two values are equal.

use serde_json::{Map, Value};

use crate::graph::mapping::budget::Budget;
use crate::graph::mapping::kinds::Kinds;
use crate::graph::mapping::number::Num;

/// Equality of `eq`: numbers by their numerical value, everything else by content; the order of an
/// object's keys does not matter. Values beyond the budget are equal to nothing.
pub(in crate::graph::mapping) fn equal(budget: &mut Budget, a: &Value, b: &Value) -> bool {
    affordable(budget, a, b) && same(a, b, |a, b| Num::of(a).zip(Num::of(b)).is_some_and(|(a, b)| a.compare(b).is_eq()))
}

/// Equality of `match`: as [`equal`], but `1` is not `1.0`.
pub(in crate::graph::mapping) fn identical(budget: &mut Budget, a: &Value, b: &Value) -> bool {
    affordable(budget, a, b) && same(a, b, |a, b| a == b)
}

/// Pays for the comparison, which also bounds its depth: one of the two is read to its end.
fn affordable(budget: &mut Budget, a: &Value, b: &Value) -> bool {
    budget.visit(1) && Kinds::of(a) == Kinds::of(b) && budget.read(a)
}

fn same(a: &Value, b: &Value, numbers: fn(&Value, &Value) -> bool) -> bool {
    match (a, b) {
        (Value::Number(_), Value::Number(_)) => numbers(a, b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, numbers)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other, numbers)))
        }
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::String(a), Value::String(b)) => a == b,
        _ => false,
    }
}

/// A text that two values share exactly when they are [`equal`]; for sets of values.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(in crate::graph::mapping) struct EqualityKey(String);

// === impl EqualityKey ===

impl EqualityKey {
    /// The key of `value`; none beyond the budget.
    pub fn of(budget: &mut Budget, value: &Value) -> Option<Self> {
        if !budget.read(value) {
            return None;
        }
        let mut key = String::new();
        write(&mut key, value);
        Some(Self(key))
    }
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Number(_) => match Num::of(value) {
            Some(number) => match number.as_integer() {
                Some(integer) => out.push_str(&integer.to_string()),
                None => out.push_str(&format!("{:?}", number.as_f64())),
            },
            None => out.push_str(&value.to_string()),
        },
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write(out, item);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(map) => write_object(out, map),
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn write_object(out: &mut String, map: &Map<String, Value>) {
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    out.push('{');
    for (key, value) in entries {
        out.push_str(&Value::from(key.as_str()).to_string());
        out.push(':');
        write(out, value);
        out.push(',');
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equality_keys_agree_with_equality() {
        let values =
            [json!(1), json!(1.0), json!("1"), json!([1, "a"]), json!({"a": 1, "b": 2.0}), json!({"b": 2, "a": 1.0})];
        let mut budget = Budget::default();
        for a in &values {
            for b in &values {
                let keys = EqualityKey::of(&mut budget, a) == EqualityKey::of(&mut budget, b);
                assert_eq!(equal(&mut budget, a, b), keys, "{a} and {b}");
            }
        }
    }
}
