//! Result columns in the binary format as JSON text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{NaiveTime, SecondsFormat, TimeDelta};
use serde_json::value::RawValue;
use sqlx::TypeInfo;
use sqlx::postgres::{PgTypeInfo, PgTypeKind};
use uuid::Uuid;

use super::super::text::{push_float, push_json_string};
use super::encode::epoch;
use super::numeric;

/// Appends the JSON text of a value of type `ty`.
///
/// # Errors
/// With a reason, when the type cannot be read or the bytes are malformed.
pub(super) fn push_json(out: &mut Vec<u8>, ty: &PgTypeInfo, bytes: &[u8]) -> Result<(), String> {
    match ty.kind() {
        PgTypeKind::Domain(base) => push_json(out, base, bytes),
        PgTypeKind::Array(element) => push_array(out, element, bytes).ok_or_else(|| malformed(ty))?,
        PgTypeKind::Enum(_) => push_text(out, bytes).ok_or_else(|| malformed(ty)),
        _ => push_scalar(out, ty, bytes),
    }
}

fn push_scalar(out: &mut Vec<u8>, ty: &PgTypeInfo, bytes: &[u8]) -> Result<(), String> {
    let done = match ty.name() {
        "BOOL" => bytes.first().map(|&byte| out.extend_from_slice(if byte == 0 { b"false" } else { b"true" })),
        "INT2" => fixed(bytes).map(|bytes| push(out, i16::from_be_bytes(bytes))),
        "INT4" => fixed(bytes).map(|bytes| push(out, i32::from_be_bytes(bytes))),
        "INT8" => fixed(bytes).map(|bytes| push(out, i64::from_be_bytes(bytes))),
        "OID" => fixed(bytes).map(|bytes| push(out, u32::from_be_bytes(bytes))),
        "FLOAT4" => fixed(bytes).map(|bytes| push_float(out, f32::from_be_bytes(bytes))),
        "FLOAT8" => fixed(bytes).map(|bytes| push_float(out, f64::from_be_bytes(bytes))),
        "NUMERIC" => numeric::to_text(bytes).map(|text| push_json_string(out, &text)),
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "\"CHAR\"" | "UNKNOWN" | "citext" | "XML" => push_text(out, bytes),
        "UUID" => Uuid::from_slice(bytes).ok().map(|uuid| push_json_string(out, &uuid.to_string())),
        "JSON" => push_raw_json(out, bytes),
        "JSONB" => bytes.strip_prefix(&[1]).and_then(|text| push_raw_json(out, text)),
        "BYTEA" => {
            push_json_string(out, &STANDARD.encode(bytes));
            Some(())
        }
        "DATE" => fixed(bytes).and_then(|bytes| push_date(out, i32::from_be_bytes(bytes))),
        "TIME" => fixed(bytes).and_then(|bytes| push_time(out, i64::from_be_bytes(bytes))),
        "TIMESTAMP" | "TIMESTAMPTZ" => fixed(bytes).and_then(|bytes| push_instant(out, i64::from_be_bytes(bytes))),
        "VOID" => {
            out.extend_from_slice(b"null");
            Some(())
        }
        other => {
            return Err(format!(
                "a column of type {other} cannot be read; cast it in the statement, as in column::text"
            ));
        }
    };
    done.ok_or_else(|| malformed(ty))
}

fn malformed(ty: &PgTypeInfo) -> String {
    format!("a column of type {} holds a value that cannot be read", ty.name())
}

/// Any number of dimensions; `None` when malformed, `Some(Err)` when an element is unreadable.
fn push_array(out: &mut Vec<u8>, element: &PgTypeInfo, bytes: &[u8]) -> Option<Result<(), String>> {
    let mut rest = bytes;
    let dimensions = take_i32(&mut rest)?;
    let (_nulls, _element) = (take_i32(&mut rest)?, take_i32(&mut rest)?);
    // The server allows six dimensions.
    if !(0..=6).contains(&dimensions) {
        return None;
    }
    let mut lengths = Vec::new();
    for _ in 0..dimensions {
        lengths.push(usize::try_from(take_i32(&mut rest)?).ok()?);
        take_i32(&mut rest)?;
    }
    if lengths.is_empty() {
        out.extend_from_slice(b"[]");
        return Some(Ok(()));
    }
    push_dimension(out, element, &lengths, &mut rest)
}

