//! Text with `{mapping}` holes: addresses, headers, broker subjects.

use std::ops::Range;

use serde_json::Value;

use super::compiled::Mapping;
use super::dialect::Dialect;
use super::error::{MappingError, MappingErrorKind};
use super::kinds::Kinds;
use super::methods::scalar_text;
use super::problem::Problem;
use super::references::References;
use super::variables::Variables;

/// What becomes of the values in the holes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TemplateKind {
    /// Percent-encoded, but for unreserved characters. Tabs, line breaks and form feeds of the
    /// literal text are dropped, so that long addresses can be folded.
    Url,
    /// Inserted as they are.
    Text,
}

/// Text with holes.
#[derive(Clone, Debug)]
pub struct Template {
    kind: TemplateKind,
    pieces: Vec<TemplatePiece>,
}

/// A part of a template.
#[derive(Clone, Debug)]
pub enum TemplatePiece {
    /// Text as written.
    Literal {
        /// The text.
        text: String,
        /// Its place in the template.
        range: Range<usize>,
    },
    /// `{mapping}`.
    Hole(Hole),
}

/// `{mapping}` in a text.
#[derive(Clone, Debug)]
pub struct Hole {
    /// What is between the braces; its ranges are bytes of the whole text.
    pub mapping: Mapping,
    /// The place of the hole, braces included.
    pub range: Range<usize>,
}

/// A template with its holes filled.
#[derive(Clone, PartialEq, Debug)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// Problems of the mappings.
    pub problems: Vec<Problem>,
}

/// Why holes could not be filled with these values: `CONNECTOR_BAD_INPUT`.
#[derive(Clone, PartialEq, Debug)]
pub struct TemplateError {
    /// One sentence.
    pub message: String,
    /// The hole.
    pub range: Range<usize>,
}

// === impl Template ===

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// All mistakes in all holes; ranges are bytes of `text`.
    pub fn parse(text: &str, kind: TemplateKind, dialect: Dialect) -> Result<Self, Vec<MappingError>> {
        let mut pieces = Vec::new();
        let mut errors = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let rest = text.get(at..).unwrap_or("");
            match rest.find('{') {
                Some(0) => match read_hole(text, at, dialect) {
                    Ok(hole) => {
                        at = hole.range.end;
                        pieces.push(TemplatePiece::Hole(hole));
                    }
                    Err(mistake) => {
                        errors.extend(mistake.errors);
                        at = mistake.end;
                    }
                },
                found => {
                    let end = at + found.unwrap_or(rest.len());
                    let text = text.get(at..end).unwrap_or("").to_owned();
                    pieces.push(TemplatePiece::Literal { text, range: at..end });
                    at = end;
                }
            }
        }
        if errors.is_empty() { Ok(Self { kind, pieces }) } else { Err(errors) }
    }

    /// Its parts, in order.
    pub fn pieces(&self) -> &[TemplatePiece] {
        &self.pieces
    }

    /// What is done with values.
    pub fn kind(&self) -> TemplateKind {
        self.kind
    }

    /// Its holes, in order.
    pub fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.pieces.iter().filter_map(|piece| match piece {
            TemplatePiece::Hole(hole) => Some(hole),
            TemplatePiece::Literal { .. } => None,
        })
    }

    /// What all its holes read.
    pub fn references(&self) -> References {
        let mut references = References::default();
        self.holes().for_each(|hole| references.extend(&hole.mapping.references()));
        references
    }

    /// Fills the holes. Null and missing values give no text.
    ///
    /// # Errors
    ///
    /// When a value is an array or object; in an address also when it alone is a path segment and is
    /// `.`, `..` or nothing, which would lead to another directory.
    pub fn render(&self, input: Option<&Value>, variables: &Variables<'_>) -> Result<Rendered, TemplateError> {
        let mut rendered = Rendered { text: String::new(), problems: Vec::new() };
        let mut in_path = self.kind == TemplateKind::Url;
        for (index, piece) in self.pieces.iter().enumerate() {
            let hole = match piece {
                TemplatePiece::Literal { text, .. } if self.kind == TemplateKind::Url => {
                    in_path &= !text.contains(['?', '#']);
                    encode_literal(&mut rendered.text, text);
                    continue;
                }
                TemplatePiece::Literal { text, .. } => {
                    rendered.text.push_str(text);
                    continue;
                }
                TemplatePiece::Hole(hole) => hole,
            };
            let outcome = hole.mapping.evaluate(input, variables);
            rendered.problems.extend(outcome.problems);
            let value = outcome.value.unwrap_or(Value::Null);
            let Some(text) = scalar_text(&value) else {
                let message = format!("a hole needs a scalar, not {}", Kinds::of(&value));
                return Err(TemplateError { message, range: hole.range.clone() });
            };
            if self.kind == TemplateKind::Text {
                rendered.text.push_str(&text);
                continue;
            }
            if in_path && matches!(text.as_ref(), "" | "." | "..") && self.is_whole_segment(index) {
                let message = format!("a path segment cannot be \"{text}\"");
                return Err(TemplateError { message, range: hole.range.clone() });
            }
            encode_value(&mut rendered.text, &text);
        }
        Ok(rendered)
    }

    /// Whether the piece at `index` is all of a path segment.
    fn is_whole_segment(&self, index: usize) -> bool {
        let visible = |text: &str| text.replace(FOLDS, "");
        let literal = |index: Option<usize>| match index.and_then(|index| self.pieces.get(index)) {
            None => Some(None),
            Some(TemplatePiece::Literal { text, .. }) => Some(Some(visible(text))),
            Some(TemplatePiece::Hole(_)) => None,
        };
        let starts = match literal(index.checked_sub(1)) {
            Some(before) => before.is_none_or(|text| text.is_empty() || text.ends_with('/')),
            None => false,
        };
        let ends = match literal(index.checked_add(1)) {
            Some(after) => after.is_none_or(|text| text.is_empty() || text.starts_with(['/', '?', '#'])),
            None => false,
        };
        starts && ends
    }
}

