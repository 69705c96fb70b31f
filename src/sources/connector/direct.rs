//! Answers that become rows without a value in between: what a mapping that only selects and
//! renames means for a shape, worked out once a plan.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::graph::connect::model::{BatchMatch, BatchSpec};
use crate::graph::mapping::{Mapping, ProjectedField, ProjectedValue, Projection, ProjectionStep};
use crate::platform::base::Name;
use crate::sources::rows::extract::{
    Extract, ExtractObject, KeyUse, MAX_KEYS, MadeObject, MadeOfLeaves, Place, RowCells, Target, Use, UseValue,
};
use crate::sources::rows::layout::Layouts;
use crate::sources::rows::scan::{Extracted, Matching, extract_row, extract_rows};
use crate::sources::rows::shape::{FieldShape, Leaf, ObjectShape, RowShape, SlotIndex, Typing, ValueKind, ValueShape};
use crate::sources::rows::slot::{Numbers, Rows};

use super::by_shape::ByShape;
use super::keys::{KeyText, Places};
use super::source::Tally;

/// How often what documents taught is kept: sources that write otherwise each time are not worth it.
const MAX_LESSONS: u32 = 64;
/// Values that one evaluation of a mapping may visit, and bytes of text it may copy. Beyond that it
/// yields nothing, so bodies that might get there are left to it.
const MAX_VALUES: u64 = 5_000_000;
const MAX_TEXT: u64 = 64 << 20;

/// A mapping and a shape, put together.
#[derive(Debug)]
pub(super) struct Direct {
    extract: Extract,
    /// How often one value of a document is copied at most, were the mapping evaluated.
    copies: u64,
    /// How many paths it follows in each object at most.
    paths: u64,
    learned: Mutex<Learned>,
}

/// How the source writes its documents, and how often that was learned.
#[derive(Debug)]
struct Learned {
    layouts: Layouts,
    lessons: u32,
}

/// The [`Direct`]s of one connector, by shape; none for shapes that have no direct way.
pub(super) type Directs = ByShape<Option<Arc<Direct>>>;

/// What the mapping's values are to the shape.
#[derive(Clone, Copy, Debug)]
pub(super) enum Yield<'s> {
    /// The value of a field of the row.
    Field,
    /// The row.
    Entity,
    /// The rows of a batch.
    Entities(&'s BatchSpec),
}

// === impl Directs ===

impl Directs {
    /// The direct way of `selection` to `shape`, if there is one.
    pub(super) fn of(
        &self,
        selection: &Mapping,
        yields: Yield<'_>,
        shape: &Arc<RowShape>,
        typed: bool,
    ) -> Option<Arc<Direct>> {
        if let Some(known) = self.get(shape) {
            return known;
        }
        let direct = Direct::new(selection, yields, shape, typed).map(Arc::new);
        self.insert(shape, direct.clone());
        direct
    }
}

// === impl Direct ===

impl Direct {
    fn new(selection: &Mapping, yields: Yield<'_>, shape: &RowShape, typed: bool) -> Option<Self> {
        let projection = selection.projection()?;
        let object = match shape {
            RowShape::Root(object) => object,
            RowShape::Lists(lists) => match lists.as_slice() {
                [list] => &list.object,
                _ => return None,
            },
        };
        let mut compiler = Compiler::default();
        let mut document = Place::default();
        let mut row = None;
        let mut parts = 0;
        match yields {
            Yield::Field => {
                row = Some(row_cells(object)?);
                for field in &object.fields {
                    let value = compiler.value(projection.fields.as_deref(), &field.value)?;
                    compiler.insert(&mut document, &projection, Target::Cell(field.slot), value)?;
                }
            }
            Yield::Entity => {
                let shape = ValueShape { lists: 0, kind: ValueKind::Object(Box::new(unrecorded(object))) };
                let value = compiler.value(projection.fields.as_deref(), &shape)?;
                compiler.insert(&mut document, &projection, Target::Row, value)?;
            }
            Yield::Entities(batch) => {
                let fields = projection.fields.as_deref()?;
                let mut object = compiler.object(fields, &unrecorded(object))?;
                parts = compiler.key_parts(&mut object, fields, batch)?;
                compiler.insert(&mut document, &projection, Target::Row, UseValue::Rows(object))?;
            }
        }
        let (copies, paths) = projection.fields.as_deref().map_or((1, 1), weights);
        let extract = Extract { document, row, typed, records: records(object), keys: compiler.keys, parts };
        let learned = Mutex::new(Learned { layouts: extract.layouts(), lessons: 0 });
        Some(Self { extract, copies, paths, learned })
    }

