//! Many keys in one call, and the answers given to their keys (connect language §5.3).

use bytes::Bytes;
use serde_json::Value;

use crate::graph::connect::model::{BatchMatch, BatchSpec};
use crate::graph::mapping::{Mapping, Variable, Variables};
use crate::sources::contract::SourceError;
use crate::sources::rows::errors::LocatedError;
use crate::sources::rows::slot::Rows;

use super::failure::NOT_A_LIST;
use super::keys::{Element, KeyText, by_key, key_at, key_of_by};
use super::reads::Pending;
use super::reported::{Mapped, Marked};
use super::row::{Decoded, Success, call};
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
    fn read(
        &self,
        selection: &Mapping,
        answer: Value,
        evaluate: &dyn Fn(&Mapping, &Value) -> Option<Value>,
    ) -> Option<Vec<(Value, Value)>> {
        let Some(inner) = &self.inner else {
            let mapped = into_list(evaluate(selection, &answer)?)?;
            let raw = match answer {
                Value::Array(raw) if raw.len() == mapped.len() => raw,
                _ => mapped.clone(),
            };
            return Some(raw.into_iter().zip(mapped).collect());
        };
        let list = match &self.outer {
            Some(outer) => evaluate(outer, &answer)?,
            None => answer,
        };
        let map = |raw: Value| {
            let mapped = evaluate(inner, &raw).unwrap_or(Value::Null);
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
#[expect(clippy::large_enum_variant, reason = "there are few, and each moves on at once")]
pub(super) enum Chunk {
    /// The elements that belong to each.
    Groups(Vec<Vec<Mapped>>),
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
    let read = |body: &Bytes| fetch.direct.as_ref()?.rows(fetch.first, body, spec.matching, &texts, fetch.tally);
    match call(fetch, &variables, None, pending, &read).await? {
        Success::Rows(rows) => Ok(Chunk::Read(rows)),
        Success::Value(decoded) => {
            let Decoded { value, scope, reported } = decoded;
            let after = scope.extend(variables);
            let groups = grouped(fetch, spec, elements, &texts, (value, &reported), &after);
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
    (answer, reported): (Value, &[LocatedError]),
    after: &Variables<'_>,
) -> Result<Vec<Vec<Mapped>>, SourceError> {
    let selection = &fetch.connector.spec.selection.value;
    let marked = Marked::new(&answer, reported);
    let evaluate = |mapping: &Mapping, input: &Value| fetch.evaluate(mapping, Some(input), after);
    let Some(pairs) = elements.read(selection, answer, &evaluate) else {
        return Err(SourceError::new(NOT_A_LIST, "the mapped answer of a batch is no list"));
    };
    let mut pairs: Vec<(Value, Mapped)> = pairs.into_iter().map(|(raw, value)| (raw, value.into())).collect();
    if let Some(mut marked) = marked {
        let again = |mapping: &Mapping, input: &Value| mapping.evaluate(Some(input), after).value;
        let mapped = elements.read(selection, marked.answer.clone(), &again).unwrap_or_default();
        for ((raw, plain), (marked_raw, value)) in pairs.iter_mut().zip(mapped) {
            plain.errors = marked.of_element((&marked_raw, raw), (&value, &plain.value));
        }
        fetch.tally.unplaced(marked.left());
    }
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
    pairs: Vec<(Value, Mapped)>,
    variables: &Variables<'_>,
) -> Vec<Vec<Mapped>> {
    let elements = pairs.into_iter().map(|(raw, value)| {
        let key = match &spec.by {
            Some(by) => fetch.evaluate(&by.value, Some(&raw), variables).and_then(|by| key_of_by(&by, &spec.key)),
            None => key_at(&value.value, &spec.key),
        };
        Element { key, value }
    });
    let matched = by_key(keys, elements.collect());
    if matched.surplus > 0 {
        fetch.tally.problem("elements of the answer belong to no key");
    }
    matched.groups
}
