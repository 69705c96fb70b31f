//! What is read of a connector's document beside `serde_json`: what is read directly is valid, and each
//! cell holds what stands under its key.

use bytes::Bytes;
use pleach::graph::federation::ids::TypeId;
use pleach::sources::rows::extract::{
    Extract, ExtractObject, KeyUse, MadeObject, MadeOfLeaves, Place, RowCells, Target, Use, UseValue,
};
use pleach::sources::rows::scan::{Extracted, extract_row};
use pleach::sources::rows::shape::{Leaf, SiteId, SlotIndex, ValueKind, ValueShape};
use pleach::sources::rows::slot::{Numbers, Slot};
use serde_json::{Number, Value, json};

/// Where each value is expected: its way, and its cells; the last ones are those of an object that is made.
const CELLS: [(&str, &[u32]); 6] =
    [("a", &[0]), ("n", &[1, 8]), ("t", &[2, 9]), ("x", &[3]), ("any", &[4]), ("in/deep", &[5])];
const OPTIONAL: [&str; 2] = ["t", "in/deep"];
const MADE: u32 = 6;
const MADE_START: u32 = 8;
const FIRST: Numbers = Numbers { cells: 3, parts: 2 };

/// Reads one text, and once more as the first reading taught.
///
/// # Panics
/// When what is read is not what stands there.
pub fn compare(body: &[u8]) {
    let (body, extract) = (Bytes::copy_from_slice(body), extract());
    let mut layouts = extract.layouts();
    for _ in 0..2 {
        let Some(extracted) = extract_row(FIRST, &body, &extract, layouts) else { return };
        check(&body, &extracted);
        layouts = extracted.layouts;
    }
}

fn check(body: &[u8], extracted: &Extracted) {
    let shown = || String::from_utf8_lossy(body).into_owned();
    let document: Value = match serde_json::from_slice(body) {
        Ok(document) => document,
        Err(error) => panic!("{error}: {}", shown()),
    };
    let rows = &extracted.rows;
    let cell = |number: u32| rows.slot(number).copied().unwrap_or_else(|| panic!("no cell {number}: {}", shown()));
    let Some(&Slot::Object { start, .. }) = rows.rows.first() else { panic!("no row: {}", shown()) };
    let items = match (cell(start), &document) {
        (Slot::List { start, len }, Value::Array(items)) if items.len() == len as usize => (start..).zip(items),
        (Slot::Null, Value::Null) => return,
        (slot, _) => panic!("{slot:?}: {}", shown()),
    };
    for (at, item) in items {
        let Slot::Object { start, .. } = cell(at) else { panic!("no object: {}", shown()) };
        let Slot::Object { start: made, .. } = cell(start + MADE) else { panic!("no object: {}", shown()) };
        for (way, cells) in CELLS {
            let value = item.pointer(&format!("/{way}"));
            for place in cells {
                let number = if *place < MADE_START { start + place } else { made + place - MADE_START };
                let expected = match value {
                    Some(Value::Number(id)) if way == "a" => Some(json!(id.to_string())),
                    Some(Value::Number(number)) if way == "n" => whole(number),
                    Some(Value::Null) if OPTIONAL.contains(&way) => None,
                    value => value.cloned(),
                };
                let found = match cell(number) {
                    Slot::Missing => None,
                    Slot::Null => Some(Value::Null),
                    Slot::Raw { part, start, len } => {
                        let text = match part - FIRST.parts {
                            0 => &rows.text[..],
                            part => &rows.parts[part as usize - 1][..],
                        };
                        let text = &text[start as usize..][..len as usize];
                        match serde_json::from_slice(text) {
                            Ok(Value::Number(number)) if way == "n" => whole(&number),
                            Ok(value) => Some(value),
                            Err(error) => panic!("{error}: {}", shown()),
                        }
                    }
                    slot => panic!("{slot:?}: {}", shown()),
                };
                assert_eq!(found, expected, "{way}: {}", shown());
            }
        }
    }
}

/// An integer may be written as `1e3` or `-0`.
fn whole(number: &Number) -> Option<Value> {
    number.as_f64().map(|number| json!(number as i64))
}

fn extract() -> Extract {
    let key = |(id, key): (u32, &str), place: Place| KeyUse {
        key: key.into(),
        id,
        minding_absent: u32::from(key != "t"),
        minding_null: 0,
        place,
    };
    let leaf = |cells: &[u32], leaf: Leaf, optional: bool| {
        let to = |&cell: &u32| Use {
            target: Target::Cell(SlotIndex(cell)),
            optional,
            part: None,
            value: UseValue::AsIs(ValueShape { lists: 0, kind: ValueKind::Leaf(leaf.clone()) }),
        };
        Place { uses: cells.iter().map(to).collect(), keys: Vec::new() }
    };
    let object = ExtractObject {
        cells: MADE_START + 2,
        ty: TypeId(1),
        record: Some(SiteId(1)),
        nullable: false,
        made: vec![MadeObject {
            cell: SlotIndex(MADE),
            start: MADE_START,
            ty: TypeId(2),
            record: Some(SiteId(2)),
            interned: Some(MadeOfLeaves { site: SiteId(2), first: 0, others: vec![1] }),
        }],
        keys: vec![
            key((0, "a"), leaf(&[0], Leaf::Id, false)),
            key((1, "n"), leaf(&[1, 8], Leaf::Int, false)),
            key((2, "t"), leaf(&[2, 9], Leaf::String, true)),
            key((3, "x"), leaf(&[3], Leaf::Float, false)),
            key((4, "any"), leaf(&[4], Leaf::Custom, false)),
            key((5, "in"), Place { uses: Vec::new(), keys: vec![key((6, "deep"), leaf(&[5], Leaf::String, true))] }),
        ],
    };
    let target = Target::Cell(SlotIndex(0));
    Extract {
        document: Place {
            uses: vec![Use { target, optional: false, part: None, value: UseValue::Object(1, object) }],
            keys: Vec::new(),
        },
        row: Some(RowCells { cells: 1, ty: TypeId(0), field: vec![SlotIndex(0)] }),
        typed: false,
        records: true,
        keys: 7,
        parts: 0,
    }
}
