//! What an answer should look like, compiled once per plan.

use std::ops::Deref;
use std::sync::Arc;

use crate::graph::federation::ids::{TypeId, TypeSet};
use crate::platform::base::Name;

use super::lead::{Gap, Lead, MAX_BITS, Wants};
use super::program::{Compiled, Program};
use super::slot::UNKNOWN_TYPE;

crate::id_type!(
    /// A selection-set position whose objects share one slot layout.
    SiteId,
    /// A cell of a layout.
    SlotIndex,
);

/// The shape of one object of an answer.
#[derive(Clone, PartialEq, Debug)]
pub struct ObjectShape {
    /// The layout its slots follow.
    pub site: SiteId,
    /// How many slots the layout has.
    pub slots: u32,
    /// How the object's runtime type is known.
    pub typing: Typing,
    /// Expected keys, in document order. A key occurs once, except that one value may feed several
    /// slots (a connector's field asked for with several arguments it does not read): fields with
    /// equal keys stand side by side.
    pub fields: Fields,
    /// Whether later fetches start from objects of this site: if so each is recorded in
    /// [`super::slot::Rows::objects`].
    pub record: bool,
    /// Whether objects of one answer that read the same may be one object: whatever comes to one of them
    /// later comes to all, wherever they stand.
    pub interned: bool,
}

/// How an object's runtime type is known.
#[derive(Clone, PartialEq, Debug)]
pub enum Typing {
    /// It can only be this type.
    Fixed(TypeId),
    /// The string under this key says it. A name that is not in the table makes the object's
    /// slot [`super::slot::Slot::Failed`] (null to the client, with an error).
    Key {
        /// The response key of `__typename`.
        key: Name,
        /// Names the subgraph may answer with, and the types they stand for.
        table: Vec<(Name, TypeId)>,
    },
    /// The answer cannot say (interface objects): the object's type stays unknown until another
    /// fetch reveals it.
    Opaque,
}

/// One expected key.
#[derive(Clone, PartialEq, Debug)]
pub struct FieldShape {
    /// The key in the answer.
    pub key: Name,
    /// The slot it fills.
    pub slot: SlotIndex,
    /// What the value should be.
    pub value: ValueShape,
}

/// The expected keys of an object, with how they stand in an answer without spaces.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Fields {
    fields: Vec<FieldShape>,
    /// In the order of the fields. The first field is there twice: as another key precedes it, and as
    /// the first one.
    leads: Vec<Lead>,
    program: Compiled,
}

/// What a value should be: so many lists around a leaf or an object. Nulls are allowed at every
/// level here; nullability is the writer's business.
#[derive(Clone, PartialEq, Debug)]
pub struct ValueShape {
    /// How many lists surround it.
    pub lists: u8,
    /// What is inside.
    pub kind: ValueKind,
}

/// The innermost part of a value.
#[derive(Clone, PartialEq, Debug)]
pub enum ValueKind {
    /// A scalar or enum.
    Leaf(Leaf),
    /// An object.
    Object(Box<ObjectShape>),
}

/// Which leaf values are right.
#[derive(Clone, PartialEq, Debug)]
pub enum Leaf {
    /// A JSON string.
    String,
    /// A number without fraction in the range of 32 bits.
    Int,
    /// A number.
    Float,
    /// `true` or `false`.
    Boolean,
    /// A string, or an integer that is written as a string.
    Id,
    /// One of these names; any other becomes null with an error.
    Enum(Arc<[Name]>),
    /// Any JSON, kept verbatim.
    Custom,
    /// A type's name, kept verbatim (an aliased or hidden `__typename`).
    Typename,
}

/// The shape of a whole answer.
#[derive(Clone, PartialEq, Debug)]
pub enum RowShape {
    /// One row: the answer's root object (GraphQL: `data`).
    Root(ObjectShape),
    /// Lists of entities, each under a key of `data` and parallel to the representations sent.
    Lists(Vec<ListShape>),
}

