//! A database server of one's own: a child process on a free loopback port, its data in a
//! temporary folder. Where no server is installed the test is skipped, loudly; in CI it fails.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server process; dropped, it stops and its data vanishes.
pub struct ServerProcess {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl ServerProcess {
    /// Makes a data folder with `prepare` and starts the server with `serve`; both get the folder,
    /// and the user they should run as if not as ourselves.
    ///
    /// # Panics
    /// When an installed server does not start.
    pub fn start(
        prepare: impl FnOnce(&Path, Option<&str>) -> Command,
        serve: impl FnOnce(&Path, Option<&str>, u16) -> Command,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        open_to_all(folder.path());
        let user = unprivileged(folder.path());
        let mut prepare = prepare(folder.path(), user);
        run(&mut prepare);
        let port = free_port();
        let mut serve = serve(folder.path(), user, port);
        let child = serve.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the server starts");
        let mut server = Self { child, port, _folder: folder };
        server.wait();
        server
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn wait(&mut self) {
        let until = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.try_wait().expect("the child can be asked");
            if ended.is_some() || Instant::now() > until {
                let mut log = String::new();
                let _ = self.child.kill();
                let _ = self.child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut log));
                panic!("the server did not start:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first folder with all of these programs, of `PATH` and `more`; tells when there is none.
///
/// # Panics
/// In CI (`CI=true`) when there is none.
pub fn programs(server: &str, names: &[&str], more: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    folders.extend(more);
    let found = folders.into_iter().find(|folder| names.iter().all(|name| folder.join(name).exists()));
    if found.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI has no {server} server");
        eprintln!("SKIPPED: no {server} server ({}) is installed", names.join(", "));
    }
    found
}

/// Database servers refuse to run as root: then another user runs them.
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

/// A command that runs as `user`.
pub fn command(user: Option<&str>, program: &Path) -> Command {
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
