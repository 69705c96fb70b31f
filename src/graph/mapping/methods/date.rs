//! Instants: `formatDate parseDate`, between RFC 3339 text, epoch numbers and `strftime` patterns.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{DateTime, FixedOffset, NaiveTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use super::{Arity, At, Availability, Call, Flow, Method};
use crate::graph::mapping::kinds::Kinds;
use crate::graph::mapping::number::Num;
use crate::graph::mapping::shape::Shape;

/// How long a pattern may be, in bytes.
const MAX_PATTERN: usize = 128;

pub(super) const FORMAT_DATE: Method = Method {
    name: "formatDate",
    availability: Availability::Pleach,
    input: Kinds::STRING.or(Kinds::NUMBER),
    arity: Arity::ONE,
    arguments: &[Kinds::STRING],
    at: At::Input,
    flow: Flow::Reads,
    shape: |_, _| Shape::String(None),
    run: format_date,
};

pub(super) const PARSE_DATE: Method = Method { name: "parseDate", run: parse_date, ..FORMAT_DATE };

/// The items of a pattern, if all of them are known.
fn items(pattern: &str) -> Option<Vec<Item<'_>>> {
    if pattern.len() > MAX_PATTERN {
        return None;
    }
    let items: Vec<Item<'_>> = StrftimeItems::new(pattern).collect();
    (!items.contains(&Item::Error)).then_some(items)
}

fn format_date<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let pattern = call.text(0)?;
    let Some(items) = items(&pattern) else { return bad_pattern(call) };
    let instant = match Num::of(call.input) {
        Some(seconds) => epoch(seconds, 1),
        None => DateTime::parse_from_rfc3339(call.input_text()).ok(),
    };
    let Some(instant) = instant else { return call.fail("needs an RFC 3339 instant or seconds since 1970") };
    let mut text = String::new();
    match write!(text, "{}", instant.format_with_items(items.iter())) {
        Ok(()) => call.text_result(text),
        Err(_) => bad_pattern(call),
    }
}

fn parse_date<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let pattern = call.text(0)?;
    let instant = match pattern.as_str() {
        "epoch" => number(call.input).and_then(|number| epoch(number, 1)),
        "epochMillis" => number(call.input).and_then(|number| epoch(number, 1000)),
        pattern => {
            let Some(items) = items(pattern) else { return bad_pattern(call) };
            call.input.as_str().and_then(|text| instant(text, &items))
        }
    };
    match instant {
        Some(instant) => call.text_result(instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        None => call.fail("cannot read this instant by its pattern"),
    }
}

fn bad_pattern<T>(call: &mut Call<'_, '_>) -> Option<T> {
    call.fail(&format!("needs a strftime pattern of at most {MAX_PATTERN} bytes"))
}

/// A number, also as text.
fn number(value: &Value) -> Option<Num> {
    match value {
        Value::String(text) => Num::of(&serde_json::from_str(text).ok()?),
        other => Num::of(other),
    }
}

/// The instant so many units after 1970, with `per_second` units a second.
fn epoch(number: Num, per_second: i64) -> Option<DateTime<FixedOffset>> {
    const NANOS: i128 = 1_000_000_000;
    let nanos = match number {
        Num::Int(int) => int.checked_mul(NANOS)? / i128::from(per_second),
        Num::Float(float) if float.abs() < 1e18 => {
            // Microseconds are what a float of today's instants still holds.
            (float / per_second as f64 * 1e6).round() as i128 * 1000
        }
        Num::Float(_) => return None,
    };
    let seconds = i64::try_from(nanos.div_euclid(NANOS)).ok()?;
    let rest = u32::try_from(nanos.rem_euclid(NANOS)).ok()?;
    Some(DateTime::<Utc>::from_timestamp(seconds, rest)?.fixed_offset())
}

/// The instant that `text` says; midnight and UTC where it is silent.
fn instant(text: &str, items: &[Item<'_>]) -> Option<DateTime<FixedOffset>> {
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text, items.iter()).ok()?;
    if let Ok(instant) = parsed.to_datetime() {
        return Some(instant);
    }
    let offset = parsed.to_fixed_offset().unwrap_or(FixedOffset::east_opt(0)?);
    let offset_seconds = i64::from(offset.local_minus_utc());
    let local = match parsed.to_naive_datetime_with_offset(offset.local_minus_utc()) {
        Ok(local) => local,
        Err(_) if !has_time(&parsed) => parsed.to_naive_date().ok()?.and_time(NaiveTime::MIN),
        Err(_) => return None,
    };
    let utc = local.checked_sub_signed(TimeDelta::try_seconds(offset_seconds)?)?;
    Some(DateTime::from_naive_utc_and_offset(utc, offset))
}

/// Whether any part of the time of day was read.
fn has_time(parsed: &Parsed) -> bool {
    parsed.hour_div_12().is_some() || parsed.hour_mod_12().is_some() || parsed.minute().is_some()
}
