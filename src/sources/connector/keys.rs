//! Which answer belongs to which key (connect language §5.3). Pure.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde_json::Value;

use crate::platform::base::Name;
use crate::sources::rows::representations::plain_text;

/// A key's values as one text, comparable whatever their JSON types: `7` is `"7"`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct KeyText<'t>(Cow<'t, [u8]>);

/// One element of a batch's answer.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Element<T> {
    /// The key it belongs to; `None` when it says none.
    pub(super) key: Option<KeyText<'static>>,
    /// The mapped value.
    pub(super) value: T,
}

/// What each key got.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Matched<T> {
    /// One entry a key, in their order: the elements that belong to it, in answer order.
    pub(super) groups: Vec<Vec<T>>,
    /// Elements that belong to no key.
    pub(super) surplus: usize,
}

/// Gives each element to its key; keys may occur more than once.
pub(super) fn by_key<T: Clone>(keys: &[Option<KeyText<'_>>], elements: Vec<Element<T>>) -> Matched<T> {
    let mut found: HashMap<&[u8], Vec<T>> = HashMap::with_capacity(keys.len());
    for key in keys.iter().flatten() {
        found.entry(&key.0).or_default();
    }
    let mut surplus = 0;
    for element in elements {
        match element.key.and_then(|key| found.get_mut(&*key.0)) {
            Some(group) => group.push(element.value),
            None => surplus += 1,
        }
    }
    let group =
        |key: &Option<KeyText<'_>>| key.as_ref().and_then(|key| found.get(&*key.0)).cloned().unwrap_or_default();
    Matched { groups: keys.iter().map(group).collect(), surplus }
}

/// Where the row of each key stands.
#[derive(Debug)]
pub(super) struct Places<'k>(HashMap<&'k [u8], usize, RandomState>);

// === impl Places ===

impl<'k> Places<'k> {
    /// `None` when two rows have the same key.
    pub(super) fn new(keys: &'k [Option<KeyText<'_>>]) -> Option<Self> {
        let mut places = HashMap::with_capacity_and_hasher(keys.len(), RandomState::default());
        for (place, key) in keys.iter().enumerate() {
            if let Some(key) = key
                && places.insert(&*key.0, place).is_some()
            {
                return None;
            }
        }
        Some(Self(places))
    }

    /// The place of the row with this key.
    pub(super) fn find(&self, key: &KeyText<'_>) -> Option<usize> {
        self.0.get(&*key.0).copied()
    }
}

// === impl KeyText ===

impl<'t> KeyText<'t> {
    /// The key of these parts; `None` when one is none.
    fn of(mut parts: impl Iterator<Item = Option<Cow<'t, [u8]>>>) -> Option<Self> {
        let first = parts.next()??;
        let Some(second) = parts.next() else { return Some(Self(first)) };
        let mut all = Vec::new();
        for part in [Some(first), second].into_iter().chain(parts) {
            let part = part?;
            // Lengths tell where parts end, whatever they contain.
            all.extend_from_slice(&part.len().to_le_bytes());
            all.extend_from_slice(&part);
        }
        Some(Self(all.into()))
    }

    /// The key whose parts are written as JSON; `None` when one is no scalar, or null.
    pub(super) fn of_json(parts: &[&'t [u8]]) -> Option<Self> {
        Self::of(parts.iter().map(|part| text_of_json(part)))
    }
}

/// The text of a scalar that is written as JSON.
fn text_of_json(json: &[u8]) -> Option<Cow<'_, [u8]>> {
    if json.len() < 16 && json.iter().all(u8::is_ascii_digit) {
        return Some(json.into());
    }
    match plain_text(json) {
        Some(text) => Some(text.as_bytes().into()),
        None => key_text(&serde_json::from_slice(json).ok()?).map(|text| text.into_bytes().into()),
    }
}

/// The key at `paths` of an object; `None` when a part is missing, null or no scalar.
pub(super) fn key_at(object: &Value, paths: &[Vec<Name>]) -> Option<KeyText<'static>> {
    KeyText::of(paths.iter().map(|path| text_at(object, path).map(|text| text.into_bytes().into())))
}

