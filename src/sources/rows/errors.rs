//! An upstream's errors, put where their paths lead.

use std::ops::Range;

use serde_json::{Map, Value};

use super::shape::{ObjectShape, RowShape, ValueKind, ValueShape};
use super::slot::{Below, PathSegment, Rows, Slot, UpstreamError};

/// An error as an upstream reports it, with the path in its own answer.
#[derive(Clone, PartialEq, Debug)]
pub struct LocatedError {
    /// Where in the answer; `None` if the upstream does not say.
    pub path: Option<Vec<PathSegment>>,
    /// The error; its suffix is set when it is placed.
    pub error: UpstreamError,
}

/// A place an error can stand at.
enum Place {
    /// A row.
    Row(usize),
    /// All rows of a list.
    Rows(Range<usize>),
    /// A cell.
    Cell(u32),
}

/// Reads the `errors` of a GraphQL response. What is not an error object is reported as one.
pub fn read_errors(text: &[u8]) -> Vec<LocatedError> {
    match serde_json::from_slice(text) {
        Ok(Value::Array(errors)) => errors.into_iter().map(read_error).collect(),
        Ok(Value::Null) => Vec::new(),
        Ok(other) => vec![read_error(other)],
        Err(_) => vec![read_error(Value::Null)],
    }
}

/// Puts each error at the deepest cell its path leads to: an empty cell fails, with the rest of the
/// path as suffix; beside a value the error goes to the side table. Errors without a usable path
/// are general, unless there is no data at all: then the first of them fails every row.
pub fn place_errors(rows: &mut Rows, shape: &RowShape, expected: &[u32], errors: Vec<LocatedError>) {
    let mut full = Vec::new();
    for LocatedError { path, error } in errors {
        let places = walk(rows, shape, expected, &path.unwrap_or_default());
        if places.is_empty() {
            rows.reports_mut().general.push(error);
            continue;
        }
        for (place, suffix) in places {
            put(rows, place, UpstreamError { suffix, ..error.clone() }, &mut full);
        }
    }
    let nothing = rows.rows.iter().all(|row| matches!(row, Slot::Null | Slot::Missing));
    if nothing && !rows.rows.is_empty() && !rows.reports().general.is_empty() {
        let error = rows.reports_mut().general.remove(0);
        put(rows, Place::Rows(0..rows.rows.len()), error, &mut full);
    }
}

/// Reads one of the `errors` of a GraphQL response.
pub fn read_error(value: Value) -> LocatedError {
    let Value::Object(mut fields) = value else {
        return LocatedError { path: None, error: upstream_error(None, Map::new()) };
    };
    let extensions = match fields.remove("extensions") {
        Some(Value::Object(extensions)) => extensions,
        _ => Map::new(),
    };
    let message = match fields.remove("message") {
        Some(Value::String(message)) => Some(message),
        _ => None,
    };
    let path = match fields.remove("path") {
        Some(Value::Array(segments)) => segments.into_iter().map(read_segment).collect(),
        _ => None,
    };
    LocatedError { path, error: upstream_error(message, extensions) }
}

fn read_segment(value: Value) -> Option<PathSegment> {
    match value {
        Value::String(key) => Some(PathSegment::Key(key.into())),
        Value::Number(index) => Some(PathSegment::Index(u32::try_from(index.as_u64()?).ok()?)),
        _ => None,
    }
}

fn upstream_error(message: Option<String>, mut extensions: Map<String, Value>) -> UpstreamError {
    let code = match extensions.remove("code") {
        Some(Value::String(code)) => code.into(),
        _ => "DOWNSTREAM_SERVICE_ERROR".into(),
    };
    let message = message.unwrap_or_else(|| "The subgraph reported an error without a message.".into());
    UpstreamError { code, message, extensions, suffix: Vec::new(), authored: false, unmasked: None }
}

