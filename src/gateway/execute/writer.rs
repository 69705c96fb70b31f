//! The response, written in one pass over the cells.
//!
//! Null propagation (the specification's "Handling Execution Errors") happens here and only here:
//! a value that may not be null truncates the text to where its nearest nullable ancestor began.
//! Each byte is discarded at most once.

use bytes::Bytes;

use crate::gateway::operation::guards::GuardId;
use crate::gateway::plan::model::{OutputItem, OutputKind, OutputSelection, OutputType, OutputTypeKind, Plan};
use crate::graph::federation::ids::TypeId;
use crate::sources::rows::shape::SlotIndex;
use crate::sources::rows::slot::{Below, Slot, UNKNOWN_TYPE};

use super::context::{ExecuteContext, Response};
use super::errors::{ErrorList, Step};
use super::output::Output;
use super::plain;
use super::store::{ROOT, Store, StoredError};

/// Writes one response.
struct Writer<'a> {
    context: &'a ExecuteContext,
    store: &'a Store,
    bits: &'a [bool],
    out: Output,
    path: Vec<Step<'a>>,
    errors: ErrorList<'a>,
    /// What explains empty cells here.
    lost: Option<Lost<'a>>,
    /// The selection whose fields are being written.
    around: &'a OutputSelection,
    /// How long the response may become.
    room: usize,
    /// Whether any error stands beside a value.
    has_beside: bool,
}

/// The error of a copy of an enclosing value that failed, or of the call that should have told its type.
#[derive(Clone, Copy)]
struct Lost<'a> {
    error: u32,
    happened: Happened<'a>,
}

