//! Cells of key columns as the database holds them, for cursors: what JSON shows of a time, a float
//! or bytes does not compare with the column.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A cell that JSON does not show exactly.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) enum Exact {
    /// The bits of a float.
    #[serde(rename = "d")]
    Double(u64),
    /// The bits of a float of half the size.
    #[serde(rename = "s")]
    Single(u32),
    /// Bytes, in base64.
    #[serde(rename = "b")]
    Bytes(String),
    /// Text, where JSON shows another one.
    #[serde(rename = "t")]
    Text(String),
    /// An exact number.
    #[serde(rename = "n")]
    Decimal(String),
    /// An integer that JSON shows as something else.
    #[serde(rename = "i")]
    Integer(i64),
    /// A date and time without zone, in ISO form.
    #[serde(rename = "l")]
    Local(String),
    /// An instant, as RFC 3339.
    #[serde(rename = "z")]
    Instant(String),
    /// What travels, in base64, and the name of its type.
    #[serde(rename = "w")]
    Wire(String, String),
}

/// A value to be bound.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Input {
    /// As mappings know it.
    pub(super) value: Value,
    /// As the database told it, where that is more.
    pub(super) exact: Option<Exact>,
}

// === impl Exact ===

impl Exact {
    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(STANDARD.encode(bytes))
    }

    pub(super) fn wire(ty: &str, bytes: &[u8]) -> Self {
        Self::Wire(ty.to_owned(), STANDARD.encode(bytes))
    }
}

/// The bytes of a base64 text; a cursor holds no other, since it is signed.
pub(super) fn decoded(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap_or_default()
}

// === impl Input ===

impl Input {
    /// Whether it is NULL; JSON shows other things as null, too, such as NaN.
    pub(super) fn is_null(&self) -> bool {
        self.value.is_null() && self.exact.is_none()
    }
}

impl From<Value> for Input {
    fn from(value: Value) -> Self {
        Self { value, exact: None }
    }
}