    /// The answer's only row.
    pub(super) fn row(&self, first: Numbers, body: &Bytes, tally: &Tally) -> Option<Rows> {
        let extracted = self.admits(body).then(|| extract_row(first, body, &self.extract, self.layouts()))??;
        Some(self.told(extracted, tally))
    }

    /// The rows of a batch, in the order of the keys.
    pub(super) fn rows(
        &self,
        first: Numbers,
        body: &Bytes,
        matching: BatchMatch,
        keys: &[Option<KeyText<'_>>],
        tally: &Tally,
    ) -> Option<Rows> {
        if !self.admits(body) {
            return None;
        }
        match matching {
            BatchMatch::Key => {
                let places = Places::new(keys)?;
                let find = &mut |parts: Option<&[&[u8]]>| places.find(&KeyText::of_json(parts?)?);
                let matching = Matching { rows: keys.len(), find };
                Some(self.told(extract_rows(first, body, &self.extract, self.layouts(), matching)?, tally))
            }
            BatchMatch::Position => {
                let mut next = 0..keys.len();
                let find = &mut |_: Option<&[&[u8]]>| next.next();
                let matching = Matching { rows: keys.len(), find };
                let extracted = extract_rows(first, body, &self.extract, self.layouts(), matching)?;
                (extracted.elements as usize == keys.len()).then(|| self.told(extracted, tally))
            }
        }
    }

    fn layouts(&self) -> Layouts {
        self.learned().layouts.clone()
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rows; keeps what the document taught, and tells what was not as expected.
    fn told(&self, extracted: Extracted, tally: &Tally) -> Rows {
        let mut learned = self.learned();
        if !learned.layouts.are(&extracted.layouts) && learned.lessons < MAX_LESSONS {
            *learned = Learned { layouts: extracted.layouts, lessons: learned.lessons + 1 };
        }
        drop(learned);
        for problem in &extracted.problems {
            tally.problem(problem);
        }
        tally.more_problems(extracted.more_problems);
        if extracted.surplus > 0 {
            tally.problem("elements of the answer belong to no key");
        }
        extracted.rows
    }

    /// Whether the mapping's evaluation would certainly stay within its bounds.
    fn admits(&self, body: &[u8]) -> bool {
        let len = body.len() as u64;
        let visits = |values: u64, objects: u64| {
            values.saturating_mul(self.copies + 1).saturating_add(objects.saturating_mul(self.paths))
        };
        if len.saturating_mul(self.copies) > MAX_TEXT {
            return false;
        }
        if visits(len, len / 2) <= MAX_VALUES {
            return true;
        }
        let count = |wanted: u8| body.iter().filter(|&&byte| byte == wanted).count() as u64;
        let objects = count(b'{');
        visits(1 + count(b',') + count(b'[') + objects, objects) <= MAX_VALUES
    }
}

/// How often a value is copied, and how many paths are followed in an object.
fn weights(fields: &[ProjectedField]) -> (u64, u64) {
    let mut firsts = Vec::new();
    let (mut copies, mut paths) = (1, 0);
    weigh(fields, &mut firsts, &mut copies, &mut paths);
    firsts.sort_unstable();
    let all = firsts.len() as u64;
    firsts.dedup();
    (copies + all - firsts.len() as u64, paths)
}

/// `firsts`: the keys at which the paths of one object start.
fn weigh<'f>(fields: &'f [ProjectedField], firsts: &mut Vec<&'f str>, copies: &mut u64, paths: &mut u64) {
    for field in fields {
        *paths += 1;
        match &field.value {
            ProjectedValue::Made(fields) => weigh(fields, firsts, copies, paths),
            ProjectedValue::At(value) => {
                firsts.extend(value.path.first().map(|step| &*step.key));
                let (below, more) = value.fields.as_deref().map_or((1, 0), weights);
                *copies += below - 1;
                *paths += more;
            }
        }
    }
}

/// The cells of a row that holds a connector's field under each key of the shape.
fn row_cells(object: &ObjectShape) -> Option<RowCells> {
    let one_each = distinct(object.fields.iter().map(|field| field.slot));
    (is_known(object) && one_each && !object.fields.is_empty()).then(|| RowCells {
        cells: object.slots,
        ty: object.typing.fixed(),
        field: object.fields.iter().map(|field| field.slot).collect(),
    })
}

/// Puts projections and shapes together; `None` wherever values must be built.
#[derive(Default)]
struct Compiler {
    /// How many keys there are so far.
    keys: u32,
}

// === impl Compiler ===

impl Compiler {
    fn value(&mut self, fields: Option<&[ProjectedField]>, shape: &ValueShape) -> Option<UseValue> {
        match (fields, &shape.kind) {
            (None, _) => is_plain(shape).then(|| UseValue::AsIs(shape.clone())),
            (Some(fields), ValueKind::Object(object)) => {
                Some(UseValue::Object(shape.lists, self.object(fields, object)?))
            }
            (Some(_), _) => None,
        }
    }

