//! The records of one page, and the connection made of them.

use serde_json::{Value, json};

use super::cursor::CursorKey;

/// Records with their positions, and what lies on both sides.
#[derive(Clone, PartialEq, Debug)]
pub(in super::super) struct Window {
    pub(in super::super) records: Vec<Record>,
    pub(in super::super) has_next: bool,
    pub(in super::super) has_previous: bool,
    pub(in super::super) total: Option<u64>,
}

/// One record of a page.
#[derive(Clone, PartialEq, Debug)]
pub(in super::super) struct Record {
    /// As the answer has it, until it is mapped.
    pub(in super::super) value: Value,
    /// What its cursor holds.
    pub(in super::super) position: Value,
    /// Which call of the page answered with it, from 0.
    pub(in super::super) call: usize,
    /// Its position among the records of that answer.
    pub(in super::super) index: usize,
}

// === impl Window ===

impl Window {
    /// The Relay connection; `records` are mapped already.
    pub(in super::super) fn connection(self, key: &CursorKey, scope: &str) -> Value {
        let cursors: Vec<String> = self.records.iter().map(|record| key.seal(scope, &record.position)).collect();
        let nodes: Vec<Value> = self.records.into_iter().map(|record| record.value).collect();
        let edges: Vec<Value> =
            nodes.iter().zip(&cursors).map(|(node, cursor)| json!({ "cursor": cursor, "node": node })).collect();
        json!({
            "edges": edges,
            "nodes": nodes,
            "pageInfo": {
                "hasNextPage": self.has_next,
                "hasPreviousPage": self.has_previous,
                "startCursor": cursors.first(),
                "endCursor": cursors.last(),
            },
            "totalCount": self.total,
        })
    }

    /// The records alone.
    pub(in super::super) fn list(self) -> Value {
        Value::Array(self.records.into_iter().map(|record| record.value).collect())
    }
}
