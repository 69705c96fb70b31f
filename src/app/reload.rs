//! A changed file becomes a new snapshot; a mistaken one changes nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::gateway::pipeline::Gateway;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

use super::assemble::{Assembled, Assembler};
use super::config::tree::Config;
use super::graph::Unloaded;
use super::settings::Settings;

/// How long files must not have changed before they are read.
const SETTLE: Duration = Duration::from_millis(200);
/// How often that is looked at; whoever writes without a pause is read in between.
const MAX_LOOKS: usize = 25;
/// A file's time of writing may lag behind the clock by a tick of the system's.
const CLOCK_STEP: Duration = Duration::from_millis(20);

/// Reads configuration and graph again and puts them into service.
pub struct Reload {
    settings: Settings,
    assembler: Assembler,
    gateway: Gateway,
    /// The configuration the process was started with.
    started: Config,
    watched: Vec<PathBuf>,
    /// What the files were when they were read.
    seen: Stamps,
}

// === impl Reload ===

impl Reload {
    /// Reloads for `gateway`, which was made of `started`; `watched` are the files behind it, which
    /// were read after `read_at`.
    pub fn new(
        settings: Settings,
        assembler: Assembler,
        gateway: Gateway,
        started: Config,
        watched: Vec<PathBuf>,
        read_at: SystemTime,
    ) -> Self {
        let seen = as_read(&watched, read_at);
        Self { settings, assembler, gateway, started, watched, seen }
    }

    /// Looks at the files every `interval` (never if zero), and reloads when one has changed or the
    /// process gets a hang-up signal; until `stop` says true.
    pub async fn run(mut self, interval: Duration, mut stop: watch::Receiver<bool>) {
        let mut hang_up = HangUp::new();
        loop {
            let told = tokio::select! {
                _ = stop.wait_for(|&stop| stop) => return,
                () = hang_up.wait() => true,
                () = pause(interval) => false,
            };
            if !told {
                if stamps(&self.watched) == self.seen {
                    continue;
                }
                tokio::select! {
                    _ = stop.wait_for(|&stop| stop) => return,
                    () = settled(&self.watched, interval.min(SETTLE)) => {}
                }
            }
            let read_at = SystemTime::now();
            self.reload().await;
            self.seen = as_read(&self.watched, read_at);
        }
    }

    async fn reload(&mut self) {
        let mut files = SourceMap::new();
        let settled = self.settings.read(&mut files);
        let assembled = settled.assemble(&self.assembler, files).await;
        // What is wrong has its default, which is no change.
        let now = settled.whole().map(|(config, _)| config);
        for section in now.map(|config| needs_restart(&self.started, config)).unwrap_or_default() {
            tracing::warn!(section, "this section has changed; it takes effect when Pleach is started again");
        }
        match assembled {
            Ok(Assembled { snapshot, files, findings, watched }) => {
                told(&files, &findings);
                self.watched = watched;
                let planned = self.gateway.swap(snapshot).await;
                tracing::info!("operations.planned" = planned, "reloaded");
            }
            Err(Unloaded { files, findings, watched }) => {
                refused(&files, &findings);
                self.watched = watched;
            }
        }
    }
}

/// Logs what was found in files that work.
pub fn told(files: &SourceMap, findings: &[Diagnostic]) {
    for finding in findings {
        let text = finding.render(files);
        match finding.severity {
            crate::platform::base::diagnostic::Severity::Hint => tracing::debug!("{}", text.trim_end()),
            _ => tracing::warn!("{}", text.trim_end()),
        }
    }
}

fn refused(files: &SourceMap, findings: &[Diagnostic]) {
    for finding in findings.iter().filter(|finding| finding.is_error()) {
        tracing::error!("{}", finding.render(files).trim_end());
    }
    tracing::error!("not reloaded: the graph in service stays");
}

/// Sections that differ and are read only at start.
fn needs_restart(started: &Config, now: &Config) -> Vec<&'static str> {
    let sections = [
        ("listen", started.listen != now.listen),
        ("http", started.http != now.http),
        ("graph.playground", started.graph.playground != now.graph.playground),
        ("graph.watch", started.graph.watch != now.graph.watch),
        ("telemetry", started.telemetry != now.telemetry),
        ("shutdown", started.shutdown != now.shutdown),
    ];
    sections.into_iter().filter(|(_, differs)| *differs).map(|(section, _)| section).collect()
}

async fn pause(interval: Duration) {
    if interval.is_zero() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(interval).await;
}

/// When a file was written and how long it is; nothing when it is not there.
type Stamp = Option<(SystemTime, u64)>;
type Stamps = BTreeMap<PathBuf, Stamp>;

/// Waits until nothing changes any more, so that no half of a file is read; but not for ever.
async fn settled(paths: &[PathBuf], pause: Duration) {
    let mut before = stamps(paths);
    for _ in 0..MAX_LOOKS {
        tokio::time::sleep(pause).await;
        let now = stamps(paths);
        if now == before {
            return;
        }
        before = now;
    }
}

/// The state of files that were read after `read_at`. What was written since may have been read or
/// not, so it counts as not seen, and is read again.
fn as_read(paths: &[PathBuf], read_at: SystemTime) -> Stamps {
    let sure = read_at.checked_sub(CLOCK_STEP).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut stamps = stamps(paths);
    stamps.retain(|_, stamp| stamp.is_none_or(|(written, _)| written < sure));
    stamps
}

/// The state of files, and of the files in folders.
fn stamps(paths: &[PathBuf]) -> Stamps {
    let mut stamps = BTreeMap::new();
    for path in paths {
        stamps.insert(path.clone(), stamp(path));
        if let Ok(entries) = std::fs::read_dir(path) {
            for entry in entries.flatten() {
                stamps.insert(entry.path(), stamp(&entry.path()));
            }
        }
    }
    stamps
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// The hang-up signal, where there are signals.
struct HangUp {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

// === impl HangUp ===

impl HangUp {
    fn new() -> Self {
        Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
        }
    }

    async fn wait(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal {
            signal.recv().await;
            return;
        }
        std::future::pending::<()>().await;
    }
}
