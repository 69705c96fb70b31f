//! Connections to PostgreSQL, and statements run on them.

use std::sync::OnceLock;

use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::Connection as _;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow, PgTypeInfo};
use sqlx::{
    Arguments, AssertSqlSafe, Column, Either, Executor, Row, SqlSafeStr, Statement as _, Type, TypeInfo, ValueRef,
};

use super::super::database::{Answer, Limits, PoolSize, Statement};
use super::super::error::RunError;
use super::super::exact::{Exact, decoded};
use super::super::rows::JsonRows;
use super::decode::push_json;
use super::encode::{Mismatch, encode};

/// Pools of one PostgreSQL database, made by the first statement since they need a runtime.
#[derive(Debug)]
pub(in super::super) struct Postgres {
    options: PgConnectOptions,
    size: PoolSize,
    read: OnceLock<PgPool>,
    write: OnceLock<PgPool>,
}

// === impl Postgres ===

impl Postgres {
    pub(in super::super) fn new(options: PgConnectOptions, size: PoolSize) -> Self {
        Self { options, size, read: OnceLock::new(), write: OnceLock::new() }
    }

    pub(in super::super) async fn query(&self, statement: Statement, limits: Limits) -> Result<Answer, RunError> {
        let mut connection = self.read.get_or_init(|| self.pool("on")).acquire().await?;
        match run(&mut connection, statement.clone(), limits).await {
            Err(RunError::Database(error)) if is_outdated(&error) => {
                connection.clear_cached_statements().await?;
                run(&mut connection, statement, limits).await
            }
            result => result,
        }
    }

    pub(in super::super) async fn begin(&self) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, RunError> {
        Ok(self.write.get_or_init(|| self.pool("off")).begin().await?)
    }

    /// The server itself refuses to write on connections of the first pool, and gives up
    /// statements that nobody waits for any more.
    fn pool(&self, read_only: &'static str) -> PgPool {
        let timeout = self.size.statement.as_millis();
        let settings = format!(
            "SET default_transaction_read_only = {read_only}; SET statement_timeout = {timeout}; SET timezone = 'UTC'"
        );
        PgPoolOptions::new()
            .max_connections(self.size.max)
            .acquire_timeout(self.size.acquire)
            .idle_timeout(self.size.idle)
            .max_lifetime(self.size.lifetime)
            .after_connect(move |connection, _| {
                let settings = settings.clone();
                Box::pin(async move { connection.execute(sqlx::raw_sql(AssertSqlSafe(settings))).await.map(drop) })
            })
            .connect_lazy_with(self.options.clone())
    }
}

/// A table has changed since the statement was prepared, so that it would yield other columns.
fn is_outdated(error: &Value) -> bool {
    let text = |key| error.get(key).and_then(Value::as_str).unwrap_or("");
    text("sqlstate") == "0A000" && text("message").contains("cached plan")
}

/// Prepares the statement (once a connection), encodes each value for the type the server reports,
/// and reads the rows.
pub(in super::super) async fn run(
    connection: &mut PgConnection,
    statement: Statement,
    limits: Limits,
) -> Result<Answer, RunError> {
    let prepared = connection.prepare(AssertSqlSafe(statement.text.clone()).into_sql_str()).await?;
    let types = match prepared.parameters() {
        Some(Either::Left(types)) => types,
        _ => &[],
    };
    if types.len() != statement.values.len() {
        return Err(RunError::BadInput("the statement has another number of parameters than values".to_owned()));
    }
    let mut arguments = PgArguments::default();
    for (ty, value) in types.iter().zip(&statement.values) {
        let bytes = match &value.exact {
            Some(Exact::Wire(name, text)) if ty.name() == name => Some(decoded(text)),
            _ => encode(ty, &value.value).map_err(|Mismatch(reason)| RunError::BadInput(reason))?,
        };
        arguments.add(Wire(bytes)).map_err(|error| RunError::BadInput(error.to_string()))?;
    }
    let yields_rows = !prepared.columns().is_empty();
    let mut rows = JsonRows::new(limits.max_bytes, statement.exact);
    let mut rows_affected = 0;
    let mut results = connection.fetch_many(prepared.query_with(arguments));
    while let Some(result) = results.try_next().await? {
        match result {
            Either::Left(done) => rows_affected += done.rows_affected(),
            Either::Right(row) => push_row(&mut rows, &row)?,
        }
    }
    if !yields_rows {
        return Ok(Answer::Done { rows_affected, last_insert_id: None });
    }
    Ok(Answer::Rows(rows.finish()))
}

fn push_row(rows: &mut JsonRows, row: &PgRow) -> Result<(), RunError> {
    let columns = row.columns();
    let cell = |index: usize, out: &mut Vec<u8>| {
        let value = row.try_get_raw(index)?;
        if value.is_null() {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        let column = columns.get(index).map_or("", |column| column.name());
        let bytes = value.as_bytes().map_err(|error| RunError::Decode(error.to_string()))?;
        push_json(out, &value.type_info(), bytes)
            .map_err(|reason| RunError::Decode(format!("column \"{column}\": {reason}")))
    };
    let exact = |index: usize| {
        let value = row.try_get_raw(index)?;
        let ty = value.type_info();
        // JSON shows these as they are.
        if value.is_null() || matches!(ty.name(), "BOOL" | "INT2" | "INT4" | "INT8" | "TEXT" | "VARCHAR" | "UUID") {
            return Ok(None);
        }
        let bytes = value.as_bytes().map_err(|error| RunError::Decode(error.to_string()))?;
        Ok(Some(Exact::wire(ty.name(), bytes)))
    };
    rows.row(columns.iter().map(Column::name), cell, exact)
}

/// A value that is encoded already; `None` is NULL.
struct Wire(Option<Vec<u8>>);

impl Type<sqlx::Postgres> for Wire {
    fn type_info() -> PgTypeInfo {
        // The statement is prepared, so its own parameter types count, not this one.
        <String as Type<sqlx::Postgres>>::type_info()
    }
}

impl sqlx::Encode<'_, sqlx::Postgres> for Wire {
    fn encode_by_ref(
        &self,
        buffer: &mut sqlx::postgres::PgArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        let Some(bytes) = &self.0 else { return Ok(sqlx::encode::IsNull::Yes) };
        buffer.extend_from_slice(bytes);
        Ok(sqlx::encode::IsNull::No)
    }
}
