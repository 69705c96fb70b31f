//! MySQL and MariaDB: values are bound by their JSON type and read by the column's type.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};
use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::mysql::{MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions, MySqlRow};
use sqlx::{Arguments, AssertSqlSafe, Column, Either, Executor, Row, SqlSafeStr, Statement as _, TypeInfo, ValueRef};

use super::database::{Answer, Limits, PoolSize, Statement};
use super::error::RunError;
use super::rows::JsonRows;
use super::text::{push_float, push_json_string};

/// Pools of one MySQL database, made by the first statement since they need a runtime.
#[derive(Debug)]
pub(super) struct MySql {
    options: MySqlConnectOptions,
    size: PoolSize,
    read: OnceLock<MySqlPool>,
    write: OnceLock<MySqlPool>,
}

// === impl MySql ===

impl MySql {
    pub(super) fn new(options: MySqlConnectOptions, size: PoolSize) -> Self {
        Self { options, size, read: OnceLock::new(), write: OnceLock::new() }
    }

    pub(super) async fn query(&self, statement: Statement, limits: Limits) -> Result<Answer, RunError> {
        let pool = self.read.get_or_init(|| self.pool("SET SESSION TRANSACTION READ ONLY"));
        let mut connection = pool.acquire().await?;
        run(&mut connection, statement, limits).await
    }

    pub(super) async fn begin(&self) -> Result<sqlx::Transaction<'static, sqlx::MySql>, RunError> {
        Ok(self.write.get_or_init(|| self.pool("SET SESSION TRANSACTION READ WRITE")).begin().await?)
    }

    fn pool(&self, access: &'static str) -> MySqlPool {
        let timeout = self.size.statement;
        MySqlPoolOptions::new()
            .max_connections(self.size.max)
            .acquire_timeout(self.size.acquire)
            .idle_timeout(self.size.idle)
            .max_lifetime(self.size.lifetime)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    connection.execute(access).await?;
                    // MySQL and MariaDB bound statements under different names; one of them is refused.
                    let mysql = format!("SET SESSION max_execution_time = {}", timeout.as_millis());
                    if connection.execute(AssertSqlSafe(mysql)).await.is_err() {
                        let mariadb = format!("SET SESSION max_statement_time = {}", timeout.as_secs_f64());
                        let _ = connection.execute(AssertSqlSafe(mariadb)).await;
                    }
                    Ok(())
                })
            })
            .connect_lazy_with(self.options.clone())
    }
}

pub(super) async fn run(
    connection: &mut MySqlConnection,
    statement: Statement,
    limits: Limits,
) -> Result<Answer, RunError> {
    let prepared = connection.prepare(AssertSqlSafe(statement.text).into_sql_str()).await?;
    let mut arguments = MySqlArguments::default();
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
                last_insert_id = i64::try_from(done.last_insert_id()).ok();
            }
            Either::Right(row) => push_row(&mut rows, &row)?,
        }
    }
    if !yields_rows {
        return Ok(Answer::Done { rows_affected, last_insert_id });
    }
    Ok(Answer::Rows(rows.finish()))
}

fn bind(arguments: &mut MySqlArguments, value: Value) -> Result<(), sqlx::error::BoxDynError> {
    match value {
        Value::Null => arguments.add(None::<i64>),
        Value::Bool(value) => arguments.add(value),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => arguments.add(integer),
            (None, Some(integer)) => arguments.add(integer),
            (None, None) => arguments.add(number.as_f64()),
        },
        Value::String(text) => arguments.add(text),
        nested @ (Value::Array(_) | Value::Object(_)) => arguments.add(nested.to_string()),
    }
}

fn push_row(rows: &mut JsonRows, row: &MySqlRow) -> Result<(), RunError> {
    let columns = row.columns();
    rows.row(columns.iter().map(Column::name), |index, out| {
        let value = row.try_get_raw(index)?;
        if value.is_null() {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        let ty = value.type_info();
        // A collation that compares bytes makes text look like a BLOB by name; MariaDB's JSON has one.
        let is_text = <str as sqlx::Type<sqlx::MySql>>::compatible(&ty);
        let name = match ty.name() {
            "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" if is_text => "TEXT",
            name => name,
        };
        push_cell(out, row, index, name)
    })
}

fn push_cell(out: &mut Vec<u8>, row: &MySqlRow, index: usize, ty: &str) -> Result<(), RunError> {
    match ty {
        "BOOLEAN" => out.extend_from_slice(if row.try_get_unchecked(index)? { b"true" } else { b"false" }),
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => {
            out.extend_from_slice(row.try_get_unchecked::<i64, _>(index)?.to_string().as_bytes());
        }
        "TINYINT UNSIGNED" | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED" | "BIGINT UNSIGNED"
        | "YEAR" | "BIT" => {
            out.extend_from_slice(row.try_get_unchecked::<u64, _>(index)?.to_string().as_bytes());
        }
        "FLOAT" => push_float(out, row.try_get_unchecked::<f32, _>(index)?),
        "DOUBLE" => push_float(out, row.try_get_unchecked::<f64, _>(index)?),
        "DATE" => push_json_string(out, &row.try_get_unchecked::<NaiveDate, _>(index)?.to_string()),
        "TIME" => push_json_string(out, &row.try_get_unchecked::<NaiveTime, _>(index)?.to_string()),
        "DATETIME" => push_instant(out, row.try_get_unchecked::<NaiveDateTime, _>(index)?.and_utc()),
        "TIMESTAMP" => push_instant(out, row.try_get_unchecked::<DateTime<Utc>, _>(index)?),
        "JSON" => {
            let value: Value = row.try_get_unchecked(index)?;
            out.extend_from_slice(value.to_string().as_bytes());
        }
        "DECIMAL" | "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM" | "SET" => {
            push_json_string(out, row.try_get_unchecked(index)?);
        }
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
            push_json_string(out, &STANDARD.encode(row.try_get_unchecked::<&[u8], _>(index)?));
        }
        other => {
            return Err(RunError::Decode(format!("a column of type {other} cannot be read; cast it in the statement")));
        }
    }
    Ok(())
}

fn push_instant(out: &mut Vec<u8>, instant: DateTime<Utc>) {
    push_json_string(out, &instant.to_rfc3339_opts(SecondsFormat::AutoSi, true));
}
