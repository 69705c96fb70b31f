//! SQLite: values are bound by their JSON type and read by how they are stored.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::sqlite::{
    SqliteArguments, SqliteColumn, SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteRow,
};
use sqlx::{Arguments, AssertSqlSafe, Column, Either, Executor, Row, SqlSafeStr, Statement as _, TypeInfo, ValueRef};

use super::database::{Answer, Limits, PoolSize, Statement};
use super::error::RunError;
use super::exact::{Exact, Input, decoded};
use super::rows::JsonRows;
use super::text::{push_date_time, push_float, push_json_string, push_json_text};

/// After how many steps of its virtual machine SQLite looks at the deadline: well under 1 ms.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Pools of one SQLite database, made by the first statement since they need a runtime.
#[derive(Debug)]
pub(super) struct Sqlite {
    options: SqliteConnectOptions,
    size: PoolSize,
    read: OnceLock<SqlitePool>,
    write: OnceLock<SqlitePool>,
    declared: Declared,
}

/// How tables declare their columns, for the types that the driver does not know; read once a table.
/// Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Declared(Arc<Mutex<HashMap<Arc<str>, Arc<Columns>>>>);

type Columns = HashMap<String, Kind>;

/// How a column's values are told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// As they are stored.
    Stored,
    /// 0 and 1 are `false` and `true`.
    Boolean,
    /// Texts are dates with times.
    DateTime,
    /// Numbers are exact text.
    Decimal,
    /// Texts are JSON.
    Json,
}

// === impl Sqlite ===

impl Sqlite {
    pub(super) fn new(options: SqliteConnectOptions, size: PoolSize) -> Self {
        Self { options, size, read: OnceLock::new(), write: OnceLock::new(), declared: Declared::default() }
    }

    pub(super) async fn query(&self, statement: Statement, limits: Limits) -> Result<Answer, RunError> {
        let pool = self.read.get_or_init(|| self.pool(self.options.clone().pragma("query_only", "1"), self.size.max));
        let mut connection = pool.acquire().await?;
        bound_work(&mut connection, limits).await?;
        run(&mut connection, &self.declared, statement, limits).await
    }

    pub(super) async fn begin(
        &self,
        limits: Limits,
    ) -> Result<(sqlx::Transaction<'static, sqlx::Sqlite>, Declared), RunError> {
        // SQLite has one writer at a time: more connections would only wait for each other.
        let pool = self.write.get_or_init(|| self.pool(self.options.clone(), 1));
        let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
        bound_work(&mut transaction, limits).await?;
        Ok((transaction, self.declared.clone()))
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
    declared: &Declared,
    statement: Statement,
    limits: Limits,
) -> Result<Answer, RunError> {
    let prepared = connection.prepare(AssertSqlSafe(statement.text).into_sql_str()).await?;
    let mut arguments = SqliteArguments::default();
    for value in statement.values {
        bind(&mut arguments, value).map_err(|error| RunError::BadInput(error.to_string()))?;
    }
    let yields_rows = !prepared.columns().is_empty();
    let kinds = declared.kinds(connection, prepared.columns()).await?;
    let mut rows = JsonRows::new(limits.max_bytes, statement.exact);
    let (mut rows_affected, mut last_insert_id) = (0, None);
    let mut results = connection.fetch_many(prepared.query_with(arguments));
    while let Some(result) = results.try_next().await? {
        match result {
            Either::Left(done) => {
                rows_affected += done.rows_affected();
                last_insert_id = Some(done.last_insert_rowid());
            }
            Either::Right(row) => push_row(&mut rows, &row, &kinds)?,
        }
    }
    if !yields_rows {
        return Ok(Answer::Done { rows_affected, last_insert_id });
    }
    Ok(Answer::Rows(rows.finish()))
}

// === impl Declared ===

impl Declared {
    /// How the values of each result column are told.
    async fn kinds(&self, connection: &mut SqliteConnection, columns: &[SqliteColumn]) -> Result<Vec<Kind>, RunError> {
        let mut kinds = Vec::with_capacity(columns.len());
        for column in columns {
            kinds.push(match column.type_info().name() {
                "BOOLEAN" => Kind::Boolean,
                "DATETIME" => Kind::DateTime,
                "INTEGER" | "REAL" | "TEXT" | "BLOB" | "DATE" | "TIME" => Kind::Stored,
                _ => match column.origin().table_column() {
                    Some(origin) => self.kind(connection, &origin.table, &origin.name).await?,
                    None => Kind::Stored,
                },
            });
        }
        Ok(kinds)
    }

