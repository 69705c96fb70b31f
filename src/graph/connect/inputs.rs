//! What must be known of the object a connector starts from.

use crate::graph::language::ast::{FieldDefinition, TypeKind};
use crate::graph::mapping::{Kinds, Reference, Shape, Variable};
use crate::platform::base::Name;
use crate::platform::base::span::Span;

use super::filled;
use super::keys::key_sets;
use super::model::{BatchSpec, ConnectSpec, InputField, Place, RequestSpec};
use super::names::Names;
use super::parts;
use super::read::Reader;
use super::text::key_inside;
use super::types::{Type, Types};

/// How deep input objects are followed.
const MAX_DEPTH: usize = 8;

/// The inputs of a connector: what `$this` and `$batch` read, or the arguments of an `entity`.
pub fn of(reader: &mut Reader<'_>, spec: &ConnectSpec, field: Option<&FieldDefinition>) -> Vec<InputField> {
    if let Place::Root { .. } = spec.place {
        if spec.entity && !spec.filled.is_empty() {
            return filled::inputs(&spec.filled, spec.span).unwrap_or_default();
        }
        let arguments = field.filter(|_| spec.entity).map(|field| &field.arguments[..]).unwrap_or_default();
        let of_arguments = arguments.iter().map(|argument| InputField {
            name: argument.name.value.clone(),
            children: of_input(reader.types, &argument.ty.name().value, argument.name.span, MAX_DEPTH),
            span: argument.name.span,
        });
        return of_arguments.collect();
    }
    let mut inputs = Vec::new();
    for variable in [Variable::This, Variable::Batch] {
        for (expression, reference) in parts::uses(spec, variable) {
            if reference.keys.is_empty() && reference.whole {
                whole(reader, spec, variable, reader.inside(expression.literal, reference.range()), &mut inputs);
            }
            add(reader, expression.literal, &reference, &mut inputs);
        }
    }
    inputs
}

/// All of `$this` or `$batch` is read: with `{%values}` these are the columns.
fn whole(reader: &mut Reader<'_>, spec: &ConnectSpec, variable: Variable, span: Span, inputs: &mut Vec<InputField>) {
    match &spec.request {
        RequestSpec::Sql(sql) if !sql.columns.is_empty() => {
            for column in &sql.columns {
                if !inputs.iter().any(|input| input.name == column.name.value) {
                    inputs.push(InputField { name: column.name.value.clone(), children: Vec::new(), span });
                }
            }
        }
        _ => {
            let name = variable.as_str();
            let message = format!("{name} is read as a whole; name the fields that are needed, such as {name}.id");
            reader.error("UNDEFINED_FIELD", message, span);
        }
    }
}

fn add(reader: &Reader<'_>, literal: Span, reference: &Reference, inputs: &mut Vec<InputField>) {
    for (key, below) in reference.keys.iter().filter(|(key, _)| &***key != "__typename") {
        let at = inputs.iter().position(|known| known.name == *key).unwrap_or_else(|| {
            let span = key_inside(reader.sources, literal, below.range());
            inputs.push(InputField { name: key.clone(), children: Vec::new(), span });
            inputs.len() - 1
        });
        if let Some(input) = inputs.get_mut(at) {
            add(reader, literal, below, &mut input.children);
        }
    }
}

fn of_input(types: &Types<'_>, name: &str, span: Span, depth: usize) -> Vec<InputField> {
    let Some(input) = types.get(name).filter(|ty| ty.kind == TypeKind::InputObject && depth > 0) else {
        return Vec::new();
    };
    let fields = input.inputs.iter().map(|field| InputField {
        name: field.name.value.clone(),
        children: of_input(types, &field.ty.name().value, span, depth - 1),
        span,
    });
    fields.collect()
}

/// The paths of `$batch` that answers are compared with. Empty when `by` yields a scalar and none
/// of several paths alone is a key.
pub fn batch_key(names: &Names, ty: &Type<'_>, inputs: &[InputField], batch: &BatchSpec) -> Vec<Vec<Name>> {
    let paths = leaves(inputs);
    let Some(by) = &batch.by else { return paths };
    if let Some(object) = by.value.output().object() {
        return paths
            .into_iter()
            .filter(|path| path.first().is_some_and(|name| object.field(name).is_some()))
            .collect();
    }
    if paths.len() <= 1 || by.value.output().kinds() == Kinds::OBJECT || matches!(by.value.output(), Shape::Selected(_))
    {
        return paths;
    }
    let keys = key_sets(names, ty);
    let alone = |path: &Vec<Name>| {
        keys.iter().any(|key| {
            matches!((&key[..], &path[..]), ([field], [name]) if field.name == *name && field.children.is_empty())
        })
    };
    paths.into_iter().find(alone).into_iter().collect()
}

/// The paths of all leaves.
pub fn leaves(inputs: &[InputField]) -> Vec<Vec<Name>> {
    let mut paths = Vec::new();
    for input in inputs {
        let below = leaves(&input.children);
        if below.is_empty() {
            paths.push(vec![input.name.clone()]);
        }
        paths.extend(below.into_iter().map(|path| std::iter::once(input.name.clone()).chain(path).collect()));
    }
    paths
}
