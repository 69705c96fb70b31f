//! A fingerprint of what an operation asks, whoever asks it.

use sha2::{Digest, Sha256};

use crate::graph::federation::ids::LabelId;
use crate::graph::language::value::InputValue;

use super::model::{Operation, SelectionKind, SelectionSet};

/// SHA-256 over the normalised operation with its denial marks: operations that plan alike and
/// answer alike have the same fingerprint. Names of operation and variables count, since plans
/// carry them.
pub fn fingerprint(operation: &Operation) -> [u8; 32] {
    let mut writer = Writer(Sha256::new());
    writer.text(operation.kind.as_str());
    writer.text(operation.name.as_deref().unwrap_or(""));
    writer.number(operation.variables.len());
    for variable in &operation.variables {
        writer.text(&variable.name);
        writer.text(&variable.ty);
        writer.text(&variable.default.as_ref().map(ToString::to_string).unwrap_or_default());
    }
    writer.selections(operation, &operation.root);
    writer.0.finalize().into()
}

/// The fingerprint of an operation for which some labels of overrides hold.
pub fn labelled(fingerprint: [u8; 32], held: &[LabelId]) -> [u8; 32] {
    if held.is_empty() {
        return fingerprint;
    }
    let mut writer = Writer(Sha256::new());
    writer.0.update(fingerprint);
    held.iter().for_each(|label| writer.number(label.0 as usize));
    writer.0.finalize().into()
}

/// Every text is written with its length, so that no two operations write the same bytes.
struct Writer(Sha256);

// === impl Writer ===

impl Writer {
    fn selections(&mut self, operation: &Operation, set: &SelectionSet) {
        self.number(set.parent.0 as usize);
        self.number(set.items.len());
        for item in &set.items {
            self.text(&item.response_key);
            self.number(item.on.len());
            item.on.iter().for_each(|ty| self.number(ty.0 as usize));
            self.number(usize::from(item.nameless) + 2 * usize::from(item.unconditional));
            self.text(&operation.guards.describe(item.guard));
            self.number(item.places.len());
            for place in &item.places {
                self.number(place.position as usize);
                self.text(&operation.guards.describe(place.guard));
            }
            match &item.kind {
                SelectionKind::Typename => self.number(0),
                SelectionKind::Introspection => self.number(1),
                SelectionKind::Field(field) => {
                    self.number(2);
                    self.number(field.field.0 as usize);
                    self.number(field.denied.map_or(0, |rule| rule.0 as usize + 1));
                    self.number(field.arguments.len());
                    for (name, value) in &field.arguments {
                        self.text(name);
                        self.value(value);
                    }
                    self.number(usize::from(field.selections.is_some()));
                    if let Some(selections) = &field.selections {
                        self.selections(operation, selections);
                    }
                }
            }
        }
    }

    fn value(&mut self, value: &InputValue) {
        // The printed form of a value is unambiguous: strings are quoted, enums are not.
        self.text(&value.to_string());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.update(text.as_bytes());
    }

    fn number(&mut self, number: usize) {
        self.0.update((number as u64).to_le_bytes());
    }
}
