//! Directives that are not federation's own and travel on because `@composeDirective` says so:
//! their applications are merged under their names.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::compose::subgraph::directives::{Applied, Federation};
use crate::graph::compose::subgraph::load::is_own_specification;
use crate::graph::compose::subgraph::model::Subgraph;
use crate::graph::language::ast::{Directive, DirectiveDefinition, Value, ValueKind};
use crate::graph::link::{Link, Version, spec};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{Span, Spanned};

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

/// One `@composeDirective`, or what counts of several for one name: the newest version.
#[derive(Clone, Debug)]
struct Composed {
    identity: Name,
    element: Name,
    version: Version,
    subgraph: usize,
    span: Span,
    repeatable: bool,
}

const CODE: &str = "DIRECTIVE_COMPOSITION_ERROR";

/// Specifications that supergraphs link, by the prefixes of their names there.
const OF_SUPERGRAPHS: &[&str] = &[
    "link",
    "join",
    "tag",
    "inaccessible",
    "authenticated",
    "requiresScopes",
    "policy",
    "context",
    "cost",
    "cacheTag",
];

// === impl Carried ===

impl Carried {
    /// Reads and checks all `@composeDirective`s.
    pub fn of(subgraphs: &[Subgraph], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut items: Vec<(Name, Composed)> = Vec::new();
        for (index, subgraph) in subgraphs.iter().enumerate() {
            let compose = |applied: &&Applied| applied.federation == Some(Federation::ComposeDirective);
            for applied in subgraph.schema.iter().filter(compose) {
                match item(index, subgraphs, applied) {
                    Ok(item) => items.push(item),
                    Err(finding) => diagnostics.push(*finding),
                }
            }
        }
        check_meanings(&items, diagnostics);
        check_names(&items, subgraphs, diagnostics);
        check_versions(&items, subgraphs, diagnostics);
        let mut carried = Self::default();
        for (name, item) in items {
            carried.applied.insert((item.subgraph, name.clone()));
            let known = carried.composed.entry(name).or_insert_with(|| item.clone());
            if item.version > known.version {
                *known = item;
            }
        }
        carried
    }

    /// Whether applications of directive `name` in a subgraph are merged.
    pub fn is_composed(&self, subgraph: usize, name: &str) -> bool {
        self.applied.contains(&(subgraph, Name::from(name)))
    }

    /// Whether any subgraph composes a directive of this name.
    pub fn has(&self, name: &str) -> bool {
        self.composed.contains_key(name)
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
        let mut taken: BTreeSet<Name> = OF_SUPERGRAPHS.iter().map(|name| Name::from(*name)).collect();
        for (identity, all) in by_identity {
            let Some(newest) = all.iter().map(|(_, composed)| composed).max_by_key(|composed| composed.version) else {
                continue;
            };
            let span = newest.span;
            let imports = all.iter().map(|(name, composed)| import(name, &composed.element, span)).collect();
            let mut arguments = vec![("url", build::text(format!("{identity}/{}", newest.version)))];
            let own = subgraphs[newest.subgraph].links.by_identity(identity);
            let (name, alias) = own.map_or((None, None), |link| (link.url.name.clone(), link.name.clone()));
            if let Some(free) = free_name(name.clone(), alias, &taken) {
                if name.as_ref() != Some(&free) {
                    arguments.push(("as", build::text(free.clone())));
                }
                taken.insert(free);
            }
            arguments.push(("import", build::list(imports, span)));
            links.push(build::directive("link", arguments, span));
        }
        for identity in [spec::APOLLO_CONNECT, spec::PLEACH_CONNECT, spec::COMPOSITE_SCHEMAS] {
            let all = subgraphs.iter().filter_map(|subgraph| subgraph.links.by_identity(identity));
            if let Some(link) = all.max_by_key(|link| link.version()) {
                let arguments =
                    vec![("url", build::text(link.url.to_string())), ("for", ValueKind::Enum("EXECUTION".into()))];
                links.push(build::directive("link", arguments, link.span));
            }
        }
        links
    }
}

/// The prefix of a specification in the supergraph: its own name, or what a subgraph calls it, or
/// either with a number.
fn free_name(name: Option<Name>, alias: Option<Name>, taken: &BTreeSet<Name>) -> Option<Name> {
    let first = name.or_else(|| alias.clone())?;
    let numbered = (2..).map(|number| Name::from(format!("{first}{number}")));
    [Some(first.clone()), alias].into_iter().flatten().chain(numbered).find(|name| !taken.contains(name))
}

