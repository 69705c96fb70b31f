//! What connectors are asked about: objects, each by what is known of it.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use serde_json::{Map, Value};
use smallvec::SmallVec;

use super::scan::Cursor;

/// JSON objects, in an order that answers follow. They stay text as long as nobody needs a value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Representations {
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// Fields of most objects, at most: a key, and perhaps the type's name.
const FIELDS: usize = 2;

// === impl Representations ===

impl Representations {
    /// One object of which nothing is known.
    pub fn nothing() -> Self {
        Self { text: b"{}".to_vec(), ends: vec![2] }
    }

    /// None yet, with room for so many objects of so many bytes in all.
    pub fn with_room(objects: usize, bytes: usize) -> Self {
        Self { text: Vec::with_capacity(bytes), ends: Vec::with_capacity(objects) }
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds an object, which is not checked.
    pub fn push(&mut self, object: &[u8]) {
        self.text.extend_from_slice(object);
        self.ends.push(self.text.len());
    }

    /// The text of each object.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.ends.iter().enumerate().map(|(index, &end)| {
            let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
            &self.text[start..end]
        })
    }

    /// Some of the objects.
    pub fn range(&self, range: Range<usize>) -> Self {
        self.iter().skip(range.start).take(range.len()).collect()
    }

    /// Each object once, and for each of these which of them it is.
    pub fn distinct(&self) -> (Cow<'_, Self>, Vec<usize>) {
        if self.len() < 2 {
            return (Cow::Borrowed(self), (0..self.len()).collect());
        }
        let hasher = RandomState::default();
        let mut known: HashTable<usize> = HashTable::with_capacity(self.len());
        let mut distinct: Vec<&[u8]> = Vec::with_capacity(self.len());
        let places = self.iter().map(|object| {
            let hash = hasher.hash_one(object);
            if let Some(&place) = known.find(hash, |&place| distinct[place] == object) {
                return place;
            }
            // There is room for all, so nobody is moved.
            known.insert_unique(hash, distinct.len(), |_| hash);
            distinct.push(object);
            distinct.len() - 1
        });
        let places = places.collect();
        match distinct.len() == self.len() {
            true => (Cow::Borrowed(self), places),
            false => (Cow::Owned(distinct.into_iter().collect()), places),
        }
    }

    /// Each object as a value.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        self.iter().map(|object| {
            let mut fields = Map::with_capacity(FIELDS);
            fields.extend(members(object).map(|(name, value)| (name_of(name), value_of(value))));
            Value::Object(fields)
        })
    }

    /// The values under some keys, each as text, object by object; none if an object lacks one of them.
    pub fn columns<'t>(&'t self, keys: &[&str]) -> Option<Vec<SmallVec<[&'t [u8]; 2]>>> {
        let row = |object: &'t [u8]| -> Option<SmallVec<[&'t [u8]; 2]>> {
            let mut row: SmallVec<[&'t [u8]; 2]> = SmallVec::from_elem(b"".as_slice(), keys.len());
            for (name, value) in members(object) {
                for (_, place) in keys.iter().zip(&mut row).filter(|(key, _)| is_name(name, key)) {
                    *place = value;
                }
            }
            // No value is empty.
            row.iter().all(|value| !value.is_empty()).then_some(row)
        };
        let mut rows = Vec::with_capacity(self.len());
        for object in self.iter() {
            rows.push(row(object)?);
        }
        Some(rows)
    }
}

impl<'a> FromIterator<&'a [u8]> for Representations {
    fn from_iter<T: IntoIterator<Item = &'a [u8]>>(objects: T) -> Self {
        let mut all = Self::default();
        objects.into_iter().for_each(|object| all.push(object));
        all
    }
}

/// For whoever has values at hand.
impl FromIterator<Value> for Representations {
    fn from_iter<T: IntoIterator<Item = Value>>(objects: T) -> Self {
        let mut all = Self::default();
        objects.into_iter().for_each(|object| all.push(object.to_string().as_bytes()));
        all
    }
}

/// A JSON value.
pub fn value_of(json: &[u8]) -> Value {
    match plain_text(json) {
        Some(text) => Value::String(text.to_owned()),
        None => match small_number(json) {
            Some(number) => number.into(),
            None => serde_json::from_slice(json).unwrap_or_default(),
        },
    }
}

