//! Answers that become rows without a value in between give what the mapped value gives.

#[path = "../support/extract_oracle.rs"]
mod extract_oracle;

use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use pleach::graph::connect::model::{BatchMatch, ConnectedSubgraph};
use pleach::graph::federation::ids::TypeId;
use pleach::graph::mapping::{Dialect, Mapping, ProjectedField, ProjectedValue, Projection};
use pleach::platform::base::secret::Secret;
use pleach::sources::connector::{Answer, Body, Connector, ConnectorParts, CursorKey, Inputs, Protocol};
use pleach::sources::contract::{Call, FetchRequest, Source, SourceError};
use pleach::sources::format::MediaKind;
use pleach::sources::rows::shape::{
    FieldShape, Leaf, ListShape, ObjectShape, RowShape, SiteId, SlotIndex, Typing, ValueKind, ValueShape,
};
use pleach::sources::rows::slot::{Numbers, Rows, Slot};

use crate::harness::{connected, context};

/// A connector of each kind that can be read directly.
const SDL: &str = r#"
  scalar JSON
  extend schema @source(name: "api", http: { baseURL: "http://unused" })
  type Query {
    one: JSON @connect(source: "api", http: { GET: "/" }, selection: "$")
    many: [JSON] @connect(source: "api", http: { GET: "/" }, selection: "$")
  }
  type Single @key(fields: "a") @connect(source: "api", http: { GET: "/{$this.a}" }, selection: "a") { a: ID }
  type Batched @key(fields: "a") @connect(source: "api", http: { GET: "/", queryParams: "a: $batch.a" }, selection: "a") { a: ID }
"#;
/// Their places in the document.
const ONE: usize = 0;
const SINGLE: usize = 2;
const BATCHED: usize = 3;

const KEYS: [&str; 5] = ["a", "b", "c", "d", "\u{e9}"];

/// Answers every call with the next of its bodies.
struct Canned {
    bodies: Mutex<Vec<Bytes>>,
    typed: bool,
}

impl Protocol for Canned {
    fn call<'a>(&'a self, _: &'a Inputs<'a>) -> BoxFuture<'a, Result<Answer, SourceError>> {
        let body = self.bodies.lock().unwrap().pop().unwrap_or_default();
        let body = Body::Bytes(MediaKind::Json, body);
        std::future::ready(Ok(Answer { success: true, body, ..Answer::default() })).boxed()
    }

    fn is_typed(&self) -> bool {
        self.typed
    }
}

/// What is asked.
struct Case {
    connector: usize,
    selection: String,
    shape: Arc<RowShape>,
    matching: BatchMatch,
    typed: bool,
    rows: Vec<Value>,
    bodies: Vec<Bytes>,
}

impl Case {
    fn root(selection: &str, shape: ObjectShape, body: impl Into<Bytes>) -> Self {
        Self {
            connector: ONE,
            selection: selection.to_owned(),
            shape: Arc::new(RowShape::Root(shape)),
            matching: BatchMatch::Key,
            typed: false,
            rows: vec![json!({})],
            bodies: vec![body.into()],
        }
    }

    fn entities(connector: usize, selection: &str, shape: ObjectShape, keys: &[Value], bodies: Vec<Bytes>) -> Self {
        let list = ListShape { key: "rows".into(), object: shape, types: [TypeId(0)].into_iter().collect() };
        Self {
            connector,
            selection: selection.to_owned(),
            shape: Arc::new(RowShape::Lists(vec![list])),
            matching: BatchMatch::Key,
            typed: false,
            rows: keys.iter().map(|key| json!({ "a": key })).collect(),
            bodies,
        }
    }

