//! What can go wrong with a statement, and how mappings see it.

use serde_json::{Value, json};
use sqlx::mysql::MySqlDatabaseError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

/// A statement that gave no answer.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum RunError {
    /// The database refused it: `$response.error`.
    Database(Value),
    /// A value does not fit its parameter.
    BadInput(String),
    /// No connection, or it broke.
    Transport(String),
    /// No connection of the pool became free in time.
    Busy,
    /// The answer holds something that cannot be read.
    Decode(String),
    /// The answer is larger than allowed.
    TooLarge,
    /// The deadline passed.
    Timeout,
}

impl From<sqlx::Error> for RunError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) if is_cancelled(&*error) => Self::Timeout,
            sqlx::Error::Database(error) => Self::Database(value(&*error)),
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::Decode(error) => Self::Decode(error.to_string()),
            sqlx::Error::ColumnDecode { index, source } => Self::Decode(format!("column {index}: {source}")),
            sqlx::Error::Encode(error) => Self::BadInput(error.to_string()),
            other => Self::Transport(other.to_string()),
        }
    }
}

/// The database gave the statement up because it took too long: PostgreSQL's `query_canceled`,
/// MySQL's `ER_QUERY_TIMEOUT`, MariaDB's `ER_STATEMENT_TIMEOUT`, or SQLite's `SQLITE_INTERRUPT`, which
/// only our own look at the deadline causes.
fn is_cancelled(error: &(dyn sqlx::error::DatabaseError + 'static)) -> bool {
    if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
        return matches!(error.number(), 3024 | 1969);
    }
    let code = if error.try_downcast_ref::<PgDatabaseError>().is_some() {
        "57014"
    } else if error.try_downcast_ref::<SqliteError>().is_some() {
        "9"
    } else {
        return false;
    };
    error.code().is_some_and(|own| own == code)
}

/// `{ code, sqlstate, constraint, table, message }`; what is not known is null.
fn value(error: &(dyn sqlx::error::DatabaseError + 'static)) -> Value {
    let postgres = error.try_downcast_ref::<PgDatabaseError>();
    let mysql = error.try_downcast_ref::<MySqlDatabaseError>();
    let code = match mysql {
        Some(error) => Some(error.number().to_string()),
        None => error.code().map(|code| code.into_owned()),
    };
    let sqlstate =
        (postgres.is_some() || mysql.is_some()).then(|| error.code().map(|code| code.into_owned())).flatten();
    json!({
        "code": code,
        "sqlstate": sqlstate,
        "constraint": error.constraint(),
        "table": error.table(),
        "message": error.message(),
    })
}
