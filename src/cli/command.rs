//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::{check, compose, config, demo, health, plan, serve};

/// How a command ended.
pub(super) type Outcome = anyhow::Result<ExitCode>;

/// Joins REST, gRPC, SQL, GraphQL and in-process systems into one GraphQL schema.
#[derive(Parser, Debug)]
#[command(name = "pleach", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "First steps:\n  pleach demo                 a graph of five systems, with nothing to install\n  \
                        pleach check                finds mistakes in schema/ and pleach.yaml\n  \
                        pleach serve --dev          serves schema/ with a playground\n  \
                        pleach plan '{ me { name } }'   shows which calls an operation takes"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Demo(demo::DemoCommand),
    Serve(serve::Serve),
    Check(check::Check),
    Compose(compose::Compose),
    Plan(plan::Plan),
    Config(config::ConfigCommand),
    Health(health::Health),
}

/// Reads the command line and runs the command. A mistake in it ends the process with code 2.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Demo(command) => command.run().await,
            Command::Serve(command) => command.run().await,
            Command::Check(command) => command.run().await,
            Command::Compose(command) => command.run().await,
            Command::Plan(command) => command.run().await,
            Command::Config(command) => command.run(),
            Command::Health(command) => command.run().await,
        }
    });
    // What still runs, such as a statement of a database, is not waited for.
    runtime.shutdown_background();
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
