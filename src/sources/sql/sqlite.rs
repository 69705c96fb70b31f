//! SQLite: values are bound by their JSON type and read by how they are stored.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Column, Either, Executor, Row, SqlSafeStr, Statement as _, TypeInfo, ValueRef};

use super::database::{Answer, Limits, PoolSize, Statement};
use super::error::RunError;
use super::rows::JsonRows;
use super::text::{push_date_time, push_float, push_json_string};

/// After how many steps of its virtual machine SQLite looks at the deadline: well under 1 ms.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Pools of one SQLite database, made by the first statement since they need a runtime.
#[derive(Debug)]
pub(super) struct Sqlite {
    options: SqliteConnectOptions,
    size: PoolSize,
    read: OnceLock<SqlitePool>,
    write: OnceLock<SqlitePool>,
}

// === impl Sqlite ===

impl Sqlite {
    pub(super) fn new(options: SqliteConnectOptions, size: PoolSize) -> Self {
        Self { options, size, read: OnceLock::new(), write: OnceLock::new() }
    }

    pub(super) async fn query(&self, statement: Statement, limits: Limits) -> Result<Answer, RunError> {
        let pool = self.read.get_or_init(|| self.pool(self.options.clone().pragma("query_only", "1"), self.size.max));
        let mut connection = pool.acquire().await?;
        bound_work(&mut connection, limits).await?;
        run(&mut connection, statement, limits).await
    }

    pub(super) async fn begin(&self, limits: Limits) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, RunError> {
        // SQLite has one writer at a time: more connections would only wait for each other.
        let pool = self.write.get_or_init(|| self.pool(self.options.clone(), 1));
        let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
        bound_work(&mut transaction, limits).await?;
        Ok(transaction)
    }

    fn pool(&self, options: SqliteConnectOptions, max: u32) -> SqlitePool {
        SqlitePoolOptions::new()
            .max_connections(max)
            .acquire_timeout(self.size.acquire)
            .idle_timeout(self.size.idle)
            .max_lifetime(None)
            .connect_lazy_with(options)
    }
}

/// A statement runs in a thread of its own, which dropping the call does not stop; the deadline
/// does.
async fn bound_work(connection: &mut SqliteConnection, limits: Limits) -> Result<(), RunError> {
    connection.lock_handle().await?.set_progress_handler(STEPS_BETWEEN_LOOKS, move || !limits.deadline.is_over());
    Ok(())
}

pub(super) async fn run(
    connection: &mut SqliteConnection,
    statement: Statement,
    limits: Limits,
) -> Result<Answer, RunError> {
    let prepared = connection.prepare(AssertSqlSafe(statement.text).into_sql_str()).await?;
    let mut arguments = SqliteArguments::default();
    for value in statement.values {
        bind(&mut arguments, value).map_err(|error| RunError::BadInput(error.to_string()))?;
    }
    let yields_rows = !prepared.columns().is_empty();
    let mut rows = JsonRows::new(limits.max_bytes);
    let (mut rows_affected, mut last_insert_id) = (0, None);
    let mut results = connection.fetch_many(prepared.query_with(arguments));
    while let Some(result) = results.try_next().await? {
        match result {
            Either::Left(done) => {
                rows_affected += done.rows_affected();
                last_insert_id = Some(done.last_insert_rowid());
            }
            Either::Right(row) => push_row(&mut rows, &row)?,
        }
    }
    if !yields_rows {
        return Ok(Answer::Done { rows_affected, last_insert_id });
    }
    Ok(Answer::Rows(rows.finish()))
}

fn bind(arguments: &mut SqliteArguments, value: Value) -> Result<(), sqlx::error::BoxDynError> {
    match value {
        Value::Null => arguments.add(None::<i64>),
        Value::Bool(value) => arguments.add(value),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => arguments.add(integer),
            None => arguments.add(number.as_f64()),
        },
        Value::String(text) => arguments.add(text),
        nested @ (Value::Array(_) | Value::Object(_)) => arguments.add(nested.to_string()),
    }
}

fn push_row(rows: &mut JsonRows, row: &SqliteRow) -> Result<(), RunError> {
    let columns = row.columns();
    rows.row(columns.iter().map(Column::name), |index, out| {
        let value = row.try_get_raw(index)?;
        let declared = columns.get(index).map_or("", |column| column.type_info().name());
        let stored = value.type_info();
        match stored.name() {
            _ if value.is_null() => out.extend_from_slice(b"null"),
            "INTEGER" | "BOOLEAN" => {
                let number: i64 = row.try_get_unchecked(index)?;
                match (declared, number) {
                    ("BOOLEAN", 0) => out.extend_from_slice(b"false"),
                    ("BOOLEAN", 1) => out.extend_from_slice(b"true"),
                    _ => out.extend_from_slice(number.to_string().as_bytes()),
                }
            }
            "REAL" => push_float(out, row.try_get_unchecked::<f64, _>(index)?),
            "BLOB" => push_json_string(out, &STANDARD.encode(row.try_get_unchecked::<Vec<u8>, _>(index)?)),
            _ => {
                let text: &str = row.try_get_unchecked(index)?;
                if declared == "DATETIME" { push_date_time(out, text) } else { push_json_string(out, text) }
            }
        }
        Ok(())
    })
}
