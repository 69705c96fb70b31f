//! Directives that are not federation's own: those `@composeDirective` names are merged under
//! their names, connectors travel inside `@join__directive`.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::compose::subgraph::directives::{Applied, Federation};
use crate::graph::compose::subgraph::load::is_own_specification;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph};
use crate::graph::language::ast::{Directive, DirectiveDefinition, Value, ValueKind};
use crate::graph::language::value::InputValue;
use crate::graph::link::{Link, Links, Version, spec};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

use super::applied::is_merged;
use super::build;

/// Which directives travel on.
#[derive(Debug, Default)]
pub struct Carried {
    /// By (subgraph, name) as written there.
    applied: BTreeSet<(usize, Name)>,
    /// By name.
    composed: BTreeMap<Name, Composed>,
}

#[derive(Debug)]
struct Composed {
    identity: Name,
    element: Name,
    version: Version,
    subgraph: usize,
    span: Span,
    repeatable: bool,
}

const CODE: &str = "DIRECTIVE_COMPOSITION_ERROR";

// === impl Carried ===

impl Carried {
    /// Reads and checks all `@composeDirective`s.
    pub fn of(subgraphs: &[Subgraph], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut carried = Self::default();
        for (index, subgraph) in subgraphs.iter().enumerate() {
            let compose = |applied: &&Applied| applied.federation == Some(Federation::ComposeDirective);
            for applied in subgraph.schema.iter().filter(compose) {
                if let Err(finding) = carried.add(index, subgraph, applied) {
                    diagnostics.push(*finding);
                }
            }
        }
        check_imported_names(subgraphs, diagnostics);
        carried.check_names(subgraphs, diagnostics);
        carried.check_versions(subgraphs, diagnostics);
        carried
    }

    fn add(&mut self, index: usize, subgraph: &Subgraph, applied: &Applied) -> Result<(), Box<Diagnostic>> {
        let at = applied.argument("name").map_or(applied.directive.span, |value| value.span);
        let fail = |message: String| Err(Box::new(Diagnostic::error(CODE, message).at(at)));
        let Some(written) = applied.text("name") else {
            return fail("`@composeDirective` must name the directive to compose".into());
        };
        let Some(name) = written.strip_prefix('@') else {
            return fail(format!(
                "\"{written}\" does not start with \"@\": the name of a directive is written with it"
            ));
        };
        let Some(element) = subgraph.links.directive(name) else {
            let known = subgraph.directives.contains_key(name);
            return fail(match known {
                true => format!("\"{written}\" cannot be composed: it belongs to no linked specification"),
                false => format!("\"{written}\" cannot be composed: there is no such directive"),
            });
        };
        let identity = &element.link.url.identity;
        if is_own_specification(identity) && Federation::of(&subgraph.links, name).is_some_and(is_merged) {
            let message = format!("\"{written}\" belongs to \"{}\" and is composed anyway", element.link.url);
            return Err(Box::new(Diagnostic::warning("DIRECTIVE_COMPOSITION_WARN", message).at(at)));
        }
        if is_own_specification(identity) {
            return fail(format!("\"{written}\" belongs to \"{}\", which is composed by itself", element.link.url));
        }
        let Some(definition) = subgraph.directives.get(name) else {
            return fail(format!("\"{written}\" cannot be composed: the subgraph does not define it"));
        };
        let name = Name::from(name);
        self.applied.insert((index, name.clone()));
        let version = element.link.version();
        let composed = self.composed.entry(name).or_insert_with(|| Composed {
            identity: identity.clone(),
            element: element.name.clone(),
            version,
            subgraph: index,
            span: at,
            repeatable: definition.repeatable,
        });
        if composed.identity != *identity {
            let message = format!("\"{written}\" is composed from \"{}\" and from \"{identity}\"", composed.identity);
            return Err(Box::new(Diagnostic::error(CODE, message).at(at).label(composed.span, "here from the former")));
        }
        if version > composed.version {
            (composed.version, composed.subgraph, composed.repeatable) = (version, index, definition.repeatable);
        }
        Ok(())
    }

    /// One element must have one name wherever it is composed.
    fn check_names(&self, subgraphs: &[Subgraph], diagnostics: &mut Vec<Diagnostic>) {
        let mut reported = BTreeSet::new();
        for (name, composed) in &self.composed {
            for (index, subgraph) in subgraphs.iter().enumerate() {
                let Some(link) = subgraph.links.by_identity(&composed.identity) else { continue };
                let Some(other) = link.directive_name(&composed.element) else { continue };
                let key = (composed.identity.clone(), composed.element.clone());
                if other == *name || !self.is_composed(index, &other) || !reported.insert(key) {
                    continue;
                }
                let message = format!("composed directive \"@{name}\" has another name in other subgraphs");
                diagnostics.push(
                    Diagnostic::error("LINK_IMPORT_NAME_MISMATCH", message)
                        .at(composed.span)
                        .label(link.span, format!("called \"@{other}\" in subgraph \"{}\"", subgraph.name))
                        .help("import it under the same name everywhere"),
                );
            }
        }
    }

    /// Links of one specification may only differ in the minor version.
    fn check_versions(&self, subgraphs: &[Subgraph], diagnostics: &mut Vec<Diagnostic>) {
        let identities: BTreeSet<&Name> = self.composed.values().map(|composed| &composed.identity).collect();
        for identity in identities {
            let composing = self.applied.iter().filter_map(|(index, name)| {
                let composed = self.composed.get(name)?;
                (composed.identity == *identity).then(|| subgraphs[*index].links.by_identity(identity)).flatten()
            });
            let links: Vec<&Link> = composing.collect();
            let Some(first) = links.first() else { continue };
            if let Some(other) = links.iter().find(|link| link.version().major != first.version().major) {
                let message = format!("\"{identity}\" is linked in incompatible versions");
                let finding = Diagnostic::error(CODE, message).label(first.span, first.version().to_string());
                diagnostics.push(finding.label(other.span, other.version().to_string()));
            }
        }
    }

