//! The specifications a supergraph links, and the names their directives go by in it.

use std::collections::HashSet;

use crate::graph::language::ast::{Definition, Directive, Document, Value, ValueKind};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

/// The code of everything that is wrong with a supergraph as such.
pub(super) const INVALID: &str = "INVALID_FEDERATION_SUPERGRAPH";
const UNSUPPORTED_VERSION: &str = "UNSUPPORTED_FEDERATION_VERSION";
const UNSUPPORTED_FEATURE: &str = "UNSUPPORTED_LINKED_FEATURE";

/// Features that may be linked `for: SECURITY` or `for: EXECUTION`: we know what they ask of us.
const KNOWN: [&str; 10] =
    ["link", "join", "inaccessible", "tag", "authenticated", "requiresScopes", "policy", "cost", "connect", "cacheTag"];

/// The linked specifications of a supergraph.
#[derive(Debug)]
pub(super) struct Specs {
    features: Vec<Feature>,
    /// Elements imported under a name of their own, by that name.
    imported: HashSet<Name>,
}

#[derive(Debug)]
struct Feature {
    /// The name in the URL.
    name: Name,
    /// The name in this document.
    alias: Name,
    /// Element (with `@` for directives) to the name here (without `@`).
    imports: Vec<(Name, Name)>,
}

// === impl Specs ===

impl Specs {
    /// Reads the `@link`s of a supergraph.
    ///
    /// # Errors
    /// When the document is not a supergraph of a version we read, or asks for a feature that we
    /// do not know but must.
    pub(super) fn read(document: &Document) -> Result<Self, Vec<Diagnostic>> {
        let mut specs = Self { features: Vec::new(), imported: HashSet::new() };
        let mut diagnostics = Vec::new();
        let mut join = None;
        for directive in schema_directives(document) {
            if &*directive.name == "core" {
                return Err(vec![
                    Diagnostic::error(UNSUPPORTED_VERSION, "the supergraph was composed by Federation 1")
                        .label(directive.span, "a Federation 1 `@core` feature")
                        .help("compose it again with Federation 2"),
                ]);
            }
            if &*directive.name != "link" {
                continue;
            }
            let Some(url) = directive.argument("url") else {
                diagnostics.push(Diagnostic::error(INVALID, "`@link` has no `url`").at(directive.span));
                continue;
            };
            let Some((name, version)) = url.as_str().and_then(split_url) else {
                // A link to something without a version is information only.
                continue;
            };
            if &*name == "join" {
                join = Some((version, url.span));
            }
            diagnostics.extend(unknown_purpose(directive, &name));
            specs.add(directive, name);
        }
        match join {
            None => diagnostics.push(no_join(document)),
            Some(((0, 2..=5), _)) => {}
            Some(((0, 1), span)) => diagnostics.push(
                Diagnostic::error(UNSUPPORTED_VERSION, "the supergraph was composed by Federation 1")
                    .at(span)
                    .help("compose it again with Federation 2"),
            ),
            Some(((major, minor), span)) => diagnostics.push(
                Diagnostic::error(UNSUPPORTED_FEATURE, format!("join v{major}.{minor} is not supported"))
                    .label(span, "supported are v0.2 to v0.5"),
            ),
        }
        if diagnostics.is_empty() { Ok(specs) } else { Err(diagnostics) }
    }

    /// The name of a feature's directive in this document; the default one if it is not linked,
    /// which some composers leave out.
    pub(super) fn directive(&self, feature: &str, element: &str) -> Name {
        let Some(linked) = self.features.iter().find(|linked| &*linked.name == feature) else {
            return if feature == element { feature.into() } else { format!("{feature}__{element}").into() };
        };
        let imported = linked.imports.iter().find(|(name, _)| name.strip_prefix('@') == Some(element));
        match imported {
            Some((_, local)) => local.clone(),
            None if feature == element => linked.alias.clone(),
            None => format!("{}__{element}", linked.alias).into(),
        }
    }

    /// Whether a type or directive called `name` belongs to a specification, not to the graph.
    pub(super) fn owns(&self, name: &str) -> bool {
        self.imported.contains(name)
            || self.features.iter().any(|feature| {
                name == &*feature.alias || name.strip_prefix(&*feature.alias).is_some_and(|rest| rest.starts_with("__"))
            })
            || name.starts_with("join__")
            || name.starts_with("link__")
            || name == "link"
    }

    fn add(&mut self, directive: &Directive, name: Name) {
        let alias = directive.argument("as").and_then(Value::as_str).map_or_else(|| name.clone(), Name::from);
        let mut imports = Vec::new();
        if let Some(Value { kind: ValueKind::List(items), .. }) = directive.argument("import") {
            imports.extend(items.iter().filter_map(import));
        }
        for (_, local) in &imports {
            self.imported.insert(local.clone());
        }
        self.features.push(Feature { name, alias, imports });
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

/// `"@name"` or `{ name: "@name", as: "@other" }`, as element and local name.
fn import(value: &Value) -> Option<(Name, Name)> {
    let bare = |name: &str| Name::from(name.strip_prefix('@').unwrap_or(name));
    match &value.kind {
        ValueKind::String(name) => Some((name.clone(), bare(name))),
        ValueKind::Object(fields) => {
            let text = |key: &str| fields.iter().find(|(name, _)| &*name.value == key).and_then(|(_, v)| v.as_str());
            let name = text("name")?;
            Some((name.into(), bare(text("as").unwrap_or(name))))
        }
        _ => None,
    }
}

/// Name and version at the end of a specification's URL: `…/join/v0.3`.
fn split_url(url: &str) -> Option<(Name, (u32, u32))> {
    let mut parts = url.trim_end_matches('/').rsplit('/');
    let (major, minor) = parts.next()?.strip_prefix('v')?.split_once('.')?;
    let name = parts.next().filter(|name| !name.is_empty())?;
    Some((name.into(), (major.parse().ok()?, minor.parse().ok()?)))
}

fn unknown_purpose(directive: &Directive, name: &str) -> Option<Diagnostic> {
    let purpose = directive.argument("for")?;
    (!KNOWN.contains(&name)).then(|| {
        Diagnostic::error(UNSUPPORTED_FEATURE, format!("the supergraph needs the feature `{name}`, which is not known"))
            .label(purpose.span, "it may not be ignored")
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
        assert_eq!(&*specs.directive("join", "type"), "j__type");
        assert_eq!(&*specs.directive("cost", "cost"), "price");
        assert_eq!(&*specs.directive("cost", "listSize"), "listSize");
        assert_eq!(&*specs.directive("inaccessible", "inaccessible"), "inaccessible");
        assert!(specs.owns("j__FieldSet") && specs.owns("price") && !specs.owns("joint"));
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
