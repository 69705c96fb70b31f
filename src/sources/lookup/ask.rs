//! The calls that ask for some representations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::platform::base::Name;
use crate::sources::contract::{Call, FetchRequest, SourceError};
use crate::sources::rows::shape::{ListShape, RowShape};

use super::answer;
use super::compile::{Compiled, Filled, Lookup, Selected, SelectedField};
use super::known::{Kinds, Lookups};
use super::value::{Fields, Gaps, Taken, Taker, fields, type_name};

/// All calls that some representations take.
pub(super) struct Asked<'c> {
    asker: Asker<'c>,
    pub(super) parts: Vec<Part<'c>>,
    /// How many representations there are.
    pub(super) rows: usize,
}

/// One call.
pub(super) struct Part<'c> {
    /// What is sent.
    pub(super) request: FetchRequest,
    /// What comes back.
    pub(super) answer: Answer,
    /// What each alias looks up.
    sought: Vec<Sought<'c>>,
}

/// What the answer to a call has.
pub(super) enum Answer {
    /// An object an alias.
    Aliases(Vec<Alias>),
    /// Entities as the plan asked for them: the rows they are among all.
    Entities(Vec<usize>),
}

/// A row that is looked up.
pub(super) struct Alias {
    /// Which of all rows.
    pub(super) row: usize,
    /// Which list of the shape.
    pub(super) list: usize,
    /// How many objects stand around the row's own.
    pub(super) depth: usize,
    /// Fields that are not asked for, since an argument of theirs may not be null: the key in the
    /// answer, and the argument's coordinate.
    pub(super) refused: Vec<(Name, String)>,
}

/// A representation and the lookup it is asked for by.
#[derive(Clone)]
struct Sought<'c> {
    row: usize,
    list: usize,
    selected: &'c Selected,
    lookup: &'c Lookup,
    /// The lookup's arguments.
    arguments: Vec<Taken>,
    /// Required arguments, as in [`Selected::filled`].
    filled: Vec<Option<Taken>>,
}

struct Asker<'c> {
    compiled: &'c Compiled,
    lists: &'c [ListShape],
    /// All variables of the plan's call.
    values: BTreeMap<&'c str, &'c RawValue>,
}

/// A call being written.
#[derive(Default)]
struct Text {
    body: String,
    declared: Vec<String>,
    values: String,
    used: BTreeSet<Name>,
}

/// Writes the calls for `request`, which asks for entities; each looks up `most` objects, or fewer.
///
/// # Errors
/// When it does not, a fault of ours.
pub(super) fn ask<'c>(
    compiled: &'c Compiled,
    lookups: &Lookups,
    request: &'c FetchRequest,
    most: usize,
) -> Result<Asked<'c>, SourceError> {
    let fault = || SourceError::new("INTERNAL", "the representations of a call cannot be read");
    let (Call::Graphql { variables, .. }, RowShape::Lists(lists)) = (&request.call, &*request.shape) else {
        return Err(fault());
    };
    let values = serde_json::from_slice(variables).map_err(|_| fault())?;
    let asker = Asker { compiled, lists, values };
    let taker = Taker { kinds: &lookups.kinds };
    let (mut sought, mut others, mut rows) = (Vec::new(), vec![Vec::new(); lists.len()], 0);
    for (list, others) in others.iter_mut().enumerate() {
        for representation in asker.representations(list).ok_or_else(fault)? {
            match asker.seek(taker, list, rows, &fields(representation).ok_or_else(fault)?) {
                Some(found) => sought.push(found),
                None => others.push((rows, representation)),
            }
            rows += 1;
        }
    }
    // A server may refuse null inside of an object, and with it the call: what is whole goes apart.
    let (gaps, whole): (Vec<_>, Vec<_>) = sought.into_iter().partition(Sought::has_gaps);
    let chunks = chunks(whole, most).chain(chunks(gaps, most));
    let mut parts: Vec<Part<'c>> = chunks.map(|chunk| asker.aliases(chunk)).collect();
    if others.iter().any(|list| !list.is_empty()) {
        parts.push(asker.entities(&lookups.kinds, request, &others));
    }
    Ok(Asked { asker, parts, rows })
}

