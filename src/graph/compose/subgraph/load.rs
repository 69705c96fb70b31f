//! A document becomes a [`Subgraph`].

use indexmap::IndexMap;

use crate::graph::language::ast::{
    self, Definition, Document, FieldDefinition, InputValueDefinition, OperationKind, SchemaDefinition, TypeDefinition,
    TypeExpr, TypeKind,
};
use crate::graph::link::{Links, Version, spec};
use crate::platform::base::Name;
use crate::platform::base::span::{FileId, Span, Spanned};

use super::definitions::is_machinery;
use super::directives::{Applied, Federation};
use super::facts::Facts;
use super::model::{EnumValue, Field, Input, Subgraph, Type};

/// Reads `document`, which must be a valid schema together with what its links bring.
pub fn load(
    document: &Document,
    name: &Name,
    url: &Name,
    graph: Name,
    file: FileId,
    links: Links,
    version: Version,
) -> Subgraph {
    let mut loader = Loader { links: &links, renames: renames(document), types: IndexMap::new() };
    let mut schema = Vec::new();
    let mut description = None;
    let mut directives = IndexMap::new();
    for definition in &document.definitions {
        match definition {
            Definition::Schema(element) => {
                schema.extend(loader.applied(&element.directives, element.extension));
                description = description.or_else(|| element.description.clone());
            }
            Definition::Type(ty) => loader.add(ty),
            Definition::Directive(directive) => {
                let known = matches!(
                    &*directive.name.value,
                    "skip" | "include" | "deprecated" | "specifiedBy" | "oneOf" | "defer" | "stream"
                );
                let linked = links.directive(&directive.name.value).is_some();
                if (!known || linked) && !loader.is_brought(&directive.name.value, true) {
                    directives.insert(directive.name.value.clone(), directive.clone());
                }
            }
        }
    }
    let roots = root_names(document);
    let mut types = loader.types;
    // Every subgraph answers `_service`, so every subgraph has a query type.
    types.entry("Query".into()).or_insert_with(|| empty("Query".into(), file));
    Subgraph {
        name: name.clone(),
        url: url.clone(),
        graph,
        file,
        links,
        version,
        description,
        schema,
        roots,
        types,
        directives,
        composite: None,
        facts: Facts::default(),
    }
}

/// Root types of a document under the names they have there; without a schema definition those
/// called by the usual names.
pub fn root_names(document: &Document) -> Vec<(OperationKind, Name)> {
    let schemas: Vec<&SchemaDefinition> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Schema(schema) => Some(schema),
            _ => None,
        })
        .collect();
    let mut roots: Vec<(OperationKind, Name)> =
        schemas.iter().flat_map(|schema| &schema.roots).map(|(kind, name)| (*kind, name.value.clone())).collect();
    if schemas.iter().all(|schema| schema.extension) {
        for kind in [OperationKind::Query, OperationKind::Mutation, OperationKind::Subscription] {
            let usual = usual_name(kind);
            let exists = document
                .definitions
                .iter()
                .any(|definition| matches!(definition, Definition::Type(ty) if &*ty.name.value == usual));
            if exists && roots.iter().all(|(known, _)| *known != kind) {
                roots.push((kind, usual.into()));
            }
        }
    }
    roots
}

/// The name a root type has in the supergraph.
pub fn usual_name(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Query => "Query",
        OperationKind::Mutation => "Mutation",
        OperationKind::Subscription => "Subscription",
    }
}

fn renames(document: &Document) -> Vec<(Name, Name)> {
    let roots = root_names(document);
    roots
        .into_iter()
        .map(|(kind, name)| (name, Name::from(usual_name(kind))))
        .filter(|(local, usual)| local != usual)
        .collect()
}

fn empty(name: Name, file: FileId) -> Type {
    let span = Span::new(file, 0, 0);
    Type {
        kind: TypeKind::Object,
        name: Spanned { value: name, span },
        description: None,
        definition: Some(span),
        extensions: Vec::new(),
        interfaces: Vec::new(),
        applied: Vec::new(),
        fields: IndexMap::new(),
        members: Vec::new(),
        values: IndexMap::new(),
        inputs: IndexMap::new(),
    }
}

/// A document may define GraphQL's own scalars again.
fn is_built_in(name: &str) -> bool {
    matches!(name, "Int" | "Float" | "String" | "Boolean" | "ID")
}

struct Loader<'a> {
    links: &'a Links,
    renames: Vec<(Name, Name)>,
    types: IndexMap<Name, Type>,
}

// === impl Loader ===

