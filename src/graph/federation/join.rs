//! The join directives of a supergraph as data: which subgraph says what about each element.

use std::collections::HashMap;

use crate::graph::language::ast::{
    Definition, Directive, Document, EnumValueDefinition, FieldDefinition, TypeDefinition, Value, ValueKind,
};
use crate::graph::link::spec;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::id::IdVec;
use crate::platform::base::span::{Span, Spanned};

use super::specs::{INVALID, Specs, schema_directives};

crate::id_type!(
    /// A user's subgraph, by its place in the `join__Graph` enum.
    GraphId
);

/// A supergraph document with its join directives read.
#[derive(Debug)]
pub(super) struct Joined<'a> {
    pub(super) graphs: IdVec<GraphId, Graph>,
    /// The graph's own types, in document order.
    pub(super) types: Vec<JoinedType<'a>>,
    /// Directives carried for the subgraphs' schema definitions.
    pub(super) schema: Vec<Carried<'a>>,
}

/// A value of `join__Graph`.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) name: Name,
    pub(super) url: Name,
    pub(super) span: Span,
}

/// A type and what each subgraph says about it.
#[derive(Debug)]
pub(super) struct JoinedType<'a> {
    pub(super) definition: &'a TypeDefinition,
    /// One per `@join__type`: several for a subgraph with several keys.
    pub(super) joins: Vec<TypeJoin<'a>>,
    pub(super) implements: Vec<(GraphId, Name)>,
    pub(super) members: Vec<(GraphId, Name)>,
    pub(super) fields: Vec<JoinedField<'a>>,
    /// For each enum value, the subgraphs that know it.
    pub(super) values: Vec<Vec<GraphId>>,
    pub(super) carried: Vec<Carried<'a>>,
    /// The contexts it sets, under the names they have in the supergraph.
    pub(super) contexts: Vec<Name>,
}

/// `@join__type`
#[derive(Debug)]
pub(super) struct TypeJoin<'a> {
    pub(super) graph: GraphId,
    pub(super) key: Option<&'a Value>,
    pub(super) extension: bool,
    pub(super) resolvable: bool,
    pub(super) interface_object: bool,
}

/// A field and the subgraphs that have it.
#[derive(Debug)]
pub(super) struct JoinedField<'a> {
    pub(super) definition: &'a FieldDefinition,
    /// At most one per subgraph.
    pub(super) joins: Vec<FieldJoin<'a>>,
    pub(super) carried: Vec<Carried<'a>>,
}

/// `@join__field`, given or implied.
#[derive(Debug)]
pub(super) struct FieldJoin<'a> {
    pub(super) graph: GraphId,
    pub(super) requires: Option<&'a Value>,
    pub(super) provides: Option<&'a Value>,
    pub(super) ty: Option<&'a Value>,
    pub(super) external: bool,
    pub(super) used_overridden: bool,
    pub(super) overrides: Option<&'a Value>,
    pub(super) override_label: Option<&'a Value>,
    pub(super) contexts: Vec<ContextJoin<'a>>,
}

/// One of `@join__field(contextArguments:)`
#[derive(Debug)]
pub(super) struct ContextJoin<'a> {
    pub(super) name: Name,
    pub(super) ty: &'a Value,
    pub(super) context: Name,
    pub(super) selection: &'a Value,
}

/// `@join__directive`: a directive of the subgraphs themselves.
#[derive(Debug)]
pub(super) struct Carried<'a> {
    pub(super) graphs: Vec<GraphId>,
    pub(super) name: &'a str,
    pub(super) arguments: &'a [(Spanned<Name>, Value)],
    pub(super) span: Span,
}

struct Reader<'s> {
    names: Names,
    specs: &'s Specs,
    by_value: HashMap<Name, GraphId>,
    diagnostics: Vec<Diagnostic>,
}

struct Names {
    graph: Name,
    ty: Name,
    field: Name,
    implements: Name,
    member: Name,
    value: Name,
    directive: Name,
    graph_enum: Name,
    context: Name,
}

