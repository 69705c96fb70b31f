//! The specifications a supergraph links, and the names their directives go by in it.

use crate::graph::language::ast::{Definition, Directive, Document};
use crate::graph::link::{Link, Links, Purpose, Version, spec};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

/// The code of everything that is wrong with a supergraph as such.
pub(super) const INVALID: &str = "INVALID_FEDERATION_SUPERGRAPH";
const UNSUPPORTED_VERSION: &str = "UNSUPPORTED_FEDERATION_VERSION";
const UNSUPPORTED_FEATURE: &str = "UNSUPPORTED_LINKED_FEATURE";

/// Features that may be linked `for: SECURITY` or `for: EXECUTION`: we know what they ask of us.
const KNOWN: [&str; 13] = [
    spec::LINK,
    spec::JOIN,
    spec::TAG,
    spec::INACCESSIBLE,
    spec::AUTHENTICATED,
    spec::REQUIRES_SCOPES,
    spec::POLICY,
    spec::COST,
    spec::CONTEXT,
    spec::CACHE_TAG,
    spec::COMPOSITE_SCHEMAS,
    spec::APOLLO_CONNECT,
    spec::PLEACH_CONNECT,
];

/// The linked specifications of a supergraph.
#[derive(Debug)]
pub(super) struct Specs {
    links: Links,
}

// === impl Specs ===

impl Specs {
    /// Reads the `@link`s of a supergraph.
    ///
    /// # Errors
    /// When the document is not a supergraph of a version we read, or asks for a feature that we
    /// do not know but must.
    pub(super) fn read(document: &Document) -> Result<Self, Vec<Diagnostic>> {
        if let Some(core) = schema_directives(document).find(|directive| &*directive.name == "core") {
            return Err(vec![federation_1(core.span)]);
        }
        let (links, mut diagnostics) = Links::read(document);
        match links.by_identity(spec::JOIN) {
            None => diagnostics.push(no_join(document)),
            Some(link) => diagnostics.extend(unsupported_join(link)),
        }
        diagnostics.extend(links.all().iter().filter_map(unknown_purpose));
        if diagnostics.is_empty() { Ok(Self { links }) } else { Err(diagnostics) }
    }

    /// The name of a specification's directive in this document; the default one if it is not
    /// linked, which some composers leave out.
    pub(super) fn directive(&self, identity: &str, element: &str) -> Name {
        let linked = self.links.by_identity(identity).and_then(|link| link.directive_name(element));
        linked.unwrap_or_else(|| default_name(identity, element))
    }

    /// The name of a specification's type in this document.
    pub(super) fn type_name(&self, identity: &str, element: &str) -> Option<Name> {
        self.links.by_identity(identity)?.type_name(element)
    }

    /// Whether the type `name` belongs to a specification, not to the graph.
    pub(super) fn owns_type(&self, name: &str) -> bool {
        self.links.type_element(name).is_some()
    }

    /// Whether the directive `name` belongs to a specification, not to the graph.
    pub(super) fn owns_directive(&self, name: &str) -> bool {
        self.links.link_directive().is_some_and(|link| &**link == name) || self.links.directive(name).is_some()
    }
}

fn default_name(identity: &str, element: &str) -> Name {
    match identity.rsplit('/').next() {
        Some(feature) if feature != element => format!("{feature}__{element}").into(),
        _ => element.into(),
    }
}

fn federation_1(span: Span) -> Diagnostic {
    Diagnostic::error(UNSUPPORTED_VERSION, "the supergraph was composed by Federation 1")
        .at(span)
        .help("compose it again with Federation 2")
}

fn unsupported_join(link: &Link) -> Option<Diagnostic> {
    match link.version() {
        Version { major: 0, minor: 2..=5 } => None,
        Version { major: 0, minor: 1 } => Some(federation_1(link.url_span)),
        version => Some(
            Diagnostic::error(UNSUPPORTED_FEATURE, format!("join {version} is not supported"))
                .label(link.url_span, "supported are v0.2 to v0.5"),
        ),
    }
}

