//! How much memory cached things take, roughly: what their texts and parts suggest. The caches need
//! a bound, not an account.

use std::sync::Arc;

use crate::gateway::operation::model::{SelectionKind, SelectionSet};
use crate::gateway::plan::model::{OutputKind, OutputSelection, OutputTypeKind, Request};

use super::prepare::{DocumentKey, Planned, Prepared, Refused};

/// A parsed document holds its text and two trees.
const BYTES_PER_TEXT_BYTE: usize = 64;
const BYTES_PER_ERROR: usize = 512;
const BYTES_PER_ITEM: usize = 420;
const BYTES_PER_FETCH: usize = 4 << 10;
const BYTES_AT_LEAST: usize = 1 << 10;

pub(super) fn document(key: &DocumentKey, value: &Result<Arc<Prepared>, Arc<Refused>>) -> u32 {
    let name = key.operation.as_ref().map_or(0, String::len);
    let held = match value {
        // The normalised operation, and the plan that may stay with it.
        Ok(prepared) => key.text.len() * BYTES_PER_TEXT_BYTE + 2 * selected(&prepared.operation.root) * BYTES_PER_ITEM,
        Err(refused) => refused.0.len() * BYTES_PER_ERROR,
    };
    capped(BYTES_AT_LEAST + key.text.len() + name + held)
}

pub(super) fn plan(key: &[u8], value: &Planned) -> u32 {
    let Ok(plan) = value else { return capped(BYTES_AT_LEAST + key.len()) };
    let documents: usize = plan
        .fetches
        .iter()
        .map(|fetch| match &fetch.request {
            Request::Graphql { document, .. } => document.len(),
            Request::Connector { wanted, .. } => wanted.len() * BYTES_PER_ITEM,
        })
        .sum();
    let held = plan.fetches.len() * BYTES_PER_FETCH + items(&plan.output) * BYTES_PER_ITEM;
    capped(BYTES_AT_LEAST + key.len() + documents + held)
}

/// Selected fields.
fn selected(set: &SelectionSet) -> usize {
    let below = set.items.iter().map(|item| match &item.kind {
        SelectionKind::Field(field) => field.selections.as_ref().map_or(0, selected),
        _ => 0,
    });
    set.items.len() + below.sum::<usize>()
}

/// Keys of the response, each standing for a slot of a shape as well.
fn items(selection: &OutputSelection) -> usize {
    let below = selection.items.iter().map(|item| match &item.kind {
        OutputKind::Value { ty, .. } => match &ty.kind {
            OutputTypeKind::Object { selection, .. } => items(selection),
            OutputTypeKind::Leaf => 0,
        },
        _ => 0,
    });
    selection.items.len() + below.sum::<usize>()
}

fn capped(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
