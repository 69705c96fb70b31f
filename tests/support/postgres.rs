//! A PostgreSQL server of one's own: a child process on a free loopback port, its data in a
//! temporary folder. Where no server is installed the test is skipped, loudly; in CI it fails.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server; dropped, it stops and its data vanishes.
pub struct PostgresServer {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl PostgresServer {
    /// Starts a server, or tells why there is none.
    ///
    /// # Panics
    /// In CI (`CI=true`) when no server is installed, and anywhere when an installed one does not
    /// start.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "CI has no PostgreSQL server");
            eprintln!("SKIPPED: no PostgreSQL server (initdb, postgres) is installed");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        open_to_all(folder.path());
        let user = unprivileged(folder.path());
        let mut initdb = command(&user, &programs.join("initdb"));
        run(initdb.args(["-A", "trust", "-U", "postgres", "-N", "-D"]).arg(&data));
        let port = free_port();
        let mut server = command(&user, &programs.join("postgres"));
        server.arg("-D").arg(&data).args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k", "", "-F"]);
        let child = server.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("postgres starts");
        let mut server = Self { child, port, _folder: folder };
        server.wait();
        Some(server)
    }

    /// The URL of the database `postgres`.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn wait(&mut self) {
        let until = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.try_wait().expect("the child can be asked");
            if ended.is_some() || Instant::now() > until {
                let mut log = String::new();
                let _ = self.child.kill();
                let _ = self.child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut log));
                panic!("PostgreSQL did not start:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder that holds `initdb` and `postgres`.
fn programs() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    folders.push("/usr/local/bin".into());
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

/// PostgreSQL refuses to run as root: then another user runs it.
fn unprivileged(folder: &Path) -> Option<&'static str> {
    let owner = Command::new("id").arg("-u").output().expect("id runs").stdout;
    if String::from_utf8_lossy(&owner).trim() != "0" {
        return None;
    }
    let exists = |user: &&&str| Command::new("id").arg(user).output().is_ok_and(|output| output.status.success());
    let user = ["postgres", "nobody"].iter().find(exists).expect("a user other than root");
    run(Command::new("chown").arg(user).arg(folder));
    Some(user)
}

fn command(user: &Option<&str>, program: &Path) -> Command {
    match user {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", user, "--clear-groups"]).arg(program).current_dir("/");
            command
        }
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(unix)]
fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("the folder is ours");
}

#[cfg(not(unix))]
fn open_to_all(_: &Path) {}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
