//! What a linked specification defines, as SDL: the definitions a subgraph need not write itself.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::graph::compose::composite::definitions::{self as composite, Brought};
use crate::graph::language::ast::{Definition, Document, OperationKind, TypeKind};
use crate::graph::link::{Link, Links, Version, spec};

use super::directives::{Federation, UPGRADED_DIRECTIVES};

/// The newest known version of federation.
pub const NEWEST: Version = Version::new(2, 14);
/// The oldest version with `@link`.
pub const OLDEST: Version = Version::new(2, 0);

/// A directive of federation from a version on; `{X}` stands for the name of type `X`.
struct Known {
    directive: Federation,
    since: Version,
    rest: &'static str,
}

const fn known(directive: Federation, minor: u32, rest: &'static str) -> Known {
    Known { directive, since: Version::new(2, minor), rest }
}

const TAG_2_0: &str = "(name: String!) repeatable on FIELD_DEFINITION | INTERFACE | OBJECT | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION";
const TAG_2_3: &str = "(name: String!) repeatable on FIELD_DEFINITION | INTERFACE | OBJECT | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA";

/// Every directive with each form it has had; of several the last one that exists counts.
const DIRECTIVES: &[Known] = &[
    known(Federation::Key, 0, "(fields: {FieldSet}!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE"),
    known(Federation::Requires, 0, "(fields: {FieldSet}!) on FIELD_DEFINITION"),
    known(Federation::Provides, 0, "(fields: {FieldSet}!) on FIELD_DEFINITION"),
    known(Federation::External, 0, "(reason: String) on OBJECT | FIELD_DEFINITION"),
    known(Federation::Extends, 0, " on OBJECT | INTERFACE"),
    known(Federation::Tag, 0, TAG_2_0),
    known(Federation::Tag, 3, TAG_2_3),
    known(Federation::Shareable, 0, " on OBJECT | FIELD_DEFINITION"),
    known(Federation::Shareable, 2, " repeatable on OBJECT | FIELD_DEFINITION"),
    known(
        Federation::Inaccessible,
        0,
        " on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION",
    ),
    known(Federation::Override, 0, "(from: String!) on FIELD_DEFINITION"),
    known(Federation::Override, 7, "(from: String!, label: String) on FIELD_DEFINITION"),
    known(Federation::ComposeDirective, 1, "(name: String) repeatable on SCHEMA"),
    known(Federation::InterfaceObject, 3, " on OBJECT"),
    known(Federation::Authenticated, 5, " on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"),
    known(
        Federation::RequiresScopes,
        5,
        "(scopes: [[{Scope}!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
    ),
    known(
        Federation::Policy,
        6,
        "(policies: [[{Policy}!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
    ),
    known(Federation::Context, 8, "(name: String!) repeatable on INTERFACE | OBJECT | UNION"),
    known(Federation::FromContext, 8, "(field: {ContextFieldValue}) on ARGUMENT_DEFINITION"),
    known(
        Federation::Cost,
        9,
        "(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
    ),
    known(
        Federation::ListSize,
        9,
        "(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
    ),
    known(Federation::CacheTag, 12, "(format: String!) repeatable on OBJECT | FIELD_DEFINITION"),
];

/// The version whose forms of directives count for documents of federation 1.
const UPGRADED: Version = Version::new(2, 4);

/// Types of federation and the version that brought them.
const TYPES: &[(&str, u32)] = &[("FieldSet", 0), ("Scope", 5), ("Policy", 6), ("ContextFieldValue", 8)];

/// Federation 1's directives, for documents without links.
const FIRST: &str =
    "directive @key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
directive @requires(fields: federation__FieldSet!) on FIELD_DEFINITION
directive @provides(fields: federation__FieldSet!) on FIELD_DEFINITION
directive @external(reason: String) on OBJECT | FIELD_DEFINITION
directive @extends on OBJECT | INTERFACE
";

/// Whether federation `version` has an element: a directive, or a type.
pub fn exists(version: Version, element: &str, directive: bool) -> bool {
    if directive {
        element == "link" || DIRECTIVES.iter().any(|known| known.directive.name() == element && known.since <= version)
    } else {
        TYPES.iter().any(|(name, minor)| *name == element && Version::new(2, *minor) <= version)
    }
}

/// Whether a name is one of those federation itself adds to a schema: `_Any`, `_entities` and so on.
pub fn is_machinery(name: &str) -> bool {
    matches!(name, "_Any" | "_Entity" | "_Service" | "_FieldSet" | "_entities" | "_service")
}

/// SDL with all definitions that the linked specifications bring and the document does not write
/// itself, so that the two together are a complete schema.
pub fn prelude(document: &Document, links: &Links, version: Version) -> String {
    let mut prelude = Prelude { out: String::new(), defined: defined(document) };
    if let Some(link) = links.link_directive() {
        let own = links.by_identity(spec::LINK);
        let purpose = own.and_then(|own| own.type_name("Purpose")).unwrap_or_else(|| "link__Purpose".into());
        let import = own.and_then(|own| own.type_name("Import")).unwrap_or_else(|| "link__Import".into());
        prelude.ty(&purpose, &format!("enum {purpose} {{ SECURITY EXECUTION }}"));
        prelude.ty(&import, &format!("scalar {import}"));
        prelude.directive(
            link,
            &format!("(url: String, as: String, for: {purpose}, import: [{import}]) repeatable on SCHEMA"),
        );
    }
    match links.federation() {
        Some(federation) => prelude.federation(federation, version),
        // Whoever links Composite Schemas is not written for federation 1.
        None if links.by_identity(spec::COMPOSITE_SCHEMAS).is_some() => {}
        None => prelude.first(),
    }
    if let Some(link) = links.by_identity(spec::COMPOSITE_SCHEMAS) {
        prelude.composite(link);
    }
    for link in links.all() {
        prelude.separate(link);
    }
    prelude.roots(document);
    prelude.out
}

