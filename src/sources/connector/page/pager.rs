//! From a client's arguments to calls, and from their answers to the records asked for.

use serde_json::{Map, Value, json};

use crate::graph::connect::model::{PageStyle, PaginateSpec};

use super::cursor::CursorKey;
use super::window::{Record, Window};

/// Calls for one page at most: a page that a cursor cuts in two, and one to know what follows.
const MAX_CALLS: u32 = 3;

/// The member of a record in which a source tells what its result columns hold exactly, by column,
/// where the record's own value cannot tell: a time that is written in another form, a float. What
/// it says is the source's own; it comes back in [`Page::exact`].
pub const EXACT: &str = "\u{0}exact";

/// What one call is asked for: `$page`.
#[derive(Clone, PartialEq, Debug)]
pub struct Page {
    /// How many records.
    pub limit: u64,
    /// From which position.
    pub offset: u64,
    /// The page's number from 1, pages being `limit` long.
    pub number: u64,
    /// The upstream's own cursor.
    pub cursor: Value,
    /// The key to continue after; null on the first page.
    pub after: Value,
    /// Of the values in `after` those that are not exact, as the source wrote them below [`EXACT`].
    pub exact: Map<String, Value>,
    /// The key counts downwards: records come in reverse order.
    pub backward: bool,
}

/// What one call answered.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in super::super) struct Reply {
    pub(in super::super) records: Vec<Value>,
    pub(in super::super) total: Option<u64>,
    pub(in super::super) has_next: Option<bool>,
    pub(in super::super) next: Option<Value>,
}

/// Why a page cannot be asked for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PageError {
    /// A cursor of somebody else's.
    #[error("\"{0}\" is not a cursor of this field")]
    BadCursor(&'static str),
    /// More records than a page may have.
    #[error("{asked} records were asked for; a page has at most {max}")]
    TooLarge {
        /// How many were asked for.
        asked: u64,
        /// How many there may be.
        max: u32,
    },
    /// An argument that makes no sense.
    #[error("\"{0}\" must be a number that is not negative")]
    Negative(&'static str),
    /// A page from the end of a list that cannot be counted.
    #[error("this list cannot be read backwards")]
    NoBackward,
}

/// Gathers the records of one page.
#[derive(Debug)]
pub(in super::super) struct Pager<'s> {
    spec: &'s PaginateSpec,
    /// Records asked for.
    size: u64,
    backward: bool,
    /// Positions, for styles that count: the first one wanted, and where to stop.
    start: u64,
    end: Option<u64>,
    /// The client gave a cursor on that side.
    has_after: bool,
    has_before: bool,
    /// The position of the first record gathered.
    first: u64,
    /// Records to drop in front, for cursors inside an upstream page.
    skip: u64,
    /// The upstream's cursor, or the key, to continue with.
    place: Value,
    /// What the key is exactly.
    exact: Map<String, Value>,
    calls: u32,
    /// Calls that gave records: the pages taken so far.
    pages: u64,
    /// Where the page begins depends on the list's length, which the first call tells.
    unanchored: bool,
    done: bool,
    records: Vec<Record>,
    total: Option<u64>,
    more: Option<bool>,
    /// What the author should know.
    problem: Option<&'static str>,
}

// === impl Page ===

impl Page {
    /// The value of `$page`.
    pub(in super::super) fn to_value(&self) -> Value {
        json!({
            "limit": self.limit, "offset": self.offset, "number": self.number,
            "cursor": self.cursor, "after": self.after,
        })
    }
}

// === impl Pager ===

impl<'s> Pager<'s> {
    /// Reads `first`, `after`, `last` and `before` of a field's arguments. `last` counts if both
    /// are there: a schema's default for `first` must not stand in its way.
    pub(in super::super) fn new(
        spec: &'s PaginateSpec,
        arguments: &Map<String, Value>,
        key: &CursorKey,
        scope: &str,
    ) -> Result<Self, PageError> {
        let (first, last) = (count(arguments, "first")?, count(arguments, "last")?);
        let size = last.or(first).unwrap_or(u64::from(spec.size));
        if size > u64::from(spec.max_size) {
            return Err(PageError::TooLarge { asked: size, max: spec.max_size });
        }
        let after = position(arguments, "after", key, scope)?;
        let before = position(arguments, "before", key, scope)?;
        let backward = last.is_some() || (first.is_none() && before.is_some() && after.is_none());
        let mut pager = Self {
            spec,
            size,
            backward,
            start: 0,
            end: None,
            has_after: after.is_some(),
            has_before: before.is_some(),
            first: 0,
            skip: 0,
            place: Value::Null,
            exact: Map::new(),
            calls: 0,
            pages: 0,
            unanchored: false,
            done: size == 0,
            records: Vec::new(),
            total: None,
            more: None,
            problem: None,
        };
        match spec.style {
            PageStyle::Offset | PageStyle::Page => pager.counted(after, before)?,
            PageStyle::Cursor => pager.chained(after, before)?,
            PageStyle::Seek => pager.sought(after, before)?,
        }
        Ok(pager)
    }

