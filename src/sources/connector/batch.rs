//! Many keys in one call, and the answers given to their keys (connect language §5.3).

use bytes::Bytes;
use serde_json::Value;

use crate::graph::connect::model::{BatchMatch, BatchSpec};
use crate::graph::mapping::{Mapping, Variable, Variables};
use crate::sources::contract::SourceError;
use crate::sources::rows::slot::Rows;

use super::failure::NOT_A_LIST;
use super::keys::{Element, KeyText, by_key, key_at, key_of_by};
use super::reads::Pending;
use super::row::{Success, call};
use super::source::Fetch;

/// How elements of a batch's answer are found, made once.
#[derive(Clone, Debug)]
pub(super) struct Elements {
    /// To the list of raw elements, when the selection is a path with a block.
    outer: Option<Mapping>,
    /// From one raw element to its value; without it the whole selection yields the list.
    inner: Option<Mapping>,
}

// === impl Elements ===

impl Elements {
    pub(super) fn of(selection: &Mapping) -> Self {
        match selection.split_block() {
            Some((outer, inner)) => Self { outer: Some(outer), inner: Some(inner) },
            None if selection.is_items() => Self { outer: None, inner: Some(selection.clone()) },
            None => Self { outer: None, inner: None },
        }
    }

    /// Raw elements with their mapped values; `None` when the answer is no list.
    fn read(&self, fetch: &Fetch<'_>, answer: Value, variables: &Variables<'_>) -> Option<Vec<(Value, Value)>> {
        let Some(inner) = &self.inner else {
            let selection = &fetch.connector.spec.selection.value;
            let mapped = into_list(fetch.evaluate(selection, Some(&answer), variables)?)?;
            let raw = match answer {
                Value::Array(raw) if raw.len() == mapped.len() => raw,
                _ => mapped.clone(),
            };
            return Some(raw.into_iter().zip(mapped).collect());
        };
        let list = match &self.outer {
            Some(outer) => fetch.evaluate(outer, Some(&answer), variables)?,
            None => answer,
        };
        let map = |raw: Value| {
            let mapped = fetch.evaluate(inner, Some(&raw), variables).unwrap_or(Value::Null);
            (raw, mapped)
        };
        Some(into_list(list)?.into_iter().map(map).collect())
    }
}

fn into_list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

/// What the rows of a chunk got, in the keys' order.
pub(super) enum Chunk {
    /// The elements that belong to each.
    Groups(Vec<Vec<Value>>),
    /// Rows, read without values in between.
    Read(Rows),
}

/// One chunk, perhaps of a call that others need too.
pub(super) async fn chunk(
    fetch: &Fetch<'_>,
    spec: &BatchSpec,
    elements: &Elements,
    keys: &[Value],
    pending: Option<&Pending>,
) -> Result<Chunk, SourceError> {
    let batch = Value::Array(keys.to_vec());
    let variables = fetch.variables().with(Variable::Batch, &batch);
    let texts: Vec<_> = keys.iter().map(|row| key_at(row, &spec.key)).collect();
    let read = |body: &Bytes| fetch.direct.as_ref()?.rows(body, spec.matching, &texts, fetch.tally);
    match call(fetch, variables, None, pending, &read).await? {
        Success::Rows(rows) => Ok(Chunk::Read(rows)),
        Success::Value(value, scope) => {
            let after = scope.extend(variables);
            let groups = grouped(fetch, spec, elements, &texts, value, &after);
            fetch.unless_stopped(groups)?.map(Chunk::Groups)
        }
    }
}

/// The elements of an answer, given to their keys.
fn grouped(
    fetch: &Fetch<'_>,
    spec: &BatchSpec,
    elements: &Elements,
    keys: &[Option<KeyText>],
    answer: Value,
    after: &Variables<'_>,
) -> Result<Vec<Vec<Value>>, SourceError> {
    let Some(pairs) = elements.read(fetch, answer, after) else {
        return Err(SourceError::new(NOT_A_LIST, "the mapped answer of a batch is no list"));
    };
    match spec.matching {
        BatchMatch::Position if pairs.len() == keys.len() => {
            Ok(pairs.into_iter().map(|(_, mapped)| vec![mapped]).collect())
        }
        BatchMatch::Position => {
            let message = format!("the answer has {} elements for {} keys", pairs.len(), keys.len());
            Err(SourceError::new(NOT_A_LIST, message))
        }
        BatchMatch::Key => Ok(matched(fetch, spec, keys, pairs, after)),
    }
}

fn matched(
    fetch: &Fetch<'_>,
    spec: &BatchSpec,
    keys: &[Option<KeyText>],
    pairs: Vec<(Value, Value)>,
    variables: &Variables<'_>,
) -> Vec<Vec<Value>> {
    let elements = pairs.into_iter().map(|(raw, value)| {
        let key = match &spec.by {
            Some(by) => fetch.evaluate(&by.value, Some(&raw), variables).and_then(|by| key_of_by(&by, &spec.key)),
            None => key_at(&value, &spec.key),
        };
        Element { key, value }
    });
    let matched = by_key(keys, elements.collect());
    if matched.surplus > 0 {
        fetch.tally.problem("elements of the answer belong to no key");
    }
    matched.groups
}
