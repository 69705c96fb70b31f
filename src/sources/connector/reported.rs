//! Errors that a system reports beside its data go where that data goes. Pure.
//!
//! Which part of the answer becomes which part of the mapped value only the mapping knows. So the
//! mapping is run once more on the answer with a mark in the place of each error, and where the
//! marks come out the errors belong. What a mapping makes of a mark in another way is lost to it:
//! such an error stands at the value as a whole.

use serde_json::Value;

use crate::sources::rows::errors::LocatedError;
use crate::sources::rows::slot::PathSegment;

/// What no text of a system begins with by chance.
const MARK: &str = "\u{0}\u{1}pleach error ";

/// A mapped value, and the errors in it: their paths start there.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Mapped {
    pub(super) value: Value,
    pub(super) errors: Vec<LocatedError>,
}

/// An answer with marks.
#[derive(Debug)]
pub(super) struct Marked<'r> {
    pub(super) answer: Value,
    reported: &'r [LocatedError],
    /// Which errors each mark stands for.
    marks: Vec<Vec<usize>>,
    /// Which errors have a place already.
    placed: Vec<bool>,
}

// === impl Mapped ===

impl From<Value> for Mapped {
    fn from(value: Value) -> Self {
        Self { value, errors: Vec::new() }
    }
}

// === impl Marked ===

impl<'r> Marked<'r> {
    /// `None` when nothing was reported.
    pub(super) fn new(answer: &Value, reported: &'r [LocatedError]) -> Option<Self> {
        if reported.is_empty() {
            return None;
        }
        let mut marked =
            Self { answer: answer.clone(), reported, marks: Vec::new(), placed: vec![false; reported.len()] };
        for (error, located) in reported.iter().enumerate() {
            let path = located.path.as_deref().unwrap_or_default();
            let Some(place) = deepest(&mut marked.answer, path) else { continue };
            match mark_of(place) {
                Some(mark) => marked.marks[mark].push(error),
                None if place.is_null() => {
                    *place = Value::String(format!("{MARK}{}", marked.marks.len()));
                    marked.marks.push(vec![error]);
                }
                // Where there is data the mapping must read that.
                None => {}
            }
        }
        Some(marked)
    }

    /// The errors in a value that was mapped from the marked answer; `plain` is the same one mapped
    /// from the answer itself.
    pub(super) fn found(&mut self, marked: &Value, plain: &Value) -> Vec<LocatedError> {
        self.find(marked, plain).into_iter().map(|(error, path)| self.located(error, path)).collect()
    }

    /// The errors of one element, mapped by itself: those that the mapping hides stand at the
    /// element as a whole. Each pair is the marked value and the plain one.
    pub(super) fn of_element(&mut self, raw: (&Value, &Value), mapped: (&Value, &Value)) -> Vec<LocatedError> {
        let mut found = self.find(mapped.0, mapped.1);
        for (error, _) in self.find(raw.0, raw.1) {
            if !found.iter().any(|(known, _)| *known == error) {
                found.push((error, Vec::new()));
            }
        }
        found.into_iter().map(|(error, path)| self.located(error, path)).collect()
    }

    /// The errors that were not found anywhere.
    pub(super) fn left(&self) -> Vec<LocatedError> {
        let left = (0..self.reported.len()).filter(|&error| !self.placed[error]);
        left.map(|error| self.located(error, Vec::new())).collect()
    }

    fn located(&self, error: usize, path: Vec<PathSegment>) -> LocatedError {
        LocatedError { path: Some(path), error: self.reported[error].error.clone() }
    }

    /// Which errors stand where.
    fn find(&mut self, marked: &Value, plain: &Value) -> Vec<(usize, Vec<PathSegment>)> {
        let mut found = Vec::new();
        self.search(marked, Some(plain), &mut Vec::new(), &mut found);
        found.iter().for_each(|(error, _)| self.placed[*error] = true);
        found
    }

