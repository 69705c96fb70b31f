//! One subgraph's own document, taken back out of a supergraph: as far as the join directives
//! remember it.

use crate::graph::language::ast::{
    Argument, Definition, Directive, Document, EnumValueDefinition, FieldDefinition, SchemaDefinition, TypeDefinition,
    TypeKind, Value, ValueKind,
};
use crate::graph::link::spec;
use crate::platform::base::Name;
use crate::platform::base::span::{Span, Spanned};

use super::join::{Carried, FieldJoin, GraphId, Joined, JoinedField, JoinedType};

/// The federation version whose directives the document uses.
const FEDERATION_VERSION: &str = "v2.3";
const FEDERATION_DIRECTIVES: [&str; 5] = ["@key", "@external", "@requires", "@provides", "@interfaceObject"];

/// The document of subgraph `graph`; its spans point into the supergraph.
pub(super) fn document(joined: &Joined<'_>, graph: GraphId) -> Document {
    let place = joined.graphs[graph].span;
    let mut directives = vec![federation_link(place)];
    directives.extend(carried(&joined.schema, graph));
    let schema = SchemaDefinition { extension: true, description: None, directives, roots: Vec::new(), span: place };
    let types = joined.types.iter().filter(|ty| ty.joins.iter().any(|join| join.graph == graph));
    let types = types.map(|ty| Definition::Type(type_definition(ty, graph)));
    Document { definitions: std::iter::once(Definition::Schema(schema)).chain(types).collect() }
}

/// Whether anything of `graph` needs its own document: a directive that travelled along.
pub(super) fn has_carried(joined: &Joined<'_>, graph: GraphId) -> bool {
    let of_fields = joined.types.iter().flat_map(|ty| ty.fields.iter().flat_map(|field| &field.carried));
    let of_types = joined.types.iter().flat_map(|ty| &ty.carried);
    joined.schema.iter().chain(of_types).chain(of_fields).any(|carried| carried.graphs.contains(&graph))
}

fn type_definition(ty: &JoinedType<'_>, graph: GraphId) -> TypeDefinition {
    let definition = ty.definition;
    let mut directives = Vec::new();
    for join in ty.joins.iter().filter(|join| join.graph == graph) {
        if let Some(key) = join.key {
            let mut arguments = vec![argument("fields", key.clone())];
            if !join.resolvable {
                arguments.push(argument("resolvable", Value { kind: ValueKind::Boolean(false), span: key.span }));
            }
            directives.push(Directive { name: "key".into(), arguments, span: key.span });
        }
    }
    let interface_object = ty.is_interface_object(graph);
    if interface_object {
        directives.push(directive("interfaceObject", Vec::new(), definition.name.span));
    }
    directives.extend(carried(&ty.carried, graph));
    let spanned = |name: &Name| Spanned { value: name.clone(), span: definition.name.span };
    let named = |pairs: &[(GraphId, Name)]| -> Vec<Spanned<Name>> {
        pairs.iter().filter(|(of, _)| *of == graph).map(|(_, name)| spanned(name)).collect()
    };
    let values = definition.values.iter().zip(&ty.values).filter(|(_, graphs)| graphs.contains(&graph));
    TypeDefinition {
        extension: false,
        kind: if interface_object { TypeKind::Object } else { definition.kind },
        interfaces: named(&ty.implements),
        members: named(&ty.members),
        directives,
        fields: ty.fields.iter().filter_map(|field| field_definition(field, graph)).collect(),
        values: values.map(|(value, _)| EnumValueDefinition { directives: Vec::new(), ..value.clone() }).collect(),
        ..definition.clone()
    }
}

fn field_definition(field: &JoinedField<'_>, graph: GraphId) -> Option<FieldDefinition> {
    let join = field.joins.iter().find(|join| join.graph == graph)?;
    let mut directives = federation_directives(join, field.definition.span);
    directives.extend(carried(&field.carried, graph));
    Some(FieldDefinition { directives, ..field.definition.clone() })
}

fn federation_directives(join: &FieldJoin<'_>, span: Span) -> Vec<Directive> {
    let mut directives = Vec::new();
    for (name, set) in [("requires", join.requires), ("provides", join.provides)] {
        if let Some(set) = set {
            directives.push(directive(name, vec![argument("fields", set.clone())], set.span));
        }
    }
    if join.external {
        directives.push(directive("external", Vec::new(), span));
    }
    directives
}

fn carried<'a>(all: &'a [Carried<'_>], graph: GraphId) -> impl Iterator<Item = Directive> + 'a {
    all.iter().filter(move |carried| carried.graphs.contains(&graph)).map(|carried| {
        let arguments = carried.arguments.iter();
        let arguments = arguments.map(|(name, value)| Argument { name: name.clone(), value: value.clone() }).collect();
        directive(carried.name, arguments, carried.span)
    })
}

fn federation_link(span: Span) -> Directive {
    let text = |text: &str| Value { kind: ValueKind::String(text.into()), span };
    let url = text(&format!("{}/{FEDERATION_VERSION}", spec::FEDERATION));
    let import = ValueKind::List(FEDERATION_DIRECTIVES.iter().map(|name| text(name)).collect());
    let import = argument("import", Value { kind: import, span });
    directive("link", vec![argument("url", url), import], span)
}

fn directive(name: &str, arguments: Vec<Argument>, span: Span) -> Directive {
    Directive { name: name.into(), arguments, span }
}

fn argument(name: &str, value: Value) -> Argument {
    Argument { name: Spanned { value: name.into(), span: value.span }, value }
}
