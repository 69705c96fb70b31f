//! The scanner beside `serde_json`: what one takes for an answer, the other does, and it holds the same.

use std::collections::HashMap;

use bytes::Bytes;
use pleach::graph::federation::ids::TypeId;
use pleach::sources::rows::scan::{Problem, scan_graphql};
use pleach::sources::rows::shape::{FieldShape, Leaf, ObjectShape, RowShape, SiteId, SlotIndex};
use pleach::sources::rows::shape::{Typing, ValueKind, ValueShape};
use pleach::sources::rows::slot::{Rows, Slot};
use pleach::sources::rows::visit::visit_data;
use serde_json::{Map, Value, json};

/// Keys of the shape's objects; texts that are to be scanned should have some of them.
pub const KEYS: [&str; 10] =
    ["s", "i", "f", "b", "id", "e", "custom", "items", "a_key_of_more_than_sixteen_letters", "one"];

/// Compares both readings of one text.
///
/// # Panics
/// When they differ.
pub fn compare(body: &[u8]) {
    let shape = RowShape::Root(object(3));
    let scanned = scan_graphql(&Bytes::copy_from_slice(body), &shape, &[]);
    let read = serde_json::from_slice::<Value>(body);
    let rows = match scanned {
        Ok(rows) => rows,
        Err(malformed) => {
            // Valid JSON, but more or other than an answer may be.
            let is_refused = matches!(
                malformed.problem,
                Problem::Depth | Problem::Duplicate | Problem::Kind | Problem::Empty | Problem::TooLarge
            );
            assert!(is_refused || read.is_err(), "{malformed}: {}", String::from_utf8_lossy(body));
            return;
        }
    };
    let read = match read {
        Ok(read) => read,
        // Numbers pass through as they are, and both bound the depth in their own way.
        Err(error) if error.to_string().contains("out of range") || error.to_string().contains("recursion") => return,
        Err(error) => panic!("{error}: {}", String::from_utf8_lossy(body)),
    };
    if has_extreme_numbers(body) || read.get("errors").is_some() || !read.get("data").is_some_and(Value::is_object) {
        return;
    }
    let RowShape::Root(object) = &shape else { return };
    let visited = visit_data(&read["data"], &shape, &[]);
    let (ours, theirs) = (Reading::of(&rows), Reading::of(&visited));
    assert_eq!(
        ours.value(rows.rows[0], object),
        theirs.value(visited.rows[0], object),
        "{}",
        String::from_utf8_lossy(body)
    );
    assert_eq!(rows.objects.len(), ours.recorded.len(), "an object is recorded once");
}

/// Whether a number may be beyond what values hold: the scanner keeps it, values round it, and those with
/// large exponents not to the nearest one.
fn has_extreme_numbers(body: &[u8]) -> bool {
    let has_exponent = |text: &[u8]| match text {
        [b'e' | b'E', b'+' | b'-', digits @ ..] | [b'e' | b'E', digits @ ..] => {
            digits.iter().take(2).filter(|byte| byte.is_ascii_digit()).count() == 2
        }
        _ => false,
    };
    body.split(|byte| !byte.is_ascii_digit()).any(|run| run.len() > 15)
        || body.windows(2).any(|pair| pair == b"-0")
        || body.windows(4).any(has_exponent)
}

fn object(depth: u32) -> ObjectShape {
    let leaf = |leaf| ValueShape { lists: 0, kind: ValueKind::Leaf(leaf) };
    let names = ["RED".into(), "GREEN".into()].into();
    let values = [
        leaf(Leaf::String),
        leaf(Leaf::Int),
        leaf(Leaf::Float),
        leaf(Leaf::Boolean),
        leaf(Leaf::Id),
        leaf(Leaf::Enum(names)),
        leaf(Leaf::Custom),
        match depth {
            0 => leaf(Leaf::Custom),
            _ => ValueShape { lists: 1, kind: ValueKind::Object(Box::new(object(depth - 1))) },
        },
        ValueShape { lists: 2, kind: ValueKind::Leaf(Leaf::String) },
        match depth {
            0 => leaf(Leaf::String),
            _ => ValueShape { lists: 0, kind: ValueKind::Object(Box::new(object(depth - 1))) },
        },
    ];
    let typename =
        Typing::Key { key: "__typename".into(), table: vec![("A".into(), TypeId(1)), ("B".into(), TypeId(2))] };
    let fields = KEYS.into_iter().zip(values).zip(0..);
    ObjectShape {
        site: SiteId(depth),
        slots: KEYS.len() as u32,
        typing: if depth == 0 { typename } else { Typing::Fixed(TypeId(0)) },
        fields: fields
            .map(|((key, value), slot)| FieldShape { key: key.into(), slot: SlotIndex(slot), value })
            .collect(),
        record: depth == 1,
        interned: depth == 1,
    }
}

/// Rows, to be looked at.
struct Reading<'r> {
    rows: &'r Rows,
    /// The objects that are recorded, by their first cells.
    recorded: HashMap<u32, SiteId>,
}

impl<'r> Reading<'r> {
    fn of(rows: &'r Rows) -> Self {
        Self { rows, recorded: rows.objects.iter().map(|&(site, start, _)| (start, site)).collect() }
    }

    /// What a cell means.
    fn value(&self, slot: Slot, object: &ObjectShape) -> Value {
        let rows = self.rows;
        match slot {
            Slot::Missing => json!("missing"),
            Slot::Null => Value::Null,
            Slot::Failed(error) => json!({ "failed": rows.reports().errors[error as usize].message }),
            Slot::Raw { part, start, len } => {
                let text = match part {
                    0 => &rows.text[..],
                    part => &rows.parts[part as usize - 1],
                };
                serde_json::from_slice(&text[start as usize..][..len as usize]).expect("leaves are JSON")
            }
            Slot::List { start, len } => {
                (start..start + len).map(|at| self.value(rows.slots[at as usize], object)).collect()
            }
            Slot::Object { start, ty } => {
                let mut fields: Map<String, Value> = Map::new();
                fields.insert("type".into(), ty.0.into());
                fields.insert("recorded".into(), json!(self.recorded.get(&start).map(|site| site.0)));
                for field in &object.fields {
                    let below = match &field.value.kind {
                        ValueKind::Object(below) => below,
                        ValueKind::Leaf(_) => object,
                    };
                    let cell = rows.slots[(start + field.slot.0) as usize];
                    fields.insert(field.key.to_string(), self.value(cell, below));
                }
                Value::Object(fields)
            }
        }
    }
}
