//! The phases of composition, in order.

use std::collections::BTreeSet;

use crate::graph::connect::model::SourceProtocol;
use crate::graph::connect::{self, ConnectedSubgraph, ProtoLoader};
use crate::graph::federation::supergraph::Supergraph;
use crate::graph::language::ast::Document;
use crate::graph::language::{parse, print};
use crate::graph::link::{Links, Version, spec};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::{Diagnostic, Severity};
use crate::platform::base::span::{FileId, SourceMap, Span};

use super::composite::{self, Composite, Translated};
use super::subgraph::definitions::{self, NEWEST, OLDEST};
use super::subgraph::facts::Facts;
use super::subgraph::load;
use super::subgraph::model::Subgraph;
use super::{allowed, fan_out, merge, merged, satisfiability, supergraph, upgrade, validate};

/// One subgraph to compose.
#[derive(Clone, Debug)]
pub struct SubgraphInput {
    /// Its name, unique.
    pub name: Name,
    /// Where it is served; may be empty.
    pub url: Name,
    /// Its SDL.
    pub file: FileId,
}

/// What may be chosen about a composition.
#[derive(Clone, Copy, Default)]
pub struct ComposeOptions<'a> {
    /// Compiles the Protobuf files that sources name. Without it gRPC calls are not compared with them.
    pub protos: Option<&'a dyn ProtoLoader>,
    /// Yields the graph also where the subgraphs cannot answer every operation, to look into it.
    pub unsatisfiable: bool,
}

/// What composing yields.
#[derive(Debug)]
pub struct Composition {
    /// The supergraph, if there are no errors.
    pub supergraph: Option<Composed>,
    /// Errors, warnings and hints, in order of phase and place.
    pub diagnostics: Vec<Diagnostic>,
}

/// A composed supergraph in all its forms.
#[derive(Debug)]
pub struct Composed {
    /// In the form of the join specification, v0.5. Places are those of the subgraphs' definitions.
    pub document: Document,
    /// The document as text.
    pub sdl: String,
    /// The document as the model that planning reads.
    pub supergraph: Supergraph,
    /// What clients see.
    pub api_sdl: String,
    /// The subgraphs with sources and connectors of their own, by name.
    pub connected: Vec<ConnectedSubgraph>,
}

/// Composes subgraphs. Their order does not matter.
pub fn compose(sources: &SourceMap, inputs: &[SubgraphInput], options: &ComposeOptions<'_>) -> Composition {
    let mut diagnostics = Vec::new();
    let mut inputs: Vec<&SubgraphInput> = inputs.iter().collect();
    inputs.sort_by(|left, right| left.name.cmp(&right.name));
    check_names(&inputs, &mut diagnostics);
    let graphs = graph_names(&inputs);
    let mut subgraphs = Vec::new();
    let mut connected = Vec::new();
    for (input, graph) in inputs.iter().zip(graphs) {
        let mut reading = Reading { sources, options, connected: &mut connected, diagnostics: &mut diagnostics };
        subgraphs.extend(reading.subgraph(input, graph));
    }
    let Some(span) = inputs.first().map(|input| Span::new(input.file, 0, 0)) else {
        diagnostics.push(Diagnostic::error("NO_QUERIES", "there are no subgraphs"));
        return Composition { supergraph: None, diagnostics };
    };
    // Who does not know all subgraphs cannot tell what those of federation 1 mean.
    let complete = !has_errors(&diagnostics);
    if complete {
        upgrade::upgrade(&mut subgraphs, sources, &mut diagnostics);
    }
    for subgraph in subgraphs.iter().filter(|subgraph| complete || subgraph.version >= OLDEST) {
        validate::subgraph(subgraph, sources, &mut diagnostics);
    }
    if has_errors(&diagnostics) {
        return finish(sources, None, diagnostics);
    }
    let (mut whole, found) = merge::merge(&subgraphs, sources);
    diagnostics.extend(found);
    if has_errors(&diagnostics) {
        return finish(sources, None, diagnostics);
    }
    merged::check(&mut whole, &subgraphs, sources, &mut diagnostics);
    if has_errors(&diagnostics) {
        return finish(sources, None, diagnostics);
    }
    let document = supergraph::document(&whole, &subgraphs, span);
    match Supergraph::from_document(&document, sources) {
        Ok(supergraph) => {
            diagnostics.extend(satisfiability::check(&supergraph, &|coordinate| places(&subgraphs, coordinate)));
            diagnostics.extend(fan_out::check(&supergraph));
            let sdl = print::document(&document);
            let api_sdl = supergraph.api_sdl.to_string();
            let composed = Composed { document, sdl, supergraph, api_sdl, connected };
            match options.unsatisfiable {
                true => Composition { supergraph: Some(composed), diagnostics },
                false => finish(sources, Some(composed), diagnostics),
            }
        }
        Err(found) => {
            diagnostics.extend(found);
            finish(sources, None, diagnostics)
        }
    }
}

