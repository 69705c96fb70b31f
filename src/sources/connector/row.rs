//! One row: one call, or the calls of one page, mapped to one value.

use bytes::Bytes;
use serde_json::Value;
use tokio::time::timeout_at;
use tracing::{Instrument, Level, field};

use crate::graph::connect::model::PaginateSpec;
use crate::graph::mapping::{Mapping, Variable, Variables};
use crate::sources::contract::SourceError;
use crate::sources::format::{MediaKind, decode};
use crate::sources::rows::errors::LocatedError;
use crate::sources::rows::slot::{PathSegment, Rows};

use super::failure::{DESERIALIZE, failed};
use super::page::{Page, Pager, Reply, Window};
use super::protocol::{Answer, Body, Inputs};
use super::reads::Pending;
use super::reported::{Mapped, Marked};
use super::scope::AnswerScope;
use super::source::{Fetch, Filled, RowValue, Tally};

/// A successful answer.
pub(super) enum Success {
    /// A value.
    Value(Decoded),
    /// It became rows without a value in between.
    Rows(Rows),
}

/// A successful answer's content.
pub(super) struct Decoded {
    /// `$`
    pub(super) value: Value,
    /// What mappings may read beside it.
    pub(super) scope: AnswerScope,
    /// Errors that were reported beside it.
    pub(super) reported: Vec<LocatedError>,
}

/// Tries to read rows from JSON.
pub(super) type ReadRows<'r> = dyn Fn(&Bytes) -> Option<Rows> + Sync + 'r;

/// One value for one row.
pub(super) async fn value(fetch: &Fetch<'_>, row: &Value) -> Result<RowValue, SourceError> {
    let filled = match fetch.connector.filled(fetch, row)? {
        Filled::NoObject => return Ok(RowValue::One(None)),
        Filled::Arguments(arguments) => Some(arguments),
        Filled::AsGiven => None,
    };
    let mut variables = fetch.variables();
    if let Some(given) = fetch.given {
        variables.set(given, row);
    }
    if let Some(arguments) = &filled {
        variables.set(Variable::Args, arguments);
    }
    if let Some(paginate) = &fetch.connector.spec.paginate {
        // In a box, since it is rare and large, and rows are moved about as futures.
        let paged = Box::pin(paged(fetch, row, variables, paginate));
        return paged.await.map(|value| RowValue::One(Some(value)));
    }
    if fetch.connector.protocol.is_none() {
        let value = fetch.evaluate(&fetch.connector.spec.selection.value, None, &variables);
        return fetch.unless_stopped(RowValue::One(value.map(Mapped::from)));
    }
    let read = |body: &Bytes| fetch.direct.as_ref()?.row(fetch.first, body, fetch.tally);
    let pending = fetch.reads.as_ref().map(|reads| reads.call(row, None));
    match call(fetch, &variables, None, pending.as_ref(), &read).await? {
        Success::Rows(rows) => Ok(RowValue::Read(rows)),
        Success::Value(Decoded { value, scope, reported }) => {
            let variables = scope.extend(variables);
            let selection = &fetch.connector.spec.selection.value;
            let mapped = fetch.evaluate(selection, Some(&value), &variables);
            let Some(mut marked) = Marked::new(&value, &reported) else {
                return fetch.unless_stopped(RowValue::One(mapped.map(Mapped::from)));
            };
            let value = mapped.unwrap_or_default();
            let again = selection.evaluate(Some(&marked.answer), &variables).value.unwrap_or_default();
            let mut errors = marked.found(&again, &value);
            errors.extend(marked.left());
            fetch.unless_stopped(RowValue::One(Some(Mapped { value, errors })))
        }
    }
}

/// What the records of one call of a page are mapped with.
struct PageCall {
    scope: AnswerScope,
    /// `$page`
    page: Value,
    reported: Vec<LocatedError>,
    /// The answer, if errors were reported beside it.
    answer: Option<Value>,
}

