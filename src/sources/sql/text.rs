//! Pieces of JSON text, and what a statement's text says about itself.

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

/// What is wrong with a statement that should only read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SqlCheck {
    /// It starts with a keyword that writes.
    Writes,
    /// There is a second statement.
    Multiple,
}

/// Checks by keyword that `sql` is one statement that reads. The connection it runs on is
/// read-only as well, so this is the clearer message, not the only guard.
pub fn check_read(sql: &str) -> Result<(), SqlCheck> {
    let mut words = Words { rest: sql };
    let first = words.next().unwrap_or("").to_ascii_uppercase();
    if !matches!(first.as_str(), "SELECT" | "WITH" | "VALUES" | "TABLE" | "SHOW" | "EXPLAIN" | "DESCRIBE" | "(") {
        return Err(SqlCheck::Writes);
    }
    let mut ended = false;
    for word in words {
        if ended {
            return Err(SqlCheck::Multiple);
        }
        ended = word == ";";
    }
    Ok(())
}

/// Words and marks of a statement; quoted text and comments are passed over as one mark.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            self.rest = self.rest.trim_start();
            if let Some(comment) = self.rest.strip_prefix("--") {
                self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                self.rest = comment.split_once("*/").map_or("", |(_, rest)| rest);
            } else {
                break;
            }
        }
        let first = self.rest.chars().next()?;
        let length = match first {
            '\'' | '"' | '`' => {
                let body = &self.rest[1..];
                body.find(first).map_or(self.rest.len(), |at| at + 2)
            }
            c if c.is_alphanumeric() || c == '_' => {
                self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len())
            }
            c => c.len_utf8(),
        };
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_write_or_follow_are_found() {
        for fine in
            ["select 1", "-- delete\nSELECT ';' ;", "/* x */ with a as (select 1) select * from a;", "(select 1)"]
        {
            assert_eq!(check_read(fine), Ok(()), "{fine}");
        }
        assert_eq!(check_read("UPDATE a SET b = 1"), Err(SqlCheck::Writes));
        assert_eq!(check_read(""), Err(SqlCheck::Writes));
        assert_eq!(check_read("select 1; drop table a"), Err(SqlCheck::Multiple));
    }

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