    /// The next call to make, if one is needed.
    pub(in super::super) fn next_call(&self) -> Option<Page> {
        if self.done || self.calls >= MAX_CALLS {
            return None;
        }
        let extra = u64::from(self.spec.total.is_none() && self.spec.has_next.is_none());
        let mut page = Page {
            limit: self.size,
            offset: 0,
            number: 1,
            cursor: Value::Null,
            after: Value::Null,
            exact: Map::new(),
            backward: false,
        };
        match self.spec.style {
            PageStyle::Offset => {
                page.offset = if self.unanchored { 0 } else { self.start };
                page.limit = self.end.map_or(self.size + extra, |end| end.saturating_sub(self.start));
            }
            PageStyle::Page => {
                // Upstream pages are as long as ours, so that numbers mean the same each time.
                let start = if self.unanchored { 0 } else { self.start };
                page.number = start / self.size.max(1) + self.pages + 1;
                page.offset = (page.number - 1) * self.size;
            }
            PageStyle::Cursor => {
                page.cursor = self.place.clone();
                page.limit = self.size + self.skip;
            }
            PageStyle::Seek => {
                page.after = self.place.clone();
                page.exact = self.exact.clone();
                page.limit = self.size + 1;
                page.backward = self.backward;
            }
        }
        Some(page)
    }

    /// Takes the answer of the call that [`Self::next_call`] gave last.
    pub(in super::super) fn take(&mut self, reply: Reply) {
        self.calls += 1;
        self.total = reply.total.or(self.total);
        if self.unanchored {
            self.anchor();
            // From the start of the list the first answer serves as well.
            if self.done || self.start > 0 {
                return;
            }
        }
        match self.spec.style {
            PageStyle::Offset => self.take_offset(reply),
            PageStyle::Page => self.take_page(reply),
            PageStyle::Cursor => self.take_cursor(reply),
            PageStyle::Seek => self.take_seek(reply),
        }
    }

