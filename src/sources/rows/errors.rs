//! An upstream's errors, put where their paths lead.

use serde_json::{Map, Value};

use super::shape::{ObjectShape, RowShape, ValueKind, ValueShape};
use super::slot::{PathSegment, Rows, Slot, UpstreamError};

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
    Rows(std::ops::Range<usize>),
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
    for LocatedError { path, error } in errors {
        let path = path.unwrap_or_default();
        match walk(rows, shape, expected, &path) {
            Some((place, walked)) => put(rows, place, UpstreamError { suffix: path[walked..].to_vec(), ..error }),
            None => rows.general.push(error),
        }
    }
    let nothing = rows.rows.iter().all(|row| matches!(row, Slot::Null | Slot::Missing));
    if nothing && !rows.rows.is_empty() && !rows.general.is_empty() {
        let error = rows.general.remove(0);
        put(rows, Place::Rows(0..rows.rows.len()), error);
    }
}

fn read_error(value: Value) -> LocatedError {
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
    UpstreamError { code, message, extensions, suffix: Vec::new(), authored: false }
}

fn put(rows: &mut Rows, place: Place, error: UpstreamError) {
    let id = rows.errors.len() as u32;
    let empty = |slot: &Slot| matches!(slot, Slot::Null | Slot::Missing);
    match place {
        Place::Cell(cell) if rows.slots.get(cell as usize).is_some_and(empty) => {
            rows.slots[cell as usize] = Slot::Failed(id);
            rows.errors.push(error);
        }
        Place::Cell(cell) => rows.beside.push((cell, error)),
        Place::Row(row) => put(rows, Place::Rows(row..row + 1), error),
        Place::Rows(range) => {
            let mut failed = false;
            for slot in &mut rows.rows[range] {
                if empty(slot) {
                    *slot = Slot::Failed(id);
                    failed = true;
                }
            }
            match failed {
                true => rows.errors.push(error),
                false => rows.general.push(error),
            }
        }
    }
}

/// The deepest place `path` leads to, and how many segments that took.
fn walk(rows: &Rows, shape: &RowShape, expected: &[u32], path: &[PathSegment]) -> Option<(Place, usize)> {
    let (row, object, walked) = match shape {
        RowShape::Root(object) => (0, object, (!path.is_empty()).then_some(0)?),
        RowShape::Lists(lists) => {
            let PathSegment::Key(key) = path.first()? else { return None };
            let list = lists.iter().position(|list| list.key == *key)?;
            let count = |list: usize| expected.get(list).copied().unwrap_or_default() as usize;
            let first: usize = (0..list).map(count).sum();
            match path.get(1) {
                Some(PathSegment::Index(index)) if (*index as usize) < count(list) => {
                    (first + *index as usize, &lists[list].object, 2)
                }
                _ => return Some((Place::Rows(first..first + count(list)), path.len())),
            }
        }
    };
    let slot = *rows.rows.get(row)?;
    Some(match walk_object(rows, object, slot, path, walked) {
        Some((cell, walked)) => (Place::Cell(cell), walked),
        None => (Place::Row(row), walked),
    })
}

/// From an object (or what stands in its place) to a cell below it.
fn walk_object(
    rows: &Rows,
    shape: &ObjectShape,
    slot: Slot,
    path: &[PathSegment],
    walked: usize,
) -> Option<(u32, usize)> {
    let (Slot::Object { start, .. }, Some(PathSegment::Key(key))) = (slot, path.get(walked)) else { return None };
    let field = shape.fields.iter().find(|field| field.key == *key)?;
    let cell = start + field.slot.0;
    walk_value(rows, &field.value, cell, 0, path, walked + 1).or(Some((cell, walked + 1)))
}

fn walk_value(
    rows: &Rows,
    shape: &ValueShape,
    cell: u32,
    level: u8,
    path: &[PathSegment],
    walked: usize,
) -> Option<(u32, usize)> {
    let slot = *rows.slots.get(cell as usize)?;
    if level == shape.lists {
        let ValueKind::Object(object) = &shape.kind else { return None };
        return walk_object(rows, object, slot, path, walked);
    }
    let (Slot::List { start, len }, Some(PathSegment::Index(index))) = (slot, path.get(walked)) else { return None };
    if *index >= len {
        return None;
    }
    let item = start + index;
    walk_value(rows, shape, item, level + 1, path, walked + 1).or(Some((item, walked + 1)))
}
