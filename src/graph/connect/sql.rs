//! As much of SQL as can be known without a database: words, quotes, parentheses, statements.

use std::ops::Range;

/// A stretch of a SQL template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece<'a> {
    /// Text, and where it stands in the template.
    Text(&'a str, usize),
    /// A hole, braces included.
    Hole(Range<usize>),
}

/// A word or symbol of SQL, and where it stands in the template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands.
    pub range: Range<usize>,
}

/// What a token is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TokenKind {
    /// A keyword, name or number, in capitals.
    Word(String),
    /// Anything in quotes.
    Quoted,
    /// A hole.
    Hole,
    /// Any other character.
    Symbol(char),
}

/// What is wrong with a text, as SQL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// A hole inside quotes or a comment.
    HoleInLiteral(Range<usize>),
    /// A quote or comment that does not end.
    Unclosed(&'static str, Range<usize>),
    /// A parenthesis without its partner.
    Parenthesis(char, Range<usize>),
}

/// The tokens of a template, comments left out, and what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scan {
    /// In order.
    pub tokens: Vec<Token>,
    /// In order of discovery.
    pub problems: Vec<Problem>,
}

/// Words that write, wherever they begin a statement or a part of one.
const WRITES: [&str; 16] = [
    "INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "TRUNCATE", "CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "CALL",
    "COPY", "LOAD", "ATTACH", "VACUUM",
];
/// Words a reading statement begins with.
const READS: [&str; 7] = ["SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", "("];

#[derive(Clone, PartialEq, Eq, Debug)]
enum Mode {
    Plain,
    /// In quotes that end with this character, doubled inside.
    Quoted(char),
    /// In a dollar-quoted text that ends with this tag.
    Dollar(String),
    LineComment,
    /// In so many nested comments.
    BlockComment(u32),
}

/// Splits a template into tokens.
pub fn scan<'a>(pieces: impl IntoIterator<Item = Piece<'a>>) -> Scan {
    let mut scanner = Scanner { scan: Scan::default(), mode: Mode::Plain, opened: 0..0, end: 0 };
    for piece in pieces {
        match piece {
            Piece::Text(text, offset) => scanner.text(text, offset),
            Piece::Hole(range) => scanner.hole(range),
        }
    }
    scanner.finish()
}

struct Scanner {
    scan: Scan,
    mode: Mode,
    /// Where the open quote or comment began.
    opened: Range<usize>,
    end: usize,
}

// === impl Scanner ===

impl Scanner {
    fn hole(&mut self, range: Range<usize>) {
        self.end = range.end;
        match self.mode {
            Mode::Plain => self.scan.tokens.push(Token { kind: TokenKind::Hole, range }),
            _ => self.scan.problems.push(Problem::HoleInLiteral(range)),
        }
    }

    fn text(&mut self, text: &str, offset: usize) {
        let mut rest = text;
        while !rest.is_empty() {
            let at = offset + (text.len() - rest.len());
            let taken = match self.mode.clone() {
                Mode::Plain => self.plain(rest, at),
                Mode::Quoted(quote) => self.quoted(rest, quote),
                Mode::Dollar(tag) => self.until(rest, &tag),
                Mode::LineComment => self.until(rest, "\n"),
                Mode::BlockComment(depth) => self.comment(rest, depth),
            };
            rest = rest.get(taken.max(1)..).unwrap_or("");
        }
        self.end = offset + text.len();
    }

