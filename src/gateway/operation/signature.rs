//! What an operation asks, as bytes: equal bytes mean equal plans.

use std::sync::Arc;

use crate::graph::federation::ids::LabelId;
use crate::graph::language::ast::OperationKind;
use crate::graph::language::value::InputValue;

use super::guards::{Guard, GuardId};
use super::model::{Operation, SelectionKind, SelectionSet};

/// The normalised operation with its denial marks, and the override labels that hold for it, written
/// out. Two operations with the same bytes plan alike, whoever asks them.
///
/// Names of variables count, since plans carry them. Names of fields in the response do not, but for
/// which of them are equal: a plan fetches the same whatever the client calls it. The fields of a
/// mutation run one by one and are told apart by those names, so there they count as well.
pub fn signature(operation: &Operation, held: &[LabelId]) -> Arc<[u8]> {
    let mut writer = Writer { out: Vec::with_capacity(512), has_names: operation.kind == OperationKind::Mutation };
    writer.text(operation.kind.as_str());
    writer.number(operation.variables.len());
    for variable in &operation.variables {
        writer.text(&variable.name);
        writer.text(&variable.ty);
        writer.text(&variable.default.as_ref().map(ToString::to_string).unwrap_or_default());
    }
    writer.number(held.len());
    held.iter().for_each(|label| writer.number(label.0 as usize));
    writer.guards(operation);
    writer.selections(&operation.root);
    writer.out.into()
}

/// Every text and list is written with its length, so that no two operations write the same bytes.
struct Writer {
    out: Vec<u8>,
    has_names: bool,
}

// === impl Writer ===

impl Writer {
    /// Guards refer to earlier ones by number, as selections do.
    fn guards(&mut self, operation: &Operation) {
        self.number(operation.guards.len());
        for guard in operation.guards.iter() {
            match guard {
                Guard::Always => self.number(0),
                Guard::Never => self.number(1),
                Guard::Variable(name) => {
                    self.number(2);
                    self.text(name);
                }
                Guard::Not(inner) => {
                    self.number(3);
                    self.number(inner.0 as usize);
                }
                Guard::And(parts) => self.parts(4, parts),
                Guard::Or(parts) => self.parts(5, parts),
            }
        }
    }

    fn parts(&mut self, kind: usize, parts: &[GuardId]) {
        self.number(kind);
        self.number(parts.len());
        parts.iter().for_each(|part| self.number(part.0 as usize));
    }

    fn selections(&mut self, set: &SelectionSet) {
        self.number(set.parent.0 as usize);
        self.number(set.items.len());
        for (index, item) in set.items.iter().enumerate() {
            match self.has_names {
                true => self.text(&item.response_key),
                // Items of one name mostly stand side by side, and there are few.
                false => {
                    let before = &set.items[..index];
                    let same = before.iter().rposition(|other| other.response_key == item.response_key);
                    self.number(same.map_or(0, |other| other + 1));
                }
            }
            self.number(item.on.len());
            item.on.iter().for_each(|ty| self.number(ty.0 as usize));
            self.number(usize::from(item.nameless) + 2 * usize::from(item.unconditional));
            self.number(item.guard.0 as usize);
            self.number(item.places.len());
            for place in &item.places {
                self.number(place.position as usize);
                self.number(place.guard.0 as usize);
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
                        self.selections(selections);
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
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Seven bits a byte, the lowest first.
    fn number(&mut self, mut number: usize) {
        while number > 0x7F {
            self.out.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.out.push(number as u8);
    }
}