    /// Fetches; a constant `isSuccess` makes the connector look at the mapped value.
    fn fetch(&self, by_value: bool) -> Result<Rows, SourceError> {
        static CONNECTED: LazyLock<ConnectedSubgraph> = LazyLock::new(|| connected(SDL));
        let mut subgraph = CONNECTED.clone();
        let spec = &mut subgraph.connectors[self.connector];
        spec.selection.value = Mapping::parse(&self.selection, Dialect::Pleach).unwrap();
        if let Some(batch) = &mut spec.batch {
            batch.matching = self.matching;
        }
        if by_value {
            let mut always = spec.selection.clone();
            always.value = Mapping::parse("$(true)", Dialect::Pleach).unwrap();
            spec.is_success = Some(always);
        }
        let bodies = self.bodies.iter().rev().cloned().collect();
        let connector = Connector::new(ConnectorParts {
            name: "s.c".into(),
            subgraph: Arc::new(subgraph),
            position: self.connector,
            protocol: Some(Arc::new(Canned { bodies: Mutex::new(bodies), typed: self.typed })),
            env: Arc::new(Value::Null),
            config: Arc::new(Value::Null),
            cursors: CursorKey::new(Secret::new("test key")),
            timeout: std::time::Duration::from_secs(60),
        });
        let expected = match *self.shape {
            RowShape::Root(_) => Vec::new(),
            RowShape::Lists(_) => vec![self.rows.len() as u32],
        };
        let call = Call::Connector {
            arguments: Map::new(),
            rows: self.rows.iter().cloned().collect(),
            wanted: Arc::from([]),
            mutation: false,
            shared: false,
        };
        let request = FetchRequest { call, shape: self.shape.clone(), expected, first: Numbers { cells: 5, parts: 2 } };
        let context = context(Default::default());
        let connector = connector.unwrap();
        // Deadlines need a clock.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let _clock = runtime.enter();
        connector.fetch(&request, &context).now_or_never().expect("nothing waits")
    }

    fn object(&self) -> &ObjectShape {
        match &*self.shape {
            RowShape::Root(object) => object,
            RowShape::Lists(lists) => &lists[0].object,
        }
    }

    /// Both ways give the same; tells whether the direct one was gone.
    fn check(&self) -> bool {
        let (direct, by_value) = (self.fetch(false), self.fetch(true));
        let is_direct = direct.as_ref().is_ok_and(|rows| !rows.parts.is_empty());
        let read = |rows: &Result<Rows, SourceError>| {
            rows.as_ref()
                .map(|rows| read(rows, self.object()))
                .map_err(|error| (error.code.clone(), error.message.clone()))
        };
        assert_eq!(read(&direct), read(&by_value), "{}\n{:?}\n{:#?}", self.selection, self.bodies, self.shape);
        is_direct
    }
}

/// Rows as JSON, with what is recorded of them.
fn read(rows: &Rows, shape: &ObjectShape) -> Vec<Value> {
    let recorded: HashSet<u32> = rows.objects.iter().map(|(_, start, _)| *start).collect();
    assert_eq!(recorded.len(), rows.objects.len(), "an object is recorded once");
    let mut met = HashSet::new();
    let read = rows.rows.iter().map(|&slot| object(rows, slot, shape, &recorded, &mut met)).collect();
    assert_eq!(met, recorded, "what is recorded belongs to a row");
    read
}

fn object(rows: &Rows, slot: Slot, shape: &ObjectShape, recorded: &HashSet<u32>, met: &mut HashSet<u32>) -> Value {
    let Slot::Object { start, ty } = slot else { return cell(rows, slot) };
    let is_recorded = recorded.contains(&start);
    met.extend(is_recorded.then_some(start));
    let mut fields = Map::new();
    fields.insert("type".into(), json!([ty.0, is_recorded.then_some(shape.site.0)]));
    for field in &shape.fields {
        let slot = rows.slot(start + field.slot.0).copied().unwrap();
        fields.insert(format!("{}@{}", field.key, field.slot.0), value(rows, slot, &field.value, recorded, met));
    }
    Value::Object(fields)
}

fn value(rows: &Rows, slot: Slot, shape: &ValueShape, recorded: &HashSet<u32>, met: &mut HashSet<u32>) -> Value {
    match (slot, &shape.kind) {
        (Slot::List { start, len }, _) => {
            (start..start + len).map(|at| value(rows, rows.slot(at).copied().unwrap(), shape, recorded, met)).collect()
        }
        (slot, ValueKind::Object(inner)) => object(rows, slot, inner, recorded, met),
        (slot, _) => cell(rows, slot),
    }
}

fn cell(rows: &Rows, slot: Slot) -> Value {
    match slot {
        Slot::Missing => json!({ "missing": true }),
        Slot::Null => Value::Null,
        Slot::Failed(error) => json!({ "failed": rows.reports().errors[error as usize].message }),
        Slot::Raw { part, start, len } => {
            let text = match part - rows.first.parts {
                0 => &rows.text[..],
                part => &rows.parts[part as usize - 1][..],
            };
            let text = &text[start as usize..(start + len) as usize];
            // What a mapping makes may nest deeper than what can be read.
            serde_json::from_slice(text).map_or_else(|_| String::from_utf8_lossy(text).into(), plain)
        }
        other => panic!("{other:?} is no leaf"),
    }
}

