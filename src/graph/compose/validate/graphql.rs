//! A subgraph must be a valid schema once what its links bring is added.

use crate::graph::compose::subgraph::definitions;
use crate::graph::language::ast::{Definition, Directive, Document};
use crate::graph::language::validate;
use crate::graph::link::{Links, Version, spec};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{FileId, SourceMap, Span};

/// Validates a document as GraphQL. Connectors' directives are left to their own module.
pub fn graphql(
    sources: &SourceMap,
    file: FileId,
    document: &Document,
    links: &Links,
    version: Version,
) -> Vec<Diagnostic> {
    let prelude = definitions::prelude(document, links, version);
    let connectors = connector_spans(document, links);
    let inside = |span: Span| connectors.iter().any(|outer| outer.start <= span.start && span.end <= outer.end);
    validate::type_system(sources, file, &prelude)
        .into_iter()
        .filter(|diagnostic| !diagnostic.labels.iter().any(|label| label.span.end > 0 && inside(label.span)))
        .collect()
}

fn connector_spans(document: &Document, links: &Links) -> Vec<Span> {
    let is_connector = |directive: &&Directive| {
        links
            .directive(&directive.name)
            .is_some_and(|element| matches!(&*element.link.url.identity, spec::APOLLO_CONNECT | spec::PLEACH_CONNECT))
    };
    let mut spans = Vec::new();
    for definition in &document.definitions {
        match definition {
            Definition::Schema(schema) => {
                spans.extend(schema.directives.iter().filter(is_connector).map(|directive| directive.span));
            }
            Definition::Type(ty) => {
                let fields = ty.fields.iter().flat_map(|field| &field.directives);
                let all = ty.directives.iter().chain(fields);
                spans.extend(all.filter(is_connector).map(|directive| directive.span));
            }
            Definition::Directive(_) => {}
        }
    }
    spans
}
