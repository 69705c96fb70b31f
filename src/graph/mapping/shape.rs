//! What a mapping yields, as far as its text tells.

use std::ops::Range;

use serde_json::Value;

use super::dialect::Variable;
use super::kinds::Kinds;
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

    /// A literal scalar.
    pub(super) fn of_literal(value: &Value) -> Self {
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

    /// Adds a field, or merges it with the one of the same key.
    pub(super) fn insert(&mut self, field: FieldShape) {
        match self.fields.iter_mut().find(|known| known.name == field.name) {
            None => self.fields.push(field),
            Some(known) => known.shape = merged(&known.shape, field.shape),
        }
    }

    /// Adds a field that only one of several spread objects has.
    pub(super) fn alternative(&mut self, field: FieldShape) {
        match self.fields.iter_mut().find(|known| known.name == field.name) {
            None => self.fields.push(field),
            Some(known) => known.shape = Shape::one_of([known.shape.clone(), field.shape]),
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
