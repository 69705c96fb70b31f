//! Properties over generated shapes, answers and orders of completion.
//!
//! The reference is naive on purpose: `serde_json` parses, a recursive function projects and
//! completes values as the GraphQL specification's `CompleteValue` says.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use pleach::gateway::execute::{Budgets, ErrorPolicy, ExecuteContext, Response, execute};
use pleach::gateway::operation::guards::{GuardId, Guards};
use pleach::gateway::plan::model::*;
use pleach::graph::federation::ids::{SubgraphId, TypeId, TypeSet};
use pleach::graph::federation::supergraph::Supergraph;
use pleach::graph::language::ast::OperationKind;
use pleach::platform::base::deadline::Deadline;
use pleach::sources::contract::{CallContext, FetchRequest, OperationMemory, RequestFacts, Source, SourceError};
use pleach::sources::rows::scan::{Problem, scan_graphql};
use pleach::sources::rows::shape::*;
use pleach::sources::rows::slot::Rows;
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

/// A small generator of pseudo-random numbers (SplitMix64): a seed is a whole test case.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A type with nullability at each level.
#[derive(Clone, Debug)]
struct Type {
    /// Outermost first: whether each list is non-null.
    lists: Vec<bool>,
    non_null: bool,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Int,
    String,
    Any,
    Object(Vec<(String, Type)>),
}

fn arbitrary_type(random: &mut Random, depth: u32) -> Type {
    let lists = (0..[0, 0, 0, 1, 1, 2][random.below(6) as usize]).map(|_| random.chance(40)).collect();
    let kind = match random.below(if depth == 0 { 3 } else { 6 }) {
        0 => Kind::Int,
        1 => Kind::String,
        2 => Kind::Any,
        _ => Kind::Object(arbitrary_fields(random, depth - 1)),
    };
    Type { lists, non_null: random.chance(40), kind }
}

fn arbitrary_fields(random: &mut Random, depth: u32) -> Vec<(String, Type)> {
    (0..1 + random.below(4)).map(|n| (format!("f{n}"), arbitrary_type(random, depth))).collect()
}

/// A value of a type, at times null, missing or of another kind.
fn arbitrary_value(random: &mut Random, ty: &Type, level: usize) -> Value {
    if random.chance(8) {
        return Value::Null;
    }
    if random.chance(3) {
        return [
            Value::from(true),
            Value::from(1.5),
            Value::from("x"),
            serde_json::json!([[]]),
            serde_json::json!({"f0": 1}),
        ][random.below(5) as usize]
            .clone();
    }
    if level < ty.lists.len() {
        return (0..random.below(4)).map(|_| arbitrary_value(random, ty, level + 1)).collect();
    }
    match &ty.kind {
        Kind::Int => Value::from(random.next() as i32),
        Kind::String => Value::from(["", "plain", "q\"b\\s/", "tab\tnew\n", "é€🦀", "\u{1}"][random.below(6) as usize]),
        Kind::Any => serde_json::json!({"a": [1, {"b": "}"}], "c": null}),
        Kind::Object(fields) => arbitrary_object(random, fields),
    }
}

fn arbitrary_object(random: &mut Random, fields: &[(String, Type)]) -> Value {
    let mut entries: Vec<(String, Value)> = Vec::new();
    for (key, ty) in fields {
        if !random.chance(4) {
            entries.push((key.clone(), arbitrary_value(random, ty, 0)));
        }
    }
    if random.chance(30) {
        entries.push(("unknown".into(), serde_json::json!({"f0": [{"f1": "]"}], "x": -0.5e3})));
    }
    for at in (1..entries.len()).rev() {
        entries.swap(at, random.below(at as u64 + 1) as usize);
    }
    Value::Object(entries.into_iter().collect())
}

