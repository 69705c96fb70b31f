//! How large an operation becomes once its fragments are inlined: computed without inlining.

use std::collections::HashMap;

use crate::graph::language::api::RequestProblem;
use crate::graph::language::ast::{ExecutableDocument, FragmentDefinition, OperationDefinition, Selection};

use super::normalize::problem;

/// Selections after inlining; beyond this an operation is refused.
pub const MAX_SELECTIONS: u64 = 50_000;
/// Levels of nested selection sets and fragments; a bound for our own recursion, far above the
/// configurable depth limit.
pub const MAX_NESTING: u32 = 256;

/// Refuses operations that fragments would blow up.
///
/// # Errors
/// `MAX_SELECTIONS_LIMIT` or `MAX_DEPTH_LIMIT`.
pub fn check(document: &ExecutableDocument, operation: &OperationDefinition) -> Result<(), RequestProblem> {
    let fragments = document.fragments.iter().map(|fragment| (&*fragment.name.value, fragment)).collect();
    let mut measure = Measure { fragments, known: HashMap::new() };
    let size = measure.selections(&operation.selections, 0)?;
    if size.selections > MAX_SELECTIONS {
        let message = format!(
            "The operation selects {} fields once its fragments are inlined; the limit is {MAX_SELECTIONS}",
            size.selections
        );
        return Err(problem("MAX_SELECTIONS_LIMIT", message));
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Size {
    selections: u64,
    levels: u32,
}

struct Measure<'a> {
    fragments: HashMap<&'a str, &'a FragmentDefinition>,
    known: HashMap<&'a str, Size>,
}

// === impl Measure ===

impl<'a> Measure<'a> {
    fn selections(&mut self, selections: &'a [Selection], level: u32) -> Result<Size, RequestProblem> {
        let mut total = Size { selections: 0, levels: 0 };
        self.bound(level)?;
        for selection in selections {
            let below = match selection {
                Selection::Field(field) => {
                    total.selections = total.selections.saturating_add(1);
                    match &field.selections {
                        Some(selections) => self.selections(selections, level + 1)?,
                        None => continue,
                    }
                }
                Selection::InlineFragment { selections, .. } => self.selections(selections, level + 1)?,
                Selection::FragmentSpread { name, .. } => self.fragment(&name.value, level + 1)?,
            };
            total.selections = total.selections.saturating_add(below.selections);
            total.levels = total.levels.max(below.levels + 1);
        }
        Ok(total)
    }

    fn fragment(&mut self, name: &'a str, level: u32) -> Result<Size, RequestProblem> {
        if let Some(&size) = self.known.get(name) {
            self.bound(level.saturating_add(size.levels))?;
            return Ok(size);
        }
        let Some(fragment) = self.fragments.get(name).copied() else { return Ok(Size { selections: 0, levels: 0 }) };
        let size = self.selections(&fragment.selections, level)?;
        self.known.insert(name, size);
        Ok(size)
    }

    fn bound(&self, level: u32) -> Result<(), RequestProblem> {
        if level <= MAX_NESTING {
            return Ok(());
        }
        Err(problem("MAX_DEPTH_LIMIT", format!("The operation nests more than {MAX_NESTING} levels, the limit")))
    }
}
