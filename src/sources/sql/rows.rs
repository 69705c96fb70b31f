//! Rows as the text of a JSON list, built while they arrive.

use bytes::Bytes;
use serde_json::Value;

use crate::platform::base::Name;
use crate::sources::connector::EXACT;

use super::error::RunError;
use super::exact::Exact;
use super::text::push_json_string;

/// Collects rows up to a bound.
pub(super) struct JsonRows {
    out: Vec<u8>,
    rows: usize,
    /// Where the first row ends in the text.
    first_end: usize,
    max_bytes: usize,
    /// Columns whose cells are wanted exactly.
    exact: Vec<Name>,
}

/// The text of a JSON list of rows.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct RowsText {
    pub(super) text: Bytes,
    pub(super) count: usize,
    first_end: usize,
}

// === impl RowsText ===

impl RowsText {
    /// The text of the first row alone, if there is one.
    pub(super) fn first(&self) -> Option<Bytes> {
        (self.count > 0).then(|| self.text.slice(1..self.first_end))
    }
}

// === impl JsonRows ===

impl JsonRows {
    pub(super) fn new(max_bytes: usize, exact: Vec<Name>) -> Self {
        Self { out: vec![b'['], rows: 0, first_end: 0, max_bytes, exact }
    }

    /// Adds a row: `cell` writes the value of the column at a position; `exact` tells of wanted
    /// columns what that does not show.
    pub(super) fn row<'n>(
        &mut self,
        columns: impl Iterator<Item = &'n str>,
        mut cell: impl FnMut(usize, &mut Vec<u8>) -> Result<(), RunError>,
        mut exact: impl FnMut(usize) -> Result<Option<Exact>, RunError>,
    ) -> Result<(), RunError> {
        if self.rows > 0 {
            self.out.push(b',');
        }
        self.out.push(b'{');
        let mut told = serde_json::Map::new();
        for (index, name) in columns.enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            push_json_string(&mut self.out, name);
            self.out.push(b':');
            cell(index, &mut self.out)?;
            if self.exact.iter().any(|wanted| **wanted == *name)
                && let Some(exact) = exact(index)?
            {
                let exact = serde_json::to_value(exact).map_err(|error| RunError::Decode(error.to_string()))?;
                told.insert(name.to_owned(), exact);
            }
        }
        if !told.is_empty() {
            self.out.push(b',');
            push_json_string(&mut self.out, EXACT);
            self.out.push(b':');
            self.out.extend_from_slice(Value::Object(told).to_string().as_bytes());
        }
        self.out.push(b'}');
        self.rows += 1;
        if self.rows == 1 {
            self.first_end = self.out.len();
        }
        if self.out.len() > self.max_bytes { Err(RunError::TooLarge) } else { Ok(()) }
    }

    pub(super) fn finish(mut self) -> RowsText {
        self.out.push(b']');
        RowsText { text: self.out.into(), count: self.rows, first_end: self.first_end }
    }
}
