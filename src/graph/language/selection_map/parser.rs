//! Selection maps from text.

use crate::graph::language::ast::{Argument, Selection};
use crate::graph::language::parse;
use crate::platform::base::Name;
use crate::platform::base::span::{Span, Spanned};

use super::{Below, ListItem, ObjectField, Path, Selected, SelectionMap, Step};

/// How deep a selection map may nest.
const MAX_DEPTH: usize = 32;

/// What does not belong into a selection map, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// A sentence.
    pub message: String,
    /// The place.
    pub span: Span,
}

pub(super) fn parse(text: &str, place: &dyn Fn(usize, usize) -> Span) -> Result<SelectionMap, SyntaxError> {
    let mut parser = Parser { text, at: 0, place };
    let value = parser.value(MAX_DEPTH)?;
    parser.skip();
    if parser.at < text.len() { Err(parser.unexpected("the end")) } else { Ok(value) }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    place: &'a dyn Fn(usize, usize) -> Span,
}

// === impl Parser ===

impl Parser<'_> {
    /// `SelectedValue`
    fn value(&mut self, depth: usize) -> Result<SelectionMap, SyntaxError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.error("the selection map nests too deeply".into(), self.at));
        };
        self.eat('|');
        let mut alternatives = vec![self.entry(depth)?];
        while self.eat('|') {
            alternatives.push(self.entry(depth)?);
        }
        Ok(SelectionMap { alternatives })
    }

    /// `SelectedValueEntry`
    fn entry(&mut self, depth: usize) -> Result<Selected, SyntaxError> {
        if self.peek() == Some('{') {
            return Ok(Selected::Object(self.object(depth)?));
        }
        let mut path = Path { on: None, steps: Vec::new() };
        if self.peek() == Some('<') {
            path.on = self.condition()?;
            self.expect('.')?;
        }
        loop {
            path.steps.push(self.step()?);
            if self.peek() == Some('[') {
                let below = Some(Below::List(Box::new(self.list(depth)?)));
                return Ok(Selected::Path { path, below });
            }
            if !self.eat('.') {
                return Ok(Selected::Path { path, below: None });
            }
            if self.peek() == Some('{') {
                let below = Some(Below::Object(self.object(depth)?));
                return Ok(Selected::Path { path, below });
            }
        }
    }

    fn step(&mut self) -> Result<Step, SyntaxError> {
        let field = self.name()?;
        let arguments = self.arguments()?;
        let on = if self.peek() == Some('<') { self.condition()? } else { None };
        Ok(Step { field, arguments, on })
    }

    /// `SelectedObjectValue`
    fn object(&mut self, depth: usize) -> Result<Vec<ObjectField>, SyntaxError> {
        self.expect('{')?;
        let mut fields = Vec::new();
        while !self.eat('}') {
            let name = self.name()?;
            let value = if self.eat(':') {
                self.value(depth)?
            } else {
                let step = Step { field: name.clone(), arguments: self.arguments()?, on: None };
                let path = Path { on: None, steps: vec![step] };
                SelectionMap { alternatives: vec![Selected::Path { path, below: None }] }
            };
            fields.push(ObjectField { name, value });
        }
        if fields.is_empty() { Err(self.unexpected("a field of the input object")) } else { Ok(fields) }
    }

    /// `SelectedListValue`
    fn list(&mut self, depth: usize) -> Result<ListItem, SyntaxError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.error("the selection map nests too deeply".into(), self.at));
        };
        self.expect('[')?;
        let item = if self.peek() == Some('[') {
            ListItem::List(Box::new(self.list(depth)?))
        } else {
            ListItem::Value(self.value(depth)?)
        };
        self.expect(']')?;
        Ok(item)
    }

    /// `<Type>`
    fn condition(&mut self) -> Result<Option<Spanned<Name>>, SyntaxError> {
        self.expect('<')?;
        let name = self.name()?;
        self.expect('>')?;
        Ok(Some(name))
    }

    /// `(name: constant)`, read by GraphQL's own grammar.
    fn arguments(&mut self) -> Result<Vec<Argument>, SyntaxError> {
        if self.peek() != Some('(') {
            return Ok(Vec::new());
        }
        let start = self.at;
        let Some(length) = closing(&self.text[start..]) else {
            return Err(self.error("the arguments have no end".into(), start));
        };
        self.at = start + length;
        let span = (self.place)(start, self.at);
        let field = format!("field{}", &self.text[start..self.at]);
        let parsed = parse::field_set(&field, span.file);
        let Ok([Selection::Field(field)]) = parsed.as_deref() else {
            return Err(SyntaxError { message: "these are no arguments of a field".into(), span });
        };
        let mut arguments = field.arguments.clone();
        // The parsed text begins with another word than the map's.
        let moved = |at: u32| (start + at as usize).saturating_sub("field".len());
        let inside = |span: Span| (self.place)(moved(span.start), moved(span.end));
        for argument in &mut arguments {
            argument.name.span = inside(argument.name.span);
            argument.value.span = inside(argument.value.span);
            let mut variable = false;
            argument.value.to_input().for_each_variable(&mut |_| variable = true);
            if variable {
                return Err(SyntaxError { message: "a variable has no value here".into(), span: argument.value.span });
            }
        }
        Ok(arguments)
    }

    fn name(&mut self) -> Result<Spanned<Name>, SyntaxError> {
        self.skip();
        let start = self.at;
        let rest = &self.text[start..];
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if length == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(self.unexpected("a name"));
        }
        self.at = start + length;
        Ok(Spanned { value: rest[..length].into(), span: (self.place)(start, self.at) })
    }

    fn expect(&mut self, wanted: char) -> Result<(), SyntaxError> {
        if self.eat(wanted) { Ok(()) } else { Err(self.unexpected(&format!("\"{wanted}\""))) }
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn peek(&mut self) -> Option<char> {
        self.skip();
        self.text[self.at..].chars().next()
    }

    /// Over what GraphQL ignores: white space, commas and comments.
    fn skip(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r', ',', '\u{feff}']).len();
            if !self.text[self.at..].starts_with('#') {
                return;
            }
            let comment = &self.text[self.at..];
            self.at += comment.find(['\n', '\r']).unwrap_or(comment.len());
        }
    }

    fn unexpected(&mut self, wanted: &str) -> SyntaxError {
        let found = self.peek().map_or("the end".to_owned(), |c| format!("\"{c}\""));
        self.error(format!("expected {wanted}, not {found}"), self.at)
    }

    fn error(&self, message: String, at: usize) -> SyntaxError {
        let length = self.text[at..].chars().next().map_or(0, char::len_utf8);
        SyntaxError { message, span: (self.place)(at, at + length) }
    }
}