/// Calls until the page is full, and makes a connection or a list of its records.
async fn paged(
    fetch: &Fetch<'_>,
    row: &Value,
    variables: Variables<'_>,
    spec: &PaginateSpec,
) -> Result<Mapped, SourceError> {
    let connector = fetch.connector;
    let mut pager = Pager::new(spec, fetch.scope.arguments(), &connector.cursors, &connector.name)?;
    let mut calls = Vec::new();
    while let Some(page) = pager.next_call() {
        let page_value = page.to_value();
        let variables = variables.with(Variable::Page, &page_value);
        let pending = fetch.reads.as_ref().map(|reads| reads.call(row, Some(&page)));
        let called = call(fetch, &variables, Some(&page), pending.as_ref(), &|_| None).await?;
        let Success::Value(Decoded { value, scope, reported }) = called else { break };
        let reply = reply(fetch, spec, &value, &scope.extend(variables));
        pager.take(fetch.unless_stopped(reply)?);
        let answer = (!reported.is_empty()).then_some(value);
        calls.push(PageCall { scope, page: page_value, reported, answer });
    }
    if let Some(problem) = pager.problem() {
        fetch.tally.problem(problem);
    }
    let mut window = pager.finish();
    let errors = records(fetch, spec, variables, &calls, &mut window);
    let (key, name) = (&connector.cursors, &connector.name);
    let value = if spec.connection { window.connection(key, name) } else { window.list() };
    fetch.unless_stopped(Mapped { value, errors })
}

/// Maps the records of a page, each with what its own call answered, and tells which errors were
/// reported in them.
fn records(
    fetch: &Fetch<'_>,
    spec: &PaginateSpec,
    variables: Variables<'_>,
    calls: &[PageCall],
    window: &mut Window,
) -> Vec<LocatedError> {
    let selection = &fetch.connector.spec.selection.value;
    let mut errors = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        let variables = call.scope.extend(variables.with(Variable::Page, &call.page));
        let mut marked = call.answer.as_ref().and_then(|answer| Marked::new(answer, &call.reported));
        let mut raw = match (&marked, &spec.items) {
            (Some(marked), Some(items)) => items.value.evaluate(Some(&marked.answer), &variables).value,
            (Some(marked), None) => Some(marked.answer.clone()),
            (None, _) => None,
        };
        for (nth, record) in window.records.iter_mut().enumerate().filter(|(_, record)| record.call == number) {
            let value = fetch.evaluate(selection, Some(&record.value), &variables).unwrap_or(Value::Null);
            let plain = std::mem::replace(&mut record.value, value);
            let again = raw.as_mut().and_then(|raw| raw.get_mut(record.index)).map(Value::take);
            if let Some((marked, again)) = marked.as_mut().zip(again) {
                let value = selection.evaluate(Some(&again), &variables).value.unwrap_or_default();
                let own = marked.of_element((&again, &plain), (&value, &record.value));
                errors.extend(own.into_iter().flat_map(|error| in_record(spec, nth, error)));
            }
        }
        if let Some(marked) = &mut marked {
            // Records that do not belong to the page have errors of no interest.
            raw.iter().for_each(|raw| drop(marked.found(raw, &Value::Null)));
            errors.extend(marked.left());
        }
    }
    errors
}

/// An error of the record at a position, where records stand in the field's value.
fn in_record(spec: &PaginateSpec, nth: usize, error: LocatedError) -> Vec<LocatedError> {
    let nth = PathSegment::Index(u32::try_from(nth).unwrap_or(u32::MAX));
    let key = |key: &str| PathSegment::Key(key.into());
    let ways = match spec.connection {
        true => vec![vec![key("edges"), nth.clone(), key("node")], vec![key("nodes"), nth]],
        false => vec![vec![nth]],
    };
    let located = |way: Vec<PathSegment>| {
        let path = way.into_iter().chain(error.path.clone().unwrap_or_default()).collect();
        LocatedError { path: Some(path), error: error.error.clone() }
    };
    ways.into_iter().map(located).collect()
}

fn reply(fetch: &Fetch<'_>, spec: &PaginateSpec, answer: &Value, variables: &Variables<'_>) -> Reply {
    let read = |mapping: &Mapping| fetch.evaluate(mapping, Some(answer), variables);
    let items = match &spec.items {
        Some(items) => read(&items.value),
        None => Some(answer.clone()),
    };
    let records = match items {
        Some(Value::Array(records)) => records,
        None | Some(Value::Null) => Vec::new(),
        Some(_) => {
            fetch.tally.problem("the records of a page are no list");
            Vec::new()
        }
    };
    Reply {
        records,
        total: spec.total.as_ref().and_then(|total| read(&total.value)?.as_u64()),
        has_next: spec.has_next.as_ref().and_then(|next| read(&next.value)?.as_bool()),
        next: spec.next.as_ref().and_then(|next| read(&next.value)),
    }
}

