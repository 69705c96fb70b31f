//! A running Pleach: listening, watching its files, and stopping in order.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::gateway::pipeline::Gateway;
use crate::inbound::transport::listen;
use crate::platform::base::span::SourceMap;
use crate::sources::native::NativeSubgraph;

use super::assemble::{Assembled, Assembler};
use super::build::BuildError;
use super::config::listen::ShutdownConfig;
use super::config::tree::Config;
use super::health::Health;
use super::reload::{self, Reload};
use super::routes::front;
use super::settings::{Settings, Settled};

/// How many connections the system may hold until they are accepted; it holds no more than
/// `net.core.somaxconn`. Of a thousand clients that came at once, a quarter had to try again after a
/// second when these were 128.
const BACKLOG: u32 = 4096;

/// A server that listens. Stop it with [`Server::stop`]; dropped, it stops at once.
pub struct Server {
    address: SocketAddr,
    config: Config,
    gateway: Gateway,
    health: Health,
    stop: watch::Sender<bool>,
    listening: JoinHandle<()>,
    reloading: JoinHandle<()>,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Mistakes in configuration or graph.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        reason: io::Error,
    },
}

// === impl Server ===

impl Server {
    /// Reads settings and graph, builds the gateway and listens.
    ///
    /// # Errors
    /// Mistakes in them, or an address that is taken.
    pub async fn start(settings: Settings, natives: Vec<NativeSubgraph>) -> Result<Self, StartError> {
        let read_at = SystemTime::now();
        let mut files = SourceMap::new();
        let settled = settings.read(&mut files);
        let assembler = Assembler::new(natives, settings.environment.clone());
        let assembled = settled.assemble(&assembler, files).await.map_err(BuildError::from)?;
        let Assembled { snapshot, files, findings, watched } = assembled;
        reload::told(&files, &findings);
        let Settled { config, places, .. } = settled;

        let gateway = Gateway::new(snapshot);
        let health = Health::default();
        let front = front(gateway.clone(), &config, &health).map_err(|mistakes| {
            let findings = mistakes.iter().map(|mistake| places.told(mistake)).collect();
            BuildError { files, findings }
        })?;
        let address = config.listen.address;
        let listening = |reason| StartError::Listen { address, reason };
        let listener = bind(address).map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;

        let (stop, stopped) = watch::channel(false);
        let reload = Reload::new(settings, assembler, gateway.clone(), config.clone(), watched, read_at);
        Ok(Self {
            address,
            gateway,
            health,
            listening: tokio::spawn(listen::serve(listener, front, stopped.clone(), config.shutdown.drain.0)),
            reloading: tokio::spawn(reload.run(config.graph.watch.0, stopped)),
            stop,
            config,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was started with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The gateway it serves.
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Stops in order: says it is not ready, waits for that to be noticed, accepts nothing more,
    /// and lets what has begun end within the configured time.
    pub async fn stop(mut self) {
        let ShutdownConfig { delay, drain } = self.config.shutdown.clone();
        self.health.drain();
        tokio::time::sleep(delay.0).await;
        // Both tasks hold a receiver; if they have ended already, there is nobody to tell.
        let _ = self.stop.send(true);
        let _ = (&mut self.listening).await;
        let _ = (&mut self.reloading).await;
        if tokio::time::timeout(drain.0.max(Duration::from_secs(1)), self.gateway.finish_mutations()).await.is_err() {
            tracing::warn!("mutations were still running when the time to drain was over");
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restarted server takes its port at once. Elsewhere this would let others take it.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
        self.reloading.abort();
    }
}