/// Where subgraphs write `Type.field`.
fn places(subgraphs: &[Subgraph], coordinate: &str) -> Vec<(Span, String)> {
    let Some((ty, field)) = coordinate.split_once('.') else { return Vec::new() };
    subgraphs
        .iter()
        .filter_map(|subgraph| {
            let field = subgraph.types.get(ty)?.fields.get(field)?;
            Some((field.name.span, format!("in subgraph \"{}\"", subgraph.name)))
        })
        .collect()
}

fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}

/// Errors first, then by place; equal findings once, and those not that the author knows of.
fn finish(sources: &SourceMap, supergraph: Option<Composed>, mut diagnostics: Vec<Diagnostic>) -> Composition {
    diagnostics.retain(|diagnostic| !allowed::is_allowed(diagnostic, sources));
    let order = |diagnostic: &Diagnostic| {
        let severity = match diagnostic.severity {
            Severity::Error => 0,
            Severity::Warning => 1,
            Severity::Hint => 2,
        };
        (severity, diagnostic.labels.first().map(|label| label.span))
    };
    diagnostics.sort_by_key(order);
    diagnostics.dedup();
    Composition { supergraph: supergraph.filter(|_| !has_errors(&diagnostics)), diagnostics }
}

fn check_names(inputs: &[&SubgraphInput], diagnostics: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    for input in inputs {
        let at = Span::new(input.file, 0, 0);
        let problem = if &*input.name == "_" {
            Some("a subgraph cannot be called \"_\": the name is reserved".to_owned())
        } else if input.name.is_empty() {
            Some("a subgraph needs a name".to_owned())
        } else if !seen.insert(&input.name) {
            Some(format!("there is more than one subgraph \"{}\"", input.name))
        } else {
            None
        };
        diagnostics.extend(problem.map(|message| Diagnostic::error("INVALID_SUBGRAPH_NAME", message).at(at)));
    }
}

/// Values of `join__Graph`: names in capitals, made unique where they collide.
fn graph_names(inputs: &[&SubgraphInput]) -> Vec<Name> {
    let plain = |name: &str| {
        let mut text: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
        if text.starts_with(|c: char| c.is_ascii_digit()) || text.is_empty() {
            text.insert(0, '_');
        }
        // A number at the end would look like one of ours.
        let digits =
            text.rsplit('_').next().is_some_and(|end| !end.is_empty() && end.bytes().all(|b| b.is_ascii_digit()));
        if digits && text.contains('_') {
            text.push('_');
        }
        text
    };
    let all: Vec<String> = inputs.iter().map(|input| plain(&input.name)).collect();
    let mut names = Vec::new();
    for (index, name) in all.iter().enumerate() {
        let same = all.iter().filter(|other| *other == name).count();
        let before = all.iter().take(index).filter(|other| *other == name).count();
        names.push(if same > 1 { format!("{name}_{}", before + 1).into() } else { name.as_str().into() });
    }
    names
}

struct Reading<'a> {
    sources: &'a SourceMap,
    options: &'a ComposeOptions<'a>,
    connected: &'a mut Vec<ConnectedSubgraph>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

// === impl Reading ===

