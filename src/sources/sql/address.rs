//! Which database, and how to reach it.

use std::str::FromStr;
use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

/// A database's address; its scheme has picked the driver.
#[derive(Clone, Debug)]
pub enum Address {
    /// `postgres://` or `postgresql://`
    Postgres(Box<PgConnectOptions>),
    /// `mysql://` or `mariadb://`
    MySql(Box<MySqlConnectOptions>),
    /// `sqlite:`
    Sqlite(Box<SqliteConnectOptions>),
}

/// The text is no database address. It is not repeated, since it may hold a password.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AddressError {
    /// No scheme we know.
    #[error("a database URL starts with postgres://, mysql:// or sqlite:")]
    Scheme,
    /// The driver cannot read the rest.
    #[error("the {0} URL cannot be read")]
    Malformed(&'static str),
}

// === impl Address ===

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// When the scheme is unknown or the driver cannot read the rest.
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        let url = url.trim();
        match url.split(':').next().unwrap_or("") {
            "postgres" | "postgresql" => PgConnectOptions::from_str(url)
                .map(|options| Self::Postgres(Box::new(options.application_name("pleach"))))
                .map_err(|_| AddressError::Malformed("PostgreSQL")),
            "mysql" | "mariadb" => MySqlConnectOptions::from_str(url)
                .map(|options| Self::MySql(Box::new(options)))
                .map_err(|_| AddressError::Malformed("MySQL")),
            "sqlite" => SqliteConnectOptions::from_str(url)
                .map(|options| Self::Sqlite(Box::new(options.foreign_keys(true).busy_timeout(Duration::from_secs(5)))))
                .map_err(|_| AddressError::Malformed("SQLite")),
            _ => Err(AddressError::Scheme),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_picks_the_driver_and_errors_hide_the_url() {
        assert!(matches!(Address::parse("postgres://u:p@h/d"), Ok(Address::Postgres(_))));
        assert!(matches!(Address::parse("mysql://u:p@h/d"), Ok(Address::MySql(_))));
        assert!(matches!(Address::parse("sqlite::memory:"), Ok(Address::Sqlite(_))));
        let error = Address::parse("postgres://u:secret@h:notaport/d").unwrap_err().to_string();
        assert_eq!(error, "the PostgreSQL URL cannot be read");
        assert_eq!(Address::parse("oracle://x").unwrap_err(), AddressError::Scheme);
    }
}
