//! Which paths a source file names. This reads Rust as far as that takes: comments and literals
//! are skipped, groups of a `use` are spread out, inline modules are counted for `super`.

/// A file of `src/` and what it names outside of its tests.
pub struct SourceFile {
    /// Below `src/`.
    pub name: String,
    tokens: Vec<Token>,
}

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Word(String),
    Colons,
    Symbol(char),
}

// === impl SourceFile ===

impl SourceFile {
    /// Reads a file, leaving out what stands below `#[cfg(test)]`.
    pub fn read(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), tokens: without_tests(tokens(text)) }
    }

    /// Paths into this crate, from its root: `crate::a::b`, `super::b`, `self::c`.
    pub fn inner_paths(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        let mut inline: Vec<(String, usize)> = Vec::new();
        let mut depth = 0;
        for at in 0..self.tokens.len() {
            match &self.tokens[at] {
                Token::Symbol('{') => {
                    depth += 1;
                    if let [Token::Word(word), Token::Word(name)] = &self.tokens[at.saturating_sub(2)..at]
                        && word == "mod"
                    {
                        inline.push((name.clone(), depth));
                    }
                }
                Token::Symbol('}') => {
                    inline.pop_if(|(_, opened)| *opened == depth);
                    depth -= 1;
                }
                Token::Word(word) if self.begins_path(at) => {
                    let mut here = module_path(&self.name);
                    here.extend(inline.iter().map(|(name, _)| name.clone()));
                    let base = match word.as_str() {
                        "crate" => Vec::new(),
                        "self" => here,
                        "super" => here[..here.len().saturating_sub(1)].to_vec(),
                        _ => continue,
                    };
                    self.spread(at + 1, base, &mut found);
                }
                _ => {}
            }
        }
        found
    }

    /// Paths that begin with anything else: crates, but also types and modules in scope.
    pub fn outer_paths(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        for at in 0..self.tokens.len() {
            if let Token::Word(word) = &self.tokens[at]
                && self.begins_path(at)
                && !matches!(word.as_str(), "crate" | "self" | "super")
            {
                self.spread(at + 1, vec![word.clone()], &mut found);
            }
        }
        found
    }

    /// The first words of all outer paths.
    pub fn outer_crates(&self) -> impl Iterator<Item = &str> {
        (0..self.tokens.len()).filter_map(|at| match &self.tokens[at] {
            Token::Word(word) if self.begins_path(at) => Some(word.as_str()),
            _ => None,
        })
    }

    /// Whether it defines functions.
    pub fn has_functions(&self) -> bool {
        self.tokens.windows(2).any(|pair| matches!(pair, [Token::Word(word), Token::Word(_)] if word == "fn"))
    }

    /// Whether it has asynchronous code.
    pub fn is_async(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Word(word) if word == "async" || word == "await"))
    }

    /// Whether a word is the head of a path: `a::…`, `::a::…`, or alone as in `use a;`.
    fn begins_path(&self, at: usize) -> bool {
        if self.tokens[at] == Token::Word("use".into()) {
            return false;
        }
        let before = at.checked_sub(1).map(|before| &self.tokens[before]);
        let inside = match before {
            Some(Token::Colons) => at.checked_sub(2).is_some_and(|at| {
                matches!(&self.tokens[at], Token::Word(word) if word != "use") || self.tokens[at] == Token::Symbol('>')
            }),
            Some(Token::Symbol('.')) => true,
            _ => false,
        };
        let used = matches!(before, Some(Token::Word(word)) if word == "use");
        !inside && (used || self.tokens.get(at + 1) == Some(&Token::Colons)) && !self.in_group(at)
    }

    /// Whether a word stands in the braces of a `use`, where paths begin in front of the brace.
    fn in_group(&self, at: usize) -> bool {
        let mut open = 0;
        for before in (0..at).rev() {
            match &self.tokens[before] {
                Token::Symbol('{') if open == 0 => return before > 0 && self.tokens[before - 1] == Token::Colons,
                Token::Symbol('{') => open -= 1,
                Token::Symbol('}') => open += 1,
                Token::Symbol(',') | Token::Colons | Token::Word(_) | Token::Symbol('*') => {}
                Token::Symbol(_) => return false,
            }
        }
        false
    }

    /// Follows `::b::{c, d::e}` from `at` and adds every path that ends there.
    fn spread(&self, mut at: usize, mut path: Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
        while self.tokens.get(at) == Some(&Token::Colons) {
            match self.tokens.get(at + 1) {
                Some(Token::Word(word)) if word == "super" => drop(path.pop()),
                Some(Token::Word(word)) if word == "self" => {}
                Some(Token::Word(word)) => path.push(word.clone()),
                Some(Token::Symbol('{')) => return self.spread_group(at + 2, &path, found),
                _ => break,
            }
            at += 2;
        }
        found.push(path);
        at
    }

    fn spread_group(&self, mut at: usize, path: &[String], found: &mut Vec<Vec<String>>) -> usize {
        loop {
            match self.tokens.get(at) {
                Some(Token::Word(word)) if word == "self" => {
                    found.push(path.to_vec());
                    at += 1;
                }
                Some(Token::Word(word)) => {
                    let mut path = path.to_vec();
                    path.push(word.clone());
                    at = self.spread(at + 1, path, found);
                    if matches!(self.tokens.get(at), Some(Token::Word(word)) if word == "as") {
                        at += 2;
                    }
                }
                Some(Token::Symbol('*')) => {
                    found.push(path.to_vec());
                    at += 1;
                }
                Some(Token::Symbol(',')) => at += 1,
                Some(Token::Symbol('}')) => return at + 1,
                _ => return at,
            }
        }
    }
}

