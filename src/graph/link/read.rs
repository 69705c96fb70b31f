//! Reading `@link` applications.

use crate::graph::language::ast::{Definition, Directive, Document, Value, ValueKind};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

use super::conflicts::check_new;
use super::feature::{FeatureUrl, is_feature_name, is_name};
use super::links::{Import, Link, Links, Purpose};
use super::spec;

pub(super) const USAGE: &str = "INVALID_LINK_DIRECTIVE_USAGE";
const IDENTIFIER: &str = "INVALID_LINK_IDENTIFIER";

impl Links {
    /// Reads all `@link`s on the document's schema definition and extensions. Links that cannot
    /// be understood are reported and left out.
    pub fn read(document: &Document) -> (Links, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let applied: Vec<&Directive> = document
            .definitions
            .iter()
            .filter_map(|definition| match definition {
                Definition::Schema(schema) => Some(&schema.directives),
                _ => None,
            })
            .flatten()
            .collect();
        let Some(link_directive) = name_of_link(&applied) else { return (Links::default(), diagnostics) };
        let mut links: Vec<Link> = Vec::new();
        for directive in applied.into_iter().filter(|directive| directive.name == link_directive) {
            let Some(link) = read_link(directive, &mut diagnostics) else { continue };
            check_new(&link, &links, &mut diagnostics);
            if links.iter().all(|known| known.url.identity != link.url.identity) {
                links.push(link);
            }
        }
        (Links { links, link_directive: Some(link_directive) }, diagnostics)
    }
}

/// The name under which the document applies `@link`: the application that links the link
/// specification itself decides, else it is `link`.
fn name_of_link(applied: &[&Directive]) -> Option<Name> {
    let own = applied.iter().find(|directive| {
        let url = directive.argument("url").or_else(|| directive.argument("feature")).and_then(Value::as_str);
        let Some(url) = url.and_then(FeatureUrl::parse) else { return false };
        if !matches!(&*url.identity, spec::LINK | spec::CORE) {
            return false;
        }
        let imported = match directive.argument("import").map(|value| &value.kind) {
            Some(ValueKind::List(items)) => items.iter().any(|item| match &item.kind {
                ValueKind::String(text) => text.strip_prefix('@') == Some(&*directive.name),
                ValueKind::Object(fields) => fields.iter().any(|(key, value)| {
                    &*key.value == "as"
                        && value.as_str().and_then(|text| text.strip_prefix('@')) == Some(&*directive.name)
                }),
                _ => false,
            }),
            _ => false,
        };
        let alias = directive.argument("as").and_then(Value::as_str);
        imported || alias.or(url.name.as_deref()) == Some(&*directive.name)
    });
    let linked = |directive: &&&Directive| &*directive.name == "link";
    own.or_else(|| applied.iter().find(linked)).map(|directive| directive.name.clone())
}

fn read_link(directive: &Directive, diagnostics: &mut Vec<Diagnostic>) -> Option<Link> {
    for argument in &directive.arguments {
        if !matches!(&*argument.name.value, "url" | "feature" | "as" | "import" | "for") {
            let message = format!("\"@{}\" has no argument \"{}\"", directive.name, argument.name.value);
            diagnostics.push(Diagnostic::error(USAGE, message).at(argument.name.span));
        }
    }
    let Some(value) = directive.argument("url").or_else(|| directive.argument("feature")) else {
        let finding = Diagnostic::error(USAGE, "the link does not say which specification it means");
        diagnostics.push(finding.at(directive.span).help("add `url: \"…\"`"));
        return None;
    };
    let Some(text) = value.as_str() else {
        diagnostics.push(Diagnostic::error(USAGE, "`url` must be a string").at(value.span));
        return None;
    };
    let Some(url) = FeatureUrl::parse(text) else {
        diagnostics.push(Diagnostic::error(IDENTIFIER, format!("\"{text}\" is not a URL")).at(value.span));
        return None;
    };
    if url.version.is_none() {
        let finding = Diagnostic::error(IDENTIFIER, format!("\"{text}\" does not end with a version"));
        diagnostics.push(finding.at(value.span).help("name the version of the specification: \"…/v1.0\""));
        return None;
    }
    let name = read_alias(directive, diagnostics).or_else(|| url.name.clone());
    let imports = directive.argument("import").map_or_else(Vec::new, |value| read_imports(value, diagnostics));
    let purpose = read_purpose(directive, diagnostics);
    Some(Link { url, name, imports, purpose, span: directive.span, url_span: value.span })
}

