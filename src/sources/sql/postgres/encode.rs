//! JSON values as parameters, each in the type the server reported.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use serde_json::Value;
use sqlx::TypeInfo;
use sqlx::postgres::{PgTypeInfo, PgTypeKind};
use uuid::Uuid;

use super::numeric;

/// A value does not fit its parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mismatch(pub(super) String);

/// The bytes of `value` for a parameter of type `ty`; `None` is NULL.
pub(super) fn encode(ty: &PgTypeInfo, value: &Value) -> Result<Option<Vec<u8>>, Mismatch> {
    if value.is_null() {
        return Ok(None);
    }
    match ty.kind() {
        PgTypeKind::Domain(base) => encode(base, value),
        PgTypeKind::Array(element) => array(ty, element, value).map(Some),
        PgTypeKind::Enum(_) => text(value).map(|text| Some(text.into_bytes())).ok_or_else(|| mismatch(ty)),
        _ => scalar(ty, value).map(Some),
    }
}

fn scalar(ty: &PgTypeInfo, value: &Value) -> Result<Vec<u8>, Mismatch> {
    let bytes = match ty.name() {
        "BOOL" => boolean(value).map(|value| vec![u8::from(value)]),
        "INT2" => integer(value).and_then(|n| i16::try_from(n).ok()).map(|n| n.to_be_bytes().to_vec()),
        "INT4" => integer(value).and_then(|n| i32::try_from(n).ok()).map(|n| n.to_be_bytes().to_vec()),
        "INT8" => integer(value).map(|n| n.to_be_bytes().to_vec()),
        "OID" => integer(value).and_then(|n| u32::try_from(n).ok()).map(|n| n.to_be_bytes().to_vec()),
        "FLOAT4" => float(value).map(|n| (n as f32).to_be_bytes().to_vec()),
        "FLOAT8" => float(value).map(|n| n.to_be_bytes().to_vec()),
        "NUMERIC" => match value {
            Value::Number(number) => numeric::from_text(&number.to_string()),
            Value::String(text) => numeric::from_text(text),
            _ => None,
        },
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "\"CHAR\"" | "UNKNOWN" | "citext" => text(value).map(String::into_bytes),
        "UUID" => value.as_str().and_then(|text| Uuid::parse_str(text).ok()).map(|uuid| uuid.into_bytes().to_vec()),
        "JSON" => serde_json::to_vec(value).ok(),
        "JSONB" => serde_json::to_vec(value).ok().map(|text| [&[1], text.as_slice()].concat()),
        "BYTEA" => value.as_str().and_then(|text| STANDARD.decode(text).ok()),
        "DATE" => match infinity(value) {
            Some(negative) => Some(if negative { i32::MIN } else { i32::MAX }),
            None => date(value).and_then(days),
        }
        .map(|days| days.to_be_bytes().to_vec()),
        "TIME" => time(value).map(|micros| micros.to_be_bytes().to_vec()),
        "TIMESTAMP" | "TIMESTAMPTZ" => match infinity(value) {
            Some(negative) => Some(if negative { i64::MIN } else { i64::MAX }),
            None => instant(value).and_then(micros),
        }
        .map(|micros| micros.to_be_bytes().to_vec()),
        other => {
            return Err(Mismatch(format!(
                "a parameter of type {other} cannot be sent; cast it in the statement, as in {{…}}::text::{other}"
            )));
        }
    };
    bytes.ok_or_else(|| mismatch(ty))
}

/// A one-dimensional array: dimensions, whether there are nulls, element type, length, lower bound.
fn array(ty: &PgTypeInfo, element: &PgTypeInfo, value: &Value) -> Result<Vec<u8>, Mismatch> {
    let Value::Array(items) = value else { return Err(mismatch(ty)) };
    let oid = element.oid().ok_or_else(|| mismatch(ty))?;
    let length = i32::try_from(items.len()).map_err(|_| mismatch(ty))?;
    let has_null = items.iter().any(Value::is_null);
    let mut out = Vec::with_capacity(20 + items.len() * 8);
    out.extend(i32::from(length > 0).to_be_bytes());
    out.extend(i32::from(has_null).to_be_bytes());
    out.extend(oid.0.to_be_bytes());
    if length > 0 {
        out.extend(length.to_be_bytes());
        out.extend(1i32.to_be_bytes());
    }
    for item in items {
        match encode(element, item)? {
            Some(bytes) => {
                out.extend(i32::try_from(bytes.len()).map_err(|_| mismatch(ty))?.to_be_bytes());
                out.extend(bytes);
            }
            None => out.extend((-1i32).to_be_bytes()),
        }
    }
    Ok(out)
}