/// What a JSON string says, if it has no escapes.
pub fn plain_text(json: &[u8]) -> Option<&str> {
    let text = json.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if text.contains(&b'\\') { None } else { std::str::from_utf8(text).ok() }
}

/// A number of few digits.
fn small_number(json: &[u8]) -> Option<u64> {
    let is_small = (1..=18).contains(&json.len()) && (json.len() == 1 || json[0] != b'0');
    let digit = |digit: &u8| digit.is_ascii_digit().then(|| u64::from(digit - b'0'));
    if is_small { json.iter().try_fold(0, |number, byte| Some(number * 10 + digit(byte)?)) } else { None }
}

/// Keys, with their quotes, and values of an object; whatever is no JSON ends them.
fn members(object: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut before = b'{';
    let mut rest = object;
    std::iter::from_fn(move || {
        let name = rest.trim_ascii_start().strip_prefix(&[before])?.trim_ascii_start();
        let (name, behind) = name.split_at_checked(end_of_value(name)?)?;
        let value = behind.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let (value, behind) = value.split_at_checked(end_of_value(value)?)?;
        (before, rest) = (b',', behind);
        (name[0] == b'"').then_some((name, value))
    })
}

/// Where a value ends that stands at the beginning of a text.
fn end_of_value(text: &[u8]) -> Option<usize> {
    let end = match text.first()? {
        b'"' => text.iter().skip(1).position(|byte| matches!(byte, b'"' | b'\\')).map(|len| len + 1),
        b'0'..=b'9' => text.iter().position(|byte| !byte.is_ascii_digit()),
        _ => None,
    };
    match end.map(|end| (end, text[end])) {
        Some((end, b'"')) => Some(end + 1),
        Some((end, b',' | b'}')) => Some(end),
        _ => Cursor::new(text).ok()?.value().ok().map(|value| value.end),
    }
}

fn name_of(json: &[u8]) -> String {
    match plain_text(json) {
        Some(name) => name.to_owned(),
        None => serde_json::from_slice(json).unwrap_or_default(),
    }
}

fn is_name(json: &[u8], name: &str) -> bool {
    match json.contains(&b'\\') {
        false => json.get(1..json.len() - 1) == Some(name.as_bytes()),
        true => name_of(json) == name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn all(texts: &[&str]) -> Representations {
        texts.iter().map(|text| text.as_bytes()).collect()
    }

    #[test]
    fn values_are_those_of_the_text() {
        for text in [
            "{}",
            r#"{"id":1}"#,
            r#"{"__typename":"A","id":"x","of":{"a":[1,2.50,null],"b":{}},"t":true}"#,
            r#"{"a":"\"","b":"\u00e9","c":"é","d":""}"#,
            r#"{ "a" : -1 , "b":0, "c": 123456789012345678, "d": 12345678901234567890, "e":1234567890123456789 }"#,
            r#"{"a":1e3,"b":1.0,"c":"12"}"#,
            r#"{"\u0061":"x\\","b\"":{"c":"}"},"d":[{"e":","}],"":1}"#,
        ] {
            let expected: Value = serde_json::from_str(text).expect(text);
            assert_eq!(all(&[text]).values().collect::<Vec<_>>(), [expected], "{text}");
        }
        assert_eq!(Representations::nothing().values().collect::<Vec<_>>(), [json!({})]);
    }

    #[test]
    fn equal_objects_are_one() {
        let objects = all(&[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":1}"#, r#"{"a":12}"#, r#"{"a":2}"#]);
        let (distinct, places) = objects.distinct();
        assert_eq!((&*distinct, places), (&all(&[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":12}"#]), vec![0, 1, 0, 2, 1]));
        assert_eq!(objects.range(1..3), all(&[r#"{"a":2}"#, r#"{"a":1}"#]));
        assert_eq!(objects.range(4..9), all(&[r#"{"a":2}"#]));
    }

    #[test]
    fn columns_are_there_if_every_object_has_them() {
        let objects = all(&[r#"{"a":1,"b":"x"}"#, r#"{"b":"y","a":{"c":[]}}"#]);
        let texts = objects.columns(&["a", "b"]).expect("both");
        assert_eq!(texts.concat(), [&b"1"[..], b"\"x\"", b"{\"c\":[]}", b"\"y\""]);
        assert_eq!(objects.columns(&["a", "c"]), None);
        assert_eq!(all(&["{}"]).columns(&["a"]), None);
    }
}