/// Numbers by what they mean: the direct way keeps them as they are written.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap();
            if number.fract() == 0.0 && number.abs() < 1e15 { json!(number as i64) } else { json!(number) }
        }
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, plain(value))).collect(),
        other => other,
    }
}

/// Chooses, always the same for one seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.below(sides) == 0
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    // --- mappings

    fn selection(&mut self) -> String {
        match self.below(8) {
            0 => "$".to_owned(),
            1 => self.path("$."),
            2 => format!("{} {{ {} }}", self.path("$."), self.items(3)),
            3 => format!("$ {{ {} }}", self.items(3)),
            _ => self.items(3),
        }
    }

    fn items(&mut self, depth: usize) -> String {
        let mut items = String::new();
        let chosen = self.below(31) + 1;
        for key in KEYS.iter().enumerate().filter(|(at, _)| chosen & (1 << at) != 0).map(|(_, key)| key) {
            let key = if key.is_ascii() { (*key).to_owned() } else { format!("'{key}'") };
            let item = match self.below(if depth > 0 { 9 } else { 5 }) {
                0..=2 => key,
                3 => format!("{key}?"),
                4 => format!("{key}: {}", self.path("")),
                5 => format!("{key} {{ {} }}", self.items(depth - 1)),
                6 => format!("{key}: {} {{ {} }}", self.path(""), self.items(depth - 1)),
                7 => format!("{key}? {{ {} }}", self.items(depth - 1)),
                _ => format!("{key}: {{ {} }}", self.items(depth - 1)),
            };
            items.push_str(&item);
            items.push(' ');
        }
        items
    }

    fn path(&mut self, head: &str) -> String {
        let mut path = format!("{head}{}", self.of(&KEYS[..4]));
        for _ in 0..self.below(3) {
            path.push_str(self.of(&["", "", "?"]));
            path.push('.');
            path.push_str(self.of(&KEYS[..4]));
        }
        path.push_str(self.of(&["", "", "?"]));
        path
    }

    // --- shapes

    fn shape(&mut self, depth: usize, sites: &mut u32) -> ObjectShape {
        let site = SiteId(*sites);
        *sites += 1;
        let chosen = self.below(31) + 1;
        let mut fields = Vec::new();
        for key in KEYS.iter().enumerate().filter(|(at, _)| chosen & (1 << at) != 0).map(|(_, key)| *key) {
            for _ in 0..if self.one_in(6) { 2 } else { 1 } {
                let slot = SlotIndex(fields.len() as u32);
                fields.push(FieldShape { key: key.into(), slot, value: self.value_shape(depth, sites) });
            }
        }
        let typing = if self.one_in(5) { Typing::Opaque } else { Typing::Fixed(TypeId(site.0)) };
        let (slots, fields, record, interned) = (fields.len() as u32, fields.into(), self.one_in(2), self.one_in(2));
        ObjectShape { site, slots, typing, fields, record, interned }
    }

    fn value_shape(&mut self, depth: usize, sites: &mut u32) -> ValueShape {
        let kind = match self.below(if depth > 0 { 12 } else { 8 }) {
            0 => ValueKind::Leaf(Leaf::Int),
            1 => ValueKind::Leaf(Leaf::Float),
            2 => ValueKind::Leaf(Leaf::Id),
            3 => ValueKind::Leaf(Leaf::String),
            4 => ValueKind::Leaf(Leaf::Enum(["x".into(), "é\"".into()].into())),
            5 => ValueKind::Leaf(Leaf::Boolean),
            6 | 7 => ValueKind::Leaf(Leaf::Custom),
            _ => ValueKind::Object(Box::new(self.shape(depth - 1, sites))),
        };
        ValueShape { lists: self.of(&[0, 0, 0, 1, 1, 2]), kind }
    }

    /// The root object around a connector's field.
    fn around(&mut self, sites: &mut u32) -> ObjectShape {
        let site = SiteId(*sites);
        *sites += 1;
        let value = self.value_shape(3, sites);
        let field = |slot, value| FieldShape { key: "f".into(), slot: SlotIndex(slot), value };
        let mut fields = vec![field(1, value)];
        if self.one_in(6) {
            fields.push(field(0, self.value_shape(2, sites)));
        }
        let (typing, fields) = (Typing::Fixed(TypeId(site.0)), fields.into());
        ObjectShape { site, slots: 2, typing, fields, record: false, interned: false }
    }

    // --- documents

    /// A document that the mapping makes fit the shape, more or less.
    fn fitting(&mut self, projection: &Projection, shape: &ValueShape) -> Value {
        let value = match (&projection.fields, &shape.kind) {
            (Some(fields), ValueKind::Object(object)) => {
                let lists = shape.lists;
                self.lists(lists, &mut |dice| dice.fitting_object(fields, object))
            }
            _ => self.fitting_value(shape),
        };
        self.at(&projection.path.iter().map(|step| &*step.key).collect::<Vec<_>>(), value)
    }

    fn fitting_object(&mut self, fields: &[ProjectedField], shape: &ObjectShape) -> Value {
        let mut object = Value::Object(Map::new());
        self.fill(&mut object, fields, shape);
        for _ in 0..self.below(3) {
            let more = self.scalar();
            merge(&mut object, json!({ self.of(&KEYS): more }));
        }
        object
    }

    fn fill(&mut self, object: &mut Value, fields: &[ProjectedField], shape: &ObjectShape) {
        for field in fields {
            let wanted = shape.fields.iter().find(|wanted| wanted.key == field.key);
            match (&field.value, wanted) {
                (ProjectedValue::At(projection), Some(wanted)) => {
                    let value = self.fitting(projection, &wanted.value);
                    merge(object, value);
                }
                (
                    ProjectedValue::Made(fields),
                    Some(FieldShape { value: ValueShape { kind: ValueKind::Object(inner), .. }, .. }),
                ) => {
                    self.fill(object, fields, inner);
                }
                _ => {}
            }
        }
    }

    fn fitting_value(&mut self, shape: &ValueShape) -> Value {
        let kind = &shape.kind;
        self.lists(shape.lists, &mut |dice| match kind {
            ValueKind::Object(object) => {
                let fields =
                    object.fields.iter().map(|field| (field.key.to_string(), dice.fitting_value(&field.value)));
                Value::Object(fields.collect())
            }
            ValueKind::Leaf(leaf) => dice.leaf(leaf),
        })
    }

    fn lists(&mut self, lists: u8, inner: &mut dyn FnMut(&mut Self) -> Value) -> Value {
        if self.one_in(12) {
            return Value::Null;
        }
        match lists {
            0 => inner(self),
            _ => (0..self.below(4)).map(|_| self.lists(lists - 1, inner)).collect(),
        }
    }

    fn at(&mut self, path: &[&str], value: Value) -> Value {
        match path {
            [] => value,
            _ if self.one_in(16) => json!({}),
            [key, rest @ ..] => json!({ *key: self.at(rest, value) }),
        }
    }

    fn leaf(&mut self, leaf: &Leaf) -> Value {
        match leaf {
            _ if self.one_in(40) => self.scalar(),
            Leaf::Int | Leaf::Float if self.one_in(8) => json!(self.of(&["42", " 1.50", "-7", "1e3", "x", "1e999"])),
            Leaf::Int => json!(self.of(&[0, 7, -7, 2_147_483_647])),
            Leaf::Float => json!(self.of(&[0.5, -1.25, 3.0, 1e-7])),
            Leaf::Id if self.one_in(2) => json!(self.of(&[0, 7, 12_345_678_901_i64])),
            Leaf::String | Leaf::Typename | Leaf::Id => json!(self.of(&["", "x", "é\"\\\n", "🦀"])),
            Leaf::Enum(names) => json!(&*names[self.below(names.len())]),
            Leaf::Boolean => json!(self.one_in(2)),
            Leaf::Custom => self.any(2),
        }
    }

    fn scalar(&mut self) -> Value {
        let all = [
            json!(null),
            json!(true),
            json!(1),
            json!(-2.5),
            json!(18_446_744_073_709_551_615_u64),
            json!("x"),
            json!("é\""),
        ];
        all[self.below(all.len())].clone()
    }

    fn any(&mut self, depth: usize) -> Value {
        match self.below(if depth > 0 { 5 } else { 3 }) {
            0..=2 => self.scalar(),
            3 => (0..self.below(4)).map(|_| self.any(depth - 1)).collect(),
            _ => {
                let chosen = self.below(32);
                let keys = KEYS.iter().enumerate().filter(|(at, _)| chosen & (1 << at) != 0);
                Value::Object(keys.map(|(_, key)| ((*key).to_owned(), self.any(depth - 1))).collect())
            }
        }
    }

    /// The document as text: spaces, escapes, other spellings of numbers, keys that stand twice.
    fn text(&mut self, value: &Value, out: &mut String) {
        out.push_str(self.of(&["", "", "", " ", "\n\t"]));
        match value {
            Value::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    self.text(item, out);
                }
                out.push(']');
            }
            Value::Object(fields) => {
                out.push('{');
                for (at, (key, value)) in fields.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    if self.one_in(60) {
                        self.string(key, out);
                        out.push_str(":null,");
                    }
                    self.string(key, out);
                    out.push(':');
                    self.text(value, out);
                }
                out.push('}');
            }
            Value::String(text) => self.string(text, out),
            Value::Number(number) if self.one_in(8) => {
                let odd =
                    ["1.50", "1e2", "-0", "3.0", "1e5", "1E-300", "0.1e+1", "1e400", "100000000000000000000", "-1.0e0"];
                out.push_str(if self.one_in(2) { self.of(&odd) } else { "7" });
                let _ = number;
            }
            other => out.push_str(&other.to_string()),
        }
        out.push_str(self.of(&["", "", "", " "]));
    }

    fn string(&mut self, text: &str, out: &mut String) {
        match self.below(12) {
            0 => {
                out.push('"');
                text.encode_utf16().for_each(|unit| out.push_str(&format!("\\u{unit:04X}")));
                out.push('"');
            }
            _ => out.push_str(&Value::from(text).to_string()),
        }
    }

    /// The text as bytes, now and then broken.
    fn body(&mut self, value: &Value) -> Bytes {
        let mut text = String::new();
        self.text(value, &mut text);
        let mut bytes = text.into_bytes();
        let at = self.below(bytes.len() + 1);
        match self.below(40) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, self.of(&[0xFF, b'"', b'\\', b',', b'{', b']', 0x00, b'1'])),
            2 => bytes.splice(at..at, std::iter::repeat_n(b'[', 130)).for_each(drop),
            3 => {
                bytes.splice(0..0, std::iter::repeat_n(b'[', 127));
                bytes.extend(std::iter::repeat_n(b']', 127));
            }
            _ => {}
        }
        bytes.into()
    }

    // --- cases

    fn case(&mut self) -> Option<Case> {
        let typed = self.one_in(3);
        self.untyped_case().map(|case| Case { typed, ..case })
    }

    fn untyped_case(&mut self) -> Option<Case> {
        let mut sites = 0;
        let selection = self.selection();
        let projection = Mapping::parse(&selection, Dialect::Pleach).ok()?.projection()?;
        if self.one_in(2) {
            let shape = self.around(&mut sites);
            let value = if self.one_in(5) { self.any(5) } else { self.fitting(&projection, &shape.fields[0].value) };
            return Some(Case::root(&selection, shape, self.body(&value)));
        }
        let shape = self.shape(3, &mut sites);
        let keys = [json!(1), json!("2"), json!(7.5), json!(null), json!("é\"")];
        let keys = &keys[..1 + self.below(5)];
        if self.one_in(2) {
            let kind = ValueKind::Object(Box::new(shape.clone()));
            let fitting = |dice: &mut Self| dice.fitting(&projection, &ValueShape { lists: 0, kind: kind.clone() });
            let bodies = keys
                .iter()
                .map(|_| {
                    let value = fitting(self);
                    self.body(&value)
                })
                .collect();
            return Some(Case::entities(SINGLE, &selection, shape, keys, bodies));
        }
        let kind = ValueKind::Object(Box::new(shape.clone()));
        let mut value = self.fitting(&projection, &ValueShape { lists: 1, kind });
        let mut ids = keys.to_vec();
        ids.push(json!("surplus"));
        self.identify(&mut value, &projection, &ids);
        let mut case = Case::entities(BATCHED, &selection, shape, keys, vec![self.body(&value)]);
        case.matching = self.of(&[BatchMatch::Key, BatchMatch::Key, BatchMatch::Position]);
        Some(case)
    }

    /// Gives the elements of a batch their keys.
    fn identify(&mut self, value: &mut Value, projection: &Projection, keys: &[Value]) {
        let Some(list) = projection.path.iter().try_fold(value, |value, step| value.get_mut(&*step.key)) else {
            return;
        };
        let key = projection.fields.iter().flatten().find(|field| &*field.key == "a");
        let Some(ProjectedValue::At(at)) = key.map(|field| &field.value) else { return };
        let (Some(items), [step]) = (list.as_array_mut(), at.path.as_slice()) else { return };
        for (item, key) in items.iter_mut().zip(keys.iter().cycle().skip(self.below(3))) {
            if let Some(item) = item.as_object_mut() {
                item.insert(step.key.to_string(), key.clone());
            }
        }
    }
}

