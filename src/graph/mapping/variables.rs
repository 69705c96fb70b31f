//! The values of variables during one evaluation.

use serde_json::Value;

use super::dialect::Variable;

/// What each variable holds; one that was never set is missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Variables<'v> {
    values: [Option<&'v Value>; Variable::ALL.len()],
}

// === impl Variables ===

impl<'v> Variables<'v> {
    /// No variable is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with `variable` set.
    pub fn with(mut self, variable: Variable, value: &'v Value) -> Self {
        self.set(variable, value);
        self
    }

    /// Sets `variable`.
    pub fn set(&mut self, variable: Variable, value: &'v Value) {
        // Variables number their places: `ALL` lists them in the order of their declaration.
        if let Some(place) = self.values.get_mut(variable as usize) {
            *place = Some(value);
        }
    }

    /// The value of `variable`, if it was set.
    pub fn value(&self, variable: Variable) -> Option<&'v Value> {
        self.values.get(variable as usize).copied().flatten()
    }
}
