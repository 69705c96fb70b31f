//! A PostgreSQL server of one's own.

use super::server_process::{ServerProcess, command, programs};

/// A running server; dropped, it stops and its data vanishes.
pub struct PostgresServer(ServerProcess);

impl PostgresServer {
    /// Starts a server, or tells why there is none.
    ///
    /// # Panics
    /// In CI (`CI=true`) when no server is installed, and anywhere when an installed one does not
    /// start.
    pub fn start() -> Option<Self> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let folders = versions.map(|version| version.path().join("bin"));
        let programs = programs("PostgreSQL", &["initdb", "postgres"], folders)?;
        let process = ServerProcess::start(
            |folder, user| {
                let mut initdb = command(user, &programs.join("initdb"));
                initdb.args(["-A", "trust", "-U", "postgres", "-N", "-D"]).arg(folder.join("data"));
                initdb
            },
            |folder, user, port| {
                let mut server = command(user, &programs.join("postgres"));
                server.arg("-D").arg(folder.join("data"));
                server.args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k", "", "-F"]);
                server
            },
        );
        Some(Self(process))
    }

    /// The URL of the database `postgres`.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.0.port())
    }
}