/// Adds the keys of one object to another.
fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(known), Value::Object(more)) => {
            for (key, value) in more {
                match known.get_mut(&key) {
                    Some(known) => merge(known, value),
                    None => drop(known.insert(key, value)),
                }
            }
        }
        (known, more) if !known.is_object() => *known = more,
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn both_ways_give_the_same(seed in any::<u64>()) {
        if let Some(case) = Dice(seed).case() {
            case.check();
        }
    }
}

#[test]
fn many_of_the_tried_cases_go_the_direct_way() {
    let mut direct = [0; 4];
    for seed in 0..4000 {
        if let Some(case) = Dice(seed * 7_919).case() {
            direct[case.connector] += u32::from(case.check());
        }
    }
    assert!(direct[ONE] > 200 && direct[SINGLE] > 200 && direct[BATCHED] > 20, "{direct:?}");
}

/// What an object of a list has: leaves of all kinds, and an object made of them.
fn of_leaves() -> ObjectShape {
    let leaf = |leaf| ValueShape { lists: 0, kind: ValueKind::Leaf(leaf) };
    let fields = |values: Vec<(&str, ValueShape)>| -> Vec<FieldShape> {
        let slots = values.into_iter().zip(0..);
        slots.map(|((key, value), slot)| FieldShape { key: key.into(), slot: SlotIndex(slot), value }).collect()
    };
    let object = |site, fields: Vec<FieldShape>| ObjectShape {
        site: SiteId(site),
        slots: fields.len() as u32 + 1,
        typing: Typing::Fixed(TypeId(0)),
        fields: fields.into(),
        record: true,
        interned: site > 1,
    };
    let made = object(2, fields(vec![("n", leaf(Leaf::Int)), ("t", leaf(Leaf::String))]));
    let names = ["RED".into(), "GREEN".into()].into();
    object(
        1,
        fields(vec![
            ("a", leaf(Leaf::Id)),
            ("n", leaf(Leaf::Int)),
            ("t", leaf(Leaf::String)),
            ("x", leaf(Leaf::Float)),
            ("ok", leaf(Leaf::Boolean)),
            ("e", leaf(Leaf::Enum(names))),
            ("any", leaf(Leaf::Custom)),
            ("made", ValueShape { lists: 0, kind: ValueKind::Object(Box::new(made)) }),
            ("deep", leaf(Leaf::String)),
        ]),
    )
}

