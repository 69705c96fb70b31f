//! What a document says in the words of the specification.

use std::collections::BTreeSet;

use crate::graph::compose::subgraph::field_set;
use crate::graph::compose::subgraph::load::root_names;
use crate::graph::language::ast::{
    Definition, Directive, Document, FieldDefinition, InputValueDefinition, OperationKind, TypeDefinition, ValueKind,
};
use crate::graph::language::selection_map::{SelectedFields, SelectionMap};
use crate::graph::language::{parse, string};
use crate::graph::link::{Links, spec};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{SourceMap, Span, Spanned};

use super::Required;
use super::definitions::element;
use super::types::Types;

/// A document, taken apart.
pub(super) struct Read<'a> {
    pub(super) links: &'a Links,
    pub(super) types: Types<'a>,
    /// The query root type.
    pub(super) query: Name,
    pub(super) lookups: Vec<LookupField<'a>>,
    pub(super) required: Vec<Required>,
    /// What the document calls `@connect`, if it has connectors.
    pub(super) connect: Option<Name>,
    /// Types with `@internal`, and those of whose fields all have it.
    pub(super) internal: BTreeSet<&'a str>,
}

/// A field with `@lookup`.
pub(super) struct LookupField<'a> {
    pub(super) on: &'a Name,
    pub(super) field: &'a FieldDefinition,
    /// The application of the directive.
    pub(super) span: Span,
    /// What each argument is filled with.
    pub(super) arguments: Vec<(&'a InputValueDefinition, SelectionMap)>,
    /// Whether a connector looks the object up.
    pub(super) connected: bool,
}

/// Reads and checks everything but keys.
pub(super) fn read<'a>(
    document: &'a Document,
    links: &'a Links,
    sources: &'a SourceMap,
    findings: &mut Vec<Diagnostic>,
) -> Read<'a> {
    let definitions: Vec<&TypeDefinition> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Type(ty) => Some(ty),
            _ => None,
        })
        .collect();
    let roots = root_names(document);
    let query = roots.into_iter().find(|(kind, _)| *kind == OperationKind::Query).map(|(_, name)| name);
    let mut reader = Reader { links, sources, findings };
    let types = Types::of(definitions.iter().copied());
    let internal = definitions.iter().map(|ty| &*ty.name.value).filter(|ty| reader.is_internal(types.parts(ty)));
    let mut read = Read {
        links,
        internal: internal.collect(),
        types,
        query: query.unwrap_or_else(|| "Query".into()),
        lookups: Vec::new(),
        required: Vec::new(),
        connect: links
            .by_identity(spec::PLEACH_CONNECT)
            .map(|link| link.directive_name("connect").unwrap_or_else(|| "connect__connect".into())),
    };
    for ty in definitions {
        reader.parts(&read, ty);
        for field in &ty.fields {
            let hidden = read.is_internal(ty, field);
            reader.references(&read, ty, field, hidden);
            reader.field(&mut read, ty, field);
        }
    }
    read
}

// === impl Read ===

impl Read<'_> {
    /// Whether a field is the subgraph's own business.
    pub(super) fn is_internal(&self, ty: &TypeDefinition, field: &FieldDefinition) -> bool {
        let own = field.directives.iter().any(|directive| self.is(directive, "internal"));
        own || self.internal.contains(&*ty.name.value)
    }

    /// Whether a field of the query root is the subgraph's own business.
    pub(super) fn internal_root(&self, field: &FieldDefinition) -> bool {
        self.types
            .parts(&self.query)
            .iter()
            .any(|part| part.fields.iter().any(|own| std::ptr::eq(own, field)) && self.is_internal(part, field))
    }

    /// Whether a field has a connector of its own.
    pub(super) fn is_connected(&self, field: &FieldDefinition) -> bool {
        field.directives.iter().any(|directive| self.is_connect(directive))
    }

    /// Whether a directive is `@connect`.
    pub(super) fn is_connect(&self, directive: &Directive) -> bool {
        self.connect.as_ref().is_some_and(|connect| directive.name == *connect)
    }

    /// The keys that a type declares, and where.
    pub(super) fn keys<'d>(&self, ty: &'d TypeDefinition) -> impl Iterator<Item = (SelectedFields, &'d Directive)> {
        let federation = self.links.federation().and_then(|link| link.directive_name("key"));
        let is_key = move |directive: &&Directive| {
            self.is(directive, "key") || federation.as_ref().is_some_and(|key| directive.name == *key)
        };
        ty.directives.iter().filter(is_key).filter_map(|directive| Some((key_of(directive)?, directive)))
    }

    /// Whether a directive is the specification's `name`.
    pub(super) fn is(&self, directive: &Directive, name: &str) -> bool {
        element(self.links, &directive.name).as_deref() == Some(name)
    }
}

