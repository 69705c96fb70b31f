//! Pages of cases: Markdown whose indented blocks are cases. `tests/mapping/cases/README.md` tells
//! the format.

use std::fmt::Write as _;

/// One page: cases with the prose between them.
pub struct Page {
    pub parts: Vec<Part>,
}

pub enum Part {
    /// A line of prose, headings included.
    Prose(String),
    Case(Case),
}

/// The lines of one indented block: a word and what follows it.
#[derive(Default)]
pub struct Case {
    pub lines: Vec<(String, String)>,
}

impl Page {
    pub fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut case = Case::default();
        for line in text.lines() {
            match line.strip_prefix("    ") {
                Some(line) => case.add(line),
                None => {
                    if !case.lines.is_empty() {
                        parts.push(Part::Case(std::mem::take(&mut case)));
                    }
                    parts.push(Part::Prose(line.to_owned()));
                }
            }
        }
        if !case.lines.is_empty() {
            parts.push(Part::Case(case));
        }
        Self { parts }
    }

    pub fn render(&self) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Prose(line) => writeln!(out, "{line}").unwrap(),
                Part::Case(case) => out.push_str(&case.render()),
            }
        }
        out
    }
}

impl Case {
    /// A line that starts with blanks continues the one before.
    fn add(&mut self, line: &str) {
        match (line.starts_with(' '), self.lines.last_mut()) {
            (true, Some((_, value))) => {
                value.push('\n');
                value.push_str(line.trim_start());
            }
            _ => {
                let (word, value) = line.split_once(' ').unwrap_or((line, ""));
                self.lines.push((word.to_owned(), value.trim_start().to_owned()));
            }
        }
    }

    pub fn get(&self, word: &str) -> Option<&str> {
        self.lines.iter().find(|(known, _)| known == word).map(|(_, value)| value.as_str())
    }

    pub fn render(&self) -> String {
        let mut out = String::new();
        for (word, value) in &self.lines {
            let value = value.replace('\n', "\n              ");
            writeln!(out, "    {word:<9} {value}").unwrap();
        }
        out
    }
}
