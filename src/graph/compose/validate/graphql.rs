//! A subgraph must be a valid schema once what its links bring is added.

use crate::graph::compose::subgraph::definitions;
use crate::graph::compose::subgraph::load::root_names;
use crate::graph::language::ast::{Definition, Directive, Document, OperationKind};
use crate::graph::language::validate;
use crate::graph::link::{Link, Links, Version, spec};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{FileId, SourceMap, Span};

use super::redefinitions;

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
    let mut found = roots(document);
    found.extend(empty_schemas(document));
    found.extend(redefinitions::check(document, links, version));
    if !found.is_empty() {
        return found;
    }
    validate::type_system(sources, file, &prelude)
        .into_iter()
        .filter(|diagnostic| !diagnostic.labels.iter().any(|label| label.span.end > 0 && inside(label.span)))
        .map(|diagnostic| match unlinked(sources, &diagnostic, links, version) {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        })
        .collect()
}

/// What to link, when the finding is a directive without a definition whose name is a known one.
fn unlinked(sources: &SourceMap, finding: &Diagnostic, links: &Links, version: Version) -> Option<String> {
    let text = sources.slice(finding.labels.first()?.span).strip_prefix('@')?;
    let name = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or(text);
    if !finding.message.contains("cannot find") {
        return None;
    }
    if matches!(name, "source" | "connect") {
        let import = |link: &Link| link.import(name, true).is_some();
        let other = links.all().iter().find(|link| import(link)).map(|link| format!(", not {}", link.url.identity));
        let other = other.unwrap_or_default();
        return Some(format!("link {}/v0.1{other}, and import \"@{name}\" from it", spec::PLEACH_CONNECT));
    }
    let federation = links.federation()?;
    let import = || format!("add \"@{name}\" to what is imported from {}", federation.url.identity);
    (links.directive(name).is_none() && definitions::exists(version, name, true)).then(import)
}

/// A schema definition names root types; only an extension may just apply directives.
fn empty_schemas(document: &Document) -> Vec<Diagnostic> {
    let schemas = document.definitions.iter().filter_map(|definition| match definition {
        Definition::Schema(schema) => Some(schema),
        _ => None,
    });
    let empty = schemas.filter(|schema| !schema.extension && schema.roots.is_empty());
    let finding = |at| Diagnostic::error("INVALID_GRAPHQL", "the schema definition names no root types").at(at);
    empty.map(|schema| finding(schema.span).help("write `extend schema`, or name them: `{ query: Query }`")).collect()
}

/// A type with a root type's usual name must be that root type: in the supergraph it would be.
fn roots(document: &Document) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (kind, local) in root_names(document) {
        let (usual, code) = match kind {
            OperationKind::Query => ("Query", "ROOT_QUERY_USED"),
            OperationKind::Mutation => ("Mutation", "ROOT_MUTATION_USED"),
            OperationKind::Subscription => ("Subscription", "ROOT_SUBSCRIPTION_USED"),
        };
        if &*local == usual {
            continue;
        }
        let other = document.definitions.iter().find_map(|definition| match definition {
            Definition::Type(ty) if &*ty.name.value == usual => Some(ty),
            _ => None,
        });
        if let Some(other) = other {
            let message =
                format!("\"{local}\" is the {} root type, so no other type can be called \"{usual}\"", kind.as_str());
            found.push(Diagnostic::error(code, message).at(other.name.span).help("rename this type"));
        }
    }
    found
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