    fn object(&mut self, fields: &[ProjectedField], shape: &ObjectShape) -> Option<ExtractObject> {
        let mut object = ExtractObject {
            cells: shape.slots.max(1),
            ty: shape.typing.fixed(),
            record: shape.record.then_some(shape.site),
            nullable: !fields.iter().any(|field| matches!(field.value, ProjectedValue::Made(_))),
            made: Vec::new(),
            keys: Vec::new(),
        };
        self.fill(&mut object, fields, shape, 0)?;
        (object.keys.len() <= MAX_KEYS).then_some(object)
    }

    /// Adds what fills the cells from `start` on, which follow `shape`.
    fn fill(
        &mut self,
        object: &mut ExtractObject,
        fields: &[ProjectedField],
        shape: &ObjectShape,
        start: u32,
    ) -> Option<()> {
        if !is_known(shape) || !distinct(shape.fields.iter().map(|field| field.slot)) {
            return None;
        }
        for FieldShape { key, slot, value: wanted } in &shape.fields {
            let cell = SlotIndex(start + slot.0);
            match fields.iter().find(|field| *key == field.key).map(|field| &field.value) {
                None => {}
                Some(ProjectedValue::At(projection)) => {
                    let value = self.value(projection.fields.as_deref(), wanted)?;
                    self.insert_at(&mut object.keys, &projection.path, Target::Cell(cell), value)?;
                }
                Some(ProjectedValue::Made(fields)) => {
                    let (0, ValueKind::Object(inner)) = (wanted.lists, &wanted.kind) else { return None };
                    let (start, record) = (object.cells, inner.record.then_some(inner.site));
                    let interned = inner.interned.then(|| of_leaves(fields, inner)).flatten();
                    object.made.push(MadeObject { cell, start, ty: inner.typing.fixed(), record, interned });
                    object.cells += inner.slots.max(1);
                    self.fill(object, fields, inner, start)?;
                }
            }
        }
        Some(())
    }

