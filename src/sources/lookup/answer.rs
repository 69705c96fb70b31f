//! From the answers of lookups to rows in the order of the representations.

use smallvec::smallvec;

use crate::platform::base::Name;
use crate::sources::contract::SourceError;
use crate::sources::rows::shape::{
    FieldShape, ListShape, ObjectShape, RowShape, SiteId, SlotIndex, Typing, ValueKind, ValueShape,
};
use crate::sources::rows::slot::{Below, Reports, Rows, Slot, UpstreamError};

use super::ask::{Alias, Answer};

/// The rows of all calls that one fetch took.
pub(super) struct Collected<'s> {
    lists: &'s [ListShape],
    rows: Rows,
}

/// What became of an alias.
enum Found {
    /// Its object, or what stands in its place.
    Slot(Slot),
    /// Nothing: another alias took the whole answer away.
    Unknown,
}

/// What is known of the aliases of one answer.
struct Objects {
    /// One an alias.
    found: Vec<Found>,
    /// Further errors of those that failed, by alias.
    further: Vec<(usize, UpstreamError)>,
}

/// A cell on the way to an alias's object.
struct Leading {
    cell: u32,
    alias: usize,
    /// How many steps it is to the object.
    left: usize,
}

/// What an answer with an object under each key looks like; around the row's own object stand those
/// of the path after its first field.
pub(super) fn shape<'a>(rows: impl Iterator<Item = (String, (&'a [Name], &'a ObjectShape))>) -> RowShape {
    let fields = rows.enumerate().map(|(slot, (key, (path, object)))| {
        let inner = path.iter().skip(1).rev().fold(ObjectShape { record: false, ..object.clone() }, |inner, step| {
            around(vec![field(step.clone(), 0, inner)])
        });
        field(key.into(), slot as u32, inner)
    });
    RowShape::Root(around(fields.collect()))
}

/// An object that only leads to others.
fn around(fields: Vec<FieldShape>) -> ObjectShape {
    ObjectShape {
        site: SiteId(0),
        slots: fields.len() as u32,
        typing: Typing::Opaque,
        fields: fields.into(),
        record: false,
        interned: false,
    }
}

fn field(key: Name, slot: u32, object: ObjectShape) -> FieldShape {
    let value = ValueShape { lists: 0, kind: ValueKind::Object(Box::new(object)) };
    FieldShape { key, slot: SlotIndex(slot), value }
}

// === impl Collected ===

impl<'s> Collected<'s> {
    /// Nothing yet of `count` rows.
    pub(super) fn new(lists: &'s [ListShape], count: usize) -> Self {
        let rows = Rows { rows: smallvec![Slot::Null; count], calls: Some(0), ..Rows::default() };
        Self { lists, rows }
    }

    /// Adds the answer to one call. Some of its objects may have to be asked for again, each in a call
    /// of its own: indices into what was asked.
    pub(super) fn add(&mut self, answer: &Answer, part: Rows) -> Vec<usize> {
        self.count(part.calls.unwrap_or(1));
        match answer {
            Answer::Entities(rows) => {
                self.entities(rows, part);
                Vec::new()
            }
            Answer::Aliases(aliases) => self.aliases(aliases, part),
        }
    }

    fn entities(&mut self, rows: &[usize], mut part: Rows) {
        let slots = std::mem::take(&mut part.rows);
        let further = match part.reports().row_errors.is_empty() {
            true => Vec::new(),
            false => std::mem::take(&mut part.reports_mut().row_errors),
        };
        let shift = self.rows.append(part);
        rows.iter().zip(slots).for_each(|(&row, slot)| self.rows.rows[row] = shift.slot(slot));
        for (row, error) in further {
            if let Some(&row) = rows.get(row as usize) {
                self.rows.reports_mut().row_errors.push((row as u32, error));
            }
        }
    }

    fn aliases(&mut self, aliases: &[Alias], mut part: Rows) -> Vec<usize> {
        let Objects { found, further } = objects(&mut part, aliases);
        for (alias, found) in aliases.iter().zip(&found) {
            if let Found::Slot(slot) = found {
                refuse(&mut part, alias, &self.lists[alias.list].object, *slot);
            }
        }
        part.rows.clear();
        let shift = self.rows.append(part);
        let mut again = Vec::new();
        for (index, (alias, found)) in aliases.iter().zip(found).enumerate() {
            match found {
                Found::Slot(slot) => self.rows.rows[alias.row] = shift.slot(slot),
                Found::Unknown => again.push(index),
            }
        }
        for (alias, error) in further {
            self.rows.reports_mut().row_errors.push((aliases[alias].row as u32, error));
        }
        again
    }

    /// Every row of a call that failed has its error.
    pub(super) fn fail(&mut self, answer: &Answer, error: SourceError) {
        let slot = Slot::Failed(self.rows.add_error(error.into()));
        match answer {
            Answer::Entities(rows) => rows.iter().for_each(|&row| self.rows.rows[row] = slot),
            Answer::Aliases(aliases) => aliases.iter().for_each(|alias| self.rows.rows[alias.row] = slot),
        }
        self.count(1);
    }

    /// All rows.
    pub(super) fn finish(self) -> Rows {
        self.rows
    }

    fn count(&mut self, calls: u32) {
        self.rows.calls = self.rows.calls.map(|known| known.saturating_add(calls));
    }
}

// === impl Objects ===

impl Objects {
    /// Gives an alias an error; what it has already stays first.
    fn fail(&mut self, part: &mut Rows, alias: usize, error: UpstreamError) {
        match self.found[alias] {
            Found::Slot(Slot::Failed(_)) => self.further.push((alias, error)),
            _ => {
                self.found[alias] = Found::Slot(Slot::Failed(part.add_error(error)));
            }
        }
    }
}