fn read_alias(directive: &Directive, diagnostics: &mut Vec<Diagnostic>) -> Option<Name> {
    let value = directive.argument("as")?;
    match &value.kind {
        ValueKind::Null => None,
        ValueKind::String(alias) if is_feature_name(alias) => Some(alias.clone()),
        ValueKind::String(alias) => {
            let message = format!("\"{alias}\" cannot be a prefix of names");
            diagnostics.push(
                Diagnostic::error(USAGE, message)
                    .at(value.span)
                    .help("a prefix is a GraphQL name that neither holds \"__\" nor starts or ends with an underscore"),
            );
            None
        }
        _ => {
            diagnostics.push(Diagnostic::error(USAGE, "`as` must be a string").at(value.span));
            None
        }
    }
}

fn read_purpose(directive: &Directive, diagnostics: &mut Vec<Diagnostic>) -> Option<Purpose> {
    let value = directive.argument("for")?;
    match &value.kind {
        ValueKind::Null => None,
        ValueKind::Enum(name) if &**name == "SECURITY" => Some(Purpose::Security),
        ValueKind::Enum(name) if &**name == "EXECUTION" => Some(Purpose::Execution),
        _ => {
            diagnostics.push(Diagnostic::error(USAGE, "`for` must be SECURITY or EXECUTION").at(value.span));
            None
        }
    }
}

fn read_imports(value: &Value, diagnostics: &mut Vec<Diagnostic>) -> Vec<Import> {
    match &value.kind {
        ValueKind::Null => Vec::new(),
        ValueKind::List(items) => items.iter().filter_map(|item| read_import(item, diagnostics)).collect(),
        // A single value stands for a list of one, by the rules of input coercion.
        _ => read_import(value, diagnostics).into_iter().collect(),
    }
}

