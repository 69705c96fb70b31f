//! MySQL and MariaDB: values are bound by their JSON type and read by the column's type.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::encode::IsNull;
use sqlx::mysql::types::MySqlTime;
use sqlx::mysql::{
    MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions, MySqlRow, MySqlTypeInfo,
};
use sqlx::{Arguments, AssertSqlSafe, Column, Either, Executor, Row, SqlSafeStr, Statement as _, TypeInfo, ValueRef};

use super::database::{Answer, Limits, PoolSize, Statement};
use super::error::RunError;
use super::exact::{Exact, Input, decoded};
use super::rows::JsonRows;
use super::text::{push_float, push_json_string};

/// How cursors hold a date with a time.
const LOCAL: &str = "%Y-%m-%dT%H:%M:%S%.f";

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
    let mut rows = JsonRows::new(limits.max_bytes, statement.exact);
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

fn bind(arguments: &mut MySqlArguments, input: Input) -> Result<(), sqlx::error::BoxDynError> {
    let local = |text: &str| NaiveDateTime::parse_from_str(text, LOCAL);
    match (input.exact, input.value) {
        (Some(Exact::Double(bits)), _) => arguments.add(f64::from_bits(bits)),
        (Some(Exact::Single(bits)), _) => arguments.add(f32::from_bits(bits)),
        (Some(Exact::Bytes(text)), _) => arguments.add(decoded(&text)),
        (Some(Exact::Decimal(text)), _) => arguments.add(DecimalText(text)),
        (Some(Exact::Local(text)), _) => arguments.add(local(&text)?),
        (Some(Exact::Instant(text)), _) => arguments.add(local(&text)?.and_utc()),
        (Some(Exact::Text(text)), _) => arguments.add(text),
        (Some(Exact::Integer(number)), _) => arguments.add(number),
        (_, Value::Null) => arguments.add(None::<i64>),
        (_, Value::Bool(value)) => arguments.add(value),
        (_, Value::Number(number)) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => arguments.add(integer),
            (None, Some(integer)) => arguments.add(integer),
            (None, None) => arguments.add(number.as_f64()),
        },
        (_, Value::String(text)) => arguments.add(text),
        (_, nested @ (Value::Array(_) | Value::Object(_))) => arguments.add(nested.to_string()),
    }
}

/// A number of any length: as text of another type it would be compared as a float.
struct DecimalText(String);

impl sqlx::Type<sqlx::MySql> for DecimalText {
    fn type_info() -> MySqlTypeInfo {
        <rust_decimal::Decimal as sqlx::Type<sqlx::MySql>>::type_info()
    }
}

impl sqlx::Encode<'_, sqlx::MySql> for DecimalText {
    fn encode_by_ref(&self, buffer: &mut Vec<u8>) -> Result<IsNull, sqlx::error::BoxDynError> {
        <&str as sqlx::Encode<'_, sqlx::MySql>>::encode_by_ref(&self.0.as_str(), buffer)
    }
}

fn push_row(rows: &mut JsonRows, row: &MySqlRow) -> Result<(), RunError> {
    rows.row(
        row.columns().iter().map(Column::name),
        |index, out| {
            let written = typed(row, index, |ty| push_cell(out, row, index, ty))?;
            if written.is_none() {
                out.extend_from_slice(b"null");
            }
            Ok(())
        },
        |index| match typed(row, index, |ty| exact(row, index, ty))? {
            Some(exact) => Ok(exact),
            None => refuse_zero(row, index).map(|()| None),
        },
    )
}

/// What `read` makes of a cell, given the name of its type; nothing when it is NULL.
fn typed<T>(
    row: &MySqlRow,
    index: usize,
    read: impl FnOnce(&str) -> Result<T, RunError>,
) -> Result<Option<T>, RunError> {
    let value = row.try_get_raw(index)?;
    if value.is_null() {
        return Ok(None);
    }
    let ty = value.type_info();
    // A collation that compares bytes makes text look like a BLOB by name; MariaDB's JSON has one.
    let is_text = <str as sqlx::Type<sqlx::MySql>>::compatible(&ty);
    read(match ty.name() {
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" if is_text => "TEXT",
        name => name,
    })
    .map(Some)
}

/// `0000-00-00` is null to the driver, but has bytes. The server takes it for NULL in some places and for
/// a date in others, so no page could continue after it.
fn refuse_zero(row: &MySqlRow, index: usize) -> Result<(), RunError> {
    match row.try_get_unchecked::<&[u8], _>(index) {
        Ok(_) => {
            let name = row.column(index).name();
            let message = format!("column {name} is 0000-00-00, which cannot stand in a key; NULLIF makes it null");
            Err(RunError::Decode(message))
        }
        Err(_) => Ok(()),
    }
}

/// What [`push_cell`] does not show.
fn exact(row: &MySqlRow, index: usize, ty: &str) -> Result<Option<Exact>, RunError> {
    Ok(match ty {
        "FLOAT" => Some(Exact::Single(row.try_get_unchecked::<f32, _>(index)?.to_bits())),
        "DOUBLE" => Some(Exact::Double(row.try_get_unchecked::<f64, _>(index)?.to_bits())),
        "DECIMAL" => Some(Exact::Decimal(row.try_get_unchecked(index)?)),
        "BOOLEAN" => Some(Exact::Integer(row.try_get_unchecked(index)?)),
        "DATETIME" => {
            let local: NaiveDateTime = row.try_get_unchecked(index)?;
            Some(Exact::Local(local.format(LOCAL).to_string()))
        }
        "TIMESTAMP" => {
            let instant: DateTime<Utc> = row.try_get_unchecked(index)?;
            Some(Exact::Instant(instant.naive_utc().format(LOCAL).to_string()))
        }
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
            Some(Exact::bytes(row.try_get_unchecked::<&[u8], _>(index)?))
        }
        _ => None,
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
        "TIME" => push_json_string(out, &clock(&row.try_get_unchecked(index)?)),
        "DATETIME" => push_json_string(out, &rfc3339(row.try_get_unchecked::<NaiveDateTime, _>(index)?.and_utc())),
        "TIMESTAMP" => push_json_string(out, &rfc3339(row.try_get_unchecked(index)?)),
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

/// `03:04:05.5`; more than a day and less than nothing are times as well.
fn clock(time: &MySqlTime) -> String {
    let text = time.to_string();
    let (sign, magnitude) = text.strip_prefix('-').map_or(("", text.as_str()), |magnitude| ("-", magnitude));
    format!("{sign}{}{magnitude}", if time.hours() < 10 { "0" } else { "" })
}

fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
