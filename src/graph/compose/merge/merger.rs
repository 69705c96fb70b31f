//! The merge of all subgraphs, type by type.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use indexmap::IndexMap;

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::field_set;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph, Type, is_root};
use crate::graph::language::ast::{Directive, DirectiveDefinition, TypeDefinition, TypeKind, ValueKind};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{SourceMap, Span, Spanned};

use super::build;
use super::carried::Carried;
use super::overrides::Overrides;
use super::relations::Relations;
use super::{connectors, contexts, enums, executable, inputs, interface_objects, names, objects, unions};

/// A definition in one subgraph.
pub struct Source<'a, T> {
    /// The subgraph's position.
    pub index: usize,
    /// The subgraph.
    pub subgraph: &'a Subgraph,
    /// The definition.
    pub item: &'a T,
}

impl<T> Clone for Source<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Source<'_, T> {}

/// Where an enum type is used.
#[derive(Clone, Copy, Default, Debug)]
pub struct EnumUsage {
    /// As an argument's or input field's type, for instance here.
    pub input: Option<Span>,
    /// As a field's type, for instance here.
    pub output: Option<Span>,
}

/// What merging yields.
pub struct Merged {
    /// Types by name.
    pub types: BTreeMap<Name, TypeDefinition>,
    /// Executable directives all subgraphs share, and composed ones.
    pub directives: BTreeMap<Name, DirectiveDefinition>,
    /// Directives of the schema definition, apart from the usual links.
    pub schema: Vec<Directive>,
    /// Links of composed directives and connectors.
    pub links: Vec<Directive>,
    /// The schema's description.
    pub description: Option<Name>,
}

/// The state of one merge.
pub struct Merger<'a> {
    /// Sorted by name.
    pub subgraphs: &'a [Subgraph],
    /// The files of all spans.
    pub sources: &'a SourceMap,
    /// Subtypes in the merged schema.
    pub relations: Relations,
    /// What `@override` says.
    pub overrides: Overrides,
    /// Which custom directives travel on.
    pub carried: Carried,
    /// Where enums are used.
    pub enum_usage: HashMap<Name, EnumUsage>,
    /// Findings so far.
    pub diagnostics: Vec<Diagnostic>,
}

/// Merges the subgraphs; what cannot be merged is reported and left out.
pub fn merge(subgraphs: &[Subgraph], sources: &SourceMap) -> (Merged, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let relations = Relations::of(subgraphs);
    let carried = Carried::of(subgraphs, &mut diagnostics);
    let mut merger = Merger {
        subgraphs,
        sources,
        overrides: Overrides::of(subgraphs, &relations, &mut diagnostics),
        relations,
        enum_usage: enums::usage(subgraphs, &carried),
        carried,
        diagnostics,
    };
    names::check(subgraphs, &mut merger.diagnostics);
    let names: BTreeSet<&Name> = subgraphs.iter().flat_map(|subgraph| subgraph.types.keys()).collect();
    let mut types = BTreeMap::new();
    for name in names {
        if let Some(ty) = merger.ty(name) {
            types.insert(name.clone(), ty);
        }
    }
    interface_objects::complete(&mut merger, &mut types);
    let mut directives = executable::merge(&mut merger);
    directives.extend(merger.carried.definitions(subgraphs));
    let mut schema = merger.applied(&schema_sources(subgraphs));
    schema.extend(connectors::schema_join_directives(subgraphs));
    let links = merger.carried.links(subgraphs);
    let description = subgraphs.iter().find_map(|subgraph| subgraph.description.clone());
    (Merged { types, directives, schema, links, description }, merger.diagnostics)
}

/// The schema element of a subgraph, as something directives are applied to.
pub struct SchemaElement<'a>(&'a Subgraph);

impl Annotated for SchemaElement<'_> {
    fn applied(&self) -> &[crate::graph::compose::subgraph::directives::Applied] {
        &self.0.schema
    }
}

fn schema_sources(subgraphs: &[Subgraph]) -> Vec<(usize, SchemaElement<'_>)> {
    subgraphs.iter().map(SchemaElement).enumerate().collect()
}

// === impl Merger ===

