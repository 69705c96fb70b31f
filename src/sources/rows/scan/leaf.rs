//! Leaf values: the GraphQL specification's result coercion, on text.

use serde_json::Number;

use crate::sources::rows::shape::Leaf;
use crate::sources::rows::slot::{Slot, UpstreamError};

use super::cursor::Scan;
use super::expected::end_of_short_integer;
use super::object::Scanner;

// === impl Scanner ===

impl Scanner<'_> {
    /// Reads a leaf that is not `null`; `first` is its first character.
    #[inline]
    pub(super) fn leaf(&mut self, leaf: &Leaf, first: u8) -> Scan<Slot> {
        let start = self.cursor.at;
        if let (Leaf::String | Leaf::Typename | Leaf::Id, b'"') = (leaf, first) {
            self.cursor.rest_of_string()?;
            return Ok(self.raw(start));
        }
        if let (Leaf::Int, b'1'..=b'9') = (leaf, first)
            && let Some(end) = end_of_short_integer(self.cursor.bytes, start)
        {
            self.cursor.at = end;
            return Ok(self.raw(start));
        }
        self.leaf_but_text(leaf, first)
    }

    #[inline(never)]
    fn leaf_but_text(&mut self, leaf: &Leaf, first: u8) -> Scan<Slot> {
        let start = self.cursor.at;
        match (leaf, first) {
            (Leaf::Boolean, b't' | b'f') => {
                self.cursor.scalar()?;
                Ok(self.raw(start))
            }
            (Leaf::Float, b'-' | b'0'..=b'9') => {
                self.cursor.number()?;
                Ok(self.raw(start))
            }
            (Leaf::Int | Leaf::Id, b'-' | b'0'..=b'9') => self.integer(leaf, start),
            (Leaf::Enum(names), b'"') => {
                let text = self.cursor.rest_of_string()?;
                let name = self.cursor.meaning(text);
                if names.iter().any(|known| known.as_bytes() == &*name) {
                    return Ok(self.raw(start));
                }
                Ok(self.wrong(expected(leaf)))
            }
            (Leaf::Int | Leaf::Float, b'"') if self.typed => self.number_as_text(leaf),
            (Leaf::Custom, _) => {
                self.cursor.value()?;
                Ok(self.raw(start))
            }
            _ => {
                self.cursor.value()?;
                Ok(self.wrong(expected(leaf)))
            }
        }
    }

    fn number_as_text(&mut self, leaf: &Leaf) -> Scan<Slot> {
        let text = self.cursor.string()?;
        let meaning = self.cursor.meaning(text);
        let text = std::str::from_utf8(&meaning).unwrap_or_default();
        Ok(match leaf {
            Leaf::Int => match text.parse::<i32>() {
                Ok(number) => self.rewritten(format_args!("{number}")),
                Err(_) => self.wrong(expected(leaf)),
            },
            // The text itself, so that decimals keep their digits.
            _ => match serde_json::from_str::<Number>(text) {
                Ok(_) => self.rewritten(format_args!("{}", text.trim())),
                Err(_) => self.wrong(expected(leaf)),
            },
        })
    }

    fn integer(&mut self, leaf: &Leaf, start: usize) -> Scan<Slot> {
        let is_integer = self.cursor.number()?;
        // Nine digits are always in range.
        if *leaf == Leaf::Int && is_integer && self.cursor.at - start <= 9 {
            return Ok(self.raw(start));
        }
        // Digits and signs only, so this is always text.
        let text = std::str::from_utf8(&self.cursor.bytes[start..self.cursor.at]).unwrap_or_default();
        if *leaf == Leaf::Id {
            self.cursor.extreme |= text.len() > 19 || text == "-0";
            return Ok(match is_integer {
                true => self.rewritten(format_args!("\"{text}\"")),
                false => self.wrong(expected(leaf)),
            });
        }
        if is_integer && text.parse::<i32>().is_ok() {
            return Ok(self.raw(start));
        }
        Ok(match (is_integer, whole_number(text)) {
            (false, Some(number)) => self.rewritten(format_args!("{number}")),
            _ => self.wrong(expected(leaf)),
        })
    }
}

/// A number such as `3.0` or `1e2` that is an `Int` all the same.
pub(in crate::sources::rows) fn whole_number(text: &str) -> Option<i32> {
    let number: f64 = text.parse().ok()?;
    (number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number)).then_some(number as i32)
}

/// What a leaf should have been, for the message.
pub(in crate::sources::rows) fn expected(leaf: &Leaf) -> &'static str {
    match leaf {
        Leaf::String => "a string",
        Leaf::Int => "an integer of 32 bits",
        Leaf::Float => "a number",
        Leaf::Boolean => "true or false",
        Leaf::Id => "an ID",
        Leaf::Enum(_) => "a value of the enum",
        Leaf::Custom => "a JSON value",
        Leaf::Typename => "the name of a type",
    }
}

/// The error of a value that is not what the schema says.
pub(in crate::sources::rows) fn wrong_value(expected: &'static str) -> UpstreamError {
    UpstreamError {
        code: "SUBREQUEST_MALFORMED_RESPONSE".into(),
        message: format!("The answer holds another value where {expected} is expected."),
        extensions: serde_json::Map::new(),
        suffix: Vec::new(),
        authored: false,
        unmasked: None,
    }
}
