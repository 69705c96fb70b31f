//! SQL with `{mapping}` holes, which become bound parameters, and `{%fragment}` holes, which produce
//! SQL from structure.

use std::ops::Range;

use super::compiled::Mapping;
use super::dialect::Dialect;
use super::error::{MappingError, MappingErrorKind};
use super::references::References;
use super::template::{self, Hole, HoleMistake};

/// SQL with holes.
#[derive(Clone, Debug)]
pub struct SqlTemplate {
    pieces: Vec<SqlPiece>,
}

/// A part of an SQL template.
#[derive(Clone, Debug)]
pub enum SqlPiece {
    /// SQL as written.
    Sql {
        /// The text.
        text: String,
        /// Its place in the template.
        range: Range<usize>,
    },
    /// A value to bind.
    Value(Hole),
    /// A fragment to write.
    Fragment {
        /// Which one.
        fragment: Fragment,
        /// What it is written from; every fragment but `seek` has one, `orderBy` perhaps.
        mapping: Option<Mapping>,
        /// The place of the hole, braces included.
        range: Range<usize>,
    },
}

/// What a fragment expands to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fragment {
    /// `{%list expr}`: placeholders for `IN (…)`.
    List,
    /// `{%where expr}`: the condition of a filter object.
    Where,
    /// `{%orderBy expr}`: the columns of a sort list.
    OrderBy,
    /// `{%seek}`: the condition of the current page.
    Seek,
    /// `{%values expr}`: rows of placeholders.
    Values,
    /// `{%set expr}`: assignments for the keys that are present.
    Set,
}

// === impl Fragment ===

impl Fragment {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::List, Self::Where, Self::OrderBy, Self::Seek, Self::Values, Self::Set];

    /// Its name, without `%`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Where => "where",
            Self::OrderBy => "orderBy",
            Self::Seek => "seek",
            Self::Values => "values",
            Self::Set => "set",
        }
    }
}

// === impl SqlTemplate ===

impl SqlTemplate {
    /// Reads an SQL template. SQL itself is not parsed, except for where quoted text, quoted names
    /// and comments begin and end.
    ///
    /// # Errors
    ///
    /// All mistakes in all holes; ranges are bytes of `text`.
    pub fn parse(text: &str, dialect: Dialect) -> Result<Self, Vec<MappingError>> {
        let mut reader = Reader { text, dialect, at: 0, sql_start: 0, pieces: Vec::new(), errors: Vec::new() };
        while reader.at < text.len() {
            reader.step();
        }
        reader.flush();
        if reader.errors.is_empty() { Ok(Self { pieces: reader.pieces }) } else { Err(reader.errors) }
    }

    /// Its parts, in order.
    pub fn pieces(&self) -> &[SqlPiece] {
        &self.pieces
    }

    /// All mappings in its holes, in order.
    pub fn mappings(&self) -> impl Iterator<Item = &Mapping> {
        self.pieces.iter().filter_map(|piece| match piece {
            SqlPiece::Sql { .. } => None,
            SqlPiece::Value(hole) => Some(&hole.mapping),
            SqlPiece::Fragment { mapping, .. } => mapping.as_ref(),
        })
    }

    /// What all its holes read.
    pub fn references(&self) -> References {
        let mut references = References::default();
        self.mappings().for_each(|mapping| references.extend(&mapping.references()));
        references
    }
}

struct Reader<'t> {
    text: &'t str,
    dialect: Dialect,
    at: usize,
    /// Where the SQL that is not yet a piece begins.
    sql_start: usize,
    pieces: Vec<SqlPiece>,
    errors: Vec<MappingError>,
}

