//! From a place in a string's meaning back to the place in its literal.

/// The byte offset within `literal` (quotes included) of the character that stands at byte
/// `offset` of the string's meaning. Offsets past the end give the closing quote's place.
///
/// The literal is an ordinary or a block string that parsed without error; block strings map
/// through their common indentation and dropped blank lines (GraphQL specification §2.9.4).
pub fn offset(literal: &str, offset: usize) -> usize {
    match literal.strip_prefix("\"\"\"") {
        Some(rest) => 3 + block_offset(rest.strip_suffix("\"\"\"").unwrap_or(rest), offset),
        None => 1 + plain_offset(literal.get(1..literal.len().saturating_sub(1)).unwrap_or(""), offset),
    }
}

fn plain_offset(raw: &str, offset: usize) -> usize {
    let (mut at, mut meaning) = (0, 0);
    while at < raw.len() && meaning < offset {
        let rest = &raw[at..];
        let (taken, given) = if rest.starts_with("\\u{") {
            let end = rest.find('}').map_or(rest.len(), |end| end + 1);
            (end, decoded_len(rest.get(3..end - 1).unwrap_or("")))
        } else if rest.starts_with("\\u") {
            let high = u32::from_str_radix(rest.get(2..6).unwrap_or(""), 16).unwrap_or(0);
            if (0xD800..0xDC00).contains(&high) {
                (12.min(rest.len()), 4)
            } else {
                (6.min(rest.len()), decoded_len(rest.get(2..6).unwrap_or("")))
            }
        } else if rest.starts_with('\\') {
            (2.min(rest.len()), 1)
        } else {
            let len = rest.chars().next().map_or(1, char::len_utf8);
            (len, len)
        };
        at += taken;
        meaning += given;
    }
    at.min(raw.len())
}

fn decoded_len(hex: &str) -> usize {
    u32::from_str_radix(hex, 16).ok().and_then(char::from_u32).map_or(3, char::len_utf8)
}

fn block_offset(raw: &str, offset: usize) -> usize {
    let lines = raw_lines(raw);
    let text = |range: &std::ops::Range<usize>| &raw[range.clone()];
    let indent_of = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let is_blank = |line: &str| indent_of(line) == line.len();
    let common = lines.iter().skip(1).map(text).filter(|line| !is_blank(line)).map(indent_of).min().unwrap_or(0);
    let Some(first) = lines.iter().position(|line| !is_blank(text(line))) else { return raw.len() };
    let last = lines.iter().rposition(|line| !is_blank(text(line))).unwrap_or(first);
    let mut meaning = 0;
    for (number, line) in lines.iter().enumerate().take(last + 1).skip(first) {
        let dropped = if number == 0 { 0 } else { common.min(line.len()) };
        let (mut at, end) = (line.start + dropped, line.end);
        while at < end {
            if meaning >= offset {
                return at;
            }
            // `\"""` means `"""`.
            if raw[at..end].starts_with("\\\"\"\"") {
                at += 1;
            }
            let len = raw[at..end].chars().next().map_or(1, char::len_utf8);
            at += len;
            meaning += len;
        }
        if meaning >= offset {
            return end;
        }
        meaning += 1; // the line end
    }
    lines[last].end
}

/// Ranges of lines, without their ends (`\n`, `\r\n` or `\r`).
fn raw_lines(raw: &str) -> Vec<std::ops::Range<usize>> {
    let (mut lines, mut start, mut at) = (Vec::new(), 0, 0);
    let bytes = raw.as_bytes();
    while at < bytes.len() {
        let width = match bytes[at] {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
            b'\r' | b'\n' => 1,
            _ => {
                at += 1;
                continue;
            }
        };
        lines.push(start..at);
        at += width;
        start = at;
    }
    lines.push(start..raw.len());
    lines
}

#[cfg(test)]
mod tests {
    use super::super::ast::Definition;
    use crate::platform::base::span::SourceMap;

    /// Each character of the meaning is found again in the literal.
    fn check(literal: &str) {
        let mut sources = SourceMap::new();
        let file = sources.add("a", format!("scalar X @d(a: {literal})"));
        let (document, diagnostics) = super::super::parse::type_system(&sources, file);
        assert_eq!(diagnostics, []);
        let Definition::Type(ty) = &document.definitions[0] else { panic!("a type") };
        let meaning = ty.directives[0].arguments[0].value.as_str().expect("a string");
        for (at, c) in meaning.char_indices() {
            let found = literal[super::offset(literal, at)..].chars().next();
            match c {
                '\n' if literal.starts_with("\"\"\"") => {
                    assert!(matches!(found, Some('\n' | '\r')), "{literal:?} at {at}: {found:?}")
                }
                c if found == Some('\\') => {
                    assert!(!c.is_ascii_alphanumeric() || literal.contains("\\u"), "{literal:?} at {at}")
                }
                c => assert_eq!(found, Some(c), "{literal:?} at {at} of {meaning:?}"),
            }
        }
        assert!(super::offset(literal, meaning.len() + 5) <= literal.len());
    }

    #[test]
    fn finds_characters_of_the_meaning_in_the_literal() {
        for literal in [
            "\"\"",
            "\"abc\"",
            "\"a\\nb\\\"c\\u00e9d\\u{1F600}e\\uD83D\\uDE00f ö\"",
            "\"\"\"one line\"\"\"",
            "\"\"\"\n    select a\n      from b\n\n     where c\n    \"\"\"",
            "\"\"\"first\n   second\r\n    third é x\n\"\"\"",
            "\"\"\"\n  a \\\"\"\" b\n\"\"\"",
            "\"\"\"\n\n\"\"\"",
        ] {
            check(literal);
        }
    }
}