/// The key that a `by` mapping yielded: a scalar for a key of one field, else an object that
/// names the fields as the key does.
pub(super) fn key_of_by(value: &Value, paths: &[Vec<Name>]) -> Option<KeyText<'static>> {
    match value {
        Value::Object(_) => key_at(value, paths),
        scalar if paths.len() == 1 => key_text(scalar).map(|text| KeyText(text.into_bytes().into())),
        _ => None,
    }
}

fn text_at(object: &Value, path: &[Name]) -> Option<String> {
    key_text(path.iter().try_fold(object, |value, name| value.get(&**name))?)
}

fn key_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => match number.as_f64() {
            // `7.0` is the ID `7` as well.
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => {
                Some((float as i64).to_string())
            }
            _ => Some(number.to_string()),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(text: &str) -> Vec<Vec<Name>> {
        text.split(' ').map(|path| path.split('.').map(Name::from).collect()).collect()
    }

    fn matched(keys: Value, key: &str, elements: Value) -> (Vec<Vec<Value>>, usize) {
        let paths = paths(key);
        let keys: Vec<_> = keys.as_array().unwrap().iter().map(|row| key_at(row, &paths)).collect();
        let elements = elements.as_array().unwrap().iter();
        let elements = elements.map(|value| Element { key: key_at(value, &paths), value: value["v"].clone() });
        let matched = by_key(&keys, elements.collect());
        (matched.groups, matched.surplus)
    }

    #[test]
    fn order_and_json_type_do_not_matter() {
        let answer = json!([{"id": 2, "v": "b"}, {"id": "1", "v": "a"}, {"id": 3.0, "v": "c"}]);
        let keys = json!([{"id": "1"}, {"id": "2"}, {"id": 3}]);
        assert_eq!(matched(keys, "id", answer), (vec![vec![json!("a")], vec![json!("b")], vec![json!("c")]], 0));
    }

    #[test]
    fn missing_repeated_and_surplus_are_told_apart() {
        let answer = json!([{"id": 1, "v": "a"}, {"id": 1, "v": "b"}, {"id": 9, "v": "c"}, {"v": "d"}]);
        let keys = json!([{"id": 1}, {"id": 2}, {"id": 1}]);
        let both = vec![json!("a"), json!("b")];
        assert_eq!(matched(keys, "id", answer), (vec![both.clone(), vec![], both], 2));
    }

    #[test]
    fn composite_and_nested_keys_compare_field_by_field() {
        let answer = json!([{"sku": "x", "w": {"id": 7}, "v": 1}, {"sku": "x", "w": {"id": 8}, "v": 2}]);
        let keys = json!([{"sku": "x", "w": {"id": "8"}}]);
        assert_eq!(matched(keys, "sku w.id", answer), (vec![vec![json!(2)]], 1));
    }

    #[test]
    fn keys_are_read_from_text_as_from_values() {
        let numbers = ["7", "7.0", "7.5", "-0", "1e2", "123456789012345678901"];
        let others = ["true", "null", "[1]", r#""a""#, r#""a\u0062""#, r#""\"""#, r#""""#];
        for json in numbers.into_iter().chain(others) {
            let value: Value = serde_json::from_str(json).unwrap();
            let text = key_text(&value).map(String::into_bytes);
            assert_eq!(text_of_json(json.as_bytes()).map(Cow::into_owned), text, "{json}");
        }
    }

    #[test]
    fn by_may_be_a_scalar_or_name_the_fields() {
        assert_eq!(key_of_by(&json!(5), &paths("id")), KeyText::of_json(&[b"5"]));
        let parts = [b"1".as_slice(), br#""2""#];
        assert_eq!(key_of_by(&json!({"a": 1, "b": 2}), &paths("a b")), KeyText::of_json(&parts));
        let of = |a: &str, b: &str| key_of_by(&json!({"a": a, "b": b}), &paths("a b"));
        assert_ne!(of("1", "1:2"), of("11:", "2"));
        assert_eq!(key_of_by(&json!(5), &paths("a b")), None);
        assert_eq!(key_of_by(&json!(null), &paths("id")), None);
    }
}
