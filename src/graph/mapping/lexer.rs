//! Mapping text → tokens with their ranges.

use std::ops::Range;

use serde_json::Number;

use super::error::{MappingError, MappingErrorKind};

/// What a token is.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum TokenKind {
    /// `name`, the words `true`, `false` and `null` included.
    Name,
    /// Quoted text, unescaped.
    String(String),
    /// A number.
    Number(Number),
    /// `$` that no name and no parenthesis follows.
    Dollar,
    /// `$name`.
    Variable,
    /// `$(`.
    DollarParen,
    /// `@`.
    At,
    /// `{`.
    LeftBrace,
    /// `}`.
    RightBrace,
    /// `[`.
    LeftBracket,
    /// `]`.
    RightBracket,
    /// `(`.
    LeftParen,
    /// `)`.
    RightParen,
    /// `:`.
    Colon,
    /// `,`.
    Comma,
    /// `.`.
    Dot,
    /// `...`.
    Ellipsis,
    /// `->`.
    Arrow,
    /// `?`.
    Question,
    /// `??`.
    Coalesce,
    /// `?!`.
    CoalesceMissing,
    /// The end of the text.
    End,
}

/// One token.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub range: Range<usize>,
}

/// The tokens of `text`, the last of which is always [`TokenKind::End`]. Ranges start at `base`;
/// characters that belong to no token are reported and skipped.
pub(super) fn tokens(text: &str, base: usize) -> (Vec<Token>, Vec<MappingError>) {
    let mut lexer = Lexer { text, at: 0, base, errors: Vec::new() };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_trivia();
        let start = lexer.at;
        let Some(kind) = lexer.next() else { continue };
        let end = kind == TokenKind::End;
        tokens.push(Token { kind, range: base + start..base + lexer.at });
        if end {
            return (tokens, lexer.errors);
        }
    }
}

/// Whether `text` may be written as a key or variable without quotes.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(starts_name) && text.chars().all(continues_name)
}

fn starts_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn continues_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    base: usize,
    errors: Vec<MappingError>,
}

// === impl Lexer ===

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn skip_trivia(&mut self) {
        loop {
            self.skip_while(char::is_whitespace);
            if self.peek() != Some('#') {
                return;
            }
            self.skip_while(|c| c != '\n' && c != '\r');
        }
    }

    /// The next token, or nothing when a character had to be skipped.
    fn next(&mut self) -> Option<TokenKind> {
        const FIXED: [(&str, TokenKind); 18] = [
            ("...", TokenKind::Ellipsis),
            ("->", TokenKind::Arrow),
            ("??", TokenKind::Coalesce),
            ("?!", TokenKind::CoalesceMissing),
            ("$(", TokenKind::DollarParen),
            ("$", TokenKind::Dollar),
            ("?", TokenKind::Question),
            ("@", TokenKind::At),
            ("{", TokenKind::LeftBrace),
            ("}", TokenKind::RightBrace),
            ("[", TokenKind::LeftBracket),
            ("]", TokenKind::RightBracket),
            ("(", TokenKind::LeftParen),
            (")", TokenKind::RightParen),
            (":", TokenKind::Colon),
            (",", TokenKind::Comma),
            (".", TokenKind::Dot),
            ("", TokenKind::End),
        ];
        let Some(first) = self.peek() else { return Some(TokenKind::End) };
        if starts_name(first) {
            self.skip_while(continues_name);
            return Some(TokenKind::Name);
        }
        if first == '\'' || first == '"' {
            return Some(TokenKind::String(self.string(first)));
        }
        if self.starts_number() {
            return self.number();
        }
        for (text, kind) in FIXED {
            if !text.is_empty() && self.eat(text) {
                if kind == TokenKind::Dollar && self.peek().is_some_and(starts_name) {
                    self.skip_while(continues_name);
                    return Some(TokenKind::Variable);
                }
                return Some(kind);
            }
        }
        let start = self.at;
        self.at += first.len_utf8();
        self.error(start, format!("unexpected character {first:?}"));
        None
    }

    fn error(&mut self, start: usize, message: impl Into<String>) {
        let range = self.base + start..self.base + self.at;
        self.errors.push(MappingError::new(MappingErrorKind::Syntax, message, range));
    }

    fn starts_number(&self) -> bool {
        let mut rest = self.rest().chars();
        match (rest.next(), rest.next(), rest.next()) {
            (Some('-'), Some('.'), Some(digit)) => digit.is_ascii_digit(),
            (Some('-' | '.'), Some(digit), _) => digit.is_ascii_digit(),
            (Some(digit), ..) => digit.is_ascii_digit(),
            (None, ..) => false,
        }
    }

    fn number(&mut self) -> Option<TokenKind> {
        let start = self.at;
        let negative = self.eat("-");
        let whole = self.digits();
        let after = self.rest().strip_prefix('.').and_then(|rest| rest.chars().next());
        let fraction = if after.is_some_and(|c| c.is_ascii_digit()) && self.eat(".") { self.digits() } else { "" };
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            whole => whole,
        };
        let sign = if negative { "-" } else { "" };
        let text = if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") };
        match serde_json::from_str(&text) {
            Ok(number) => Some(TokenKind::Number(number)),
            Err(_) => {
                self.error(start, "this number is too large");
                None
            }
        }
    }

    fn digits(&mut self) -> &'t str {
        let start = self.at;
        self.skip_while(|c| c.is_ascii_digit());
        self.text.get(start..self.at).unwrap_or("")
    }

    fn string(&mut self, quote: char) -> String {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((offset, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, escaped)) => text.push(escaped),
                    None => break,
                },
                c if c == quote => {
                    self.at += offset + quote.len_utf8();
                    return text;
                }
                c => text.push(c),
            }
        }
        self.at = self.text.len();
        self.error(start, format!("this text has no closing {quote}"));
        text
    }
}
