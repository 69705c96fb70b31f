//! The string literals of a Rust file, outside of comments and tests.

/// A string literal.
pub struct Literal {
    /// What is between the quotes, as written.
    pub text: String,
    /// The code in front of it on its way back to the last `;`, `{` or `}`, without white space.
    pub before: String,
}

/// All string literals above the first `#[cfg(test)]`.
pub fn of(source: &str) -> Vec<Literal> {
    let source = source.split("#[cfg(test)]").next().unwrap_or("");
    let mut found = Vec::new();
    let mut before = String::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(raw) = raw_string(rest) {
            found.push(Literal { text: raw.text.to_owned(), before: before.clone() });
            before.push('"');
            rest = raw.rest;
        } else if first == '"' {
            let end = closing_quote(&rest[1..]);
            found.push(Literal { text: rest[1..=end].to_owned(), before: before.clone() });
            before.push('"');
            rest = rest.get(end + 2..).unwrap_or("");
        } else if let Some(after) = quote_character(rest) {
            rest = after;
        } else {
            match first {
                ';' | '{' | '}' => before.clear(),
                space if space.is_whitespace() => {}
                other => before.push(other),
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

struct Raw<'a> {
    text: &'a str,
    rest: &'a str,
}

/// `r"…"`, `r#"…"#` and so on.
fn raw_string(text: &str) -> Option<Raw<'_>> {
    let after = text.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let inside = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let (text, rest) = inside.split_once(&end)?;
    Some(Raw { text, rest })
}

/// How many bytes stand before the quote that ends a literal.
fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return at,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// What follows the literals `'"'` and `'\''`, which would confuse the reading of quotes.
fn quote_character(text: &str) -> Option<&str> {
    ["'\"'", "'\\''", "'\\\"'", "b'\"'"].iter().find_map(|literal| text.strip_prefix(literal))
}