    /// Takes one token (or enters a quote or comment) and says how many bytes that was.
    fn plain(&mut self, rest: &str, at: usize) -> usize {
        let first = rest.chars().next().unwrap_or(' ');
        let open = |scanner: &mut Self, mode: Mode, length: usize| {
            scanner.mode = mode;
            scanner.opened = at..at + length;
            length
        };
        if rest.starts_with("--") {
            return open(self, Mode::LineComment, 2);
        }
        if rest.starts_with("/*") {
            return open(self, Mode::BlockComment(1), 2);
        }
        if let '\'' | '"' | '`' = first {
            self.push(TokenKind::Quoted, at..at + 1);
            return open(self, Mode::Quoted(first), 1);
        }
        if let Some(tag) = dollar_tag(rest) {
            self.push(TokenKind::Quoted, at..at + tag.len());
            return open(self, Mode::Dollar(tag.to_owned()), tag.len());
        }
        if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(rest.len());
            self.push(TokenKind::Word(rest[..end].to_uppercase()), at..at + end);
            return end;
        }
        if !first.is_whitespace() {
            self.push(TokenKind::Symbol(first), at..at + first.len_utf8());
        }
        first.len_utf8()
    }

    fn quoted(&mut self, rest: &str, quote: char) -> usize {
        match rest.find(quote) {
            // A doubled quote stands for itself.
            Some(at) if rest[at + 1..].starts_with(quote) => at + 2,
            Some(at) => {
                self.mode = Mode::Plain;
                at + 1
            }
            None => rest.len(),
        }
    }

    fn until(&mut self, rest: &str, end: &str) -> usize {
        match rest.find(end) {
            Some(at) => {
                self.mode = Mode::Plain;
                at + end.len()
            }
            None => rest.len(),
        }
    }

    fn comment(&mut self, rest: &str, depth: u32) -> usize {
        match (rest.find("*/"), rest.find("/*")) {
            (end, Some(start)) if end.is_none_or(|end| start < end) => {
                self.mode = Mode::BlockComment(depth + 1);
                start + 2
            }
            (Some(end), _) => {
                self.mode = if depth > 1 { Mode::BlockComment(depth - 1) } else { Mode::Plain };
                end + 2
            }
            (None, _) => rest.len(),
        }
    }

    fn push(&mut self, kind: TokenKind, range: Range<usize>) {
        self.scan.tokens.push(Token { kind, range });
    }

    fn finish(mut self) -> Scan {
        let unclosed = match &self.mode {
            Mode::Plain | Mode::LineComment => None,
            Mode::Quoted('\'') => Some("text"),
            Mode::Quoted(_) => Some("quoted name"),
            Mode::Dollar(_) => Some("text"),
            Mode::BlockComment(_) => Some("comment"),
        };
        if let Some(what) = unclosed {
            self.scan.problems.push(Problem::Unclosed(what, self.opened.clone()));
        }
        let mut open = Vec::new();
        for token in &self.scan.tokens {
            match token.kind {
                TokenKind::Symbol('(') => open.push(token.range.clone()),
                TokenKind::Symbol(')') if open.pop().is_none() => {
                    self.scan.problems.push(Problem::Parenthesis(')', token.range.clone()));
                }
                _ => {}
            }
        }
        // With an open quote the parentheses behind it were not seen.
        if unclosed.is_none() {
            self.scan.problems.extend(open.into_iter().map(|range| Problem::Parenthesis('(', range)));
        }
        self.scan
    }
}

/// `$tag$` at the start of `text`, if it is one.
fn dollar_tag(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('$')?;
    let end = rest.find('$')?;
    let is_tag =
        rest[..end].chars().all(|c| c.is_alphanumeric() || c == '_') && !rest.starts_with(|c: char| c.is_ascii_digit());
    is_tag.then(|| &text[..end + 2])
}

// === impl Scan ===

impl Scan {
    /// The statements, split at semicolons; empty ones left out.
    pub fn statements(&self) -> Vec<&[Token]> {
        let parts = self.tokens.split(|token| token.kind == TokenKind::Symbol(';'));
        parts.filter(|part| !part.is_empty()).collect()
    }

    /// The words of the first statement's own list of result columns, among them the columns' names;
    /// nothing where that cannot be told: `*` may bring any column, and quoted names are not read.
    pub fn selected(&self) -> Option<Vec<&str>> {
        let statement = self.statements().into_iter().next()?;
        let mut depth = 0usize;
        let mut own = Vec::new();
        for token in statement {
            match token.kind {
                TokenKind::Symbol('(') => depth += 1,
                TokenKind::Symbol(')') => depth = depth.saturating_sub(1),
                _ if depth == 0 => own.push(token),
                _ => {}
            }
        }
        // What stands before it belongs to `WITH`.
        let starts = matches!(statement.first()?.word()?, "SELECT" | "WITH");
        let select = own.iter().position(|token| token.word() == Some("SELECT")).filter(|_| starts)?;
        let rest = own.get(select + 1..)?;
        let ends = |token: &&Token| {
            matches!(token.word(), Some("FROM" | "WHERE" | "UNION" | "INTERSECT" | "EXCEPT" | "ORDER" | "LIMIT"))
        };
        let list = rest.get(..rest.iter().position(ends).unwrap_or(rest.len()))?;
        let is_open = |token: &&Token| matches!(token.kind, TokenKind::Symbol('*') | TokenKind::Quoted);
        (!list.iter().any(is_open)).then(|| list.iter().filter_map(|token| token.word()).collect())
    }