    async fn kind(&self, connection: &mut SqliteConnection, table: &Arc<str>, column: &str) -> Result<Kind, RunError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(table).cloned();
        let columns = match known {
            Some(columns) if columns.contains_key(column) => columns,
            _ => {
                // Of another schema than `main`, its name stands before.
                let (schema, name) = table.split_once('.').unwrap_or(("main", table));
                let declared: Vec<(String, String)> = sqlx::query_as("SELECT name, type FROM pragma_table_xinfo(?, ?)")
                    .bind(name)
                    .bind(schema)
                    .fetch_all(connection)
                    .await?;
                let columns = declared.into_iter().map(|(name, ty)| (name, Kind::declared(&ty))).collect();
                let columns = Arc::new(columns);
                self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(table.clone(), Arc::clone(&columns));
                columns
            }
        };
        Ok(columns.get(column).copied().unwrap_or(Kind::Stored))
    }
}

// === impl Kind ===

impl Kind {
    /// Of a type as it is declared, such as `DECIMAL(10, 2)`.
    fn declared(ty: &str) -> Self {
        match ty.split('(').next().unwrap_or("").trim().to_ascii_uppercase().as_str() {
            "DECIMAL" | "NUMERIC" | "DEC" => Self::Decimal,
            "JSON" | "JSONB" => Self::Json,
            "TIMESTAMPTZ" | "TIMESTAMP WITH TIME ZONE" | "TIMESTAMP WITHOUT TIME ZONE" => Self::DateTime,
            _ => Self::Stored,
        }
    }
}

fn bind(arguments: &mut SqliteArguments, input: Input) -> Result<(), sqlx::error::BoxDynError> {
    match (input.exact, input.value) {
        (Some(Exact::Double(bits)), _) => arguments.add(f64::from_bits(bits)),
        (Some(Exact::Bytes(text)), _) => arguments.add(decoded(&text)),
        (Some(Exact::Text(text)), _) => arguments.add(text),
        (Some(Exact::Integer(number)), _) => arguments.add(number),
        (_, Value::Null) => arguments.add(None::<i64>),
        (_, Value::Bool(value)) => arguments.add(value),
        (_, Value::Number(number)) => match number.as_i64() {
            Some(integer) => arguments.add(integer),
            None => arguments.add(number.as_f64()),
        },
        (_, Value::String(text)) => arguments.add(text),
        (_, nested @ (Value::Array(_) | Value::Object(_))) => arguments.add(nested.to_string()),
    }
}

fn push_row(rows: &mut JsonRows, row: &SqliteRow, kinds: &[Kind]) -> Result<(), RunError> {
    let kind = |index: usize| kinds.get(index).copied().unwrap_or(Kind::Stored);
    rows.row(
        row.columns().iter().map(Column::name),
        |index, out| push_cell(out, row, index, kind(index)),
        |index| exact(row, index, kind(index)),
    )
}

fn push_cell(out: &mut Vec<u8>, row: &SqliteRow, index: usize, kind: Kind) -> Result<(), RunError> {
    let value = row.try_get_raw(index)?;
    let stored = value.type_info();
    match stored.name() {
        _ if value.is_null() => out.extend_from_slice(b"null"),
        "INTEGER" | "BOOLEAN" => {
            let number: i64 = row.try_get_unchecked(index)?;
            match (kind, number) {
                (Kind::Boolean, 0) => out.extend_from_slice(b"false"),
                (Kind::Boolean, 1) => out.extend_from_slice(b"true"),
                (Kind::Decimal, _) => push_json_string(out, &number.to_string()),
                _ => out.extend_from_slice(number.to_string().as_bytes()),
            }
        }
        "REAL" => {
            let number: f64 = row.try_get_unchecked(index)?;
            match kind {
                Kind::Decimal => push_json_string(out, &number.to_string()),
                _ => push_float(out, number),
            }
        }
        "BLOB" => push_json_string(out, &STANDARD.encode(row.try_get_unchecked::<Vec<u8>, _>(index)?)),
        _ => {
            let text: &str = row.try_get_unchecked(index)?;
            match kind {
                Kind::DateTime => push_date_time(out, text),
                Kind::Json => push_json_text(out, text),
                _ => push_json_string(out, text),
            }
        }
    }
    Ok(())
}

/// What [`push_cell`] does not show.
fn exact(row: &SqliteRow, index: usize, kind: Kind) -> Result<Option<Exact>, RunError> {
    let value = row.try_get_raw(index)?;
    let stored = value.type_info();
    Ok(match stored.name() {
        _ if value.is_null() => None,
        "INTEGER" | "BOOLEAN" => match kind {
            Kind::Boolean | Kind::Decimal => Some(Exact::Integer(row.try_get_unchecked(index)?)),
            _ => None,
        },
        "REAL" => Some(Exact::Double(row.try_get_unchecked::<f64, _>(index)?.to_bits())),
        "BLOB" => Some(Exact::bytes(&row.try_get_unchecked::<Vec<u8>, _>(index)?)),
        _ => match kind {
            Kind::DateTime | Kind::Json => Some(Exact::Text(row.try_get_unchecked::<String, _>(index)?)),
            _ => None,
        },
    })
}