    /// What was odd about the answers so far.
    pub(in super::super) fn problem(&self) -> Option<&'static str> {
        self.problem
    }

    /// The records with their positions, and what lies on both sides.
    pub(in super::super) fn finish(self) -> Window {
        let last = self.first + self.records.len() as u64;
        let counted = matches!(self.spec.style, PageStyle::Offset | PageStyle::Page);
        let behind = self.total.filter(|_| counted).map(|total| last < total);
        let (has_next, has_previous) = if counted {
            (behind.or(self.more).unwrap_or(false) || (self.end.is_some() && self.has_before), self.first > 0)
        } else if self.backward {
            (self.has_before, self.more.unwrap_or(false))
        } else {
            (self.more.unwrap_or(false), self.has_after)
        };
        Window { records: self.records, has_next, has_previous, total: self.total }
    }

    // --- where to begin, by style

    fn counted(&mut self, after: Option<Value>, before: Option<Value>) -> Result<(), PageError> {
        let lowest = after.as_ref().map(|place| number(place, "after").map(|at| at + 1)).transpose()?.unwrap_or(0);
        self.start = lowest;
        if let Some(place) = &before {
            let end = number(place, "before")?;
            self.start = if self.backward { lowest.max(end.saturating_sub(self.size)) } else { lowest };
            self.end = Some(end.min(self.start + self.size));
            self.done |= self.end.is_some_and(|end| end <= self.start);
        } else if self.backward {
            if self.spec.total.is_none() {
                return Err(PageError::NoBackward);
            }
            self.unanchored = true;
        }
        self.first = self.start;
        Ok(())
    }

    fn chained(&mut self, after: Option<Value>, before: Option<Value>) -> Result<(), PageError> {
        if self.backward || before.is_some() {
            return Err(PageError::NoBackward);
        }
        if let Some(Value::Object(mut place)) = after {
            self.skip = place.get("s").and_then(Value::as_u64).unwrap_or(0);
            self.place = place.remove("c").ok_or(PageError::BadCursor("after"))?;
        }
        Ok(())
    }

    fn sought(&mut self, after: Option<Value>, before: Option<Value>) -> Result<(), PageError> {
        let (name, place) = if self.backward { ("before", before) } else { ("after", after) };
        if let Some(place) = place {
            let key = place.get("k").filter(|key| key.is_object()).ok_or(PageError::BadCursor(name))?;
            self.place = key.clone();
            self.exact = place.get("x").and_then(Value::as_object).cloned().unwrap_or_default();
        }
        Ok(())
    }

    // --- what an answer gives, by style

    fn take_offset(&mut self, reply: Reply) {
        let extra = self.gather(reply.records.into_iter().enumerate());
        self.more = Some(reply.has_next.unwrap_or(extra));
        self.done = true;
    }

    fn take_page(&mut self, reply: Reply) {
        let full = reply.records.len() as u64 >= self.size;
        // The first page may begin before the first record wanted.
        let skip = if self.pages == 0 { self.start % self.size.max(1) } else { 0 };
        self.pages += 1;
        let records = reply.records.into_iter().enumerate().take(whole(self.size)).skip(whole(skip));
        let extra = self.gather(records);
        let enough = self.records.len() as u64 >= self.wanted();
        let known = reply.has_next.is_some() || self.total.is_some() || self.end.is_some();
        self.more = Some(extra || (enough && reply.has_next.unwrap_or(false)));
        self.done = !full || extra || (enough && known);
    }

    /// Adds records up to those wanted, and says whether there was one more.
    fn gather(&mut self, records: impl Iterator<Item = (usize, Value)>) -> bool {
        let wanted = self.wanted();
        for (index, value) in records {
            if self.records.len() as u64 >= wanted {
                return true;
            }
            let position = json!({ "o": self.first + self.records.len() as u64 });
            self.records.push(Record { value, position, call: self.call(), index });
        }
        false
    }

    /// The call whose answer is being taken, from 0.
    fn call(&self) -> usize {
        self.calls.saturating_sub(1) as usize
    }

    fn wanted(&self) -> u64 {
        self.end.map_or(self.size, |end| end.saturating_sub(self.first)).min(self.size)
    }

    /// The last page of a list whose length is known now.
    fn anchor(&mut self) {
        self.unanchored = false;
        let total = self.total.unwrap_or(0);
        self.start = self.start.max(total.saturating_sub(self.size));
        self.first = self.start;
        self.end = Some(total);
        self.done = self.start >= total;
    }

    fn take_cursor(&mut self, reply: Reply) {
        let place = self.place.clone();
        // Protobuf's absent text is empty.
        let next = reply.next.filter(|next| !next.is_null() && next != "");
        // From the place where it was asked for, a list goes on for ever.
        let next = next.filter(|next| {
            let goes_on = *next != place;
            if !goes_on {
                self.problem = Some("the cursor of the next page is that of this page");
            }
            goes_on
        });
        let (skip, length) = (self.skip, reply.records.len() as u64);
        let call = self.call();
        for (index, value) in reply.records.into_iter().enumerate().skip(whole(skip)) {
            if self.records.len() as u64 >= self.size {
                break;
            }
            let position = match &next {
                Some(next) if index as u64 + 1 == length => json!({ "c": next, "s": 0 }),
                _ => json!({ "c": place, "s": index + 1 }),
            };
            self.records.push(Record { value, position, call, index });
        }
        let left = length > skip + self.records.len() as u64;
        self.more = Some(left || next.is_some() && reply.has_next.unwrap_or(true));
        self.done = true;
        // Without a record there is no cursor that a client could go on with.
        if let Some(next) = next.filter(|_| self.records.is_empty() && self.more == Some(true)) {
            (self.place, self.skip) = (next, 0);
            self.done = self.calls >= MAX_CALLS;
            if self.done {
                self.problem = Some("page after page is empty; the list ends here");
                self.more = Some(false);
            }
        }
    }

    fn take_seek(&mut self, reply: Reply) {
        let extra = reply.records.len() as u64 > self.size;
        let call = self.call();
        self.records = reply
            .records
            .into_iter()
            .enumerate()
            .take(whole(self.size))
            .map(|(index, mut value)| {
                let mut told = match value.as_object_mut().and_then(|record| record.shift_remove(EXACT)) {
                    Some(Value::Object(told)) => told,
                    _ => Map::new(),
                };
                let (mut key, mut exact) = (Map::new(), Map::new());
                for column in &self.spec.key {
                    let part = value.get(&*column.column).cloned().unwrap_or(Value::Null);
                    key.insert(column.name.value.to_string(), part);
                    if let Some(part) = told.remove(&*column.column) {
                        exact.insert(column.name.value.to_string(), part);
                    }
                }
                let position = if exact.is_empty() { json!({ "k": key }) } else { json!({ "k": key, "x": exact }) };
                Record { value, position, call, index }
            })
            .collect();
        if self.backward {
            self.records.reverse();
        }
        self.more = Some(extra);
        self.done = true;
    }
}

fn whole(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn count(arguments: &Map<String, Value>, name: &'static str) -> Result<Option<u64>, PageError> {
    match arguments.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or(PageError::Negative(name)),
    }
}

fn position(
    arguments: &Map<String, Value>,
    name: &'static str,
    key: &CursorKey,
    scope: &str,
) -> Result<Option<Value>, PageError> {
    match arguments.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(cursor)) => key.open(scope, cursor).map(Some).map_err(|_| PageError::BadCursor(name)),
        Some(_) => Err(PageError::BadCursor(name)),
    }
}

fn number(place: &Value, name: &'static str) -> Result<u64, PageError> {
    place.get("o").and_then(Value::as_u64).ok_or(PageError::BadCursor(name))
}
