//! What we tell a user about a mistake in SDL, configuration or an operation.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::json;

use super::span::{SourceMap, Span};

/// How grave a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Nothing can be served with it.
    Error,
    /// It works, but probably not as meant.
    Warning,
    /// Worth knowing.
    Hint,
}

/// A place with a remark.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is to be seen there; may be empty.
    pub note: String,
}

/// One finding: a stable code, a sentence, the places concerned (the first is the primary one)
/// and a next step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Stable, documented, never reused.
    pub code: Cow<'static, str>,
    /// How grave it is.
    pub severity: Severity,
    /// One sentence, without the place.
    pub message: String,
    /// The primary place first.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

// === impl Severity ===

impl Severity {
    /// The word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Hint => "hint",
        }
    }
}

// === impl Diagnostic ===

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), severity: Severity::Error, message: message.into(), labels: Vec::new(), help: None }
    }

    /// A warning without a place yet.
    pub fn warning(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// A hint without a place yet.
    pub fn hint(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Hint, ..Self::error(code, message) }
    }

    /// Adds a place.
    pub fn at(self, span: Span) -> Self {
        self.label(span, "")
    }

    /// Adds a place with a remark.
    pub fn label(mut self, span: Span, note: impl Into<String>) -> Self {
        self.labels.push(Label { span, note: note.into() });
        self
    }

    /// Sets the next step.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The finding as text: `file:line:column: error[CODE]: message`, a picture of each line
    /// concerned, and the help.
    pub fn render(&self, sources: &SourceMap) -> String {
        let mut out = String::new();
        if let Some(label) = self.labels.first() {
            let _ = write!(out, "{}: ", place(sources, label.span));
        }
        let _ = writeln!(out, "{}[{}]: {}", self.severity.as_str(), self.code, self.message);
        for (index, label) in self.labels.iter().enumerate() {
            if index > 0 {
                let _ = writeln!(out, "   --> {}", place(sources, label.span));
            }
            picture(&mut out, sources, label);
        }
        if let Some(help) = &self.help {
            let _ = writeln!(out, "   = help: {help}");
        }
        out
    }

    /// The finding as JSON, with the same content as the text.
    pub fn to_json(&self, sources: &SourceMap) -> serde_json::Value {
        let labels: Vec<_> = self
            .labels
            .iter()
            .map(|label| {
                let (from, to) = (
                    sources.locate(label.span.file, label.span.start),
                    sources.locate(label.span.file, label.span.end),
                );
                json!({
                    "file": sources.file(label.span.file).map(|file| file.name.to_string()),
                    "line": from.line, "column": from.column, "endLine": to.line, "endColumn": to.column,
                    "note": label.note,
                })
            })
            .collect();
        json!({ "code": self.code, "severity": self.severity.as_str(), "message": self.message, "labels": labels, "help": self.help })
    }
}

/// `file:line:column` of a span.
pub fn place(sources: &SourceMap, span: Span) -> String {
    let at = sources.locate(span.file, span.start);
    format!("{}:{}:{}", sources.file(span.file).map_or("?", |file| &file.name), at.line, at.column)
}

fn picture(out: &mut String, sources: &SourceMap, label: &Label) {
    let Some(file) = sources.file(label.span.file) else { return };
    let at = sources.locate(label.span.file, label.span.start);
    let Some(line) = file.text.lines().nth(at.line as usize - 1) else { return };
    let number = at.line.to_string();
    let covered = sources.slice(label.span).lines().next().unwrap_or("").chars().count().max(1);
    let indent: String =
        line.chars().take(at.column as usize - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let _ = writeln!(out, "{number:>5} | {line}");
    let _ = write!(out, "{:>5} | {indent}{}", "", "^".repeat(covered));
    let _ = if label.note.is_empty() { writeln!(out) } else { writeln!(out, " {}", label.note) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_the_line_and_the_place() {
        let mut sources = SourceMap::new();
        let file = sources.add("a.graphql", "type Query {\n  é: Usr\n}\n");
        let finding = Diagnostic::error("GRAPHQL_ERROR", "unknown type \"Usr\"")
            .label(Span::new(file, 19, 22), "not defined")
            .help("define it");
        assert_eq!(
            finding.render(&sources),
            "a.graphql:2:6: error[GRAPHQL_ERROR]: unknown type \"Usr\"\n    2 |   é: Usr\n      |      ^^^ not defined\n   = help: define it\n"
        );
        assert_eq!(finding.to_json(&sources)["labels"][0]["endColumn"], 9);
    }
}