fn read_import(item: &Value, diagnostics: &mut Vec<Diagnostic>) -> Option<Import> {
    let mut refuse = |message: String, value: &Value| {
        diagnostics.push(Diagnostic::error(USAGE, message).at(value.span));
        None
    };
    match &item.kind {
        ValueKind::String(text) => {
            let element = text.strip_prefix('@').unwrap_or(text);
            if !is_name(element) {
                return refuse(format!("\"{text}\" is not the name of a type or directive"), item);
            }
            let element = Name::from(element);
            Some(Import { name: element.clone(), element, directive: text.starts_with('@'), span: item.span })
        }
        ValueKind::Object(fields) => {
            let of = |key: &str| fields.iter().find(|(name, _)| &*name.value == key).map(|(_, value)| value);
            if let Some((key, value)) = fields.iter().find(|(key, _)| !matches!(&*key.value, "name" | "as")) {
                return refuse(format!("an import has no \"{}\", only \"name\" and \"as\"", key.value), value);
            }
            let Some(text) = of("name").and_then(Value::as_str) else {
                return refuse("an import must say the \"name\" of what it imports, as a string".into(), item);
            };
            let alias = match of("as") {
                None => text,
                Some(value) => match value.as_str() {
                    Some(alias) => alias,
                    None => return refuse("\"as\" must be a string".into(), value),
                },
            };
            if text.starts_with('@') != alias.starts_with('@') {
                let (what, how) = if text.starts_with('@') { ("directive", "also") } else { ("type", "not") };
                return refuse(
                    format!("{what} \"{text}\" is imported as \"{alias}\", which must {how} start with \"@\""),
                    item,
                );
            }
            let (element, name) = (text.strip_prefix('@').unwrap_or(text), alias.strip_prefix('@').unwrap_or(alias));
            if !is_name(element) || !is_name(name) {
                return refuse(format!("\"{text}\" as \"{alias}\" is not a pair of names"), item);
            }
            Some(Import {
                element: element.into(),
                name: name.into(),
                directive: text.starts_with('@'),
                span: item.span,
            })
        }
        _ => refuse("an import is a string, or `{ name: \"…\", as: \"…\" }`".into(), item),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::language::parse;
    use crate::platform::base::span::SourceMap;

    fn read(text: &str) -> (Links, Vec<String>) {
        let mut sources = SourceMap::new();
        let file = sources.add("a.graphql", text);
        let (document, syntax) = parse::type_system(&sources, file);
        assert!(syntax.is_empty(), "{syntax:?}");
        let (links, diagnostics) = Links::read(&document);
        (links, diagnostics.iter().map(|diagnostic| format!("{}: {}", diagnostic.code, diagnostic.message)).collect())
    }

    fn means(links: &Links, written: &str) -> Option<String> {
        links.directive(written).map(|element| format!("{}#{}", element.link.url.identity, element.name))
    }

    #[test]
    fn names_follow_imports_prefix_and_feature() {
        let (links, found) = read(
            r#"extend schema
                 @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", { name: "@tag", as: "@label" }, "FieldSet"])
                 @link(url: "https://specs.apollo.dev/inaccessible/v0.2", as: "hidden")"#,
        );
        assert_eq!(found, Vec::<String>::new());
        assert_eq!(means(&links, "key").as_deref(), Some("https://specs.apollo.dev/federation#key"));
        assert_eq!(means(&links, "label").as_deref(), Some("https://specs.apollo.dev/federation#tag"));
        assert_eq!(
            means(&links, "federation__shareable").as_deref(),
            Some("https://specs.apollo.dev/federation#shareable")
        );
        assert_eq!(means(&links, "hidden").as_deref(), Some("https://specs.apollo.dev/inaccessible#inaccessible"));
        assert_eq!(means(&links, "shareable"), None);
        let federation = links.federation().unwrap();
        assert_eq!(federation.directive_name("tag").as_deref(), Some("label"));
        assert_eq!(federation.directive_name("external").as_deref(), Some("federation__external"));
        assert_eq!(federation.type_name("FieldSet").as_deref(), Some("FieldSet"));
        assert_eq!(links.type_element("federation__Scope").unwrap().name.as_ref(), "Scope");
    }

    #[test]
    fn link_itself_may_have_another_name() {
        for head in [
            r#"@with(url: "https://specs.apollo.dev/link/v1.0", as: "with")"#,
            r#"@with(url: "https://specs.apollo.dev/link/v1.0", import: [{ name: "@link", as: "@with" }])"#,
        ] {
            let text =
                format!(r#"schema {head} @with(url: "https://specs.apollo.dev/federation/v2.0") {{ query: Q }}"#);
            let (links, found) = read(&text);
            assert_eq!(found, Vec::<String>::new());
            assert_eq!(links.link_directive().map(|name| &**name), Some("with"));
            assert!(links.federation().is_some());
        }
    }

    #[test]
    fn a_document_without_links_has_none() {
        let (links, found) = read("type Query { a: Int }");
        assert!(found.is_empty() && links.all().is_empty() && links.link_directive().is_none());
    }

    #[test]
    fn mistakes_are_all_reported() {
        let (_, found) = read(
            r#"extend schema
                 @link(url: "federation")
                 @link(as: "x")
                 @link(url: "https://a.dev/x/v1.0", as: "x__y", import: ["@a", 3, { name: "@b", as: "b" }])
                 @link(url: "https://b.dev/x/v1.0", import: ["@a"], for: FUN)
                 @link(url: "https://specs.apollo.dev/link/v9.0")"#,
        );
        let codes: Vec<&str> = found.iter().filter_map(|text| text.split(':').next()).collect();
        assert_eq!(
            codes,
            [IDENTIFIER, USAGE, USAGE, USAGE, USAGE, USAGE, USAGE, USAGE, "UNKNOWN_LINK_VERSION"],
            "{found:#?}"
        );
    }
}
