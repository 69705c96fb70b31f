//! How findings are printed.

use clap::ValueEnum;
use serde_json::json;

use crate::platform::base::diagnostic::{Diagnostic, Severity};
use crate::platform::base::span::SourceMap;

/// For people or for programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Prints errors and warnings to standard error, with the lines concerned; hints only as a number.
pub(super) fn print(files: &SourceMap, findings: &[Diagnostic]) {
    for finding in findings.iter().filter(|finding| finding.severity != Severity::Hint) {
        eprintln!("{}", finding.render(files).trim_end());
        eprintln!();
    }
}

/// `2 errors, 1 warning`.
pub(super) fn summary(findings: &[Diagnostic]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let counted = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{number} {what}s")),
    };
    let parts = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Hint, "hint")];
    let parts: Vec<String> = parts.into_iter().filter_map(|(severity, what)| counted(count(severity), what)).collect();
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}

/// All findings as JSON.
pub(super) fn to_json(files: &SourceMap, findings: &[Diagnostic]) -> serde_json::Value {
    json!(findings.iter().map(|finding| finding.to_json(files)).collect::<Vec<_>>())
}