impl Reading<'_> {
    /// Parses, links and validates one subgraph as GraphQL, and reads its connectors.
    fn subgraph(&mut self, input: &SubgraphInput, graph: Name) -> Option<Subgraph> {
        let (document, mut found) = parse::type_system(self.sources, input.file);
        if !self.keep(found) {
            return None;
        }
        let links;
        (links, found) = Links::read(&document);
        let version = version(&links, &mut found);
        check_imports(&links, version, &mut found);
        if !self.keep(found) {
            return None;
        }
        let valid = self.keep(validate::graphql(self.sources, input.file, &document, &links, version));
        if !valid && links.by_identity(spec::COMPOSITE_SCHEMAS).is_some() {
            return None;
        }
        let (connected, found) = connect::read(&document, &input.name, &links, self.sources, self.options.protos);
        // With mistakes in connectors nothing is merged, but the rest of the file is judged.
        self.keep(found);
        let (document, links, composite) = self.translated(document, links)?;
        if !valid {
            return None;
        }
        let remote =
            connected.as_ref().and_then(|connected| match &connected.sources.get(connected.remote?)?.protocol {
                SourceProtocol::Graphql(graphql) => {
                    // As written: what it reads of the environment is only known when it is served.
                    Some(Name::from(self.sources.slice(graphql.url.span).trim_matches('"')))
                }
                _ => None,
            });
        self.connected.extend(connected);
        let url = remote.as_ref().unwrap_or(&input.url);
        let mut subgraph = load::load(&document, &input.name, url, graph, input.file, links, version);
        subgraph.composite = composite;
        subgraph.facts = Facts::of(&subgraph, self.sources);
        Some(subgraph)
    }

    /// A document that links Composite Schemas as federation spells it; others as they are.
    fn translated(&mut self, document: Document, links: Links) -> Option<(Document, Links, Option<Composite>)> {
        if links.by_identity(spec::COMPOSITE_SCHEMAS).is_none() {
            return Some((document, links, None));
        }
        let (translated, found) = composite::translate(&document, &links, self.sources);
        self.keep(found);
        let Translated { document, composite } = translated?;
        let (links, found) = Links::read(&document);
        self.keep(found).then_some((document, links, Some(composite)))
    }

    /// Records findings; whether none is an error.
    fn keep(&mut self, found: Vec<Diagnostic>) -> bool {
        let good = !has_errors(&found);
        self.diagnostics.extend(found);
        good
    }
}

/// The version of federation a document links; federation 1 was not linked, or in a version below 2.
fn version(links: &Links, found: &mut Vec<Diagnostic>) -> Version {
    let Some(link) = links.federation() else {
        if links.by_identity(spec::COMPOSITE_SCHEMAS).is_some() {
            return composite::definitions::FEDERATION;
        }
        // Read as federation 2, the document would have the directive twice.
        for identity in [spec::TAG, spec::INACCESSIBLE] {
            if let Some(link) = links.by_identity(identity) {
                let message = format!("\"{identity}\" is linked by itself, without federation");
                let finding = Diagnostic::error("INVALID_LINK_DIRECTIVE_USAGE", message).at(link.span);
                found.push(finding.help("link federation 2 and import the directive from it"));
            }
        }
        return Version::new(1, 0);
    };
    let version = link.version();
    if version < OLDEST || version > NEWEST {
        let message = format!("unknown version of federation: \"{}\"", link.url);
        let finding = Diagnostic::error("UNKNOWN_FEDERATION_LINK_VERSION", message).at(link.url_span);
        found.push(finding.help(format!("known are {OLDEST} to {NEWEST}")));
    }
    version
}

/// What is imported from federation must exist in its version.
fn check_imports(links: &Links, version: Version, found: &mut Vec<Diagnostic>) {
    composite::definitions::check(links, found);
    let Some(link) = links.by_identity(spec::FEDERATION) else { return };
    for import in &link.imports {
        if definitions::exists(version, &import.element, import.directive) {
            continue;
        }
        let at = if import.directive { "@" } else { "" };
        let message = format!("federation {version} has no \"{at}{}\" to import", import.element);
        let finding = Diagnostic::error("INVALID_LINK_DIRECTIVE_USAGE", message).at(import.span);
        found.push(if !import.directive && definitions::exists(version, &import.element, true) {
            finding.help(format!("directives are imported with \"@\": \"@{}\"", import.element))
        } else if definitions::exists(NEWEST, &import.element, import.directive) {
            finding.help("link a newer version of federation")
        } else {
            finding
        });
    }
}
