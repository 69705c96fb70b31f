//! The same rows from a tree of values: for mappings that build values and for native schemas.

use std::io::Write as _;

use serde_json::{Number, Value};
use smallvec::SmallVec;

use super::scan::{expected, whole_number, wrong_value};
use super::shape::{FieldShape, Leaf, ListShape, ObjectShape, RowShape, Typing, ValueKind, ValueShape};
use super::slot::{Rows, Slot, UNKNOWN_TYPE, UpstreamError};

/// A tree of JSON-like values.
pub trait Tree: Sized {
    /// What this value is.
    fn view(&self) -> View<'_, Self>;
    /// The value under a key, if this is an object that has it.
    fn get(&self, key: &str) -> Option<&Self>;
    /// Appends the value as JSON text.
    fn write(&self, out: &mut Vec<u8>);
}

/// One value of a [`Tree`].
#[derive(Debug)]
pub enum View<'a, T> {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// A number.
    Number(&'a Number),
    /// A string or an enum value's name.
    String(&'a str),
    /// A list.
    List(&'a [T]),
    /// An object; its fields are read by [`Tree::get`].
    Object,
}

/// Collects rows one by one.
#[derive(Debug, Default)]
pub struct RowsBuilder {
    rows: Rows,
    typed: bool,
    /// Objects that should have said their type, and did not; none where that is a mistake.
    untold: Option<u32>,
    wrong: SmallVec<[(&'static str, u32); 2]>,
}

/// Reads the `data` of a GraphQL response. `expected` says how many rows each list must have;
/// missing ones are null. Errors are placed afterwards by [`super::errors::place_errors`].
pub fn visit_data<T: Tree>(data: &T, shape: &RowShape, expected: &[u32]) -> Rows {
    let mut builder = RowsBuilder::new(false);
    match shape {
        RowShape::Root(object) => builder.row(data, object),
        RowShape::Lists(lists) => {
            for (list, &count) in lists.iter().zip(expected) {
                builder.list(data, list, count);
            }
        }
    }
    builder.finish()
}

// === impl RowsBuilder ===

impl RowsBuilder {
    /// Without rows. `typed`: values come from a typed source or from text, so that numbers may
    /// arrive as text.
    pub fn new(typed: bool) -> Self {
        Self { typed, ..Self::default() }
    }

    /// Without rows; an object that does not say its type, although it may have several, is null and
    /// counted. Mappings say the type by a `match` that may lack the pair (connect language §4.7).
    pub fn of_mappings(typed: bool) -> Self {
        Self { typed, untold: Some(0), ..Self::default() }
    }

    /// How many objects did not say their type.
    pub fn untold(&self) -> u32 {
        self.untold.unwrap_or_default()
    }

    /// Adds a row: `value` is its object, or null.
    pub fn row<T: Tree>(&mut self, value: &T, shape: &ObjectShape) {
        let slot = match value.view() {
            View::Null => Slot::Null,
            View::Object => self.object(value, shape, false),
            _ => self.wrong("an object"),
        };
        self.rows.rows.push(slot);
    }

    /// Adds a row whose object has one field only: `value`. Root connectors answer so.
    pub fn row_of_field<T: Tree>(&mut self, value: &T, shape: &ObjectShape, field: &FieldShape) {
        let start = self.allocate(shape);
        self.fill(value, field, start);
        self.rows.rows.push(Slot::Object { start: self.number(start), ty: shape.typing.fixed() });
    }

    /// Adds a row that is null.
    pub fn null(&mut self) {
        self.rows.rows.push(Slot::Null);
    }

    /// Adds a row that failed.
    pub fn failed(&mut self, error: UpstreamError) {
        let id = self.rows.add_error(error);
        self.rows.rows.push(Slot::Failed(id));
    }

    /// Adds rows that were read elsewhere.
    pub fn append(&mut self, rows: Rows) {
        if self.rows.rows.is_empty() && self.rows.reports().general.is_empty() {
            self.rows = rows;
            self.wrong.clear();
            return;
        }
        self.rows.append(rows);
    }

    /// Reports an error that has no place.
    pub fn general(&mut self, error: UpstreamError) {
        self.rows.reports_mut().general.push(error);
    }

    /// The rows.
    pub fn finish(self) -> Rows {
        self.rows
    }

    fn list<T: Tree>(&mut self, data: &T, list: &ListShape, count: u32) {
        let items = match data.get(&list.key).map(Tree::view) {
            Some(View::List(items)) => items,
            _ => &[],
        };
        let base = self.rows.rows.len();
        for item in items.iter().take(count as usize) {
            self.row(item, &list.object);
        }
        self.rows.rows.resize(base + count as usize, Slot::Null);
    }

    fn allocate(&mut self, shape: &ObjectShape) -> u32 {
        let start = self.rows.slots.len();
        // Objects are told apart by their first cell, so each needs one.
        self.rows.slots.resize(start + shape.slots.max(1) as usize, Slot::Missing);
        start as u32
    }

    /// A cell's number: those of rows that were read elsewhere may not begin at zero.
    fn number(&self, cell: u32) -> u32 {
        self.rows.first.cells + cell
    }

    fn object<T: Tree>(&mut self, value: &T, shape: &ObjectShape, record: bool) -> Slot {
        let ty = match &shape.typing {
            Typing::Fixed(ty) => *ty,
            Typing::Opaque => UNKNOWN_TYPE,
            Typing::Key { key, table } => {
                let name = match value.get(key).map(Tree::view) {
                    Some(View::String(name)) => name,
                    None | Some(View::Null) if self.untold.is_some() => {
                        self.untold = self.untold.map(|untold| untold.saturating_add(1));
                        return Slot::Null;
                    }
                    _ => "",
                };
                match table.iter().find(|(known, _)| &**known == name) {
                    Some((_, ty)) => *ty,
                    None => return self.wrong("an object of a known type"),
                }
            }
        };
        let start = self.allocate(shape);
        self.fields(value, &shape.fields, start);
        let start = self.number(start);
        if record {
            self.rows.objects.push((shape.site, start, ty));
        }
        Slot::Object { start, ty }
    }

    fn fields<T: Tree>(&mut self, value: &T, fields: &[FieldShape], start: u32) {
        for field in fields {
            if let Some(inner) = value.get(&field.key) {
                self.fill(inner, field, start);
            }
        }
    }

    fn fill<T: Tree>(&mut self, value: &T, field: &FieldShape, start: u32) {
        let known = self.rows.objects.len();
        let slot = self.value(value, &field.value, 0);
        match self.rows.slots.get_mut((start + field.slot.0) as usize) {
            Some(empty @ Slot::Missing) => *empty = slot,
            _ => self.rows.objects.truncate(known),
        }
    }

    fn value<T: Tree>(&mut self, value: &T, shape: &ValueShape, level: u8) -> Slot {
        match (value.view(), &shape.kind) {
            (View::Null, _) => Slot::Null,
            (View::List(items), _) if level < shape.lists => {
                let slots: Vec<Slot> = items.iter().map(|item| self.value(item, shape, level + 1)).collect();
                let start = self.rows.slots.len() as u32;
                self.rows.slots.extend(slots);
                Slot::List { start: self.number(start), len: items.len() as u32 }
            }
            _ if level < shape.lists => self.wrong("a list"),
            (View::Object, ValueKind::Object(object)) => self.object(value, object, object.record),
            (view, ValueKind::Leaf(leaf)) => self.leaf(value, view, leaf),
            _ => self.wrong("an object"),
        }
    }

    fn leaf<T: Tree>(&mut self, value: &T, view: View<'_, T>, leaf: &Leaf) -> Slot {
        let start = self.rows.text.len();
        let right = match (leaf, view) {
            (Leaf::Custom, _)
            | (Leaf::String | Leaf::Typename | Leaf::Id, View::String(_))
            | (Leaf::Float, View::Number(_))
            | (Leaf::Boolean, View::Boolean(_)) => {
                value.write(&mut self.rows.text);
                true
            }
            (Leaf::Enum(names), View::String(name)) if names.iter().any(|known| &**known == name) => {
                value.write(&mut self.rows.text);
                true
            }
            (Leaf::Id, View::Number(number)) if !number.is_f64() => self.text(format_args!("\"{number}\"")),
            (Leaf::Int, View::Number(number)) => match whole_number(&number.to_string()) {
                Some(number) => self.text(format_args!("{number}")),
                None => false,
            },
            (Leaf::Int, View::String(text)) if self.typed => match text.parse::<i32>() {
                Ok(number) => self.text(format_args!("{number}")),
                Err(_) => false,
            },
            (Leaf::Float, View::String(text)) if self.typed => match serde_json::from_str::<Number>(text) {
                // The text itself, so that decimals keep their digits.
                Ok(_) => self.text(format_args!("{}", text.trim())),
                Err(_) => false,
            },
            _ => false,
        };
        match right {
            true => {
                let (part, len) = (self.rows.first.parts, (self.rows.text.len() - start) as u32);
                Slot::Raw { part, start: start as u32, len }
            }
            false => self.wrong(expected(leaf)),
        }
    }

    fn text(&mut self, text: std::fmt::Arguments<'_>) -> bool {
        self.rows.text.write_fmt(text).is_ok()
    }

    fn wrong(&mut self, expected: &'static str) -> Slot {
        if let Some(&(_, error)) = self.wrong.iter().find(|(known, _)| *known == expected) {
            return Slot::Failed(error);
        }
        let error = self.rows.add_error(wrong_value(expected));
        self.wrong.push((expected, error));
        Slot::Failed(error)
    }
}

// === impl Tree for Value ===

impl Tree for Value {
    fn view(&self) -> View<'_, Self> {
        match self {
            Self::Null => View::Null,
            Self::Bool(value) => View::Boolean(*value),
            Self::Number(number) => View::Number(number),
            Self::String(text) => View::String(text),
            Self::Array(items) => View::List(items),
            Self::Object(_) => View::Object,
        }
    }

    fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get(key)
    }

    fn write(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(out, self).expect("a vector takes all bytes, and keys are strings");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::shape::{SiteId, SlotIndex};
    use super::*;
    use crate::graph::federation::ids::TypeId;

    fn leaf(leaf: Leaf) -> FieldShape {
        FieldShape { key: "v".into(), slot: SlotIndex(0), value: ValueShape { lists: 0, kind: ValueKind::Leaf(leaf) } }
    }

    fn object(fields: Vec<FieldShape>) -> ObjectShape {
        let (site, typing) = (SiteId(1), Typing::Fixed(TypeId(0)));
        ObjectShape { site, slots: 2, typing, fields: fields.into(), record: true, interned: false }
    }

    /// The text a value becomes, if it is right.
    fn becomes(value: Value, kind: Leaf, typed: bool) -> Option<String> {
        let mut builder = RowsBuilder::new(typed);
        builder.row(&json!({ "v": value }), &object(vec![leaf(kind)]));
        let rows = builder.finish();
        match rows.slots[0] {
            Slot::Raw { part: 0, start, len } => {
                Some(String::from_utf8(rows.text[start as usize..(start + len) as usize].to_vec()).unwrap())
            }
            _ => None,
        }
    }

    #[test]
    fn numbers_become_ids_and_nothing_else_is_converted_silently() {
        assert_eq!(becomes(json!(7), Leaf::Id, false).unwrap(), "\"7\"");
        assert_eq!(becomes(json!(3.0), Leaf::Int, false).unwrap(), "3");
        for (value, kind) in [
            (json!("7"), Leaf::Int),
            (json!("1.5"), Leaf::Float),
            (json!(7), Leaf::String),
            (json!(1.5), Leaf::Id),
            (json!(2_147_483_648_i64), Leaf::Int),
            (json!("true"), Leaf::Boolean),
            (json!("blue"), Leaf::Enum(["RED".into()].into())),
        ] {
            assert_eq!(becomes(value.clone(), kind.clone(), false), None, "{value} as {kind:?}");
        }
    }

    #[test]
    fn numeric_text_of_typed_sources_is_a_number_with_all_its_digits() {
        assert_eq!(becomes(json!("42"), Leaf::Int, true).unwrap(), "42");
        assert_eq!(becomes(json!("1.10"), Leaf::Float, true).unwrap(), "1.10");
        assert_eq!(becomes(json!("4e"), Leaf::Float, true), None);
        assert_eq!(becomes(json!("many"), Leaf::Int, true), None);
    }

    #[test]
    fn rows_are_not_recorded_but_objects_below_them_are() {
        let inner = object(vec![leaf(Leaf::Int)]);
        let value = ValueShape { lists: 1, kind: ValueKind::Object(Box::new(inner)) };
        let outer = object(vec![FieldShape { key: "items".into(), slot: SlotIndex(1), value }]);
        let mut builder = RowsBuilder::new(false);
        builder.row(&json!({ "items": [{ "v": 1 }, null, { "v": 2 }] }), &outer);
        builder.null();
        let rows = builder.finish();
        assert_eq!(rows.rows.len(), 2);
        assert_eq!(rows.objects.len(), 2);
        assert!(matches!(rows.slots[1], Slot::List { len: 3, .. }));
    }
}
