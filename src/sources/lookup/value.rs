//! Values of arguments, taken from representations. Leaves stay the JSON text that they are.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::graph::language::selection_map::{Below, ListItem, ObjectField, Path, Selected, SelectionMap};

use super::known::Kinds;

/// The fields of a representation, or of an object in it.
pub(super) type Fields<'r> = BTreeMap<&'r str, &'r RawValue>;

/// A value taken from an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Taken {
    /// As JSON.
    pub(super) text: String,
    /// Whether something in it is null or missing.
    pub(super) gaps: Gaps,
}

/// What of a value is null or missing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Gaps {
    /// Nothing.
    None,
    /// An item of a list of leaves: the object has what is read, as it is.
    Items,
    /// Something that the value is made of, or the value.
    Parts,
}

/// Takes values.
#[derive(Clone, Copy)]
pub(super) struct Taker<'k> {
    pub(super) kinds: &'k Kinds,
}

/// The fields of an object; `None` for any other value.
pub(super) fn fields(value: &RawValue) -> Option<Fields<'_>> {
    serde_json::from_str(value.get()).ok()
}

/// The type an object says it is of.
pub(super) fn type_name<'r>(object: &Fields<'r>) -> Option<&'r str> {
    serde_json::from_str(object.get("__typename")?.get()).ok()
}

// === impl Taken ===

impl Taken {
    fn null() -> Self {
        Self { text: "null".to_owned(), gaps: Gaps::Parts }
    }

    /// A value as it stands in an object.
    fn leaf(value: &RawValue) -> Self {
        let gaps = if has_null_items(value) { Gaps::Items } else { Gaps::None };
        Self { text: value.get().to_owned(), gaps }
    }

    /// Whether the object has all that is read.
    pub(super) fn has_all(&self) -> bool {
        self.gaps != Gaps::Parts
    }

    /// Whether it is null as a whole.
    pub(super) fn is_null(&self) -> bool {
        self.text == "null"
    }
}

// === impl Taker ===

impl Taker<'_> {
    /// The value of `map` for an object; `None` if the object has nothing of it. Of several
    /// alternatives the first counts that has all it reads, and without one the value is null.
    pub(super) fn take(self, map: &SelectionMap, object: &Fields<'_>) -> Option<Taken> {
        if let [only] = &map.alternatives[..] {
            return self.selected(only, object);
        }
        let mut some = None;
        for alternative in &map.alternatives {
            match self.selected(alternative, object) {
                Some(taken) if taken.has_all() => return Some(taken),
                Some(_) => some = Some(Taken::null()),
                None => {}
            }
        }
        some
    }

    fn selected(self, selected: &Selected, object: &Fields<'_>) -> Option<Taken> {
        match selected {
            Selected::Object(parts) => self.object(parts, object),
            Selected::Path { path, below } => {
                let end = self.follow(path, object)?;
                if is_null(end) {
                    return Some(Taken::null());
                }
                match below {
                    None => Some(Taken::leaf(end)),
                    Some(Below::Object(parts)) => self.object(parts, &fields(end)?),
                    Some(Below::List(item)) => self.list(item, end),
                }
            }
        }
    }

    /// What stands at the end of a path; null if null stands on it.
    fn follow<'r>(self, path: &Path, object: &Fields<'r>) -> Option<&'r RawValue> {
        if let Some(on) = &path.on {
            self.check(object, &on.value)?;
        }
        let (last, before) = path.steps.split_last()?;
        let mut here = object.clone();
        for step in before {
            let value = *here.get(&*step.field.value)?;
            if is_null(value) {
                return Some(value);
            }
            here = fields(value)?;
            if let Some(on) = &step.on {
                self.check(&here, &on.value)?;
            }
        }
        let end = *here.get(&*last.field.value)?;
        if let (Some(on), false) = (&last.on, is_null(end)) {
            self.check(&fields(end)?, &on.value)?;
        }
        Some(end)
    }

    /// Whether an object is of a type, as far as it says.
    fn check(self, object: &Fields<'_>, on: &str) -> Option<()> {
        type_name(object).is_none_or(|name| self.kinds.is(name, on)).then_some(())
    }

    fn object(self, parts: &[ObjectField], object: &Fields<'_>) -> Option<Taken> {
        let (mut text, mut gaps) = (String::from("{"), Gaps::None);
        for part in parts {
            let Some(taken) = self.take(&part.value, object) else {
                gaps = Gaps::Parts;
                continue;
            };
            gaps = gaps.max(taken.gaps);
            // Names of GraphQL need no escapes.
            text.push_str(if text.len() > 1 { ",\"" } else { "\"" });
            text.push_str(&part.name.value);
            text.push_str("\":");
            text.push_str(&taken.text);
        }
        (text.len() > 1).then(|| Taken { text: text + "}", gaps })
    }

    fn list(self, item: &ListItem, list: &RawValue) -> Option<Taken> {
        let items: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
        let (mut text, mut gaps) = (String::from("["), Gaps::None);
        for (index, value) in items.into_iter().enumerate() {
            let taken = match item {
                _ if is_null(value) => None,
                ListItem::Value(map) => fields(value).and_then(|object| self.take(map, &object)),
                ListItem::List(inner) => self.list(inner, value),
            };
            let taken = taken.unwrap_or_else(Taken::null);
            gaps = gaps.max(taken.gaps);
            text.push_str(if index > 0 { "," } else { "" });
            text.push_str(&taken.text);
        }
        Some(Taken { text: text + "]", gaps })
    }
}

fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

/// Whether a list, or one inside of it, has an item that is null.
fn has_null_items(value: &RawValue) -> bool {
    if !value.get().starts_with('[') || !value.get().contains("null") {
        return false;
    }
    let items: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
    items.into_iter().any(|item| is_null(item) || has_null_items(item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::base::span::{SourceMap, Span};

    fn take(map: &str, object: &str) -> Option<(String, Gaps)> {
        let file = SourceMap::new().add("map", map);
        let map = SelectionMap::parse(map, &|start, end| Span::new(file, start, end)).unwrap();
        let object: Fields<'_> = serde_json::from_str(object).unwrap();
        let taken = Taker { kinds: &Kinds::default() }.take(&map, &object)?;
        Some((taken.text, taken.gaps))
    }

    fn whole(text: &str) -> Option<(String, Gaps)> {
        Some((text.to_owned(), Gaps::None))
    }

    fn partial(text: &str) -> Option<(String, Gaps)> {
        Some((text.to_owned(), Gaps::Parts))
    }

    #[test]
    fn paths_keep_the_text_of_leaves() {
        assert_eq!(take("id", r#"{"id":12345678901234567890123}"#), whole("12345678901234567890123"));
        assert_eq!(take("size.w", r#"{"size":{"w":1.10}}"#), whole("1.10"));
        assert_eq!(take("tags", r#"{"tags":["a","b"]}"#), whole(r#"["a","b"]"#));
        let items = |text: &str| Some((text.to_owned(), Gaps::Items));
        assert_eq!(take("tags", r#"{"tags":[["null"], [null]]}"#), items(r#"[["null"], [null]]"#));
        assert_eq!(take("{ tags }", r#"{"tags":["a",null]}"#), items(r#"{"tags":["a",null]}"#));
        assert_eq!(take("size.w", r#"{"size":null}"#), partial("null"));
        assert_eq!(take("size.w", r#"{"size":{}}"#), None);
    }

    #[test]
    fn objects_and_lists_are_made_of_what_there_is() {
        assert_eq!(take("{ w: size.w, id }", r#"{"size":{"w":1},"id":"a"}"#), whole(r#"{"w":1,"id":"a"}"#));
        assert_eq!(take("size.{ w, h }", r#"{"size":{"w":1,"h":null}}"#), partial(r#"{"w":1,"h":null}"#));
        assert_eq!(take("size.{ w, h }", r#"{"size":{"w":1}}"#), partial(r#"{"w":1}"#));
        assert_eq!(take("size.{ w, h }", r#"{"size":{}}"#), None);
        assert_eq!(take("parts[{ id }]", r#"{"parts":[{"id":1},null]}"#), partial(r#"[{"id":1},null]"#));
        assert_eq!(take("rows[[id]]", r#"{"rows":[[{"id":1}],[]]}"#), whole("[[1],[]]"));
    }

    #[test]
    fn the_first_alternative_that_has_all_it_reads_counts() {
        let map = "{ id } | { code: sku }";
        assert_eq!(take(map, r#"{"id":1,"sku":2}"#), whole(r#"{"id":1}"#));
        assert_eq!(take(map, r#"{"id":null,"sku":2}"#), whole(r#"{"code":2}"#));
        assert_eq!(take(map, r#"{"id":null}"#), partial("null"));
        assert_eq!(take(map, "{}"), None);
        let map = "media<Book>.isbn | media<Film>.code";
        assert_eq!(take(map, r#"{"media":{"__typename":"Film","isbn":1,"code":2}}"#), whole("2"));
        assert_eq!(take(map, r#"{"media":{"code":2}}"#), whole("2"));
        assert_eq!(take("<Book>.id", r#"{"__typename":"Film","id":1}"#), None);
    }
}
