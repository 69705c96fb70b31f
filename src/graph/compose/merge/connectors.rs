//! Connectors and lookups in the supergraph: they travel inside `@join__directive`.

use crate::graph::compose::subgraph::directives::Applied;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph};
use crate::graph::language::ast::{Directive, ValueKind};
use crate::graph::language::value::InputValue;
use crate::graph::link::{Link, Links, spec};
use crate::platform::base::Name;

use super::build;

/// `@join__directive` for connectors and lookups on an element, like applications of several subgraphs together.
pub fn join_directives<T: Annotated>(subgraphs: &[Subgraph], sources: &[(usize, T)]) -> Vec<Directive> {
    let mut joins = Joins::default();
    for (index, source) in sources {
        let subgraph = &subgraphs[*index];
        let carried = |applied: &&Applied| is_carried(&subgraph.links, &applied.directive.name);
        for applied in source.applied().iter().filter(carried) {
            joins.add(&subgraph.graph, &applied.directive);
        }
    }
    joins.written()
}

/// `@join__directive` on the schema: the links that give connectors and lookups their names, and sources.
pub fn schema_join_directives(subgraphs: &[Subgraph]) -> Vec<Directive> {
    let mut joins = Joins::default();
    for subgraph in subgraphs {
        for applied in &subgraph.schema {
            let directive = &applied.directive;
            let links = &subgraph.links;
            let link = links.link_directive() == Some(&directive.name)
                && links.all().iter().any(|link| link.span == directive.span && is_carried_spec(link));
            if link {
                joins.add(&subgraph.graph, &Directive { name: "link".into(), ..directive.clone() });
            } else if is_carried(links, &directive.name) {
                joins.add(&subgraph.graph, directive);
            }
        }
    }
    joins.written()
}

fn is_carried_spec(link: &Link) -> bool {
    matches!(&*link.url.identity, spec::APOLLO_CONNECT | spec::PLEACH_CONNECT | spec::COMPOSITE_SCHEMAS)
}

fn is_carried(links: &Links, written: &str) -> bool {
    links.directive(written).is_some_and(|element| is_carried_spec(element.link))
}

/// A directive's arguments as written.
type Form = Vec<(Name, InputValue)>;

/// Applications to be written as `@join__directive`, equal ones together.
#[derive(Default)]
struct Joins {
    all: Vec<(Vec<Name>, Form, Directive)>,
}

// === impl Joins ===

impl Joins {
    fn add(&mut self, graph: &Name, directive: &Directive) {
        let form: Vec<_> = directive
            .arguments
            .iter()
            .map(|argument| (argument.name.value.clone(), argument.value.to_input()))
            .collect();
        let same = self
            .all
            .iter_mut()
            .find(|(graphs, known, first)| *known == form && first.name == directive.name && !graphs.contains(graph));
        match same {
            Some((graphs, ..)) => graphs.push(graph.clone()),
            None => self.all.push((vec![graph.clone()], form, directive.clone())),
        }
    }

    fn written(self) -> Vec<Directive> {
        self.all
            .into_iter()
            .map(|(graphs, _, directive)| {
                let graphs = graphs.iter().map(build::symbol).collect();
                let args = directive.arguments.into_iter().map(|argument| (argument.name, argument.value)).collect();
                let arguments = vec![
                    ("graphs", build::list(graphs, directive.span)),
                    ("name", build::text(directive.name)),
                    ("args", ValueKind::Object(args)),
                ];
                build::directive("join__directive", arguments, directive.span)
            })
            .collect()
    }
}
