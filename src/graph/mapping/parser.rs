//! Tokens → tree, by the grammar of one dialect. Reports several mistakes: after one inside a list
//! of items it goes on with the next item.

use std::ops::Range;

use serde_json::Value;

use super::ast::{Block, Expr, Head, Item, ItemKind, MethodCall, Operator, Path, Root, Step, StepKind};
use super::check;
use super::dialect::{Dialect, Variable};
use super::error::{MappingError, MappingErrorKind};
use super::lexer::{self, Token, TokenKind};
use crate::platform::base::Name;

/// How deep brackets of all kinds may be nested.
const MAX_DEPTH: usize = 64;
/// How many steps one path may have.
const MAX_STEPS: usize = 256;
/// How many mistakes of one text are reported.
const MAX_ERRORS: usize = 32;

/// What was read from one text.
pub(super) struct Parsed {
    /// None when the text is not a mapping.
    pub root: Option<Root>,
    pub errors: Vec<MappingError>,
    /// What an old dialect reports only at run time.
    pub warnings: Vec<MappingError>,
}

/// Reads `text`, whose first byte stands at `base` of what ranges are relative to.
pub(super) fn parse(text: &str, base: usize, dialect: Dialect) -> Parsed {
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
struct Abort;

type Parse<T> = Result<T, Abort>;

/// Where an expression stands, which decides what text, numbers and brackets mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the start of the mapping.
    Start,
    /// After `key:` in a list of items.
    Named,
    /// Inside `$( )`, method arguments, arrays and object literals.
    Inner,
}

struct Parser<'t> {
    text: &'t str,
    base: usize,
    tokens: Vec<Token>,
    at: usize,
    dialect: Dialect,
    errors: Vec<MappingError>,
    warnings: Vec<MappingError>,
    /// Names bound by `->as`, innermost last.
    locals: Vec<Name>,
    depth: usize,
    /// How many of the errors, the first ones, are characters that the lexer skipped.
    skipped: usize,
    /// After a mistake that makes the rest unreadable nothing more is reported.
    stopped: bool,
}

// === impl Parser: tokens ===

impl Parser<'_> {
    fn token(&self, ahead: usize) -> &Token {
        // The last token is the end, and stays.
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }

    fn kind(&self) -> &TokenKind {
        &self.token(0).kind
    }

    fn is(&self, kind: &TokenKind) -> bool {
        self.kind() == kind
    }

    fn range(&self) -> Range<usize> {
        self.token(0).range.clone()
    }

    fn source(&self, range: &Range<usize>) -> &str {
        self.text.get(range.start - self.base..range.end - self.base).unwrap_or("")
    }

    fn advance(&mut self) -> Range<usize> {
        let range = self.range();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        range
    }

    fn eat(&mut self, kind: &TokenKind) -> Option<Range<usize>> {
        self.is(kind).then(|| self.advance())
    }

    /// The end of the token before the current one.
    fn end(&self) -> usize {
        self.at.checked_sub(1).and_then(|before| self.tokens.get(before)).map_or(self.base, |token| token.range.end)
    }

    fn expect(&mut self, kind: &TokenKind, what: &str) -> Parse<Range<usize>> {
        match self.eat(kind) {
            Some(range) => Ok(range),
            None => self.unexpected(what),
        }
    }

    fn describe(&self) -> String {
        match self.kind() {
            TokenKind::End => "the end of the mapping".into(),
            _ => format!("\"{}\"", self.source(&self.range())),
        }
    }

    fn report(&mut self, error: MappingError) -> Abort {
        // One place, one mistake: what follows from the first, or from a skipped character, helps nobody.
        let follows = self.errors.iter().take(self.skipped).any(|known| known.range.end == error.range.start);
        if !self.stopped && !follows && !self.errors.iter().any(|known| known.range == error.range) {
            self.errors.push(error);
        }
        Abort
    }

    fn unexpected<T>(&mut self, wanted: &str) -> Parse<T> {
        let message = format!("expected {wanted}, found {}", self.describe());
        Err(self.report(MappingError::new(MappingErrorKind::Syntax, message, self.range())))
    }

    fn syntax<T>(&mut self, message: &str, range: Range<usize>, help: impl Into<String>) -> Parse<T> {
        Err(self.report(MappingError::new(MappingErrorKind::Syntax, message, range).help(help)))
    }

    fn needs(&mut self, feature: &str, newest: &str, range: Range<usize>) {
        let message = format!("{feature} needs {newest}, this file links {}", self.dialect.as_str());
        self.report(MappingError::new(MappingErrorKind::NotInDialect, message, range));
    }

    /// Runs `inner` one bracket deeper.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
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

