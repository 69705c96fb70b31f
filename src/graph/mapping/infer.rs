//! The static shape of a mapping, and what in it can never work.

use std::ops::Range;

use super::ast::{Block, Expr, Head, ItemKind, MethodCall, Operator, Path, Root, StepKind};
use super::dialect::Variable;
use super::error::{MappingError, MappingErrorKind};
use super::kinds::Kinds;
use super::methods::At;
use super::shape::{Copied, FieldShape, ObjectShape, Shape};
use crate::platform::base::Name;

/// The shape of a whole mapping, and what in it can never work.
pub(super) fn shape(root: &Root) -> (Shape, Vec<MappingError>) {
    let input = Shape::Copied(Copied { variable: None, path: Vec::new() });
    let scope = Scope { input: &input, at: &input };
    let mut reader = Reader { locals: Vec::new(), contradictions: Vec::new() };
    let shape = match root {
        Root::Value(value) => reader.expr(value, scope),
        Root::Items(block) => reader.block(block, &input),
    };
    (shape, reader.contradictions)
}

#[derive(Clone, Copy)]
struct Scope<'s> {
    input: &'s Shape,
    at: &'s Shape,
}

struct Reader {
    locals: Vec<(Name, Shape)>,
    contradictions: Vec<MappingError>,
}

// === impl Reader ===

impl Reader {
    fn expr(&mut self, expr: &Expr, scope: Scope<'_>) -> Shape {
        let mut shapes = Vec::new();
        for (index, operand) in expr.operands().enumerate() {
            let shape = self.path(operand, scope);
            // Null gives way to the next operand of `??`.
            if expr.operator != Operator::Coalesce || index == expr.rest.len() || shape != Shape::Null {
                shapes.push(shape);
            }
        }
        Shape::one_of(shapes)
    }

    fn path(&mut self, path: &Path, scope: Scope<'_>) -> Shape {
        let locals = self.locals.len();
        let mut shape = self.head(path, scope);
        for step in &path.steps {
            shape = match &step.kind {
                StepKind::Optional => shape,
                StepKind::Key(key) => {
                    let kinds = shape.kinds();
                    if !kinds.intersects(Kinds::OBJECT.or(Kinds::ARRAY)) {
                        let message = format!("{kinds} has no property \"{key}\"");
                        self.contradict(message, step.range.clone());
                    }
                    shape.property(key)
                }
                StepKind::Method(call) => self.method(call, &step.range, &shape, scope),
            };
        }
        if let Some(block) = &path.block {
            shape = self.block(block, &shape);
        }
        self.locals.truncate(locals);
        shape
    }

    fn head(&mut self, path: &Path, scope: Scope<'_>) -> Shape {
        match &path.head {
            Head::Input => scope.input.clone(),
            Head::At => scope.at.clone(),
            Head::Key(key) => scope.input.property(key),
            Head::Variable(Variable::Now | Variable::Body) => Shape::String(None),
            Head::Variable(Variable::Status) => Shape::Int,
            Head::Variable(variable) => Shape::Copied(Copied { variable: Some(*variable), path: Vec::new() }),
            Head::Local(name) => {
                self.locals.iter().rev().find(|(local, _)| local == name).map_or(Shape::Unknown, |(_, it)| it.clone())
            }
            Head::Expr(inner) => self.expr(inner, scope),
            Head::Literal(value) => Shape::of_literal(value),
            Head::Array(items) => Shape::Tuple(items.iter().map(|item| self.expr(item, scope)).collect()),
            Head::Object(block) => Shape::Object(self.object(block, scope)),
        }
    }

    fn method(&mut self, call: &MethodCall, range: &Range<usize>, input: &Shape, scope: Scope<'_>) -> Shape {
        let Some(method) = call.method else { return Shape::Unknown };
        let element;
        let at = match method.at {
            At::Input => input,
            At::Element => {
                element = if matches!(input, Shape::String(_)) { input.clone() } else { input.element() };
                &element
            }
        };
        let args: Vec<Shape> = call.args.iter().map(|arg| self.expr(arg, Scope { at, ..scope })).collect();
        if !method.input.intersects(input.kinds()) {
            self.contradict(format!("->{} needs {}, not {}", call.name, method.input, input.kinds()), range.clone());
        }
        for (index, (arg, shape)) in call.args.iter().zip(&args).enumerate() {
            let wanted = method.arguments.get(index).or(method.arguments.last());
            if let Some(wanted) = wanted.filter(|wanted| !wanted.intersects(shape.kinds())) {
                let message = format!("->{} needs {wanted} as argument, not {}", call.name, shape.kinds());
                self.contradict(message, arg.range.clone());
            }
        }
        if let Some(name) = &call.binds {
            self.locals.push((name.clone(), args.into_iter().next().unwrap_or_else(|| input.clone())));
            return input.clone();
        }
        (method.shape)(input, &args)
    }

    fn block(&mut self, block: &Block, value: &Shape) -> Shape {
        match value {
            Shape::Array(element) => Shape::array(self.block(block, element)),
            Shape::Tuple(items) => Shape::Tuple(items.iter().map(|item| self.block(block, item)).collect()),
            Shape::Object(_) => Shape::Object(self.object(block, Scope { input: value, at: value })),
            Shape::OneOf(shapes) => Shape::one_of(shapes.iter().map(|shape| self.block(block, shape))),
            other => Shape::Selected(self.object(block, Scope { input: other, at: other })),
        }
    }

    fn object(&mut self, block: &Block, scope: Scope<'_>) -> ObjectShape {
        let mut object = ObjectShape::default();
        for item in &block.items {
            match &item.kind {
                ItemKind::Named { key, key_range, value } => object.insert(FieldShape {
                    name: key.clone(),
                    range: key_range.clone(),
                    value_range: value.range.clone(),
                    shape: self.expr(value, scope),
                }),
                ItemKind::Field(key, path) => object.insert(FieldShape {
                    name: key.clone(),
                    range: path.head_range.clone(),
                    value_range: path.range.clone(),
                    shape: self.path(path, scope),
                }),
                ItemKind::Merge(path) | ItemKind::Spread(path) => {
                    let shape = self.path(path, scope);
                    self.spread(&mut object, shape, path);
                }
            }
        }
        object
    }

    fn spread(&mut self, object: &mut ObjectShape, shape: Shape, path: &Path) {
        if !shape.kinds().intersects(Kinds::OBJECT.or(Kinds::NULL)) {
            self.contradict(format!("{} cannot be merged into an object", shape.kinds()), path.range.clone());
        }
        object.nullable |= shape.kinds().contains(Kinds::NULL);
        match shape {
            Shape::Object(more) | Shape::Selected(more) => {
                object.open |= more.open;
                more.fields.into_iter().for_each(|field| object.insert(field));
            }
            Shape::OneOf(shapes) => {
                // Any of the alternatives' keys may be there.
                for shape in shapes {
                    match shape {
                        Shape::Object(more) | Shape::Selected(more) => {
                            object.open |= more.open;
                            more.fields.into_iter().for_each(|field| object.alternative(field));
                        }
                        _ => object.open = true,
                    }
                }
            }
            _ => object.open = true,
        }
    }

    fn contradict(&mut self, message: String, range: Range<usize>) {
        if !self.contradictions.iter().any(|known| known.range == range) {
            self.contradictions.push(MappingError::new(MappingErrorKind::Contradiction, message, range));
        }
    }
}
