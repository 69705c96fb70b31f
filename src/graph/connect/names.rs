//! The names under which a document uses the directives that matter here.

use crate::graph::language::ast::{Directive, Value, ValueKind};
use crate::graph::link::{Links, Version, spec};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

use super::text::did_you_mean;
use super::types::Types;

/// The version of the connect specification that is implemented.
pub const VERSION: Version = Version::new(0, 1);
/// What the specification defines, without `@`.
const ELEMENTS: [&str; 2] = ["source", "connect"];

/// Names of directives in one document, without `@`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Names {
    /// `@source`
    pub source: Name,
    /// `@connect`
    pub connect: Name,
    /// Federation's `@key`
    pub key: Name,
    /// Federation's `@external`
    pub external: Name,
}

// === impl Names ===

impl Names {
    /// The names `links` brings. `None` when no connect specification is linked, or none that is
    /// understood: the findings say so.
    pub fn of(links: &Links) -> (Option<Self>, Vec<Diagnostic>) {
        let (apollo, ours) = (links.by_identity(spec::APOLLO_CONNECT), links.by_identity(spec::PLEACH_CONNECT));
        if let (Some(apollo), Some(ours)) = (apollo, ours) {
            let conflict =
                Diagnostic::error("CONNECT_LINK_CONFLICT", "both Apollo's and Pleach's connect are linked; keep one")
                    .at(ours.url_span)
                    .label(apollo.url_span, "the other one");
            return (None, vec![conflict]);
        }
        let Some(link) = ours else {
            let refused = apollo.map(|apollo| {
                Diagnostic::error("UNKNOWN_CONNECTORS_VERSION", "Apollo's dialect of connect is not supported")
                    .at(apollo.url_span)
                    .help(format!("link {}/{VERSION} instead", spec::PLEACH_CONNECT))
            });
            return (None, refused.into_iter().collect());
        };
        let mut findings = Vec::new();
        if link.url.version != Some(VERSION) {
            let written = link.url.version.map_or_else(|| "without a number".to_owned(), |version| version.to_string());
            let message = format!("connect version {written} is not known; known: {VERSION}");
            findings.push(Diagnostic::error("UNKNOWN_CONNECTORS_VERSION", message).at(link.url_span));
            return (None, findings);
        }
        for import in &link.imports {
            if !import.directive || !ELEMENTS.contains(&&*import.element) {
                let message = format!(
                    "connect {VERSION} does not define \"{}{}\"{}",
                    if import.directive { "@" } else { "" },
                    import.element,
                    did_you_mean(&import.element, ELEMENTS)
                );
                findings.push(
                    Diagnostic::error("UNKNOWN_KEY", message).at(import.span).help("it defines @source and @connect"),
                );
            }
        }
        let own =
            |element: &str| link.directive_name(element).unwrap_or_else(|| Name::from(format!("connect__{element}")));
        let federation = |element: &str| {
            let linked = links.federation().and_then(|link| link.directive_name(element));
            linked.unwrap_or_else(|| Name::from(element))
        };
        let names = Self {
            source: own("source"),
            connect: own("connect"),
            key: federation("key"),
            external: federation("external"),
        };
        (Some(names), findings)
    }

    /// `NO_SOURCE_IMPORT`: `@source` is used, but not imported.
    pub fn used_by_prefix(&self, links: &Links, types: &Types<'_>) -> Option<Diagnostic> {
        let link = links.by_identity(spec::PLEACH_CONNECT)?;
        let used = types.schema_directives.iter().any(|directive| directive.name == self.source);
        let missing = used && link.import("source", true).is_none();
        missing.then(|| {
            Diagnostic::warning("NO_SOURCE_IMPORT", "@source is used by prefix only; import it?")
                .at(link.span)
                .help("import: [\"@source\", \"@connect\"]")
        })
    }
}

/// The `fields` of each `@key` among `directives`, with the argument's value.
pub fn keys<'a>(names: &Names, directives: &[&'a Directive]) -> Vec<Key<'a>> {
    let keys = directives.iter().filter(|directive| directive.name == names.key);
    keys.filter_map(|directive| {
        let fields = directive.argument("fields")?;
        let resolvable = directive.argument("resolvable").is_none_or(|value| value.kind != ValueKind::Boolean(false));
        Some(Key { fields, resolvable })
    })
    .collect()
}

/// One `@key`.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// `fields`
    pub fields: &'a Value,
    /// `resolvable`
    pub resolvable: bool,
}
