//! `SQL_SYNTAX`, `SQL_WRITE_OUTSIDE_MUTATION`, `SQL_MULTIPLE_STATEMENTS`, `SQL_COLUMN_UNKNOWN`,
//! `SQL_FRAGMENT_NEEDS_COLUMNS`, `SQL_IN_WITHOUT_LIST`: what can be told of SQL without a database.

use std::ops::Range;

use crate::graph::connect::model::{ConnectSpec, PageStyle, Place, RequestSpec, SqlRequest, SqlStatements};
use crate::graph::connect::read::ConnectorDraft;
use crate::graph::connect::sql::{Piece, Problem, Scan, TokenKind, scan};
use crate::graph::connect::text::inside;
use crate::graph::language::ast::OperationKind;
use crate::graph::mapping::{Fragment, Kinds, Mapping, SqlPiece, SqlTemplate};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Spanned;

use super::Context;

/// Statements are whole, single, and read or write as they may.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    for connector in context.connectors {
        let RequestSpec::Sql(sql) = &connector.spec.request else { continue };
        let statements = match &sql.statements {
            SqlStatements::Query(query) => std::slice::from_ref(query),
            SqlStatements::Execute(statements) => {
                check_execute(connector, findings);
                &statements[..]
            }
        };
        for statement in statements {
            let mut rule = Statement { context, connector, sql, template: statement, findings };
            rule.check();
        }
    }
}

/// `execute` stands on mutation fields.
fn check_execute(connector: &ConnectorDraft<'_>, findings: &mut Vec<Diagnostic>) {
    let place = &connector.spec.place;
    if !place.is_root(OperationKind::Mutation) {
        let span = connector.block.block("sql").and_then(|sql| sql.key("execute").map(|key| key.span));
        let message = format!("execute writes, but {place} is not a field of the mutation root");
        let finding = Diagnostic::error("SQL_WRITE_OUTSIDE_MUTATION", message);
        findings.push(finding.at(span.unwrap_or(connector.spec.span)).help("use query to read"));
    }
}

struct Statement<'s, 'a> {
    context: &'s Context<'a>,
    connector: &'s ConnectorDraft<'a>,
    sql: &'s SqlRequest,
    template: &'s Spanned<SqlTemplate>,
    findings: &'s mut Vec<Diagnostic>,
}

// === impl Statement ===

impl Statement<'_, '_> {
    fn check(&mut self) {
        let pieces = self.template.value.pieces().iter().map(|piece| match piece {
            SqlPiece::Sql { text, range } => Piece::Text(text, range.start),
            SqlPiece::Value(hole) => Piece::Hole(hole.range.clone()),
            SqlPiece::Fragment { range, .. } => Piece::Hole(range.clone()),
        });
        let found = scan(pieces);
        for problem in &found.problems {
            self.problem(problem);
        }
        match found.statements()[..] {
            [] => self.error("SQL_SYNTAX", "there is no statement", 0..0),
            [_] => {}
            [_, second, ..] => {
                let range = second.first().map_or(0..0, |token| token.range.clone());
                self.error("SQL_MULTIPLE_STATEMENTS", "one text holds one statement", range);
                if matches!(self.sql.statements, SqlStatements::Execute(_)) {
                    self.help("execute takes a list of statements, which run in one transaction");
                }
            }
        }
        if matches!(self.sql.statements, SqlStatements::Query(_))
            && let Some(write) = found.first_write()
        {
            let word = write.word().unwrap_or("this").to_owned();
            self.error("SQL_WRITE_OUTSIDE_MUTATION", format!("query reads, {word} does not"), write.range.clone());
            self.help("write with execute, on a mutation field");
        }
        self.fragments();
        self.lists(&found);
        self.key_columns(&found);
    }

    fn problem(&mut self, problem: &Problem) {
        match problem {
            Problem::HoleInLiteral(range) => {
                self.error("SQL_HOLE_IN_LITERAL", "a hole inside quotes or a comment", range.clone());
            }
            Problem::Unclosed(what, range) => {
                self.error("SQL_SYNTAX", format!("the {what} that begins here does not end"), range.clone());
            }
            Problem::Parenthesis(symbol, range) => {
                self.error("SQL_SYNTAX", format!("\"{symbol}\" has no partner"), range.clone());
            }
        }
    }