/// JSON text with spaces, and with escapes in keys and strings where none are needed.
fn spell(random: &mut Random, value: &Value, out: &mut String) {
    if random.chance(20) {
        out.push_str([" ", "\n\t", "\r\n"][random.below(3) as usize]);
    }
    match value {
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                spell(random, item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (at, (key, item)) in fields.iter().enumerate() {
                out.push_str(if at > 0 { " ," } else { "" });
                spell_string(random, key, out);
                out.push_str(if random.chance(10) { " : " } else { ":" });
                spell(random, item, out);
            }
            out.push(' ');
            out.push('}');
        }
        Value::String(text) => spell_string(random, text, out),
        other => out.push_str(&other.to_string()),
    }
}

fn spell_string(random: &mut Random, text: &str, out: &mut String) {
    if !random.chance(15) {
        return out.push_str(&Value::from(text).to_string());
    }
    out.push('"');
    for unit in text.encode_utf16() {
        out.push_str(&format!("\\u{unit:04x}"));
    }
    out.push('"');
}

/// Shapes and output of one object; sites are numbered as they are met.
struct Compiler {
    sites: Vec<u32>,
}

impl Compiler {
    fn object(&mut self, fields: &[(String, Type)], ty: TypeId) -> (ObjectShape, OutputSelection) {
        let site = SiteId(self.sites.len() as u32);
        self.sites.push(fields.len() as u32);
        let (mut shapes, mut items) = (Vec::new(), Vec::new());
        for (slot, (key, field)) in fields.iter().enumerate() {
            let (kind, output) = match &field.kind {
                Kind::Int => (ValueKind::Leaf(Leaf::Int), OutputTypeKind::Leaf),
                Kind::String => (ValueKind::Leaf(Leaf::String), OutputTypeKind::Leaf),
                Kind::Any => (ValueKind::Leaf(Leaf::Custom), OutputTypeKind::Leaf),
                Kind::Object(inner) => {
                    let (shape, selection) = self.object(inner, TypeId(1));
                    let types = TypeSet::one(TypeId(1));
                    (ValueKind::Object(Box::new(shape)), OutputTypeKind::Object { types, selection })
                }
            };
            let slot = SlotIndex(slot as u32);
            let value = ValueShape { lists: field.lists.len() as u8, kind };
            shapes.push(FieldShape { key: key.as_str().into(), slot, value });
            let ty = OutputType {
                coordinate: key.as_str().into(),
                lists: field.lists.clone(),
                non_null: field.non_null,
                kind: output,
            };
            let item =
                OutputItem { key: key.as_str().into(), on: None, nameless: true, kind: OutputKind::Value { slot, ty } };
            items.push((GuardId::ALWAYS, item));
        }
        let slots = fields.len() as u32;
        let (typing, fields) = (Typing::Fixed(ty), shapes.into());
        let shape = ObjectShape { site, slots, typing, fields, record: false, interned: false };
        (shape, OutputSelection::in_order(site, items))
    }
}

/// `CompleteValue` of the specification; `Err` is an execution error that propagates.
fn complete(value: Option<&Value>, ty: &Type, level: usize) -> Result<Value, ()> {
    let non_null = ty.lists.get(level).copied().unwrap_or(ty.non_null);
    let completed = match value {
        None | Some(Value::Null) => Err(()),
        Some(Value::Array(items)) if level < ty.lists.len() => items
            .iter()
            .map(|item| complete(Some(item), ty, level + 1))
            .collect::<Result<Vec<_>, ()>>()
            .map(Value::Array),
        Some(_) if level < ty.lists.len() => Err(()),
        Some(value) => match (&ty.kind, value) {
            (Kind::Any, _) | (Kind::String, Value::String(_)) => Ok(value.clone()),
            (Kind::Int, Value::Number(number)) if number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) => {
                Ok(value.clone())
            }
            (Kind::Object(fields), Value::Object(_)) => complete_object(value, fields),
            _ => Err(()),
        },
    };
    match completed {
        Err(()) if !non_null => Ok(Value::Null),
        completed => completed,
    }
}

