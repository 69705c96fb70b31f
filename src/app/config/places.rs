//! Where each setting was written.

use std::sync::Arc;

use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::setting::{Mistake, Step};
use crate::platform::base::span::{FileId, Span};

use super::decode::placed;
use super::yaml::{Content, Node, Origin};

/// The places of all settings of one configuration. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Places {
    tree: Option<Arc<Node>>,
    file: Option<FileId>,
}

// === impl Places ===

impl Places {
    pub(super) fn new(tree: Option<Node>, file: Option<FileId>) -> Self {
        Self { tree: tree.map(Arc::new), file }
    }

    /// The mistake at the place of its setting, or of the innermost section around it that is
    /// written; naming the variable where the setting comes from the environment.
    pub fn told(&self, mistake: &Mistake) -> Diagnostic {
        let message = mistake.to_string();
        let mut finding = match self.origin(&mistake.path) {
            Some(origin) => placed(mistake.code, message, &origin),
            None => Diagnostic::error(mistake.code, message),
        };
        finding.help = mistake.help.clone().or(finding.help);
        finding
    }

    /// All of `mistakes`, but those that may only follow from something that has been refused.
    pub fn all_told(&self, mistakes: &[Mistake]) -> Vec<Diagnostic> {
        let follows = |mistake: &&Mistake| !self.find(&mistake.path).is_some_and(has_refused);
        mistakes.iter().filter(follows).map(|mistake| self.told(mistake)).collect()
    }

    /// Where a setting is written in the file, if it is.
    pub fn span(&self, path: &[Step]) -> Option<Span> {
        match self.origin(path)? {
            Origin::File(span) => Some(span),
            Origin::Variable(_) => None,
        }
    }

    fn find(&self, path: &[Step]) -> Option<&Node> {
        path.iter().try_fold(self.tree.as_deref()?, |node, step| Some(below(node, step)?.1))
    }

    fn origin(&self, path: &[Step]) -> Option<Origin> {
        let whole = self.file.map(|file| Origin::File(Span::new(file, 0, 0)));
        let Some(mut node) = self.tree.as_deref() else { return whole };
        let mut found = whole;
        for step in path {
            let Some((origin, below)) = below(node, step) else { break };
            let origin = if matches!(below.content, Content::Scalar(_)) { &below.origin } else { origin };
            (found, node) = (Some(origin.clone()), below);
        }
        found
    }
}

/// One step down, and where its key is written.
fn below<'n>(node: &'n Node, step: &Step) -> Option<(&'n Origin, &'n Node)> {
    match (&node.content, step) {
        (Content::Map(_), Step::Key(key)) => node.get(key).map(|(key, node)| (&key.origin, node)),
        // What was refused is not in the list that was read.
        (Content::List(items), Step::Index(index)) => {
            items.iter().filter(|node| !node.refused).nth(*index).map(|node| (&node.origin, node))
        }
        _ => None,
    }
}

fn has_refused(node: &Node) -> bool {
    node.refused
        || match &node.content {
            Content::Scalar(_) => false,
            Content::List(items) => items.iter().any(has_refused),
            Content::Map(entries) => entries.iter().any(|(_, node)| has_refused(node)),
        }
}