    /// The first token of the first statement that shows that the text does not only read.
    pub fn first_write(&self) -> Option<&Token> {
        let statement = self.statements().into_iter().next()?;
        let first = statement.first()?;
        if !first.is_one_of(&READS) {
            return Some(first);
        }
        // `WITH x AS (DELETE …)`, `WITH x AS (…) INSERT …`: a writing word after `(` or `)`.
        statement.windows(2).find_map(|pair| {
            let [before, word] = pair else { return None };
            let begins = matches!(before.kind, TokenKind::Symbol('(' | ')'));
            let called =
                statement.iter().any(|next| next.kind == TokenKind::Symbol('(') && next.range.start == word.range.end);
            (begins && word.is_one_of(&WRITES) && !called).then_some(word)
        })
    }
}

// === impl Token ===

impl Token {
    /// The word in capitals, if it is one.
    pub fn word(&self) -> Option<&str> {
        match &self.kind {
            TokenKind::Word(word) => Some(word),
            _ => None,
        }
    }

    fn is_one_of(&self, words: &[&str]) -> bool {
        match &self.kind {
            TokenKind::Word(word) => words.contains(&&**word),
            TokenKind::Symbol(symbol) => words.contains(&&*symbol.to_string()),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<Problem> {
        scan([Piece::Text(text, 0)]).problems
    }

    #[test]
    fn balanced_text_has_no_problems() {
        for text in [
            "SELECT 'it''s (fine', \"a)b\", `c(` -- (\n FROM t /* ( /* nested */ */ WHERE (a = 1)",
            "SELECT $$ ( ' $$, $tag$ it's $tag$",
            "SELECT json_extract(x, '$.a')",
        ] {
            assert_eq!(problems(text), [], "{text}");
        }
    }

    #[test]
    fn open_quotes_and_parentheses_are_found() {
        assert_eq!(problems("SELECT 'a"), [Problem::Unclosed("text", 7..8)]);
        assert_eq!(problems("SELECT (1"), [Problem::Parenthesis('(', 7..8)]);
        assert_eq!(problems("SELECT 1)"), [Problem::Parenthesis(')', 8..9)]);
    }

    #[test]
    fn holes_inside_quotes_are_found() {
        let found = scan([Piece::Text("SELECT '", 0), Piece::Hole(8..12), Piece::Text("'", 12)]);
        assert_eq!(found.problems, [Problem::HoleInLiteral(8..12)]);
    }

    #[test]
    fn writing_is_recognised_by_keyword() {
        let write = |text| scan([Piece::Text(text, 0)]).first_write().and_then(|token| token.word().map(str::to_owned));
        assert_eq!(write("SELECT replace(a, 'x', 'y') FROM t"), None);
        assert_eq!(write("WITH a AS (SELECT 1) SELECT * FROM a"), None);
        assert_eq!(write("with a as (delete from t returning id) select * from a").as_deref(), Some("DELETE"));
        assert_eq!(write("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a").as_deref(), Some("INSERT"));
        assert_eq!(write("PRAGMA foreign_keys = off").as_deref(), Some("PRAGMA"));
    }

    #[test]
    fn result_columns_are_those_of_the_statement_itself() {
        let selected = |text| scan([Piece::Text(text, 0)]).selected().map(|words| words.join(" "));
        for (text, words) in [
            ("SELECT e.id, e.n FROM e", Some("E ID E N")),
            ("WITH x AS (SELECT 1 FROM y) SELECT e.id FROM e", Some("E ID")),
            ("WITH RECURSIVE x(a) AS (SELECT 1), z AS (SELECT 2) SELECT id FROM x", Some("ID")),
            ("SELECT (SELECT max(z) FROM y), e.id FROM e", Some("E ID")),
            ("SELECT lower(e.nm) AS low FROM e", Some("LOWER AS LOW")),
            ("SELECT count(*), id FROM e", Some("COUNT ID")),
            ("SELECT id UNION SELECT b FROM c", Some("ID")),
            ("SELECT e.* FROM e", None),
            ("SELECT \"id\" FROM e", None),
            ("(SELECT id FROM e) UNION SELECT 1", None),
            ("VALUES (1)", None),
        ] {
            assert_eq!(selected(text).as_deref(), words, "{text}");
        }
    }

    #[test]
    fn statements_are_split_at_semicolons_outside_quotes() {
        assert_eq!(scan([Piece::Text("SELECT ';'; SELECT 2;", 0)]).statements().len(), 2);
    }
}
