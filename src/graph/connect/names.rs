//! The names under which a document uses the directives that matter here.

use crate::graph::language::ast::{Directive, FieldDefinition, Value, ValueKind};
use crate::graph::link::{Link, Links, Version, spec};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

use super::text::did_you_mean;
use super::types::{Type, Types};

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
    /// What Composite Schemas bring, where they are linked.
    pub composite: Option<CompositeNames>,
}

/// Names of the directives of the Composite Schemas specification; those that the document cannot
/// use have none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CompositeNames {
    lookup: Option<Name>,
    is: Option<Name>,
    require: Option<Name>,
    internal: Option<Name>,
    key: Option<Name>,
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
        let of_composite = links.by_identity(spec::COMPOSITE_SCHEMAS);
        let federation = |element: &str| {
            let linked = links.federation().or(of_composite).and_then(|link| link.directive_name(element));
            linked.unwrap_or_else(|| Name::from(element))
        };
        let names = Self {
            source: own("source"),
            connect: own("connect"),
            key: federation("key"),
            external: federation("external"),
            composite: of_composite.map(CompositeNames::of),
        };
        (Some(names), findings)
    }

    /// `@lookup` among `directives`.
    pub fn lookup<'a>(&self, directives: &'a [Directive]) -> Option<&'a Directive> {
        named(directives, self.composite.as_ref()?.lookup.as_ref())
    }

    /// `@is` among `directives`.
    pub fn is<'a>(&self, directives: &'a [Directive]) -> Option<&'a Directive> {
        named(directives, self.composite.as_ref()?.is.as_ref())
    }

    /// `@require` among `directives`.
    pub fn require<'a>(&self, directives: &'a [Directive]) -> Option<&'a Directive> {
        named(directives, self.composite.as_ref()?.require.as_ref())
    }

    /// Whether others do not see a field of `ty`.
    pub fn is_internal(&self, ty: &Type<'_>, field: &FieldDefinition) -> bool {
        self.is_internal_type(ty) || self.says_internal(field.directives.iter())
    }

    /// Whether others do not see a type.
    pub fn is_internal_type(&self, ty: &Type<'_>) -> bool {
        self.says_internal(ty.directives.iter().copied())
    }

    fn says_internal<'a>(&self, mut directives: impl Iterator<Item = &'a Directive>) -> bool {
        let internal = self.composite.as_ref().and_then(|composite| composite.internal.as_ref());
        internal.is_some_and(|internal| directives.any(|directive| directive.name == *internal))
    }

    fn is_key(&self, directive: &Directive) -> bool {
        let of_composite = self.composite.as_ref().and_then(|composite| composite.key.as_ref());
        directive.name == self.key || Some(&directive.name) == of_composite
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

// === impl CompositeNames ===

impl CompositeNames {
    fn of(link: &Link) -> Self {
        let name = |element| link.directive_name(element);
        Self {
            lookup: name("lookup"),
            is: name("is"),
            require: name("require"),
            internal: name("internal"),
            key: name("key"),
        }
    }
}

fn named<'a>(directives: &'a [Directive], name: Option<&Name>) -> Option<&'a Directive> {
    directives.iter().find(|directive| Some(&directive.name) == name)
}

/// The `fields` of each `@key` among `directives`, with the argument's value.
pub fn keys<'a>(names: &Names, directives: &[&'a Directive]) -> Vec<Key<'a>> {
    let keys = directives.iter().filter(|directive| names.is_key(directive));
    keys.filter_map(|directive| {
        let fields = directive.argument("fields")?;
        let said = directive.argument("resolvable").map(|value| value.kind != ValueKind::Boolean(false));
        // In Composite Schemas a key alone only tells objects apart.
        let resolvable = said.unwrap_or(names.composite.is_none());
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