// === impl Reader ===

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Reads a hole, a quoted part, a comment, or one character.
    fn step(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return };
        match first {
            '{' => self.hole(),
            '\'' => self.quoted('\'', self.follows_escape_mark()),
            '"' | '`' => self.quoted(first, false),
            '-' if rest.starts_with("--") => {
                let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
                self.opaque(length, "a comment");
            }
            '/' if rest.starts_with("/*") => self.block_comment(),
            '$' => self.dollar(),
            c => self.at += c.len_utf8(),
        }
    }

    fn flush(&mut self) {
        if self.sql_start < self.at {
            let range = self.sql_start..self.at;
            let text = self.text.get(range.clone()).unwrap_or("").to_owned();
            self.pieces.push(SqlPiece::Sql { text, range });
        }
        self.sql_start = self.at;
    }

    fn hole(&mut self) {
        self.flush();
        let open = self.at;
        let is_fragment = self.text.get(open + 1..).is_some_and(|rest| rest.trim_start().starts_with('%'));
        let read = if is_fragment { self.fragment(open) } else { self.value(open) };
        self.at = match read {
            Ok((piece, end)) => {
                self.pieces.push(piece);
                end
            }
            Err(mistake) => {
                self.errors.extend(mistake.errors);
                mistake.end
            }
        };
        self.sql_start = self.at;
    }

    fn value(&self, open: usize) -> Result<(SqlPiece, usize), HoleMistake> {
        let hole = template::read_hole(self.text, open, self.dialect)?;
        let end = hole.range.end;
        Ok((SqlPiece::Value(hole), end))
    }

    fn fragment(&self, open: usize) -> Result<(SqlPiece, usize), HoleMistake> {
        let (inner, end) = template::hole_content(self.text, open)?;
        let content = self.text.get(inner.clone()).unwrap_or("");
        let percent = inner.start + content.find('%').unwrap_or(0);
        let after = self.text.get(percent + 1..inner.end).unwrap_or("");
        let name = after.get(..after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len())).unwrap_or("");
        let name_range = percent..percent + 1 + name.len();
        let wrong = |error: MappingError| HoleMistake { errors: vec![error], end };
        let Some(fragment) = Fragment::ALL.into_iter().find(|fragment| fragment.as_str() == name) else {
            let message = format!("there is no SQL fragment \"%{name}\"");
            let error = MappingError::new(MappingErrorKind::UnknownFragment, message, name_range)
                .closest(name, Fragment::ALL.iter().map(|fragment| fragment.as_str()));
            return Err(wrong(error));
        };
        let start = name_range.end;
        let text = self.text.get(start..inner.end).unwrap_or("");
        let mapping = Mapping::parse_at(text, start, self.dialect).map_err(|errors| HoleMistake { errors, end })?;
        let mapping = Some(mapping).filter(|mapping| !mapping.is_empty());
        let mistake = match (fragment, &mapping) {
            (Fragment::Seek, Some(_)) => Some("takes no expression"),
            (Fragment::Seek | Fragment::OrderBy, _) | (_, Some(_)) => None,
            (_, None) => Some("needs an expression"),
        };
        match mistake {
            Some(mistake) => {
                let message = format!("the SQL fragment \"%{name}\" {mistake}");
                Err(wrong(MappingError::new(MappingErrorKind::Syntax, message, open..end)))
            }
            None => Ok((SqlPiece::Fragment { fragment, mapping, range: open..end }, end)),
        }
    }

    /// Whether the quote here opens text with backslash escapes: `E'…'`.
    fn follows_escape_mark(&self) -> bool {
        let mut before = self.text.get(..self.at).unwrap_or("").chars().rev();
        matches!(before.next(), Some('e' | 'E')) && !before.next().is_some_and(|c| c.is_alphanumeric() || c == '_')
    }

    /// Quoted text or a quoted name; a doubled quote stands for itself.
    fn quoted(&mut self, quote: char, escapes: bool) {
        let rest = self.rest();
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((offset, c)) = chars.next() {
            let doubled = c == quote && chars.peek().is_some_and(|(_, next)| *next == quote);
            if doubled || (c == '\\' && escapes) {
                chars.next();
            } else if c == quote {
                let what = if quote == '\'' { "quotes" } else { "a quoted name" };
                return self.opaque(offset + c.len_utf8(), what);
            }
        }
        let range = self.at..self.at + quote.len_utf8();
        self.errors.push(MappingError::new(MappingErrorKind::Syntax, "this quote is never closed", range));
        self.opaque(rest.len(), "quotes");
    }

    fn block_comment(&mut self) {
        // PostgreSQL nests them; the others end at the first close, where a nested opening is rare.
        let rest = self.rest();
        let (mut depth, mut offset) = (0_usize, 0);
        while let Some(tail) = rest.get(offset..).filter(|tail| !tail.is_empty()) {
            if tail.starts_with("/*") {
                depth += 1;
                offset += 2;
            } else if tail.starts_with("*/") {
                depth -= 1;
                offset += 2;
                if depth == 0 {
                    break;
                }
            } else {
                offset += tail.chars().next().map_or(1, char::len_utf8);
            }
        }
        self.opaque(offset, "a comment");
    }

    /// `$tag$ … $tag$`, or a dollar that means something else.
    fn dollar(&mut self) {
        let rest = self.rest();
        let tag_end = rest.get(1..).and_then(|rest| rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
        let tag = tag_end.and_then(|end| rest.get(..end + 2)).filter(|tag| tag.ends_with('$'));
        let is_name = |tag: &&str| !tag.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
        let inside_name =
            self.text.get(..self.at).and_then(|before| before.chars().next_back()).is_some_and(char::is_alphanumeric);
        match tag.filter(is_name).filter(|_| !inside_name) {
            Some(tag) => {
                let body = rest.get(tag.len()..).unwrap_or("");
                let length = body.find(tag).map_or(rest.len(), |found| found + 2 * tag.len());
                self.opaque(length, "quotes");
            }
            None => self.at += 1,
        }
    }

    /// Passes over `length` bytes in which no hole may stand. A brace there is text (as in
    /// `'{"a": 1}'`) unless what follows it can only be meant as a hole.
    fn opaque(&mut self, length: usize, place: &str) {
        let end = self.at + length;
        let mut at = self.at;
        while let Some(open) = self.text.get(at..end).and_then(|rest| rest.find('{')).map(|found| at + found) {
            at = open + 1;
            let inside = self.text.get(at..end).unwrap_or("");
            if inside.trim_start().starts_with(['$', '@', '%']) {
                let close = inside.find('}').map_or(end, |found| at + found + 1);
                let error = MappingError::new(
                    MappingErrorKind::HoleInLiteral,
                    format!("this hole stands inside {place}, where no value can be bound"),
                    open..close,
                );
                self.errors.push(error.help("write the hole without quotes around it, such as `name = {$args.name}`"));
                at = close;
            }
        }
        self.at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<String>, Vec<(Range<usize>, MappingErrorKind)>> {
        let picture = |piece: &SqlPiece| match piece {
            SqlPiece::Sql { text, .. } => text.clone(),
            SqlPiece::Value(hole) => format!("<{}>", hole.mapping),
            SqlPiece::Fragment { fragment, mapping, .. } => {
                format!("<%{} {}>", fragment.as_str(), mapping.as_ref().map(ToString::to_string).unwrap_or_default())
            }
        };
        SqlTemplate::parse(text, Dialect::Pleach)
            .map(|template| template.pieces().iter().map(picture).collect())
            .map_err(|errors| errors.into_iter().map(|error| (error.range, error.kind)).collect())
    }

    #[test]
    fn values_and_fragments_are_told_apart() {
        let text = "SELECT * FROM p WHERE id = {$args.id}::uuid AND {%where $args.filter} ORDER BY {%orderBy} LIMIT {$page.limit}";
        assert_eq!(
            parse(text).unwrap(),
            [
                "SELECT * FROM p WHERE id = ",
                "<$args.id>",
                "::uuid AND ",
                "<%where $args.filter>",
                " ORDER BY ",
                "<%orderBy >",
                " LIMIT ",
                "<$page.limit>"
            ]
        );
    }

    #[test]
    fn a_hole_inside_quotes_or_a_comment_is_refused() {
        use MappingErrorKind::HoleInLiteral;
        for text in [
            "a = '{$args.a}'",
            "a = E'\\'{$args.a}'",
            "a = \"{$args.a}\"",
            "a = $$ {$args.a} $$",
            "a = $x$ $$ {$args.a} $x$",
            "a -- {$args.a}",
            "a /* /* */ {$args.a} */",
            "a = '%{%list $args.a}'",
        ] {
            let errors = parse(text).unwrap_err();
            assert_eq!(errors.iter().map(|(_, kind)| *kind).collect::<Vec<_>>(), [HoleInLiteral], "{text}");
        }
        assert_eq!(parse("a = 'x{$args.a}y'").unwrap_err(), [(6..15, HoleInLiteral)]);
    }

    #[test]
    fn braces_that_are_data_stay_text() {
        let text = r#"a = '{"k": [1]}'::jsonb AND b = '{}' AND c = 'it''s {1,2}'"#;
        assert_eq!(parse(text).unwrap(), [text]);
    }

    #[test]
    fn quotes_end_where_the_database_ends_them() {
        assert_eq!(parse("a = 'it''s' AND b = {$args.b}").unwrap(), ["a = 'it''s' AND b = ", "<$args.b>"]);
        assert_eq!(parse(r"a = '\' AND b = {$args.b}").unwrap(), [r"a = '\' AND b = ", "<$args.b>"]);
        assert_eq!(parse("a = $1 AND b = {$args.b}").unwrap(), ["a = $1 AND b = ", "<$args.b>"]);
        assert_eq!(parse("a = 'never").unwrap_err(), [(4..5, MappingErrorKind::Syntax)]);
    }

    #[test]
    fn fragments_are_checked_by_name_and_expression() {
        let errors = SqlTemplate::parse("{%lsit $args.a} {%seek $args.a} {%set}", Dialect::Pleach).unwrap_err();
        let found: Vec<_> = errors.iter().map(|error| (error.range.clone(), error.kind)).collect();
        assert_eq!(
            found,
            [
                (1..6, MappingErrorKind::UnknownFragment),
                (16..31, MappingErrorKind::Syntax),
                (32..38, MappingErrorKind::Syntax)
            ]
        );
        assert_eq!(errors[0].help.as_deref(), Some("did you mean \"list\"?"));
    }
}
