//! What went wrong while a mapping was evaluated, without failing it.

use std::fmt::Write as _;
use std::ops::Range;

use super::ast::{Head, Path, StepKind};
use super::unparse;

/// How many different problems one evaluation keeps.
const MAX_PROBLEMS: usize = 64;

/// Something that made a value missing, or left it out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// One sentence.
    pub message: String,
    /// The place in the data where it happened first, such as `$.items[3].name`.
    pub path: String,
    /// The place in the text of the mapping.
    pub range: Range<usize>,
    /// How often it happened.
    pub count: u32,
}

/// The problems of one evaluation, equal ones counted.
#[derive(Debug, Default)]
pub(super) struct Problems {
    list: Vec<Problem>,
}

// === impl Problems ===

impl Problems {
    /// Adds a problem, or counts it when the same was met before.
    pub fn add(&mut self, message: &str, range: &Range<usize>, trail: &Trail<'_>) {
        if !self.count(message, range, 1) && self.list.len() < MAX_PROBLEMS {
            let (message, path) = (message.to_owned(), trail.render());
            self.list.push(Problem { message, path, range: range.clone(), count: 1 });
        }
    }

    /// Adds what another evaluation met after this.
    pub fn append(&mut self, later: Self) {
        for problem in later.list {
            if !self.count(&problem.message, &problem.range, problem.count) && self.list.len() < MAX_PROBLEMS {
                self.list.push(problem);
            }
        }
    }

    /// Counts a problem that was met before; false when it is new.
    fn count(&mut self, message: &str, range: &Range<usize>, times: u32) -> bool {
        let known = self.list.iter_mut().find(|known| known.range == *range && known.message == message);
        match known {
            Some(known) => known.count = known.count.saturating_add(times),
            None => return false,
        }
        true
    }

    /// The problems, in the order in which they were met.
    pub fn into_list(self) -> Vec<Problem> {
        self.list
    }
}

/// The way to a value in the data, as a list that lives on the stack and is written out only when
/// there is a problem to tell.
#[derive(Clone, Copy)]
pub(super) struct Trail<'t> {
    parent: Option<&'t Trail<'t>>,
    part: Part<'t>,
}

#[derive(Clone, Copy)]
enum Part<'t> {
    /// `$`, or a built-in variable with its `$`.
    Root(&'t str),
    /// A variable that `->as` bound, without its `$`.
    Local(&'t str),
    /// The first so many steps of a path.
    Steps(&'t Path, usize),
    /// A key.
    Key(&'t str),
    /// An element.
    Index(usize),
}

// === impl Trail ===

impl<'t> Trail<'t> {
    pub const fn root(name: &'t str) -> Self {
        Self { parent: None, part: Part::Root(name) }
    }

    pub const fn local(name: &'t str) -> Self {
        Self { parent: None, part: Part::Local(name) }
    }

    pub const fn steps(parent: &'t Trail<'t>, path: &'t Path, steps: usize) -> Self {
        Self { parent: Some(parent), part: Part::Steps(path, steps) }
    }

    pub const fn key(parent: &'t Trail<'t>, key: &'t str) -> Self {
        Self { parent: Some(parent), part: Part::Key(key) }
    }

    pub const fn index(parent: &'t Trail<'t>, index: usize) -> Self {
        Self { parent: Some(parent), part: Part::Index(index) }
    }

    fn render(&self) -> String {
        let mut parts = vec![self.part];
        let mut parent = self.parent;
        while let Some(trail) = parent {
            parts.push(trail.part);
            parent = trail.parent;
        }
        let mut out = String::new();
        for part in parts.into_iter().rev() {
            // Writing to a string cannot fail.
            let _ = match part {
                Part::Root(name) => write!(out, "{name}"),
                Part::Local(name) => write!(out, "${name}"),
                Part::Key(key) => write!(out, ".{}", unparse::key(key)),
                Part::Index(index) => write!(out, "[{index}]"),
                Part::Steps(path, steps) => {
                    write_steps(&mut out, path, steps);
                    Ok(())
                }
            };
        }
        out
    }
}

fn write_steps(out: &mut String, path: &Path, steps: usize) {
    if let Head::Key(key) = &path.head {
        let _ = write!(out, ".{}", unparse::key(key));
    }
    for step in path.steps.iter().take(steps) {
        let _ = match &step.kind {
            StepKind::Key(key) => write!(out, ".{}", unparse::key(key)),
            StepKind::Method(call) => write!(out, "->{}", call.name),
            StepKind::Optional => Ok(()),
        };
    }
}