impl Loader<'_> {
    fn add(&mut self, source: &TypeDefinition) {
        let brought = self.is_brought(&source.name.value, false);
        if is_machinery(&source.name.value) || is_built_in(&source.name.value) || brought {
            return;
        }
        let name = self.renamed(&source.name);
        let applied = self.applied(&source.directives, source.extension);
        let extends = applied.iter().any(|applied| applied.federation == Some(Federation::Extends));
        let query = &*name.value == "Query";
        let interfaces: Vec<_> = source.interfaces.iter().map(|interface| self.renamed(interface)).collect();
        let fields: Vec<Field> = source
            .fields
            .iter()
            .filter(|field| !(query && is_machinery(&field.name.value)))
            .map(|field| self.field(field))
            .collect();
        let inputs: Vec<Input> = source.inputs.iter().map(|input| self.input(input)).collect();
        let members: Vec<_> = source.members.iter().map(|member| self.renamed(member)).collect();
        let values: Vec<EnumValue> = source
            .values
            .iter()
            .map(|value| EnumValue {
                name: value.name.clone(),
                description: value.description.clone(),
                applied: self.applied(&value.directives, false),
            })
            .collect();
        let kind = source.kind;
        let ty = self.types.entry(name.value.clone()).or_insert_with(|| Type {
            kind,
            definition: None,
            ..empty(name.value.clone(), name.span.file)
        });
        if source.extension {
            ty.extensions.push(source.span);
        } else {
            ty.definition = Some(source.span);
        }
        // The definition's place is the type's, even when an extension stands before it.
        if !source.extension || (ty.definition.is_none() && ty.extensions.len() == 1) {
            ty.name.span = name.span;
        }
        if extends {
            ty.applied.iter_mut().for_each(|applied| applied.of_extension = true);
        }
        ty.description = ty.description.take().or_else(|| source.description.clone());
        let of_extension = extends || ty.applied.iter().any(|known| known.federation == Some(Federation::Extends));
        ty.applied.extend(
            applied
                .into_iter()
                .map(|applied| Applied { of_extension: applied.of_extension || of_extension, ..applied }),
        );
        ty.interfaces.extend(interfaces);
        ty.members.extend(members);
        ty.fields.extend(fields.into_iter().map(|field| (field.name.value.clone(), field)));
        ty.inputs.extend(inputs.into_iter().map(|input| (input.name.value.clone(), input)));
        ty.values.extend(values.into_iter().map(|value| (value.name.value.clone(), value)));
    }

    /// Whether the name belongs to a specification of federation's, not to the subgraph.
    fn is_brought(&self, written: &str, directive: bool) -> bool {
        if directive && (Some(written) == self.links.link_directive().map(|name| &**name)) {
            return true;
        }
        let element = if directive { self.links.directive(written) } else { self.links.type_element(written) };
        match element {
            Some(element) => is_own_specification(&element.link.url.identity),
            None if directive => Federation::of(self.links, written).is_some(),
            None => matches!(written, "link__Purpose" | "link__Import") && self.links.link_directive().is_some(),
        }
    }

    fn renamed(&self, name: &Spanned<Name>) -> Spanned<Name> {
        let value = self.renames.iter().find(|(local, _)| *local == name.value).map_or(&name.value, |(_, usual)| usual);
        Spanned { value: value.clone(), span: name.span }
    }

    fn ty(&self, ty: &TypeExpr) -> TypeExpr {
        match ty {
            TypeExpr::Named(name) => TypeExpr::Named(self.renamed(name)),
            TypeExpr::List(inner) => TypeExpr::List(Box::new(self.ty(inner))),
            TypeExpr::NonNull(inner) => TypeExpr::NonNull(Box::new(self.ty(inner))),
        }
    }

    fn field(&self, field: &FieldDefinition) -> Field {
        Field {
            name: field.name.clone(),
            description: field.description.clone(),
            arguments: field.arguments.iter().map(|input| (input.name.value.clone(), self.input(input))).collect(),
            ty: self.ty(&field.ty),
            applied: self.applied(&field.directives, false),
        }
    }

    fn input(&self, input: &InputValueDefinition) -> Input {
        Input {
            name: input.name.clone(),
            description: input.description.clone(),
            ty: self.ty(&input.ty),
            default: input.default.clone(),
            applied: self.applied(&input.directives, false),
        }
    }

    fn applied(&self, directives: &[ast::Directive], of_extension: bool) -> Vec<Applied> {
        directives
            .iter()
            .map(|directive| Applied {
                federation: Federation::of(self.links, &directive.name),
                of_extension,
                directive: directive.clone(),
            })
            .collect()
    }
}

/// Specifications whose definitions never enter the supergraph as the subgraph wrote them.
pub fn is_own_specification(identity: &str) -> bool {
    matches!(
        identity,
        spec::LINK
            | spec::CORE
            | spec::FEDERATION
            | spec::JOIN
            | spec::TAG
            | spec::INACCESSIBLE
            | spec::AUTHENTICATED
            | spec::REQUIRES_SCOPES
            | spec::POLICY
            | spec::COST
            | spec::CONTEXT
            | spec::CACHE_TAG
            | spec::COMPOSITE_SCHEMAS
            | spec::APOLLO_CONNECT
            | spec::PLEACH_CONNECT
    )
}