impl<'a> Merger<'a> {
    /// The definitions of a type, by subgraph.
    pub fn types_named(&self, name: &str) -> Vec<Source<'a, Type>> {
        self.subgraphs
            .iter()
            .enumerate()
            .filter_map(|(index, subgraph)| Some(Source { index, subgraph, item: subgraph.types.get(name)? }))
            .collect()
    }

    /// Records a finding.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn ty(&mut self, name: &Name) -> Option<TypeDefinition> {
        let sources = self.types_named(name);
        let first = sources.first()?;
        let kind = self.kind(name, &sources)?;
        self.check_base(name, &sources);
        let mut merged = TypeDefinition {
            extension: false,
            kind,
            name: Spanned { value: name.clone(), span: first.item.name.span },
            description: self.description(
                name,
                sources.iter().map(|source| (source.index, source.item.description.as_ref(), source.item.name.span)),
            ),
            interfaces: Vec::new(),
            directives: join_types(&sources),
            fields: Vec::new(),
            members: Vec::new(),
            values: Vec::new(),
            inputs: Vec::new(),
            span: first.item.name.span,
        };
        let mut join = std::mem::take(&mut merged.directives);
        match kind {
            TypeKind::Scalar => {}
            TypeKind::Object | TypeKind::Interface => objects::merge(self, &sources, &mut merged, &mut join),
            TypeKind::Union => unions::merge(self, &sources, &mut merged, &mut join),
            TypeKind::Enum => enums::merge(self, &sources, &mut merged),
            TypeKind::InputObject => inputs::merge(self, &sources, &mut merged),
        }
        merged.directives = join;
        let annotated: Vec<_> = sources.iter().map(|source| (source.index, source.item)).collect();
        let applied = self.applied(&annotated);
        merged.directives.extend(applied);
        merged.directives.extend(contexts::set(&sources));
        merged.directives.extend(connectors::join_directives(self.subgraphs, &annotated));
        Some(merged)
    }

    fn kind(&mut self, name: &Name, sources: &[Source<'_, Type>]) -> Option<TypeKind> {
        let kinds: BTreeSet<TypeKindOrder> =
            sources.iter().map(|source| TypeKindOrder(source.item.merged_kind())).collect();
        let first = kinds.first()?.0;
        if kinds.len() > 1 {
            let message = format!("type \"{name}\" is not of the same kind in all subgraphs");
            let finding = sources.iter().fold(Diagnostic::error("TYPE_KIND_MISMATCH", message), |finding, source| {
                let kind = keyword(source.item);
                finding.label(source.item.name.span, format!("{kind} in subgraph \"{}\"", source.subgraph.name))
            });
            self.report(finding);
            return None;
        }
        Some(first)
    }

    /// An extension needs something to extend.
    fn check_base(&mut self, name: &Name, sources: &[Source<'_, Type>]) {
        if is_root(name) || sources.iter().any(|source| source.item.definition.is_some()) {
            return;
        }
        let message = format!("type \"{name}\" is only extended: no subgraph defines it");
        let finding = sources.iter().fold(Diagnostic::error("EXTENSION_WITH_NO_BASE", message), |finding, source| {
            finding.label(source.item.name.span, format!("extended in subgraph \"{}\"", source.subgraph.name))
        });
        self.report(finding.help("remove `extend` in one of them"));
    }
}

#[derive(PartialEq, Eq)]
struct TypeKindOrder(TypeKind);

impl PartialOrd for TypeKindOrder {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TypeKindOrder {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0 as u8).cmp(&(other.0 as u8))
    }
}

/// How people call a type's kind.
pub fn keyword(ty: &Type) -> &'static str {
    match ty.kind {
        TypeKind::Scalar => "a scalar",
        TypeKind::Object if ty.is_interface_object() => "an interface object",
        TypeKind::Object => "an object type",
        TypeKind::Interface => "an interface",
        TypeKind::Union => "a union",
        TypeKind::Enum => "an enum",
        TypeKind::InputObject => "an input object",
    }
}

/// `@join__type`, once a key, or once.
fn join_types(sources: &[Source<'_, Type>]) -> Vec<Directive> {
    let mut joins = Vec::new();
    for source in sources {
        let graph = build::symbol(&source.subgraph.graph);
        let interface_object = source.item.is_interface_object();
        let mut keyed = false;
        for key in source.item.all(Federation::Key) {
            let Some(fields) = key.text("fields") else { continue };
            keyed = true;
            let mut arguments = vec![("graph", graph.clone()), ("key", build::text(field_set::canonical(&fields)))];
            if key.of_extension {
                arguments.push(("extension", ValueKind::Boolean(true)));
            }
            if key.argument("resolvable").is_some_and(|value| value.kind == ValueKind::Boolean(false)) {
                arguments.push(("resolvable", ValueKind::Boolean(false)));
            }
            if interface_object {
                arguments.push(("isInterfaceObject", ValueKind::Boolean(true)));
            }
            joins.push(build::directive("join__type", arguments, key.directive.span));
        }
        if !keyed {
            let mut arguments = vec![("graph", graph)];
            if interface_object {
                arguments.push(("isInterfaceObject", ValueKind::Boolean(true)));
            }
            joins.push(build::directive("join__type", arguments, source.item.name.span));
        }
    }
    joins
}

/// Names over all sources, each once, in the order of subgraphs and then as written.
pub fn union_of_names<'a, T, V>(sources: &[Source<'a, T>], names: impl Fn(&'a T) -> &'a IndexMap<Name, V>) -> Vec<Name>
where
    V: 'a,
{
    let mut all: IndexMap<Name, ()> = IndexMap::new();
    for source in sources {
        all.extend(names(source.item).keys().map(|name| (name.clone(), ())));
    }
    all.into_keys().collect()
}