/// At most so many at a time.
fn chunks<T>(all: Vec<T>, most: usize) -> impl Iterator<Item = Vec<T>> {
    let mut rest = all.into_iter();
    std::iter::from_fn(move || Some(rest.by_ref().take(most).collect::<Vec<T>>()).filter(|chunk| !chunk.is_empty()))
}

// === impl Asked ===

impl<'c> Asked<'c> {
    /// Calls that each look up one of what `part` did, by index.
    pub(super) fn alone(&self, part: &Part<'c>, objects: &[usize]) -> Vec<Part<'c>> {
        objects.iter().map(|&index| self.asker.aliases(vec![part.sought[index].clone()])).collect()
    }
}

// === impl Sought ===

impl Sought<'_> {
    /// Whether something inside of an argument is null or missing.
    fn has_gaps(&self) -> bool {
        let mut all = self.arguments.iter().chain(self.filled.iter().flatten());
        all.any(|taken| taken.gaps != Gaps::None && !taken.is_null())
    }
}

// === impl Asker ===

impl<'c> Asker<'c> {
    fn representations(&self, list: usize) -> Option<Vec<&'c RawValue>> {
        let variable = &self.compiled.lists.get(&self.lists[list].key)?.variable;
        serde_json::from_str(self.values.get(&**variable)?.get()).ok()
    }

    /// The first lookup of the object's type for which its representation has all values.
    fn seek(&self, taker: Taker<'_>, list: usize, row: usize, representation: &Fields<'_>) -> Option<Sought<'c>> {
        let selected = self.compiled.lists.get(&self.lists[list].key)?.types.get(type_name(representation)?)?;
        let arguments = |lookup: &Lookup| -> Option<Vec<Taken>> {
            let values = lookup.arguments.iter().map(|argument| taker.take(&argument.value, representation));
            values.map(|taken| taken.filter(Taken::has_all)).collect()
        };
        let (lookup, arguments) = selected.lookups.iter().find_map(|lookup| Some((lookup, arguments(lookup)?)))?;
        let filled = selected.filled.iter().map(|argument| taker.take(&argument.value, representation)).collect();
        Some(Sought { row, list, selected, lookup, arguments, filled })
    }

    /// One call that looks up all these.
    fn aliases(&self, sought: Vec<Sought<'c>>) -> Part<'c> {
        let mut text = Text { body: String::from("{"), ..Text::default() };
        let aliases: Vec<Alias> =
            sought.iter().enumerate().map(|(index, sought)| self.alias(&mut text, index, sought)).collect();
        text.body.push('}');
        let keys = (0..).map(|index| self.name(index));
        let rows = sought.iter().map(|sought| (&sought.lookup.path[..], &self.lists[sought.list].object));
        let shape = Arc::new(answer::shape(keys.zip(rows)));
        let request = FetchRequest { call: self.call(text), shape, expected: Vec::new(), first: Default::default() };
        Part { request, answer: Answer::Aliases(aliases), sought }
    }

    fn name(&self, index: usize) -> String {
        format!("{}{index}", self.compiled.prefix)
    }

    /// `e0:products{byId(id:$e0_id){...on Product{name}}}`
    fn alias(&self, text: &mut Text, index: usize, sought: &Sought<'_>) -> Alias {
        let name = self.name(index);
        let _ = write!(text.body, "{}{name}:{}", if index > 0 { " " } else { "" }, sought.lookup.path.join("{"));
        for (at, (argument, value)) in sought.lookup.arguments.iter().zip(&sought.arguments).enumerate() {
            text.body.push(if at == 0 { '(' } else { ',' });
            text.declare(&name, argument, value);
            text.body.push_str(&reference(&name, argument));
        }
        let _ = write!(text.body, "){{...on {}{{", sought.selected.ty);
        let refused = self.fields(text, &name, sought);
        let depth = sought.lookup.path.len() - 1;
        text.body.push_str(&"}".repeat(depth + 2));
        Alias { row: sought.row, list: sought.list, depth, refused }
    }

    /// Writes what is selected; what of it cannot be asked for.
    fn fields(&self, text: &mut Text, name: &str, sought: &Sought<'_>) -> Vec<(Name, String)> {
        let (mut refused, mut first) = (Vec::new(), true);
        // Two fields may need the same argument.
        let mut declared = BTreeSet::new();
        for field in &sought.selected.fields {
            let required =
                field.required.iter().map(|&at| (at, &sought.selected.filled[at], sought.filled[at].as_ref()));
            if let Some((_, argument, _)) = required.clone().find(|(_, argument, taken)| is_refused(argument, *taken)) {
                if self.is_wanted(field) {
                    refused.push((field.key.clone(), format!("{}({}:)", field.coordinate, argument.argument)));
                }
                continue;
            }
            let mut more = Vec::new();
            for (at, argument, taken) in required {
                let Some(value) = taken.filter(|taken| !argument.is_non_null() || !taken.is_null()) else { continue };
                if declared.insert(at) {
                    text.declare(name, argument, value);
                }
                more.push(reference(name, argument));
            }
            text.body.push_str(if std::mem::take(&mut first) { "" } else { " " });
            field.write(&mut text.body, &more);
            text.used.extend(field.variables.iter().cloned());
        }
        text.body.push_str(if first { "__typename" } else { "" });
        refused
    }

    /// Whether no condition on a field is false.
    fn is_wanted(&self, field: &SelectedField) -> bool {
        field.conditions.iter().all(|name| self.values.get(&**name).is_none_or(|value| value.get() != "false"))
    }

    /// One call that asks for entities as the plan does.
    fn entities(&self, kinds: &Kinds, request: &FetchRequest, others: &[Vec<(usize, &RawValue)>]) -> Part<'c> {
        let mut text = Text { body: String::from("{"), ..Text::default() };
        for (shape, items) in self.lists.iter().zip(others).filter(|(_, items)| !items.is_empty()) {
            let list = &self.compiled.lists[&shape.key];
            let known: Vec<Fields<'_>> = items.iter().filter_map(|(_, value)| fields(value)).collect();
            let types = known.iter().filter_map(type_name).collect();
            text.body.push_str(if text.body.len() > 1 { " " } else { "" });
            list.write(&mut text.body, kinds, &types, &mut text.used);
            text.declared.push(format!("${}:[_Any!]!", list.variable));
            let items: Vec<&str> = items.iter().map(|(_, value)| value.get()).collect();
            text.value(&list.variable, &format!("[{}]", items.join(",")));
        }
        text.body.push('}');
        let expected = others.iter().map(|list| list.len() as u32).collect();
        let rows = others.iter().flatten().map(|(row, _)| *row).collect();
        let request = FetchRequest {
            call: self.call(text),
            shape: Arc::clone(&request.shape),
            expected,
            first: Default::default(),
        };
        Part { request, answer: Answer::Entities(rows), sought: Vec::new() }
    }

    /// A call of what was written, with the plan's variables that it uses.
    fn call(&self, mut text: Text) -> Call {
        for (name, declaration) in &self.compiled.variables {
            if text.used.contains(name) {
                text.declared.push(declaration.clone());
                if let Some(value) = self.values.get(&**name) {
                    text.value(name, value.get());
                }
            }
        }
        Call::Graphql {
            document: format!("query({}){}", text.declared.join(","), text.body).into(),
            operation_name: None,
            variables: format!("{{{}}}", text.values).into(),
            mutation: false,
        }
    }
}

/// Whether an argument has no value that it may have, nor a default.
fn is_refused(argument: &Filled, taken: Option<&Taken>) -> bool {
    argument.is_non_null() && !argument.has_default && taken.is_none_or(Taken::is_null)
}

/// `id:$e0_id`
fn reference(alias: &str, argument: &Filled) -> String {
    format!("{}:${alias}{}", argument.argument, argument.suffix)
}

// === impl Text ===

impl Text {
    /// Declares an argument's variable and gives it its value.
    fn declare(&mut self, alias: &str, argument: &Filled, value: &Taken) {
        let variable = format!("{alias}{}", argument.suffix);
        self.value(&variable, &value.text);
        self.declared.push(format!("${variable}:{}", argument.ty));
    }

    /// Names need no escapes.
    fn value(&mut self, name: &str, value: &str) {
        let before = if self.values.is_empty() { "" } else { "," };
        let _ = write!(self.values, "{before}\"{name}\":{value}");
    }
}
