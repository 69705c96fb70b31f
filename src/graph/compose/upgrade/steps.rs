//! The steps of the upgrade, in the order in which they depend on each other.

use crate::graph::compose::subgraph::facts::Facts;
use crate::graph::compose::subgraph::model::{Subgraph, Type};
use crate::graph::link::Version;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{SourceMap, Span};

use super::{extensions, externals, field_sets, interfaces, shareables, tags};

/// One subgraph of federation 1 on its way.
pub(super) struct Upgrade<'a> {
    pub(super) subgraph: &'a mut Subgraph,
    /// All other subgraphs, as they were written.
    pub(super) others: Vec<&'a Subgraph>,
    pub(super) sources: &'a SourceMap,
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
}

const STEPS: &[fn(&mut Upgrade<'_>)] = &[
    extensions::check_bases,
    field_sets::coerce,
    externals::drop_on_interfaces,
    externals::drop_on_types,
    externals::drop_on_keys_of_extensions,
    field_sets::drop_inactive,
    extensions::define,
    interfaces::drop_directives,
    field_sets::drop_provides_of_leaves,
    externals::drop_unused,
    shareables::add,
    tags::drop_on_externals,
];

/// Rewrites the subgraphs of federation 1 among `subgraphs`, if there are any.
pub fn upgrade(subgraphs: &mut [Subgraph], sources: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    if !subgraphs.iter().any(is_first) {
        return;
    }
    let written = subgraphs.to_vec();
    for (index, subgraph) in subgraphs.iter_mut().enumerate().filter(|(_, subgraph)| is_first(subgraph)) {
        let message = format!("subgraph \"{}\" is written for federation 1 and read as federation 2", subgraph.name);
        let hint = Diagnostic::hint("IMPLICITLY_UPGRADED_FEDERATION_VERSION", message);
        diagnostics.push(hint.at(Span::new(subgraph.file, 0, 0)).help(
            "link federation 2: extend schema @link(url: \"https://specs.apollo.dev/federation/v2.0\", import: [\"@key\"])",
        ));
        let others = written.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, other)| other).collect();
        let mut upgrade = Upgrade { subgraph, others, sources, diagnostics };
        STEPS.iter().for_each(|step| step(&mut upgrade));
        subgraph.facts = Facts::of(subgraph, sources);
    }
    interfaces::check_interface_objects(&written, diagnostics);
}

/// Whether a subgraph is written for federation 1.
pub(super) fn is_first(subgraph: &Subgraph) -> bool {
    subgraph.version < Version::new(2, 0)
}

// === impl Upgrade ===

impl<'a> Upgrade<'a> {
    /// The definitions of a type in other subgraphs.
    pub(super) fn elsewhere(&self, name: &str) -> Vec<(&'a Subgraph, &'a Type)> {
        self.others.iter().filter_map(|other| Some((*other, other.types.get(name)?))).collect()
    }

    /// What the directives say by now.
    pub(super) fn facts(&self) -> Facts {
        Facts::of(self.subgraph, self.sources)
    }
}
