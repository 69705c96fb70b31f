//! Items: the mapping itself and blocks, with recovery after mistakes.

use std::ops::Range;

use super::cursor::{Abort, Parse, Parser, Place};
use crate::graph::mapping::ast::{Block, Head, Item, ItemKind, Path, Root, StepKind};
use crate::graph::mapping::dialect::Dialect;
use crate::graph::mapping::error::{MappingError, MappingErrorKind};
use crate::graph::mapping::lexer::TokenKind;
use crate::platform::base::Name;

// === impl Parser ===

impl Parser<'_> {
    pub(super) fn mapping(&mut self) -> Parse<Root> {
        let starts_items = match self.kind() {
            TokenKind::End | TokenKind::Ellipsis => true,
            TokenKind::Name | TokenKind::String(_) => self.token(1).kind == TokenKind::Colon,
            _ => false,
        };
        if !starts_items {
            let (start, errors) = (self.at, self.errors.len());
            if let Some(root) = self.value_root()? {
                return Ok(root);
            }
            // The same text is read again, as items.
            self.at = start;
            self.errors.truncate(errors);
            self.stopped = false;
        }
        let start = self.range().start;
        let items = self.items(true)?;
        Ok(Root::Items(Block { items, range: start..self.end().max(start) }))
    }

    /// The whole text as one expression, if it is one.
    pub(super) fn value_root(&mut self) -> Parse<Option<Root>> {
        let warnings = self.warnings.len();
        let value = match self.expr(Place::Start) {
            Ok(value) => value,
            // A mistake in the first of several items is found again as an item's, with recovery.
            Err(Abort) if self.is_item_start(0) => return Ok(None),
            Err(Abort) => return Err(Abort),
        };
        let is_item = value.rest.is_empty() && value.first.lone_key().is_some();
        if self.is(&TokenKind::End) && !is_item {
            return Ok(Some(Root::Value(value)));
        }
        if !value.rest.is_empty() || matches!(value.first.head, Head::Object(_) | Head::Array(_) | Head::Literal(_)) {
            return self.unexpected("the end of the mapping after its value");
        }
        self.warnings.truncate(warnings);
        Ok(None)
    }

    /// Whether an item may begin at token `index`.
    pub(super) fn is_item_start(&self, index: usize) -> bool {
        use TokenKind::{At, Dollar, DollarParen, Ellipsis, Name, String, Variable};
        self.tokens.get(index).is_some_and(|token| {
            matches!(token.kind, Name | String(_) | Dollar | DollarParen | Variable | At | Ellipsis)
        })
    }

    /// Items up to the closing brace, or the end of the text when `whole`. Errors inside an item are
    /// reported and the next one is read; aborts only at the end of the text.
    pub(super) fn items(&mut self, whole: bool) -> Parse<Vec<Item>> {
        let mut items = Vec::new();
        loop {
            match self.kind() {
                TokenKind::End => return Ok(items),
                TokenKind::RightBrace if !whole => return Ok(items),
                TokenKind::RightBrace => {
                    let range = self.advance();
                    let error = MappingError::new(MappingErrorKind::Syntax, "this \"}\" closes nothing", range);
                    self.report(error);
                    continue;
                }
                _ => {}
            }
            let (start, locals, depth) = (self.at, self.locals.len(), self.depth);
            match self.item() {
                Ok(item) => {
                    items.push(item);
                    self.comma();
                }
                Err(Abort) => {
                    self.locals.truncate(locals);
                    self.depth = depth;
                    self.recover(start);
                }
            }
        }
    }

    /// The optional comma after an item.
    pub(super) fn comma(&mut self) {
        if let Some(range) = self.eat(&TokenKind::Comma)
            && self.dialect < Dialect::V0_4
        {
            self.needs("a comma between items", "connect v0.4", range);
        }
    }

    /// Moves to where the next item may begin, after a mistake in the item that began at `start`.
    pub(super) fn recover(&mut self, start: usize) {
        let (mistake, mut open, mut index) = (self.at.max(start + 1), 0_usize, start);
        while let Some(token) = self.tokens.get(index) {
            let next_is_colon = self.tokens.get(index + 1).is_some_and(|next| next.kind == TokenKind::Colon);
            match token.kind {
                TokenKind::End => break,
                TokenKind::LeftBrace | TokenKind::LeftBracket | TokenKind::LeftParen | TokenKind::DollarParen => {
                    open += 1;
                }
                TokenKind::RightBrace | TokenKind::RightBracket | TokenKind::RightParen if open > 0 => open -= 1,
                TokenKind::RightBrace if index >= start => break,
                TokenKind::Comma if open == 0 && index >= mistake => {
                    index += 1;
                    break;
                }
                TokenKind::Name | TokenKind::String(_) if open == 0 && index >= mistake && next_is_colon => break,
                TokenKind::Ellipsis if open == 0 && index >= mistake => break,
                _ => {}
            }
            index += 1;
        }
        self.at = index.min(self.tokens.len() - 1);
    }

    pub(super) fn item(&mut self) -> Parse<Item> {
        let start = self.range().start;
        if let Some(range) = self.eat(&TokenKind::Ellipsis) {
            if self.dialect < Dialect::V0_4 {
                self.needs("\"...\"", "connect v0.4", range);
            }
            let path = self.path(Place::Named)?;
            return Ok(Item { kind: ItemKind::Spread(path), range: start..self.end() });
        }
        if self.token(1).kind == TokenKind::Colon
            && let Some((key, key_range)) = self.key()
        {
            self.advance();
            let value = self.expr(Place::Named)?;
            return Ok(Item { kind: ItemKind::Named { key, key_range, value }, range: start..self.end() });
        }
        if !self.is_item_start(self.at) {
            return self.unnamed_value();
        }
        let path = self.path(Place::Named)?;
        let range = start..self.end();
        let kind = match path.lone_key().cloned() {
            Some(key) => ItemKind::Field(key, path),
            None if path.block.is_some() => ItemKind::Merge(path),
            None => return self.needs_name(&path),
        };
        Ok(Item { kind, range })
    }

    pub(super) fn unnamed_value<T>(&mut self) -> Parse<T> {
        match self.kind() {
            TokenKind::Number(_) | TokenKind::LeftBrace | TokenKind::LeftBracket => {
                let range = self.range();
                self.syntax("a value among items needs a name", range, "write `name: value`")
            }
            _ => self.unexpected("a key, a path or \"...\""),
        }
    }

    pub(super) fn needs_name<T>(&mut self, path: &Path) -> Parse<T> {
        let last = path.steps.iter().rev().find_map(|step| match &step.kind {
            StepKind::Key(key) => Some(key.to_string()),
            _ => None,
        });
        let name = last.unwrap_or_else(|| "name".into());
        let help = format!("write `{name}: {}`", self.source(&path.range));
        self.syntax("a path among items needs a name, a block, or \"...\" before it", path.range.clone(), help)
    }

    /// A key, if one stands here.
    pub(super) fn key(&mut self) -> Option<(Name, Range<usize>)> {
        let range = self.range();
        let key: Name = match self.kind() {
            TokenKind::Name => self.source(&range).into(),
            TokenKind::String(text) => text.as_str().into(),
            _ => return None,
        };
        self.advance();
        Some((key, range))
    }

    pub(super) fn block(&mut self) -> Parse<Block> {
        let open = self.expect(&TokenKind::LeftBrace, "\"{\"")?;
        self.nested(|parser| {
            let items = parser.items(false)?;
            if parser.is(&TokenKind::End) {
                let message = "this \"{\" is never closed";
                return Err(parser.report(MappingError::new(MappingErrorKind::Syntax, message, open.clone())));
            }
            let close = parser.advance();
            Ok(Block { items, range: open.start..close.end })
        })
    }
}
