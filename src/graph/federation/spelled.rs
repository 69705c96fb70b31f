//! A connected subgraph's document as its author spelled it, where that was in the words of
//! Composite Schemas: what was left out of the supergraph is put back for those who read connectors.

use crate::graph::language::ast::{
    Argument, Definition, Directive, Document, FieldDefinition, InputValueDefinition, Selection, TypeDefinition,
    TypeExpr, TypeKind, Value, ValueKind,
};
use crate::graph::language::parse;
use crate::platform::base::Name;
use crate::platform::base::span::{Span, Spanned};

use super::lookup::{CONNECT, INPUT, INTERNAL, LOOKUP, REQUIRE};

const IS: &str = "composite__is";

/// Puts back what `document`, taken out of a supergraph, only remembers. `connect` is the name of
/// `@connect` there.
pub(super) fn spelled(document: &mut Document, connect: &Name) {
    let mut more = Vec::new();
    for definition in &mut document.definitions {
        match definition {
            Definition::Schema(schema) => {
                let inputs = taken(&mut schema.directives, INPUT);
                more.extend(inputs.iter().filter_map(input_type));
            }
            Definition::Type(ty) => {
                more.extend(taken(&mut ty.directives, CONNECT).iter().filter_map(|own| lookup(own, ty, connect)));
                for internal in taken(&mut ty.directives, INTERNAL) {
                    ty.fields.extend(items(&internal, "fields").iter().filter_map(internal_field));
                }
                ty.fields.iter_mut().for_each(field);
            }
            Definition::Directive(_) => {}
        }
    }
    document.definitions.extend(more.into_iter().map(Definition::Type));
}

/// The arguments that clients do not see, and what those stand for that they do.
fn field(field: &mut FieldDefinition) {
    for required in taken(&mut field.directives, REQUIRE) {
        field.arguments.extend(items(&required, "arguments").iter().filter_map(|item| argument(item, REQUIRE)));
    }
    let lookups = taken(&mut field.directives, LOOKUP);
    for item in lookups.iter().flat_map(|lookup| items(lookup, "arguments")) {
        let Some(filled) = argument(item, IS) else { continue };
        if let Some(known) = field.arguments.iter_mut().find(|known| known.name.value == filled.name.value) {
            known.directives.extend(filled.directives);
        }
    }
    if let Some(lookup) = lookups.first() {
        field.directives.push(directive(LOOKUP, Vec::new(), lookup.span));
    }
}

/// An internal field of the query root, with the connector that looks objects of type `ty` up.
fn lookup(written: &Directive, ty: &TypeDefinition, connect: &Name) -> Option<TypeDefinition> {
    let span = written.span;
    let given = match &written.argument("connect")?.kind {
        ValueKind::Object(given) => given.iter(),
        _ => return None,
    };
    let given = given.map(|(name, value)| Argument { name: name.clone(), value: value.clone() }).collect();
    let directives = vec![
        directive(LOOKUP, Vec::new(), span),
        directive(INTERNAL, Vec::new(), span),
        directive(connect, given, span),
    ];
    let field = FieldDefinition {
        name: Spanned { value: written.argument("field")?.as_str()?.into(), span },
        description: None,
        arguments: items(written, "arguments").iter().filter_map(|item| argument(item, IS)).collect(),
        ty: TypeExpr::Named(ty.name.clone()),
        directives,
        span,
    };
    Some(TypeDefinition { fields: vec![field], ..empty(TypeKind::Object, "Query", span) })
}

/// A field that only has a name: nobody asks what it is.
fn internal_field(name: &Value) -> Option<FieldDefinition> {
    let span = name.span;
    Some(FieldDefinition {
        name: Spanned { value: name.as_str()?.into(), span },
        description: None,
        arguments: Vec::new(),
        ty: TypeExpr::Named(Spanned { value: "Boolean".into(), span }),
        directives: vec![directive(INTERNAL, Vec::new(), span)],
        span,
    })
}

fn input_type(written: &Directive) -> Option<TypeDefinition> {
    let inputs = items(written, "fields").iter().filter_map(|item| {
        let (name, ty) = (get(item, "name")?, get(item, "type")?);
        Some(input(name, type_of(ty.as_str()?, ty.span)?, None, Vec::new()))
    });
    let inputs = inputs.collect();
    let name = written.argument("name")?.as_str()?;
    Some(TypeDefinition { inputs, ..empty(TypeKind::InputObject, name, written.span) })
}

/// `{ name, type, value, default }`, where `value` is said with the directive `with`.
fn argument(item: &Value, with: &str) -> Option<InputValueDefinition> {
    let (name, ty, value) = (get(item, "name")?, get(item, "type")?, get(item, "value")?);
    let default = get(item, "default").and_then(|text| constant(text.as_str()?, text.span));
    let map = Argument { name: Spanned { value: "field".into(), span: value.span }, value: value.clone() };
    let ty = type_of(ty.as_str()?, ty.span)?;
    Some(input(name, ty, default, vec![directive(with, vec![map], value.span)]))
}

fn input(name: &Value, ty: TypeExpr, default: Option<Value>, directives: Vec<Directive>) -> InputValueDefinition {
    let span = name.span;
    let name = Spanned { value: name.as_str().unwrap_or_default().into(), span };
    InputValueDefinition { name, description: None, ty, default, directives, span }
}

fn empty(kind: TypeKind, name: &str, span: Span) -> TypeDefinition {
    TypeDefinition {
        extension: kind == TypeKind::Object,
        kind,
        name: Spanned { value: name.into(), span },
        description: None,
        interfaces: Vec::new(),
        directives: Vec::new(),
        fields: Vec::new(),
        members: Vec::new(),
        values: Vec::new(),
        inputs: Vec::new(),
        span,
    }
}

fn taken(directives: &mut Vec<Directive>, name: &str) -> Vec<Directive> {
    let (taken, left) = std::mem::take(directives).into_iter().partition(|directive| *directive.name == *name);
    *directives = left;
    taken
}

fn items<'d>(directive: &'d Directive, name: &str) -> &'d [Value] {
    match directive.argument(name).map(|value| &value.kind) {
        Some(ValueKind::List(items)) => items,
        _ => &[],
    }
}

fn get<'v>(object: &'v Value, key: &str) -> Option<&'v Value> {
    let ValueKind::Object(fields) = &object.kind else { return None };
    fields.iter().find(|(name, _)| &*name.value == key).map(|(_, value)| value)
}

fn directive(name: &str, arguments: Vec<Argument>, span: Span) -> Directive {
    Directive { name: name.into(), arguments, span }
}

/// A type as it is written.
fn type_of(text: &str, span: Span) -> Option<TypeExpr> {
    if let Some(inner) = text.strip_suffix('!') {
        return Some(TypeExpr::NonNull(Box::new(type_of(inner, span)?)));
    }
    match text.strip_prefix('[') {
        Some(list) => Some(TypeExpr::List(Box::new(type_of(list.strip_suffix(']')?, span)?))),
        None => Some(TypeExpr::Named(Spanned { value: text.into(), span })),
    }
}

/// A constant as it is written; it is an argument of a field here, which the parser knows.
fn constant(text: &str, span: Span) -> Option<Value> {
    let selections = parse::field_set(&format!("x(x: {text})"), span.file).ok()?;
    let Selection::Field(field) = selections.into_iter().next()? else { return None };
    let value = field.arguments.into_iter().next()?.value;
    Some(Value { span, ..value })
}
