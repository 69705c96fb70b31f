//! The document that federation reads.

use std::collections::BTreeSet;

use crate::graph::compose::merge::build;
use crate::graph::federation::lookup::{CONNECT, INPUT, INTERNAL, LOOKUP, PREFIX, REQUIRE};
use crate::graph::language::ast::{
    Argument, Definition, Directive, Document, FieldDefinition, InputValueDefinition, SchemaDefinition, TypeDefinition,
    TypeKind, Value, ValueKind,
};
use crate::graph::language::selection_map::{SelectedFields, SelectionMap};
use crate::graph::link::{Link, Links, spec};
use crate::platform::base::Name;
use crate::platform::base::span::{Span, Spanned};

use super::definitions::{FEDERATION, MAP, SET, SHARED, element};
use super::keys::{Lookup, is_looked_up};
use super::read::{Read, key_of};
use super::types::Types;
use super::{Composite, Translated};

/// Writes a document that was read without errors.
pub(super) fn translate(document: &Document, links: &Links, read: &Read<'_>, lookups: &[Lookup<'_>]) -> Translated {
    let writer = Writer { links, read, lookups, removed: removed_inputs(document, read) };
    let mut seen = BTreeSet::new();
    let definitions = document.definitions.iter().filter_map(|definition| match definition {
        Definition::Schema(schema) => Some(Definition::Schema(writer.schema(schema))),
        Definition::Type(ty) => writer.ty(ty, seen.insert(&*ty.name.value)).map(Definition::Type),
        Definition::Directive(directive) => element(links, &directive.name.value).is_none().then(|| definition.clone()),
    });
    let document = Document { definitions: definitions.collect() };
    let inputs = read_inputs(read);
    Translated { document, composite: Composite { required: read.required.clone(), inputs } }
}

fn read_inputs(read: &Read<'_>) -> Vec<TypeDefinition> {
    let all = read.types.all().filter(|ty| ty.kind == TypeKind::InputObject);
    all.cloned().collect()
}

/// Input types that only serve arguments which clients do not see.
fn removed_inputs<'a>(document: &'a Document, read: &Read<'a>) -> BTreeSet<&'a str> {
    let (mut hidden, mut shown) = (BTreeSet::new(), BTreeSet::new());
    for definition in &document.definitions {
        match definition {
            Definition::Type(ty) => {
                for field in &ty.fields {
                    let internal = read.is_internal(ty, field);
                    for argument in &field.arguments {
                        let filled = argument.directives.iter().any(|directive| read.is(directive, "require"));
                        let into = if internal || filled { &mut hidden } else { &mut shown };
                        reach(&read.types, &argument.ty.name().value, into);
                    }
                }
            }
            Definition::Directive(directive) => {
                directive.arguments.iter().for_each(|own| reach(&read.types, &own.ty.name().value, &mut shown));
            }
            Definition::Schema(_) => {}
        }
    }
    hidden.difference(&shown).copied().collect()
}

fn reach<'a>(types: &Types<'a>, name: &str, into: &mut BTreeSet<&'a str>) {
    for part in types.parts(name).iter().filter(|part| part.kind == TypeKind::InputObject) {
        if into.insert(&part.name.value) {
            types.inputs(name).for_each(|input| reach(types, &input.ty.name().value, into));
        }
    }
}

struct Writer<'a> {
    links: &'a Links,
    read: &'a Read<'a>,
    lookups: &'a [Lookup<'a>],
    removed: BTreeSet<&'a str>,
}

// === impl Writer ===