impl<'a> Joined<'a> {
    /// Reads the join directives.
    ///
    /// # Errors
    /// When they name unknown subgraphs, lack arguments, or join nothing.
    pub(super) fn read(document: &'a Document, specs: &Specs) -> Result<Self, Vec<Diagnostic>> {
        let name = |element| specs.directive(spec::JOIN, element);
        let names = Names {
            graph: name("graph"),
            ty: name("type"),
            field: name("field"),
            implements: name("implements"),
            member: name("unionMember"),
            value: name("enumValue"),
            directive: name("directive"),
            context: specs.directive(spec::CONTEXT, "context"),
            graph_enum: specs.type_name(spec::JOIN, "Graph").unwrap_or_else(|| "join__Graph".into()),
        };
        let mut reader = Reader { names, specs, by_value: HashMap::new(), diagnostics: Vec::new() };
        let graphs = reader.graphs(document);
        let types = reader.types(document, &graphs);
        let directive = reader.names.directive.clone();
        let schema = schema_directives(document)
            .filter(|application| application.name == directive)
            .filter_map(|application| reader.carried(application))
            .collect();
        if reader.diagnostics.is_empty() { Ok(Self { graphs, types, schema }) } else { Err(reader.diagnostics) }
    }
}

// === impl JoinedType ===

impl JoinedType<'_> {
    /// The subgraphs that know the type, each once, in ascending order.
    pub(super) fn graphs(&self) -> Vec<GraphId> {
        let mut graphs: Vec<_> = self.joins.iter().map(|join| join.graph).collect();
        graphs.sort_unstable();
        graphs.dedup();
        graphs
    }

    /// Whether `graph` has it as an interface object.
    pub(super) fn is_interface_object(&self, graph: GraphId) -> bool {
        self.joins.iter().any(|join| join.graph == graph && join.interface_object)
    }
}

// === impl Reader ===