/// One list of entities in an answer.
#[derive(Clone, PartialEq, Debug)]
pub struct ListShape {
    /// The response key, such as `_entities`.
    pub key: Name,
    /// The shape of each entity: its own site is that of the objects it completes.
    pub object: ObjectShape,
    /// Entities are of one of these types.
    pub types: TypeSet,
}

// === impl ObjectShape ===

impl ObjectShape {
    /// The slots this shape fills directly.
    pub fn written(&self) -> impl Iterator<Item = SlotIndex> + '_ {
        self.fields.iter().map(|field| field.slot)
    }

    /// How an answer is read that has these keys in their order and no spaces; none if there is more to
    /// it than keys. The shape does not change any more.
    #[inline]
    pub(super) fn program(&self) -> Option<&Program> {
        self.fields.program.get(self)
    }
}

// === impl Fields ===

impl Fields {
    /// Of [`Fields::leads`], the one that an object begins with.
    pub(super) const FIRST: usize = 1;

    /// The keys that can be told by the text around them.
    pub(super) fn leads(&self) -> &[Lead] {
        &self.leads
    }

    /// The objects below, one level, each with the number of lists around it.
    pub fn objects_mut(&mut self) -> impl Iterator<Item = (u8, &mut ObjectShape)> {
        self.fields.iter_mut().filter_map(|field| match &mut field.value.kind {
            ValueKind::Object(object) => Some((field.value.lists, &mut **object)),
            ValueKind::Leaf(_) => None,
        })
    }
}

impl From<Vec<FieldShape>> for Fields {
    fn from(fields: Vec<FieldShape>) -> Self {
        let known = (0..fields.len().min(MAX_BITS)).filter_map(|index| lead(&fields, index, ','));
        let mut leads: Vec<Lead> = known.collect();
        if let Some(first) = lead(&fields, 0, '{') {
            leads.insert(Self::FIRST.min(leads.len()), first);
        }
        Self { fields, leads, program: Compiled::default() }
    }
}

/// What leads to the value of a field, behind a bracket or comma.
fn lead(fields: &[FieldShape], index: usize, before: char) -> Option<Lead> {
    let field = fields.get(index)?;
    let is_same = |other: Option<&FieldShape>| other.is_some_and(|other| other.key == field.key);
    // One key leads to all fields of its name.
    if index.checked_sub(1).is_some_and(|before| is_same(fields.get(before))) {
        return None;
    }
    let wants = match &field.value {
        _ if is_same(fields.get(index + 1)) => Wants::More,
        value => value.wants(),
    };
    Some(Lead::new(Gap::of_key(before, &field.key)?, wants, index, field.slot))
}

impl FromIterator<FieldShape> for Fields {
    fn from_iter<I: IntoIterator<Item = FieldShape>>(fields: I) -> Self {
        Self::from(Vec::from_iter(fields))
    }
}

impl Deref for Fields {
    type Target = [FieldShape];

    fn deref(&self) -> &[FieldShape] {
        &self.fields
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = &'a FieldShape;
    type IntoIter = std::slice::Iter<'a, FieldShape>;

    fn into_iter(self) -> Self::IntoIter {
        self.fields.iter()
    }
}

// === impl ValueShape ===

impl ValueShape {
    /// What can be read at once.
    pub(super) fn wants(&self) -> Wants {
        match self {
            Self { lists: 0, kind: ValueKind::Leaf(Leaf::String | Leaf::Id | Leaf::Typename) } => Wants::Text,
            Self { lists: 0, kind: ValueKind::Leaf(Leaf::Int) } => Wants::Integer,
            Self { lists: 0, kind: ValueKind::Leaf(Leaf::Float) } => Wants::Number,
            Self { lists: 0, kind: ValueKind::Leaf(Leaf::Boolean) } => Wants::Boolean,
            _ => Wants::More,
        }
    }
}

// === impl Typing ===

impl Typing {
    /// The type when it is certain without looking, else [`UNKNOWN_TYPE`].
    pub fn fixed(&self) -> TypeId {
        match self {
            Self::Fixed(ty) => *ty,
            Self::Key { .. } | Self::Opaque => UNKNOWN_TYPE,
        }
    }
}