/// The object of each alias, or what stands in its place.
fn objects(part: &mut Rows, aliases: &[Alias]) -> Objects {
    match part.rows.first().copied().unwrap_or(Slot::Null) {
        Slot::Object { start, .. } => below(part, start, aliases),
        Slot::Failed(_) => without_data(part, aliases),
        other => Objects { found: aliases.iter().map(|_| Found::Slot(other)).collect(), further: Vec::new() },
    }
}

/// Without data an alias has the errors that happened in it. What of the others would have been is
/// not known, unless no error tells its place: then something is wrong with all of them.
fn without_data(part: &mut Rows, aliases: &[Alias]) -> Objects {
    let mut objects = Objects { found: aliases.iter().map(|_| Found::Unknown).collect(), further: Vec::new() };
    let Reports { errors, row_errors, .. } = part.reports_mut();
    let mut errors = std::mem::take(errors);
    errors.extend(row_errors.drain(..).map(|(_, error)| error));
    let mut placeless = None;
    for mut error in errors {
        let alias = match error.suffix.first() {
            Some(Below::Field(slot)) => Some(slot.0 as usize).filter(|alias| *alias < aliases.len()),
            _ => None,
        };
        match alias {
            Some(alias) => {
                error.suffix.drain(..error.suffix.len().min(1 + aliases[alias].depth));
                objects.fail(part, alias, error);
            }
            None => {
                error.suffix.clear();
                match placeless {
                    None => placeless = Some(error),
                    Some(_) => part.reports_mut().general.push(error),
                }
            }
        }
    }
    let nowhere = objects.found.iter().all(|found| matches!(found, Found::Unknown));
    match placeless {
        Some(error) if nowhere => {
            let slot = Slot::Failed(part.add_error(error));
            objects.found.fill_with(|| Found::Slot(slot));
        }
        Some(error) => part.reports_mut().general.push(error),
        None => {}
    }
    objects
}

/// The objects below the answer's own, whose cells begin at `start`.
fn below(part: &mut Rows, start: u32, aliases: &[Alias]) -> Objects {
    let mut leading = Vec::new();
    let rows: Vec<Slot> = (start..)
        .zip(aliases.iter().enumerate())
        .map(|(cell, (index, alias))| object(part, cell, (index, alias.depth), &mut leading))
        .collect();
    let rows = blame_all(part, rows);
    let mut objects = Objects { found: rows.into_iter().map(Found::Slot).collect(), further: Vec::new() };
    let beside = match part.reports().beside.is_empty() {
        true => Vec::new(),
        false => std::mem::take(&mut part.reports_mut().beside),
    };
    for (cell, mut error) in beside {
        let Some(place) = leading.iter().find(|leading| leading.cell == cell) else {
            part.reports_mut().beside.push((cell, error));
            continue;
        };
        if let Found::Slot(Slot::Failed(_)) = objects.found[place.alias] {
            error.suffix.drain(..error.suffix.len().min(place.left));
            objects.further.push((place.alias, error));
        } else {
            error.suffix.clear();
            part.reports_mut().general.push(error);
        }
    }
    objects
}

/// Goes from an alias to its object; null on the way is null at its end.
fn object(part: &mut Rows, cell: u32, (alias, depth): (usize, usize), leading: &mut Vec<Leading>) -> Slot {
    let mut cell = cell;
    for left in (0..=depth).rev() {
        leading.push(Leading { cell, alias, left });
        match part.slots[cell as usize] {
            Slot::Object { start, .. } if left > 0 => cell = start,
            Slot::Failed(error) => {
                // The rest of the way to the object is no way below it.
                let suffix = &mut part.reports_mut().errors[error as usize].suffix;
                suffix.drain(..suffix.len().min(left));
                return Slot::Failed(error);
            }
            slot => return slot,
        }
    }
    Slot::Null
}

/// If there is no object at all, an error without a place is the reason. What the answer does not
/// even have is an error, as a wrong number of entities is.
fn blame_all(part: &mut Rows, mut rows: Vec<Slot>) -> Vec<Slot> {
    let empty = |slot: &Slot| matches!(slot, Slot::Null | Slot::Missing);
    if rows.iter().all(empty) && !part.reports().general.is_empty() {
        let error = part.reports_mut().general.remove(0);
        rows.fill(Slot::Failed(part.add_error(error)));
    }
    if rows.contains(&Slot::Missing) {
        let message = "the answer does not have all objects that were asked for";
        let absent = part.add_error(SourceError::new("SUBREQUEST_MALFORMED_RESPONSE", message).into());
        let missing = rows.iter_mut().filter(|slot| **slot == Slot::Missing);
        missing.for_each(|slot| *slot = Slot::Failed(absent));
    }
    rows
}

/// Fields of a row that were not asked for fail.
fn refuse(part: &mut Rows, alias: &Alias, shape: &ObjectShape, row: Slot) {
    let Slot::Object { start, .. } = row else { return };
    for (key, argument) in &alias.refused {
        let message = format!("the argument \"{argument}\" must not be null, but what fills it is");
        let slot = Slot::Failed(part.add_error(SourceError::new("REQUIRED_ARGUMENT_NULL", message).into()));
        for field in shape.fields.iter().filter(|field| field.key == *key) {
            if let Some(cell @ Slot::Missing) = part.slots.get_mut((start + field.slot.0) as usize) {
                *cell = slot;
            }
        }
    }
}