/// Where an error happened, seen from a place of the response.
#[derive(Clone, Copy)]
enum Happened<'a> {
    /// There or below, along this way.
    Below(&'a [Below]),
    /// At or below another field of the object it is a field of, along this way from that object.
    Beside(&'a [Below]),
    Elsewhere,
}

/// What stands at a place of the response.
#[derive(Clone, Copy)]
enum At<'a> {
    Object(&'a OutputSelection),
    /// A value, so many lists inside its type.
    Value(&'a OutputType, usize),
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

/// Room made at first: most responses are not longer than the answers they are made of.
const MIN_ROOM: usize = 1 << 10;
const MAX_ROOM: usize = 256 << 10;

/// Writes the response from what the store holds.
pub(super) fn write(
    context: &ExecuteContext,
    plan: &Plan,
    store: &Store,
    bits: &[bool],
    root: TypeId,
    upstream_calls: u32,
) -> Response {
    let room = usize::try_from(store.room()).unwrap_or(usize::MAX);
    let out = Output::with_room(store.parts().map(<[u8]>::len).sum::<usize>().clamp(MIN_ROOM, MAX_ROOM));
    let out = match plain::write(context, plan, store, bits, root, room, out) {
        Ok(body) => return Response { body, errors: 0, data_is_null: false, upstream_calls },
        Err(out) => out,
    };
    let mut writer = Writer {
        context,
        store,
        bits,
        out,
        path: Vec::new(),
        errors: ErrorList::new(context, plan),
        lost: None,
        around: &plan.output,
        room,
        has_beside: store.has_beside(),
    };
    writer.out.extend(b"{\"data\":");
    let start = writer.out.len();
    let written = writer.selection(&plan.output, ROOT, root);
    if written == Err(Stop::TooLarge) {
        writer.errors = ErrorList::new(context, plan);
        writer.errors.too_large(context.budgets.request_bytes);
    } else {
        for error in store.sorted_general() {
            if let Some(error) = store.error(error) {
                writer.general(error, &plan.output);
            }
        }
    }
    if written.is_err() {
        writer.out.truncate(start);
        writer.out.extend(b"null");
    }
    let Writer { mut out, errors, .. } = writer;
    let count = errors.count();
    if count > 0 {
        out.extend(b",\"errors\":[");
        out.extend(&errors.finish());
        out.push(b']');
    }
    out.push(b'}');
    Response { body: Bytes::from(out.finish()), errors: count, data_is_null: written.is_err(), upstream_calls }
}

// === impl Writer ===

impl<'a> Writer<'a> {
    fn selection(&mut self, selection: &'a OutputSelection, start: u32, ty: TypeId) -> Write {
        if self.out.len() + self.errors.len() > self.room {
            return Err(Stop::TooLarge);
        }
        self.out.push(b'{');
        let outer = std::mem::replace(&mut self.around, selection);
        let written = self.fields(selection, start, ty);
        self.around = outer;
        written?;
        self.out.push(b'}');
        Ok(())
    }

    fn fields(&mut self, selection: &'a OutputSelection, start: u32, ty: TypeId) -> Write {
        let mut first = true;
        for place in &selection.places {
            let Some(item) = selection.items.get(place.item) else { continue };
            if !self.holds(place.guard) || !is_of(item, ty) {
                continue;
            }
            let comma = usize::from(std::mem::take(&mut first));
            self.out.extend(&item.key.text()[comma..]);
            self.path.push(Step::Key(&item.key));
            let outer = self.lost;
            if let OutputKind::Value { slot, .. } = &item.kind {
                self.descend(Below::Field(*slot));
            }
            let written = self.item(item, start, ty);
            self.lost = outer;
            self.path.pop();
            written?;
        }
        Ok(())
    }

    fn item(&mut self, item: &'a OutputItem, start: u32, ty: TypeId) -> Write {
        match &item.kind {
            OutputKind::Typename(constant) => self.type_name(constant.unwrap_or(ty)),
            OutputKind::Introspection => {
                let answer = self.context.introspection.iter().find(|(key, _)| **key == *item.key);
                self.out.extend(answer.map_or(b"null", |(_, answer)| answer));
                Ok(())
            }
            OutputKind::Value { slot, ty } => self.value(start + slot.0, ty, 0),
            OutputKind::Denied { non_null, .. } => {
                self.errors.own("UNAUTHORIZED_FIELD_OR_TYPE", "Unauthorized field or type", &self.path);
                match non_null {
                    true => Err(Stop::Null),
                    false => {
                        self.out.extend(b"null");
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
        if self.has_beside {
            for error in self.store.beside(cell) {
                self.report(error, self.happened(error), ty, level);
            }
        }
        let outer = self.lost;
        if let Some(error) = self.store.lost(cell) {
            self.lost = Some(Lost { error, happened: self.happened(error) });
        }
        let written = self.present(cell, ty, level, nullable);
        self.lost = outer;
        match written {
            Err(Stop::Null) if nullable => {
                self.out.truncate(begin);
                self.out.extend(b"null");
                Ok(())
            }
            written => written,
        }
    }

    fn present(&mut self, cell: u32, ty: &'a OutputType, level: usize, nullable: bool) -> Write {
        match (self.store.slot(cell), &ty.kind) {
            (Slot::Missing | Slot::Null, _) => {
                if let (Slot::Missing, Some(lost)) = (self.store.slot(cell), self.lost) {
                    self.report(lost.error, lost.happened, ty, level);
                } else if !nullable {
                    let message = format!("Cannot return null for non-nullable field {}.", ty.coordinate);
                    self.errors.own("DOWNSTREAM_SERVICE_ERROR", &message, &self.path);
                }
                Err(Stop::Null)
            }
            (Slot::Failed(error), _) => {
                self.report(error, self.happened(error), ty, level);
                Err(Stop::Null)
            }
            (Slot::List { start, len }, _) if level < ty.lists.len() => self.list(start, len, ty, level),
            (Slot::Raw { part, start, len }, OutputTypeKind::Leaf) if level == ty.lists.len() => {
                if self.out.len() + len as usize > self.room {
                    return Err(Stop::TooLarge);
                }
                self.out.extend(self.store.text(part, start, len));
                Ok(())
            }
            (Slot::Object { start, ty: known }, OutputTypeKind::Object { types, selection })
                if level == ty.lists.len() =>
            {
                let known = self.store.type_of(start, known);
                if known == UNKNOWN_TYPE {
                    // Calls for its type alone were not made.
                    let unrevealed = self.store.unrevealed(start);
                    self.lost = unrevealed.map(|error| Lost { error, happened: Happened::Elsewhere }).or(self.lost);
                    if let Some(lost) = self.lost
                        && self.depends_on_type(selection)
                    {
                        self.report(lost.error, lost.happened, ty, level);
                        return Err(Stop::Null);
                    }
                }
                if known != UNKNOWN_TYPE && !types.contains(known) {
                    return self.unexpected(ty, "an object of a type that is not part of this schema");
                }
                self.selection(selection, start, known)
            }
            _ => self.unexpected(ty, "a value of another kind"),
        }
    }

    /// Whether what is written of an object depends on its runtime type.
    fn depends_on_type(&self, selection: &OutputSelection) -> bool {
        let mut items = selection.places.iter().filter(|place| self.holds(place.guard));
        items.any(|place| {
            let Some(item) = selection.items.get(place.item) else { return false };
            (item.on.is_some() && !item.nameless) || matches!(item.kind, OutputKind::Typename(None))
        })
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
            let outer = self.lost;
            self.descend(Below::Item(index));
            let written = self.value(start + index, ty, level + 1);
            self.lost = outer;
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
                self.out.extend(def.name.as_bytes());
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

    /// Where an error happened, seen from the cell it stands in.
    fn happened(&self, error: u32) -> Happened<'a> {
        let store: &'a Store = self.store;
        match store.error(error).map(|stored| &stored.error.suffix[..]).unwrap_or_default() {
            [Below::Out, way @ ..] => Happened::Beside(way),
            way => Happened::Below(way),
        }
    }

    /// One step down.
    fn descend(&mut self, step: Below) {
        if let Some(lost) = &mut self.lost {
            lost.happened = match (lost.happened, step) {
                (Happened::Below([first, way @ ..]), _) if *first == step => Happened::Below(way),
                (Happened::Below(way @ [_, ..]), Below::Field(_)) => Happened::Beside(way),
                _ => Happened::Elsewhere,
            };
        }
    }

    /// Reports an error of a value of type `ty`, `level` lists inside: where it happened, as far as
    /// the client asked for that and the null stands there or above; else right here.
    fn report(&mut self, error: u32, happened: Happened<'_>, ty: &'a OutputType, level: usize) {
        let Some(error) = self.store.error(error) else { return };
        let non_null = ty.lists.first().copied().unwrap_or(ty.non_null);
        let mut depth = self.path.len();
        let mut own = None;
        match happened {
            Happened::Below(way) => self.follow(way, At::Value(ty, level)),
            // The null does not stay here either.
            Happened::Beside(way) if non_null && level == 0 => {
                own = self.path.pop();
                depth = self.path.len();
                self.follow(way, At::Object(self.around));
            }
            Happened::Beside(_) | Happened::Elsewhere => {}
        }
        self.errors.upstream(error, &self.path);
        self.path.truncate(depth);
        self.path.extend(own);
    }

    /// Reports an error that stands in no cell. The rows of root calls are the root object.
    fn general(&mut self, error: &'a StoredError, output: &'a OutputSelection) {
        self.path = self.errors.site_path(error);
        if self.path.is_empty() {
            self.follow(&error.error.suffix, At::Object(output));
        }
        self.errors.upstream(error, &self.path);
        self.path.clear();
    }

    /// Extends the path by the names clients use, as far as the client asked for what lies there.
    fn follow(&mut self, suffix: &[Below], mut at: At<'a>) {
        for step in suffix {
            match (*step, at, at.selection()) {
                (Below::Item(index), At::Value(ty, level), None) if level < ty.lists.len() => {
                    self.path.push(Step::Index(index));
                    at = At::Value(ty, level + 1);
                }
                (Below::Field(slot), _, Some(selection)) => {
                    let Some((key, ty)) = self.asked(selection, slot) else { return };
                    self.path.push(Step::Key(key));
                    at = At::Value(ty, 0);
                }
                _ => return,
            }
        }
    }

    /// The response name of a cell, if it does not depend on the type of the object, which is not known.
    fn asked(&self, selection: &'a OutputSelection, cell: SlotIndex) -> Option<(&'a str, &'a OutputType)> {
        let places = selection.places.iter().filter(|place| self.holds(place.guard));
        let mut found = places.filter_map(|place| {
            let item = selection.items.get(place.item)?;
            match &item.kind {
                OutputKind::Value { slot, ty } if *slot == cell => Some((item, ty)),
                _ => None,
            }
        });
        let (first, ty) = found.next()?;
        let depends = found.any(|(other, _)| other.key != first.key && other.on != first.on);
        (!depends).then_some((&*first.key, ty))
    }

    #[inline]
    fn holds(&self, guard: GuardId) -> bool {
        guard == GuardId::ALWAYS || self.bits.get(guard.0 as usize).copied().unwrap_or_default()
    }
}

/// Whether an item is written for objects of this type.
#[inline]
pub(super) fn is_of(item: &OutputItem, ty: TypeId) -> bool {
    match &item.on {
        None => true,
        Some(types) => types.contains(ty) || (item.nameless && ty == UNKNOWN_TYPE),
    }
}

// === impl At ===

impl<'a> At<'a> {
    /// What is selected here, if this is an object.
    fn selection(self) -> Option<&'a OutputSelection> {
        match self {
            Self::Object(selection) => Some(selection),
            Self::Value(ty, level) if level == ty.lists.len() => match &ty.kind {
                OutputTypeKind::Object { selection, .. } => Some(selection),
                OutputTypeKind::Leaf => None,
            },
            Self::Value(..) => None,
        }
    }
}
