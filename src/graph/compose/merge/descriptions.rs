//! The description most subgraphs agree on.

use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

use super::merger::Merger;

impl Merger<'_> {
    /// The most common description of `what`; of equally common ones the first subgraph's.
    pub fn description<'d>(
        &mut self,
        what: &str,
        all: impl Iterator<Item = (usize, Option<&'d Name>, Span)>,
    ) -> Option<Name> {
        let mut counts: Vec<(&Name, usize, Span, usize)> = Vec::new();
        for (index, text, span) in all {
            let Some(text) = text.filter(|text| !text.trim().is_empty()) else { continue };
            match counts.iter_mut().find(|(known, ..)| *known == text) {
                Some((_, count, ..)) => *count += 1,
                None => counts.push((text, 1, span, index)),
            }
        }
        let most = counts.iter().map(|(_, count, ..)| *count).max()?;
        let chosen = counts.iter().find(|(_, count, ..)| *count == most).map(|(text, ..)| (*text).clone());
        if counts.len() > 1 {
            let message = format!("\"{what}\" has different descriptions; the most common one is used");
            let hint = counts.iter().fold(Diagnostic::warning("INCONSISTENT_DESCRIPTION", message), |hint, entry| {
                hint.label(entry.2, format!("in subgraph \"{}\"", self.subgraphs[entry.3].name))
            });
            self.report(hint);
        }
        chosen
    }
}