fn complete_object(value: &Value, fields: &[(String, Type)]) -> Result<Value, ()> {
    let field = |(key, ty): &(String, Type)| Ok((key.clone(), complete(value.get(key), ty, 0)?));
    fields.iter().map(field).collect::<Result<Map<_, _>, ()>>().map(Value::Object)
}

struct Fixed {
    body: Bytes,
    delay: u64,
}

impl Source for Fixed {
    fn name(&self) -> &str {
        "fixed"
    }

    fn fetch<'a>(&'a self, request: &'a FetchRequest, _: &'a CallContext) -> BoxFuture<'a, Result<Rows, SourceError>> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(self.delay)).await;
            Ok(scan_graphql(&self.body, &request.shape, &request.expected)?)
        })
    }
}

/// A plan of root fetches that all ask for the same.
fn plan(fields: &[(String, Type)], copies: u32) -> Plan {
    let mut compiler = Compiler { sites: Vec::new() };
    let (shape, output) = compiler.object(fields, TypeId(0));
    let shape = Arc::new(RowShape::Root(shape));
    let fetch = |n| Fetch {
        subgraph: SubgraphId(n),
        after: Vec::new(),
        guard: GuardId::ALWAYS,
        inputs: Vec::new(),
        request: Request::Graphql {
            document: "".into(),
            mutation: false,
            variables: Vec::new(),
            conditions: Vec::new(),
            template: None,
        },
        shape: Arc::clone(&shape),
        reason: "a property".into(),
        serves: Vec::new(),
        estimate: FetchEstimate::default(),
    };
    Plan {
        kind: OperationKind::Query,
        guards: Guards::new().into(),
        sites: Arc::new(compiler.sites.iter().map(|&slots| Site { slots, inside: None, path: "".into() }).collect()),
        fetches: Arc::new((0..copies).map(fetch).collect()),
        output,
        estimate: Estimate::default(),
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

fn run(runtime: &Runtime, plan: &Arc<Plan>, bodies: &[(String, u64)]) -> Response {
    let source = |(body, delay): &(String, u64)| {
        Arc::new(Fixed { body: Bytes::from(body.clone()), delay: *delay }) as Arc<dyn Source>
    };
    let context = ExecuteContext {
        supergraph: Arc::new(Supergraph::default()),
        sources: Arc::new(bodies.iter().map(source).collect()),
        call: CallContext {
            deadline: Deadline::after(Duration::from_secs(600)),
            facts: Arc::new(RequestFacts::default()),
            memory: OperationMemory::default(),
        },
        errors: ErrorPolicy::default(),
        budgets: Budgets::default(),
        introspection: Vec::new(),
    };
    runtime.block_on(execute(&context, plan, &Map::new()))
}

fn body_of(random: &mut Random, data: &Value) -> String {
    let mut text = String::new();
    spell(random, &serde_json::json!({"data": data}), &mut text);
    text
}

#[test]
fn the_response_is_the_specifications_completion_of_the_answer() {
    let runtime = runtime();
    let mut propagated = 0;
    for seed in 0..1500 {
        let random = &mut Random(seed);
        let fields = arbitrary_fields(random, 3);
        let data = arbitrary_object(random, &fields);
        let body = body_of(random, &data);
        let plan = Arc::new(plan(&fields, 1));
        let response = run(&runtime, &plan, &[(body.clone(), 0)]);
        let answer: Value = serde_json::from_slice(&response.body).expect("a response is JSON");
        let expected = complete_object(&data, &fields).unwrap_or(Value::Null);
        propagated += usize::from(expected.is_null());
        assert_eq!(answer["data"].to_string(), expected.to_string(), "seed {seed}\n{fields:?}\n{body}");
        assert_eq!(response.data_is_null, expected.is_null(), "seed {seed}");
        if expected.is_null() {
            assert!(response.errors > 0, "seed {seed}: a null root needs an error");
        }
    }
    assert!(propagated > 50, "only {propagated} cases reached the root");
}

#[test]
fn every_cut_of_an_answer_is_refused() {
    for seed in 0..60 {
        let random = &mut Random(seed);
        let fields = arbitrary_fields(random, 2);
        let data = arbitrary_object(random, &fields);
        let body = body_of(random, &data);
        let plan = plan(&fields, 1);
        let shape = &plan.fetches.iter().next().unwrap().shape;
        assert!(scan_graphql(&Bytes::from(body.clone()), shape, &[]).is_ok());
        for end in 0..body.trim_end().len() {
            let cut = Bytes::copy_from_slice(&body.as_bytes()[..end]);
            assert!(scan_graphql(&cut, shape, &[]).is_err(), "seed {seed}: {}", &body[..body.floor_char_boundary(end)]);
        }
        let more = Bytes::from(format!("{body}]"));
        assert_eq!(scan_graphql(&more, shape, &[]).unwrap_err().problem, Problem::Trailing);
    }
}

#[test]
fn a_known_key_twice_is_refused() {
    for seed in 0..300 {
        let random = &mut Random(seed);
        let fields = arbitrary_fields(random, 1);
        let mut entries: Vec<String> = Vec::new();
        let twice = random.below(fields.len() as u64) as usize;
        for (at, (key, ty)) in fields.iter().enumerate() {
            for _ in 0..1 + usize::from(at == twice) {
                let mut text = String::new();
                spell_string(random, key, &mut text);
                text.push(':');
                let value = arbitrary_value(random, ty, 0);
                spell(random, &value, &mut text);
                let place = random.below(entries.len() as u64 + 1) as usize;
                entries.insert(place, text);
            }
        }
        let body = Bytes::from(format!("{{\"data\":{{{}}}}}", entries.join(",")));
        let plan = plan(&fields, 1);
        let shape = &plan.fetches.iter().next().unwrap().shape;
        let problem = scan_graphql(&body, shape, &[]).unwrap_err().problem;
        assert_eq!(problem, Problem::Duplicate, "seed {seed}");
    }
}

#[test]
fn the_order_of_copies_never_shows() {
    const ORDERS: [[u64; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let runtime = runtime();
    let mut conflicts = 0;
    for seed in 0..500 {
        let random = &mut Random(seed);
        let fields = arbitrary_fields(random, 2);
        let base = arbitrary_object(random, &fields);
        let copies: Vec<String> = (0..3)
            .map(|_| {
                // Mostly the same data, so that deep merges happen and some of them conflict.
                let data = if random.chance(70) { vary(random, &base) } else { arbitrary_object(random, &fields) };
                let mut text = String::new();
                let mut answer = serde_json::json!({"data": data});
                if random.chance(30) {
                    answer["errors"] = serde_json::json!([{"message": "m", "path": ["f0"]}, {"message": "n"}]);
                }
                spell(random, &answer, &mut text);
                text
            })
            .collect();
        let plan = Arc::new(plan(&fields, 3));
        let mut first: Option<Response> = None;
        for order in ORDERS {
            let bodies: Vec<(String, u64)> = copies.iter().cloned().zip(order).collect();
            let response = run(&runtime, &plan, &bodies);
            let first = first.get_or_insert_with(|| response.clone());
            assert_eq!(response.body, first.body, "seed {seed}, order {order:?}\n{copies:#?}");
        }
        let text = String::from_utf8_lossy(&first.expect("six orders").body).into_owned();
        conflicts += usize::from(text.contains("gave different values"));
    }
    assert!(conflicts > 20, "only {conflicts} cases met a conflict");
}

/// The same value with some parts missing or null.
fn vary(random: &mut Random, value: &Value) -> Value {
    match value {
        _ if random.chance(5) => Value::Null,
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (key, value) in fields {
                if !random.chance(10) {
                    kept.insert(key.clone(), vary(random, value));
                }
            }
            Value::Object(kept)
        }
        Value::Array(items) => items.iter().map(|item| vary(random, item)).collect(),
        Value::Number(_) if random.chance(5) => Value::from(7),
        other => other.clone(),
    }
}