impl Writer<'_> {
    fn composite(&self) -> Option<&Link> {
        self.links.by_identity(spec::COMPOSITE_SCHEMAS)
    }

    /// What federation's directive `name` is called in the document.
    fn federation(&self, name: &str) -> Name {
        if let Some(link) = self.links.federation() {
            return link.directive_name(name).unwrap_or_else(|| format!("federation__{name}").into());
        }
        let imported = self.composite().and_then(|link| link.import(name, true)).map(|import| import.name.clone());
        imported.unwrap_or_else(|| format!("federation__{name}").into())
    }

    /// The link to the specification keeps only what travels along; federation is linked, too.
    fn schema(&self, schema: &SchemaDefinition) -> SchemaDefinition {
        let mut directives = Vec::new();
        for directive in &schema.directives {
            let Some(link) = self.composite().filter(|link| link.span == directive.span) else {
                directives.push(directive.clone());
                continue;
            };
            let url = directive.argument("url").map(|url| url.kind.clone()).unwrap_or(ValueKind::Null);
            let arguments = vec![("url", url), ("as", build::text(PREFIX))];
            directives.push(build::directive(&directive.name, arguments, directive.span));
            if self.links.federation().is_none() {
                directives.push(federation_link(&directive.name, link));
            }
            directives.extend(self.inputs(directive.span));
        }
        let roots = schema.roots.iter().filter(|(_, name)| !self.read.internal.contains(&*name.value));
        SchemaDefinition { directives, roots: roots.cloned().collect(), ..schema.clone() }
    }

    /// What mappings of connectors may read of input types that are gone.
    fn inputs(&self, span: Span) -> Vec<Directive> {
        let removed = self.removed.iter().filter(|_| self.read.connect.is_some());
        let written = removed.map(|name| {
            let fields = self.read.types.inputs(name).map(|input| {
                let ty = input.ty.to_string();
                object(vec![("name", build::text(input.name.value.clone())), ("type", build::text(ty))], span)
            });
            let arguments = vec![("name", build::text(*name)), ("fields", build::list(fields.collect(), span))];
            build::directive(INPUT, arguments, span)
        });
        written.collect()
    }

    /// The fields of a type that connectors may yield for nobody.
    fn internal(&self, ty: &TypeDefinition) -> Option<Directive> {
        let own = ty.fields.iter().filter(|field| self.read.is_internal(ty, field));
        let names: Vec<_> = own.map(|field| build::text(field.name.value.clone())).collect();
        let yielded = self.read.connect.is_some() && !names.is_empty() && ty.name.value != self.read.query;
        yielded.then(|| build::directive(INTERNAL, vec![("fields", build::list(names, ty.span))], ty.name.span))
    }

    fn ty(&self, ty: &TypeDefinition, first: bool) -> Option<TypeDefinition> {
        let name = &*ty.name.value;
        if self.read.internal.contains(name) || self.removed.contains(name) || self.is_brought(name) {
            return None;
        }
        let mut directives = self.directives(&ty.directives);
        self.resolve_keys(name, &mut directives);
        if first {
            directives.extend(self.keys(ty));
        }
        directives.extend(self.internal(ty));
        let fields = ty.fields.iter().filter(|field| !self.read.is_internal(ty, field));
        let fields: Vec<FieldDefinition> = fields.map(|field| self.field(ty, field)).collect();
        // The type is defined elsewhere, too.
        if fields.is_empty() && !ty.fields.is_empty() && directives.is_empty() {
            return None;
        }
        Some(TypeDefinition { directives, fields, ..ty.clone() })
    }

    fn is_brought(&self, name: &str) -> bool {
        let types = [MAP, SET]
            .map(|element| self.composite().and_then(|link| link.type_name(element)).unwrap_or_else(|| element.into()));
        types.iter().any(|known| &**known == name)
    }

    fn field(&self, ty: &TypeDefinition, field: &FieldDefinition) -> FieldDefinition {
        let required: Vec<_> = self
            .read
            .required
            .iter()
            .filter(|required| required.ty == ty.name.value && required.field == field.name.value)
            .collect();
        let mut directives = self.directives(&field.directives);
        self.looked_up(field, &mut directives);
        if let Some(first) = required.first().filter(|_| ty.kind == TypeKind::Object) {
            let mut fields = SelectedFields::default();
            required.iter().for_each(|required| fields.extend(required.map.fields()));
            let span = first.argument.name.span;
            let arguments = vec![("fields", build::text(fields.to_string()))];
            directives.push(build::directive(&self.federation("requires"), arguments, span));
            let arguments: Vec<_> = required.iter().map(|required| (&required.argument, &required.map)).collect();
            let arguments = vec![("arguments", self.filled(&arguments, span))];
            directives.push(build::directive(REQUIRE, arguments, span));
        }
        let is_required = |argument: &&InputValueDefinition| {
            argument.directives.iter().any(|directive| self.read.is(directive, "require"))
        };
        let arguments = field.arguments.iter().filter(|argument| !is_required(argument)).map(|argument| {
            InputValueDefinition { directives: self.directives(&argument.directives), ..argument.clone() }
        });
        FieldDefinition { arguments: arguments.collect(), directives, ..field.clone() }
    }

    /// A connector looks entities up; how its arguments are made of them is said where names do not.
    fn looked_up(&self, field: &FieldDefinition, directives: &mut Vec<Directive>) {
        let Some(lookup) = self.lookups.iter().find(|lookup| lookup.connected && std::ptr::eq(lookup.field, field))
        else {
            return;
        };
        for connect in directives.iter_mut().filter(|directive| self.read.is_connect(directive)) {
            connect.arguments.retain(|argument| &*argument.name.value != "entity");
            connect.arguments.push(entity(connect.span));
        }
        let renames = field.arguments.iter().flat_map(|argument| &argument.directives);
        if { renames }.any(|directive| self.read.is(directive, "is")) {
            let arguments = vec![("arguments", self.filled(&lookup.filled(), lookup.span))];
            directives.push(build::directive(LOOKUP, arguments, lookup.span));
        }
    }

    /// The connectors of an internal lookup, which stand on the type of its objects.
    fn internal_lookup(&self, lookup: &Lookup<'_>) -> Vec<Directive> {
        let connectors = lookup.field.directives.iter().filter(|directive| self.read.is_connect(directive));
        let written = connectors.map(|connect| {
            let given = connect.arguments.iter().filter(|argument| &*argument.name.value != "entity");
            let given = given.map(|argument| (argument.name.clone(), argument.value.clone())).collect();
            let arguments = vec![
                ("field", build::text(lookup.path.as_str())),
                ("arguments", self.filled(&lookup.filled(), lookup.span)),
                ("connect", ValueKind::Object(given)),
            ];
            build::directive(CONNECT, arguments, connect.span)
        });
        written.collect()
    }

    /// Directives that federation has, too, by their names there; others as they are.
    fn directives(&self, written: &[Directive]) -> Vec<Directive> {
        let translated = written.iter().filter_map(|directive| match element(self.links, &directive.name) {
            None => Some(directive.clone()),
            Some(element) if SHARED.contains(&&*element) => {
                Some(Directive { name: self.federation(&element), ..directive.clone() })
            }
            Some(_) => None,
        });
        translated.collect()
    }

    /// A key without a lookup only tells objects apart.
    fn resolve_keys(&self, ty: &str, directives: &mut [Directive]) {
        let key = self.federation("key");
        for directive in directives.iter_mut().filter(|directive| directive.name == key) {
            let Some(fields) = key_of(directive) else { continue };
            if !is_looked_up(self.lookups, ty, &fields) && directive.argument("resolvable").is_none() {
                let name = Spanned { value: "resolvable".into(), span: directive.span };
                let value = Value { kind: ValueKind::Boolean(false), span: directive.span };
                directive.arguments.push(Argument { name, value });
            }
        }
    }

    /// `@lookup`s of an object type, and the keys that they stand for and that are not declared.
    fn keys(&self, ty: &TypeDefinition) -> Vec<Directive> {
        let parts = self.read.types.parts(&ty.name.value);
        let mut known: Vec<SelectedFields> =
            parts.iter().flat_map(|part| self.read.keys(part)).map(|(key, _)| key).collect();
        let mut directives = Vec::new();
        for lookup in self.lookups.iter().filter(|lookup| *lookup.ty == ty.name.value) {
            let key = lookup.key.to_string();
            if !known.iter().any(|known| known.is_same(&lookup.key)) {
                known.push(lookup.key.clone());
                let arguments = vec![("fields", build::text(key.as_str()))];
                directives.push(build::directive(&self.federation("key"), arguments, lookup.span));
            }
            if lookup.connected {
                if self.read.internal_root(lookup.field) {
                    directives.extend(self.internal_lookup(lookup));
                }
                continue;
            }
            let arguments = vec![
                ("field", build::text(lookup.path.as_str())),
                ("key", build::text(key)),
                ("arguments", self.filled(&lookup.filled(), lookup.span)),
            ];
            directives.push(build::directive(LOOKUP, arguments, lookup.span));
        }
        directives
    }

    /// `[{ name, type, value, default }]`; the last where there is one.
    fn filled(&self, arguments: &[(&InputValueDefinition, &SelectionMap)], span: Span) -> ValueKind {
        let items = arguments.iter().map(|(argument, map)| {
            let text = |key: &str, text: String| {
                (Spanned { value: key.into(), span }, Value { kind: build::text(text), span })
            };
            let mut fields = vec![
                text("name", argument.name.value.to_string()),
                text("type", argument.ty.to_string()),
                text("value", map.to_string()),
            ];
            fields.extend(argument.default.as_ref().map(|value| text("default", value.to_input().to_string())));
            ValueKind::Object(fields)
        });
        build::list(items.collect(), span)
    }
}

/// `entity: true`
fn entity(span: Span) -> Argument {
    Argument { name: Spanned { value: "entity".into(), span }, value: Value { kind: ValueKind::Boolean(true), span } }
}

fn object(fields: Vec<(&str, ValueKind)>, span: Span) -> ValueKind {
    let fields = fields.into_iter();
    ValueKind::Object(fields.map(|(key, kind)| (Spanned { value: key.into(), span }, Value { kind, span })).collect())
}

/// Federation's link; what the document imports from the specification keeps its name.
fn federation_link(link_directive: &Name, link: &Link) -> Directive {
    let span = link.url_span;
    let shared = link.imports.iter().filter(|import| import.directive && SHARED.contains(&&*import.element));
    let imports = shared.map(|import| {
        let text = |key: &str, name: &Name| {
            let value = Value { kind: build::text(format!("@{name}")), span };
            (Spanned { value: key.into(), span }, value)
        };
        ValueKind::Object(vec![text("name", &import.element), text("as", &import.name)])
    });
    let arguments = vec![
        ("url", build::text(format!("{}/{FEDERATION}", spec::FEDERATION))),
        ("import", build::list(imports.collect(), span)),
    ];
    build::directive(link_directive, arguments, span)
}