/// `a/b/c.rs` and `a/b/c/mod.rs` are both the module `a::b::c`.
fn module_path(file: &str) -> Vec<String> {
    let mut path: Vec<_> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if matches!(path.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        path.pop();
    }
    path
}

fn tokens(text: &str) -> Vec<Token> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&first) = characters.get(at) {
        let next = characters.get(at + 1).copied().unwrap_or(' ');
        match first {
            '/' if next == '/' => at = find(&characters, at, "\n"),
            '/' if next == '*' => at = find(&characters, at + 2, "*/"),
            '"' => at = after_string(&characters, at),
            'r' if raw_string(&characters, at).is_some() => at = raw_string(&characters, at).unwrap_or(at + 1),
            '\'' => at = after_quote(&characters, at),
            ':' if next == ':' => {
                tokens.push(Token::Colons);
                at += 2;
            }
            _ if first.is_alphabetic() || first == '_' => {
                let end = (at..characters.len())
                    .find(|&end| !characters[end].is_alphanumeric() && characters[end] != '_')
                    .unwrap_or(characters.len());
                tokens.push(Token::Word(characters[at..end].iter().collect()));
                at = end;
            }
            _ if first.is_whitespace() || first.is_numeric() => at += 1,
            _ => {
                tokens.push(Token::Symbol(first));
                at += 1;
            }
        }
    }
    tokens
}

/// The place behind the next `end`.
fn find(characters: &[char], from: usize, end: &str) -> usize {
    let end: Vec<char> = end.chars().collect();
    (from..characters.len())
        .find(|&at| characters[at..].starts_with(&end))
        .map_or(characters.len(), |at| at + end.len())
}

fn after_string(characters: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&character) = characters.get(at) {
        match character {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// The place behind `r"…"` or `r#"…"#`, if one stands here.
fn raw_string(characters: &[char], start: usize) -> Option<usize> {
    let hashes = characters[start + 1..].iter().take_while(|character| **character == '#').count();
    (characters.get(start + 1 + hashes) == Some(&'"'))
        .then(|| find(characters, start + 2 + hashes, &format!("\"{}", "#".repeat(hashes))))
}

/// The place behind a character literal or a lifetime.
fn after_quote(characters: &[char], start: usize) -> usize {
    match (characters.get(start + 1), characters.get(start + 2)) {
        (Some('\\'), _) => find(characters, start + 3, "'"),
        (_, Some('\'')) => start + 3,
        _ => start + 1,
    }
}

/// Leaves out each item below `#[cfg(test)]`.
fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let mark: Vec<Token> = self::tokens("#[cfg(test)]");
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at..].starts_with(&mark) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += mark.len();
        let mut depth = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                Token::Symbol('{') => depth += 1,
                Token::Symbol('}') => depth -= 1,
                Token::Symbol(';') if depth == 0 => break,
                _ => {}
            }
            if depth == 0 && *token == Token::Symbol('}') {
                break;
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner(name: &str, text: &str) -> Vec<String> {
        SourceFile::read(name, text).inner_paths().iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn spreads_groups_and_resolves_super() {
        let text =
            "use crate::a::{b::c, d::{self, e as f}, *}; // crate::no\nuse super::x;\nfn f() { crate::g::h::<u8>() }";
        let paths = ["a::b::c", "a::d", "a::d::e", "a", "m::x", "g::h"];
        assert_eq!(inner("m/n.rs", text), paths);
        assert_eq!(
            inner("m/n/mod.rs", "use super::x::y; mod p { use super::z; use super::super::q; }"),
            ["m::x::y", "m::n::z", "m::q"]
        );
    }

    #[test]
    fn strings_tests_and_lifetimes_are_no_code() {
        let text = r##"fn f<'a>(x: &'a str) { let c = '"'; "crate::a"; r#"crate::"b"#; crate::c::d; }
            #[cfg(test)] mod tests { use crate::e; fn g() {} } use crate::h;"##;
        assert_eq!(inner("m.rs", text), ["c::d", "h"]);
    }

    #[test]
    fn crates_are_heads_of_paths() {
        let file = SourceFile::read(
            "m.rs",
            "use ::axum::Router; use sqlx; fn f() { http::x::tokio::y(); Vec::<tonic::B>::new() }",
        );
        let crates: Vec<_> = file.outer_crates().collect();
        assert_eq!(crates, ["axum", "sqlx", "http", "Vec", "tonic"]);
        assert_eq!(SourceFile::read("m.rs", "use std::{fs, io};").outer_paths(), [["std", "fs"], ["std", "io"]]);
    }
}