    fn fragments(&mut self) {
        for piece in self.template.value.pieces() {
            let SqlPiece::Fragment { fragment, mapping, range } = piece else { continue };
            let name = fragment.as_str();
            match fragment {
                Fragment::List => {}
                Fragment::Where | Fragment::Set => {
                    self.error("UNKNOWN_KEY", format!("{{%{name}}} is not supported"), range.clone());
                    self.help("supported fragments: {%list expr}, {%values expr}, {%seek}, {%orderBy}");
                }
                Fragment::OrderBy if mapping.is_some() => {
                    let message = "{%orderBy} takes no expression: it is the key of the page";
                    self.error("UNKNOWN_KEY", message, range.clone());
                }
                Fragment::OrderBy | Fragment::Seek | Fragment::Values if self.sql.columns.is_empty() => {
                    let message = format!("{{%{name}}} writes columns, but columns is not given");
                    self.error("SQL_FRAGMENT_NEEDS_COLUMNS", message, range.clone());
                    self.help("list them, such as columns: [\"id: t.id\"]");
                }
                Fragment::OrderBy | Fragment::Seek if !seeks(&self.connector.spec) => {
                    let message = format!("{{%{name}}} needs paginate with style SEEK");
                    self.error("PAGINATION_SHAPE", message, range.clone());
                }
                Fragment::OrderBy | Fragment::Seek | Fragment::Values => {}
            }
        }
    }

    /// `IN ({list})` binds one value, which no element equals.
    fn lists(&mut self, found: &Scan) {
        for window in found.tokens.windows(4) {
            let [word, open, hole, close] = window else { continue };
            let alone = word.word() == Some("IN")
                && (&open.kind, &hole.kind, &close.kind)
                    == (&TokenKind::Symbol('('), &TokenKind::Hole, &TokenKind::Symbol(')'));
            let mapping = self.template.value.pieces().iter().find_map(|piece| match piece {
                SqlPiece::Value(value) if alone && value.range == hole.range => Some(&value.mapping),
                _ => None,
            });
            let Some(mapping) = mapping.filter(|mapping| self.is_list(mapping)) else { continue };
            let message = format!("IN ({{{mapping}}}) compares with the list as one value");
            let span = inside(self.context.files, self.template.span, hole.range.clone());
            let finding = Diagnostic::warning("SQL_IN_WITHOUT_LIST", message).at(span);
            self.findings.push(finding.help(format!("write IN ({{%list {mapping}}})")));
        }
    }

    /// Whether a mapping surely yields a list.
    fn is_list(&self, mapping: &Mapping) -> bool {
        let text = mapping.to_string();
        let is_name = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if text.strip_prefix("$batch.").filter(is_name).is_some() {
            return true;
        }
        let argument = text.strip_prefix("$args.").filter(is_name).and_then(|name| {
            let arguments = &self.connector.field?.arguments;
            arguments.iter().find(|argument| *argument.name.value == *name)
        });
        argument.is_some_and(|argument| argument.ty.is_list()) || mapping.output().kinds() == Kinds::ARRAY
    }

    /// Page keys are among the columns that come back.
    fn key_columns(&mut self, found: &Scan) {
        let Some(names) = found.selected() else { return };
        for column in self.connector.spec.paginate.iter().flat_map(|paginate| paginate.key.clone()) {
            if !names.iter().any(|name| name.eq_ignore_ascii_case(&column.column)) {
                let message = format!("key column \"{}\" is not selected, so no cursor can hold it", column.column);
                self.findings.push(Diagnostic::error("SQL_COLUMN_UNKNOWN", message).at(column.name.span));
            }
        }
    }

    fn error(&mut self, code: &'static str, message: impl Into<String>, range: Range<usize>) {
        let span = inside(self.context.files, self.template.span, range);
        self.findings.push(Diagnostic::error(code, message).at(span));
    }

    fn help(&mut self, help: &str) {
        if let Some(last) = self.findings.last_mut() {
            last.help = Some(help.to_owned());
        }
    }
}

fn seeks(spec: &ConnectSpec) -> bool {
    spec.paginate.as_ref().is_some_and(|paginate| paginate.style == PageStyle::Seek)
        && !matches!(spec.place, Place::Type { .. })
}
