//! Parsing the texts of directive arguments, with findings at their places.

use std::ops::Range;
use std::time::Duration;

use crate::graph::mapping::{Dialect, Mapping, MappingError, MappingErrorKind, SqlTemplate, Template, TemplateKind};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::quantity::parse_duration;
use crate::platform::base::span::{SourceMap, Span, Spanned};

use crate::graph::connect::arguments::{Block, string};
use crate::graph::connect::model::{ErrorsSpec, HeaderSpec, HeaderValue};
use crate::graph::connect::text::inside;
use crate::graph::connect::types::Types;

/// What reading directives needs, and what it found.
#[derive(Debug)]
pub struct Reader<'a> {
    /// The files the document was read from.
    pub sources: &'a SourceMap,
    /// The subgraph's types.
    pub types: &'a Types<'a>,
    /// In order of discovery.
    pub findings: Vec<Diagnostic>,
}

// === impl Reader ===

impl Reader<'_> {
    /// Reports an error.
    pub fn error(&mut self, code: &'static str, message: impl Into<String>, span: Span) {
        self.findings.push(Diagnostic::error(code, message).at(span));
    }

    /// The mapping under `key`; mistakes in it have `code` unless they have one of their own.
    pub fn mapping(&mut self, block: &Block<'_>, key: &str, code: &'static str) -> Option<Spanned<Mapping>> {
        let text = block.text(key)?;
        let parsed = Mapping::parse(&text.value, Dialect::Pleach);
        self.parsed(key, code, text.span, parsed)
    }

    /// The mapping under `key` of a place that needs a single value: there a lone key means its
    /// value, not an object of it.
    pub fn value(&mut self, block: &Block<'_>, key: &str, code: &'static str) -> Option<Spanned<Mapping>> {
        let mapping = self.mapping(block, key, code)?;
        let text = block.text(key)?.value;
        let fields = mapping.value.output().object().map_or(0, |object| object.fields.len());
        if !mapping.value.is_items() || fields != 1 || text.contains([':', '{', '.']) {
            return Some(mapping);
        }
        let base = text.len() - text.trim_start().len();
        let parsed = Mapping::parse_at(&format!("$.{}", text.trim()), base.saturating_sub(2), Dialect::Pleach);
        self.parsed(key, code, mapping.span, parsed)
    }

    /// The text with holes under `key`; mistakes in it have `code` unless they have one of their own.
    pub fn template(&mut self, block: &Block<'_>, key: &str, code: &'static str) -> Option<Spanned<Template>> {
        let text = block.text(key)?;
        let parsed = Template::parse(&text.value, TemplateKind::Text, Dialect::Pleach);
        self.parsed(key, code, text.span, parsed)
    }

    /// The URL with holes under `key`.
    pub fn url(&mut self, block: &Block<'_>, key: &str) -> Option<Spanned<Template>> {
        let text = block.text(key)?;
        let parsed = Template::parse(&text.value, TemplateKind::Url, Dialect::Pleach);
        self.parsed(key, "INVALID_URL", text.span, parsed)
    }

    /// A SQL template.
    pub fn sql(&mut self, key: &str, text: &Spanned<Name>) -> Option<Spanned<SqlTemplate>> {
        let parsed = SqlTemplate::parse(&text.value, Dialect::Pleach);
        self.parsed(key, "SQL_SYNTAX", text.span, parsed)
    }

    fn parsed<T>(
        &mut self,
        key: &str,
        code: &'static str,
        literal: Span,
        parsed: Result<T, Vec<MappingError>>,
    ) -> Option<Spanned<T>> {
        match parsed {
            Ok(value) => Some(Spanned { value, span: literal }),
            Err(errors) => {
                for error in errors {
                    let span = self.inside(literal, error.range.clone());
                    let mut finding =
                        Diagnostic::error(code_of(error.kind, code), format!("{key}: {}", error.message)).at(span);
                    finding.help = error.help;
                    self.findings.push(finding);
                }
                None
            }
        }
    }

    /// The place of `range` of the meaning of a string literal.
    pub fn inside(&self, literal: Span, range: Range<usize>) -> Span {
        inside(self.sources, literal, range)
    }

    /// `errors`
    pub fn errors(&mut self, block: &Block<'_>) -> ErrorsSpec {
        let Some(errors) = block.block("errors") else { return ErrorsSpec::default() };
        ErrorsSpec {
            message: self.mapping(&errors, "message", "INVALID_ERRORS_MESSAGE"),
            extensions: self.mapping(&errors, "extensions", "INVALID_ERRORS_MESSAGE"),
        }
    }

    /// `policy.timeout`
    pub fn timeout(&mut self, block: &Block<'_>) -> Option<Duration> {
        // A malformed one was reported with the literals.
        let text = block.block("policy")?.text("timeout")?;
        let timeout = parse_duration(&text.value).ok()?;
        if timeout.is_zero() {
            self.error("GRAPHQL_ERROR", "Policy.timeout must be more than nothing: no call could be made", text.span);
            return None;
        }
        Some(timeout)
    }

    /// A list of header mappings under `key`.
    pub fn headers(&mut self, block: &Block<'_>, key: &str) -> Vec<HeaderSpec> {
        let items = block.items(key).into_iter().filter_map(Block::of_value);
        items.filter_map(|item| self.header(&item)).collect()
    }

    fn header(&mut self, item: &Block<'_>) -> Option<HeaderSpec> {
        let name = item.text("name")?;
        let value = match (item.text("from"), item.value("value").and_then(string)) {
            (Some(from), None) => HeaderValue::From(from),
            (None, Some(_)) => HeaderValue::Template(self.template(item, "value", "INVALID_HEADER")?),
            (Some(_), Some(value)) => {
                let message = format!("header \"{}\" has both from and value; keep one", name.value);
                self.error("INVALID_HEADER", message, value.span);
                return None;
            }
            (None, None) => {
                let message = format!("header \"{}\" needs from (a client header) or value (a template)", name.value);
                self.error("INVALID_HEADER", message, item.span);
                return None;
            }
        };
        Some(HeaderSpec { name, value })
    }
}

/// The code of a mistake in a mapping: its own, or that of the place.
fn code_of(kind: MappingErrorKind, place: &'static str) -> &'static str {
    match kind {
        MappingErrorKind::UnknownMethod => "UNKNOWN_METHOD",
        MappingErrorKind::UnknownVariable => "VARIABLE_NOT_ALLOWED",
        MappingErrorKind::Contradiction => "TYPE_MISMATCH",
        MappingErrorKind::HoleInLiteral => "SQL_HOLE_IN_LITERAL",
        MappingErrorKind::UnknownFragment => "SQL_SYNTAX",
        _ => place,
    }
}
