//! Expressions: operands, heads and literals.

use std::ops::Range;

use serde_json::Value;

use super::cursor::{Abort, Parse, Parser, Place};
use crate::graph::mapping::ast::{Block, Expr, Head, Item, ItemKind, Operator, Path};
use crate::graph::mapping::dialect::{Dialect, Variable};
use crate::graph::mapping::error::{MappingError, MappingErrorKind};
use crate::graph::mapping::lexer::TokenKind;
use crate::graph::mapping::unparse;

// === impl Parser ===

impl Parser<'_> {
    pub(super) fn expr(&mut self, place: Place) -> Parse<Expr> {
        let start = self.range().start;
        let first = self.operand(place)?;
        let (mut rest, mut operator) = (Vec::new(), None);
        loop {
            let found = match self.kind() {
                TokenKind::Coalesce => Operator::Coalesce,
                TokenKind::CoalesceMissing => Operator::CoalesceMissing,
                _ => break,
            };
            let range = self.advance();
            if self.dialect < Dialect::V0_3 {
                let written = format!("\"{}\"", self.source(&range));
                self.needs(&written, "connect v0.3", range.clone());
            }
            if *operator.get_or_insert(found) != found {
                return self.syntax("\"??\" and \"?!\" cannot be mixed", range, "put one of them into `$( … )`");
            }
            rest.push(self.operand(if place == Place::Start { Place::Named } else { place })?);
        }
        let operator = operator.unwrap_or(Operator::Coalesce);
        Ok(Expr { first, rest, operator, range: start..self.end() })
    }

    pub(super) fn operand(&mut self, place: Place) -> Parse<Path> {
        let range = self.range();
        let bare = self.dialect >= Dialect::V0_4;
        let scalars = place == Place::Inner || (place == Place::Named && bare);
        let head = match self.kind().clone() {
            TokenKind::Name if scalars => match self.source(&range) {
                "true" => Head::Literal(Value::Bool(true)),
                "false" => Head::Literal(Value::Bool(false)),
                "null" => Head::Literal(Value::Null),
                _ => return self.path(place),
            },
            TokenKind::String(text) if scalars => Head::Literal(Value::String(text)),
            TokenKind::LeftBrace if place == Place::Named && !bare => {
                // The old grammars have no object here but a block over the current value.
                let block = self.block()?;
                return Ok(literal(Head::Object(block), range.start..self.end()));
            }
            TokenKind::Number(_) | TokenKind::LeftBrace | TokenKind::LeftBracket if place != Place::Inner && !bare => {
                let message = format!("a literal stands only inside `$( … )` in {}", self.dialect.as_str());
                let error = MappingError::new(MappingErrorKind::NotInDialect, message, range);
                return Err(self.report(error.help("write `$( … )` around it")));
            }
            TokenKind::Number(number) => Head::Literal(Value::Number(number)),
            TokenKind::LeftBracket => Head::Array(self.array()?),
            TokenKind::LeftBrace => Head::Object(self.object()?),
            _ => return self.path(place),
        };
        if matches!(head, Head::Literal(_)) {
            self.advance();
        }
        let mut path = literal(head, range);
        path.head_range.end = self.end();
        let locals = self.locals.len();
        let steps = self.steps();
        self.locals.truncate(locals);
        path.steps = steps?;
        path.range.end = self.end();
        Ok(path)
    }

    pub(super) fn path(&mut self, place: Place) -> Parse<Path> {
        let locals = self.locals.len();
        let path = self.path_in_scope(place);
        self.locals.truncate(locals);
        path
    }

    pub(super) fn path_in_scope(&mut self, place: Place) -> Parse<Path> {
        let start = self.range();
        let head = self.head()?;
        let head_range = start.start..self.end();
        let steps = self.steps()?;
        if self.dialect < Dialect::V0_3
            && place == Place::Inner
            && let (Head::Key(key), []) = (&head, steps.as_slice())
        {
            let help = format!("write `$.{}`", unparse::key(key));
            let message = format!("a lone key here needs connect v0.3, this file links {}", self.dialect.as_str());
            let error = MappingError::new(MappingErrorKind::NotInDialect, message, start).help(help);
            return Err(self.report(error));
        }
        let block = if self.is(&TokenKind::LeftBrace) { Some(self.block()?) } else { None };
        Ok(Path { head, head_range, steps, block, range: start.start..self.end() })
    }

    pub(super) fn head(&mut self) -> Parse<Head> {
        let range = self.range();
        match self.kind() {
            TokenKind::Dollar => {
                self.advance();
                Ok(Head::Input)
            }
            TokenKind::At => {
                self.advance();
                Ok(Head::At)
            }
            TokenKind::Variable => {
                self.advance();
                self.variable(range)
            }
            TokenKind::DollarParen => {
                self.advance();
                let inner = self.nested(|parser| parser.expr(Place::Inner))?;
                self.expect(&TokenKind::RightParen, "\")\" after the expression")?;
                Ok(Head::Expr(Box::new(inner)))
            }
            _ => match self.key() {
                Some((key, _)) => Ok(Head::Key(key)),
                None => self.unexpected("a path or a value"),
            },
        }
    }

    /// The head `$name`; an unknown name is reported and read as `$`, so that reading goes on.
    pub(super) fn variable(&mut self, range: Range<usize>) -> Parse<Head> {
        let text = self.source(&range).to_owned();
        let name = text.strip_prefix('$').unwrap_or(&text);
        if let Some(local) = self.locals.iter().rev().find(|local| local.as_ref() == name) {
            return Ok(Head::Local(local.clone()));
        }
        match Variable::parse(&text) {
            Some(variable) if variable.is_in(self.dialect) => Ok(Head::Variable(variable)),
            Some(_) => {
                let message = format!("{text} exists only in {}", Dialect::Pleach.as_str());
                self.report(MappingError::new(MappingErrorKind::UnknownVariable, message, range));
                Ok(Head::Input)
            }
            None => {
                let locals: Vec<String> = self.locals.iter().map(|local| format!("${local}")).collect();
                let built_in =
                    Variable::ALL.iter().filter(|variable| variable.is_in(self.dialect)).map(|it| it.as_str());
                let error =
                    MappingError::new(MappingErrorKind::UnknownVariable, format!("there is no variable {text}"), range)
                        .closest(&text, locals.iter().map(String::as_str).chain(built_in));
                self.report(error);
                Ok(Head::Input)
            }
        }
    }

    /// Expressions separated by commas, before `close`, which is not read.
    pub(super) fn list(&mut self, close: &TokenKind, wanted: &str) -> Parse<Vec<Expr>> {
        self.nested(|parser| {
            let mut items = Vec::new();
            while !parser.is(close) {
                items.push(parser.expr(Place::Inner)?);
                if parser.eat(&TokenKind::Comma).is_none() && !parser.is(close) {
                    return parser.unexpected(wanted);
                }
            }
            Ok(items)
        })
    }

    pub(super) fn array(&mut self) -> Parse<Vec<Expr>> {
        self.advance();
        let items = self.list(&TokenKind::RightBracket, "\"]\" or \",\" after an element")?;
        self.expect(&TokenKind::RightBracket, "\"]\"")?;
        Ok(items)
    }

    /// `{ … }` where a value stands. From v0.4 on it is read like items, whose lone keys and blocks
    /// mean the same there; before, properties are named and separated by commas.
    pub(super) fn object(&mut self) -> Parse<Block> {
        if self.dialect >= Dialect::V0_4 {
            return self.block();
        }
        let open = self.advance();
        self.nested(|parser| {
            let mut items = Vec::new();
            loop {
                if let Some(close) = parser.eat(&TokenKind::RightBrace) {
                    return Ok(Block { items, range: open.start..close.end });
                }
                let start = parser.range().start;
                let Some((key, key_range)) = parser.key() else { return parser.unexpected("a key or \"}\"") };
                if !parser.is(&TokenKind::Colon) {
                    parser.needs("a key without a value", "connect v0.4", key_range);
                    return Err(Abort);
                }
                parser.advance();
                let value = parser.expr(Place::Inner)?;
                items.push(Item { kind: ItemKind::Named { key, key_range, value }, range: start..parser.end() });
                if parser.eat(&TokenKind::Comma).is_none() && !parser.is(&TokenKind::RightBrace) {
                    return parser.unexpected("\",\" or \"}\" after a property");
                }
            }
        })
    }
}

fn literal(head: Head, range: Range<usize>) -> Path {
    Path { head, head_range: range.clone(), steps: Vec::new(), block: None, range }
}
