//! What is wrong with the text of a mapping or template.

use std::ops::Range;

/// The kind of a mistake; callers choose the diagnostic code by it and by the place of the mapping.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MappingErrorKind {
    /// The text does not follow the grammar.
    Syntax,
    /// The text follows the grammar of a newer dialect only.
    NotInDialect,
    /// Nested deeper, or a longer path, than is read.
    TooDeep,
    /// A variable that exists neither as built-in nor through `->as`.
    UnknownVariable,
    /// A method that does not exist in this dialect: `UNKNOWN_METHOD`.
    UnknownMethod,
    /// A method with the wrong number of arguments, or an argument of the wrong form.
    WrongArguments,
    /// A value that can never be what the method or position needs: `TYPE_MISMATCH`.
    Contradiction,
    /// A hole inside a quoted SQL literal or a comment: `SQL_HOLE_IN_LITERAL`.
    HoleInLiteral,
    /// An SQL fragment that does not exist.
    UnknownFragment,
}

/// One mistake in the text of a mapping or template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MappingError {
    /// What kind of mistake it is.
    pub kind: MappingErrorKind,
    /// One sentence, without the place.
    pub message: String,
    /// Bytes of the text that was parsed.
    pub range: Range<usize>,
    /// What to do about it.
    pub help: Option<String>,
}

// === impl MappingError ===

impl MappingError {
    pub(super) fn new(kind: MappingErrorKind, message: impl Into<String>, range: Range<usize>) -> Self {
        Self { kind, message: message.into(), range, help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds "did you mean" when one of `known` is close to `wrong`.
    pub(super) fn closest<'k>(self, wrong: &str, known: impl IntoIterator<Item = &'k str>) -> Self {
        match closest(wrong, known) {
            Some(name) => self.help(format!("did you mean \"{name}\"?")),
            None => self,
        }
    }
}

/// The name of `known` with the smallest edit distance to `wrong`, if it is close enough to be meant.
fn closest<'k>(wrong: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let allowed = (wrong.chars().count() / 3).clamp(1, 3);
    let (_, name) = known
        .into_iter()
        .map(|name| (distance(&wrong.to_lowercase(), &name.to_lowercase()), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= allowed)?;
    Some(name)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_is_offered_only_when_it_is_close() {
        assert_eq!(closest("frist", ["first", "last"]), Some("first"));
        assert_eq!(closest("tostring", ["toString", "trim"]), Some("toString"));
        assert_eq!(closest("uppercase", ["first", "last"]), None);
    }
}