/// Names the type, never the value.
fn mismatch(ty: &PgTypeInfo) -> Mismatch {
    Mismatch(format!("a value does not fit its parameter of type {}", ty.name()))
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) => match text.as_str() {
            "true" | "t" => Some(true),
            "false" | "f" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9_007_199_254_740_992.0).map(|n| n as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Postgres cannot store the NUL character in a text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.contains('\0')).then(|| text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The server's words for before and after all times; whether it is before.
fn infinity(value: &Value) -> Option<bool> {
    match value.as_str()?.trim() {
        "infinity" => Some(false),
        "-infinity" => Some(true),
        _ => None,
    }
}

fn date(value: &Value) -> Option<NaiveDate> {
    let text = value.as_str()?.trim();
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().or_else(|| instant(value).map(|instant| instant.date()))
}

fn time(value: &Value) -> Option<i64> {
    let time = NaiveTime::parse_from_str(value.as_str()?.trim(), "%H:%M:%S%.f").ok()?;
    time.signed_duration_since(NaiveTime::MIN).num_microseconds()
}

/// An instant in UTC; a text without offset is in UTC already.
fn instant(value: &Value) -> Option<NaiveDateTime> {
    let text = value.as_str()?.trim();
    DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.naive_utc())
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"))
        .ok()
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))
}

fn days(date: NaiveDate) -> Option<i32> {
    i32::try_from(date.signed_duration_since(epoch().date()).num_days()).ok()
}

fn micros(instant: NaiveDateTime) -> Option<i64> {
    instant.signed_duration_since(epoch()).num_microseconds()
}

/// Where Postgres counts from: 2000-01-01T00:00:00.
pub(super) fn epoch() -> NaiveDateTime {
    DateTime::from_timestamp(946_684_800, 0).map(|instant| instant.naive_utc()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sqlx::Type;

    use super::*;

    fn bytes<T: Type<sqlx::Postgres>>(value: Value) -> Result<Option<Vec<u8>>, Mismatch> {
        encode(&T::type_info(), &value)
    }

    #[test]
    fn values_take_the_type_of_their_parameter() {
        assert_eq!(bytes::<i32>(json!(7)).unwrap().unwrap(), [0, 0, 0, 7]);
        assert_eq!(bytes::<i32>(json!("7")).unwrap().unwrap(), [0, 0, 0, 7]);
        assert_eq!(bytes::<String>(json!(7)).unwrap().unwrap(), b"7");
        assert_eq!(bytes::<bool>(json!(true)).unwrap().unwrap(), [1]);
        assert_eq!(bytes::<Value>(json!({"a": 1})).unwrap().unwrap(), b"\x01{\"a\":1}");
        assert_eq!(bytes::<NaiveDate>(json!("2000-01-02")).unwrap().unwrap(), [0, 0, 0, 1]);
        assert_eq!(bytes::<NaiveDateTime>(json!("2000-01-01T01:00:00+01:00")).unwrap().unwrap(), [0; 8]);
        assert_eq!(bytes::<i32>(json!(null)), Ok(None));
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        for wrong in [json!("x"), json!(1.5), json!(3_000_000_000i64), json!([1]), json!(true)] {
            assert!(bytes::<i32>(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(bytes::<Uuid>(json!("not-a-uuid")).is_err());
        assert!(bytes::<String>(json!("a\0b")).is_err());
        assert!(bytes::<String>(json!({})).is_err());
        assert!(bytes::<Vec<i32>>(json!(1)).is_err());
    }
}
