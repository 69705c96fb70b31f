//! Pieces of JSON text.

use chrono::{NaiveDateTime, SecondsFormat};

/// Appends `text` as a JSON string.
pub(super) fn push_json_string(out: &mut Vec<u8>, text: &str) {
    // Writing to a vector cannot fail, nor can a string.
    let _ = serde_json::to_writer(out, text);
}

/// Appends a float in the shortest form that reads back the same in its own width; JSON has no
/// text for infinities and NaN, which become null.
pub(super) fn push_float(out: &mut Vec<u8>, number: impl Into<f64> + std::fmt::Display + Copy) {
    let text = if number.into().is_finite() { number.to_string() } else { "null".to_owned() };
    out.extend_from_slice(text.as_bytes());
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
    }
}
