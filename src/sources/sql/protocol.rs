//! Statements for one call of a connector.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::graph::connect::model::{KeyColumn, SqlRequest, SqlStatements};
use crate::graph::mapping::{SqlTemplate, Variable, Variables};
use crate::sources::connector::{Answer, Body, DESERIALIZE, Fact, Inputs, More, Protocol, TRANSPORT};
use crate::sources::contract::{BAD_INPUT, SourceError, TIMEOUT};
use crate::sources::format::MediaKind;
use crate::sources::transport::TOO_LARGE;

use super::database::{self, Database, Limits, Statement};
use super::error::RunError;
use super::render::{Parts, render};

/// The code when no connection became free in time.
const BUSY: &str = "BULKHEAD_FULL";

/// A SQL connector.
pub struct SqlProtocol {
    database: Arc<Database>,
    request: SqlRequest,
    /// The key of SEEK pages; empty otherwise.
    key: Vec<KeyColumn>,
    max_bytes: usize,
}

// === impl SqlProtocol ===

impl SqlProtocol {
    /// Builds the protocol of one connector; answers of more than `max_bytes` are refused.
    pub fn new(database: Arc<Database>, request: SqlRequest, key: Vec<KeyColumn>, max_bytes: usize) -> Self {
        Self { database, request, key, max_bytes }
    }

    async fn run(&self, inputs: &Inputs<'_>) -> Result<Answer, SourceError> {
        let limits = Limits { deadline: inputs.deadline, max_bytes: self.max_bytes };
        let result = match &self.request.statements {
            SqlStatements::Query(template) => self.query(inputs, &template.value, limits).await,
            SqlStatements::Execute(templates) => {
                let templates: Vec<_> = templates.iter().map(|template| &template.value).collect();
                self.execute(inputs, &templates, limits).await
            }
        };
        match result {
            Ok(answer) => Ok(answer),
            Err(RunError::Database(error)) => {
                // What it says may hold data of the statement, so it is for those who debug.
                tracing::debug!(error = error.to_string(), "the database refused a statement");
                let state = error.get("sqlstate").and_then(Value::as_str).map(str::to_owned);
                let more = More { error: Some(error), ..More::default() };
                Ok(Answer { fact: Some(Fact::SqlState(state)), more: Some(more.into()), ..Answer::default() })
            }
            Err(error) => Err(source_error(error)),
        }
    }

    async fn query(&self, inputs: &Inputs<'_>, template: &SqlTemplate, limits: Limits) -> Result<Answer, RunError> {
        let statement = self.statement(template, inputs.variables, inputs)?;
        let answer = self.database.query(statement, limits).await?;
        Ok(done(answer, inputs.single, None))
    }

    /// All statements in one transaction; what earlier ones gave is `$results` in later ones.
    async fn execute(
        &self,
        inputs: &Inputs<'_>,
        templates: &[&SqlTemplate],
        limits: Limits,
    ) -> Result<Answer, RunError> {
        let mut transaction = self.database.begin(limits).await?;
        let mut earlier: Vec<Value> = Vec::new();
        let mut last = None;
        for template in templates {
            if let Some(answer) = last.take() {
                earlier.push(value(&answer)?);
            }
            let results = Value::Array(earlier.clone());
            let variables = inputs.variables.with(Variable::Results, &results);
            let statement = self.statement(template, &variables, inputs)?;
            last = Some(transaction.run(statement, limits).await?);
        }
        transaction.commit(limits).await?;
        let last = last.unwrap_or(database::Answer::Done { rows_affected: 0, last_insert_id: None });
        Ok(done(last, inputs.single, Some(Value::Array(earlier))))
    }

    fn statement(
        &self,
        template: &SqlTemplate,
        variables: &Variables<'_>,
        inputs: &Inputs<'_>,
    ) -> Result<Statement, RunError> {
        let parts =
            Parts { columns: &self.request.columns, key: &self.key, page: inputs.page, sql: self.database.sql() };
        render(template, variables, parts).map_err(RunError::BadInput)
    }
}

impl Protocol for SqlProtocol {
    fn call<'a>(&'a self, inputs: &'a Inputs<'a>) -> BoxFuture<'a, Result<Answer, SourceError>> {
        self.run(inputs).boxed()
    }

    fn is_typed(&self) -> bool {
        true
    }
}

/// An answer for mappings: where one value is expected, the first row.
fn done(answer: database::Answer, single: bool, results: Option<Value>) -> Answer {
    let mut problems = Vec::new();
    let body = match answer {
        database::Answer::Rows(rows) if single => {
            if rows.count > 1 {
                problems.push("SQL_EXTRA_ROWS: more rows than the one that is used".to_owned());
            }
            rows.first().map_or(Body::Empty, |text| Body::Bytes(MediaKind::Json, text))
        }
        database::Answer::Rows(rows) => Body::Bytes(MediaKind::Json, rows.text),
        database::Answer::Done { rows_affected, last_insert_id } => Body::Value(counts(rows_affected, last_insert_id)),
    };
    let has_more = results.is_some() || !problems.is_empty();
    let more = has_more.then(|| More { results, problems, ..More::default() }.into());
    Answer { success: true, body, more, ..Answer::default() }
}

/// An earlier statement's answer: always all rows.
fn value(answer: &database::Answer) -> Result<Value, RunError> {
    match answer {
        database::Answer::Rows(rows) => {
            serde_json::from_slice(&rows.text).map_err(|error| RunError::Decode(error.to_string()))
        }
        database::Answer::Done { rows_affected, last_insert_id } => Ok(counts(*rows_affected, *last_insert_id)),
    }
}

fn counts(rows_affected: u64, last_insert_id: Option<i64>) -> Value {
    json!({ "rowsAffected": rows_affected, "lastInsertId": last_insert_id })
}

fn source_error(error: RunError) -> SourceError {
    match error {
        // Told as an answer, so that mappings can look at it.
        RunError::Database(_) => SourceError::new(TRANSPORT, "the database refused the statement"),
        RunError::BadInput(reason) => SourceError::new(BAD_INPUT, reason),
        RunError::Transport(reason) => SourceError::new(TRANSPORT, reason),
        RunError::Busy => SourceError::new(BUSY, "no connection to the database became free in time"),
        RunError::Decode(reason) => SourceError::new(DESERIALIZE, reason),
        RunError::TooLarge => SourceError::new(TOO_LARGE, "the answer is larger than allowed"),
        RunError::Timeout => SourceError::new(TIMEOUT, "the database did not answer in time"),
    }
}