/// The length of the brackets that `text` begins with; strings in them may hold brackets, too.
fn closing(text: &str) -> Option<usize> {
    let (mut open, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '(' if !in_string => open += 1,
            ')' if !in_string => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at + c.len_utf8());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::base::span::SourceMap;

    fn read(text: &str) -> Result<SelectionMap, SyntaxError> {
        let file = SourceMap::new().add("a", text);
        parse(text, &|start, end| Span::new(file, start, end))
    }

    fn selects(text: &str) -> Vec<String> {
        read(text).unwrap().alternatives().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn paths_objects_and_lists_select_fields() {
        assert_eq!(selects("id"), ["id"]);
        assert_eq!(selects("dimension.size"), ["dimension { size }"]);
        assert_eq!(selects("{ w: size.w, h: size.h, id }"), ["size { w h } id"]);
        assert_eq!(selects("size.{ w, h }"), ["size { w h }"]);
        assert_eq!(selects("parts[{ id, at: place.id }]"), ["parts { id place { id } }"]);
        assert_eq!(selects("rows[[id]]"), ["rows { id }"]);
        assert_eq!(selects("media<Book>.isbn"), ["media { ... on Book { isbn } }"]);
        assert_eq!(selects("weight(unit: KG, in: \"a)\").value"), ["weight(unit: KG, in: \"a)\") { value }"]);
        assert_eq!(selects("# all\n{ id } | { by: owner.id }"), ["id", "owner { id }"]);
        assert_eq!(selects("{ nested: { a: <Book>.a } | { b: <Film>.b } }"), ["... on Book { a } ... on Film { b }"]);
    }

    #[test]
    fn a_map_printed_reads_as_itself() {
        for text in [
            "a.b(c: [1, X]).d",
            "<Book>.id | <Film>.id",
            "{ a: b.c, d: { e: f[{ g: h }] } | { i: j } }",
            "rows[[id]]",
            "media<Book>.parts.{ id: id }",
        ] {
            let map = read(text).unwrap();
            assert_eq!(map.to_string(), text);
            assert_eq!(read(&map.to_string()).unwrap(), map);
        }
    }

    #[test]
    fn what_does_not_belong_is_told_with_its_place() {
        let wrong = |text: &str| {
            let error = read(text).unwrap_err();
            (error.span.start, error.message)
        };
        assert_eq!(wrong(""), (0, "expected a name, not the end".to_owned()));
        assert_eq!(wrong("a b"), (2, "expected the end, not \"b\"".to_owned()));
        assert_eq!(wrong("{ id"), (4, "expected a name, not the end".to_owned()));
        assert_eq!(wrong("{}"), (2, "expected a field of the input object, not the end".to_owned()));
        assert_eq!(wrong("a.é"), (2, "expected a name, not \"é\"".to_owned()));
        assert_eq!(wrong("a(x: 1"), (1, "the arguments have no end".to_owned()));
        assert_eq!(wrong("a(x: )"), (1, "these are no arguments of a field".to_owned()));
        assert_eq!(wrong("a.b(x: [{ y: $z }])"), (7, "a variable has no value here".to_owned()));
        assert_eq!(wrong("a[b, c]"), (5, "expected \"]\", not \"c\"".to_owned()));
        assert!(read(&"a[".repeat(100)).unwrap_err().message.contains("too deeply"));
    }
}
