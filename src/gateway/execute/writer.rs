//! The response, written in one pass over the cells.
//!
//! Null propagation (the specification's "Handling Execution Errors") happens here and only here:
//! a value that may not be null truncates the text to where its nearest nullable ancestor began.
//! Each byte is discarded at most once.

use bytes::Bytes;

use crate::gateway::operation::guards::GuardId;
use crate::gateway::plan::model::{OutputItem, OutputKind, OutputSelection, OutputType, OutputTypeKind, Plan};
use crate::graph::federation::ids::TypeId;
use crate::sources::rows::slot::{Slot, UNKNOWN_TYPE};

use super::context::{ExecuteContext, Response};
use super::errors::{ErrorList, Step};
use super::store::{ROOT, Store};

/// Writes one response.
struct Writer<'a> {
    context: &'a ExecuteContext,
    store: &'a Store,
    bits: &'a [bool],
    out: Vec<u8>,
    path: Vec<Step<'a>>,
    errors: ErrorList<'a>,
    /// What explains empty cells here: the error of a copy of an enclosing value that failed.
    lost: Option<u32>,
    /// How long the response may become.
    room: usize,
}

/// Why a value could not be written where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stop {
    /// It is null: the nearest nullable ancestor becomes null.
    Null,
    /// The response is too large; nothing more is written.
    TooLarge,
}

type Write = Result<(), Stop>;

/// Writes the response from what the store holds.
pub(super) fn write(
    context: &ExecuteContext,
    plan: &Plan,
    store: &Store,
    bits: &[bool],
    root: TypeId,
    upstream_calls: u32,
) -> Response {
    let mut writer = Writer {
        context,
        store,
        bits,
        out: Vec::with_capacity(1024),
        path: Vec::new(),
        errors: ErrorList::new(context, plan),
        lost: None,
        room: usize::try_from(store.room()).unwrap_or(usize::MAX),
    };
    writer.out.extend_from_slice(b"{\"data\":");
    let start = writer.out.len();
    let written = writer.selection(&plan.output, ROOT, root);
    if written == Err(Stop::TooLarge) {
        writer.errors = ErrorList::new(context, plan);
        writer.errors.own("RESPONSE_TOO_LARGE", "The response is larger than this server allows.", &[]);
    } else {
        for error in store.sorted_general() {
            if let Some(error) = store.error(error) {
                writer.errors.general(error);
            }
        }
    }
    if written.is_err() {
        writer.out.truncate(start);
        writer.out.extend_from_slice(b"null");
    }
    let Writer { mut out, errors, .. } = writer;
    let count = errors.count();
    if count > 0 {
        out.extend_from_slice(b",\"errors\":[");
        out.extend_from_slice(&errors.finish());
        out.push(b']');
    }
    out.push(b'}');
    Response { body: Bytes::from(out), errors: count, data_is_null: written.is_err(), upstream_calls }
}

// === impl Writer ===