/// Directives of federation 2 that a document of federation 1 may define for itself, as they must be.
pub fn upgraded() -> String {
    let known =
        DIRECTIVES.iter().filter(|known| known.since <= UPGRADED && UPGRADED_DIRECTIVES.contains(&known.directive));
    let mut newest: Vec<&Known> = Vec::new();
    for known in known {
        newest.retain(|other| other.directive != known.directive);
        newest.push(known);
    }
    newest.iter().map(|known| format!("directive @{}{}\n", known.directive.name(), known.rest)).collect()
}

struct Prelude {
    out: String,
    defined: (HashSet<String>, HashSet<String>),
}

fn defined(document: &Document) -> (HashSet<String>, HashSet<String>) {
    let (mut types, mut directives) = (HashSet::new(), HashSet::new());
    for definition in &document.definitions {
        match definition {
            Definition::Type(ty) if !ty.extension => drop(types.insert(ty.name.value.to_string())),
            Definition::Directive(directive) => drop(directives.insert(directive.name.value.to_string())),
            _ => {}
        }
    }
    (types, directives)
}

// === impl Prelude ===

impl Prelude {
    fn ty(&mut self, name: &str, definition: &str) {
        if self.defined.0.insert(name.to_owned()) {
            let _ = writeln!(self.out, "{definition}");
        }
    }

    fn directive(&mut self, name: &str, rest: &str) {
        if self.defined.1.insert(name.to_owned()) {
            let _ = writeln!(self.out, "directive @{name}{rest}");
        }
    }

    fn federation(&mut self, link: &Link, version: Version) {
        for (index, entry) in DIRECTIVES.iter().enumerate() {
            let newer = DIRECTIVES
                .get(index + 1)
                .is_some_and(|next| next.directive == entry.directive && next.since <= version);
            if entry.since <= version && !newer {
                self.element(link, entry);
            }
        }
        for (name, minor) in TYPES {
            if Version::new(2, *minor) <= version
                && let Some(name) = link.type_name(name)
            {
                self.ty(&name, &format!("scalar {name}"));
            }
        }
    }

    /// A directive under the name it has through `link`.
    fn element(&mut self, link: &Link, entry: &Known) {
        let Some(name) = link.directive_name(entry.directive.name()) else { return };
        let mut rest = entry.rest.to_owned();
        for (ty, _) in TYPES {
            let hole = format!("{{{ty}}}");
            if rest.contains(&hole) {
                let Some(name) = link.type_name(ty) else { return };
                rest = rest.replace(&hole, &name);
                self.ty(&name, &format!("scalar {name}"));
            }
        }
        self.directive(&name, &rest);
    }

    /// Specifications that federation contains but that may also be linked by themselves.
    fn separate(&mut self, link: &Link) {
        let directives: &[Federation] = match &*link.url.identity {
            spec::TAG => &[Federation::Tag],
            spec::INACCESSIBLE => &[Federation::Inaccessible],
            spec::AUTHENTICATED => &[Federation::Authenticated],
            spec::REQUIRES_SCOPES => &[Federation::RequiresScopes],
            spec::POLICY => &[Federation::Policy],
            spec::COST => &[Federation::Cost, Federation::ListSize],
            spec::CONTEXT => &[Federation::Context, Federation::FromContext],
            spec::CACHE_TAG => &[Federation::CacheTag],
            _ => &[],
        };
        for directive in directives {
            if let Some(entry) = DIRECTIVES.iter().rev().find(|entry| entry.directive == *directive) {
                self.element(link, entry);
            }
        }
    }

    fn composite(&mut self, link: &Link) {
        let Brought { types, directives } = composite::brought(link);
        types.iter().for_each(|(name, definition)| self.ty(name, definition));
        directives.iter().for_each(|(name, rest)| self.directive(name, rest));
    }

    fn first(&mut self) {
        self.ty("federation__FieldSet", "scalar federation__FieldSet");
        for line in FIRST.lines() {
            let Some((name, rest)) = line.strip_prefix("directive @").and_then(|line| {
                let end = line.find(|c: char| !c.is_ascii_alphanumeric())?;
                Some(line.split_at(end))
            }) else {
                continue;
            };
            self.directive(name, rest);
        }
        self.directive("tag", TAG_2_0);
    }

    /// A subgraph need not have a query type of its own: federation adds one.
    fn roots(&mut self, document: &Document) {
        let named = document.definitions.iter().any(|definition| match definition {
            Definition::Schema(schema) => schema.roots.iter().any(|(kind, _)| *kind == OperationKind::Query),
            _ => false,
        });
        let has_definition = document
            .definitions
            .iter()
            .any(|definition| matches!(definition, Definition::Schema(schema) if !schema.extension));
        let query = document.definitions.iter().any(|definition| {
            matches!(definition, Definition::Type(ty) if &*ty.name.value == "Query" && ty.kind == TypeKind::Object)
        });
        if named {
            return;
        }
        if !query {
            self.ty("Query", "type Query { _service: String }");
        }
        if has_definition {
            let _ = writeln!(self.out, "extend schema {{ query: Query }}");
        }
    }
}
