//! Many keys in one call, and the answers given to their keys (connect language §5.3).

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::graph::connect::model::{BatchMatch, BatchSpec};
use crate::graph::mapping::{Mapping, Variable, Variables};
use crate::platform::base::Name;
use crate::sources::contract::SourceError;
use crate::sources::rows::errors::LocatedError;
use crate::sources::rows::representations::{Representations, value_of};
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
    keys: &Representations,
    pending: Option<&Pending>,
) -> Result<Chunk, SourceError> {
    let by_columns = fetch.connector.columns.as_deref().and_then(|columns| in_columns(keys, columns, &spec.key));
    let (batch, texts) = by_columns.unwrap_or_else(|| in_objects(keys, &spec.key));
    let variables = fetch.variables().with(Variable::Batch, &batch);
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

/// `$batch`, and the key of each of its objects.
fn in_objects<'k>(keys: &Representations, key: &[Vec<Name>]) -> (Value, Vec<Option<KeyText<'k>>>) {
    let objects: Vec<Value> = keys.values().collect();
    let texts = objects.iter().map(|object| key_at(object, key)).collect();
    (objects.into(), texts)
}

/// The same for mappings that read nothing of `$batch` but what stands under some keys. `$batch.id` is
/// the list of what stands under `id` in each object; under `id` of a single object that list is found as
/// well, so that none is made for each. None if an object lacks one of the keys, or they are not so simple.
fn in_columns<'k>(
    keys: &'k Representations,
    columns: &[Name],
    key: &'k [Vec<Name>],
) -> Option<(Value, Vec<Option<KeyText<'k>>>)> {
    let only = |path: &'k [Name]| if let [name] = path { Some(&**name) } else { None };
    let parts: Vec<&str> = key.iter().map(|path| only(path)).collect::<Option<_>>()?;
    // Mostly the parts are all that is read.
    let others = columns.iter().map(|name| &**name).filter(|name| !parts.contains(name));
    let names: Vec<&str> = parts.iter().copied().chain(others).collect();
    let rows = keys.columns(&names)?;
    let column = |name: &Name| {
        let place = names.iter().position(|known| **known == **name)?;
        Some((name.to_string(), rows.iter().map(|row| value_of(row[place])).collect()))
    };
    let mut batch = Map::with_capacity(columns.len());
    batch.extend(columns.iter().filter_map(column));
    let texts = rows.iter().map(|row| KeyText::of_json(&row[..parts.len()])).collect();
    Some((batch.into(), texts))
}

/// The elements of an answer, given to their keys.
fn grouped(
    fetch: &Fetch<'_>,
    spec: &BatchSpec,
    elements: &Elements,
    keys: &[Option<KeyText<'_>>],
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
    keys: &[Option<KeyText<'_>>],
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::mapping::Dialect;

    #[test]
    fn what_is_read_by_keys_is_the_same_in_columns() {
        let rows = [
            [r#"{"id":1,"of":{"a":"x"}}"#, r#"{"id":2,"of":{"a":"y"}}"#],
            [r#"{"of":{"b":1},"id":"\u0041"}"#, r#"{"id":[1,null],"of":{"a":null}}"#],
            [r#"{"__typename":"T","id":null,"of":[{"a":1},{"a":2}]}"#, r#"{"id":true,"of":{}}"#],
        ];
        let key = [vec!["id".into()]];
        for keys in rows.map(|rows| rows.iter().map(|row| row.as_bytes()).collect::<Representations>()) {
            let (columns, texts) = in_columns(&keys, &["id".into(), "of".into()], &key).expect("both are there");
            let (objects, same) = in_objects(&keys, &key);
            assert_eq!(texts, same);
            for text in [
                "$batch.id",
                "$batch.of.a",
                "ids: $batch.id more: $batch.of.a?->first",
                "$($batch.id)->map({ it: @ })",
                "$batch.id->joinNotNull(',')",
                "$batch.of { a }",
            ] {
                let mapping = Mapping::parse(text, Dialect::Pleach).expect(text);
                assert!(!mapping.references().of(Variable::Batch).expect("it reads them").bare);
                let evaluate = |batch| mapping.evaluate(None, &Variables::new().with(Variable::Batch, batch)).value;
                assert_eq!(evaluate(&columns), evaluate(&objects), "{text} of {objects}");
            }
        }
    }

    #[test]
    fn what_reads_more_than_keys_needs_objects() {
        for text in ["$batch", "$batch->map(@.id)", "$batch { id }", "$batch?.id", "a: $batch.id b: $batch->size"] {
            let mapping = Mapping::parse(text, Dialect::Pleach).expect(text);
            assert!(mapping.references().of(Variable::Batch).expect("it reads it").bare, "{text}");
        }
        let keys: Representations = [br#"{"id":1}"#.as_slice(), b"{}"].into_iter().collect();
        assert!(in_columns(&keys, &["id".into()], &[vec!["id".into()]]).is_none());
        let keys: Representations = [br#"{"of":{"id":1}}"#.as_slice()].into_iter().collect();
        assert!(in_columns(&keys, &["of".into()], &[vec!["of".into(), "id".into()]]).is_none());
    }
}
