//! Pieces of JSON text.

use std::fmt::{Display, LowerExp};

use chrono::{NaiveDateTime, SecondsFormat};
use serde_json::value::RawValue;

/// Appends `text` as a JSON string.
pub(super) fn push_json_string(out: &mut Vec<u8>, text: &str) {
    // Writing to a vector cannot fail, nor can a string.
    let _ = serde_json::to_writer(out, text);
}

/// Appends a float in the shortest form that reads back the same in its own width; JSON has no
/// text for infinities and NaN, which become null.
pub(super) fn push_float(out: &mut Vec<u8>, number: impl Into<f64> + Display + LowerExp + Copy) {
    let size = number.into().abs();
    let text = match size {
        _ if !size.is_finite() => "null".to_owned(),
        // In full it could have more digits than readers of JSON take.
        _ if size >= 1e22 || (size > 0.0 && size < 1e-7) => format!("{number:e}"),
        _ => number.to_string(),
    };
    out.extend_from_slice(text.as_bytes());
}

/// Appends stored JSON as it is; a text that is none as a string.
pub(super) fn push_json_text(out: &mut Vec<u8>, text: &str) {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(value) => out.extend_from_slice(value.get().as_bytes()),
        Err(_) => push_json_string(out, text),
    }
}

/// Appends a date and time as RFC 3339; a text without zone counts as UTC, and a text that is no
/// date and time stays as it is.
pub(super) fn push_date_time(out: &mut Vec<u8>, text: &str) {
    let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f"));
    match naive {
        Ok(instant) => push_json_string(out, &instant.and_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        Err(_) => push_json_string(out, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_json() {
        let text = |number: f64| {
            let mut out = Vec::new();
            push_float(&mut out, number);
            String::from_utf8(out).unwrap()
        };
        assert_eq!([text(1.5), text(1e21), text(f64::NAN)], ["1.5", "1000000000000000000000", "null"]);
        for number in [f64::MAX, f64::MIN_POSITIVE, -1e300, 1e-9] {
            let read: f64 = serde_json::from_str(&text(number)).unwrap();
            assert!((read - number).abs() <= number.abs() * 1e-15, "{}", text(number));
        }
    }
}