const OF_LEAVES: &str = "a n t x? ok e any made: { n t } deep: in.deep?";

impl Dice {
    /// An object as [`OF_LEAVES`] reads it, most of the time; `space` stands between tokens.
    fn item(&mut self, nth: usize, odds: usize, space: &str) -> String {
        let odd = |dice: &mut Self, usual: String| match dice.one_in(odds) {
            true => dice.of(&ODD_VALUES).to_owned(),
            false => usual,
        };
        let long = "x".repeat(self.of(&[0, 3, 15, 16, 31, 32, 33, 61, 62, 63, 64, 65, 126, 130]));
        let before = self.of(&["", "\\n", "\\u00e9", "é"]);
        let after = self.of(&["", "", "\\\"", "\\\\", "\\\\\\\"", "\\n\\n", "\\ud83d\\ude00", "end"]);
        let text = format!("\"{before}{long}{after}\"");
        let number = [format!("{nth}"), format!("\"key {nth}\"")][usize::from(self.one_in(3))].clone();
        let mut entries = vec![
            ("a", odd(self, number)),
            ("n", odd(self, format!("{}", nth % 3))),
            ("other", odd(self, text.clone())),
            ("t", odd(self, format!("\"title {}\"", nth % 2))),
            ("x", odd(self, format!("{}.5", nth * 7))),
            ("ok", odd(self, "true".to_owned())),
            ("e", odd(self, "\"RED\"".to_owned())),
            ("any", text.clone()),
            (
                "in",
                format!(
                    "{{{space}\"more\":{space}{},{space}\"deep\":{space}{text}{space}}}",
                    odd(self, "7".to_owned())
                ),
            ),
        ];
        match self.below(8 * odds) {
            0 => entries.swap(1, 4),
            1 => drop(entries.remove(3)),
            2 => entries.push(("more", "[1]".to_owned())),
            3 => entries.push(("n", "1".to_owned())),
            4 => entries[8].1 = "null".to_owned(),
            5 => drop(entries.remove(8)),
            _ => {}
        }
        let entries: Vec<_> = entries.iter().map(|(key, value)| format!("\"{key}\":{space}{value}")).collect();
        format!("{{{space}{}{space}}}", entries.join(&format!(",{space}")))
    }

