//! Errors as clients read them.

use std::io::Write as _;

use serde_json::{Map, Value};

use crate::gateway::plan::model::{FetchId, Plan};
use crate::sources::rows::slot::UpstreamError;

use super::context::ExecuteContext;
use super::store::StoredError;

/// One step of the way to the value being written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'p> {
    /// A response name.
    Key(&'p str),
    /// A list position.
    Index(u32),
}

/// The errors of one response, as JSON.
pub(super) struct ErrorList<'a> {
    context: &'a ExecuteContext,
    plan: &'a Plan,
    text: Vec<u8>,
    count: usize,
}

// === impl ErrorList ===

impl<'a> ErrorList<'a> {
    pub(super) fn new(context: &'a ExecuteContext, plan: &'a Plan) -> Self {
        Self { context, plan, text: Vec::new(), count: 0 }
    }

    /// Reports an upstream's error at a place.
    pub(super) fn upstream(&mut self, stored: &StoredError, path: &[Step<'_>]) {
        let error = &stored.error;
        let subgraph = stored.fetch.and_then(|fetch| self.plan.fetches.get(fetch)).map(|fetch| fetch.subgraph);
        let shown = subgraph.is_some_and(|subgraph| self.context.errors.shown.contains(subgraph));
        let hidden = self.context.errors.mask && !shown;
        let masked = hidden && !error.authored;
        let message = if masked { &*self.context.errors.message } else { &*error.message };
        let mut extensions = Map::new();
        extensions.insert("code".into(), Value::from(&*error.code));
        if !masked {
            let service = subgraph.and_then(|subgraph| self.context.supergraph.subgraphs.get(subgraph));
            if let Some(service) = service.filter(|_| !error.authored) {
                extensions.insert("service".into(), Value::from(&*service.service));
            }
            let known = error.unmasked.as_deref().filter(|_| !hidden).unwrap_or(&error.extensions);
            extensions.extend(known.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        self.push(message, path, extensions);
    }

    /// The place an error's fetch belongs to, for errors that have no place of their own.
    pub(super) fn site_path(&self, stored: &StoredError) -> Vec<Step<'a>> {
        stored.fetch.map(|fetch| site_prefix(self.plan, fetch)).unwrap_or_default()
    }

    /// Reports an error of ours.
    pub(super) fn own(&mut self, code: &str, message: &str, path: &[Step<'_>]) {
        let mut extensions = Map::new();
        extensions.insert("code".into(), Value::from(code));
        self.push(message, path, extensions);
    }

    /// Reports that all answers together, and the response, are larger than `limit` bytes.
    pub(super) fn too_large(&mut self, limit: u64) {
        let UpstreamError { code, message, mut extensions, .. } = too_large(limit);
        extensions.shift_insert(0, "code".into(), Value::from(&*code));
        self.push(&message, &[], extensions);
    }

    /// How many errors there are, unlisted ones included.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Bytes held.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// The inside of a JSON list: the errors, and how many more there were.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let limit = self.context.errors.limit;
        if self.count > limit {
            let more = self.count - limit;
            let mut extensions = Map::new();
            extensions.insert("code".into(), "ERRORS_TRUNCATED".into());
            extensions.insert("count".into(), more.into());
            self.write(&format!("{more} more errors are not listed."), &[], extensions);
        }
        self.text
    }

    fn push(&mut self, message: &str, path: &[Step<'_>], extensions: Map<String, Value>) {
        self.count += 1;
        if self.count <= self.context.errors.limit {
            self.write(message, path, extensions);
        }
    }

    fn write(&mut self, message: &str, path: &[Step<'_>], extensions: Map<String, Value>) {
        if !self.text.is_empty() {
            self.text.push(b',');
        }
        self.text.extend_from_slice(b"{\"message\":");
        self.json(&message);
        if !path.is_empty() {
            self.text.extend_from_slice(b",\"path\":[");
            for (nth, step) in path.iter().enumerate() {
                if nth > 0 {
                    self.text.push(b',');
                }
                match step {
                    Step::Key(key) => self.json(key),
                    Step::Index(index) => self.json(index),
                }
            }
            self.text.push(b']');
        }
        self.text.extend_from_slice(b",\"extensions\":");
        self.json(&extensions);
        self.text.push(b'}');
    }

    fn json(&mut self, value: &impl serde::Serialize) {
        serde_json::to_writer(self.text.by_ref(), value).expect("a vector takes all bytes, and keys are strings");
    }
}

/// An error about a whole fetch that Pleach itself found; its text is ours to show.
pub(super) fn own_error(code: &str, message: &str) -> UpstreamError {
    UpstreamError {
        code: code.into(),
        message: message.into(),
        extensions: Map::new(),
        suffix: Vec::new(),
        authored: true,
        unmasked: None,
    }
}

/// The error of answers that do not fit the request's memory of `limit` bytes.
pub(super) fn too_large(limit: u64) -> UpstreamError {
    let message = format!("The answers are larger than {limit} bytes, the limit of one request.");
    let mut error = own_error("RESPONSE_TOO_LARGE", &message);
    error.extensions.insert("limit".into(), limit.into());
    error
}

/// The response names down to the first list on the way to the objects a fetch completes.
fn site_prefix(plan: &Plan, fetch: FetchId) -> Vec<Step<'_>> {
    let site = plan.fetches.get(fetch).and_then(|fetch| fetch.inputs.first()).map(|input| input.site);
    let Some(site) = site.and_then(|site| plan.sites.get(site)) else { return Vec::new() };
    site.path.split('.').take_while(|step| *step != "@" && !step.is_empty()).map(Step::Key).collect()
}
