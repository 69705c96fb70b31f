//! A source whose entities are looked up.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use moka::sync::Cache;

use crate::platform::base::Name;
use crate::sources::contract::{Call, CallContext, FetchRequest, Source, SourceError};
use crate::sources::rows::shape::{ListShape, RowShape};
use crate::sources::rows::slot::Rows;
use crate::sources::stack::tell;

use super::answer::Collected;
use super::ask::{Part, ask};
use super::compile::{Compiled, compile};
use super::known::Lookups;

/// How many objects one call looks up, if nothing else is said: a page of a list is one call, and a
/// document stays within what servers parse without complaint.
pub const MAX_ALIASES: usize = 50;
/// How many calls of one fetch run at a time.
const CONCURRENCY: usize = 8;
/// How many documents are kept compiled; reading one again takes a fraction of a millisecond.
const DOCUMENTS: u64 = 1000;

/// A subgraph that is asked for entities through its lookups. Whatever else it is asked, it is asked
/// as the plan says.
pub struct LookupSource {
    inner: Arc<dyn Source>,
    lookups: Lookups,
    most: usize,
    compiled: Cache<Arc<str>, Arc<Compiled>>,
}

// === impl LookupSource ===

impl LookupSource {
    /// Puts `lookups` before `inner`, which executes GraphQL documents; one call has `most` of them.
    pub fn new(inner: Arc<dyn Source>, lookups: Lookups, most: usize) -> Self {
        Self { inner, lookups, most: most.max(1), compiled: Cache::new(DOCUMENTS) }
    }

    fn compiled(&self, document: &Arc<str>) -> Result<Arc<Compiled>, SourceError> {
        if let Some(known) = self.compiled.get(document) {
            return Ok(known);
        }
        let compiled = Arc::new(compile(document, &self.lookups)?);
        self.compiled.insert(Arc::clone(document), Arc::clone(&compiled));
        Ok(compiled)
    }

    async fn look_up(
        &self,
        document: &Arc<str>,
        lists: &[ListShape],
        request: &FetchRequest,
        context: &CallContext,
    ) -> Result<Rows, SourceError> {
        let compiled = self.compiled(document)?;
        let asked = ask(&compiled, &self.lookups, request, self.most)?;
        let answers = self.call(&asked.parts, context).await;
        if answers.iter().all(Result::is_err)
            && let Some(Err(first)) = answers.iter().find(|answer| answer.is_err())
        {
            return Err(first.clone());
        }
        let mut collected = Collected::new(lists, asked.rows);
        let mut told = Vec::new();
        let mut again = Vec::new();
        for (part, answer) in asked.parts.iter().zip(answers) {
            // The fetch as a whole succeeds, so nobody else tells.
            self.tell(&answer, context, &mut told);
            again.extend(asked.alone(part, &collect(&mut collected, part, answer)));
        }
        // One object that may not be null takes all others of its call away.
        let answers = self.call(&again, context).await;
        for (part, answer) in again.iter().zip(answers) {
            self.tell(&answer, context, &mut told);
            collect(&mut collected, part, answer);
        }
        Ok(collected.finish())
    }

    async fn call(&self, parts: &[Part<'_>], context: &CallContext) -> Vec<Result<Rows, SourceError>> {
        let calls: Vec<_> = parts.iter().map(|part| self.inner.fetch(&part.request, context)).collect();
        stream::iter(calls).buffered(CONCURRENCY).collect().await
    }

    /// Tells why a call failed, unless one of the same fetch has failed with the same code.
    fn tell(&self, answer: &Result<Rows, SourceError>, context: &CallContext, told: &mut Vec<Name>) {
        if let Err(error) = answer
            && !told.contains(&error.code)
        {
            tell(self.inner.name(), context, error);
            told.push(error.code.clone());
        }
    }
}

/// Adds the answer to one call; which of its objects are to be asked for again.
fn collect(collected: &mut Collected<'_>, part: &Part<'_>, answer: Result<Rows, SourceError>) -> Vec<usize> {
    match answer {
        Ok(rows) => collected.add(&part.answer, rows),
        Err(error) => {
            collected.fail(&part.answer, error);
            Vec::new()
        }
    }
}

impl Source for LookupSource {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn fetch<'a>(
        &'a self,
        request: &'a FetchRequest,
        context: &'a CallContext,
    ) -> BoxFuture<'a, Result<Rows, SourceError>> {
        match (&request.call, &*request.shape) {
            (Call::Graphql { document, .. }, RowShape::Lists(lists)) => {
                self.look_up(document, lists, request, context).boxed()
            }
            _ => self.inner.fetch(request, context),
        }
    }
}