    fn items_alike(&mut self) -> String {
        let space = self.of(&["", " ", "\n  ", "\n                                          "]);
        let odds = self.of(&[4, 20, 1000]);
        let most = self.of(&[12, 12, 12, 60]);
        let items: Vec<_> = (0..self.below(most)).map(|nth| self.item(nth, odds, space)).collect();
        format!("[{space}{}{space}]", items.join(&format!(",{space}")))
    }
}

const ODD_VALUES: [&str; 16] = [
    "null",
    "7",
    "-7",
    "7.5",
    "07",
    "1e3",
    "1.",
    "12345678901",
    "true",
    "\"RED\"",
    "\"\\x\"",
    "\"a\nb\"",
    "{}",
    "[]",
    "{\"a\": 1}",
    "nul",
];

/// An element that belongs to no row is taken back, and what stood in it stands for nothing in others.
#[test]
fn what_belongs_to_no_row_stands_for_nothing() {
    let leaf = |key: &str, slot, leaf| FieldShape {
        key: key.into(),
        slot: SlotIndex(slot),
        value: ValueShape { lists: 0, kind: ValueKind::Leaf(leaf) },
    };
    let object = |site, fields: Vec<FieldShape>| ObjectShape {
        site: SiteId(site),
        slots: 3,
        typing: Typing::Fixed(TypeId(0)),
        fields: fields.into(),
        record: true,
        interned: true,
    };
    let below = |object| ValueShape { lists: 0, kind: ValueKind::Object(Box::new(object)) };
    let one = FieldShape {
        key: "one".into(),
        slot: SlotIndex(0),
        value: below(object(3, vec![leaf("id", 0, Leaf::String), leaf("name", 1, Leaf::String)])),
    };
    let inner = FieldShape { key: "in".into(), slot: SlotIndex(1), value: below(object(2, vec![one])) };
    let shape = object(1, vec![leaf("a", 0, Leaf::Id), inner]);
    let item = |key: &str| {
        let one = r#"{"id":"the same","name":"in all"}"#;
        format!(r#"{{"a":"{key}","in":{{"one":{one}}}}}"#)
    };
    for order in [["x", "1", "2"], ["1", "x", "2"], ["1", "2", "x"], ["x", "2", "x"]] {
        let body = format!("[{}]", order.map(item).join(","));
        Case::entities(BATCHED, "a in", shape.clone(), &[json!("1"), json!("2")], vec![body.into()]).check();
    }
}

/// What leads to the first key of an object is not what leads to the others.
#[test]
fn commas_stand_between_keys_and_nowhere_else() {
    let rest = r#""t":"title","x":1.5,"any":1,"in":{"deep":"end"}"#;
    let usual = [format!(r#"{{"a":1,"n":2,{rest}}}"#), format!(r#"{{"n":2,"a":1,{rest}}}"#)];
    for wrong in [
        r#"{,"n":2,"#,
        r#"{,"a":1,"#,
        r#"{"a":1"n":2,"#,
        r#"{"n":2"a":1,"#,
        r#"{"a":1,,"n":2,"#,
        "{,",
        r#"{"k":1{"a":1,"n":2,"#,
    ] {
        for (first, second) in [(0, 0), (0, 1), (1, 0)] {
            let items = [&*usual[first], &usual[second], &usual[0], &format!("{wrong}{rest}}}"), &usual[0]];
            extract_oracle::compare(format!("[{}]", items.join(",")).as_bytes());
        }
    }
}

/// Objects that stand alike but for some of them are read as each would be alone.
#[test]
fn objects_of_a_list_may_stand_alike_or_not() {
    let mut direct = [0, 0];
    for seed in 0..1500 {
        let mut dice = Dice(seed);
        let list = ValueShape { lists: 1, kind: ValueKind::Object(Box::new(of_leaves())) };
        let field = FieldShape { key: "a".into(), slot: SlotIndex(0), value: list };
        let outer = ObjectShape { site: SiteId(0), fields: vec![field].into(), slots: 1, record: false, ..of_leaves() };
        let mut body = dice.items_alike();
        if dice.one_in(10) {
            let at = body.floor_char_boundary(dice.below(body.len()));
            body.truncate(at);
        }
        extract_oracle::compare(body.as_bytes());
        direct[0] += u32::from(Case::root(OF_LEAVES, outer, body).check());
        let keys: Vec<Value> = (0..dice.below(12)).map(|nth| json!(nth.to_string())).collect();
        if !keys.is_empty() {
            let body = dice.items_alike().into();
            direct[1] += u32::from(Case::entities(BATCHED, OF_LEAVES, of_leaves(), &keys, vec![body]).check());
        }
    }
    assert!(direct.iter().all(|&direct| direct > 300), "{direct:?}");
}

/// An object with one field of any value, and the value around it.
fn list_of_anything() -> ObjectShape {
    let field = |kind, lists| FieldShape { key: "a".into(), slot: SlotIndex(0), value: ValueShape { lists, kind } };
    let object = |field| ObjectShape {
        site: SiteId(0),
        slots: 1,
        typing: Typing::Fixed(TypeId(0)),
        fields: vec![field].into(),
        record: false,
        interned: false,
    };
    object(field(ValueKind::Object(Box::new(object(field(ValueKind::Leaf(Leaf::Custom), 0)))), 1))
}

fn texts(rows: &Rows) -> Vec<String> {
    let raw = |slot: &Slot| match *slot {
        Slot::Raw { part, start, len } => {
            let text = match part - rows.first.parts {
                0 => &rows.text[..],
                part => &rows.parts[part as usize - 1][..],
            };
            Some(String::from_utf8(text[start as usize..(start + len) as usize].to_vec()).unwrap())
        }
        _ => None,
    };
    rows.slots.iter().filter_map(raw).collect()
}

#[test]
fn numbers_and_strings_keep_the_text_they_were_written_in() {
    let body = r#"[{"b":1.10},{"b":123456789012345678901234567890},{"b":[1E2, "\u0041"]},{"c":0.10}]"#;
    let case = Case::root("a: b", list_of_anything(), body);
    assert_eq!(texts(&case.fetch(false).unwrap()), ["1.10", "123456789012345678901234567890", r#"[1E2, "\u0041"]"#]);
}

#[test]
fn a_large_body_is_let_go_when_little_of_it_is_used() {
    let element = format!(r#"{{"b":7,"text":"{}"}}"#, "x".repeat(2000));
    let body = format!("[{}]", vec![element; 50].join(","));
    let rows = Case::root("a: b", list_of_anything(), body.clone()).fetch(false).unwrap();
    assert_eq!((rows.parts.len(), texts(&rows)), (0, vec!["7".to_owned(); 50]));
    let rows = Case::root("a: text", list_of_anything(), body).fetch(false).unwrap();
    assert_eq!((rows.parts.len(), rows.text.len()), (1, 0));
}

#[test]
fn what_evaluation_would_stop_at_is_no_answer_either_way() {
    let body = format!("[{}{{}}]", "{},".repeat(600_000));
    let case = Case::root("a b c d e f g h", list_of_anything(), body);
    for by_value in [false, true] {
        assert_eq!(&*case.fetch(by_value).expect_err("too large").code, "CONNECTOR_DESERIALIZE");
    }
}

#[test]
fn documents_may_nest_as_deep_as_for_values() {
    for (depth, direct) in [(125, true), (126, false), (200, false)] {
        let body = format!(r#"[{{"b":{}{}}}]"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(Case::root("a: b", list_of_anything(), body).check(), direct, "{depth}");
        // It is the same behind objects that stand alike.
        let body = format!(r#"[{{"b":1}},{{"b":1}},{{"b":{}{}}}]"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(Case::root("a: b", list_of_anything(), body).check(), direct, "{depth}");
    }
}