/// The directives of the schema definition and its extensions.
pub(super) fn schema_directives(document: &Document) -> impl Iterator<Item = &Directive> {
    document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Schema(schema) => Some(&schema.directives),
            _ => None,
        })
        .flatten()
}

fn unknown_purpose(link: &Link) -> Option<Diagnostic> {
    let needed = match link.purpose? {
        Purpose::Security => "security",
        Purpose::Execution => "execution",
    };
    (!KNOWN.contains(&&*link.url.identity)).then(|| {
        let message = format!("the supergraph needs the feature {}, which is not known", link.url);
        Diagnostic::error(UNSUPPORTED_FEATURE, message)
            .label(link.url_span, format!("linked for {needed}: it may not be ignored"))
    })
}

fn no_join(document: &Document) -> Diagnostic {
    let span = document.definitions.iter().find_map(|definition| match definition {
        Definition::Schema(schema) => Some(schema.span),
        _ => None,
    });
    let finding = Diagnostic::error(INVALID, "this is not a supergraph: it does not link the join specification")
        .help("compose the subgraphs first, or give the subgraphs instead of a supergraph");
    match span.or_else(|| document.definitions.first().map(definition_span)) {
        Some(span) => finding.at(span),
        None => finding,
    }
}

fn definition_span(definition: &Definition) -> Span {
    match definition {
        Definition::Schema(schema) => schema.span,
        Definition::Type(ty) => ty.span,
        Definition::Directive(directive) => directive.span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::language::parse;
    use crate::platform::base::span::SourceMap;

    fn read(sdl: &str) -> Result<Specs, Vec<Diagnostic>> {
        let mut sources = SourceMap::new();
        let file = sources.add("s.graphql", sdl);
        Specs::read(&parse::type_system(&sources, file).0)
    }

    #[test]
    fn follows_aliases_and_imports() {
        let specs = read(
            r#"schema
              @link(url: "https://specs.apollo.dev/link/v1.0")
              @link(url: "https://specs.apollo.dev/join/v0.3", as: "j", for: EXECUTION)
              @link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@listSize", { name: "@cost", as: "@price" }])
            { query: Query }"#,
        )
        .unwrap();
        assert_eq!(&*specs.directive(spec::JOIN, "type"), "j__type");
        assert_eq!(&*specs.directive(spec::COST, "cost"), "price");
        assert_eq!(&*specs.directive(spec::COST, "listSize"), "listSize");
        assert_eq!(&*specs.directive(spec::INACCESSIBLE, "inaccessible"), "inaccessible");
        assert!(specs.owns_type("j__FieldSet") && specs.owns_directive("price") && specs.owns_directive("link"));
        assert!(!specs.owns_type("joint") && !specs.owns_directive("cost"));
    }

    #[test]
    fn refuses_what_it_must_not_ignore() {
        let code = |sdl: &str| read(sdl).unwrap_err()[0].code.to_string();
        let join = r#"@link(url: "https://specs.apollo.dev/join/v0.3")"#;
        assert_eq!(
            code(r#"schema @core(feature: "https://specs.apollo.dev/core/v0.1") { query: Q }"#),
            UNSUPPORTED_VERSION
        );
        assert_eq!(
            code(r#"schema @link(url: "https://specs.apollo.dev/join/v0.1") { query: Q }"#),
            UNSUPPORTED_VERSION
        );
        assert_eq!(
            code(r#"schema @link(url: "https://specs.apollo.dev/join/v0.9") { query: Q }"#),
            UNSUPPORTED_FEATURE
        );
        assert_eq!(code("type Query { a: Int }"), INVALID);
        assert_eq!(
            code(&format!(r#"schema {join} @link(url: "https://x.dev/vault/v1.0", for: SECURITY) {{ query: Q }}"#)),
            UNSUPPORTED_FEATURE
        );
    }
}