// === impl Parser: items ===

impl Parser<'_> {
    fn mapping(&mut self) -> Parse<Root> {
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
    fn value_root(&mut self) -> Parse<Option<Root>> {
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
    fn is_item_start(&self, index: usize) -> bool {
        use TokenKind::{At, Dollar, DollarParen, Ellipsis, Name, String, Variable};
        self.tokens.get(index).is_some_and(|token| {
            matches!(token.kind, Name | String(_) | Dollar | DollarParen | Variable | At | Ellipsis)
        })
    }

    /// Items up to the closing brace, or the end of the text when `whole`. Errors inside an item are
    /// reported and the next one is read; aborts only at the end of the text.
    fn items(&mut self, whole: bool) -> Parse<Vec<Item>> {
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
    fn comma(&mut self) {
        if let Some(range) = self.eat(&TokenKind::Comma)
            && self.dialect < Dialect::V0_4
        {
            self.needs("a comma between items", "connect v0.4", range);
        }
    }

    /// Moves to where the next item may begin, after a mistake in the item that began at `start`.
    fn recover(&mut self, start: usize) {
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

    fn item(&mut self) -> Parse<Item> {
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

    fn unnamed_value<T>(&mut self) -> Parse<T> {
        match self.kind() {
            TokenKind::Number(_) | TokenKind::LeftBrace | TokenKind::LeftBracket => {
                let range = self.range();
                self.syntax("a value among items needs a name", range, "write `name: value`")
            }
            _ => self.unexpected("a key, a path or \"...\""),
        }
    }

    fn needs_name<T>(&mut self, path: &Path) -> Parse<T> {
        let last = path.steps.iter().rev().find_map(|step| match &step.kind {
            StepKind::Key(key) => Some(key.to_string()),
            _ => None,
        });
        let name = last.unwrap_or_else(|| "name".into());
        let help = format!("write `{name}: {}`", self.source(&path.range));
        self.syntax("a path among items needs a name, a block, or \"...\" before it", path.range.clone(), help)
    }

    /// A key, if one stands here.
    fn key(&mut self) -> Option<(Name, Range<usize>)> {
        let range = self.range();
        let key: Name = match self.kind() {
            TokenKind::Name => self.source(&range).into(),
            TokenKind::String(text) => text.as_str().into(),
            _ => return None,
        };
        self.advance();
        Some((key, range))
    }

    fn block(&mut self) -> Parse<Block> {
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

// === impl Parser: expressions ===

impl Parser<'_> {
    fn expr(&mut self, place: Place) -> Parse<Expr> {
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

    fn operand(&mut self, place: Place) -> Parse<Path> {
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

    fn path(&mut self, place: Place) -> Parse<Path> {
        let locals = self.locals.len();
        let path = self.path_in_scope(place);
        self.locals.truncate(locals);
        path
    }

    fn path_in_scope(&mut self, place: Place) -> Parse<Path> {
        let start = self.range();
        let head = self.head()?;
        let head_range = start.start..self.end();
        let steps = self.steps()?;
        if self.dialect < Dialect::V0_3
            && place == Place::Inner
            && let (Head::Key(key), []) = (&head, steps.as_slice())
        {
            let help = format!("write `$.{}`", super::unparse::key(key));
            let message = format!("a lone key here needs connect v0.3, this file links {}", self.dialect.as_str());
            let error = MappingError::new(MappingErrorKind::NotInDialect, message, start).help(help);
            return Err(self.report(error));
        }
        let block = if self.is(&TokenKind::LeftBrace) { Some(self.block()?) } else { None };
        Ok(Path { head, head_range, steps, block, range: start.start..self.end() })
    }

    fn head(&mut self) -> Parse<Head> {
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
    fn variable(&mut self, range: Range<usize>) -> Parse<Head> {
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

    fn steps(&mut self) -> Parse<Vec<Step>> {
        let mut steps: Vec<Step> = Vec::new();
        loop {
            let range = self.range();
            let kind = match self.kind() {
                TokenKind::Dot => {
                    self.advance();
                    match self.key() {
                        Some((key, _)) => StepKind::Key(key),
                        None => return self.unexpected("a key after \".\""),
                    }
                }
                TokenKind::Arrow => {
                    self.advance();
                    StepKind::Method(self.method()?)
                }
                TokenKind::Question => {
                    self.advance();
                    if self.dialect < Dialect::V0_3 {
                        self.needs("\"?\"", "connect v0.3", range.clone());
                    }
                    if matches!(steps.last(), Some(Step { kind: StepKind::Optional, .. })) {
                        return self.syntax("two \"?\" in a row", range, "one is enough; \"??\" gives an alternative");
                    }
                    StepKind::Optional
                }
                _ => return Ok(steps),
            };
            if steps.len() == MAX_STEPS {
                let message = format!("a path has more than {MAX_STEPS} steps");
                return Err(self.report(MappingError::new(MappingErrorKind::TooDeep, message, range)));
            }
            steps.push(Step { kind, range: range.start..self.end() });
        }
    }

    fn method(&mut self) -> Parse<MethodCall> {
        let name_range = self.range();
        if !self.is(&TokenKind::Name) {
            return self.unexpected("the name of a method after \"->\"");
        }
        self.advance();
        let name: Name = self.source(&name_range).into();
        let mut call = MethodCall { method: None, binds: None, args: Vec::new(), name_range, name };
        if self.eat(&TokenKind::LeftParen).is_some() {
            if call.name.as_ref() == "as" {
                self.binding(&mut call)?;
            } else {
                call.args = self.list(&TokenKind::RightParen, "\")\" or \",\" after a method's argument")?;
            }
            self.expect(&TokenKind::RightParen, "\")\" after a method's arguments")?;
        }
        let range = call.name_range.start..self.end();
        let findings = check::method(&mut call, range, self.dialect);
        for error in findings.errors {
            self.report(error);
        }
        self.warnings.extend(findings.warnings);
        self.locals.extend(call.binds.clone());
        Ok(call)
    }

    /// `$name` and perhaps an expression, as arguments of `->as`.
    fn binding(&mut self, call: &mut MethodCall) -> Parse<()> {
        let range = self.range();
        if !self.is(&TokenKind::Variable) {
            return self.syntax("->as needs a variable to bind", range, "write `->as($name)`");
        }
        self.advance();
        let text = self.source(&range).to_owned();
        if Variable::parse(&text).is_some() {
            let message = format!("{text} is a built-in variable and cannot be bound");
            self.report(MappingError::new(MappingErrorKind::WrongArguments, message, range));
        }
        call.binds = Some(text.strip_prefix('$').unwrap_or(&text).into());
        if self.eat(&TokenKind::Comma).is_some() {
            call.args = self.list(&TokenKind::RightParen, "\")\" after the bound expression")?;
        }
        Ok(())
    }

    /// Expressions separated by commas, before `close`, which is not read.
    fn list(&mut self, close: &TokenKind, wanted: &str) -> Parse<Vec<Expr>> {
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

    fn array(&mut self) -> Parse<Vec<Expr>> {
        self.advance();
        let items = self.list(&TokenKind::RightBracket, "\"]\" or \",\" after an element")?;
        self.expect(&TokenKind::RightBracket, "\"]\"")?;
        Ok(items)
    }

    /// `{ … }` where a value stands. From v0.4 on it is read like items, whose lone keys and blocks
    /// mean the same there; before, properties are named and separated by commas.
    fn object(&mut self) -> Parse<Block> {
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
