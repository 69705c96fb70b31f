//! What a mapping yields, as far as its text tells.

use std::ops::Range;

use serde_json::Value;

use super::ast::{Block, Expr, Head, ItemKind, MethodCall, Operator, Path, Root, StepKind};
use super::dialect::Variable;
use super::error::{MappingError, MappingErrorKind};
use super::kinds::Kinds;
use super::methods::At;
use crate::platform::base::Name;

/// The static shape of a value. Whether a value can be missing is not part of it.
#[derive(Clone, PartialEq, Debug)]
pub enum Shape {
    /// Anything.
    Unknown,
    /// Whatever stands at a place of the input or of a variable, as it is.
    Copied(Copied),
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// An integer.
    Int,
    /// A number that is a float.
    Float,
    /// An integer or a float.
    Number,
    /// Text; the text itself where it is a literal.
    String(Option<Name>),
    /// An array of such elements.
    Array(Box<Shape>),
    /// An array written out element by element.
    Tuple(Vec<Shape>),
    /// An object.
    Object(ObjectShape),
    /// A block applied to something unknown: this object if that is an object, a list of it if it is
    /// a list, and the value itself if it is a scalar or null that yields none of the fields.
    Selected(ObjectShape),
    /// One of several.
    OneOf(Vec<Shape>),
}

/// A place that a path without a block copies from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// The variable, or the input when there is none.
    pub variable: Option<Variable>,
    /// The keys that lead there; lists on the way are passed through.
    pub path: Vec<Name>,
}

/// The fields of an object, in order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ObjectShape {
    /// What is known to be there unless it is missing.
    pub fields: Vec<FieldShape>,
    /// Whether there may be fields that are not known, for something unknown was spread into it.
    pub open: bool,
    /// The mapped value may be null as a whole: something that may be null was merged into it.
    pub nullable: bool,
}

/// One field of an object.
#[derive(Clone, PartialEq, Debug)]
pub struct FieldShape {
    /// The key.
    pub name: Name,
    /// The place of the key in the text.
    pub range: Range<usize>,
    /// The place of the value in the text.
    pub value_range: Range<usize>,
    /// The value.
    pub shape: Shape,
}

// === impl Shape ===

impl Shape {
    /// An array of `element`.
    pub(super) fn array(element: Self) -> Self {
        Self::Array(Box::new(element))
    }

    /// One of `shapes`, without repetition; unknown when there is none.
    pub(super) fn one_of(shapes: impl IntoIterator<Item = Self>) -> Self {
        let mut distinct: Vec<Self> = Vec::new();
        let mut pending: Vec<Self> = shapes.into_iter().collect();
        pending.reverse();
        while let Some(shape) = pending.pop() {
            match shape {
                Self::OneOf(inner) => pending.extend(inner.into_iter().rev()),
                shape if !distinct.contains(&shape) => distinct.push(shape),
                _ => {}
            }
        }
        match distinct.len() {
            0 => Self::Unknown,
            1 => distinct.swap_remove(0),
            _ => Self::OneOf(distinct),
        }
    }

    fn of_literal(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Number(number) if number.is_f64() => Self::Float,
            Value::Number(_) => Self::Int,
            Value::String(text) => Self::String(Some(text.as_str().into())),
            Value::Array(_) | Value::Object(_) => Self::Unknown,
        }
    }

    /// The kinds of values that fit.
    pub fn kinds(&self) -> Kinds {
        match self {
            Self::Unknown | Self::Copied(_) | Self::Selected(_) => Kinds::ANY,
            Self::Null => Kinds::NULL,
            Self::Bool => Kinds::BOOLEAN,
            Self::Int | Self::Float | Self::Number => Kinds::NUMBER,
            Self::String(_) => Kinds::STRING,
            Self::Array(_) | Self::Tuple(_) => Kinds::ARRAY,
            Self::Object(object) if object.nullable => Kinds::OBJECT.or(Kinds::NULL),
            Self::Object(_) => Kinds::OBJECT,
            Self::OneOf(shapes) => shapes.iter().fold(Kinds::NONE, |kinds, shape| kinds.or(shape.kinds())),
        }
    }

    /// An element of an array, a character of text, anything else itself.
    pub fn element(&self) -> Self {
        match self {
            Self::Array(element) => (**element).clone(),
            Self::Tuple(items) => Self::one_of(items.iter().cloned()),
            Self::String(_) => Self::String(None),
            Self::OneOf(shapes) => Self::one_of(shapes.iter().map(Self::element)),
            other => other.clone(),
        }
    }

    /// As [`Shape::element`], but text stays text.
    pub(super) fn element_or_self(&self) -> Self {
        self.element()
    }

    /// The same without knowing the text of literals or the number of elements.
    pub(super) fn without_literals(&self) -> Self {
        match self {
            Self::String(_) => Self::String(None),
            Self::Tuple(_) => Self::array(self.element()),
            other => other.clone(),
        }
    }

    /// Any property of an object.
    pub(super) fn any_property(&self) -> Self {
        match self {
            Self::Object(object) if !object.open => Self::one_of(object.fields.iter().map(|field| field.shape.clone())),
            _ => Self::Unknown,
        }
    }

    /// The property `key`, through arrays.
    pub(super) fn property(&self, key: &str) -> Self {
        match self {
            Self::Copied(copied) => {
                let mut copied = copied.clone();
                copied.path.push(key.into());
                Self::Copied(copied)
            }
            Self::Object(object) => object.field(key).map_or(Self::Unknown, |field| field.shape.clone()),
            Self::Array(element) => Self::array(element.property(key)),
            Self::Tuple(items) => Self::Tuple(items.iter().map(|item| item.property(key)).collect()),
            Self::OneOf(shapes) => Self::one_of(shapes.iter().map(|shape| shape.property(key))),
            _ => Self::Unknown,
        }
    }

    /// The fields this yields as an object or as a list of objects, as a block or a literal says.
    pub fn object(&self) -> Option<&ObjectShape> {
        match self {
            Self::Object(object) | Self::Selected(object) => Some(object),
            Self::Array(element) => element.object(),
            _ => None,
        }
    }
}