/// `full`: stretches of rows of which none is empty, so that many errors need not look again.
fn put(rows: &mut Rows, place: Place, error: UpstreamError, full: &mut Vec<Range<usize>>) {
    let id = rows.reports().errors.len() as u32;
    let empty = |slot: &Slot| matches!(slot, Slot::Null | Slot::Missing);
    match place {
        Place::Cell(cell) => match rows.slot_mut(cell) {
            Some(slot) if empty(slot) => {
                *slot = Slot::Failed(id);
                rows.reports_mut().errors.push(error);
            }
            _ => rows.reports_mut().beside.push((cell, error)),
        },
        Place::Row(row) => put(rows, Place::Rows(row..row + 1), error, full),
        Place::Rows(range) if range.len() == 1 && matches!(rows.rows[range.start], Slot::Failed(_)) => {
            rows.reports_mut().row_errors.push((range.start as u32, error));
        }
        Place::Rows(range) if full.contains(&range) => rows.reports_mut().general.push(error),
        Place::Rows(range) => {
            let mut failed = false;
            for slot in &mut rows.rows[range.clone()] {
                if empty(slot) {
                    *slot = Slot::Failed(id);
                    failed = true;
                }
            }
            match failed {
                true => rows.reports_mut().errors.push(error),
                false => rows.reports_mut().general.push(error),
            }
            if range.len() > 1 {
                full.push(range);
            }
        }
    }
}

/// The deepest places `path` leads to, and the way on from each; several where one value feeds
/// several cells.
fn walk(rows: &Rows, shape: &RowShape, expected: &[u32], path: &[PathSegment]) -> Vec<(Place, Vec<Below>)> {
    let (row, object, path) = match (shape, path) {
        (_, []) => return Vec::new(),
        (RowShape::Root(object), path) => (0, object, path),
        (RowShape::Lists(lists), [PathSegment::Key(key), rest @ ..]) => {
            let Some(list) = lists.iter().position(|list| list.key == *key) else { return Vec::new() };
            let count = |list: usize| expected.get(list).copied().unwrap_or_default() as usize;
            let first: usize = (0..list).map(count).sum();
            match rest {
                [PathSegment::Index(index), rest @ ..] if (*index as usize) < count(list) => {
                    (first + *index as usize, &lists[list].object, rest)
                }
                _ => return vec![(Place::Rows(first..first + count(list)), Vec::new())],
            }
        }
        (RowShape::Lists(_), _) => return Vec::new(),
    };
    let Some(&slot) = rows.rows.get(row) else { return Vec::new() };
    let mut places = Vec::new();
    if !walk_object(rows, object, slot, path, &mut places) {
        places.push((Place::Row(row), below_object(object, path)));
    }
    places
}

/// From an object (or what stands in its place) to cells below it; false if there are none.
fn walk_object(
    rows: &Rows,
    shape: &ObjectShape,
    slot: Slot,
    path: &[PathSegment],
    places: &mut Vec<(Place, Vec<Below>)>,
) -> bool {
    let (Slot::Object { start, .. }, [PathSegment::Key(key), rest @ ..]) = (slot, path) else { return false };
    let mut found = false;
    for field in shape.fields.iter().filter(|field| field.key == *key) {
        let cell = start + field.slot.0;
        if !walk_value(rows, &field.value, cell, 0, rest, places) {
            places.push((Place::Cell(cell), below_value(&field.value, 0, rest)));
        }
        found = true;
    }
    found
}

fn walk_value(
    rows: &Rows,
    shape: &ValueShape,
    cell: u32,
    level: u8,
    path: &[PathSegment],
    places: &mut Vec<(Place, Vec<Below>)>,
) -> bool {
    let Some(&slot) = rows.slot(cell) else { return false };
    if level == shape.lists {
        return match &shape.kind {
            ValueKind::Object(object) => walk_object(rows, object, slot, path, places),
            _ => false,
        };
    }
    let (Slot::List { start, len }, [PathSegment::Index(index), rest @ ..]) = (slot, path) else { return false };
    if *index >= len {
        return false;
    }
    let item = start + index;
    if !walk_value(rows, shape, item, level + 1, rest, places) {
        places.push((Place::Cell(item), below_value(shape, level + 1, rest)));
    }
    true
}

/// The way through cells that are not there, by the shape alone.
fn below_value(shape: &ValueShape, level: u8, path: &[PathSegment]) -> Vec<Below> {
    match path {
        [PathSegment::Index(index), rest @ ..] if level < shape.lists => {
            std::iter::once(Below::Item(*index)).chain(below_value(shape, level + 1, rest)).collect()
        }
        _ => match &shape.kind {
            ValueKind::Object(object) if level == shape.lists => below_object(object, path),
            _ => Vec::new(),
        },
    }
}

fn below_object(shape: &ObjectShape, path: &[PathSegment]) -> Vec<Below> {
    let [PathSegment::Key(key), rest @ ..] = path else { return Vec::new() };
    let Some(field) = shape.fields.iter().find(|field| field.key == *key) else { return Vec::new() };
    std::iter::once(Below::Field(field.slot)).chain(below_value(&field.value, 0, rest)).collect()
}