/// Reads one application.
fn item(index: usize, subgraphs: &[Subgraph], applied: &Applied) -> Result<(Name, Composed), Box<Diagnostic>> {
    let subgraph = &subgraphs[index];
    let at = applied.argument("name").map_or(applied.directive.span, |value| value.span);
    let refuse = |code, message: String| Box::new(Diagnostic::error(code, message).at(at));
    let fail = |message: String| Err(refuse(CODE, message));
    let Some(written) = applied.text("name").filter(|name| !name.is_empty()) else {
        return fail("`@composeDirective` must name the directive to compose".into());
    };
    let Some(name) = written.strip_prefix('@') else {
        return fail(format!("\"{written}\" does not start with \"@\": the name of a directive is written with it"));
    };
    let Some(element) = subgraph.links.directive(name) else {
        let known = subgraph.directives.contains_key(name);
        return fail(match known {
            true => format!("\"{written}\" cannot be composed: it belongs to no linked specification"),
            false => format!("\"{written}\" cannot be composed: there is no such directive"),
        });
    };
    let identity = &element.link.url.identity;
    if is_own_specification(identity) {
        let federation = Federation::of(&subgraph.links, name);
        if federation.is_some_and(|known| is_merged(known) || known == Federation::Context) {
            let message = format!("\"{written}\" belongs to \"{}\" and is composed anyway", element.link.url);
            return Err(Box::new(Diagnostic::hint("DIRECTIVE_COMPOSITION_INFO", message).at(at)));
        }
        return fail(format!("\"{written}\" belongs to \"{}\", which is not composed", element.link.url));
    }
    for federation in [Federation::Tag, Federation::Inaccessible] {
        if let Some(other) = subgraphs.iter().find(|other| name_of(other, federation).as_deref() == Some(name)) {
            return fail(format!(
                "\"{written}\" cannot be composed: in subgraph \"{}\" it is federation's \"@{}\"",
                other.name,
                federation.name()
            ));
        }
    }
    let merged = Federation::named(name).filter(|known| is_merged(*known) || *known == Federation::Context);
    if let Some(other) = merged.and_then(|known| subgraphs.iter().find(|other| other.applies(known))) {
        return fail(format!(
            "\"{written}\" cannot be composed: in the supergraph federation's directive has this name, and subgraph \"{}\" applies it",
            other.name
        ));
    }
    let confusing = |feature: &&&str| name.strip_prefix(**feature).is_some_and(|rest| rest.starts_with("__"));
    if let Some(feature) = OF_SUPERGRAPHS.iter().find(confusing) {
        let message = format!("\"{written}\" could be taken for a directive of the supergraph's \"{feature}\"");
        return Err(refuse("INVALID_LINK_DIRECTIVE_USAGE", message));
    }
    let Some(definition) = subgraph.directives.get(name) else {
        return fail(format!("\"{written}\" cannot be composed: the subgraph does not define it"));
    };
    let (identity, element, version) = (identity.clone(), element.name.clone(), element.link.version());
    let repeatable = definition.repeatable;
    Ok((Name::from(name), Composed { identity, element, version, subgraph: index, span: at, repeatable }))
}

/// What a subgraph calls a directive of federation, if it can use it.
fn name_of(subgraph: &Subgraph, federation: Federation) -> Option<Name> {
    match subgraph.links.federation() {
        Some(link) => link.directive_name(federation.name()),
        None => Some(federation.name().into()),
    }
}

/// A name must mean the same wherever it is composed.
fn check_meanings(items: &[(Name, Composed)], diagnostics: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<&Name, &Composed> = BTreeMap::new();
    for (name, item) in items {
        let known = first.entry(name).or_insert(item);
        if (&known.identity, &known.element) != (&item.identity, &item.element) {
            let message = format!(
                "\"@{name}\" is \"@{}\" of \"{}\" in one subgraph, and \"@{}\" of \"{}\" in another",
                known.element, known.identity, item.element, item.identity
            );
            diagnostics.push(Diagnostic::error(CODE, message).at(item.span).label(known.span, "composed here, too"));
        }
    }
}