fn push_dimension(
    out: &mut Vec<u8>,
    element: &PgTypeInfo,
    lengths: &[usize],
    rest: &mut &[u8],
) -> Option<Result<(), String>> {
    let (&length, inner) = lengths.split_first()?;
    out.push(b'[');
    for index in 0..length {
        if index > 0 {
            out.push(b',');
        }
        if !inner.is_empty() {
            if let Err(reason) = push_dimension(out, element, inner, rest)? {
                return Some(Err(reason));
            }
            continue;
        }
        match usize::try_from(take_i32(rest)?) {
            Ok(size) => {
                let (bytes, after) = rest.split_at_checked(size)?;
                *rest = after;
                if let Err(reason) = push_json(out, element, bytes) {
                    return Some(Err(reason));
                }
            }
            Err(_) => out.extend_from_slice(b"null"),
        }
    }
    out.push(b']');
    Some(Ok(()))
}

fn take_i32(rest: &mut &[u8]) -> Option<i32> {
    let (bytes, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(i32::from_be_bytes(*bytes))
}

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn push(out: &mut Vec<u8>, number: impl std::fmt::Display) {
    out.extend_from_slice(number.to_string().as_bytes());
}

fn push_text(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    push_json_string(out, std::str::from_utf8(bytes).ok()?);
    Some(())
}

/// Stored JSON passes verbatim, once it is known to be bounded in depth.
fn push_raw_json(out: &mut Vec<u8>, text: &[u8]) -> Option<()> {
    let value: &RawValue = serde_json::from_slice(text).ok()?;
    out.extend_from_slice(value.get().as_bytes());
    Some(())
}

/// Words of the server's own, which no date has.
fn push_infinity(out: &mut Vec<u8>, negative: bool) -> Option<()> {
    push_json_string(out, if negative { "-infinity" } else { "infinity" });
    Some(())
}

fn push_date(out: &mut Vec<u8>, days: i32) -> Option<()> {
    if let i32::MIN | i32::MAX = days {
        return push_infinity(out, days < 0);
    }
    let date = epoch().date().checked_add_signed(TimeDelta::try_days(i64::from(days))?)?;
    push_json_string(out, &date.format("%Y-%m-%d").to_string());
    Some(())
}

fn push_time(out: &mut Vec<u8>, micros: i64) -> Option<()> {
    let (time, _) = NaiveTime::MIN.overflowing_add_signed(TimeDelta::microseconds(micros));
    push_json_string(out, &time.format("%H:%M:%S%.f").to_string());
    Some(())
}

/// RFC 3339; a timestamp without zone counts as UTC.
fn push_instant(out: &mut Vec<u8>, micros: i64) -> Option<()> {
    if let i64::MIN | i64::MAX = micros {
        return push_infinity(out, micros < 0);
    }
    let instant = epoch().checked_add_signed(TimeDelta::microseconds(micros))?;
    push_json_string(out, &instant.and_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true));
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use sqlx::Type;

    use super::super::encode::encode;
    use super::*;

    fn round<T: Type<sqlx::Postgres>>(value: Value) -> Value {
        let ty = T::type_info();
        let mut out = Vec::new();
        push_json(&mut out, &ty, &encode(&ty, &value).unwrap().unwrap()).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn reads_what_was_written() {
        assert_eq!(round::<i64>(json!(-5)), json!(-5));
        assert_eq!(round::<f64>(json!(1.5)), json!(1.5));
        assert_eq!(round::<rust_decimal::Decimal>(json!("12.50")), json!("12.50"));
        assert_eq!(round::<String>(json!("a\"b\n")), json!("a\"b\n"));
        assert_eq!(round::<Value>(json!({"a": [1, null]})), json!({"a": [1, null]}));
        assert_eq!(round::<Vec<i32>>(json!([1, null, 3])), json!([1, null, 3]));
        assert_eq!(round::<Vec<String>>(json!([])), json!([]));
        assert_eq!(round::<chrono::NaiveDate>(json!("1969-07-20")), json!("1969-07-20"));
        assert_eq!(round::<chrono::NaiveTime>(json!("20:17:40")), json!("20:17:40"));
        assert_eq!(round::<chrono::NaiveDateTime>(json!("1969-07-20T20:17:40.5")), json!("1969-07-20T20:17:40.500Z"));
    }

    #[test]
    fn malformed_arrays_are_refused() {
        let ty = <Vec<i32> as Type<sqlx::Postgres>>::type_info();
        assert!(
            push_json(&mut Vec::new(), &ty, &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 9, 0, 0, 0, 1]).is_err()
        );
    }
}