impl Reader<'_> {
    fn graphs(&mut self, document: &Document) -> IdVec<GraphId, Graph> {
        let mut graphs = IdVec::new();
        let found = types_of(document).find(|ty| ty.name.value == self.names.graph_enum);
        for value in found.iter().flat_map(|ty| &ty.values) {
            let Some(directive) = value.directives.iter().find(|directive| directive.name == self.names.graph) else {
                self.error(value.name.span, format!("`{}` has no `@{}`", value.name.value, self.names.graph));
                continue;
            };
            let Some(name) = directive.argument("name").and_then(Value::as_str) else {
                self.error(directive.span, format!("`@{}` has no `name`", self.names.graph));
                continue;
            };
            let url = directive.argument("url").and_then(Value::as_str).unwrap_or("");
            if let Some(first) = graphs.iter().find(|graph: &&Graph| &*graph.name == name) {
                let finding = Diagnostic::error(INVALID, format!("two subgraphs are called `{name}`"));
                self.diagnostics.push(finding.at(value.name.span).label(first.span, "the first one"));
                continue;
            }
            let id = graphs.push(Graph { name: name.into(), url: url.into(), span: value.name.span });
            self.by_value.insert(value.name.value.clone(), id);
        }
        if found.is_none() {
            let finding = format!("the supergraph has no enum `{}`, which names its subgraphs", self.names.graph_enum);
            self.diagnostics.push(Diagnostic::error(INVALID, finding));
        }
        graphs
    }

    fn types<'a>(&mut self, document: &'a Document, graphs: &IdVec<GraphId, Graph>) -> Vec<JoinedType<'a>> {
        let mut types: Vec<JoinedType<'a>> = Vec::new();
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for definition in types_of(document).filter(|ty| !self.specs.owns_type(&ty.name.value)) {
            let name = &definition.name;
            if definition.extension {
                self.error(name.span, format!("`{}` is extended; a supergraph only defines types", name.value));
            } else if let Some(first) = seen.insert(&name.value, name.span) {
                let finding = Diagnostic::error(INVALID, format!("type `{}` is defined twice", name.value));
                self.diagnostics.push(finding.at(name.span).label(first, "the first definition"));
            } else {
                types.push(self.one_type(definition, graphs));
            }
        }
        types
    }

    fn one_type<'a>(&mut self, definition: &'a TypeDefinition, graphs: &IdVec<GraphId, Graph>) -> JoinedType<'a> {
        let mut joins = Vec::new();
        let (mut implements, mut members, mut carried) = (Vec::new(), Vec::new(), Vec::new());
        let mut contexts = Vec::new();
        for directive in &definition.directives {
            if directive.name == self.names.ty {
                joins.extend(self.type_join(directive));
            } else if directive.name == self.names.implements {
                implements.extend(self.graph_and_name(directive, "interface"));
            } else if directive.name == self.names.member {
                members.extend(self.graph_and_name(directive, "member"));
            } else if directive.name == self.names.directive {
                carried.extend(self.carried(directive));
            } else if directive.name == self.names.context {
                contexts.extend(directive.argument("name").and_then(Value::as_str).map(Name::from));
            }
        }
        if joins.is_empty() {
            // A type without a join is in all subgraphs, without a key.
            joins.extend(graphs.ids().map(TypeJoin::plain));
        }
        let mut ty = JoinedType {
            definition,
            joins,
            implements,
            members,
            fields: Vec::new(),
            values: Vec::new(),
            carried,
            contexts,
        };
        let having = ty.graphs();
        if ty.members.is_empty() {
            // Before join v0.3 nothing says which subgraph has which member.
            let all = having.iter().flat_map(|&graph| definition.members.iter().map(move |m| (graph, m.value.clone())));
            ty.members.extend(all);
        }
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for field in &definition.fields {
            if let Some(first) = seen.insert(&field.name.value, field.name.span) {
                let message = format!("field `{}.{}` is defined twice", definition.name.value, field.name.value);
                let finding = Diagnostic::error(INVALID, message).at(field.name.span);
                self.diagnostics.push(finding.label(first, "the first definition"));
                continue;
            }
            let joined = self.field(field, &having);
            ty.fields.push(joined);
        }
        ty.values = definition.values.iter().map(|value| self.value(value, &having)).collect();
        ty
    }

    fn field<'a>(&mut self, definition: &'a FieldDefinition, having: &[GraphId]) -> JoinedField<'a> {
        let mut joins: Vec<FieldJoin<'a>> = Vec::new();
        let mut carried = Vec::new();
        let mut given = false;
        for directive in &definition.directives {
            if directive.name == self.names.directive {
                carried.extend(self.carried(directive));
            }
            if directive.name != self.names.field {
                continue;
            }
            given = true;
            // Without a graph it comes from no subgraph directly: an interface object adds it.
            let Some(graph) = directive.argument("graph") else { continue };
            let Some(graph) = self.graph(graph) else { continue };
            if !having.contains(&graph) {
                self.error(directive.span, "the subgraph of this field does not have the type");
            } else if joins.iter().any(|join| join.graph == graph) {
                self.error(directive.span, "the subgraph of this field is named twice");
            } else {
                joins.extend(self.field_join(directive, graph));
            }
        }
        if !given {
            joins.extend(having.iter().map(|&graph| FieldJoin::plain(graph)));
        }
        JoinedField { definition, joins, carried }
    }

    fn value(&mut self, value: &EnumValueDefinition, having: &[GraphId]) -> Vec<GraphId> {
        let mut graphs = Vec::new();
        let name = self.names.value.clone();
        for directive in value.directives.iter().filter(|directive| directive.name == name) {
            match directive.argument("graph") {
                Some(graph) => graphs.extend(self.graph(graph)),
                None => self.error(directive.span, "`graph` is missing"),
            }
        }
        if graphs.is_empty() { having.to_vec() } else { graphs }
    }

    fn type_join<'a>(&mut self, directive: &'a Directive) -> Option<TypeJoin<'a>> {
        let Some(graph) = directive.argument("graph") else {
            self.error(directive.span, "`graph` is missing");
            return None;
        };
        Some(TypeJoin {
            graph: self.graph(graph)?,
            key: directive.argument("key").filter(|key| key.kind != ValueKind::Null),
            extension: flag(directive, "extension", false),
            resolvable: flag(directive, "resolvable", true),
            interface_object: flag(directive, "isInterfaceObject", false),
        })
    }

    fn field_join<'a>(&mut self, directive: &'a Directive, graph: GraphId) -> Option<FieldJoin<'a>> {
        let argument = |name| directive.argument(name).filter(|value: &&Value| value.kind != ValueKind::Null);
        let contexts = argument("contextArguments").map_or_else(Vec::new, |value| self.context_joins(value));
        Some(FieldJoin {
            graph,
            requires: argument("requires"),
            provides: argument("provides"),
            ty: argument("type"),
            external: flag(directive, "external", false),
            used_overridden: flag(directive, "usedOverridden", false),
            overrides: argument("override"),
            override_label: argument("overrideLabel"),
            contexts,
        })
    }

    fn context_joins<'a>(&mut self, value: &'a Value) -> Vec<ContextJoin<'a>> {
        let ValueKind::List(items) = &value.kind else {
            self.error(value.span, "`contextArguments` is a list");
            return Vec::new();
        };
        let mut joins = Vec::new();
        for item in items {
            let fields = match &item.kind {
                ValueKind::Object(fields) => fields.as_slice(),
                _ => &[],
            };
            let of = |key: &str| fields.iter().find(|(name, _)| &*name.value == key).map(|(_, value)| value);
            let text = |key: &str| of(key).and_then(Value::as_str).map(Name::from);
            match (text("name"), of("type"), text("context"), of("selection")) {
                (Some(name), Some(ty), Some(context), Some(selection)) => {
                    joins.push(ContextJoin { name, ty, context, selection });
                }
                _ => self.error(item.span, "a context argument has `name`, `type`, `context` and `selection`"),
            }
        }
        joins
    }

    fn graph_and_name(&mut self, directive: &Directive, argument: &str) -> Option<(GraphId, Name)> {
        match (directive.argument("graph"), directive.argument(argument).and_then(Value::as_str)) {
            (Some(graph), Some(name)) => Some((self.graph(graph)?, name.into())),
            _ => {
                self.error(directive.span, format!("`graph` or `{argument}` is missing"));
                None
            }
        }
    }

    fn carried<'a>(&mut self, directive: &'a Directive) -> Option<Carried<'a>> {
        let Some(name) = directive.argument("name").and_then(Value::as_str) else {
            self.error(directive.span, "`name` is missing");
            return None;
        };
        let graphs = match directive.argument("graphs").map(|graphs| &graphs.kind) {
            Some(ValueKind::List(items)) => items.iter().filter_map(|item| self.graph(item)).collect(),
            _ => Vec::new(),
        };
        let arguments = match directive.argument("args").map(|arguments| &arguments.kind) {
            Some(ValueKind::Object(fields)) => fields.as_slice(),
            _ => &[],
        };
        Some(Carried { graphs, name, arguments, span: directive.span })
    }

    fn graph(&mut self, value: &Value) -> Option<GraphId> {
        let found = match &value.kind {
            ValueKind::Enum(name) => self.by_value.get(name).copied(),
            _ => None,
        };
        if found.is_none() {
            self.error(value.span, format!("this is not a value of `{}`", self.names.graph_enum));
        }
        found
    }

    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(INVALID, message).at(span));
    }
}

// === impl TypeJoin ===

impl TypeJoin<'_> {
    fn plain(graph: GraphId) -> Self {
        Self { graph, key: None, extension: false, resolvable: true, interface_object: false }
    }
}

// === impl FieldJoin ===

impl FieldJoin<'_> {
    fn plain(graph: GraphId) -> Self {
        Self {
            graph,
            requires: None,
            provides: None,
            ty: None,
            external: false,
            used_overridden: false,
            overrides: None,
            override_label: None,
            contexts: Vec::new(),
        }
    }
}

fn types_of(document: &Document) -> impl Iterator<Item = &TypeDefinition> {
    document.definitions.iter().filter_map(|definition| match definition {
        Definition::Type(ty) => Some(ty),
        _ => None,
    })
}

fn flag(directive: &Directive, name: &str, default: bool) -> bool {
    match directive.argument(name).map(|value| &value.kind) {
        Some(ValueKind::Boolean(value)) => *value,
        _ => default,
    }
}