/// Characters by which literal text of addresses may be folded.
const FOLDS: [char; 4] = ['\t', '\n', '\r', '\u{c}'];

fn encode_literal(out: &mut String, text: &str) {
    for c in text.chars().filter(|c| !FOLDS.contains(c)) {
        match c {
            ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' => encode_char(out, c),
            c if c.is_ascii() && !c.is_ascii_control() => out.push(c),
            c => encode_char(out, c),
        }
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn encode_value(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '-' | '.' | '_' | '~' => out.push(c),
            c => encode_char(out, c),
        }
    }
}

fn encode_char(out: &mut String, c: char) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        out.push('%');
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// What is wrong with a hole, and where the text goes on.
pub(super) struct HoleMistake {
    pub errors: Vec<MappingError>,
    pub end: usize,
}

/// The hole whose brace stands at `open`.
pub(super) fn read_hole(text: &str, open: usize, dialect: Dialect) -> Result<Hole, HoleMistake> {
    let (inner, end) = hole_content(text, open)?;
    match Mapping::parse_at(text.get(inner.clone()).unwrap_or(""), inner.start, dialect) {
        Ok(mapping) if mapping.is_empty() => {
            let error = MappingError::new(MappingErrorKind::Syntax, "this hole is empty", open..end);
            Err(HoleMistake { errors: vec![error], end })
        }
        Ok(mapping) => Ok(Hole { mapping, range: open..end }),
        Err(errors) => Err(HoleMistake { errors, end }),
    }
}

/// What stands between the brace at `open` and the one that closes it, and the end of the latter.
/// Braces in quoted text and comments do not count.
pub(super) fn hole_content(text: &str, open: usize) -> Result<(Range<usize>, usize), HoleMistake> {
    let mut depth = 0_usize;
    let mut chars = text.get(open..).unwrap_or("").char_indices();
    while let Some((offset, c)) = chars.next() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return Ok((open + 1..open + offset, open + offset + 1)),
            '}' => depth -= 1,
            '\'' | '"' => {
                while let Some((_, inside)) = chars.next() {
                    match inside {
                        '\\' => drop(chars.next()),
                        inside if inside == c => break,
                        _ => {}
                    }
                }
            }
            '#' => drop(chars.find(|(_, inside)| matches!(inside, '\n' | '\r'))),
            _ => {}
        }
    }
    let error = MappingError::new(MappingErrorKind::Syntax, "this hole is never closed", open..open + 1)
        .help("for a brace as text write `{$('{')}`");
    Err(HoleMistake { errors: vec![error], end: text.len() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::graph::mapping::Variable;

    fn render(text: &str, args: &Value) -> Result<String, String> {
        let template = Template::parse(text, TemplateKind::Url, Dialect::Pleach).expect("a template");
        let variables = Variables::new().with(Variable::Args, args);
        template.render(None, &variables).map(|rendered| rendered.text).map_err(|error| error.message)
    }

    #[test]
    fn values_in_addresses_are_percent_encoded_and_text_is_not() {
        let args = json!({ "id": "a/b é" });
        assert_eq!(
            render("/users/{$args.id}?q=1&x={$args.id}", &args).unwrap(),
            "/users/a%2Fb%20%C3%A9?q=1&x=a%2Fb%20%C3%A9"
        );
        assert_eq!(render("/a\n  /b", &args).unwrap(), "/a%20%20/b");
    }

    #[test]
    fn a_value_cannot_walk_out_of_its_directory() {
        for id in ["", ".", ".."] {
            let args = json!({ "id": id });
            assert!(render("/users/{$args.id}", &args).is_err(), "{id:?}");
            assert!(render("/users/{$args.id}/posts", &args).is_err(), "{id:?}");
            assert!(render("/users/u{$args.id}", &args).is_ok(), "{id:?}");
            assert!(render("/users?id={$args.id}", &args).is_ok(), "{id:?}");
        }
    }

    #[test]
    fn an_array_in_a_hole_is_refused_and_null_is_no_text() {
        assert!(render("/u?x={$args.ids}", &json!({ "ids": [1] })).is_err());
        assert_eq!(render("/u?x={$args.ids}", &json!({ "ids": null })).unwrap(), "/u?x=");
        assert_eq!(render("/u?x={$args.ids}", &json!({})).unwrap(), "/u?x=");
    }

    #[test]
    fn braces_inside_quoted_text_do_not_close_a_hole() {
        assert_eq!(render("/u?x={$args.a ?? '}'}", &json!({})).unwrap(), "/u?x=%7D");
        assert_eq!(render("/u?x={$({ a: '{' }).a}!", &json!({})).unwrap(), "/u?x=%7B!");
    }

    #[test]
    fn mistakes_are_found_in_every_hole_at_their_place() {
        let errors = Template::parse("/{$agrs.a}/{$args.b->frist}", TemplateKind::Url, Dialect::Pleach).unwrap_err();
        let found: Vec<_> = errors.iter().map(|error| (error.range.clone(), error.help.as_deref())).collect();
        assert_eq!(found, [(2..7, Some("did you mean \"$args\"?")), (21..26, Some("did you mean \"first\"?"))]);
        assert!(Template::parse("/{$args.a", TemplateKind::Url, Dialect::Pleach).is_err());
        assert!(Template::parse("/{}", TemplateKind::Url, Dialect::Pleach).is_err());
    }
}