impl<'a> Writer<'a> {
    fn selection(&mut self, selection: &'a OutputSelection, start: u32, ty: TypeId) -> Write {
        if self.out.len() + self.errors.len() > self.room {
            return Err(Stop::TooLarge);
        }
        self.out.push(b'{');
        let mut first = true;
        for item in &selection.items {
            let nameless = item.nameless && ty == UNKNOWN_TYPE;
            let applies = nameless || item.on.as_ref().is_none_or(|types| types.contains(ty));
            if !applies || !self.holds(item.guard) {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.out.push(b',');
            }
            self.out.push(b'"');
            self.out.extend_from_slice(item.key.as_bytes());
            self.out.extend_from_slice(b"\":");
            self.path.push(Step::Key(&item.key));
            let written = self.item(item, start, ty);
            self.path.pop();
            written?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn item(&mut self, item: &'a OutputItem, start: u32, ty: TypeId) -> Write {
        match &item.kind {
            OutputKind::Typename(constant) => self.type_name(constant.unwrap_or(ty)),
            OutputKind::Introspection => {
                let answer = self.context.introspection.iter().find(|(key, _)| *key == item.key);
                self.out.extend_from_slice(answer.map_or(b"null", |(_, answer)| answer));
                Ok(())
            }
            OutputKind::Value { slot, ty } => self.value(start + slot.0, ty, 0),
            OutputKind::Denied { non_null, .. } => {
                self.errors.own("UNAUTHORIZED_FIELD_OR_TYPE", "Unauthorized field or type", &self.path);
                match non_null {
                    true => Err(Stop::Null),
                    false => {
                        self.out.extend_from_slice(b"null");
                        Ok(())
                    }
                }
            }
        }
    }

    /// Writes the value of a cell, `level` lists inside its type; a null moves up if it may not
    /// stand here.
    fn value(&mut self, cell: u32, ty: &'a OutputType, level: usize) -> Write {
        let begin = self.out.len();
        let nullable = !ty.lists.get(level).copied().unwrap_or(ty.non_null);
        for error in self.store.beside(cell) {
            self.report(error);
        }
        let outer = self.lost;
        self.lost = self.store.lost(cell).or(outer);
        let written = self.present(cell, ty, level, nullable);
        self.lost = outer;
        match written {
            Err(Stop::Null) if nullable => {
                self.out.truncate(begin);
                self.out.extend_from_slice(b"null");
                Ok(())
            }
            written => written,
        }
    }

    fn present(&mut self, cell: u32, ty: &'a OutputType, level: usize, nullable: bool) -> Write {
        match (self.store.slot(cell), &ty.kind) {
            (Slot::Missing | Slot::Null, _) => {
                if let (Slot::Missing, Some(error)) = (self.store.slot(cell), self.lost) {
                    self.report(error);
                } else if !nullable {
                    let message = format!("Cannot return null for non-nullable field {}.", ty.coordinate);
                    self.errors.own("DOWNSTREAM_SERVICE_ERROR", &message, &self.path);
                }
                Err(Stop::Null)
            }
            (Slot::Failed(error), _) => {
                self.report(error);
                Err(Stop::Null)
            }
            (Slot::List { start, len }, _) if level < ty.lists.len() => self.list(start, len, ty, level),
            (Slot::Raw { part, start, len }, OutputTypeKind::Leaf) if level == ty.lists.len() => {
                if self.out.len() + len as usize > self.room {
                    return Err(Stop::TooLarge);
                }
                self.out.extend_from_slice(self.store.text(part, start, len));
                Ok(())
            }
            (Slot::Object { start, ty: known }, OutputTypeKind::Object { types, selection })
                if level == ty.lists.len() =>
            {
                let known = self.store.type_of(start, known);
                if known != UNKNOWN_TYPE && !types.contains(known) {
                    return self.unexpected(ty, "an object of a type that is not part of this schema");
                }
                self.selection(selection, start, known)
            }
            _ => self.unexpected(ty, "a value of another kind"),
        }
    }

    fn list(&mut self, start: u32, len: u32, ty: &'a OutputType, level: usize) -> Write {
        self.out.push(b'[');
        for index in 0..len {
            if index > 0 {
                self.out.push(b',');
            }
            if self.out.len() > self.room {
                return Err(Stop::TooLarge);
            }
            self.path.push(Step::Index(index));
            let written = self.value(start + index, ty, level + 1);
            self.path.pop();
            written?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn type_name(&mut self, ty: TypeId) -> Write {
        let context = self.context;
        match context.supergraph.types.get(ty) {
            Some(def) => {
                self.out.push(b'"');
                self.out.extend_from_slice(def.name.as_bytes());
                self.out.push(b'"');
                Ok(())
            }
            None => {
                let message = "The type of this object is not known.";
                self.errors.own("DOWNSTREAM_SERVICE_ERROR", message, &self.path);
                Err(Stop::Null)
            }
        }
    }

    fn unexpected(&mut self, ty: &OutputType, what: &str) -> Write {
        let message = format!("The answer for {} holds {what}.", ty.coordinate);
        self.errors.own("SUBREQUEST_MALFORMED_RESPONSE", &message, &self.path);
        Err(Stop::Null)
    }

    fn report(&mut self, error: u32) {
        let store = self.store;
        if let Some(error) = store.error(error) {
            self.errors.upstream(error, &self.path);
        }
    }

    fn holds(&self, guard: GuardId) -> bool {
        self.bits.get(guard.0 as usize).copied().unwrap_or_default()
    }
}