// === impl ObjectShape ===

impl ObjectShape {
    /// Some object.
    pub(super) fn open() -> Self {
        Self { open: true, ..Self::default() }
    }

    /// An object that a method makes; its keys stand nowhere in the text.
    pub(super) fn of<const N: usize>(fields: [(&str, Shape); N]) -> Self {
        let fields = fields.into_iter().map(|(name, shape)| FieldShape {
            name: name.into(),
            range: 0..0,
            value_range: 0..0,
            shape,
        });
        Self { fields: fields.collect(), ..Self::default() }
    }

    /// The field of a key.
    pub fn field(&self, name: &str) -> Option<&FieldShape> {
        self.fields.iter().find(|field| field.name.as_ref() == name)
    }

    fn insert(&mut self, field: FieldShape) {
        match self.fields.iter_mut().find(|known| known.name == field.name) {
            None => self.fields.push(field),
            Some(known) => known.shape = merged(&known.shape, field.shape),
        }
    }
}

/// Two results for one key.
fn merged(earlier: &Shape, later: Shape) -> Shape {
    match (earlier, later) {
        (Shape::Object(a), Shape::Object(b)) => Shape::Object(merged_objects(a, b)),
        (Shape::Selected(a), Shape::Selected(b)) => Shape::Selected(merged_objects(a, b)),
        (_, later) => later,
    }
}

fn merged_objects(a: &ObjectShape, b: ObjectShape) -> ObjectShape {
    let mut object = a.clone();
    object.open |= b.open;
    object.nullable |= b.nullable;
    b.fields.into_iter().for_each(|field| object.insert(field));
    object
}

/// The shape of a whole mapping, and what in it can never work.
pub(super) fn of(root: &Root) -> (Shape, Vec<MappingError>) {
    let input = Shape::Copied(Copied { variable: None, path: Vec::new() });
    let scope = Scope { input: &input, at: &input };
    let mut reader = Reader { locals: Vec::new(), contradictions: Vec::new() };
    let shape = match root {
        Root::Value(value) => reader.expr(value, scope),
        Root::Items(block) => reader.block(block, &input, scope),
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
            shape = self.block(block, &shape, scope);
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

    fn block(&mut self, block: &Block, value: &Shape, scope: Scope<'_>) -> Shape {
        match value {
            Shape::Array(element) => Shape::array(self.block(block, element, scope)),
            Shape::Tuple(items) => Shape::Tuple(items.iter().map(|item| self.block(block, item, scope)).collect()),
            Shape::Object(_) => Shape::Object(self.object(block, Scope { input: value, at: value })),
            Shape::OneOf(shapes) => Shape::one_of(shapes.iter().map(|shape| self.block(block, shape, scope))),
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

// === impl ObjectShape: alternatives ===

impl ObjectShape {
    /// Adds a field that only one of several spread objects has.
    fn alternative(&mut self, field: FieldShape) {
        match self.fields.iter_mut().find(|known| known.name == field.name) {
            None => self.fields.push(field),
            Some(known) => known.shape = Shape::one_of([known.shape.clone(), field.shape]),
        }
    }
}