    /// Whether applications of directive `name` in a subgraph are merged.
    pub fn is_composed(&self, subgraph: usize, name: &str) -> bool {
        self.applied.contains(&(subgraph, Name::from(name)))
    }

    /// Whether a composed directive may stand several times.
    pub fn is_repeatable(&self, name: &str) -> bool {
        self.composed.get(name).is_some_and(|composed| composed.repeatable)
    }

    /// Definitions of the composed directives, from the newest version.
    pub fn definitions(&self, subgraphs: &[Subgraph]) -> BTreeMap<Name, DirectiveDefinition> {
        self.composed
            .iter()
            .filter_map(|(name, composed)| {
                Some((name.clone(), subgraphs[composed.subgraph].directives.get(name)?.clone()))
            })
            .collect()
    }

    /// `@link`s of composed directives and of connectors.
    pub fn links(&self, subgraphs: &[Subgraph]) -> Vec<Directive> {
        let mut by_identity: BTreeMap<&Name, Vec<(&Name, &Composed)>> = BTreeMap::new();
        for (name, composed) in &self.composed {
            by_identity.entry(&composed.identity).or_default().push((name, composed));
        }
        let mut links = Vec::new();
        for (identity, all) in by_identity {
            let Some(newest) = all.iter().map(|(_, composed)| composed).max_by_key(|composed| composed.version) else {
                continue;
            };
            let span = newest.span;
            let imports = all.iter().map(|(name, composed)| import(name, &composed.element, span)).collect();
            let version = newest.version;
            let url =
                if version == Version::new(0, 0) { identity.to_string() } else { format!("{identity}/{version}") };
            links.push(build::directive(
                "link",
                vec![("url", build::text(url)), ("import", build::list(imports, span))],
                span,
            ));
        }
        for identity in [spec::APOLLO_CONNECT, spec::PLEACH_CONNECT] {
            let all = subgraphs.iter().filter_map(|subgraph| subgraph.links.by_identity(identity));
            if let Some(link) = all.max_by_key(|link| link.version()) {
                let arguments =
                    vec![("url", build::text(link.url.to_string())), ("for", ValueKind::Enum("EXECUTION".into()))];
                links.push(build::directive("link", arguments, link.span));
            }
        }
        links
    }

    /// `@join__directive` for connectors on an element, like applications of several subgraphs together.
    pub fn join_directives<T: Annotated>(&self, subgraphs: &[Subgraph], sources: &[(usize, T)]) -> Vec<Directive> {
        let mut joins = Joins::default();
        for (index, source) in sources {
            let subgraph = &subgraphs[*index];
            let of_connect = |applied: &&Applied| is_connect(&subgraph.links, &applied.directive.name);
            for applied in source.applied().iter().filter(of_connect) {
                joins.add(&subgraph.graph, &applied.directive);
            }
        }
        joins.written()
    }

    /// `@join__directive` on the schema: the links that give connectors their names, and sources.
    pub fn schema_join_directives(&self, subgraphs: &[Subgraph]) -> Vec<Directive> {
        let mut joins = Joins::default();
        for subgraph in subgraphs {
            for applied in &subgraph.schema {
                let directive = &applied.directive;
                let links = &subgraph.links;
                let link = links.link_directive() == Some(&directive.name)
                    && links.all().iter().any(|link| link.span == directive.span && is_connect_spec(link));
                if link {
                    joins.add(&subgraph.graph, &Directive { name: "link".into(), ..directive.clone() });
                } else if is_connect(links, &directive.name) {
                    joins.add(&subgraph.graph, directive);
                }
            }
        }
        joins.written()
    }
}

/// A directive that federation merges must have one name in all subgraphs that name it themselves.
fn check_imported_names(subgraphs: &[Subgraph], diagnostics: &mut Vec<Diagnostic>) {
    for federation in Federation::ALL.iter().copied().filter(|directive| is_merged(*directive)) {
        let mut names: Vec<(&Name, Span, &Subgraph)> = Vec::new();
        for subgraph in subgraphs {
            let links = subgraph.links.all().iter().filter(|link| is_own_specification(&link.url.identity));
            for import in links.filter_map(|link| link.import(federation.name(), true)) {
                if names.iter().all(|(name, ..)| **name != import.name) {
                    names.push((&import.name, import.span, subgraph));
                }
            }
        }
        if names.len() > 1 {
            let message = format!("\"@{}\" is imported under different names", federation.name());
            let finding = Diagnostic::error("LINK_IMPORT_NAME_MISMATCH", message);
            let finding = names.iter().fold(finding, |finding, (name, span, subgraph)| {
                finding.label(*span, format!("\"@{name}\" in subgraph \"{}\"", subgraph.name))
            });
            diagnostics.push(finding.help("import it under the same name everywhere"));
        }
    }
}

fn import(name: &Name, element: &Name, span: Span) -> ValueKind {
    if name == element {
        return build::text(format!("@{name}"));
    }
    let field = |key: &str, text: String| {
        let name = crate::platform::base::span::Spanned { value: Name::from(key), span };
        (name, Value { kind: build::text(text), span })
    };
    ValueKind::Object(vec![field("name", format!("@{element}")), field("as", format!("@{name}"))])
}

fn is_connect_spec(link: &Link) -> bool {
    matches!(&*link.url.identity, spec::APOLLO_CONNECT | spec::PLEACH_CONNECT)
}

fn is_connect(links: &Links, written: &str) -> bool {
    links.directive(written).is_some_and(|element| is_connect_spec(element.link))
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
