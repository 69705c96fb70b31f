//! The merged schema as a document: links, the join specification's definitions, and the types.

use std::collections::BTreeSet;

use crate::graph::compose::merge::Merged;
use crate::graph::compose::subgraph::model::Subgraph;
use crate::graph::language::ast::{
    Definition, Directive, DirectiveDefinition, Document, EnumValueDefinition, InputValueDefinition, OperationKind,
    SchemaDefinition, TypeDefinition, TypeExpr, TypeKind, Value, ValueKind,
};
use crate::graph::language::parse;
use crate::platform::base::Name;
use crate::platform::base::span::{FileId, SourceMap, Span, Spanned};

/// A specification whose directives the supergraph uses.
struct Feature {
    /// Without `@`.
    directives: &'static [&'static str],
    /// `@link` as SDL.
    link: &'static str,
    /// Definitions as SDL.
    definitions: &'static str,
}

const LINK_AND_JOIN: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) { query: Query }

directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE

directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String, contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION

directive @join__graph(name: String!, url: String!) on ENUM_VALUE

directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE

directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR

directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION

input join__ContextArgument {
  name: String!
  type: String!
  context: String!
  selection: join__FieldValue!
}

scalar join__DirectiveArguments

scalar join__FieldSet

scalar join__FieldValue

scalar link__Import

enum link__Purpose {
  "`SECURITY` features provide metadata necessary to securely resolve fields."
  SECURITY

  "`EXECUTION` features provide metadata necessary for operation execution."
  EXECUTION
}
"#;

const FEATURES: &[Feature] = &[
    Feature {
        directives: &["tag"],
        link: r#"@link(url: "https://specs.apollo.dev/tag/v0.3")"#,
        definitions: "directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA",
    },
    Feature {
        directives: &["inaccessible"],
        link: r#"@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)"#,
        definitions: "directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION",
    },
    Feature {
        directives: &["authenticated"],
        link: r#"@link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)"#,
        definitions: "directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
    },
    Feature {
        directives: &["requiresScopes"],
        link: r#"@link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)"#,
        definitions: "directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
            scalar requiresScopes__Scope",
    },
    Feature {
        directives: &["policy"],
        link: r#"@link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)"#,
        definitions: "directive @policy(policies: [[policy__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
            scalar policy__Policy",
    },
    Feature {
        directives: &["context"],
        link: r#"@link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY)"#,
        definitions: "directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION
            directive @context__fromContext(field: context__ContextFieldValue) on ARGUMENT_DEFINITION
            scalar context__ContextFieldValue",
    },
    Feature {
        directives: &["cost", "listSize"],
        link: r#"@link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@listSize"])"#,
        definitions: "directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
            directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
    },
    Feature {
        directives: &["cacheTag"],
        link: r#"@link(url: "https://specs.apollo.dev/cacheTag/v0.1", for: EXECUTION)"#,
        definitions: "directive @cacheTag(format: String!) repeatable on OBJECT | FIELD_DEFINITION",
    },
];

/// The whole supergraph document. Nodes that come from no subgraph have `span` as their place.
pub fn document(merged: &Merged, subgraphs: &[Subgraph], span: Span) -> Document {
    let used = used_directives(merged);
    let mut fixed = read(LINK_AND_JOIN, span);
    let mut links = Vec::new();
    for feature in FEATURES.iter().filter(|feature| feature.directives.iter().any(|name| used.contains(*name))) {
        let text = format!("extend schema {} {}", feature.link, feature.definitions);
        for definition in read(&text, span) {
            match definition {
                Definition::Schema(schema) => links.extend(schema.directives),
                other => fixed.push(other),
            }
        }
    }
    fixed.push(Definition::Type(graphs(subgraphs, span)));
    let mut schema = None;
    let mut directives = Vec::new();
    let mut types: Vec<TypeDefinition> = merged.types.values().cloned().collect();
    for definition in fixed {
        match definition {
            Definition::Schema(definition) => schema = Some(definition),
            Definition::Directive(definition) => directives.push(definition),
            Definition::Type(definition) => types.push(definition),
        }
    }
    directives.extend(merged.directives.values().cloned());
    directives.sort_by(|left, right| left.name.value.cmp(&right.name.value));
    types.sort_by(|left, right| left.name.value.cmp(&right.name.value));
    let schema = schema.map(|schema| schema_definition(schema, merged, links, span));
    let mut definitions: Vec<Definition> = schema.map(Definition::Schema).into_iter().collect();
    definitions.extend(directives.into_iter().map(Definition::Directive));
    definitions.extend(types.into_iter().map(Definition::Type));
    Document { definitions }
}

/// Links the specification of the directive `name`, and defines the directive, unless the supergraph
/// knows it already.
pub fn link_feature(document: &mut Document, name: &str) {
    let known = |definition: &Definition| matches!(definition, Definition::Directive(own) if &*own.name.value == name);
    let feature = FEATURES.iter().find(|feature| feature.directives.contains(&name));
    let Some(feature) = feature.filter(|_| !document.definitions.iter().any(known)) else { return };
    let schema = document.definitions.iter_mut().find_map(|definition| match definition {
        Definition::Schema(schema) => Some(schema),
        _ => None,
    });
    let Some(schema) = schema else { return };
    let mut added = Vec::new();
    for definition in read(&format!("extend schema {} {}", feature.link, feature.definitions), schema.span) {
        match definition {
            Definition::Schema(linking) => schema.directives.extend(linking.directives),
            other => added.push(other),
        }
    }
    // Before the other directives' definitions: those stand first after the schema.
    let place = document.definitions.iter().position(|definition| !matches!(definition, Definition::Schema(_)));
    let place = place.unwrap_or(document.definitions.len());
    document.definitions.splice(place..place, added);
}