    /// Looks at the key of each element as well; answers how many parts it has.
    fn key_parts(&mut self, object: &mut ExtractObject, fields: &[ProjectedField], batch: &BatchSpec) -> Option<u32> {
        if batch.matching == BatchMatch::Position {
            return Some(0);
        }
        if batch.by.is_some() {
            return None;
        }
        for (part, path) in (0..).zip(&batch.key) {
            let [name] = path.as_slice() else { return None };
            let ProjectedValue::At(Projection { path, fields: None }) =
                &fields.iter().find(|field| field.key == *name)?.value
            else {
                return None;
            };
            let [ProjectionStep { key, .. }] = path.as_slice() else { return None };
            let value = UseValue::AsIs(ValueShape { lists: 0, kind: ValueKind::Leaf(Leaf::Custom) });
            let looked = Use { target: Target::Nowhere, optional: false, part: Some(part), value };
            let key = self.key(&mut object.keys, key);
            object.keys[key].place.uses.push(looked);
        }
        (object.keys.len() <= MAX_KEYS).then_some(batch.key.len() as u32)
    }

    fn insert(&mut self, document: &mut Place, projection: &Projection, target: Target, value: UseValue) -> Option<()> {
        if projection.path.is_empty() {
            document.uses.push(Use { target, optional: false, part: None, value });
            return Some(());
        }
        self.insert_at(&mut document.keys, &projection.path, target, value)
    }

    /// Adds a path that starts with one of `keys`; none if these become too many somewhere.
    fn insert_at(
        &mut self,
        mut keys: &mut Vec<KeyUse>,
        path: &[ProjectionStep],
        target: Target,
        value: UseValue,
    ) -> Option<()> {
        let mut of_optional = false;
        let mut last = None;
        for step in path {
            let index = self.key(keys, &step.key);
            if keys.len() > MAX_KEYS {
                return None;
            }
            let key = &mut keys[index];
            key.minding_absent += u32::from(!step.optional);
            key.minding_null += u32::from(!of_optional);
            of_optional = step.optional;
            keys = &mut key.place.keys;
            last = Some(&mut key.place.uses);
        }
        last?.push(Use { target, optional: of_optional, part: None, value });
        Some(())
    }

