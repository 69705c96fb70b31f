//! `pleach serve`

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::app::server::Server;
use crate::platform::base::span::SourceMap;
use crate::platform::telemetry::config::LogsConfig;
use crate::platform::telemetry::logging;

use super::Outcome;
use super::arguments::GraphArguments;

/// Serve a graph over HTTP
///
/// Reads pleach.yaml if there is one, composes the graph and answers on listen.address
/// (127.0.0.1:4000). Changed files are taken into service without dropping a request; files with
/// mistakes change nothing.
#[derive(Args, Debug)]
pub(super) struct Serve {
    #[command(flatten)]
    graph: GraphArguments,
    /// The port to listen on; 0 takes any that is free
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// For development: open introspection, the playground, plans and full error messages
    #[arg(long)]
    dev: bool,
}

// === impl Serve ===

impl Serve {
    pub(super) async fn run(self) -> Outcome {
        let mut settings = self.graph.settings();
        settings.overrides.port = self.port;
        settings.overrides.dev = self.dev;
        // Mistakes in the configuration are told by the start below.
        let logs = settings.read(&mut SourceMap::new()).config.telemetry.logs;
        let logs = if logging::check(&logs).is_ok() { logs } else { LogsConfig::default() };
        logging::start(&logs).context("telemetry")?;
        if self.dev {
            tracing::warn!("--dev: introspection, playground, plans and full error messages are open to everybody");
        }
        let server = Server::start(settings, Vec::new()).await?;
        tracing::info!("serving http://{}{}", server.address(), server.config().listen.path);
        stop_signal().await;
        tracing::info!("stopping");
        server.stop().await;
        Ok(ExitCode::SUCCESS)
    }
}

/// Ends when the process is told to stop: Ctrl-C, or a termination signal.
pub(super) async fn stop_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