    fn search(
        &self,
        marked: &Value,
        plain: Option<&Value>,
        path: &mut Vec<PathSegment>,
        found: &mut Vec<(usize, Vec<PathSegment>)>,
    ) {
        match marked {
            Value::Array(items) => {
                for (index, item) in (0u32..).zip(items) {
                    path.push(PathSegment::Index(index));
                    self.search(item, plain.and_then(|plain| plain.get(index as usize)), path, found);
                    path.pop();
                }
            }
            Value::Object(fields) => {
                for (key, value) in fields {
                    path.push(PathSegment::Key(key.as_str().into()));
                    self.search(value, plain.and_then(|plain| plain.get(key)), path, found);
                    path.pop();
                }
            }
            // The same text in the answer itself is data.
            text if plain == Some(text) => {}
            text => {
                let errors = mark_of(text).and_then(|mark| self.marks.get(mark)).into_iter().flatten();
                found.extend(errors.map(|&error| (error, path.clone())));
            }
        }
    }
}

fn mark_of(value: &Value) -> Option<usize> {
    value.as_str()?.strip_prefix(MARK)?.parse().ok()
}

/// The deepest value on the way. Some servers leave out a key in place of null.
fn deepest<'v>(value: &'v mut Value, path: &[PathSegment]) -> Option<&'v mut Value> {
    let Some((first, rest)) = path.split_first() else { return Some(value) };
    if !matches!(value, Value::Array(_) | Value::Object(_)) {
        return Some(value);
    }
    let below = match first {
        PathSegment::Key(key) => Some(value.as_object_mut()?.entry(&**key).or_insert(Value::Null)),
        PathSegment::Index(index) => value.get_mut(*index as usize),
    };
    deepest(below?, rest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::graph::mapping::{Dialect, Mapping, Variables};
    use crate::sources::rows::errors::read_error;

    fn reported(paths: Value) -> Vec<LocatedError> {
        let paths = paths.as_array().unwrap().iter();
        paths.map(|path| read_error(json!({ "message": path.to_string(), "path": path }))).collect()
    }

    /// Where each error ends, and those that end at the value as a whole.
    fn places(selection: &str, answer: Value, paths: Value) -> Vec<String> {
        let mapping = Mapping::parse(selection, Dialect::Pleach).unwrap();
        let map = |value: &Value| mapping.evaluate(Some(value), &Variables::new()).value.unwrap_or_default();
        let reported = reported(paths);
        let mut marked = Marked::new(&answer, &reported).unwrap();
        let mut found = marked.found(&map(&marked.answer), &map(&answer));
        found.extend(marked.left());
        let step = |segment: &PathSegment| match segment {
            PathSegment::Key(key) => key.to_string(),
            PathSegment::Index(index) => index.to_string(),
        };
        let place = |located: &LocatedError| {
            let path: Vec<String> = located.path.iter().flatten().map(step).collect();
            format!("{} -> {}", located.error.message, path.join("."))
        };
        found.iter().map(place).collect()
    }

    #[test]
    fn errors_follow_their_data_through_names_lists_and_methods() {
        let answer = json!({ "user": { "nm": null, "friends": [{ "nm": "a" }, { "nm": null }, null] } });
        assert_eq!(
            places(
                "$.user { name: nm pals: friends { name: nm } last: friends->last }",
                answer,
                json!([["user", "nm"], ["user", "friends", 1, "nm"], ["user", "friends", 2, "nm"]])
            ),
            [
                r#"["user","nm"] -> name"#,
                r#"["user","friends",1,"nm"] -> pals.1.name"#,
                r#"["user","friends",2,"nm"] -> pals.2"#,
                r#"["user","friends",2,"nm"] -> last"#,
            ]
        );
    }

    #[test]
    fn what_a_mapping_hides_stands_at_the_whole() {
        let answer = json!({ "a": null, "b": 1 });
        let paths = json!([["a"], ["b"], ["b", 0], ["a", "deeper"]]);
        assert_eq!(
            places("a: a ?? 'none' b", answer.clone(), paths),
            [r#"["a"] -> a"#, r#"["a","deeper"] -> a"#, r#"["b"] -> "#, r#"["b",0] -> "#]
        );
        assert_eq!(places("b", answer, json!([["a"]])), [r#"["a"] -> "#]);
    }

    #[test]
    fn data_that_looks_like_a_mark_is_data() {
        let answer = json!({ "a": null, "b": format!("{MARK}0") });
        assert_eq!(places("b", answer, json!([["a"]])), [r#"["a"] -> "#]);
    }
}
