//! A SQLite database of an outside system.

use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::sync::Mutex;

/// A database in a file.
#[derive(Debug)]
pub struct DemoDatabase {
    file: PathBuf,
    lock: Mutex<Option<SqliteConnection>>,
}

// === impl DemoDatabase ===

impl DemoDatabase {
    /// Creates the file and runs the scripts in it.
    ///
    /// # Errors
    /// When the file cannot be written or a script fails.
    pub async fn create(file: &Path, scripts: &[&'static str]) -> Result<Self, sqlx::Error> {
        let mut connection = options(file).create_if_missing(true).connect().await?;
        for script in scripts {
            sqlx::raw_sql(AssertSqlSafe(*script)).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(Self { file: file.to_owned(), lock: Mutex::new(None) })
    }

    /// Its `sqlite:` URL.
    pub fn url(&self) -> String {
        let path = self.file.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
        format!("sqlite://{path}")
    }

    /// Makes every reader and writer wait, as a database that hangs does: a transaction of ours
    /// holds the file's exclusive lock until [`DemoDatabase::resume`].
    ///
    /// # Errors
    /// When somebody else holds a lock for longer than five seconds.
    pub async fn stop(&self) -> Result<(), sqlx::Error> {
        let mut lock = self.lock.lock().await;
        if lock.is_none() {
            let mut connection = options(&self.file).connect().await?;
            sqlx::query("BEGIN EXCLUSIVE").execute(&mut connection).await?;
            *lock = Some(connection);
        }
        Ok(())
    }

    /// Lets readers and writers in again.
    ///
    /// # Errors
    /// When the connection that holds the lock cannot be closed; the lock is gone in any case.
    pub async fn resume(&self) -> Result<(), sqlx::Error> {
        match self.lock.lock().await.take() {
            Some(connection) => connection.close().await,
            None => Ok(()),
        }
    }
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(file).foreign_keys(true)
}