/// The fields of an application of `@key`, if they can be read.
pub(super) fn key_of(directive: &Directive) -> Option<SelectedFields> {
    let text = directive.argument("fields")?.as_str()?;
    Some(SelectedFields::of(&parse::field_set(&field_set::canonical(text), directive.span.file).ok()?))
}

struct Reader<'a, 'f> {
    links: &'a Links,
    sources: &'a SourceMap,
    findings: &'f mut Vec<Diagnostic>,
}

// === impl Reader ===

impl<'a> Reader<'a, '_> {
    fn one<'d>(&self, directives: &'d [Directive], name: &str) -> Option<&'d Directive> {
        directives.iter().find(|directive| element(self.links, &directive.name).as_deref() == Some(name))
    }

    /// Federation's `@requires` of a field.
    fn requires<'d>(&self, field: &'d FieldDefinition) -> Option<&'d Directive> {
        let name = self.links.federation()?.directive_name("requires")?;
        field.directives.iter().find(|directive| directive.name == name)
    }

    fn error(&mut self, code: &'static str, message: String, at: Span) {
        self.findings.push(Diagnostic::error(code, message).at(at));
    }

    /// Whether others do not see a type: it says so, or there is nothing of it to see.
    fn is_internal(&self, parts: &[&TypeDefinition]) -> bool {
        let has = |directives: &[Directive]| self.one(directives, "internal").is_some();
        let mut fields = parts.iter().flat_map(|part| &part.fields).peekable();
        let hollow = fields.peek().is_some() && fields.all(|field| has(&field.directives));
        hollow || parts.iter().any(|part| has(&part.directives))
    }

    /// What others see cannot be of a type that they do not.
    fn references(&mut self, read: &Read<'_>, ty: &TypeDefinition, field: &FieldDefinition, hidden: bool) {
        if !hidden {
            let what = format!("\"{}.{}\" is no internal field, but its type", ty.name.value, field.name.value);
            self.reference(read, &what, field.ty.name());
        }
    }

    /// Nor is it made of such types.
    fn parts(&mut self, read: &Read<'_>, ty: &TypeDefinition) {
        if read.internal.contains(&*ty.name.value) {
            return;
        }
        for member in &ty.members {
            self.reference(read, &format!("\"{}\" is not internal, but its member", ty.name.value), member);
        }
        for interface in &ty.interfaces {
            self.reference(read, &format!("\"{}\" is not internal, but its interface", ty.name.value), interface);
        }
    }

    fn reference(&mut self, read: &Read<'_>, what: &str, target: &Spanned<Name>) {
        if read.internal.contains(&*target.value) {
            let said =
                read.types.parts(&target.value).iter().any(|part| self.one(&part.directives, "internal").is_some());
            let why = if said { "is internal" } else { "has internal fields only" };
            self.error("REFERENCE_TO_INTERNAL_TYPE", format!("{what} \"{}\" {why}", target.value), target.span);
        }
    }

    fn field(&mut self, read: &mut Read<'a>, ty: &'a TypeDefinition, field: &'a FieldDefinition) {
        let coordinate = format!("{}.{}", ty.name.value, field.name.value);
        let lookup = self.one(&field.directives, "lookup");
        let mut arguments = Vec::new();
        for argument in &field.arguments {
            let is = self.one(&argument.directives, "is");
            match (is, lookup) {
                (Some(is), None) => {
                    let message = format!("\"{coordinate}\" is no lookup, so \"@{}\" says nothing", is.name);
                    self.error("IS_INVALID_USAGE", message, is.span);
                }
                (Some(is), Some(_)) => arguments.extend(self.map(is, "IS").map(|map| (argument, map))),
                (None, Some(_)) => arguments.push((argument, SelectionMap::field(argument.name.clone()))),
                (None, None) => {}
            }
            let Some(require) = self.one(&argument.directives, "require") else { continue };
            if let Some(external) = self.one(&field.directives, "external") {
                let message = format!("\"{coordinate}\" is external, so it requires nothing");
                let finding = Diagnostic::error("EXTERNAL_REQUIRE_COLLISION", message).at(require.span);
                self.findings.push(finding.label(external.span, "declared external"));
            } else if let Some(requires) = self.requires(field) {
                let message =
                    format!("\"{coordinate}\" has \"@{}\", too: say in one way what it requires", requires.name);
                let finding = Diagnostic::error("REQUIRE_INVALID_FIELDS", message).at(require.span);
                self.findings.push(finding.label(requires.span, "required here"));
            } else if let Some(map) = self.map(require, "REQUIRE") {
                let connected = read.is_connected(field);
                let (ty, name) = (ty.name.value.clone(), field.name.value.clone());
                read.required.push(Required { ty, field: name, argument: argument.clone(), map, connected });
            }
        }
        if let Some(lookup) = lookup {
            self.lookup(read, &coordinate, field, lookup.span);
            let connected = read.is_connected(field);
            read.lookups.push(LookupField { on: &ty.name.value, field, span: lookup.span, arguments, connected });
        }
    }

    fn lookup(&mut self, read: &Read<'_>, coordinate: &str, field: &FieldDefinition, at: Span) {
        if field.arguments.is_empty() {
            let message = format!("the lookup \"{coordinate}\" has no arguments to tell an object by");
            self.error("LOOKUP_MUST_HAVE_ARGUMENTS", message, field.name.span);
        }
        let target = field.ty.name();
        if field.ty.is_list() {
            let message = format!("the lookup \"{coordinate}\" returns a list; it must return one object");
            self.error("LOOKUP_RETURNS_LIST", message, target.span);
        } else if !read.types.is_composite(&target.value) {
            let message = format!("the lookup \"{coordinate}\" returns no object: \"{}\" has no fields", target.value);
            self.error("LOOKUP_NOT_USABLE", message, target.span);
        } else if field.ty.is_non_null() {
            let message = format!("the lookup \"{coordinate}\" cannot say that there is no such object");
            let finding = Diagnostic::warning("LOOKUP_RETURNS_NON_NULLABLE_TYPE", message).at(target.span);
            self.findings.push(finding.help("make its type nullable").label(at, "the lookup"));
        }
    }

    /// The argument `field` of `@is` or `@require`.
    fn map(&mut self, directive: &Directive, prefix: &'static str) -> Option<SelectionMap> {
        let (syntax, kind) = match prefix {
            "IS" => ("IS_INVALID_SYNTAX", "IS_INVALID_FIELD_TYPE"),
            _ => ("REQUIRE_INVALID_SYNTAX", "REQUIRE_INVALID_FIELD_TYPE"),
        };
        let value = directive.argument("field")?;
        let ValueKind::String(text) = &value.kind else {
            self.error(kind, format!("the field of \"@{}\" must be a string", directive.name), value.span);
            return None;
        };
        let literal = self.sources.slice(value.span).to_owned();
        let place = |start: usize, end: usize| {
            value.span.within(string::offset(&literal, start), string::offset(&literal, end))
        };
        match SelectionMap::parse(text, &place) {
            Ok(map) => Some(map),
            Err(error) => {
                let message = format!("the field of \"@{}\" is no selection map: {}", directive.name, error.message);
                self.error(syntax, message, error.span);
                None
            }
        }
    }
}
