//! Rows as the text of a JSON list, built while they arrive.

use bytes::Bytes;

use super::error::RunError;
use super::text::push_json_string;

/// Collects rows up to a bound.
pub(super) struct JsonRows {
    out: Vec<u8>,
    rows: usize,
    /// Where the first row ends in the text.
    first_end: usize,
    max_bytes: usize,
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
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { out: vec![b'['], rows: 0, first_end: 0, max_bytes }
    }

    /// Adds a row: `cell` writes the value of the column at a position.
    pub(super) fn row<'n>(
        &mut self,
        columns: impl Iterator<Item = &'n str>,
        mut cell: impl FnMut(usize, &mut Vec<u8>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        if self.rows > 0 {
            self.out.push(b',');
        }
        self.out.push(b'{');
        for (index, name) in columns.enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            push_json_string(&mut self.out, name);
            self.out.push(b':');
            cell(index, &mut self.out)?;
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
