//! What of an object a selection map reads, as a field set.

use std::fmt;

use crate::graph::language::ast::{Argument, Selection};
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;

use super::{Below, ListItem, ObjectField, Path, Selected, SelectionMap};

/// Fields of an object, each once, in the order they are read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SelectedFields {
    nodes: Vec<Node>,
}

#[derive(Clone, PartialEq, Debug)]
struct Node {
    what: What,
    below: SelectedFields,
}

#[derive(Clone, PartialEq, Debug)]
enum What {
    Field { name: Name, arguments: Vec<(Name, InputValue)> },
    On(Name),
}

// === impl SelectionMap ===

impl SelectionMap {
    /// What each alternative reads.
    pub fn alternatives(&self) -> Vec<SelectedFields> {
        let read = |selected: &Selected| {
            let mut fields = SelectedFields::default();
            fields.selected(selected);
            fields
        };
        self.alternatives.iter().map(read).collect()
    }

    /// What all alternatives read together.
    pub fn fields(&self) -> SelectedFields {
        let mut fields = SelectedFields::default();
        fields.map(self);
        fields
    }
}

// === impl SelectedFields ===

impl SelectedFields {
    /// Adds what `other` has.
    pub fn extend(&mut self, other: Self) {
        for node in other.nodes {
            self.at(node.what).extend(node.below);
        }
    }

    /// What a field set selects; named fragments are not followed.
    pub fn of(selections: &[Selection]) -> Self {
        let mut fields = Self::default();
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    let below = Self::of(field.selections.as_deref().unwrap_or_default());
                    fields.at(What::field(&field.name.value, &field.arguments)).extend(below);
                }
                Selection::InlineFragment { on, selections, .. } => match on {
                    Some(on) => fields.at(What::On(on.value.clone())).extend(Self::of(selections)),
                    None => fields.extend(Self::of(selections)),
                },
                Selection::FragmentSpread { .. } => {}
            }
        }
        fields
    }

    /// Whether both have the same fields, in whatever order.
    pub fn is_same(&self, other: &Self) -> bool {
        let has = |node: &Node| other.nodes.iter().any(|own| own.what == node.what && own.below.is_same(&node.below));
        self.nodes.len() == other.nodes.len() && self.nodes.iter().all(has)
    }

    /// The fields by name, with what is read below them; `None` where a type condition or an
    /// argument stands anywhere in it.
    pub fn plain(&self) -> Option<Vec<(&Name, &Self)>> {
        let named = self.nodes.iter().map(|node| match &node.what {
            What::Field { name, arguments } if arguments.is_empty() && node.below.plain().is_some() => {
                Some((name, &node.below))
            }
            _ => None,
        });
        named.collect()
    }

    /// Whether any field is given arguments.
    pub fn has_arguments(&self) -> bool {
        self.nodes.iter().any(|node| {
            let own = matches!(&node.what, What::Field { arguments, .. } if !arguments.is_empty());
            own || node.below.has_arguments()
        })
    }

    fn map(&mut self, map: &SelectionMap) {
        map.alternatives.iter().for_each(|selected| self.selected(selected));
    }

    fn selected(&mut self, selected: &Selected) {
        match selected {
            Selected::Object(fields) => self.object(fields),
            Selected::Path { path, below } => {
                let end = self.path(path);
                match below {
                    None => {}
                    Some(Below::Object(fields)) => end.object(fields),
                    Some(Below::List(item)) => end.item(item),
                }
            }
        }
    }

    fn path(&mut self, path: &Path) -> &mut Self {
        let mut here = match &path.on {
            Some(on) => self.at(What::On(on.value.clone())),
            None => self,
        };
        for step in &path.steps {
            here = here.at(What::field(&step.field.value, &step.arguments));
            if let Some(on) = &step.on {
                here = here.at(What::On(on.value.clone()));
            }
        }
        here
    }

    fn object(&mut self, fields: &[ObjectField]) {
        fields.iter().for_each(|field| self.map(&field.value));
    }

    fn item(&mut self, item: &ListItem) {
        match item {
            ListItem::Value(map) => self.map(map),
            ListItem::List(item) => self.item(item),
        }
    }

    fn at(&mut self, what: What) -> &mut Self {
        let place = self.nodes.iter().position(|node| node.what == what).unwrap_or_else(|| {
            self.nodes.push(Node { what, below: Self::default() });
            self.nodes.len() - 1
        });
        &mut self.nodes[place].below
    }
}

// === impl What ===

impl What {
    fn field(name: &Name, arguments: &[Argument]) -> Self {
        let given = arguments.iter().map(|argument| (argument.name.value.clone(), argument.value.to_input()));
        Self::Field { name: name.clone(), arguments: given.collect() }
    }
}

impl fmt::Display for SelectedFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, node) in self.nodes.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            match &node.what {
                What::On(on) => write!(f, "... on {on}")?,
                What::Field { name, arguments } => {
                    f.write_str(name)?;
                    for (index, (name, value)) in arguments.iter().enumerate() {
                        write!(f, "{}{name}: {value}", if index == 0 { "(" } else { ", " })?;
                    }
                    f.write_str(if arguments.is_empty() { "" } else { ")" })?;
                }
            }
            if !node.below.nodes.is_empty() {
                write!(f, " {{ {} }}", node.below)?;
            }
        }
        Ok(())
    }
}
