//! A MariaDB server of one's own: it speaks MySQL's protocol.

use super::server_process::{ServerProcess, command, programs};

/// A running server; dropped, it stops and its data vanishes.
pub struct MariaDbServer(ServerProcess);

impl MariaDbServer {
    /// Starts a server, or tells why there is none.
    ///
    /// # Panics
    /// In CI (`CI=true`) when no server is installed, and anywhere when an installed one does not
    /// start.
    pub fn start() -> Option<Self> {
        let folders = || ["/usr/bin", "/usr/sbin"].map(std::path::PathBuf::from);
        let install = programs("MariaDB", &["mariadb-install-db"], folders())?.join("mariadb-install-db");
        let server = programs("MariaDB", &["mariadbd"], folders())?.join("mariadbd");
        let process = ServerProcess::start(
            |folder, user| {
                let mut install = command(user, &install);
                install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
                install.arg(format!("--datadir={}", folder.join("data").display()));
                install
            },
            |folder, user, port| {
                let mut server = command(user, &server);
                server.args(["--no-defaults", "--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0"]);
                server.arg(format!("--datadir={}", folder.join("data").display()));
                server.arg(format!("--socket={}", folder.join("socket").display()));
                server.arg(format!("--pid-file={}", folder.join("pid").display()));
                server.arg(format!("--port={port}"));
                server
            },
        );
        Some(Self(process))
    }

    /// The URL of the database `mysql`'s server, for its root user without a password.
    pub fn url(&self, database: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{database}", self.0.port())
    }
}
