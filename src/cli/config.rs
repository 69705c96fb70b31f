//! `pleach config`

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::app::config::json_schema::json_schema;
use crate::platform::base::span::SourceMap;

use super::Outcome;
use super::arguments::GraphArguments;
use super::compose::failed;

/// Print the configuration, or its JSON Schema
#[derive(Args, Debug)]
pub(super) struct ConfigCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// The JSON Schema of pleach.yaml, from which editors complete it
    Schema,
    /// What is in effect: defaults, file and environment together; secrets are hidden
    Show(GraphArguments),
}

// === impl ConfigCommand ===

impl ConfigCommand {
    pub(super) fn run(self) -> Outcome {
        match self.what {
            What::Schema => println!("{:#}", json_schema()),
            What::Show(graph) => {
                let mut files = SourceMap::new();
                match graph.settings().read(&mut files).whole() {
                    Ok((config, _)) => print!("{}", serde_saphyr::to_string(config)?),
                    Err(mistakes) => return Ok(failed(&files, &mistakes)),
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
