//! The state of a parse: where it stands in the tokens, and what it has to report.

use std::ops::Range;

use crate::graph::mapping::ast::Root;
use crate::graph::mapping::dialect::Dialect;
use crate::graph::mapping::error::{MappingError, MappingErrorKind};
use crate::graph::mapping::lexer::{self, Token, TokenKind};
use crate::platform::base::Name;

/// How deep brackets of all kinds may be nested.
const MAX_DEPTH: usize = 64;
/// How many mistakes of one text are reported.
const MAX_ERRORS: usize = 32;

/// What was read from one text.
pub(in crate::graph::mapping) struct Parsed {
    /// None when the text is not a mapping.
    pub root: Option<Root>,
    pub errors: Vec<MappingError>,
    /// What an old dialect reports only at run time.
    pub warnings: Vec<MappingError>,
}

/// Reads `text`, whose first byte stands at `base` of what ranges are relative to.
pub(in crate::graph::mapping) fn parse(text: &str, base: usize, dialect: Dialect) -> Parsed {
    let (tokens, errors) = lexer::tokens(text, base);
    let mut parser = Parser {
        text,
        base,
        tokens,
        at: 0,
        dialect,
        skipped: errors.len(),
        errors,
        warnings: Vec::new(),
        locals: Vec::new(),
        depth: 0,
        stopped: false,
    };
    let root = parser.mapping().ok();
    parser.errors.sort_by_key(|error| (error.range.start, error.range.end));
    parser.errors.truncate(MAX_ERRORS);
    Parsed { root, errors: parser.errors, warnings: parser.warnings }
}

/// Parsing cannot go on here; the reason was reported.
pub(super) struct Abort;

pub(super) type Parse<T> = Result<T, Abort>;

/// Where an expression stands, which decides what text, numbers and brackets mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At the start of the mapping.
    Start,
    /// After `key:` in a list of items.
    Named,
    /// Inside `$( )`, method arguments, arrays and object literals.
    Inner,
}

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) base: usize,
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) dialect: Dialect,
    pub(super) errors: Vec<MappingError>,
    pub(super) warnings: Vec<MappingError>,
    /// Names bound by `->as`, innermost last.
    pub(super) locals: Vec<Name>,
    pub(super) depth: usize,
    /// How many of the errors, the first ones, are characters that the lexer skipped.
    pub(super) skipped: usize,
    /// After a mistake that makes the rest unreadable nothing more is reported.
    pub(super) stopped: bool,
}

// === impl Parser ===

impl Parser<'_> {
    pub(super) fn token(&self, ahead: usize) -> &Token {
        // The last token is the end, and stays.
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }

    pub(super) fn kind(&self) -> &TokenKind {
        &self.token(0).kind
    }

    pub(super) fn is(&self, kind: &TokenKind) -> bool {
        self.kind() == kind
    }

    pub(super) fn range(&self) -> Range<usize> {
        self.token(0).range.clone()
    }

    pub(super) fn source(&self, range: &Range<usize>) -> &str {
        self.text.get(range.start - self.base..range.end - self.base).unwrap_or("")
    }

    pub(super) fn advance(&mut self) -> Range<usize> {
        let range = self.range();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        range
    }

    pub(super) fn eat(&mut self, kind: &TokenKind) -> Option<Range<usize>> {
        self.is(kind).then(|| self.advance())
    }

    /// The end of the token before the current one.
    pub(super) fn end(&self) -> usize {
        self.at.checked_sub(1).and_then(|before| self.tokens.get(before)).map_or(self.base, |token| token.range.end)
    }

    pub(super) fn expect(&mut self, kind: &TokenKind, what: &str) -> Parse<Range<usize>> {
        match self.eat(kind) {
            Some(range) => Ok(range),
            None => self.unexpected(what),
        }
    }

    pub(super) fn describe(&self) -> String {
        match self.kind() {
            TokenKind::End => "the end of the mapping".into(),
            _ => format!("\"{}\"", self.source(&self.range())),
        }
    }

    pub(super) fn report(&mut self, error: MappingError) -> Abort {
        // One place, one mistake: what follows from the first, or from a skipped character, helps nobody.
        let follows = self.errors.iter().take(self.skipped).any(|known| known.range.end == error.range.start);
        if !self.stopped && !follows && !self.errors.iter().any(|known| known.range == error.range) {
            self.errors.push(error);
        }
        Abort
    }

    pub(super) fn unexpected<T>(&mut self, wanted: &str) -> Parse<T> {
        let message = format!("expected {wanted}, found {}", self.describe());
        Err(self.report(MappingError::new(MappingErrorKind::Syntax, message, self.range())))
    }

    pub(super) fn syntax<T>(&mut self, message: &str, range: Range<usize>, help: impl Into<String>) -> Parse<T> {
        Err(self.report(MappingError::new(MappingErrorKind::Syntax, message, range).help(help)))
    }

    pub(super) fn needs(&mut self, feature: &str, newest: &str, range: Range<usize>) {
        let message = format!("{feature} needs {newest}, this file links {}", self.dialect.as_str());
        self.report(MappingError::new(MappingErrorKind::NotInDialect, message, range));
    }

    /// Runs `inner` one bracket deeper.
    pub(super) fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.depth == MAX_DEPTH {
            let message = format!("brackets are nested deeper than {MAX_DEPTH} levels");
            let error = MappingError::new(MappingErrorKind::TooDeep, message, self.range());
            self.report(error);
            self.stopped = true;
            self.at = self.tokens.len() - 1;
            return Err(Abort);
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }
}