    fn key(&mut self, keys: &mut Vec<KeyUse>, key: &Name) -> usize {
        keys.iter().position(|known| known.key == *key).unwrap_or_else(|| {
            let id = self.keys;
            self.keys += 1;
            let place = Place::default();
            keys.push(KeyUse { key: key.clone(), id, minding_absent: 0, minding_null: 0, place });
            keys.len() - 1
        })
    }
}

/// How an object is told from others, if it is made of nothing but leaves.
fn of_leaves(fields: &[ProjectedField], shape: &ObjectShape) -> Option<MadeOfLeaves> {
    let is_leaf = |shape: &ValueShape| shape.lists == 0 && matches!(shape.kind, ValueKind::Leaf(_));
    let made = shape.fields.iter().filter(|field| fields.iter().any(|made| made.key == field.key));
    let cells: Option<Vec<u32>> = made.map(|field| is_leaf(&field.value).then_some(field.slot.0)).collect();
    let (&first, others) = cells.as_ref()?.split_first()?;
    Some(MadeOfLeaves { site: shape.site, first, others: others.to_vec() })
}

/// Whether the type of an object can be told without looking at it.
fn is_known(shape: &ObjectShape) -> bool {
    matches!(shape.typing, Typing::Fixed(_) | Typing::Opaque)
}

/// Whether objects are recorded below one.
fn records(shape: &ObjectShape) -> bool {
    shape.fields.iter().any(|field| match &field.value.kind {
        ValueKind::Object(object) => object.record || records(object),
        ValueKind::Leaf(_) => false,
    })
}

/// Rows complete objects that are recorded already.
fn unrecorded(shape: &ObjectShape) -> ObjectShape {
    ObjectShape { record: false, ..shape.clone() }
}

/// Whether every cell of a shape is filled by one key.
fn is_plain(shape: &ValueShape) -> bool {
    match &shape.kind {
        ValueKind::Leaf(_) => true,
        ValueKind::Object(object) => {
            distinct(object.fields.iter().map(|field| field.slot))
                && object.fields.iter().all(|field| is_plain(&field.value))
        }
    }
}

fn distinct(slots: impl Iterator<Item = SlotIndex>) -> bool {
    let mut slots: Vec<_> = slots.collect();
    let all = slots.len();
    slots.sort_unstable();
    slots.dedup();
    slots.len() == all
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::graph::mapping::{Dialect, Variables};
    use crate::sources::rows::shape::SiteId;

    /// A shape in which everything is wanted that the mapping yields.
    fn whole(fields: &[ProjectedField]) -> ObjectShape {
        let field = |(slot, field): (usize, &ProjectedField)| {
            let kind = match &field.value {
                ProjectedValue::At(Projection { fields: None, .. }) => ValueKind::Leaf(Leaf::Custom),
                ProjectedValue::At(Projection { fields: Some(fields), .. }) | ProjectedValue::Made(fields) => {
                    ValueKind::Object(Box::new(whole(fields)))
                }
            };
            let value = ValueShape { lists: 0, kind };
            FieldShape { key: field.key.clone(), slot: SlotIndex(slot as u32), value }
        };
        let fields: Vec<_> = fields.iter().enumerate().map(field).collect();
        let slots = fields.len() as u32;
        ObjectShape {
            site: SiteId(0),
            slots,
            typing: Typing::Opaque,
            fields: fields.into(),
            record: false,
            interned: false,
        }
    }

    #[test]
    fn keys_behind_a_path_are_not_too_many() {
        for (count, is_direct) in [(64, true), (65, false)] {
            let selection: String = (0..count).map(|n| format!("f{n}: a.k{n} ")).collect();
            let mapping = Mapping::parse(&selection, Dialect::Pleach).unwrap();
            let fields = mapping.projection().unwrap().fields.unwrap();
            let direct = Direct::new(&mapping, Yield::Entity, &RowShape::Root(whole(&fields)), false);
            assert_eq!(direct.is_some(), is_direct, "{count}");
        }
    }

    #[test]
    fn problems_are_those_of_the_evaluated_mapping() {
        for (selection, body) in [
            ("a b? c", r#"{}"#),
            ("a b c", r#"{"b":1}"#),
            ("x: a.b y: a.c", r#"{"a":null}"#),
            ("x: a?.b y: a.b?", r#"{"a":null}"#),
            ("x: a.b y: a.b z: a", r#"{}"#),
            ("a { b c d? } e? { f }", r#"{"a":null,"e":null}"#),
            ("a: { b c: { d } }", r#"{"d":1}"#),
            ("$.p.q { a }", r#"{"p":{}}"#),
            ("$.p.q { a }", r#"{"p":{"q":{}}}"#),
            ("$.p { a }", r#"{"p":null}"#),
        ] {
            let mapping = Mapping::parse(selection, Dialect::Pleach).unwrap();
            let fields = mapping.projection().unwrap().fields.unwrap();
            let shape = RowShape::Root(whole(&fields));
            let direct = Direct::new(&mapping, Yield::Entity, &shape, false).unwrap();
            let (first, body_text) = (Numbers { cells: 7, parts: 3 }, Bytes::from_static(body.as_bytes()));
            let mut read = extract_row(first, &body_text, &direct.extract, direct.layouts()).unwrap().problems;
            let value: Value = serde_json::from_str(body).unwrap();
            let told = mapping.evaluate(Some(&value), &Variables::new()).problems;
            let mut told: Vec<_> = told.into_iter().map(|problem| problem.message).collect();
            read.sort_unstable();
            told.sort_unstable();
            assert_eq!(read, told, "{selection} on {body}");
        }
    }
}
