//! Steps: keys, `?`, and methods with their arguments.

use super::cursor::{Parse, Parser};
use crate::graph::mapping::ast::{MethodCall, Step, StepKind};
use crate::graph::mapping::check;
use crate::graph::mapping::dialect::{Dialect, Variable};
use crate::graph::mapping::error::{MappingError, MappingErrorKind};
use crate::graph::mapping::lexer::TokenKind;
use crate::platform::base::Name;

/// How many steps one path may have.
const MAX_STEPS: usize = 256;

// === impl Parser ===

impl Parser<'_> {
    pub(super) fn steps(&mut self) -> Parse<Vec<Step>> {
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

    pub(super) fn method(&mut self) -> Parse<MethodCall> {
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
    pub(super) fn binding(&mut self, call: &mut MethodCall) -> Parse<()> {
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
}