/// One element must have one name wherever it is composed.
fn check_names(items: &[(Name, Composed)], subgraphs: &[Subgraph], diagnostics: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<(&Name, &Name), (&Name, &Composed)> = BTreeMap::new();
    for (name, item) in items {
        let (other, known) = first.entry((&item.identity, &item.element)).or_insert((name, item));
        if *other != name {
            let message = format!("composed directive \"@{other}\" has another name in other subgraphs");
            let finding = Diagnostic::error(CODE, message).at(known.span);
            let note = format!("called \"@{name}\" in subgraph \"{}\"", subgraphs[item.subgraph].name);
            diagnostics.push(finding.label(item.span, note).help("import it under the same name everywhere"));
        }
    }
    for ((identity, element), (name, item)) in first {
        for (index, subgraph) in subgraphs.iter().enumerate() {
            let composes = items.iter().any(|(_, other)| other.subgraph == index && &other.element == element);
            let Some(link) = subgraph.links.by_identity(identity).filter(|_| !composes) else { continue };
            let other = link.import(element, true).map(|import| &import.name).filter(|other| *other != name);
            if let Some(other) = other {
                let message = format!("composed directive \"@{name}\" has another name where it is not composed");
                let hint = Diagnostic::warning("DIRECTIVE_COMPOSITION_WARN", message).at(item.span);
                diagnostics
                    .push(hint.label(link.span, format!("called \"@{other}\" in subgraph \"{}\"", subgraph.name)));
            }
        }
    }
}

/// Links of one specification may only differ in the minor version, and whoever links the newest
/// must define all that is composed of it.
fn check_versions(items: &[(Name, Composed)], subgraphs: &[Subgraph], diagnostics: &mut Vec<Diagnostic>) {
    let linked: BTreeSet<&Name> =
        subgraphs.iter().flat_map(|subgraph| subgraph.links.all()).map(|link| &link.url.identity).collect();
    for identity in linked.into_iter().filter(|identity| !is_own_specification(identity)) {
        let composed: Vec<&Composed> =
            items.iter().map(|(_, item)| item).filter(|item| item.identity == *identity).collect();
        let links: Vec<&Link> = subgraphs.iter().filter_map(|subgraph| subgraph.links.by_identity(identity)).collect();
        let newest = composed.iter().max_by_key(|item| item.version);
        let major = newest.map_or_else(|| links[0].version().major, |item| item.version.major);
        if let Some(older) = composed.iter().find(|item| item.version.major != major) {
            let message = format!("\"{identity}\" is linked in incompatible versions");
            let finding = Diagnostic::error(CODE, message).label(older.span, older.version.to_string());
            diagnostics
                .push(newest.iter().fold(finding, |finding, item| finding.label(item.span, item.version.to_string())));
        } else if let Some(other) = links.iter().find(|link| link.version().major != major) {
            let message =
                format!("\"{identity}\" is linked in incompatible versions, of which none or one is composed");
            let hint = Diagnostic::hint("DIRECTIVE_COMPOSITION_INFO", message).at(other.span);
            diagnostics.push(hint.label(links[0].span, links[0].version().to_string()));
        }
        let Some(newest) = newest else { continue };
        let defined = |item: &&&Composed| {
            items.iter().filter(|(_, other)| other.identity == *identity && other.version == newest.version).any(
                |(_, other)| {
                    let subgraph = &subgraphs[other.subgraph];
                    let name = subgraph.links.by_identity(identity).and_then(|link| link.directive_name(&item.element));
                    name.is_some_and(|name| subgraph.directives.contains_key(&name))
                },
            )
        };
        for item in composed.iter().filter(|item| !defined(item)) {
            let message = format!(
                "subgraph \"{}\" links the newest version of \"{identity}\", but does not define \"@{}\"",
                subgraphs[newest.subgraph].name, item.element
            );
            let finding = Diagnostic::error(CODE, message).at(item.span);
            diagnostics.push(finding.label(newest.span, "the newest version").help("define it there, too"));
        }
    }
}

fn import(name: &Name, element: &Name, span: Span) -> ValueKind {
    if name == element {
        return build::text(format!("@{name}"));
    }
    let field = |key: &str, text: String| {
        let name = Spanned { value: Name::from(key), span };
        (name, Value { kind: build::text(text), span })
    };
    ValueKind::Object(vec![field("name", format!("@{element}")), field("as", format!("@{name}"))])
}
