//! Bounds of one evaluation: what it reads comes from outside and may be made to hurt.

use std::borrow::Cow;

use serde_json::Value;

/// How deep values and nested parts of a mapping may be, together.
const MAX_DEPTH: u32 = 400;
/// How deep a value may be that a mapping copies or compares.
const MAX_VALUE_DEPTH: u32 = 256;
/// How many values may be visited, copied or compared: several times those of an answer of 8 MiB,
/// the usual limit of bodies, and not more than some hundred megabytes when all are kept.
const MAX_VALUES: u64 = 5_000_000;
/// How many bytes of text may be produced: several times such an answer as well.
const MAX_TEXT: u64 = 64 * 1024 * 1024;

/// What is left for one evaluation.
#[derive(Debug)]
pub(super) struct Budget {
    values: u64,
    text: u64,
    depth: u32,
    exceeded: Option<&'static str>,
}

// === impl Budget ===

impl Default for Budget {
    fn default() -> Self {
        Self { values: MAX_VALUES, text: MAX_TEXT, depth: 0, exceeded: None }
    }
}

impl Budget {
    /// The bound that was exceeded; the evaluation yields nothing then.
    pub fn exceeded(&self) -> Option<&'static str> {
        self.exceeded
    }

    /// One level deeper; false when that is too deep. Each success is paired with [`Budget::leave`].
    #[must_use]
    pub fn enter(&mut self) -> bool {
        if self.depth >= MAX_DEPTH {
            self.exceeded = Some("the data is nested too deep");
        }
        self.depth += u32::from(self.exceeded.is_none());
        self.exceeded.is_none()
    }

    /// One level up.
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Pays for visiting `count` values; false when there are too many.
    #[must_use]
    pub fn visit(&mut self, count: usize) -> bool {
        match self.values.checked_sub(count as u64) {
            Some(left) => self.values = left,
            None => self.exceeded = Some("the data is too large"),
        }
        self.exceeded.is_none()
    }

    /// Pays for `bytes` of new text; false when it is too much.
    #[must_use]
    pub fn write(&mut self, bytes: usize) -> bool {
        match self.text.checked_sub(bytes as u64) {
            Some(left) => self.text = left,
            None => self.exceeded = Some("the text is too long"),
        }
        self.exceeded.is_none()
    }

    /// The value as one of its own.
    pub fn own(&mut self, value: Cow<'_, Value>) -> Option<Value> {
        match value {
            Cow::Owned(value) => Some(value),
            Cow::Borrowed(value) => self.copy(value, 0),
        }
    }

    fn copy(&mut self, value: &Value, depth: u32) -> Option<Value> {
        if !self.admits(value, depth) {
            return None;
        }
        Some(match value {
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.copy(item, depth + 1)).collect::<Option<_>>()?)
            }
            Value::Object(map) => Value::Object(
                map.iter()
                    .map(|(key, value)| Some((key.clone(), self.copy(value, depth + 1)?)))
                    .collect::<Option<_>>()?,
            ),
            scalar => scalar.clone(),
        })
    }

    /// Pays for all of `value` without copying it; false when it is too deep or too large.
    #[must_use]
    pub fn read(&mut self, value: &Value) -> bool {
        self.read_below(value, 0)
    }

    fn read_below(&mut self, value: &Value, depth: u32) -> bool {
        self.admits(value, depth)
            && match value {
                Value::Array(items) => items.iter().all(|item| self.read_below(item, depth + 1)),
                Value::Object(map) => map.values().all(|item| self.read_below(item, depth + 1)),
                _ => true,
            }
    }

    /// Pays for `value` itself.
    fn admits(&mut self, value: &Value, depth: u32) -> bool {
        if depth > MAX_VALUE_DEPTH {
            self.exceeded = Some("the data is nested too deep");
        }
        let bytes = match value {
            Value::String(text) => text.len(),
            _ => 0,
        };
        self.visit(1) && self.write(bytes)
    }
}
