//! `pleach demo`

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::app::config::tree::Config;
use crate::app::graph::Origin;
use crate::app::server::Server as Gateway;
use crate::app::settings::{Base, Overrides, Settings};
use crate::cli::Outcome;
use crate::cli::serve::stop_signal;
use crate::gateway::pipeline::config::Introspection;
use crate::platform::base::quantity::TimeSpan;
use crate::platform::telemetry::config::LogsConfig;
use crate::platform::telemetry::logging;

use super::showcase::SHOWCASES;
use super::systems::{DemoSystems, System};
use super::token::{DemoIssuer, SCOPES, SUBJECT};

/// Try a graph of five systems, with nothing to install
///
/// Starts a REST service, a gRPC service, two SQLite databases and a federated GraphQL service on
/// free loopback ports, and serves the graph that joins them. Ctrl-C stops everything and leaves
/// nothing behind.
#[derive(Args, Debug)]
pub struct DemoCommand {
    /// The port to listen on; 0 takes any that is free
    #[arg(long, value_name = "N", default_value_t = 4000)]
    port: u16,
    /// Stop one of the systems again, to see what is answered without it; may be repeated
    #[arg(long, value_name = "SYSTEM", value_enum)]
    without: Vec<System>,
    /// What is logged: a level, or directives such as warn,pleach::sources=debug
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: String,
}

// === impl DemoCommand ===

impl DemoCommand {
    pub(in crate::cli) async fn run(self) -> Outcome {
        let logs = LogsConfig { level: self.log.clone(), ..LogsConfig::default() };
        logging::start(&logs)?;
        let systems = DemoSystems::start().await?;
        for &system in &self.without {
            systems.stop(system).await?;
        }
        let issuer = DemoIssuer::new();
        let token = issuer.token(SUBJECT, SCOPES).context("the demo's token")?;
        let gateway = Gateway::start(settings(&systems, &issuer, self.port), Vec::new()).await?;
        print!("{}", welcome(&gateway, &systems, &token, &self.without));
        stop_signal().await;
        println!("\nStopping.");
        gateway.stop().await;
        drop(systems);
        Ok(ExitCode::SUCCESS)
    }
}

/// How the demo's gateway is set up.
pub fn settings(systems: &DemoSystems, issuer: &DemoIssuer, port: u16) -> Settings {
    let mut config = Config { auth: issuer.auth(), ..Config::default() };
    // The reviews service believes the gateway who writes a review.
    config.headers.claims.insert("sub".into(), "x-user-id".into());
    config.graph.introspection = Introspection::On;
    config.graph.playground = crate::app::config::graph::Playground::On;
    config.graph.watch = TimeSpan(std::time::Duration::ZERO);
    config.listen.address.set_port(port);
    Settings {
        base: Base::Fixed(Box::new(config)),
        overrides: Overrides { origin: Some(Origin::Schema(systems.schema())), ..Overrides::default() },
        environment: systems.environment(),
    }
}

fn welcome(gateway: &Gateway, systems: &DemoSystems, token: &str, without: &[System]) -> String {
    let url = format!("http://{}{}", gateway.address(), gateway.config().listen.path);
    let mut text = format!(
        "Pleach demo\n\n  GraphQL     {url}\n  Playground  http://{}/\n\nThe systems behind it:\n\n",
        gateway.address()
    );
    for system in System::value_variants() {
        let (what, address) = systems.describe(*system);
        let state = if without.contains(system) { "  (stopped)" } else { "" };
        text += &format!("  {:<10} {what:<18} {address}{state}\n", system.name());
    }
    text += &format!("\nA token for {SUBJECT}, valid for twelve hours:\n\n  TOKEN={token}\n\nTry:\n");
    for (number, showcase) in SHOWCASES.iter().enumerate() {
        let body = json!({ "query": showcase.query }).to_string();
        let authorization = if showcase.signed_in { " \\\n    -H \"authorization: Bearer $TOKEN\"" } else { "" };
        text += &format!(
            "\n{}. {}\n\n  curl -s {url} -H 'content-type: application/json'{authorization} \\\n    -d '{body}'\n",
            number + 1,
            showcase.about
        );
    }
    text + "\nCtrl-C stops everything.\n"
}