fn schema_definition(fixed: SchemaDefinition, merged: &Merged, links: Vec<Directive>, span: Span) -> SchemaDefinition {
    let roots = [OperationKind::Query, OperationKind::Mutation, OperationKind::Subscription]
        .into_iter()
        .map(|kind| (kind, Name::from(crate::graph::compose::subgraph::load::usual_name(kind))))
        .filter(|(_, name)| merged.types.contains_key(name))
        .map(|(kind, value)| (kind, Spanned { value, span }))
        .collect();
    let mut directives = fixed.directives;
    directives.extend(links);
    directives.extend(merged.links.iter().cloned());
    directives.extend(merged.schema.iter().cloned());
    SchemaDefinition { description: merged.description.clone(), directives, roots, ..fixed }
}

/// `join__Graph`
fn graphs(subgraphs: &[Subgraph], span: Span) -> TypeDefinition {
    let text = |text: &Name| Value { kind: ValueKind::String(text.clone()), span };
    let argument = |name: &str, value: Value| crate::graph::language::ast::Argument {
        name: Spanned { value: name.into(), span },
        value,
    };
    let mut values: Vec<EnumValueDefinition> = subgraphs
        .iter()
        .map(|subgraph| EnumValueDefinition {
            name: Spanned { value: subgraph.graph.clone(), span },
            description: None,
            directives: vec![Directive {
                name: "join__graph".into(),
                arguments: vec![argument("name", text(&subgraph.name)), argument("url", text(&subgraph.url))],
                span,
            }],
            span,
        })
        .collect();
    values.sort_by(|left, right| left.name.value.cmp(&right.name.value));
    TypeDefinition {
        extension: false,
        kind: TypeKind::Enum,
        name: Spanned { value: "join__Graph".into(), span },
        description: None,
        interfaces: Vec::new(),
        directives: Vec::new(),
        fields: Vec::new(),
        members: Vec::new(),
        values,
        inputs: Vec::new(),
        span,
    }
}

fn used_directives(merged: &Merged) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    let mut add = |directives: &'_ [Directive]| {
        for directive in directives {
            // A composed directive may have the same name.
            if merged.directives.contains_key(&directive.name) {
                continue;
            }
            for feature in FEATURES {
                used.extend(feature.directives.iter().find(|name| **name == &*directive.name));
            }
        }
    };
    add(&merged.schema);
    for ty in merged.types.values() {
        add(&ty.directives);
        for field in &ty.fields {
            add(&field.directives);
            field.arguments.iter().for_each(|argument| add(&argument.directives));
        }
        ty.inputs.iter().for_each(|input| add(&input.directives));
        ty.values.iter().for_each(|value| add(&value.directives));
    }
    for definition in merged.directives.values() {
        definition.arguments.iter().for_each(|argument| add(&argument.directives));
    }
    used
}

/// Parses our own definitions; places become `span`, since no user wrote them.
fn read(text: &str, span: Span) -> Vec<Definition> {
    let mut own = SourceMap::new();
    let file: FileId = own.add("supergraph", text);
    let (mut document, _) = parse::type_system(&own, file);
    document.definitions.iter_mut().for_each(|definition| place(definition, span));
    document.definitions
}

fn place(definition: &mut Definition, span: Span) {
    match definition {
        Definition::Schema(schema) => {
            schema.span = span;
            schema.directives.iter_mut().for_each(|directive| place_directive(directive, span));
            schema.roots.iter_mut().for_each(|(_, name)| name.span = span);
        }
        Definition::Directive(DirectiveDefinition { name, arguments, span: whole, .. }) => {
            name.span = span;
            *whole = span;
            arguments.iter_mut().for_each(|input| place_input(input, span));
        }
        Definition::Type(ty) => {
            ty.name.span = span;
            ty.span = span;
            ty.inputs.iter_mut().for_each(|input| place_input(input, span));
            for value in &mut ty.values {
                value.name.span = span;
                value.span = span;
            }
        }
    }
}

fn place_input(input: &mut InputValueDefinition, span: Span) {
    input.name.span = span;
    input.span = span;
    place_type(&mut input.ty, span);
    if let Some(value) = &mut input.default {
        value.span = span;
    }
}

fn place_type(ty: &mut TypeExpr, span: Span) {
    match ty {
        TypeExpr::Named(name) => name.span = span,
        TypeExpr::List(inner) | TypeExpr::NonNull(inner) => place_type(inner, span),
    }
}

fn place_directive(directive: &mut Directive, span: Span) {
    directive.span = span;
    for argument in &mut directive.arguments {
        argument.name.span = span;
        place_value(&mut argument.value, span);
    }
}

fn place_value(value: &mut Value, span: Span) {
    value.span = span;
    if let ValueKind::List(items) = &mut value.kind {
        items.iter_mut().for_each(|item| place_value(item, span));
    }
}
