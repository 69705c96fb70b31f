//! One database: statements in, JSON text out.

use std::sync::Arc;
use std::time::Duration;

use crate::platform::base::Name;
use crate::platform::base::deadline::Deadline;

use super::address::Address;
use super::error::RunError;
use super::exact::Input;
use super::mysql::MySql;
use super::postgres::Postgres;
use super::rows::RowsText;
use super::sqlite::{Declared, Sqlite};

/// A database with its pools: one whose connections can only read, one that writes. Connections
/// are opened by the first statement that needs one.
#[derive(Debug)]
pub struct Database {
    driver: Driver,
}

#[derive(Debug)]
enum Driver {
    Postgres(Postgres),
    MySql(MySql),
    Sqlite(Sqlite),
}

/// A statement whose values are known.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Statement {
    /// Text with placeholders of the driver's kind; never a value.
    pub(super) text: Arc<str>,
    /// One value a placeholder.
    pub(super) values: Vec<Input>,
    /// Result columns whose cells are wanted exactly, for cursors.
    pub(super) exact: Vec<Name>,
}

/// How a database's SQL is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Sql {
    /// How placeholders are written.
    pub(super) placeholders: Placeholders,
    /// Whether NULL comes after all values in ascending order; before them otherwise.
    pub(super) nulls_last: bool,
}

/// How placeholders are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Placeholders {
    /// `$1`, `$2`
    Numbered,
    /// `?`
    Question,
}

/// What bounds a statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// By when it must be done.
    pub(super) deadline: Deadline,
    /// How large its answer may be as JSON.
    pub(super) max_bytes: usize,
}

/// A statement's answer.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Answer {
    /// The rows.
    Rows(RowsText),
    /// The statement yields no columns.
    Done {
        /// Rows it changed.
        rows_affected: u64,
        /// The key the database generated, where it tells.
        last_insert_id: Option<i64>,
    },
}

/// How pools are sized (connect language §3.3, `SQLPool`).
#[derive(Clone, Copy, Debug)]
pub(super) struct PoolSize {
    pub(super) max: u32,
    pub(super) acquire: Duration,
    pub(super) idle: Duration,
    pub(super) lifetime: Duration,
    /// After which a server should give up a statement by itself.
    pub(super) statement: Duration,
}

// === impl Database ===

impl Database {
    /// A database at `address`. Nothing is opened yet. `timeout` is how long a statement may take
    /// before the server itself stops it, where it can.
    pub fn new(address: Address, timeout: Duration) -> Self {
        let size = PoolSize {
            max: 10,
            acquire: Duration::from_secs(2),
            idle: Duration::from_secs(600),
            lifetime: Duration::from_secs(1_800),
            statement: timeout,
        };
        let driver = match address {
            Address::Postgres(options) => Driver::Postgres(Postgres::new(*options, size)),
            Address::MySql(options) => Driver::MySql(MySql::new(*options, size)),
            Address::Sqlite(options) => Driver::Sqlite(Sqlite::new(*options, size)),
        };
        Self { driver }
    }

    pub(super) fn sql(&self) -> Sql {
        match self.driver {
            Driver::Postgres(_) => Sql { placeholders: Placeholders::Numbered, nulls_last: true },
            Driver::MySql(_) | Driver::Sqlite(_) => Sql { placeholders: Placeholders::Question, nulls_last: false },
        }
    }

    /// Runs one statement that reads.
    pub(super) async fn query(&self, statement: Statement, limits: Limits) -> Result<Answer, RunError> {
        let run = async {
            match &self.driver {
                Driver::Postgres(driver) => driver.query(statement, limits).await,
                Driver::MySql(driver) => driver.query(statement, limits).await,
                Driver::Sqlite(driver) => driver.query(statement, limits).await,
            }
        };
        within(limits.deadline, run).await
    }

    /// Opens a transaction that may write.
    pub(super) async fn begin(&self, limits: Limits) -> Result<Transaction, RunError> {
        let begin = async {
            Ok(match &self.driver {
                Driver::Postgres(driver) => Transaction::Postgres(driver.begin().await?),
                Driver::MySql(driver) => Transaction::MySql(driver.begin().await?),
                Driver::Sqlite(driver) => {
                    let (transaction, declared) = driver.begin(limits).await?;
                    Transaction::Sqlite(transaction, declared)
                }
            })
        };
        within(limits.deadline, begin).await
    }
}

/// An open transaction; dropped without [`Transaction::commit`] it is rolled back.
pub(super) enum Transaction {
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
    MySql(sqlx::Transaction<'static, sqlx::MySql>),
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>, Declared),
}

// === impl Transaction ===

impl Transaction {
    pub(super) async fn run(&mut self, statement: Statement, limits: Limits) -> Result<Answer, RunError> {
        let run = async {
            match self {
                Self::Postgres(transaction) => super::postgres::run(transaction, statement, limits).await,
                Self::MySql(transaction) => super::mysql::run(transaction, statement, limits).await,
                Self::Sqlite(transaction, declared) => {
                    super::sqlite::run(transaction, declared, statement, limits).await
                }
            }
        };
        within(limits.deadline, run).await
    }

    pub(super) async fn commit(self, limits: Limits) -> Result<(), RunError> {
        let commit = async {
            match self {
                Self::Postgres(transaction) => transaction.commit().await,
                Self::MySql(transaction) => transaction.commit().await,
                Self::Sqlite(transaction, _) => transaction.commit().await,
            }
            .map_err(RunError::from)
        };
        within(limits.deadline, commit).await
    }
}

async fn within<T>(deadline: Deadline, work: impl Future<Output = Result<T, RunError>>) -> Result<T, RunError> {
    tokio::time::timeout_at(deadline.instant().into(), work).await.unwrap_or(Err(RunError::Timeout))
}
