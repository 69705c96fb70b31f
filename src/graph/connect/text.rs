//! Places inside string arguments.

use std::ops::Range;

use crate::graph::language::string;
use crate::platform::base::span::{SourceMap, Span};

/// The place of `range` of a string's meaning, given the literal it was written as: escapes and
/// the indentation of block strings are counted back in.
pub fn inside(sources: &SourceMap, literal: Span, range: Range<usize>) -> Span {
    let text = sources.slice(literal);
    let start = string::offset(text, range.start);
    let end = string::offset(text, range.end.max(range.start));
    literal.within(start, end.max(start))
}

/// The place of a key that a mapping reads, without the dot before it.
pub fn key_inside(sources: &SourceMap, literal: Span, range: Range<usize>) -> Span {
    let span = inside(sources, literal, range);
    let dots = sources.slice(span).len() - sources.slice(span).trim_start_matches('.').len();
    Span { start: span.start + dots as u32, ..span }
}

/// The name of `known` closest to `name`, if one is close enough to be meant.
pub fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean "x"?`, or nothing.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    closest(name, known).map(|candidate| format!("; did you mean \"{candidate}\"?")).unwrap_or_default()
}

/// How many insertions, deletions, replacements and swaps of neighbours lie between two names,
/// whatever their case.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().take(64).flat_map(char::to_lowercase).collect();
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_name_that_was_meant() {
        assert_eq!(closest("timout", ["timeout", "retry"]), Some("timeout"));
        assert_eq!(closest("frist", ["first", "last"]), Some("first"));
        assert_eq!(closest("orders-db", ["orders_db", "bus"]), Some("orders_db"));
        assert_eq!(closest("tls", ["http", "sql"]), None);
    }

    #[test]
    fn places_inside_block_strings_count_their_indentation() {
        let mut sources = SourceMap::new();
        let text = "\"\"\"\n    a\n    bc: d\n    \"\"\"";
        let file = sources.add("a.graphql", text);
        let span = inside(&sources, Span::new(file, 0, text.len()), 2..4);
        assert_eq!(sources.slice(span), "bc");
    }
}
