//! `pleach check`

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::app::assemble::{Assembled, Assembler};
use crate::app::graph::Unloaded;
use crate::platform::base::diagnostic::{Diagnostic, Severity};
use crate::platform::base::span::SourceMap;

use super::Outcome;
use super::arguments::GraphArguments;
use super::report::{self, Format};

/// Find mistakes in the graph and the configuration
///
/// Composes the graph and reads the configuration, and reports everything found at once, each
/// finding at file, line and column. Exit code 1 if there are errors. No system is called.
#[derive(Args, Debug)]
pub(super) struct Check {
    #[command(flatten)]
    graph: GraphArguments,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Take warnings for errors
    #[arg(long)]
    strict: bool,
}

// === impl Check ===

impl Check {
    pub(super) async fn run(self) -> Outcome {
        let settings = self.graph.settings();
        let mut files = SourceMap::new();
        let settled = settings.read(&mut files);
        let assembler = Assembler::new(Vec::new(), settings.environment.clone());
        let (Ok(Assembled { files, findings, .. }) | Err(Unloaded { files, findings, .. })) =
            settled.assemble(&assembler, files).await;
        let wrong = |finding: &Diagnostic| match finding.severity {
            Severity::Error => true,
            Severity::Warning => self.strict,
            Severity::Hint => false,
        };
        let ok = !findings.iter().any(wrong);
        match self.format {
            Format::Text => {
                report::print(&files, &findings);
                println!("{}", report::summary(&findings));
            }
            Format::Json => {
                let answer = json!({ "ok": ok, "findings": report::to_json(&files, &findings) });
                println!("{answer:#}");
            }
        }
        Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