/// One call, or the answer to an equal one, decoded and judged. A success is given to `read` first,
/// if its value is not needed.
pub(super) async fn call(
    fetch: &Fetch<'_>,
    variables: &Variables<'_>,
    page: Option<&Page>,
    pending: Option<&Pending>,
    read: &ReadRows<'_>,
) -> Result<Success, SourceError> {
    if !tracing::span_enabled!(Level::INFO) {
        return judged(fetch, variables, answer(fetch, variables, page, pending).await?, read);
    }
    // In a box, as all futures that are traced: they are large, and each layer would move them.
    Box::pin(async {
        let span = tracing::info_span!(
            "pleach.connector.call",
            pleach.source.name = &*fetch.connector.name,
            pleach.connector.status = field::Empty,
            error.type = field::Empty,
        );
        let told = async {
            let answer = answer(fetch, variables, page, pending).await?;
            span.record("pleach.connector.status", answer.status);
            judged(fetch, variables, answer, read)
        };
        let result = told.instrument(span.clone()).await;
        if let Err(error) = &result {
            span.record("error.type", &*error.code);
        }
        result
    })
    .await
}

async fn answer(
    fetch: &Fetch<'_>,
    variables: &Variables<'_>,
    page: Option<&Page>,
    pending: Option<&Pending>,
) -> Result<Answer, SourceError> {
    match pending {
        None => exchange(fetch, variables, page).await,
        Some(pending) => Box::pin(pending.get_or_init(|| exchange(fetch, variables, page))).await.clone(),
    }
}

async fn exchange(fetch: &Fetch<'_>, variables: &Variables<'_>, page: Option<&Page>) -> Result<Answer, SourceError> {
    let connector = fetch.connector;
    let Some(protocol) = &connector.protocol else {
        return Err(SourceError::new(DESERIALIZE, "a computed connector makes no calls"));
    };
    // Of many calls some have not begun when the time is over.
    let Some(deadline) = fetch.context.deadline.within(connector.timeout) else { return Err(SourceError::late()) };
    fetch.tally.called();
    let inputs = Inputs {
        variables,
        page,
        single: fetch.single && page.is_none(),
        wanted: fetch.wanted.as_deref(),
        mutation: fetch.mutation,
        facts: &fetch.context.facts,
        deadline,
    };
    // Whether or not the protocol looks at the deadline.
    let called = timeout_at(deadline.instant().into(), protocol.call(&inputs)).await;
    called.unwrap_or_else(|_| Err(SourceError::late()))
}

fn judged(
    fetch: &Fetch<'_>,
    variables: &Variables<'_>,
    mut answer: Answer,
    read: &ReadRows<'_>,
) -> Result<Success, SourceError> {
    let connector = fetch.connector;
    let status = answer.status;
    let fact = answer.fact.take();
    answer.problems().iter().for_each(|problem| fetch.tally.problem(problem));
    let spec = &connector.spec;
    let source = connector.source();
    let is_success = spec.is_success.as_ref().or_else(|| source?.is_success.as_ref());
    if let Body::Bytes(MediaKind::Json, body) = &answer.body
        && answer.success
        && is_success.is_none()
        && let Some(rows) = read(body)
    {
        return Ok(Success::Rows(rows));
    }
    let reported = answer.more.as_mut().map(|more| std::mem::take(&mut more.reported)).unwrap_or_default();
    let scope = AnswerScope::new(&answer, connector.needs);
    let (success, content) = (answer.success, content(answer.body, fetch.tally));
    let value = match content {
        Ok(value) => value,
        // A failure is a failure even if its text cannot be read.
        Err(_) if !success && is_success.is_none() => Value::Null,
        Err(error) => return Err(error),
    };
    let after = scope.extend(*variables);
    let success = match is_success {
        Some(mapping) => fetch.evaluate(&mapping.value, Some(&value), &after) == Some(Value::Bool(true)),
        None => success,
    };
    fetch.unless_stopped(())?;
    if !success {
        let error = failed(&connector.service, spec, source, &value, &after, fact);
        return Err(SourceError { status, ..error });
    }
    Ok(Success::Value(Decoded { value, scope, reported }))
}

/// An answer's value.
fn content(body: Body, tally: &Tally) -> Result<Value, SourceError> {
    match body {
        Body::Empty => Ok(Value::Null),
        Body::Value(value) => Ok(value),
        Body::Bytes(kind, bytes) => {
            let decoded = decode(&kind, &bytes).map_err(|error| SourceError::new(DESERIALIZE, error.to_string()))?;
            if let Some(problem) = &decoded.problem {
                tally.problem(problem);
            }
            Ok(decoded.value)
        }
    }
}
